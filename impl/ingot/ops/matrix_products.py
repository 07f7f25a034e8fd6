"""Products of vectors and matrices: cross and dot products along a dim, chains, powers and exponentials."""

from __future__ import annotations

import itertools

from ..core.dtype import FLOAT, int64
from ..core.errors import normalize_dim
from . import lapack
from .declare import composite, primitive
from .joining import cat, roll
from .linear import matmul, mm
from .matrix_arguments import admit_tensor, check_square
from .solvers import inv
from .triangular import identity_like
from .views import diagonal

# -- vectors --------------------------------------------------------------------------------------------------------------------------------------


def _cross(name: str, input, other, dim: int):
    if input._array.ndim != other._array.ndim:
        raise RuntimeError(
            f"{name}: inputs must have the same number of dimensions, but got {input._array.ndim} and {other._array.ndim}"
        )
    place = normalize_dim(dim, input._array.ndim)
    if input._array.ndim == 0 or input._array.shape[place] != 3 or other._array.shape[place] != 3:
        raise RuntimeError(
            f"{name}: inputs dimension {dim} must have length 3. Got {list(input.shape)} and {list(other.shape)}"
        )
    # Component i is a_(i+1) b_(i+2) - a_(i+2) b_(i+1), indices counted modulo 3.
    return roll(input, -1, place) * roll(other, -2, place) - roll(input, -2, place) * roll(other, -1, place)


@composite("cross", namespace="linalg", out="exact")
def _cross_of_linalg(input, other, *, dim=-1):
    """The cross product of vectors of length 3 along ``dim``; the other dims broadcast. RuntimeError for another length."""
    admit_tensor("linalg_cross", "input", input)
    admit_tensor("linalg_cross", "other", other, 2)
    return _cross("linalg.cross", input, other, dim)


@composite(method=True, out="exact")
def cross(input, other, dim=None):
    """The cross product of vectors of length 3 along ``dim``, by default the first of length 3. ``cross(x, y)`` is z."""
    admit_tensor("cross", "input", input)
    admit_tensor("cross", "other", other, 2)
    if dim is None:
        dim = next((at for at, length in enumerate(input.shape) if length == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return _cross("linalg.cross", input, other, dim)


@composite(namespace="linalg", out="exact")
def vecdot(x, y, *, dim=-1):
    """Sums of products along ``dim``, x conjugated; the other dims broadcast."""
    admit_tensor("linalg_vecdot", "x", x)
    admit_tensor("linalg_vecdot", "y", y, 2)
    for argument, value in (("x", x), ("y", y)):
        if value.dtype.category < FLOAT:
            raise RuntimeError(
                f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {value.dtype.legacy_name} for {argument}"
            )
    left = x.conj() if x.is_complex() else x
    return (left * y).sum(dim)


@composite("diagonal", namespace="linalg")
def _diagonal_of_linalg(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of matrices, which are by default the last two dims: a view."""
    return diagonal(A, offset, dim1, dim2)


# -- matrices -------------------------------------------------------------------------------------------------------------------------------------


@composite("multi_dot", namespace="linalg", out="exact")
def multi_dot(tensors):
    """The product of two or more matrices in the order of multiplication that costs least; the first and the last may be vectors."""
    from .linear import _chain

    matrices = list(tensors)
    for place, one in enumerate(matrices):
        admit_tensor("linalg_multi_dot", f"tensors[{place}]", one)
    if len(matrices) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(matrices)))
    first, last = matrices[0], matrices[-1]
    for place, one in enumerate(matrices):
        allowed = (1, 2) if place in (0, len(matrices) - 1) else (2,)
        if one._array.ndim not in allowed:
            raise RuntimeError(
                f"multi_dot(): tensor {place} must be {'1D or 2D' if 1 in allowed else '2D'} but got {one._array.ndim}D"
            )
        if one.dtype is not first.dtype:
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {first.dtype.legacy_name} and tensor {place} "
                f"{one.dtype.legacy_name}"
            )
        if one.device != first.device:
            raise RuntimeError(
                f"multi_dot(): all tensors must be on the same device but tensor 0 is on {first.device} and tensor {place} on {one.device}"
            )
    if first._array.ndim == 1:
        matrices[0] = first.unsqueeze(0)
    if last._array.ndim == 1:
        matrices[-1] = last.unsqueeze(1)
    for place, (one, other) in enumerate(itertools.pairwise(matrices)):
        if one._array.shape[1] != other._array.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {place} and {place + 1} with shapes {list(one.shape)} and {list(other.shape)} cannot be multiplied"
            )
    product = mm(*matrices) if len(matrices) == 2 else _chain(matrices)
    shape = (*(() if first._array.ndim == 1 else first.shape[:1]), *(() if last._array.ndim == 1 else last.shape[1:]))
    return product.reshape(shape)


@composite(namespace="linalg", method=True, out="exact")
def matrix_power(A, n):
    """The n-th power of square matrices (*, n, n) by repeated squaring; of the inverse for a negative one. ``matrix_power(A, 0)`` is the identity.

    LinAlgError for a negative power of a singular matrix.
    """
    check_square("linalg.matrix_power", A, "input")
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    power = n.__index__()
    if power == 0:
        # A constant, but with the history of A, as in PyTorch.
        return A.clone().copy_(identity_like(A))
    base = inv(A) if power < 0 else A
    power = abs(power)
    if power == 1:
        return base.clone()
    result = None
    while True:
        if power & 1:
            result = base if result is None else matmul(result, base)
        power >>= 1
        if not power:
            return result
        base = matmul(base, base)


@composite("vander")
def vander(x, N=None, increasing=False):
    """Rows of powers of the elements of a vector, ``N`` of them (its length by default), falling unless ``increasing``."""
    admit_tensor("vander", "x", x)
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x._array.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    dtype = x.dtype if x.dtype.category >= FLOAT else int64
    if count == 0:
        return x.new_empty((x._array.shape[0], 0), dtype=dtype)
    first = x.new_ones((x._array.shape[0], 1), dtype=dtype)
    powers = first if count == 1 else cat([first, x.unsqueeze(-1).expand(-1, count - 1).to(dtype).cumprod(-1)], -1)
    return powers if increasing else powers.flip(-1)


@primitive("_matrix_exp(input)", node="LinalgMatrixExpBackward0")
def _matrix_exp(xp, input):
    return lapack.exponential(xp, input)


def _exponential_derivative(matrix, direction):
    """The derivative of exp at a matrix along a direction: the upper right block of exp([[A, E], [0, A]]) (Mathias, 1996, theorem 2.1)."""
    n = matrix._array.shape[-1]
    zero = matrix.new_zeros(matrix.shape)
    whole = cat([cat([matrix, direction], -1), cat([zero, matrix], -1)], -2)
    return _matrix_exp(whole).narrow(-2, 0, n).narrow(-1, n, n)


@_matrix_exp.jvp("input")
def _(tangent, input):
    return _exponential_derivative(input, tangent)


@_matrix_exp.backward("input")
def _(grad, input):
    return _exponential_derivative(input.mH, grad)


@composite(namespace="linalg", method=True)
def matrix_exp(A):
    """The matrix exponential of square matrices (*, n, n), the sum of ``A^k / k!``.

    Al-Mohy and Higham, "A new scaling and squaring algorithm for the matrix exponential" (2009); derivative: Mathias, "A chain rule for matrix functions
    and applications" (1996). ``matrix_exp(zeros(2, 2))`` is the identity. RuntimeError for integers.
    """
    check_square("linalg.matrix_exp", A)
    if A.dtype.category < FLOAT:
        raise RuntimeError(
            f"linalg.matrix_exp: Expected a floating point or complex tensor as input. Got {A.dtype.legacy_name}"
        )
    return _matrix_exp(A)


ALSO = {"torch": ["linalg.matrix_power", "linalg.matrix_exp"], "linalg": ["matmul"]}
