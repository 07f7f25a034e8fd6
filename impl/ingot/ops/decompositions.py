"""Cholesky, QR, eigen- and singular value decompositions, with their derivatives.

NOTE [Gauges]
Eigen- and singular vectors are defined up to a sign, complex ones up to a phase. The rules below are those of a gauge in which the phase does not turn; a
loss that depends on the phase has no derivative, and is refused as PyTorch refuses it. Sources: Giles, "An extended collection of matrix derivative results"
(2008); Townsend, "Differentiating the singular value decomposition" (2016); Seeger, Hetzel, Dai, Lawrence, "Auto-differentiating linear algebra"
(2017); Wan and Zhang, "Automatic differentiation for complex valued SVD" (2019); Walter and Lehmann, "Algorithmic differentiation of linear
algebra functions" (2012); Murray, "Differentiation of the Cholesky decomposition" (2016).

NOTE [Degenerate spectra]
Vectors of equal eigenvalues (singular values) have no derivative: differences of those values are divided by. A cotangent that does not turn such
vectors into each other has zeros where the differences are, so that 0 / 0 stands for "no contribution". ``_over`` makes it 0; anything else over 0
stays infinite.
"""

from __future__ import annotations

import numpy as np

from . import lapack
from .declare import composite, primitive
from .joining import diag_embed
from .matrix_arguments import (
    LinAlgError,
    admit_tensor,
    check_floating,
    check_matrix,
    check_served,
    check_square,
    first_failure,
)
from .return_types import return_type
from .triangular import solve_with_triangle

_PHASE_TOLERANCE = 1e-2
"""How much of the phase a cotangent may hold, as in PyTorch."""


def _over(numerator, denominator):
    """A quotient in which 0 / 0 is 0. NOTE [Degenerate spectra]"""
    return numerator / denominator.masked_fill((denominator == 0) & (numerator == 0), 1)


def _diagonal(matrix):
    return matrix.diagonal(0, -2, -1)


def _without_diagonal(matrix):
    """A matrix with its diagonal set to 0."""
    return matrix - diag_embed(_diagonal(matrix))


def _differences(values):
    """``values_j - values_i``, with ones on the diagonal."""
    gaps = values.unsqueeze(-2) - values.unsqueeze(-1)
    return gaps + diag_embed(values.new_ones(values.shape))


def _real_diagonal(matrix):
    diagonal = _diagonal(matrix)
    return diagonal.real if diagonal.is_complex() else diagonal


def _refuse_phase(name: str, what: str, diagonal) -> None:
    """RuntimeError where a cotangent depends on the phases of complex vectors. NOTE [Gauges]"""
    if diagonal.is_complex() and not diagonal.is_meta and bool((diagonal.imag.abs() > _PHASE_TOLERANCE).any()):
        raise RuntimeError(
            f"{name}_backward: The {what} in the complex case are specified up to multiplication by e^{{i phi}}. The specified loss function "
            "depends on this quantity, so it is ill-defined."
        )


def _refuse_divergence(name: str, error) -> LinAlgError:
    return LinAlgError(
        f"{name}: The algorithm failed to converge because the input matrix contained non-finite values or is ill-conditioned ({error})."
    )


# -- Cholesky -------------------------------------------------------------------------------------------------------------------------------


@primitive("_cholesky(input)", outputs=("factor", "info"), node="LinalgCholeskyExBackward0")
def _cholesky(xp, input):
    return lapack.cholesky(xp, input)


@_cholesky.backward("input")
def _(grad, factor):
    # Murray (2016), eq. 10, made Hermitian.
    lower = (factor.mH @ grad).tril()
    strict = _without_diagonal(lower)
    middle = strict + strict.mH + diag_embed(_real_diagonal(lower)).to(lower.dtype)
    half = solve_with_triangle(factor.mH, middle, upper=True)
    return solve_with_triangle(factor, half, upper=False, left=False) * 0.5


def _factored(A, upper: bool):
    """(factor, info) reading the lower triangle, with ``upper`` the upper one."""
    factor, info = _cholesky(A.mH if upper else A)
    return (factor.mH if upper else factor), info


def _refuse_indefinite(name: str, info) -> None:
    failure = first_failure(info)
    if failure is not None:
        where, order = failure
        raise LinAlgError(
            f"{name}: {where}The factorization could not be completed because the input is not positive-definite "
            f"(the leading minor of order {order} is not positive-definite)."
        )


@composite("cholesky", namespace="linalg", out="exact")
def _cholesky_of_linalg(input, *, upper=False):
    """The lower triangular L with ``L L^H = input`` (``upper``: U with ``U^H U = input``) of positive-definite matrices (*, n, n).

    Only one triangle of the input is read; the gradient is Hermitian. ``linalg.cholesky(eye(2) * 4)`` is ``eye(2) * 2``. LinAlgError for a matrix
    that is not positive-definite.
    """
    check_square("linalg.cholesky", input)
    check_floating("linalg.cholesky", input, kernel="cholesky_cpu")
    factor, info = _factored(input, bool(upper))
    _refuse_indefinite("linalg.cholesky", info)
    return factor


@composite(namespace="linalg", out="exact")
def cholesky_ex(input, *, upper=False, check_errors=False):
    """(L, info): like ``cholesky``, but ``info`` tells the order of the first minor that is not positive; it raises only with ``check_errors``."""
    check_square("linalg.cholesky", input)
    check_floating("linalg.cholesky", input, kernel="cholesky_cpu")
    factor, info = _factored(input, bool(upper))
    if check_errors:
        _refuse_indefinite("linalg.cholesky_ex", info)
    return return_type("linalg_cholesky_ex", "L", "info")(factor, info)


@composite(method=True, out=True)
def cholesky(input, upper=False):
    """The Cholesky factor of positive-definite matrices. The older ``linalg.cholesky``."""
    check_square("cholesky", input)
    check_served("cholesky_cpu", input)
    factor, info = _factored(input, bool(upper))
    _refuse_indefinite("cholesky", info)
    return factor


# -- QR -------------------------------------------------------------------------------------------------------------------------------------


@primitive("_qr(input, mode: str)", outputs=("Q", "R"), differentiable=("Q", "R"), node="LinalgQrBackward0")
def _qr(xp, input, mode):
    if 0 in input.shape:
        return _empty_qr(xp, input, mode)
    found = xp.linalg.qr(input, mode)
    return (xp.empty((0,), input.dtype), found) if mode == "r" else tuple(found)


def _empty_qr(xp, input, mode):
    """Factors of matrices without elements: Q is an identity, R empty."""
    rows, columns = input.shape[-2:]
    inner = rows if mode == "complete" else min(rows, columns)
    r = xp.zeros((*input.shape[:-2], inner, columns), input.dtype)
    if mode == "r":
        return xp.empty((0,), input.dtype), r
    q = xp.zeros((*input.shape[:-2], rows, inner), input.dtype)
    q[...] = xp.eye(rows, inner, dtype=input.dtype)
    return q, r


@_qr.backward("input")
def _(grad_Q, grad_R, Q, R, mode):
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced')"
        )
    rows, columns = Q._array.shape[-2], R._array.shape[-1]
    if mode == "complete" and rows > columns:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    if rows >= columns:
        return _tall_qr_gradient(grad_Q, grad_R, Q, R)
    # A = [A1, A2]: Q and R1 are of A1 alone, R2 = Q^H A2.
    first, second = R.narrow(-1, 0, rows), R.narrow(-1, rows, columns - rows)
    grad_first, grad_second = grad_R.narrow(-1, 0, rows), grad_R.narrow(-1, rows, columns - rows)
    left = _tall_qr_gradient(grad_Q + Q @ (second @ grad_second.mH), grad_first, Q, first)
    from .joining import cat

    return cat([left, Q @ grad_second], -1)


def _tall_qr_gradient(grad_q, grad_r, q, r):
    """Walter and Lehmann (2012), eq. 5.4, for complex matrices too: the diagonal of R is real."""
    inner = q.mH @ grad_q - grad_r @ r.mH
    strict = inner.triu(1)
    middle = strict + strict.mH + diag_embed(_real_diagonal(inner)).to(inner.dtype)
    return solve_with_triangle(r.mH, grad_q - q @ middle, upper=False, left=False)


_QR_MODES = ("reduced", "complete", "r")


@composite("qr", namespace="linalg", out="exact")
def _qr_of_linalg(A, mode="reduced"):
    """(Q, R) with ``A = Q R``, Q orthonormal, R upper triangular, of matrices (*, m, n), with k = min(m, n).

    ``mode``: "reduced", Q (*, m, k) and R (*, k, n); "complete", Q (*, m, m) and R (*, m, n); "r", R alone. Differentiable for "reduced", and for
    "complete" where m <= n, at matrices whose first k columns are independent.
    """
    check_matrix("linalg.qr", A)
    if not isinstance(mode, str):
        raise TypeError(f"linalg_qr(): argument 'mode' must be str, not {type(mode).__name__}")
    if mode not in _QR_MODES:
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    check_floating("linalg.qr", A, kernel="geqrf_cpu")
    return return_type("linalg_qr", "Q", "R")(*_qr(A, mode))


@composite(method=True, out="exact")
def qr(input, some=True):
    """(Q, R): the older ``linalg.qr``; ``some`` means mode "reduced", else "complete"."""
    check_matrix("linalg.qr", input)
    check_floating("linalg.qr", input, kernel="geqrf_cpu")
    return return_type("qr", "Q", "R")(*_qr(input, "reduced" if some else "complete"))


# -- eigenvalues of Hermitian matrices ----------------------------------------------------------------------------------------------------------


def _eigh_of(xp, name: str, input, lower: bool):
    try:
        return getattr(xp.linalg, name)(input, "L" if lower else "U")
    except np.linalg.LinAlgError as error:
        raise _refuse_divergence("linalg.eigh", error) from None


@primitive(
    "_eigh(input, lower: bool)", outputs=("eigenvalues", "eigenvectors"), differentiable=("eigenvalues", "eigenvectors"),
    node="LinalgEighBackward0",
)  # fmt: skip
def _eigh(xp, input, lower):
    return tuple(_eigh_of(xp, "eigh", input, lower))


@_eigh.jvp("input")
def _(tangent, eigenvalues, eigenvectors):
    moved = eigenvectors.mH @ tangent @ eigenvectors
    return _real_diagonal(moved), eigenvectors @ (_without_diagonal(moved) / _differences(eigenvalues))


@_eigh.backward("input")
def _(grad_eigenvalues, grad_eigenvectors, eigenvalues, eigenvectors):
    # Giles (2008), 3.1, made Hermitian: vectors turn by skew-Hermitian matrices only.
    turned = eigenvectors.mH @ grad_eigenvectors
    _refuse_phase("linalg_eigh", "eigenvectors", _diagonal(turned))
    skew = (turned - turned.mH) * 0.5
    middle = _over(_without_diagonal(skew), _differences(eigenvalues)) + diag_embed(grad_eigenvalues)
    return eigenvectors @ middle @ eigenvectors.mH


@primitive("_eigvalsh(input, lower: bool)")
def _eigvalsh(xp, input, lower):
    return _eigh_of(xp, "eigvalsh", input, lower)


def _triangle(input, UPLO, function: str) -> bool:
    """Whether UPLO names the lower triangle."""
    check_square("linalg.eigh", input)
    check_served("linalg_eigh_cpu", input)
    if not isinstance(UPLO, str):
        raise TypeError(f"linalg_{function}(): argument 'UPLO' must be str, not {type(UPLO).__name__}")
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper() == "L"


@composite(namespace="linalg", out="exact")
def eigh(A, UPLO="L"):
    """(eigenvalues, eigenvectors) of Hermitian matrices (*, n, n): real and ascending; orthonormal columns. ``A = V diag(L) V^H``.

    Only the triangle ``UPLO`` is read. Eigenvectors are defined up to a sign or phase, and have no derivative where eigenvalues are equal. LinAlgError
    where the algorithm does not converge.
    """
    return return_type("linalg_eigh", "eigenvalues", "eigenvectors")(*_eigh(A, _triangle(A, UPLO, "eigh")))


@composite(namespace="linalg", out="exact")
def eigvalsh(A, UPLO="L"):
    """The eigenvalues of Hermitian matrices, ascending."""
    lower = _triangle(A, UPLO, "eigvalsh")
    return _eigvalsh(A, lower) if A._autograd is None else _eigh(A, lower)[0]


# -- eigenvalues of any matrix ------------------------------------------------------------------------------------------------------------------


def _eig_of(xp, function, input):
    if xp is np and not np.isfinite(input).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    try:
        return function(input)
    except np.linalg.LinAlgError as error:
        raise _refuse_divergence("linalg.eig", error) from None


def _complex(array):
    """A complex array: NumPy returns real eigenvalues where all of them are real."""
    return array.astype(np.result_type(array.dtype, np.complex64), copy=False)


@primitive(
    "_eig(input)", outputs=("eigenvalues", "eigenvectors"), differentiable=("eigenvalues", "eigenvectors"), node="LinalgEigBackward0"
)  # fmt: skip
def _eig(xp, input):
    return tuple(_complex(one) for one in _eig_of(xp, xp.linalg.eig, input))


@_eig.jvp("input")
def _(tangent, eigenvalues, eigenvectors):
    from .solvers import solution_of

    moved = solution_of(eigenvectors, tangent.to(eigenvectors.dtype) @ eigenvectors)
    turned = eigenvectors @ (_without_diagonal(moved) / _differences(eigenvalues))
    # The columns keep their norm.
    along = _real_diagonal(eigenvectors.mH @ turned)
    return _diagonal(moved), turned - eigenvectors * along.unsqueeze(-2)


@_eig.backward("input")
def _(grad_eigenvalues, grad_eigenvectors, eigenvalues, eigenvectors, input_dtype):
    from .solvers import solution_of

    # Boeddeker et al., "On the computation of complex-valued gradients" (2017), 4.77; the columns keep their norm.
    turned = eigenvectors.mH @ grad_eigenvectors
    _refuse_phase("linalg_eig", "eigenvectors", _diagonal(turned))
    turned = turned - (eigenvectors.mH @ eigenvectors) * _real_diagonal(turned).unsqueeze(-2)
    middle = _over(_without_diagonal(turned), _differences(eigenvalues).conj()) + diag_embed(grad_eigenvalues)
    found = solution_of(eigenvectors.mH, middle @ eigenvectors.mH)
    return found if input_dtype.is_complex else found.real


@primitive("_eigvals(input)")
def _eigvals(xp, input):
    return _complex(_eig_of(xp, xp.linalg.eigvals, input))


def _check_general(name: str, input, function: str) -> None:
    admit_tensor(f"linalg_{function}", "input", input)
    check_square(name, input)
    if input.dtype.category < 2:
        raise RuntimeError(f"Unknown Complex ScalarType for {input.dtype.legacy_name}")
    check_served("linalg_eig_out_cpu", input)


@composite(namespace="linalg", out=True)
def eig(A):
    """(eigenvalues, eigenvectors) of square matrices: complex, in no order; columns of norm 1. ``A V = V diag(L)``.

    Differentiable where the eigenvalues differ, for losses that do not depend on the phases of eigenvectors. RuntimeError for infinities and NaNs.
    """
    _check_general("linalg.eig", A, "eig")
    return return_type("linalg_eig", "eigenvalues", "eigenvectors")(*_eig(A))


@composite(namespace="linalg", out=True)
def eigvals(A):
    """The eigenvalues of square matrices: complex, in no order."""
    _check_general("linalg.eigvals", A, "eigvals")
    return _eigvals(A) if A._autograd is None else _eig(A)[0]


# -- singular values --------------------------------------------------------------------------------------------------------------------------


def _svd_of(xp, input, **options):
    try:
        return xp.linalg.svd(input, **options)
    except np.linalg.LinAlgError as error:
        raise _refuse_divergence("linalg.svd", error) from None


@primitive(
    "_svd(input, full_matrices: bool)", outputs=("U", "S", "Vh"), differentiable=("U", "S", "Vh"), node="LinalgSvdBackward0"
)  # fmt: skip
def _svd(xp, input, full_matrices):
    return tuple(_svd_of(xp, input, full_matrices=full_matrices))


def _squares_apart(singular):
    """``s_j^2 - s_i^2`` without cancellation, with ones on the diagonal."""
    apart = (singular.unsqueeze(-2) - singular.unsqueeze(-1)) * (singular.unsqueeze(-2) + singular.unsqueeze(-1))
    return apart + diag_embed(singular.new_ones(singular.shape))


def _thin(U, S, Vh):
    """The singular vectors that have singular values, and the rest, None where there are none."""
    count = S._array.shape[-1]
    rest_u, rest_v = U._array.shape[-1] - count, Vh._array.shape[-2] - count
    return (
        U.narrow(-1, 0, count) if rest_u else U,
        U.narrow(-1, count, rest_u) if rest_u else None,
        Vh.narrow(-2, 0, count) if rest_v else Vh,
        Vh.narrow(-2, count, rest_v) if rest_v else None,
    )


@_svd.jvp("input")
def _(tangent, U, S, Vh):
    from .joining import cat

    left, rest_left, right, rest_right = _thin(U, S, Vh)
    moved = left.mH @ tangent @ right.mH
    singular = _real_diagonal(moved)
    apart, row, column = _squares_apart(S), S.unsqueeze(-2), S.unsqueeze(-1)
    free = _without_diagonal(moved)
    turn_left = (free * row + column * free.mH) / apart
    turn_right = (column * free + free.mH * row) / apart
    if moved.is_complex():  # Wan and Zhang (2019): the phase is given to the left vectors
        turn_left = turn_left + diag_embed(_diagonal(moved).imag * 1j / S)
    new_left, new_right = left @ turn_left, turn_right.mH @ right
    if left._array.shape[-2] > S._array.shape[-1]:
        outside = tangent @ right.mH - left @ moved
        new_left = new_left + outside / row
    if right._array.shape[-1] > S._array.shape[-1]:
        outside = left.mH @ tangent - moved @ right
        new_right = new_right + outside / column
    if rest_left is not None:
        new_left = cat([new_left, -(left @ (new_left.mH @ rest_left))], -1)
    if rest_right is not None:
        new_right = cat([new_right, -((rest_right @ new_right.mH) @ right)], -2)
    return new_left, singular, new_right


@_svd.backward("input")
def _(grad_U, grad_S, grad_Vh, U, S, Vh):
    left, rest_left, right, rest_right = _thin(U, S, Vh)
    grad_left, grad_rest_left, grad_right, grad_rest_right = _thin(grad_U, S, grad_Vh)
    # Vectors that complete a basis span the complement of the others: they follow those by dU2 = -U1 dU1^H U2.
    if rest_left is not None:
        grad_left = grad_left - rest_left @ (grad_rest_left.mH @ left)
    if rest_right is not None:
        grad_right = grad_right - (right @ grad_rest_right.mH) @ rest_right
    in_left, in_right = left.mH @ grad_left, grad_right @ right.mH
    phase = _diagonal(in_left) + _diagonal(in_right).conj()
    _refuse_phase("svd", "singular vectors", phase)
    row, column = S.unsqueeze(-2), S.unsqueeze(-1)
    skew_left, skew_right = in_left - in_left.mH, in_right.mH - in_right
    middle = _over(skew_left * row + column * skew_right, _squares_apart(S))
    middle = _without_diagonal(middle) + diag_embed(grad_S)
    if middle.is_complex():
        middle = middle + diag_embed(_over(_diagonal(in_left).imag * 1j, S))
    found = left @ middle @ right
    if left._array.shape[-2] > S._array.shape[-1]:
        found = found + _over(grad_left - left @ in_left, row) @ right
    if right._array.shape[-1] > S._array.shape[-1]:
        found = found + left @ _over(grad_right - in_right @ right, column)
    return found


@primitive("_svdvals(input)")
def _svdvals(xp, input):
    return _svd_of(xp, input, compute_uv=False)


def _check_driver(driver) -> None:
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )


def _check_svd(A) -> None:
    check_matrix("linalg.svd", A)
    check_floating("linalg.svd", A, kernel="linalg_svd_cpu")


@composite("svd", namespace="linalg", out="exact")
def _svd_of_linalg(A, full_matrices=True, *, driver=None):
    """(U, S, Vh) with ``A = U diag(S) Vh`` of matrices (*, m, n): orthonormal U and Vh^H; S real, descending, of length k = min(m, n).

    U is (*, m, m) and Vh (*, n, n), without ``full_matrices`` (*, m, k) and (*, k, n). Singular vectors have no derivative where singular values are equal,
    or zero outside a square matrix; complex ones only for losses that do not depend on the phases. RuntimeError for a ``driver``, which chooses
    among cuSOLVER's algorithms. LinAlgError where the algorithm does not converge.
    """
    _check_svd(A)
    _check_driver(driver)
    return return_type("linalg_svd", "U", "S", "Vh")(*_svd(A, bool(full_matrices)))


@composite(namespace="linalg", out="exact")
def svdvals(A, *, driver=None):
    """The singular values of matrices (*, m, n), descending, (*, min(m, n))."""
    _check_svd(A)
    _check_driver(driver)
    return _svdvals(A) if A._autograd is None else _svd(A, False)[1]


@composite(method=True, out="exact")
def svd(input, some=True, compute_uv=True):
    """(U, S, V), the older ``linalg.svd``: V is not transposed; ``some`` is not ``full_matrices``; U and V are zeros without ``compute_uv``."""
    admit_tensor("svd", "input", input)
    if input._array.ndim < 2:
        raise RuntimeError(
            f"linalg.svd: input should have at least 2 dimensions, but has {input._array.ndim} dimensions instead"
        )
    _check_svd(input)
    made = return_type("svd", "U", "S", "V")
    if compute_uv:
        left, singular, right = _svd(input, not some)
        return made(left, singular, right.mH.contiguous())
    rows, columns = input._array.shape[-2:]
    lead = input._array.shape[:-2]
    singular = svdvals(input)
    return made(input.new_zeros((*lead, rows, rows)), singular, input.new_zeros((*lead, columns, columns)))
