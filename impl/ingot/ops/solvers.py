"""Inverses and solutions of square systems; tensors taken for matrices; least squares."""

from __future__ import annotations

import math

from ..core.errors import normalize_dims
from . import lapack
from .declare import composite, primitive
from .matrix_arguments import (
    LinAlgError,
    admit_tensor,
    broadcast_batches,
    check_equation,
    check_floating,
    check_same_dtype,
    check_square,
    first_failure,
    is_vector,
    own_batch,
)
from .return_types import return_type

# -- the two primitives: Giles, "An extended collection of matrix derivative results" (2008), 2.2.3 and 2.3.1 -----------------------------------


@primitive("_inverse(input)", outputs=("inverse", "info"), node="LinalgInvExBackward0")
def _inverse(xp, input):
    return lapack.inverse(xp, input)


@_inverse.jvp("input")
def _(tangent, inverse):
    return -(inverse @ (tangent @ inverse)), None


@_inverse.backward("input")
def _(grad, inverse):
    adjoint = inverse.mH
    return -(adjoint @ (grad @ adjoint))


@primitive("_solve(A, B)", outputs=("solution", "info"), node="LinalgSolveExBackward0")
def _solve(xp, A, B):
    """The solution of ``A X = B`` for batches of one shape."""
    return lapack.solve(xp, A, B)


@_solve.jvp("A")
def _(tangent, A, solution):
    return -_solve(A, tangent @ solution)[0], None


@_solve.jvp("B")
def _(tangent, A):
    return _solve(A, tangent)[0], None


@_solve.backward("A")
def _(grad, A, solution):
    return -(_solve(A.mH, grad)[0] @ solution.mH)


@_solve.backward("B")
def _(grad, A):
    return _solve(A.mH, grad)[0]


def solution_of(a, b):
    """The solution of ``A X = B`` without checks: infinities and NaNs where A is singular."""
    return _solve(a, b)[0]


def inverse_of(a):
    """The inverse without checks: infinities and NaNs where A is singular."""
    return _inverse(a)[0]


# -- inverses -------------------------------------------------------------------------------------------------------------------------------


def _refuse_singular(name: str, info) -> None:
    failure = first_failure(info)
    if failure is not None:
        where, code = failure
        raise LinAlgError(
            f"{name}: {where}The diagonal element {code} is zero, the inversion could not be completed because the input matrix is singular."
        )


def _inverted(name: str, A):
    check_square("linalg.inv", A)
    check_floating("linalg.inv", A)
    return _inverse(A)


@composite(namespace="linalg", out="exact")
def inv(A):
    """The inverse of square matrices (*, n, n), float or complex. ``inv(A) @ A`` is the identity.

    LinAlgError for a singular matrix, RuntimeError for one that is not square.
    """
    inverse, info = _inverted("linalg.inv", A)
    _refuse_singular("linalg.inv", info)
    return inverse


@composite(namespace="linalg", out="exact")
def inv_ex(A, *, check_errors=False):
    """(inverse, info): like ``inv``, but a singular matrix is told by ``info``, the index (from 1) of a zero pivot, and raises only with ``check_errors``."""
    inverse, info = _inverted("linalg.inv_ex", A)
    if check_errors:
        _refuse_singular("linalg.inv_ex", info)
    return return_type("linalg_inv_ex", "inverse", "info")(inverse, info)


@composite("inverse", method=True, out="exact")
def inverse(input):
    """Alias of ``linalg.inv``."""
    return inv(input)


# -- systems --------------------------------------------------------------------------------------------------------------------------------


def _solved(name: str, A, B, left: bool):
    check_square("linalg.solve", A)
    admit_tensor("linalg_solve", "B", B, 2)
    check_floating("linalg.solve", A)
    check_same_dtype("linalg.solve", A, B)
    vector = is_vector(A, B)
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is "
            "equivalent to B / A.squeeze(-1)"
        )
    columns = B.unsqueeze(-1) if vector else B
    if columns._array.ndim < 2:
        raise RuntimeError("linalg.solve: The input tensor B must have at least 2 dimensions.")
    check_equation("linalg.solve", A, columns, left)
    matrix, columns = broadcast_batches(A, columns)
    if left:
        solution, info = _solve(matrix, columns)
    else:
        solution, info = _solve(matrix.mT, columns.mT)
        solution = solution.mT
    return (solution.squeeze(-1) if vector else solution), own_batch(info, A._array.shape[:-2])


def _refuse_unsolvable(name: str, info) -> None:
    failure = first_failure(info)
    if failure is not None:
        raise LinAlgError(f"{name}: {failure[0]}The solver failed because the input matrix is singular.")


@composite(namespace="linalg", out="exact")
def solve(A, B, *, left=True):
    """The solution X of ``A X = B``, or of ``X A = B`` where not ``left``.

    A is (*, n, n); B is (*, n, k) (not ``left``: (*, k, n)), a vector (n,), or one for each matrix, (*, n); batches broadcast. ``solve(A, B)`` is
    ``inv(A) @ B``, faster and more accurate. LinAlgError for a singular A, RuntimeError for other sizes and for two dtypes.
    """
    solution, info = _solved("linalg.solve", A, B, bool(left))
    _refuse_unsolvable("torch.linalg.solve", info)
    return solution


@composite(namespace="linalg", out="exact")
def solve_ex(A, B, *, left=True, check_errors=False):
    """(solution, info): like ``solve``, but a singular matrix is told by ``info``, the index of a zero pivot, and raises only with ``check_errors``."""
    solution, info = _solved("linalg.solve_ex", A, B, bool(left))
    if check_errors:
        _refuse_unsolvable("torch.linalg.solve_ex", info)
    return return_type("linalg_solve_ex", "result", "info")(solution, info)


@composite(namespace="linalg", out=True)
def tensorinv(A, ind=2):
    """The inverse of A as a linear map from its dims from ``ind`` on to those before: ``tensordot(tensorinv(A, ind), B, ind)`` solves for B."""
    admit_tensor("linalg_tensorinv", "A", A)
    if not isinstance(ind, int):
        raise TypeError(f"linalg_tensorinv(): argument 'ind' (position 2) must be int, not {type(ind).__name__}")
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    shape = A._array.shape
    to, back = math.prod(shape[:ind]), math.prod(shape[ind:])
    if to != back:
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {back} != {to}"
        )
    return inv(A.reshape(to, back)).reshape(*shape[ind:], *shape[:ind])


@composite(namespace="linalg", out=True)
def tensorsolve(A, B, dims=None):
    """The solution X of ``tensordot(A, X, X.ndim) = B``; ``dims`` of A are moved to its end first."""
    admit_tensor("linalg_tensorsolve", "A", A)
    admit_tensor("linalg_tensorsolve", "B", B, 2)
    if dims is not None:
        moved = normalize_dims(dims, A._array.ndim)
        A = A.permute([dim for dim in range(A._array.ndim) if dim not in moved] + list(moved))
    shape = A._array.shape[B._array.ndim :]
    unknowns, equations = math.prod(shape), math.prod(A._array.shape[: B._array.ndim])
    if unknowns != equations:
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got {unknowns} != {equations}"
        )
    return solve(A.reshape(equations, unknowns), B.reshape(-1)).reshape(shape)
