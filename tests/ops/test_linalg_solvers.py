"""Inverses, systems, determinants, pseudoinverses and least squares against PyTorch; at singular matrices against exact values."""

from __future__ import annotations

import itertools

import pytest
import torch

import ingot
from ingot.autograd import gradcheck, gradgradcheck

from .against_torch import agree, tensor

WIDE = [torch.float64, torch.complex128]
SQUARE = [(3, 3), (2, 2, 2), (1, 1), (0, 0), (0, 2, 2)]
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def regular(*shape, dtype=torch.float64, seed=0):
    return tensor(*shape, dtype=dtype, seed=seed) + 4 * torch.eye(shape[-1], dtype=dtype)


# -- inverses and systems ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", SQUARE, ids=str)
def test_inverses(shape, dtype):
    a = regular(*shape, dtype=dtype)
    agree(lambda t, a: t.linalg.inv(a), a, **CLOSE)
    agree(lambda t, a: t.linalg.inv_ex(a), a, **CLOSE)
    agree(lambda t, a: t.inverse(a), a, **CLOSE)
    agree(lambda t, a: a.inverse(), a, **CLOSE)


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize(
    "a, b, left",
    [
        ((3, 3), (3, 2), True), ((3, 3), (3,), True), ((2, 3, 3), (2, 3), True), ((2, 3, 3), (3,), True), ((2, 3, 3), (3, 2), True),
        ((3, 3), (2, 3, 1), True), ((3, 3), (2, 3), False), ((2, 1, 3, 3), (2, 2, 3), False), ((0, 0), (0, 2), True), ((3, 3), (3, 0), True),
    ],
    ids=str,
)  # fmt: skip
def test_solve(a, b, left, dtype):
    agree(
        lambda t, a, b: t.linalg.solve(a, b, left=left),
        regular(*a, dtype=dtype),
        tensor(*b, dtype=dtype, seed=1),
        **CLOSE,
    )
    agree(
        lambda t, a, b: t.linalg.solve_ex(a, b, left=left),
        regular(*a, dtype=dtype),
        tensor(*b, dtype=dtype, seed=1),
        **CLOSE,
    )


SINGULAR = torch.stack([torch.eye(3), torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 1.0, 1.0]])]).double()


@pytest.mark.parametrize(
    "body",
    [
        lambda t, a: t.linalg.inv(a),
        lambda t, a: t.linalg.inv_ex(a).info,
        lambda t, a: t.linalg.inv_ex(a, check_errors=True),
        lambda t, a: t.linalg.solve(a, a),
        lambda t, a: t.linalg.solve_ex(a, a).info,
        lambda t, a: t.linalg.solve_ex(a, a, check_errors=True),
        lambda t, a: t.linalg.matrix_power(a, -2),
        lambda t, a: t.linalg.tensorinv(a[1], 1),
    ],
)
def test_singular_matrices(body):
    agree(body, SINGULAR, gradients=False)


def test_a_singular_matrix_is_named():
    with pytest.raises(ingot.linalg.LinAlgError, match=r"\(Batch element 1\): The diagonal element 3 is zero"):
        ingot.linalg.inv(ingot.tensor(SINGULAR.tolist()))
    assert issubclass(ingot.linalg.LinAlgError, RuntimeError)


@pytest.mark.parametrize("upper, left, unit", list(itertools.product([False, True], repeat=3)))
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_solve_triangular(upper, left, unit, dtype):
    def body(t, a, b):
        return t.linalg.solve_triangular(a, b, upper=upper, left=left, unitriangular=unit)

    for a, b in (((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((0, 0), (0, 2)), ((1, 1), (1, 0))):
        agree(body, regular(*a, dtype=dtype), tensor(*(b if left else (*b[:-2], *b[:-3:-1])), dtype=dtype), **CLOSE)


def test_a_zero_on_a_triangle_s_diagonal_divides():
    agree(lambda t, a, b: t.linalg.solve_triangular(a, b, upper=True), torch.zeros(2, 2), torch.ones(2, 1))


@pytest.mark.parametrize("upper, transpose, unit", list(itertools.product([False, True], repeat=3)))
def test_triangular_solve(upper, transpose, unit):
    agree(lambda t, b, a: t.triangular_solve(b, a, upper, transpose, unit), tensor(3, 2), regular(2, 3, 3), **CLOSE)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_solutions_from_cholesky_factors(upper, dtype):
    factor = regular(2, 3, 3, dtype=dtype)
    factor = factor.triu() if upper else factor.tril()
    factor = factor - torch.diag_embed(factor.diagonal(0, -2, -1).imag * 1j) if dtype.is_complex else factor
    triangle = (lambda a: a.triu()) if upper else (lambda a: a.tril())
    agree(lambda t, b, a: t.cholesky_solve(b, triangle(a), upper), tensor(2, 3, 2, dtype=dtype), factor, **CLOSE)
    # LAPACK's potri takes the diagonal to be real, and so ignores a cotangent of its imaginary part.
    agree(lambda t, a: t.cholesky_inverse(triangle(a), upper), factor, **CLOSE, gradients=dtype is torch.float64)


def test_tensors_as_matrices():
    agree(lambda t, a: t.linalg.tensorinv(a, 1), tensor(4, 2, 2), **CLOSE)
    agree(lambda t, a: t.linalg.tensorinv(a), tensor(2, 2, 4), **CLOSE)
    agree(lambda t, a, b: t.linalg.tensorsolve(a, b), tensor(2, 3, 6), tensor(2, 3), **CLOSE)
    agree(lambda t, a, b: t.linalg.tensorsolve(a, b, (0,)), tensor(4, 2, 2), tensor(2, 2), **CLOSE)


# -- determinants ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", SQUARE, ids=str)
def test_determinants(shape, dtype):
    a = tensor(*shape, dtype=dtype, seed=4)
    agree(lambda t, a: t.linalg.det(a), a, **CLOSE)
    agree(lambda t, a: t.linalg.slogdet(a), a, **CLOSE)
    agree(lambda t, a: t.slogdet(a), a, **CLOSE)
    agree(lambda t, a: t.logdet(a @ a.mH), a, **CLOSE)


def minors(a):
    """The determinant by Leibniz' sum over permutations: exact, and smooth everywhere."""
    n = a.shape[-1]
    total = 0.0
    for order in itertools.permutations(range(n)):
        sign = (-1) ** sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        term = sign
        for row, column in enumerate(order):
            term = term * a[row, column]
        total = total + term
    return total


SINGULAR_ROWS = {
    "rank 3": [[1.0, 2, 3, 4], [2, 1, 0, 1], [3, 3, 3, 5], [0, 1, 1, 0]],
    "rank 2": [[1.0, 2, 3, 4], [2, 1, 0, 1], [3, 3, 3, 5], [4, 5, 6, 9]],
    "rank 1": [[1.0, 2, 3, 4], [2, 4, 6, 8], [3, 6, 9, 12], [4, 8, 12, 16]],
    "zero": [[0.0] * 4] * 4,
    "identity": [[float(i == j) for j in range(4)] for i in range(4)],
}


@pytest.mark.parametrize("dtype", [ingot.float64, ingot.complex128], ids=str)
@pytest.mark.parametrize("rows", SINGULAR_ROWS.values(), ids=SINGULAR_ROWS)
def test_the_determinant_is_smooth_at_singular_matrices(rows, dtype):
    """First and second derivatives against those of the sum over permutations."""
    a = ingot.tensor(rows, dtype=dtype)
    a = (a if dtype is ingot.float64 else a * (1 + 2j)).requires_grad_()
    ingot.manual_seed(0)
    direction = ingot.randn(4, 4, dtype=dtype)
    found = []
    for function in (ingot.linalg.det, minors):
        first = ingot.autograd.grad(function(a).real if a.is_complex() else function(a), a, create_graph=True)[0]
        inner = (first * direction.conj()).sum()
        found.append((first, ingot.autograd.grad(inner.real if inner.is_complex() else inner, a)[0]))
    for one, other in zip(*found, strict=True):
        assert (one - other).abs().max() < 1e-10 * (1 + other.abs().max())


def test_third_derivatives_of_the_determinant():
    ingot.manual_seed(0)
    a = ingot.randn(3, 3, dtype=ingot.float64).requires_grad_()
    found = []
    for function in (ingot.linalg.det, minors):
        value = function(a)
        for seed in (1, 2, 3):
            ingot.manual_seed(seed)
            value = (ingot.autograd.grad(value, a, create_graph=True)[0] * ingot.randn(3, 3, dtype=ingot.float64)).sum()
        found.append(float(value))
    assert found[0] == pytest.approx(found[1], rel=1e-11)


# -- pseudoinverses -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3), (3, 0), (0, 2, 3)], ids=str)
def test_pinv(shape, dtype):
    agree(lambda t, a: t.linalg.pinv(a), tensor(*shape, dtype=dtype), **CLOSE)
    agree(lambda t, a: t.pinverse(a), tensor(*shape, dtype=dtype), **CLOSE)


def _low_rank():
    return tensor(4, 2, seed=1) @ tensor(2, 3, seed=2)


def test_pinv_at_lower_rank():
    agree(lambda t, u, v: t.linalg.pinv(u @ v, rtol=1e-8), tensor(4, 2, seed=1), tensor(2, 3, seed=2), **CLOSE)
    agree(lambda t, a: t.linalg.pinv(a + a.mH, hermitian=True), tensor(3, 3, dtype=torch.complex128), **CLOSE)


@pytest.mark.parametrize(
    "options",
    [{}, {"atol": 1.0}, {"rtol": 0.5}, {"atol": 0.1, "rtol": 0.1}, {"atol": 0.0}, {"hermitian": True}],
    ids=str,
)
def test_tolerances(options):
    a = torch.diag(torch.tensor([3.0, 1.2, 0.5, 1e-9])).double()
    agree(lambda t, a: t.linalg.pinv(a, **options), a, gradients=False)
    agree(lambda t, a: t.linalg.matrix_rank(a, **options), torch.stack([a, a * 2]), gradients=False)
    agree(lambda t, a: t.linalg.matrix_rank(a, 0.7), a, gradients=False)
    agree(
        lambda t, a, atol: t.linalg.matrix_rank(a, atol=atol),
        torch.stack([a, a * 2]),
        torch.tensor([1.0, 3.0]).double(),
        gradients=False,
    )
    agree(
        lambda t, a, rtol: t.linalg.pinv(a, rtol=rtol),
        torch.stack([a, a * 2]),
        torch.tensor([0.2, 0.5]).double(),
        gradients=False,
    )


def test_ranks_of_empty_matrices():
    for shape in ((0, 0), (0, 3), (2, 0, 3), (0, 2, 2)):
        agree(lambda t, a: t.linalg.matrix_rank(a), tensor(*shape))


# -- least squares -----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("a, b", [((4, 2), (4, 3)), ((2, 4), (2, 1)), ((3, 3), (3, 2)), ((2, 4, 2), (2, 4)), ((4, 2), (4,)), ((1, 4, 2), (3, 4, 1))], ids=str)  # fmt: skip
def test_lstsq(a, b, dtype, driver):
    agree(
        lambda t, a, b: t.linalg.lstsq(a, b, driver=driver),
        tensor(*a, dtype=dtype),
        tensor(*b, dtype=dtype, seed=1),
        **CLOSE,
    )


@pytest.mark.parametrize("driver", ["gelsy", "gelsd", "gelss"])
def test_lstsq_finds_the_rank(driver):
    agree(
        lambda t, a, b: t.linalg.lstsq(a, b, 1e-8, driver=driver)[:3],
        _low_rank(),
        tensor(4, 2),
        gradients=False,
        **CLOSE,
    )


def test_the_residuals_of_least_squares_have_derivatives():
    ingot.manual_seed(0)
    a, b = (ingot.randn(4, n, dtype=ingot.float64).requires_grad_() for n in (2, 3))

    def residuals(a, b):
        return ingot.linalg.lstsq(a, b, driver="gels").residuals

    assert gradcheck(residuals, (a, b), check_forward_ad=True)
    assert gradgradcheck(residuals, (a, b))


# -- bad calls and out= ---------------------------------------------------------------------------------------------------------------------------------

SQUARE_ONLY = (
    "cholesky",
    "cholesky_ex",
    "det",
    "slogdet",
    "inv",
    "inv_ex",
    "eig",
    "eigvals",
    "eigh",
    "eigvalsh",
    "matrix_exp",
    "ldl_factor",
)
ANY = ("svd", "svdvals", "qr", "lu", "lu_factor", "lu_factor_ex", "pinv", "matrix_rank", "cond", "matrix_norm")
OLDER = (
    "cholesky",
    "cholesky_inverse",
    "logdet",
    "slogdet",
    "inverse",
    "geqrf",
    "matrix_exp",
    "pinverse",
    "qr",
    "svd",
    "det",
    "lu",
)
BAD = {
    "vector": torch.ones(3), "scalar": torch.tensor(1.0), "half": torch.ones(2, 2).half(), "int": torch.ones(2, 2, dtype=torch.int64),
    "bool": torch.ones(2, 2, dtype=torch.bool), "none": None, "wide": torch.ones(2, 3), "list": [[1.0]],
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("name", (*(f"linalg.{name}" for name in SQUARE_ONLY + ANY), *OLDER))
def test_bad_matrices(name, what):
    if what == "half" and name in ("linalg.matrix_norm", "linalg.matrix_exp", "matrix_exp"):
        return  # the few that serve half types; PyTorch's exponential overflows where Ingot's does not
    if what == "wide" and name not in {f"linalg.{one}" for one in SQUARE_ONLY}:
        return
    space, _, short = name.rpartition(".")
    agree(lambda t, a: getattr(t.linalg if space else t, short)(a), BAD[what], gradients=False)


@pytest.mark.parametrize(
    "body",
    [
        lambda t: t.linalg.solve(t.eye(3), t.ones(4, 2)),
        lambda t: t.linalg.solve(t.eye(3), t.ones(3, 2, dtype=t.float64)),
        lambda t: t.linalg.solve(t.eye(3), t.ones(3, 2), left=False),
        lambda t: t.linalg.solve(t.eye(3), t.tensor(1.0)),
        lambda t: t.linalg.solve(t.eye(3), t.ones(3), left=False),
        lambda t: t.linalg.solve(t.ones(2, 3, 3), t.ones(4, 3, 1)),
        lambda t: t.linalg.solve_triangular(t.eye(3), t.ones(3, 1)),
        lambda t: t.linalg.solve_triangular(t.eye(3), t.ones(4, 1), upper=True),
        lambda t: t.linalg.solve_triangular(t.eye(3), t.ones(3), upper=True),
        lambda t: t.linalg.eigh(t.eye(3), UPLO="X"),
        lambda t: t.linalg.eigvalsh(t.eye(3), UPLO=3),
        lambda t: t.linalg.svd(t.eye(3), driver="gesvd"),
        lambda t: t.linalg.svdvals(t.eye(3), driver="gesvd"),
        lambda t: t.linalg.qr(t.eye(3), "economy"),
        lambda t: t.linalg.lu(t.eye(3), pivot=False),
        lambda t: t.linalg.lu_solve(t.eye(3), t.ones(3, dtype=t.int64), t.ones(3, 1)),
        lambda t: t.linalg.lu_solve(t.eye(3), t.ones(2, dtype=t.int32), t.ones(3, 1)),
        lambda t: t.linalg.lu_solve(t.eye(3), t.full((3,), 9, dtype=t.int32), t.ones(3, 1)),
        lambda t: t.linalg.lu_solve(t.eye(3), t.ones(3, dtype=t.int32), t.ones(2, 1)),
        lambda t: t.linalg.lu_solve(t.eye(3), t.ones(3, dtype=t.int32), t.ones(3)),
        lambda t: t.lu_unpack(t.eye(3), t.full((3,), 9, dtype=t.int32)),
        lambda t: t.lu_unpack(t.eye(3), t.ones(3, dtype=t.int64)),
        lambda t: t.linalg.ldl_solve(t.eye(3), t.ones(2, dtype=t.int32), t.ones(3, 1)),
        lambda t: t.linalg.ldl_solve(t.eye(3), t.ones(3, dtype=t.int32), t.ones(3)),
        lambda t: t.linalg.ldl_factor(t.zeros(3, 3)),
        lambda t: t.linalg.lstsq(t.eye(3), t.ones(3, 1), driver="q"),
        lambda t: t.linalg.lstsq(t.ones(4, 2), t.ones(3, 1)),
        lambda t: t.linalg.lstsq(t.ones(3), t.ones(3)),
        lambda t: t.linalg.lstsq(t.eye(3), t.tensor(1.0)),
        lambda t: t.linalg.lstsq(t.eye(3), t.ones(3, 1, dtype=t.float64)),
        lambda t: t.linalg.lstsq(t.ones(3, 4, 2), t.ones(4, 1)),
        lambda t: t.linalg.tensorinv(t.ones(2, 3, 2)),
        lambda t: t.linalg.tensorinv(t.ones(4, 2, 2), 0),
        lambda t: t.linalg.tensorsolve(t.ones(2, 3), t.ones(2)),
        lambda t: t.linalg.householder_product(t.eye(3), t.ones(4)),
        lambda t: t.linalg.householder_product(t.ones(2, 3), t.ones(2)),
        lambda t: t.linalg.householder_product(t.ones(3), t.ones(2)),
        lambda t: t.linalg.householder_product(t.eye(3), t.ones(2, 3)),
        lambda t: t.linalg.householder_product(t.eye(3), t.ones(3, dtype=t.float64)),
        lambda t: t.ormqr(t.eye(3), t.ones(4), t.ones(3, 2)),
        lambda t: t.ormqr(t.eye(3), t.ones(3), t.ones(4, 2)),
        lambda t: t.ormqr(t.eye(3), t.ones(3), t.ones(2, 3, 2)),
        lambda t: t.ormqr(t.eye(3), t.ones(3), t.ones(3, 2, dtype=t.float64)),
        lambda t: t.linalg.pinv(t.ones(3), atol=0.1),
        lambda t: t.linalg.vander(t.ones(3), N=0),
    ],
)  # fmt: skip
def test_bad_arguments(body):
    agree(lambda t, _: body(t), torch.ones(1), gradients=False)


def test_out():
    a = regular(2, 2)
    for name in ("inv", "det", "cholesky", "svdvals", "pinv", "matrix_rank"):
        agree(lambda t, a, name=name: getattr(t.linalg, name)(a @ a.mT, out=t.empty(0, dtype=t.int64 if name == "matrix_rank" else a.dtype)), a, gradients=False, **CLOSE)  # fmt: skip
        agree(
            lambda t, a, name=name: getattr(t.linalg, name)(a @ a.mT, out=t.empty(0, dtype=t.float16)),
            a,
            gradients=False,
        )
    agree(lambda t, a: t.linalg.slogdet(a, out=(t.empty(0).double(), t.empty(0).double())), a, gradients=False, **CLOSE)
    agree(lambda t, a: t.linalg.slogdet(a, out=t.empty(0)), a, gradients=False)
