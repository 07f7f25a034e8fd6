"""Joining tensors, and copies with elements in other places: repeat, roll, flip, triangles, diagonals, grids."""

from __future__ import annotations

import numpy as np

from ..backends import namespace_of
from ..core import dtype as dtypes
from ..core.errors import index_of, normalize_dim, normalize_dims
from ..core.memory_format import contiguous_format
from ..core.promotion import promote_types
from ..core.tensor import Tensor, wrap
from .creation import place_of
from .declare import composite, primitive
from .reductions import contiguous
from .views import _diagonal, diagonal

# -- joining --------------------------------------------------------------------------------------------------------------------------------


@primitive("_cat(tensors: List, dim: int)", half="native", node="CatBackward0")
def _cat(xp, tensors, dim):
    result = xp.concatenate(tensors, axis=dim)
    channels_last = result.ndim in (4, 5) and xp.moveaxis(result, 1, -1).flags.c_contiguous
    return result if channels_last else contiguous(xp, result)


@_cat.backward("tensors")
def _(grad, tensors_shape, dim):
    return grad.split([shape[dim] for shape in tensors_shape], dim)


@_cat.jvp("tensors")
def _(tangent, tensors, dim):
    return _cat(
        [one.new_zeros(one.shape) if move is None else move for one, move in zip(tensors, tangent, strict=True)], dim
    )


def _same_dtype(tensors) -> list:
    """The tensors in the dtype that they promote to."""
    found = tensors[0].dtype
    for one in tensors[1:]:
        if one._array.dtype != tensors[0]._array.dtype:
            found = promote_types(found, one.dtype)
    return [one if one.dtype is found else one.to(found) for one in tensors]


def _listed(name: str, tensors) -> list:
    if isinstance(tensors, Tensor) and tensors._array.ndim:
        tensors = tensors.unbind(0)
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for place, one in enumerate(tensors):
        if not isinstance(one, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 0, but got {type(one).__name__}")
    return list(tensors)


def _alike(tensors: list, dim: int) -> bool:
    """Whether arrays of one kind, dtype and rank differ along ``dim`` at most: nothing to check, nothing to convert."""
    array = tensors[0]._array
    shape, dtype, kind = array.shape, array.dtype, type(array)
    rank = len(shape)
    if not -rank <= dim < rank:
        return False
    dim %= rank
    before, after = shape[:dim], shape[dim + 1 :]
    for one in tensors:
        other = one._array
        if other.dtype is not dtype or type(other) is not kind or other.ndim != rank:
            return False
        if other.shape[:dim] != before or other.shape[dim + 1 :] != after:
            return False
    return True


@composite(out=True, aliases=("concat", "concatenate"))
def cat(tensors, dim=0):
    """The tensors one behind the other along a dim; all other lengths must agree. Empty vectors are skipped."""
    given = _listed("cat", tensors)
    if not given:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    if type(dim) is int and _alike(given, dim):
        return _cat(given, dim if dim >= 0 else dim + given[0]._array.ndim)
    rank = max(one._array.ndim for one in given)
    if any(one._array.ndim == 0 for one in given):
        place = next(i for i, one in enumerate(given) if one._array.ndim == 0)
        raise RuntimeError(f"zero-dimensional tensor (at position {place}) cannot be concatenated")
    found = _same_dtype(given)
    kept = [one for one in found if not (one._array.ndim == 1 and one._array.size == 0 and rank > 1)] or found[:1]
    dim = normalize_dim(dim, kept[0]._array.ndim)
    first = kept[0]._array.shape
    for place, one in enumerate(kept[1:], 1):
        shape = one._array.shape
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for other, (a, b) in enumerate(zip(first, shape, strict=True)):
            if other != dim and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {a} but got size {b} for tensor number {place} in the list."
                )
    for one in kept[1:]:
        if type(one._array) is not type(kept[0]._array):
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found at least two devices, {kept[0].device} and {one.device}!"
            )
    return _cat(kept, dim)


@composite(out=True)
def stack(tensors, dim=0):
    """The tensors, all of one shape, along a new dim."""
    given = _listed("stack", tensors)
    if not given:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = given[0]._array.shape
    for place, one in enumerate(given[1:], 1):
        if one._array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and {list(one.shape)} at entry {place}"
            )
    dim = normalize_dim(dim, len(shape) + 1)
    return _cat([one.unsqueeze(dim) for one in _same_dtype(given)], dim)


def _stack_family(name: str, widen: str, dim_of, aliases=()):
    def function(tensors):
        given = _listed(name, tensors)
        if not given:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        from . import views

        wide = [getattr(views, widen)(one) for one in given]
        return cat(wide, dim_of(wide[0]._array.ndim))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``cat`` of the tensors seen with enough dims (``{widen}``)."
    return composite(name, out=True, aliases=aliases)(function)


hstack = _stack_family("hstack", "atleast_1d", lambda rank: 0 if rank == 1 else 1)
vstack = _stack_family("vstack", "atleast_2d", lambda rank: 0, aliases=("row_stack",))
dstack = _stack_family("dstack", "atleast_3d", lambda rank: 2)


@composite(out=True)
def column_stack(tensors):
    """Vectors as columns and matrices as they are, side by side."""
    given = _listed("column_stack", tensors)
    if not given:
        raise RuntimeError("column_stack expects a non-empty TensorList")
    return hstack([one.reshape(-1, 1) if one._array.ndim <= 1 else one for one in given])


@composite()
def block_diag(*tensors):
    """A matrix with the given ones along its diagonal and zeros elsewhere."""
    given = [one.reshape(1, -1) if one._array.ndim < 2 else one for one in tensors]
    for place, one in enumerate(given):
        if one._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {place} has {one._array.ndim} dimensions"
            )
    given = _same_dtype(given)
    width = sum(one._array.shape[1] for one in given)
    from .padding import constant_pad_nd

    rows, left = [], 0
    for one in given:
        columns = one._array.shape[1]
        rows.append(constant_pad_nd(one, (left, width - left - columns)))
        left += columns
    return cat(rows, 0)


# -- repeating, rolling, flipping -----------------------------------------------------------------------------------------------------------


def repeat(self, *repeats):
    """Copies side by side: as many along each dim as ``repeats`` says, new dims in front."""
    counts = tuple(repeats[0]) if len(repeats) == 1 and isinstance(repeats[0], (tuple, list)) else repeats
    counts = tuple(index_of(one, "repeats") for one in counts)
    shape = self._array.shape
    lead = len(counts) - len(shape)
    if lead < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(count < 0 for count in counts):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(counts)}: {list(counts)}")
    shape = (1,) * lead + tuple(shape)
    spread = self.reshape([length for one in shape for length in (1, one)])
    wide = spread.expand([length for count, one in zip(counts, shape, strict=True) for length in (count, one)])
    result = wide.reshape([count * one for count, one in zip(counts, shape, strict=True)])
    shared = result._storage is not None and result._storage is self._storage
    return result.clone(memory_format=contiguous_format) if shared else result


@composite(method=True)
def tile(input, *dims):
    """``repeat``, with missing leading counts taken as 1."""
    counts = tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    return repeat(input, (1,) * (input._array.ndim - len(counts)) + tuple(counts))


@composite(method=True)
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each entry of a dim several times in a row; with one argument, the places 0, 0, 1, ... that counts stand for."""
    if repeats is None:
        xp = namespace_of(input._array)
        if input._array.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        return wrap(xp.repeat(xp.arange(input._array.shape[0]), input._array).astype(input._array.dtype))
    if dim is None:
        input, dim = input.reshape(-1), 0
    dim = normalize_dim(dim, input._array.ndim)
    wide = input if input._array.ndim else input.reshape(1)
    length = wide._array.shape[dim]
    xp = namespace_of(input._array)
    if isinstance(repeats, Tensor):
        if repeats.dtype.name not in ("int64", "int32"):
            raise RuntimeError("repeats has to be Long or Int tensor")
        if repeats._array.size != 1 and repeats._array.shape != (length,):
            raise RuntimeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats._array.size} and input.size({dim}) = {length}"
            )
        if repeats._array.size and int(repeats._array.min()) < 0:
            raise RuntimeError("repeats can not be negative")
        counts = repeats._array.reshape(-1)
        counts = xp.broadcast_to(counts, (length,)) if counts.size == 1 else counts
    else:
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        counts = xp.full((length,), repeats)
    return wide.index_select(dim, wrap(xp.repeat(xp.arange(length), counts).astype(np.int64)))


@primitive("_flip(input, dims: tuple)", half="native", linear=("input",), node="FlipBackward0")
def _flip(xp, input, dims):
    return input[tuple(slice(None, None, -1) if dim in dims else slice(None) for dim in range(input.ndim))].copy()


@_flip.backward("input")
def _(grad, dims):
    return _flip(grad, dims)


@composite(method=True)
def flip(input, *args, dims=None):
    """A copy with dims reversed: ``flip(x, 0, 1)``, ``flip(x, (0, 1))``, ``flip(x, dims=(0, 1))``."""
    if dims is not None:
        args = (dims,)
    dims = tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    return _flip(input, normalize_dims(list(dims), input._array.ndim)).reshape(input.shape)


@composite(method=True)
def fliplr(input):
    """A copy with dim 1 reversed."""
    if input._array.ndim < 2:
        raise RuntimeError(f"Input must be >= 2-d. Got input of {input._array.ndim}-d")
    return _flip(input, (1,))


@composite(method=True)
def flipud(input):
    """A copy with dim 0 reversed."""
    if input._array.ndim < 1:
        raise RuntimeError(f"Input must be >= 1-d. Got input of {input._array.ndim}-d")
    return _flip(input, (0,))


@primitive("_roll(input, shifts: tuple, dims: tuple)", half="native", linear=("input",), node="RollBackward0")
def _roll(xp, input, shifts, dims):
    return contiguous(xp, xp.roll(input, shifts, axis=dims))


@_roll.backward("input")
def _(grad, shifts, dims):
    return _roll(grad, tuple(-shift for shift in shifts), dims)


@composite(method=True)
def roll(input, shifts, dims=None):
    """A copy with elements moved along dims (of the flattened tensor without ``dims``), those that leave coming back in."""
    if isinstance(shifts, str):
        raise TypeError("roll(): argument 'shifts' (position 2) must be tuple of ints, not str")
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None or dims == () or dims == []:
        if len(shifts) != 1:
            raise RuntimeError(
                f"shifts and dimensions must align. shifts: {len(shifts)}, dims:0" if shifts else "`shifts` required"
            )
        return _roll(input.reshape(-1), shifts, (0,)).reshape(input.shape)
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    normal = tuple(normalize_dim(dim, input._array.ndim) for dim in dims)
    return _roll(input, shifts, normal) if input._array.ndim else input.clone()


@composite(method=True)
def rot90(input, k=1, dims=(0, 1)):
    """A copy turned by 90 degrees ``k`` times in the plane of two dims, from the first towards the second."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    rank = input._array.ndim
    if rank < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {rank}")
    a, b = (normalize_dim(dim, rank) for dim in dims)
    if a == b:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    match k % 4:
        case 0:
            return input.clone()
        case 1:
            return _flip(input, (b,)).transpose(a, b)
        case 2:
            return _flip(input, (a, b))
    return _flip(input, (a,)).transpose(a, b)


# -- triangles and diagonals ----------------------------------------------------------------------------------------------------------------


@primitive("_triangle(input, diagonal: int, upper: bool)", half="native", linear=("input",), node="TrilBackward0")
def _triangle(xp, input, diagonal, upper):
    rows, columns = input.shape[-2:]
    distance = xp.arange(columns) - xp.arange(rows)[:, None]
    kept = distance >= diagonal if upper else distance <= diagonal
    return contiguous(xp, xp.where(kept, input, xp.zeros((), input.dtype)))


@_triangle.backward("input")
def _(grad, diagonal, upper):
    return _triangle(grad, diagonal, upper)


def _checked_triangle(name: str, input, diagonal: int, upper: bool):
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return _triangle(input, index_of(diagonal, "diagonal"), upper)


@composite(method=True, inplace=True, out="exact")
def tril(input, diagonal=0):
    """The part of each matrix on and below a diagonal; zeros above."""
    return _checked_triangle("tril", input, diagonal, False)


@composite(method=True, inplace=True, out="exact")
def triu(input, diagonal=0):
    """The part of each matrix on and above a diagonal; zeros below."""
    return _checked_triangle("triu", input, diagonal, True)


def _triangle_indices(row, col, offset, upper, dtype, device):
    row, col, offset = (index_of(one, name) for one, name in ((row, "row"), (col, "col"), (offset, "offset")))
    if row < 0 or col < 0:
        raise RuntimeError(f"{'row' if row < 0 else 'col'} must be non-negative, got {row if row < 0 else col}")
    found = dtypes.int64 if dtype is None else dtypes.parse(dtype)
    rows, columns = (np.triu_indices if upper else np.tril_indices)(row, offset, col)
    made = wrap(np.stack([rows, columns]).astype(found.numpy))
    return made.to(place_of(device))


@composite()
def tril_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """The places of the lower triangle of a (row, col) matrix: (2, n), row by row."""
    return _triangle_indices(row, col, offset, False, dtype, device)


@composite()
def triu_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """The places of the upper triangle of a (row, col) matrix: (2, n), row by row."""
    return _triangle_indices(row, col, offset, True, dtype, device)


@composite(method=True)
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices (in dims ``dim1``, ``dim2`` of the result) whose diagonals are the last dim."""
    rank = input._array.ndim + 1  # 1 for a number, where two dims are out of range or one
    dim1, dim2 = normalize_dim(dim1, rank), normalize_dim(dim2, rank)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    size = input._array.shape[-1] + abs(offset)
    shape = list(input._array.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, size)
    return input.new_zeros(shape).diagonal_scatter(input, offset, dim1, dim2)


@composite(method=True, out="exact")
def diag(input, diagonal=0):
    """The diagonal of a matrix, or the matrix with a vector on its diagonal."""
    if input._array.ndim == 1:
        return diag_embed(input, diagonal)
    if input._array.ndim == 2:
        return _diagonal(input, diagonal, 0, 1).clone()
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input._array.ndim}D")


@composite(method=True)
def diagflat(input, offset=0):
    """The matrix with all elements on a diagonal."""
    return diag_embed(input.reshape(-1), offset)


@composite(method=True)
def trace(input):
    """The sum of a matrix's diagonal."""
    if input._array.ndim != 2:
        raise RuntimeError("trace: expected a matrix")
    return diagonal(input).sum()


def fill_diagonal_(self, fill_value, wrap=False):
    """Write a number onto the main diagonal (of a cube, in more than two dims); ``wrap`` starts again below a tall matrix's square."""
    shape = self._array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    steps = self.stride()
    size = min(shape)
    self.as_strided((size,), (sum(steps),), self.storage_offset()).fill_(fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        left = self.narrow(0, shape[1] + 1, shape[0] - shape[1] - 1)
        fill_diagonal_(left, fill_value, wrap)
    return self


# -- grids ----------------------------------------------------------------------------------------------------------------------------------


@composite()
def meshgrid(*tensors, indexing=None):
    """Views of vectors that together enumerate a grid: first vector along dim 0 ("ij") or 1 ("xy")."""
    given = (
        _listed("meshgrid", tensors[0])
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list))
        else list(tensors)
    )
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for one in given:
        if one._array.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(one.shape)}"
            )
        if one._array.dtype != given[0]._array.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    if indexing is None:
        import warnings

        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
            UserWarning,
            stacklevel=3,
        )
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    shape = [one._array.size for one in given]
    grids = [
        one.reshape([-1 if place == dim else 1 for place in range(len(given))]).expand(shape)
        for dim, one in enumerate(given)
    ]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@composite()
def cartesian_prod(*tensors):
    """All combinations of the elements of vectors, one per row."""
    for one in tensors:
        if one._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(one.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([one.reshape(-1) for one in meshgrid(*tensors, indexing="ij")], 1)


@composite()
def combinations(input, r=2, with_replacement=False):
    """All ways to choose ``r`` elements of a vector, one per row."""
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    from itertools import combinations as distinct
    from itertools import combinations_with_replacement as repeated

    if r == 0:
        return input.new_empty((0,))
    chosen = list((repeated if with_replacement else distinct)(range(input._array.shape[0]), r))
    places = np.asarray(chosen, np.int64).reshape(-1, r)
    xp = namespace_of(input._array)
    return input[wrap(xp.asarray(places))]


@composite("vander", namespace="linalg")
def vander(x, N=None):
    """Rows of powers 1, x, x², ... of each element, ``N`` of them."""
    count = x._array.shape[-1] if N is None else N
    if x._array.ndim == 0:
        raise RuntimeError("linalg_vander: x must be at least 1D")
    if N is not None and N <= 1:
        raise RuntimeError(f"N must be greater than 1, but got {N}")
    wide = x.unsqueeze(-1).expand(*x.shape, max(count - 1, 0))
    ones = x.new_ones((*x.shape, 1))
    return cat([ones, wide.cumprod(-1)], -1) if count > 1 else ones.narrow(-1, 0, count)


Tensor.repeat = repeat  # type: ignore[attr-defined]
Tensor.fill_diagonal_ = fill_diagonal_  # type: ignore[attr-defined]
Tensor._stacked, Tensor._joined = staticmethod(stack), staticmethod(cat)  # type: ignore[attr-defined]  # for the floors below
