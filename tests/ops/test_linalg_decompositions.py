"""Decompositions against PyTorch up to their gauge: values, derivatives of both orders, forward mode; against identities where a basis is free."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot
from ingot.autograd import gradcheck, gradgradcheck

from .against_torch import agree, tensor

WIDE = [torch.float64, torch.complex128]
SHAPES = [(3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1)]


def hermitian(*shape, dtype=torch.float64, seed=0):
    matrix = tensor(*shape, dtype=dtype, seed=seed)
    return matrix + matrix.mH + torch.diag(torch.arange(shape[-1]) * 2.0).to(dtype)


def definite(*shape, dtype=torch.float64, seed=0):
    matrix = tensor(*shape, dtype=dtype, seed=seed)
    return matrix @ matrix.mH + torch.eye(shape[-1], dtype=dtype)


def _triples(left, right):
    """The rank-one matrices of pairs of vectors, which no sign or phase changes."""
    return left.mT.unsqueeze(-1) * right.unsqueeze(-2)


# -- Cholesky -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1), (0, 0), (0, 2, 2)], ids=str)
def test_cholesky(shape, dtype, upper):
    a = definite(*shape, dtype=dtype)
    agree(lambda t, a: t.linalg.cholesky((a + a.mH) / 2, upper=upper), a)
    agree(lambda t, a: t.linalg.cholesky_ex((a + a.mH) / 2, upper=upper), a)
    agree(lambda t, a: t.cholesky((a + a.mH) / 2, upper), a)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_reads_one_triangle(upper):
    a = definite(3, 3)
    other = a + tensor(3, 3, seed=1).tril(-1) if upper else a + tensor(3, 3, seed=1).triu(1)
    agree(lambda t, a: t.linalg.cholesky(a, upper=upper), other, gradients=False)


def test_cholesky_of_an_indefinite_matrix():
    bad = torch.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=torch.float64)
    pair = torch.stack([definite(2, 2), bad])
    for body in (
        lambda t, a: t.linalg.cholesky(a),
        lambda t, a: t.linalg.cholesky_ex(a, check_errors=True),
        lambda t, a: t.cholesky(a),
        lambda t, a: t.linalg.cholesky_ex(a).info,
    ):
        agree(body, pair, gradients=False)
    with pytest.raises(ingot.linalg.LinAlgError, match=r"Batch element 1.*minor of order 2"):
        ingot.linalg.cholesky(ingot.tensor(pair.tolist()))


# -- QR -------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_qr(shape, dtype):
    def body(t, a):
        q, r = t.linalg.qr(a)
        return _triples(q, r), r.mH @ r

    agree(body, tensor(*shape, dtype=dtype))


@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (0, 2, 3), (2, 3), (3, 2)], ids=str)
def test_qr_modes(shape, mode):
    agree(lambda t, a: [one.abs() for one in t.linalg.qr(a, mode)], tensor(*shape), gradients=False)
    agree(lambda t, a: [one.abs() for one in t.qr(a, mode == "reduced")], tensor(*shape), gradients=False)


def test_qr_refuses_derivatives_that_it_has_not():
    for mode in ("complete", "r"):
        a = ingot.randn(3, 2, dtype=ingot.float64).requires_grad_()
        with pytest.raises(RuntimeError, match=r"QR decomposition is not differentiable|depends on Q"):
            ingot.linalg.qr(a, mode)[1].sum().backward()


# -- eigenvalues ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uplo", ["L", "U", "u"])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_eigh(dtype, uplo):
    def body(t, a):
        values, vectors = t.linalg.eigh((a + a.mH) / 2, uplo)
        return values, _triples(vectors, vectors.mH)

    agree(body, hermitian(2, 3, 3, dtype=dtype))
    agree(lambda t, a: t.linalg.eigvalsh((a + a.mH) / 2, uplo), hermitian(3, 3, dtype=dtype))


@pytest.mark.parametrize("shape", [(0, 0), (0, 2, 2), (1, 1)], ids=str)
def test_small_and_empty_spectra(shape):
    agree(lambda t, a: t.linalg.eigh(a)[0], tensor(*shape))
    agree(lambda t, a: t.linalg.eig(a)[0], tensor(*shape))
    agree(lambda t, a: t.linalg.svd(a)[1], tensor(*shape))


def test_eigenvalues_alone_have_a_derivative_where_they_are_equal():
    """The sum of equal eigenvalues is smooth, and so is a trace; the vectors are not asked for."""
    a = ingot.eye(3, dtype=ingot.float64).requires_grad_()
    gradient = ingot.autograd.grad(ingot.linalg.eigvalsh(a).sum(), a)[0]
    assert (gradient - ingot.eye(3, dtype=ingot.float64)).abs().max() < 1e-14
    zero = ingot.zeros(3, 2, dtype=ingot.float64).requires_grad_()
    assert bool(ingot.autograd.grad(ingot.linalg.svdvals(zero).sum(), zero)[0].isfinite().all())


@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_eig(dtype):
    def body(t, a):
        values, vectors = t.linalg.eig(a)
        projectors = _triples(vectors, vectors.mH)
        return [((values**k)[..., None, None] * projectors).sum(-3) for k in range(3)]

    agree(body, tensor(3, 3, dtype=dtype, seed=3), rtol=1e-9, atol=1e-9)
    agree(lambda t, a: (t.linalg.eigvals(a) ** 2).sum(-1), tensor(2, 3, 3, dtype=dtype), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_a_loss_that_depends_on_the_phase_is_refused(name):
    a = tensor(3, 3, dtype=torch.complex128)
    a = a + a.mH if name == "eigh" else a
    for t, leaf in ((torch, a.clone().requires_grad_()), (ingot, ingot.tensor(a.tolist(), requires_grad=True))):
        vectors = getattr(t.linalg, name)(leaf)[0 if name == "svd" else 1]
        with pytest.raises(RuntimeError, match=r"e\^\{i phi\}"):
            vectors.imag.sum().backward()


@pytest.mark.parametrize("name", ["eig", "eigvals"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_eig_refuses_what_is_not_finite(name, value):
    """PyTorch's ``eig`` does, too; its ``eigvals`` may end the process."""
    with pytest.raises(RuntimeError, match="infs or NaNs"):
        getattr(ingot.linalg, name)(ingot.full((2, 2), value))


# -- singular values ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_svd(shape, dtype):
    def body(t, a):
        left, singular, right = t.linalg.svd(a, full_matrices=False)
        return singular, _triples(left, right)

    agree(body, tensor(*shape, dtype=dtype))
    agree(lambda t, a: t.linalg.svdvals(a), tensor(*shape, dtype=dtype))

    def older(t, a):
        left, singular, right = t.svd(a)
        return singular, (left * singular.unsqueeze(-2)) @ right.mH

    agree(older, tensor(*shape, dtype=dtype))


@pytest.mark.parametrize("some", [True, False])
@pytest.mark.parametrize("compute_uv", [True, False])
@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (0, 2), (2, 0), (2, 0, 3)], ids=str)
def test_svd_shapes(shape, some, compute_uv):
    agree(lambda t, a: [one.abs() for one in t.svd(a, some, compute_uv)][1], tensor(*shape), gradients=False)
    agree(lambda t, a: [t.zeros(one.shape) for one in t.svd(a, some, compute_uv)], tensor(*shape), gradients=False)
    agree(lambda t, a: [t.zeros(one.shape) for one in t.linalg.svd(a, not some)], tensor(*shape), gradients=False)


@pytest.mark.parametrize("dtype", [ingot.float64, ingot.complex128], ids=str)
@pytest.mark.parametrize("shape", [(4, 2), (2, 4)], ids=str)
def test_the_null_space_follows_the_matrix(shape, dtype):
    """The projector on the vectors that complete a basis is the identity less the others': PyTorch's gradient by those vectors is zero."""
    ingot.manual_seed(1)
    a = ingot.randn(*shape, dtype=dtype).requires_grad_()

    def projector(a):
        left, _, right = ingot.linalg.svd(a)
        rest = left[:, 2:] if shape[0] > 2 else right[2:].mH
        return ingot.view_as_real(rest @ rest.mH) if rest.is_complex() else rest @ rest.mH

    def complement(a):
        basis = ingot.linalg.qr(a if shape[0] > 2 else a.mH)[0]
        found = ingot.eye(4, dtype=dtype) - basis @ basis.mH
        return ingot.view_as_real(found) if found.is_complex() else found

    weights = ingot.randn(*projector(a).shape, dtype=ingot.float64)
    one, other = (ingot.autograd.grad((f(a) * weights).sum(), a)[0] for f in (projector, complement))
    assert (one - other).abs().max() < 1e-12
    assert gradcheck(projector, a, check_forward_ad=True)


@pytest.mark.parametrize("value", [float("nan")])
def test_svd_refuses_what_is_not_finite(value):
    agree(lambda t, a: t.linalg.svd(a), torch.full((2, 2), value))


# -- LU and LDL ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", [*SHAPES, (0, 0), (2, 0), (0, 3, 2)], ids=str)
def test_lu(shape, dtype):
    a = tensor(*shape, dtype=dtype)
    agree(lambda t, a: t.linalg.lu(a), a, rtol=1e-10, atol=1e-10)
    agree(lambda t, a: t.linalg.lu_factor_ex(a), a, rtol=1e-10, atol=1e-10)
    agree(lambda t, a: t.lu_unpack(*t.linalg.lu_factor(a)), a, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("infos", [False, True])
def test_older_lu(infos):
    agree(lambda t, a: tuple(t.lu(a, get_infos=infos)), tensor(2, 3, 3))
    with pytest.warns(UserWarning, match="torch.lu is deprecated"):
        ingot.eye(2).lu()


def test_lu_of_a_singular_matrix():
    a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64)
    for body in (
        lambda t, a: t.linalg.lu(a),
        lambda t, a: t.linalg.lu_factor(a),
        lambda t, a: t.linalg.lu_factor_ex(a),
        lambda t, a: t.linalg.lu_factor_ex(a, check_errors=True),
        lambda t, a: t.linalg.lu_factor(a, pivot=False),
    ):
        agree(body, a, gradients=False)


@pytest.mark.parametrize("data, pivots", [(True, False), (False, True)])
def test_lu_unpack_in_part(data, pivots):
    # PyTorch cannot differentiate the empty factors.
    agree(lambda t, a: t.lu_unpack(*t.linalg.lu_factor(a), data, pivots), tensor(2, 3, 2), gradients=data)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_lu_solve(dtype, left, adjoint):
    def body(t, a, b):
        return t.linalg.lu_solve(*t.linalg.lu_factor(a), b, left=left, adjoint=adjoint)

    b = tensor(2, 3, 2, dtype=dtype) if left else tensor(2, 2, 3, dtype=dtype)
    agree(body, tensor(2, 3, 3, dtype=dtype, seed=2), b, rtol=1e-9, atol=1e-9)
    agree(lambda t, a, b: t.lu_solve(b, *t.linalg.lu_factor(a)), tensor(3, 3, dtype=dtype), tensor(3, 2, dtype=dtype), rtol=1e-9, atol=1e-9)  # fmt: skip


@pytest.mark.parametrize("hermitian_", [False, True])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_ldl(dtype, hermitian_):
    a = hermitian(2, 4, 4, dtype=dtype)
    a = a if hermitian_ else (a + a.mT) / 2
    agree(lambda t, a: t.linalg.ldl_factor_ex(a, hermitian=hermitian_), a, gradients=False)

    def body(t, a, b):
        factors, pivots = t.linalg.ldl_factor(a, hermitian=hermitian_)
        return a @ t.linalg.ldl_solve(factors, pivots, b, hermitian=hermitian_) - b

    agree(body, a, tensor(2, 4, 2, dtype=dtype), gradients=False, atol=1e-11)


# -- reflectors ------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_householder_product(dtype):
    for a, tau in (
        (tensor(2, 4, 3, dtype=dtype), tensor(2, 2, dtype=dtype)),
        (tensor(3, 3, dtype=dtype), tensor(3, dtype=dtype) * 0),
    ):
        agree(lambda t, a, tau: t.linalg.householder_product(a, tau), a, tau, rtol=1e-10, atol=1e-10)
    agree(lambda t, a, tau: t.orgqr(a, tau), tensor(3, 0, dtype=dtype), tensor(0, dtype=dtype), gradients=False)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_ormqr(dtype, left, transpose):
    other = tensor(2, 4, 2, dtype=dtype) if left else tensor(2, 2, 4, dtype=dtype)
    agree(
        lambda t, a, tau, c: t.ormqr(a, tau, c, left, transpose), tensor(2, 4, 3, dtype=dtype, low=-1, high=1), tensor(2, 3, dtype=dtype, low=0, high=1),
        other, rtol=1e-10, atol=1e-10,
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2, 3, 3), (0, 2)], ids=str)
def test_geqrf_makes_the_factors_of_qr(shape):
    a = ingot.from_numpy(np.random.default_rng(0).normal(size=shape))
    packed, tau = ingot.geqrf(a)
    few = min(shape[-2:])
    q = ingot.linalg.householder_product(packed[..., :few], tau)
    assert (q @ packed[..., :few, :].triu() - a).abs().sum() < 1e-13
    with pytest.raises(NotImplementedError, match="geqrf"):
        ingot.geqrf(a.clone().requires_grad_())[0].sum().backward()


# -- third derivatives, and what torch does not check ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda a: ingot.linalg.svdvals(a),
        lambda a: ingot.linalg.cholesky(a @ a.mH + ingot.eye(3)),
        lambda a: ingot.linalg.eigvalsh(a + a.mH),
        lambda a: ingot.linalg.qr(a)[1].abs(),
        lambda a: ingot.linalg.lu_factor(a)[0],
    ],
    ids=["svdvals", "cholesky", "eigvalsh", "qr", "lu"],
)
def test_second_derivatives_by_differences(function):
    ingot.manual_seed(2)
    a = (ingot.randn(3, 3, dtype=ingot.float64) + 3 * ingot.diag(ingot.arange(1.0, 4.0).double())).requires_grad_()
    assert gradcheck(function, a, check_forward_ad=True)
    assert gradgradcheck(function, a)
