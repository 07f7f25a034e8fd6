"""Gathering and scattering along a dim, by flat position and by mask."""

from __future__ import annotations

import math

import numpy as np

from ..backends import backend_of, namespace_of
from ..core.errors import index_of, normalize_dim
from ..core.tensor import Tensor, wrap
from .declare import composite, primitive
from .reductions import contiguous

# -- kernels: each names the places it touches by one index array per dim --------------------------------------------------------------------


def _along(xp, index, dim: int) -> tuple:
    """Index arrays for ``array[...]`` that follow ``index`` in ``dim`` and count in the others."""
    return tuple(
        index if one == dim else xp.arange(length).reshape([-1 if place == one else 1 for place in range(index.ndim)])
        for one, length in enumerate(index.shape)
    )


def _flat_along(xp, index, dim: int, shape) -> np.ndarray:
    """The flat positions in an array of ``shape`` that ``_along`` names."""
    flat = 0
    for places, length in zip(_along(xp, index, dim), shape, strict=True):
        flat = flat * length + places
    return xp.broadcast_to(flat, index.shape).reshape(-1)


def _within(xp, array, index) -> tuple:
    return tuple(slice(0, length) for length in index.shape)


@primitive("_gather(input, index, dim: int)", half="native", linear=("input",), node="GatherBackward0")
def _gather(xp, input, index, dim):
    return contiguous(xp, input[_along(xp, index, dim)]) if index.size else xp.zeros(index.shape, input.dtype)


@_gather.backward("input")
def _(grad, index, input_shape, dim):
    return _scatter_add(grad.new_zeros(input_shape), grad, index, dim)


@primitive("_scatter(input, src, index, dim: int)", half="native", node="ScatterBackward0")
def _scatter(xp, input, src, index, dim):
    result = input.copy()
    if index.size:
        result[_along(xp, index, dim)] = src[_within(xp, src, index)] if src.ndim else src
    return result


@_scatter.backward("input")
def _(grad, index, dim):
    return _scatter(grad, grad.new_zeros(()), index, dim)


@_scatter.backward("src")
def _(grad, index, dim, src_shape):
    found = _gather(grad, index, dim)
    return _padded_to(found, src_shape) if src_shape else found.sum()


def _padded_to(tensor, shape):
    """``tensor`` with zeros behind it up to ``shape``: what the unused part of a source gets."""
    if tensor._array.shape == tuple(shape):
        return tensor
    from .padding import _pad

    return _pad(
        tensor, tuple((0, wanted - length) for wanted, length in zip(shape, tensor._array.shape, strict=True)), 0
    )


@primitive("_scatter_add(input, src, index, dim: int)", linear=(), node="ScatterAddBackward0")
def _scatter_add(xp, input, src, index, dim):
    result = xp.ascontiguousarray(input).copy()
    if index.size:
        backend_of(result).add_at(
            result.reshape(-1), _flat_along(xp, index, dim, result.shape), src[_within(xp, src, index)].reshape(-1)
        )
    return result


@_scatter_add.backward("input")
def _(grad):
    return grad


@_scatter_add.backward("src")
def _(grad, index, dim, src_shape):
    return _padded_to(_gather(grad, index, dim), src_shape)


@primitive("_index_select(input, index, dim: int)", half="native", linear=("input",), node="IndexSelectBackward0")
def _index_select(xp, input, index, dim):
    return xp.take(input, index, axis=dim)


@_index_select.backward("input")
def _(grad, index, input_shape, dim):
    return _index_add(grad.new_zeros(input_shape), grad, index, dim)


@primitive("_index_add(input, source, index, dim: int)", node="IndexAddBackward0")
def _index_add(xp, input, source, index, dim):
    result = xp.ascontiguousarray(input).copy()
    if not index.size or not result.size:
        return result
    if dim == 0:
        backend_of(result).add_at(result.reshape(result.shape[0], -1), index, source.reshape(index.size, -1))
        return result
    moved = xp.ascontiguousarray(xp.moveaxis(result, dim, 0))
    rows = xp.ascontiguousarray(xp.moveaxis(source, dim, 0)).reshape(index.size, -1)
    backend_of(result).add_at(moved.reshape(moved.shape[0], -1), index, rows)
    return xp.ascontiguousarray(xp.moveaxis(moved, 0, dim))


@_index_add.backward("input")
def _(grad):
    return grad


@_index_add.backward("source")
def _(grad, index, dim, source_shape):
    return _index_select(grad, index, dim).reshape(source_shape)


@primitive("_index_copy(input, source, index, dim: int)", half="native", node="IndexCopyBackward0")
def _index_copy(xp, input, source, index, dim):
    result = input.copy()
    result[(slice(None),) * dim + (index,)] = source
    return result


@_index_copy.backward("input")
def _(grad, index, dim):
    return _index_copy(grad, grad.new_zeros(()), index, dim)


@_index_copy.backward("source")
def _(grad, index, dim, source_shape):
    return _index_select(grad, index, dim).sum_to_size(source_shape)


@primitive("_masked_fill(input, mask, value)", half="native", node="MaskedFillBackward0")
def _masked_fill(xp, input, mask, value):
    return contiguous(xp, xp.where(mask, value, input))


@_masked_fill.backward("input")
def _(grad, mask, input_shape):
    return _masked_fill(grad, mask, grad.new_zeros(())).sum_to_size(input_shape)


@_masked_fill.backward("value")
def _(grad, mask):
    return _masked_fill(grad, ~mask, grad.new_zeros(())).sum()


@primitive("_take(input, index)", half="native", linear=("input",), node="TakeBackward0")
def _take(xp, input, index):
    return xp.take(input.reshape(-1), index)


@_take.backward("input")
def _(grad, index, input_shape):
    flat = grad.new_zeros((math.prod(input_shape),))
    return _index_add(flat, grad.reshape(-1), index.reshape(-1), 0).reshape(input_shape)


# -- checks ---------------------------------------------------------------------------------------------------------------------------------


def _check_index(name: str, index, *, one_dim: bool = False) -> None:
    if not isinstance(index, Tensor):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    if name == "index_fill":
        if index.dtype.name != "int64":
            raise IndexError(f"index_fill_(): Expected dtype int64 for index, but got {index.dtype.name}")
        if index._array.ndim > 1:
            raise RuntimeError(f"index_fill_(): Index has to be a vector or a scalar, but has {index._array.ndim} dims")
    if index.dtype.name not in ("int64", "int32") and (name != "gather" or index._array.size):
        expected = (
            "Expected dtype int64 for index"
            if name in ("gather", "scatter", "scatter_add", "scatter_reduce")
            else f"{name}(): Expected dtype int32/int64 for index"
        )
        raise RuntimeError(f"{name}(): {expected}" if not expected.startswith(name) else expected)
    if one_dim and index._array.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but got dim: {index._array.ndim}")


def _check_range(index, length: int, error, message: str, *, negative: bool = False) -> None:
    array = index._array
    if not array.size or index.is_meta:
        return
    low, high = array.min().item(), array.max().item()
    if low < (-length if negative else 0) or high >= length:
        raise error(message.format(index=low if low < (-length if negative else 0) else high, length=length))


def _check_along(name: str, input, index, dim: int, src=None) -> int:
    _check_index(name, index)
    rank = input._array.ndim
    dim = normalize_dim(dim, rank)
    if max(index._array.ndim, 1) != max(rank, 1):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as "
            + ("input tensor" if name == "gather" else "self tensor")
        )
    for one, (length, limit) in enumerate(zip(index._array.shape, input._array.shape, strict=False)):
        if one != dim and length > limit:
            raise RuntimeError(
                f"Size does not match at dimension {one} expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from "
                f"dimension {dim}"
            )
    if src is not None:
        if src._array.dtype != input._array.dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
        if src._array.ndim and any(a > b for a, b in zip(index._array.shape, src._array.shape, strict=False)):
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension {dim} and to be no larger size than src {list(src.shape)}"
            )
    _check_range(
        index, input._array.shape[dim] if rank else 1, RuntimeError,
        f"index {{index}} is out of bounds for dimension {dim} with size {{length}}",
    )  # fmt: skip
    return dim


def _as_rank_one(*tensors):
    """0-d operands as vectors of length 1: along a dim they behave so."""
    return tuple(one.reshape(1) if one._array.ndim == 0 else one for one in tensors)


# -- along a dim ----------------------------------------------------------------------------------------------------------------------------


@composite(method=True, out="exact")
def gather(input, dim, index, *, sparse_grad=False):
    """``out[i][j] = input[index[i][j]][j]`` for dim 0. RuntimeError for an index out of range."""
    dim = _check_along("gather", input, index, dim)
    if input._array.ndim and index._array.ndim:
        return _gather(input, index, dim)
    wide, places = _as_rank_one(input, index)
    return _gather(wide, places, 0).reshape(index.shape)


def _source(input, value):
    """A scatter's source as a tensor of the input's dtype; a number stays 0-d."""
    if isinstance(value, Tensor):
        return value
    return input.new_full((), value)


@composite(method=True, inplace=True, out="exact")
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """``out[index[i][j]][j] = src[i][j]`` for dim 0, else as ``input``; ``reduce`` "add" or "multiply" combines instead."""
    if reduce is not None and not isinstance(reduce, str):
        raise TypeError(f"scatter(): argument 'reduce' must be str, not {type(reduce).__name__}")
    given = _source(input, src if src is not None else value)
    dim = _check_along("scatter", input, index, dim, given)
    wide, places = _as_rank_one(input, index)
    given = given.reshape(1) if isinstance(src, Tensor) and src._array.ndim == 0 and index._array.ndim == 0 else given
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        given = given if given._array.ndim else given.expand(places.shape)
        result = (
            _scatter_add(wide, given, places, dim)
            if reduce == "add"
            else _reduced(wide, dim, places, given, "prod", True)
        )
    else:
        result = _scatter(wide, given, places, dim)
    return result.reshape(input.shape)


@composite(method=True, inplace=True, out="exact")
def scatter_add(input, dim, index, src):
    """``out[index[i][j]][j] += src[i][j]`` for dim 0; repeated places add up."""
    dim = _check_along("scatter_add", input, index, dim, src)
    wide, given, places = _as_rank_one(input, src, index)
    return _scatter_add(wide, given, places, dim).reshape(input.shape)


@composite(method=True, inplace=True, out="exact")
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """Combine all that falls on one place: "sum", "prod", "mean", "amax" or "amin", with or without what ``input`` has there."""
    if not isinstance(reduce, str):
        raise TypeError(f"scatter_reduce(): argument 'reduce' must be str, not {type(reduce).__name__}")
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    dim = _check_along("scatter_reduce", input, index, dim, src)
    wide, given, places = _as_rank_one(input, src, index)
    return _reduced(wide, dim, places, given, reduce, include_self).reshape(input.shape)


def _reduced(input, dim: int, index, src, reduce: str, include_self: bool):
    if reduce in ("sum", "mean"):
        base = input if include_self else _scatter(input, input.new_zeros(()), index, dim)
        total = _scatter_add(base, src, index, dim)
        if reduce == "sum":
            return total
        ones = input.new_ones(input.shape)
        counts = _scatter_add(
            ones if include_self else _scatter(ones, ones.new_zeros(()), index, dim),
            src.new_ones(src.shape),
            index,
            dim,
        )
        counts = counts.clamp_min(1)
        return total / counts if input.dtype.category >= 2 else total.div(counts, rounding_mode="floor")
    return _scatter_extreme(input, src, index, dim, reduce, include_self)


_NEUTRAL = {
    "prod": lambda dtype: 1,
    "amax": lambda dtype: _limit(dtype, "min", -math.inf),
    "amin": lambda dtype: _limit(dtype, "max", math.inf),
}


def _limit(dtype, which: str, infinite: float):
    if dtype.kind in "iu":
        return getattr(np.iinfo(dtype), which)
    return infinite if dtype.kind != "b" else which == "max"


@primitive(
    "_scatter_extreme(input, src, index, dim: int, reduce: str, include_self: bool)", node="ScatterReduceBackward0"
)
def _scatter_extreme(xp, input, src, index, dim, reduce, include_self):
    result = xp.ascontiguousarray(input).copy()
    if not index.size:
        return result
    if not include_self:
        result[_along(xp, index, dim)] = _NEUTRAL[reduce](result.dtype)
    ufunc = {"prod": xp.multiply, "amax": xp.maximum, "amin": xp.minimum}[reduce]
    ufunc.at(result.reshape(-1), _flat_along(xp, index, dim, result.shape), src[_within(xp, src, index)].reshape(-1))
    return result


@_scatter_extreme.backward("input", "src")
def _(grad, input, src, index, result, dim, reduce, include_self):
    given = _cropped(src, index)
    kept = input if include_self else None
    if reduce == "prod":
        grad_input, grad_src = _product_slopes(grad, input, given, index, dim, include_self)
    else:
        # Equal extremes share the gradient.
        chosen = (given == _gather(result, index, dim)).to(grad.dtype)
        counts = _scatter_add(grad.new_zeros(grad.shape), chosen, index, dim)
        own = (input == result).to(grad.dtype) if kept is not None else _untouched(grad, index, dim)
        share = grad / (counts + own).clamp_min(1)
        grad_input, grad_src = share * own, chosen * _gather(share, index, dim)
    return grad_input, _padded_to(grad_src, src.shape)


def _cropped(src, index):
    for dim, length in enumerate(index._array.shape):
        src = src.narrow(dim, 0, length)
    return src


def _untouched(grad, index, dim):
    """Ones where no source falls."""
    return _scatter(grad.new_ones(grad.shape), grad.new_zeros(()), index, dim)


def _product_slopes(grad, input, given, index, dim, include_self):
    """d(product)/d(factor) = the product of the others, without division by 0.

    One zero among the others stays a factor, so that second derivatives are exact too; two make the slope a constant 0.
    """
    untouched = _untouched(grad, index, dim)
    own = input if include_self else untouched * input + (1 - untouched)
    own_zero, given_zero = own == 0, given == 0
    count = _scatter_add(own_zero.to(grad.dtype), given_zero.to(grad.dtype), index, dim)
    # The zeros' sum: where there is one of them it is that one, as a function of the factor.
    zero = _scatter_add(own.masked_fill(~own_zero, 0), given.masked_fill(~given_zero, 0), index, dim)
    nonzero = _scatter_extreme(own.masked_fill(own_zero, 1), given.masked_fill(given_zero, 1), index, dim, "prod", True)

    def slope(factor, is_zero, nonzero, zero, count):
        others = count - is_zero.to(grad.dtype)
        zero = zero - factor.masked_fill(~is_zero, 0)
        product = nonzero / factor.masked_fill(is_zero, 1)
        return product.where(others == 0, (product * zero).where(others == 1, 0))

    at = [_gather(each, index, dim) for each in (nonzero, zero, count)]
    grad_src = _gather(grad, index, dim) * slope(given, given_zero, *at)
    grad_input = grad * slope(own, own_zero, nonzero, zero, count)
    return (grad_input if include_self else grad_input * untouched), grad_src


@composite(method=True, out="exact")
def index_select(input, dim, index):
    """The entries of a dim that a vector names, in its order. IndexError out of range."""
    _check_index("index_select", index, one_dim=True)
    rank = input._array.ndim
    dim = normalize_dim(dim, rank)
    _check_range(
        index,
        input._array.shape[dim] if rank else 1,
        IndexError,
        "index out of range in self: {index} for size {length}",
    )
    places = index.reshape(-1)
    return _index_select(input, places, dim) if rank else _index_select(input.reshape(1), places, 0).reshape(())


def _prepare(name: str, input, dim, index, source=None):
    _check_index(name, index, one_dim=True)
    rank = input._array.ndim
    dim = normalize_dim(dim, rank)
    if source is not None:
        if source._array.dtype != input._array.dtype:
            raise RuntimeError(
                f"{name}(): self and source expected to have the same dtype, but got (self) {input.dtype.legacy_name} and (source) {source.dtype.legacy_name}"
            )
        wide = source._array.shape or (1,)
        if wide[dim if source._array.ndim else 0] != index._array.size:
            raise (IndexError if name == "index_copy" else RuntimeError)(
                f"{name}(): Number of indices ({index._array.size}) should be equal to source.size(dim) ({wide[dim if source._array.ndim else 0]})"
            )
        if (
            input._array.ndim
            and source._array.ndim
            and [*source._array.shape[:dim], *source._array.shape[dim + 1 :]]
            != [*input._array.shape[:dim], *input._array.shape[dim + 1 :]]
        ):
            raise RuntimeError(
                f"{name}(): Source/destination tensor must have same slice shapes. Destination slice shape: {list(input.shape)} at dimension {dim} and source slice shape: {list(source.shape)} at dimension {dim}."
            )
    _check_range(
        index, input._array.shape[dim] if rank else 1, IndexError, f"{name}(): index {{index}} is out of range for dimension {dim} with size {{length}}",
        negative=name == "index_fill",
    )  # fmt: skip
    return dim, index.reshape(-1)


@composite(method=True, inplace=True, out="exact")
def index_add(input, dim, index, source, *, alpha=1):
    """``input`` with ``alpha * source`` added at the entries of a dim that ``index`` names; repeated ones add up."""
    dim, places = _prepare("index_add", input, dim, index, source)
    source = source if alpha == 1 else source * alpha
    wide, given = _as_rank_one(input, source)
    return _index_add(wide, given, places, dim).reshape(input.shape)


@composite(method=True, inplace=True, out="exact")
def index_copy(input, dim, index, source):
    """``input`` with the entries of a dim that ``index`` names replaced by those of ``source``."""
    dim, places = _prepare("index_copy", input, dim, index, source)
    wide, given = _as_rank_one(input, source)
    return _index_copy(wide, given, places, dim).reshape(input.shape)


@composite(method=True, inplace=True)
def index_fill(input, dim, index, value):
    """``input`` with the entries of a dim that ``index`` names set to a number or 0-d tensor."""
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
        )
    dim, places = _prepare("index_fill", input, dim, index)
    wide = input if input._array.ndim else input.reshape(1)
    if isinstance(value, Tensor) and value._autograd is not None:
        # An entry that is named twice holds the value once: so does the gradient.
        xp = namespace_of(places._array)
        places = wrap(xp.unique(places._array % wide._array.shape[dim])) if places._array.size else places
    return _index_copy(wide, _source(input, value).to(input.dtype), places, dim).reshape(input.shape)


@composite(method=True, inplace=True, out="exact")
def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    """``input`` with the slices of ``source`` combined into the entries of a dim that ``index`` names: "prod", "mean", "amax", "amin"."""
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    dim, places = _prepare("index_reduce", input, dim, index, source)
    wide, given = _as_rank_one(input, source)
    spread = places.reshape([-1 if one == dim else 1 for one in range(given._array.ndim)]).expand(given.shape)
    return _reduced(wide, dim, spread, given, reduce, include_self).reshape(input.shape)


@composite(method=True, out="exact")
def take_along_dim(input, indices, dim=None):
    """``gather`` whose other dims broadcast; without ``dim``, over the flattened input."""
    if indices.dtype.name != "int64":
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.legacy_name}"
        )
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    if input._array.ndim != indices._array.ndim:
        raise RuntimeError(
            f"torch.take_along_dim(): input and indices should have the same number of dimensions, but got {input._array.ndim} dimensions for input, and {indices._array.ndim} dimensions for indices"
        )
    from .views import common_shape

    dim = normalize_dim(dim, input._array.ndim)
    shape = list(
        common_shape(
            [
                input._array.shape[:dim] + (1,) + input._array.shape[dim + 1 :],
                indices._array.shape[:dim] + (1,) + indices._array.shape[dim + 1 :],
            ]
        )
    )
    length = input._array.shape[dim]
    _check_range(
        indices,
        length,
        RuntimeError,
        f"index {{index}} is out of bounds for dimension {dim} with size {{length}}",
        negative=True,
    )
    indices = indices.where(indices >= 0, indices + length)
    of_input, of_indices = list(shape), list(shape)
    of_input[dim], of_indices[dim] = input._array.shape[dim], indices._array.shape[dim]
    return gather(input.expand(of_input), dim, indices.expand(of_indices))


# -- by flat position and by mask -----------------------------------------------------------------------------------------------------------


@composite(method=True, out="exact")
def take(input, index):
    """The elements at flat positions (negative ones count from the end). IndexError out of range."""
    if index.dtype.name != "int64":
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index.dtype.legacy_name}")
    count = input._array.size
    if count == 0 and index._array.size:
        raise IndexError("take(): tried to take from an empty tensor")
    _check_range(
        index,
        count,
        IndexError,
        "out of range: tried to access index {index} on a tensor of {length} elements.",
        negative=True,
    )
    return _take(input, index)


@composite(method=True, inplace=True)
def put(input, index, source, accumulate=False):
    """``input`` with ``source`` written (or added) at flat positions."""
    if index.dtype.name != "int64":
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index.dtype.legacy_name}")
    if source._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {input.dtype.legacy_name} and source.dtype = {source.dtype.legacy_name}"
        )
    if source._array.size != index._array.size:
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = {source._array.size}, index.numel() = {index._array.size}"
        )
    count = input._array.size
    if count == 0 and index._array.size:
        raise IndexError("put_(): tried to put elements into an empty tensor")
    _check_range(
        index,
        count,
        IndexError,
        "out of range: tried to access index {index} on a tensor of {length} elements.",
        negative=True,
    )
    places, values = index.reshape(-1) % max(count, 1), source.reshape(-1)
    flat = input.reshape(-1)
    result = _index_add(flat, values, places, 0) if accumulate else _index_copy(flat, values, places, 0)
    return result.reshape(input.shape)


def _check_mask(name: str, mask) -> None:
    if mask.dtype.name != "bool":
        raise RuntimeError(
            f"{name} only supports boolean masks, but got mask with dtype {mask.dtype.name}"
            if name == "masked_fill_"
            else f"{name}: expected BoolTensor for mask"
        )


@composite(method=True, inplace=True)
def masked_fill(input, mask, value):
    """``value`` (a number or 0-d tensor) where a broadcast mask is true, else ``input``."""
    _check_mask("masked_fill_", mask)
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
            )
        value = value.to(input.dtype) if value._array.dtype != input._array.dtype else value
    else:
        value = input.new_full((), value)
    return _masked_fill(input, mask, value)


@composite(method=True, out="exact")
def masked_select(input, mask):
    """The elements where a broadcast mask is true, in one dim."""
    if mask.dtype.name != "bool":
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    from .views import broadcast_tensors

    wide, where = broadcast_tensors(input, mask)
    if wide._array.ndim == 0:
        wide, where = wide.reshape(1), where.reshape(1)
    return wide[where]


@composite(method=True, inplace=True)
def masked_scatter(input, mask, source):
    """The elements of ``source`` in order where a broadcast mask is true, else ``input``."""
    _check_mask("masked_scatter_", mask)
    if source._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype.legacy_name} and {source.dtype.legacy_name}"
        )
    from .views import broadcast_tensors

    wide, where = broadcast_tensors(input, mask)
    xp = namespace_of(where._array)
    order = xp.cumsum(where._array.reshape(-1).astype(np.int64)) - 1
    count = int(order[-1]) + 1 if order.size else 0
    if count > source._array.size:
        raise RuntimeError(f"Number of elements of source < number of ones in mask: {source._array.size} < {count}")
    if count == 0:
        return wide.clone()
    places = wrap(xp.where(order >= 0, order, 0))
    values = _take(source, places.reshape(where.shape))
    return values.where(where, wide)


@composite(method=True, out="exact")
def nonzero(input, *, as_tuple=False):
    """The places of all elements that are not zero: (n, rank), or its columns as a tuple of one vector per dim."""
    xp = namespace_of(input._array)
    array = input._array if input._array.ndim or not as_tuple else input._array.reshape(1)
    if array.ndim == 0:
        return wrap(xp.zeros((int(bool(array != 0)), 0), np.int64))
    places = xp.nonzero(array != 0 if array.dtype.kind == "V" else array)
    # Columns are contiguous, as in PyTorch: they are what is mostly used.
    found = wrap(xp.stack(places).astype(np.int64).T)
    return found.unbind(1) if as_tuple else found


@composite(method=True)
def argwhere(input):
    """``nonzero``."""
    return nonzero(input)


@composite(method=True)
def nonzero_static(input, *, size, fill_value=-1):
    """``nonzero`` cut or padded (with ``fill_value``) to ``size`` rows."""
    if size < 0:
        raise RuntimeError(f"nonzero_static: 'size' must be an non-negative integer, got {size}")
    found = nonzero(input)._array[:size]
    xp = namespace_of(found)
    result = xp.full((size, input._array.ndim), fill_value, dtype=np.int64)
    result[: found.shape[0]] = found
    return wrap(result)


@composite()
def unravel_index(indices, shape):
    """Flat positions as one tensor of coordinates per dim."""
    if indices.dtype.category != 1:
        raise TypeError(f"expected 'indices' to be an integer tensor, but got {indices.dtype}")
    shape = (shape,) if isinstance(shape, int) else tuple(index_of(one, "shape") for one in shape)
    if any(length < 0 for length in shape):
        raise ValueError("expected non-negative dimensions")
    array = indices._array.astype(np.int64)
    parts = []
    for length in reversed(shape):
        parts.append(array % max(length, 1))
        array = array // max(length, 1)
    if not parts:
        return ()
    return wrap(namespace_of(indices._array).stack(parts[::-1], -1)).unbind(-1)
