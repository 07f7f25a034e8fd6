"""Norms and condition numbers of matrices, and the norms of ``torch.linalg``."""

from __future__ import annotations

import math

from ..core import dtype as dtypes
from ..core.dtype import FLOAT
from ..core.errors import normalize_dims
from ..core.promotion import promote_types
from ..core.tensor import Tensor
from .declare import composite
from .decompositions import svdvals
from .matrix_arguments import admit_tensor, check_matrix
from .norms import vector_norm
from .solvers import inv_ex


@composite("vector_norm", namespace="linalg", out="exact")
def _vector_norm_of_linalg(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """The norm of order ``ord`` over ``dim`` (an int or several; all elements by default): any number, infinities included.

    0 counts what is not zero, inf and -inf are the greatest and the least absolute value. Real for complex numbers. RuntimeError for integers.
    """
    admit_tensor("linalg_vector_norm", "x", x)
    if isinstance(ord, str):
        raise TypeError("linalg_vector_norm(): argument 'ord' (position 2) must be Number, not str")
    return vector_norm("norm", x, ord, dim, keepdim, dtype)


_NAMED = ("fro", "nuc")
_ORDERS = (1.0, -1.0, 2.0, -2.0, math.inf, -math.inf)


def _check_order(name: str, order) -> None:
    if isinstance(order, str):
        if order not in _NAMED:
            raise RuntimeError(f"{name}: Order {order} not supported.")
    elif float(order) not in _ORDERS:
        raise RuntimeError(f"{name}: Order {order} not supported.")


def _cast(input, dtype):
    if dtype is None:
        return input
    wanted = dtypes.parse(dtype)
    if wanted.category < FLOAT or wanted.is_complex != input.is_complex():
        kind = "complex" if input.is_complex() else "real"
        raise RuntimeError(
            f"linalg.matrix_norm: dtype should be floating point and {kind} for {kind} inputs, but got {wanted.legacy_name}"
        )
    if promote_types(input.dtype.to_real(), wanted.to_real()) is not wanted.to_real():
        raise RuntimeError(
            f"linalg.matrix_norm: the dtype of the input ({input.dtype.legacy_name}) should be convertible without narrowing to the specified "
            f"dtype ({wanted.legacy_name})"
        )
    return input.to(wanted)


@composite(namespace="linalg", out="exact")
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Norms of the matrices over two dims.

    "fro": the root of the sum of squares; "nuc": the sum of the singular values; 2 and -2: the greatest and the least singular value; 1 and -1: the greatest
    and the least sum of absolute values in a column; inf and -inf: in a row. ``dtype`` is what is computed in. ``matrix_norm(eye(4))`` is 2.
    """
    name = "linalg.matrix_norm"
    check_matrix(name, A)
    if A.dtype.category < FLOAT:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {A.dtype.legacy_name}")
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if len(dims) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dims))}")
    _check_order(name, ord)
    row, column = (normalize_dims((one,), A._array.ndim)[0] for one in dims)
    if row == column:
        raise RuntimeError(f"{name}: dims must be different. Got ({dims[0]}, {dims[1]})")
    if ord == "fro":
        return vector_norm("norm", A, 2, (row, column), keepdim, dtype)
    A = _cast(A, dtype)
    if ord == "nuc" or (not isinstance(ord, str) and abs(ord) == 2):
        return _of_singular_values(A, ord, row, column, keepdim)
    # Sums over rows first, or columns, then the extreme of the sums.
    if math.isinf(ord):
        row, column = column, row
    sums = vector_norm("norm", A, 1, row, True)
    found = _greatest(sums, (row, column), True) if ord > 0 else sums.amin((row, column), True)
    return found if keepdim else found.squeeze((row, column))


def _greatest(values, dims, keepdim: bool):
    """The greatest of numbers that are not negative; 0 of none."""
    if 0 in (values._array.shape[dim] for dim in dims):
        return values.sum(dims, keepdim)
    return values.amax(dims, keepdim)


def _of_singular_values(A, order, row: int, column: int, keepdim: bool):
    rest = [place for place in range(A._array.ndim) if place not in (row, column)]
    values = svdvals(A.permute([*rest, row, column]))
    if order == "nuc":
        found = values.sum(-1)
    else:
        found = _greatest(values, (-1,), False) if order > 0 else values.amin(-1)
    if not keepdim:
        return found
    for place in sorted((row, column)):
        found = found.unsqueeze(place)
    return found


@composite("norm", namespace="linalg", out="exact")
def _norm_of_linalg(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """A vector or a matrix norm: of matrices where ``dim`` names two dims, or where ``ord`` is given without ``dim`` for a matrix; else of vectors.

    Without ``ord`` and ``dim``, the 2-norm of all elements. Orders as of ``vector_norm`` and ``matrix_norm``. RuntimeError for integers.
    """
    name = "linalg.norm"
    admit_tensor("linalg_norm", "A", A)
    dims = None if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if ord is not None and dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(f"{name}: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if ord is not None and dims is None and A._array.ndim not in (1, 2):
        raise RuntimeError(
            f"{name}: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._array.ndim}D"
        )
    matrices = ord is not None and (len(dims) == 2 if dims is not None else A._array.ndim == 2)
    if matrices:
        return matrix_norm(A, ord, (0, 1) if dims is None else dims, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"{name}: Order {ord} not supported for vectors: it is a norm of matrices")
    return vector_norm("norm", A, 2 if ord is None else ord, dims, keepdim, dtype)


@composite("frobenius_norm", out="exact")
def frobenius_norm(input, dim, keepdim=False):
    """The root of the sum of squares over one or two dims."""
    admit_tensor("frobenius_norm", "input", input)
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if len(dims) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead.")
    return vector_norm("norm", input, 2, dims or None, keepdim)


@composite("nuclear_norm", out="exact")
def nuclear_norm(input, dim=(-2, -1), keepdim=False):
    """The sum of the singular values over two dims."""
    admit_tensor("nuclear_norm", "input", input)
    return matrix_norm(input, "nuc", dim, keepdim)


@composite(namespace="linalg", out=True)
def cond(A, p=None):
    """The condition number: the p-norm of a matrix times that of its inverse; p as of ``matrix_norm``, 2 by default.

    For 2 and -2 the quotient of the extreme singular values, of matrices of any shape; else of square ones, inf for singular ones.
    """
    name = "linalg.cond"
    admit_tensor("linalg_cond", "input", A)
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor must have at least 2 dimensions.")
    order = 2 if p is None else p
    if isinstance(order, str):
        if order not in _NAMED:
            raise RuntimeError(f"{name} got an invalid norm type: {order}")
    elif isinstance(order, Tensor) or float(order) not in _ORDERS:
        raise RuntimeError(f"{name} got an invalid norm type: {order}")
    if not isinstance(order, str) and abs(order) == 2:
        values = svdvals(A)
        count = values._array.shape[-1]
        if not count:
            return A.new_zeros(A.shape[:-2], dtype=A.dtype.to_real())
        greatest, least = values.narrow(-1, 0, 1), values.narrow(-1, count - 1, 1)
        return (greatest / least if order > 0 else least / greatest).squeeze(-1)
    rows, columns = A._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(
            f"{name}(ord={order}): A must be batches of square matrices, but they are {rows} by {columns} matrices"
        )
    if A._array.size == 0:
        return A.new_zeros(A.shape[:-2], dtype=A.dtype.to_real())
    inverse, info = inv_ex(A)
    found = matrix_norm(A, order) * matrix_norm(inverse.masked_fill((info != 0).unsqueeze(-1).unsqueeze(-1), 0), order)
    return found.masked_fill(info != 0, math.inf)
