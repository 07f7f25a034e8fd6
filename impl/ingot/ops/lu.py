"""LU and LDL factorizations: factor, unpack, solve.

Pivots are LAPACK's: row i was exchanged with row ``pivots[i] - 1``, in that order.
"""

from __future__ import annotations

import warnings

import numpy as np

from ..core.dtype import int32
from . import lapack
from .creation import eye
from .declare import composite, primitive
from .joining import cat
from .matrix_arguments import (
    admit_tensor,
    broadcast_batches,
    check_equation,
    check_floating,
    check_matrix,
    check_same_dtype,
    check_served,
    check_square,
    first_failure,
)
from .return_types import return_type
from .scatter import gather
from .triangular import identity_like, solve_with_triangle

# -- LU -----------------------------------------------------------------------------------------------------------------------------------------


@primitive("_lu_factor(input)", outputs=("LU", "pivots", "info"), node="LinalgLuFactorExBackward0")
def _lu_factor(xp, input):
    return lapack.lu_factor(xp, input)


@_lu_factor.backward("input")
def _(grad, LU, pivots):
    """Seeger et al., "Auto-differentiating linear algebra" (2017), 3.3, for any shape.

    With A = P [L1; L2] U, or P L [U1, U2], and M = L1^-1 dA1 U1^-1: dL1 = L1 tril(M, -1), dU1 = triu(M) U1; what is below, or to the right, follows from A.
    """
    rows, columns = LU._array.shape[-2:]
    few = min(rows, columns)
    square, grad_square = LU.narrow(-2, 0, few).narrow(-1, 0, few), grad.narrow(-2, 0, few).narrow(-1, 0, few)
    lower = square.tril(-1) + identity_like(square)
    upper = square.triu()
    in_lower, in_upper = lower.mH @ grad_square.tril(-1), grad_square.triu() @ upper.mH
    beside = None
    if rows < columns:
        rest = LU.narrow(-1, few, columns - few)
        grad_rest = grad.narrow(-1, few, columns - few)
        in_lower = in_lower - grad_rest @ rest.mH
        beside = solve_with_triangle(lower.mH, grad_rest, upper=True, unitriangular=True)
    elif rows > columns:
        rest = LU.narrow(-2, few, rows - few)
        grad_rest = grad.narrow(-2, few, rows - few)
        in_upper = in_upper - rest.mH @ grad_rest
        beside = solve_with_triangle(upper.mH, grad_rest, upper=False, left=False)
    middle = in_lower.tril(-1) + in_upper.triu()
    middle = solve_with_triangle(lower.mH, middle, upper=True, unitriangular=True)
    found = solve_with_triangle(upper.mH, middle, upper=False, left=False)
    if beside is not None:
        found = cat([found, beside], -1 if rows < columns else -2)
    return _rows_exchanged(found, _order_of(pivots, rows), back=True)


@primitive("_order_of(pivots, rows: int)")
def _order_of(xp, pivots, rows):
    """The permutation that pivots make: row i of the exchanged matrix was row ``order[i]``."""
    lead = pivots.shape[:-1]
    order = xp.zeros((*lead, rows), np.int64)
    order[...] = xp.arange(rows)
    for place in range(pivots.shape[-1]):
        # One exchange for the whole batch; the exchanges depend on each other.
        chosen = (pivots[..., place : place + 1] - 1).astype(np.int64)
        there = xp.take_along_axis(order, chosen, -1)
        here = order[..., place : place + 1].copy()
        xp.put_along_axis(order, chosen, here, -1)
        order[..., place : place + 1] = there
    return order


@primitive("_inverse_order(order)")
def _inverse_order(xp, order):
    return xp.argsort(order, axis=-1)


def _rows_exchanged(matrix, order, back: bool = False):
    """Row i of the result is row ``order[i]`` of the matrix; ``back`` undoes that."""
    places = _inverse_order(order) if back else order
    return gather(matrix, -2, places.unsqueeze(-1).expand(matrix.shape))


def _check_factorable(name: str, A, pivot) -> None:
    admit_tensor(f"linalg_{name.split('.')[-1]}", "A", A)
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead")
    check_served("lu_cpu", A)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _refuse_zero_pivot(name: str, info) -> None:
    failure = first_failure(info)
    if failure is not None:
        where, code = failure
        raise RuntimeError(
            f"{name}: {where}U[{code},{code}] is zero and using it on lu_solve would result in a division by zero. If you still want to "
            "perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )


@composite(namespace="linalg", out="exact")
def lu_factor(A, *, pivot=True):
    """(LU, pivots) of matrices (*, m, n): L below the diagonal (its ones are left out) and U on and above it, and the row exchanges made.

    For ``linalg.lu_solve``. Derivative: Seeger et al. (2017). RuntimeError where a pivot is zero, and without pivoting, which LAPACK has not.
    """
    _check_factorable("torch.lu_factor", A, pivot)
    factors, pivots, info = _lu_factor(A)
    _refuse_zero_pivot("torch.linalg.lu_factor", info)
    return return_type("linalg_lu_factor", "LU", "pivots")(factors, pivots)


@composite(namespace="linalg", out="exact")
def lu_factor_ex(A, *, pivot=True, check_errors=False):
    """(LU, pivots, info): like ``lu_factor``, but ``info`` tells the index of a zero pivot; it raises only with ``check_errors``."""
    _check_factorable("torch.lu_factor", A, pivot)
    factors, pivots, info = _lu_factor(A)
    if check_errors:
        _refuse_zero_pivot("torch.linalg.lu_factor_ex", info)
    return return_type("linalg_lu_factor_ex", "LU", "pivots", "info")(factors, pivots, info)


@composite("lu", method=True)
def _lu_of_torch(A, pivot=True, get_infos=False, out=None):
    """(LU, pivots), with ``get_infos`` (LU, pivots, info): the older ``linalg.lu_factor_ex``. Tensors in ``out`` are resized and copied to."""
    admit_tensor("_lu_with_info", "input", A)
    warnings.warn(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future PyTorch release.",
        UserWarning,
        stacklevel=2,
    )
    _check_factorable("torch.lu_factor", A, pivot)
    factors, pivots, info = _lu_factor(A)
    made = return_type("_lu_with_info", "LU", "pivots", "info")(factors, pivots, info)
    found = made if get_infos else (factors, pivots)
    if out is None:
        return found
    if not isinstance(out, (tuple, list)):
        raise TypeError(f"argument 'out' must be tuple of Tensors, not {type(out).__name__}")
    if len(out) != len(found):
        raise TypeError(f"expected tuple of {len(found)} elements but got {len(out)}")
    for target, value in zip(out, found, strict=True):
        target.resize_(value.shape).copy_(value)
    return out


def _triangles(factors):
    """(L, U) of a packed factorization, L with its ones."""
    rows, columns = factors._array.shape[-2:]
    few = min(rows, columns)
    lower = factors.narrow(-1, 0, few).tril(-1)
    lower = lower + eye(rows, few, dtype=factors.dtype, device=factors.device)
    return lower, factors.narrow(-2, 0, few).triu()


def _columns_of(identity, order):
    """The matrix P with ``A = P L U``: column i has its one in row ``order[i]``."""
    rows = identity._array.shape[-1]
    spread = identity.expand(*order.shape[:-1], rows, rows)
    return _rows_exchanged(spread, order).mT.contiguous()


@composite("lu", namespace="linalg", out="exact")
def _lu_of_linalg(A, *, pivot=True):
    """(P, L, U) with ``A = P L U`` of matrices (*, m, n), k = min(m, n): a permutation (*, m, m), unit lower (*, m, k), upper triangular (*, k, n)."""
    _check_factorable("linalg.lu", A, pivot)
    factors, pivots, _ = _lu_factor(A)
    permutation = _columns_of(identity_of_rows(A), _order_of(pivots, A._array.shape[-2]))
    return return_type("linalg_lu", "P", "L", "U")(permutation, *_triangles(factors))


def identity_of_rows(matrix):
    """The identity with as many rows as a matrix."""
    return eye(matrix._array.shape[-2], dtype=matrix.dtype, device=matrix.device)


def _check_pivots(pivots, rows: int, sentence: str) -> None:
    if pivots.numel() and not pivots.is_meta and bool(((pivots < 1) | (pivots > rows)).any()):
        raise RuntimeError(sentence)


@composite(out="exact")
def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """(P, L, U) from what ``linalg.lu_factor`` returned; empty tensors for what is not asked for."""
    admit_tensor("lu_unpack", "LU_data", LU_data)
    admit_tensor("lu_unpack", "LU_pivots", LU_pivots, 2)
    if unpack_pivots and LU_pivots.dtype is not int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype. "
            "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    check_matrix("torch.lu_unpack", LU_data, "LU_data")
    rows = LU_data._array.shape[-2]
    permutation = LU_data.new_empty((0,))
    lower = upper = LU_data.flatten().narrow(0, 0, 0)  # as in PyTorch, empty but with the history of the factors
    if unpack_pivots:
        sentence = "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of lu_factor?"
        if LU_pivots.shape != (*LU_data.shape[:-2], min(LU_data.shape[-2:])):
            raise RuntimeError(sentence)
        _check_pivots(LU_pivots, rows, sentence)
        permutation = _columns_of(identity_of_rows(LU_data), _order_of(LU_pivots, rows))
    if unpack_data:
        lower, upper = _triangles(LU_data)
    return return_type("lu_unpack", "P", "L", "U")(permutation, lower, upper)


def _solved(LU, pivots, B, left: bool, adjoint: bool):
    check_floating("linalg.lu_solve", LU)
    check_square("torch.linalg.lu_solve", LU)
    if pivots.dtype is not int32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    check_matrix("linalg.lu_solve", B, "B", position=3)
    check_same_dtype("linalg.lu_solve", LU, B, "LU", "B")
    check_equation("linalg.lu_solve", LU, B, left)
    rows = LU._array.shape[-1]
    if pivots._array.ndim == 0 or pivots._array.shape[-1] != rows:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if pivots.shape[:-1] != LU.shape[:-2]:
        raise RuntimeError("linalg.lu_solve: Batch dimensions of LU and pivots should match")
    _check_pivots(
        pivots,
        rows,
        "Pivots given to lu_solve must all be smaller or equal to LU.size(-2). Did you properly pass the result of lu_factor?",
    )
    if not left:  # X A = B is A^H X^H = B^H
        return _solved(LU, pivots, B.mH, True, not adjoint).mH.contiguous()
    order = _order_of(pivots, rows)
    LU, B = broadcast_batches(LU, B)
    order = order.expand(*LU.shape[:-1])
    if adjoint:  # A^H = U^H L^H P^T
        half = solve_with_triangle(LU.mH, B, upper=False)
        return _rows_exchanged(solve_with_triangle(LU.mH, half, upper=True, unitriangular=True), order, back=True)
    half = solve_with_triangle(LU, _rows_exchanged(B, order), upper=False, unitriangular=True)
    return solve_with_triangle(LU, half, upper=True)


@composite("lu_solve", namespace="linalg", out="exact")
def _lu_solve_of_linalg(LU, pivots, B, *, left=True, adjoint=False):
    """The solution X of ``A X = B`` (not ``left``: ``X A = B``) from ``lu_factor(A)``, with ``adjoint`` of ``A^H X = B``."""
    admit_tensor("linalg_lu_solve", "LU", LU)
    admit_tensor("linalg_lu_solve", "pivots", pivots, 2)
    return _solved(LU, pivots, B, bool(left), bool(adjoint))


@composite(method=True, out="exact")
def lu_solve(input, LU_data, LU_pivots):
    """The solution X of ``A X = input`` from ``linalg.lu_factor(A)``. The older ``linalg.lu_solve``."""
    admit_tensor("lu_solve", "input", input)
    admit_tensor("lu_solve", "LU_data", LU_data, 2)
    admit_tensor("lu_solve", "LU_pivots", LU_pivots, 3)
    return _solved(LU_data, LU_pivots, input, True, False)


# -- LDL ----------------------------------------------------------------------------------------------------------------------------------------


@primitive("_ldl_factor(input, hermitian: bool)", outputs=("LD", "pivots", "info"), node="LinalgLdlFactorExBackward0")
def _ldl_factor(xp, input, hermitian):
    return lapack.ldl_factor(xp, input, hermitian)


@_ldl_factor.backward("input")
def _(grad):
    raise NotImplementedError("the derivative for 'linalg_ldl_factor_ex' is not implemented.")


@primitive("_ldl_solve(LD, pivots, B, hermitian: bool)", node="LinalgLdlSolveBackward0")
def _ldl_solve(xp, LD, pivots, B, hermitian):
    return lapack.ldl_solve(xp, LD, pivots, B, hermitian)


@_ldl_solve.backward("LD", "pivots", "B")
def _(grad, needs):
    raise NotImplementedError("the derivative for 'linalg_ldl_solve' is not implemented.")


def _ldl(input, hermitian: bool):
    check_square("torch.linalg.ldl_factor_ex", input)
    check_floating("torch.linalg.ldl_factor_ex", input, kernel="ldl_factor_kernel_cpu")
    return _ldl_factor(input, bool(hermitian))


def _refuse_singular_diagonal(name: str, info) -> None:
    failure = first_failure(info)
    if failure is not None:
        where, code = failure
        raise RuntimeError(
            f"{name}: {where}D[{code},{code}] is zero: the matrix is singular, and ldl_solve would divide by zero"
        )


@composite(namespace="linalg", out="exact")
def ldl_factor(A, *, hermitian=False):
    """(LD, pivots) of symmetric matrices (``hermitian``: Hermitian ones): L unit lower triangular, D of blocks 1x1 and 2x2, with Bunch's and Kaufman's pivots.

    Only the lower triangle is read. For ``ldl_solve``; no derivative. RuntimeError where D is singular.
    """
    factors, pivots, info = _ldl(A, hermitian)
    _refuse_singular_diagonal("torch.linalg.ldl_factor", info)
    return return_type("linalg_ldl_factor", "LD", "pivots")(factors, pivots)


@composite(namespace="linalg", out="exact")
def ldl_factor_ex(A, *, hermitian=False, check_errors=False):
    """(LD, pivots, info): like ``ldl_factor``, but a singular D is told by ``info``, and raises only with ``check_errors``."""
    factors, pivots, info = _ldl(A, hermitian)
    if check_errors:
        _refuse_singular_diagonal("torch.linalg.ldl_factor_ex", info)
    return return_type("linalg_ldl_factor_ex", "LD", "pivots", "info")(factors, pivots, info)


@composite(namespace="linalg", out="exact")
def ldl_solve(LD, pivots, B, *, hermitian=False):
    """The solution X of ``A X = B`` from ``ldl_factor(A)``; batches of LD and B broadcast."""
    name = "torch.linalg.ldl_solve"
    check_square(name, LD, "LD")
    check_floating(name, LD)
    admit_tensor("linalg_ldl_solve", "B", B, 3)
    if B._array.ndim < 2:
        raise IndexError(f"{name}: B must have at least 2 dimensions, but it has {B._array.ndim}")
    check_equation(name, LD, B, True)
    if pivots.shape != LD.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape {list(pivots.shape)} instead"
        )
    if pivots.dtype.category != 1:
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {pivots.dtype.legacy_name}")
    check_same_dtype(name, LD, B, "LD", "B")
    factors, columns = broadcast_batches(LD, B)
    places = pivots.expand(factors.shape[:-1]).to(int32)
    return _ldl_solve(factors.contiguous(), places, columns, bool(hermitian))
