"""Pseudoinverses, ranks and least squares: what singular values below a tolerance are taken for zero in.

Derivatives are those at constant rank (Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
separate", 1973, eq. 4.12); where the rank changes there is none.
"""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import FLOAT
from ..core.tensor import Tensor
from . import lapack
from .declare import composite, primitive
from .decompositions import _eigvalsh, _svdvals
from .matrix_arguments import LinAlgError, admit_tensor, broadcast_batches, check_served, check_square, own_batch
from .return_types import return_type

# -- tolerances -----------------------------------------------------------------------------------------------------------------------------------


def _epsilon(input) -> float:
    return float(np.finfo(input._array.real.dtype).eps)


def _tolerances(name: str, input, atol, rtol):
    """(atol, rtol), each a number or a tensor (*): 0 and eps * max(m, n) where none is given; rtol is 0 beside an atol that is not."""
    if atol is None:
        atol = 0.0
        relative = _epsilon(input) * max(input._array.shape[-2:]) if rtol is None else rtol
    else:
        default = _epsilon(input) * max(input._array.shape[-2:])
        if rtol is not None:
            relative = rtol
        elif isinstance(atol, Tensor):
            relative = (atol <= 0).to(dtypes.float64) * default
        else:
            relative = 0.0 if atol > 0 else default
    for argument, value in (("atol", atol), ("rtol", relative)):
        if isinstance(value, Tensor) and value.is_complex():
            raise RuntimeError(f"{name}: {argument} tensor of complex type is not supported.")
    return atol, relative


def _threshold(xp, largest, atol, rtol):
    """``max(atol, rtol * largest)`` for each matrix, as an array (*)."""
    return xp.maximum(atol, rtol * largest)


# -- pseudoinverses -------------------------------------------------------------------------------------------------------------------------------


@primitive("_pinv(input, atol, rtol, hermitian: bool)", node="LinalgPinvBackward0")
def _pinv(xp, input, atol, rtol, hermitian):
    if 0 in input.shape:
        return xp.zeros((*input.shape[:-2], *input.shape[:-3:-1]), input.dtype)
    try:
        if hermitian:
            values, left = xp.linalg.eigh(input)
            right = xp.conj(left).swapaxes(-1, -2)
        else:
            left, values, right = xp.linalg.svd(input, full_matrices=False)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"linalg.pinv: The algorithm failed to converge ({error}).") from None
    magnitude = xp.abs(values)
    kept = magnitude > _threshold(xp, magnitude.max(-1), atol, rtol)[..., None]
    inverted = xp.where(kept, 1 / xp.where(kept, values, 1), 0).astype(values.dtype)
    return (xp.conj(right).swapaxes(-1, -2) * inverted[..., None, :]) @ xp.conj(left).swapaxes(-1, -2)


def _pinv_gradient(grad, a, p):
    """Golub and Pereyra's (4.12), transposed: ``dP = -P dA P + P P^H dA^H (I - A P) + (I - P A) dA^H P^H P``."""
    ph, gh = p.mH, grad.mH
    outer, inner = gh @ p @ ph, ph @ p @ gh
    return -(ph @ grad @ ph) + (outer - a @ (p @ outer)) + (inner - (inner @ p) @ a)


@_pinv.backward("input")
def _(grad, input, result):
    return _pinv_gradient(grad, input, result)


def pseudoinverse(name: str, input, atol, rtol, hermitian: bool):
    """The pseudoinverse for checked arguments."""
    atol, rtol = _tolerances(name, input, atol, rtol)
    real = input.dtype.to_real()
    atol, rtol = (
        one.detach().to(real) if isinstance(one, Tensor) else input.new_full((), one, dtype=real)
        for one in (atol, rtol)
    )
    return _pinv(input, atol, rtol, hermitian)


def _check_pinv(name: str, input) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(
            f"linalg_pinv() received an invalid combination of arguments: input must be Tensor, not {type(input).__name__}"
        )
    if input._array.ndim < 2 or input.dtype.category < FLOAT or input.dtype.itemsize < 4:
        raise RuntimeError(
            f"{name}({input.dtype.legacy_name}{{{list(input.shape)}}}): expected a tensor with 2 or more dimensions of float, double, cfloat or "
            "cdouble types"
        )


@composite(namespace="linalg", out=True)
def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """The pseudoinverse (Moore, Penrose) of matrices (*, m, n) -> (*, n, m).

    Singular values up to ``max(atol, rtol * largest)`` count as zero; by default ``atol`` is 0 and ``rtol`` max(m, n) times the dtype's epsilon. Either may be
    a tensor (*). ``hermitian`` matrices are decomposed by ``eigh``. ``rcond`` is the older name of ``rtol``. Derivative: Golub and Pereyra (1973).
    """
    if isinstance(A, Tensor) and A._array.ndim < 2 and (atol is not None or rtol is not None):
        raise IndexError(f"linalg.pinv: tolerances are those of matrices, but A has {A._array.ndim} dimensions")
    _check_pinv("linalg.pinv", A)
    if hermitian:
        check_square("linalg.pinv", A)
    return pseudoinverse("linalg.pinv", A, atol, rtol if rcond is None else rcond, bool(hermitian))


@composite(method=True)
def pinverse(input, rcond=1e-15):
    """The pseudoinverse; singular values up to ``rcond`` times the largest count as zero. The older ``linalg.pinv``."""
    admit_tensor("pinverse", "input", input)
    _check_pinv("linalg.pinv", input)
    return pseudoinverse("linalg.pinv", input, 0.0, rcond, False)


@composite(namespace="linalg", out=True)
def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values of matrices (*, m, n) exceed ``max(atol, rtol * largest)``: int64 (*). Tolerances as of ``pinv``; ``tol`` is an older ``atol``."""
    if not isinstance(A, Tensor):
        raise TypeError(
            f"linalg_matrix_rank() received an invalid combination of arguments: input must be Tensor, not {type(A).__name__}"
        )
    if A._array.ndim < 2:
        raise RuntimeError("torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.")
    if A.dtype.category < FLOAT or A.dtype.itemsize < 4:
        raise RuntimeError("This function doesn't handle types other than float and double")
    if tol is not None:
        atol, rtol = tol, 0.0
    atol, rtol = _tolerances("torch.linalg.matrix_rank", A, atol, rtol)
    if hermitian:
        check_square("linalg.matrix_rank", A)
    plain = A.detach()
    if 0 in A._array.shape[-2:]:
        return plain.new_zeros(A.shape[:-2], dtype=dtypes.int64)
    values = _eigvalsh(plain, True).abs() if hermitian else _svdvals(plain)
    relative = rtol * values.amax(-1)
    if isinstance(atol, Tensor):
        threshold = atol.maximum(relative)
    else:
        threshold = relative.clamp(min=atol)
    return (values > threshold.unsqueeze(-1)).sum(-1)


# -- least squares --------------------------------------------------------------------------------------------------------------------------------


@primitive(
    "_lstsq(A, B, rcond: float, driver: str)", outputs=("solution", "residuals", "rank", "singular_values"),
    differentiable=("solution", "residuals"), node="LinalgLstsqBackward0",
)  # fmt: skip
def _lstsq(xp, A, B, rcond, driver):
    solution, rank, singular = lapack.least_squares(xp, A, B, rcond, driver)
    rows, columns = A.shape[-2:]
    if rows > columns and driver != "gelsy" and (driver == "gels" or bool((rank == columns).all())):
        missed = A @ solution - B
        residuals = (missed.real**2 + missed.imag**2 if missed.dtype.kind == "c" else missed**2).sum(-2)
    else:
        residuals = xp.empty((0,), A.real.dtype)
    return solution, residuals, rank, singular


@_lstsq.backward("A", "B")
def _(grad_solution, grad_residuals, A, B, solution, rcond, needs):
    # The solution is pinv(A) @ B. A residual R = B - A X is orthogonal to A, so that |R|^2 changes by 2 Re <R, dB - dA X> alone.
    inverse = pseudoinverse("linalg.lstsq", A, 0.0, rcond, False)
    grad_a = _pinv_gradient(grad_solution @ B.mH, A, inverse) if needs[0] else None
    grad_b = inverse.mH @ grad_solution if needs[1] else None
    if grad_residuals._array.size:
        missed = (B - A @ solution) * (grad_residuals.unsqueeze(-2) * 2)
        grad_a = None if grad_a is None else grad_a - missed @ solution.mH
        grad_b = None if grad_b is None else grad_b + missed
    return grad_a, grad_b


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@composite(namespace="linalg", out=True)
def lstsq(A, B, rcond=None, *, driver=None):
    """(solution, residuals, rank, singular_values) of least ``|A X - B|`` for A (*, m, n) and B (*, m, k), or (*, m).

    ``driver`` is LAPACK's: "gelsy" (the default), "gelsd" and "gelss" find the rank, taking singular values up to ``rcond`` (default: eps * max(m, n)) times the
    largest for zero; "gels" takes A to have full rank. ``residuals`` are sums of squares (*, k), empty where m <= n, where a matrix lacks rank
    and by "gelsy"; ``rank`` is empty by "gels"; ``singular_values`` come by "gelsd" and "gelss". Derivative: that of ``pinv(A) @ B``.
    """
    name = "torch.linalg.lstsq"
    admit_tensor("linalg_lstsq", "input", A)
    admit_tensor("linalg_lstsq", "b", B, 2)
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if B._array.ndim < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if A.dtype is not B.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype {A.dtype.legacy_name} and other's dtype "
            f"{B.dtype.legacy_name}"
        )
    if driver is None:
        driver = "gelsy"
    if driver not in _DRIVERS:
        raise RuntimeError(f"{name}: parameter `driver` should be one of ({', '.join(_DRIVERS)})")
    vector = B._array.ndim == 1 or A._array.ndim - 1 == B._array.ndim
    right = B.unsqueeze(-1) if vector else B
    if A._array.shape[-2] != right._array.shape[-2]:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size(-{1 if vector else 2})")
    check_served("linalg_lstsq_cpu", A)
    rows, columns = A._array.shape[-2:]
    if rcond is None:
        rcond = _epsilon(A) * max(rows, columns)
    matrix, right = broadcast_batches(A, right)
    solution, residuals, rank, singular = _lstsq(matrix, right, float(rcond), driver)
    rank, singular = own_batch(rank, A._array.shape[:-2]), own_batch(singular, A._array.shape[:-2], 1)
    made = return_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
    return made(
        solution.squeeze(-1) if vector else solution,
        residuals,
        A.new_empty((0,), dtype=dtypes.int64) if driver == "gels" else rank,
        singular if driver in ("gelsd", "gelss") else A.new_empty((0,), dtype=A.dtype.to_real()),
    )
