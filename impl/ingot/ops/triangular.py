"""Triangular systems, and what is made of them: solutions and inverses from Cholesky factors."""

from __future__ import annotations

from . import lapack
from .declare import composite, primitive
from .matrix_arguments import (
    broadcast_batches,
    check_equation,
    check_matrix,
    check_same_dtype,
    check_served,
    check_square,
)
from .return_types import return_type


@primitive(
    "_solve_triangular(A, B, upper: bool, left: bool, unitriangular: bool)", node="LinalgSolveTriangularBackward0"
)
def _solve_triangular(xp, A, B, upper, left, unitriangular):
    return lapack.solve_triangular(xp, A, B, upper, left, unitriangular)


@_solve_triangular.backward("A")
def _(grad, A, result, upper, left, unitriangular):
    # dX = -A^-1 dA X (Giles 2008, 2.3.1), of which only the triangle that is read counts.
    moved = _solve_triangular(A.mH, grad, not upper, left, unitriangular)
    whole = -(moved @ result.mH) if left else -(result.mH @ moved)
    return whole.triu(int(unitriangular)) if upper else whole.tril(-int(unitriangular))


@_solve_triangular.backward("B")
def _(grad, A, upper, left, unitriangular):
    return _solve_triangular(A.mH, grad, not upper, left, unitriangular)


def solve_with_triangle(a, b, *, upper: bool, left: bool = True, unitriangular: bool = False):
    """The solution of ``A X = B``, or ``X A = B``, for checked arguments; batches broadcast."""
    a, b = broadcast_batches(a, b)
    return _solve_triangular(a, b, upper, left, unitriangular)


@composite(namespace="linalg", out="exact")
def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """The solution X of ``A X = B``, or of ``X A = B`` where not ``left``, for upper or lower triangular A.

    A is (*, n, n), B (*, n, k), or (*, k, n); batches broadcast. The other triangle of A is not read, with ``unitriangular`` nor is its diagonal, taken
    to be ones. A zero on the diagonal makes infinities. Derivative: Giles, "An extended collection of matrix derivative results" (2008).
    ``solve_triangular(A, B, upper=True)``. RuntimeError for other sizes.
    """
    name = "linalg.solve_triangular"
    check_square(name, A)
    check_matrix(name, B, "B", position=2)
    check_same_dtype(name, A, B)
    check_equation(name, A, B, left)
    check_served("triangular_solve_cpu", A)
    return solve_with_triangle(A, B, upper=bool(upper), left=bool(left), unitriangular=bool(unitriangular))


@composite(method=True, out="exact")
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """(X, a copy of A): X solves ``A X = input``, with ``transpose`` ``A.T X = input``, for triangular A. The older ``linalg.solve_triangular``."""
    check_matrix("triangular_solve", input, "b")
    check_square("triangular_solve", A, position=2)
    check_served("triangular_solve_cpu", A)
    check_same_dtype("triangular_solve", input, A, "b", "A")
    check_equation("triangular_solve", A, input, True)
    matrix = A.mT if transpose else A
    solution = solve_with_triangle(matrix, input, upper=bool(upper) != bool(transpose), unitriangular=unitriangular)
    made = return_type("triangular_solve", "solution", "cloned_coefficient")
    return made(solution, broadcast_batches(A, input)[0].clone())


@composite(method=True, out=True)
def cholesky_solve(input, L, upper=False):
    """The solution X of ``A X = input`` given the Cholesky factor of A: ``L L^H = A``, with ``upper`` ``L^H L = A``."""
    check_matrix("cholesky_solve", input, "b")
    check_square("cholesky_solve", L, "u", position=2)
    check_served("cholesky_solve_cpu", L)
    check_same_dtype("cholesky_solve", input, L, "b", "A")
    check_equation("cholesky_solve", L, input, True)
    first, second = (L.mH, L) if upper else (L, L.mH)
    return solve_with_triangle(second, solve_with_triangle(first, input, upper=False), upper=True)


@composite(method=True, out=True)
def cholesky_inverse(L, upper=False):
    """The inverse of A given its Cholesky factor: ``L L^H = A``, with ``upper`` ``L^H L = A``. Only one triangle of the factor is read."""
    check_square("cholesky_inverse", L)
    check_served("cholesky_inverse_out_cpu", L)
    identity = identity_like(L)
    if upper:
        inverse = solve_with_triangle(L, identity, upper=True)
        return inverse @ inverse.mH
    inverse = solve_with_triangle(L, identity, upper=False)
    return inverse.mH @ inverse


def identity_like(matrix):
    """The identity of the size, dtype and device of a square matrix."""
    from .creation import eye

    return eye(matrix._array.shape[-1], dtype=matrix.dtype, device=matrix.device)
