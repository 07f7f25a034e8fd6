"""Sums, products, means and truth over dims. Extrema, statistics and norms have files of their own; they share what is at the top of this one.

NOTE [Accurate sums]
NumPy adds pairwise along a contiguous axis (an error that grows with the logarithm of the length) but one after another along any other axis
(an error that grows with the length). ``add_up`` therefore reduces such an axis in rounds, ``_BLOCK`` parts at a time, each round one addition of long
contiguous rows: the error grows with the number of rounds, as in PyTorch's cascade, and short rows take a tenth of NumPy's time.
"""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import FLOAT
from ..core.errors import normalize_dims
from ..core.tensor import Tensor, wrap
from .creation import shape_of
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .generate import IGNORE_ERRORS, quiet, unquiet

_BLOCK = 32
"""How many parts of a long axis one round adds."""
_LONG = 128
"""An axis up to this length is added one after another: the error stays below that of a pairwise sum's leaves."""


def dims_of(name: str, input, dim) -> tuple[int, ...]:
    """The dims that function ``name`` reduces, each counted from 0: all of them for None and for an empty list.

    Raises TypeError unless ``input`` is a tensor, IndexError for a dim out of range, RuntimeError for one given twice.
    """
    if type(input) is not Tensor:
        admit(REGISTRY[name], "input", input)
    rank = input._array.ndim
    return tuple(range(rank)) if dim is None or dim == () or dim == [] else normalize_dims(dim, rank)


def restore_dims(grad, shape, dims, keepdim):
    """``grad`` of a reduction with the reduced dims back in, at length 1."""
    if keepdim or not shape:
        return grad
    return grad.reshape([1 if dim in dims else length for dim, length in enumerate(shape)])


def count_of(shape, dims) -> int:
    """How many elements one result of a reduction is made of."""
    count = 1
    for dim in dims:
        count *= shape[dim]
    return count


def contiguous(xp, result):
    """A result in row-major memory: where NumPy lays it out as its input was, PyTorch's reductions, scans, joins and fills do not."""
    return result if result.ndim < 2 or result.flags.c_contiguous else xp.ascontiguousarray(result)


# -- sums ---------------------------------------------------------------------------------------------------------------------------------


def add_up(xp, array, dims, keepdim):
    """The sum of an array over ``dims``. NOTE [Accurate sums]"""
    if len(dims) == array.ndim and (xp is not np or array.flags.forc):
        return xp.add.reduce(array, axis=None, keepdims=keepdim, dtype=array.dtype)
    if dims == (array.ndim - 1,) and _has_short_rows(xp, array):
        # NumPy starts anew for each row; a product with ones takes a tenth of the time.
        rows = array.reshape(-1, array.shape[-1]) @ np.ones(array.shape[-1], array.dtype)
        return rows.reshape((*array.shape[:-1], 1) if keepdim else array.shape[:-1])
    if xp is np and array.size >= 4096 and array.dtype.kind in "fc":
        array, dims, restore = _split_long_axes(array, dims)
        result = np.add.reduce(array, axis=dims, keepdims=True)
        return contiguous(xp, result.reshape(restore(keepdim)))
    return contiguous(xp, xp.add.reduce(array, axis=dims, keepdims=keepdim, dtype=array.dtype))


def _has_short_rows(xp, array) -> bool:
    return (
        xp is np
        and array.dtype.kind == "f"
        and array.itemsize > 2
        and array.size >= 4096
        and 0 < array.shape[-1] <= 32
        and array.flags.c_contiguous
    )


def _split_long_axes(array, dims):
    """(array, dims, result shape by keepdim): long axes across memory already added in rounds, until they are short."""
    shape = array.shape

    def restore(keepdim):
        return [1 if dim in dims else length for dim, length in enumerate(shape) if keepdim or dim not in dims]

    steps = [abs(step) if length > 1 else 0 for step, length in zip(array.strides, shape, strict=True)]
    along = [dim for dim in dims if shape[dim] > 1 and steps[dim] == array.itemsize]
    if along and any(shape[dim] > _LONG for dim in dims if dim not in along):
        # The axis along memory first: NumPy's pairwise sum. The others are then added in rounds.
        array = np.add.reduce(array, axis=along[0], keepdims=True)
    for dim in dims:
        if dim not in along:
            array = _in_rounds(array, dim)
    return array, dims, restore


def _in_rounds(array, dim: int):
    """The array with axis ``dim`` added up until it is at most ``_LONG`` long."""
    while array.shape[dim] > _LONG:
        lead, length, rest = array.shape[:dim], array.shape[dim], array.shape[dim + 1 :]
        part = length // _BLOCK
        index = (slice(None),) * dim
        even = array[(*index, slice(0, part * _BLOCK))].reshape(*lead, _BLOCK, part, *rest)
        partial = np.add.reduce(even, axis=dim)
        if length % _BLOCK:
            partial[(*index, 0)] += np.add.reduce(array[(*index, slice(part * _BLOCK, None))], axis=dim)
        array = partial
    return array


@primitive("_sum(input, dims: tuple, keepdim: bool)", linear=("input",), node="SumBackward0")
def _sum(xp, input, dims, keepdim):
    if len(dims) == input.ndim and not keepdim and input.dtype.kind in "fc" and xp is np and input.flags.forc:
        return np.add.reduce(input, axis=None)
    return add_up(xp, input, dims, keepdim)


@_sum.backward("input")
def _(grad, input_shape, dims, keepdim):
    return restore_dims(grad, input_shape, dims, keepdim).expand(input_shape)


def _as_summed(input, dtype):
    """``input`` in the dtype its sums have: ``dtype`` if given, else int64 for integers and bools."""
    found = input.dtype
    wanted = dtypes.parse(dtype) if dtype is not None else dtypes.int64 if found.category < FLOAT else found
    return input if wanted is found else input.to(wanted)


@composite(method=True, out=True)
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over ``dim`` (an int, several, or all). Integers and bools are summed in int64 unless ``dtype`` says otherwise.

    ``sum(ones(2, 3), 0)`` is ``[2., 2., 2.]``; the sum of nothing is 0.
    """
    if dtype is None and type(input) is Tensor:
        array = input._array
        if array.dtype.kind in "fc":
            rank = array.ndim
            if dim is None:
                if (
                    input._autograd is None
                    and not keepdim
                    and type(array) is np.ndarray
                    and array.itemsize > 2
                    and array.flags.forc
                ):
                    token = quiet(IGNORE_ERRORS)
                    total = np.add.reduce(array, axis=None)
                    unquiet(token)
                    return wrap(total)
                return _sum(input, tuple(range(rank)), keepdim)
            if type(dim) is int and -rank <= dim < rank:
                return _sum(input, (dim % rank,), keepdim)
    dims = dims_of("sum", input, dim)
    return _sum(_as_summed(input, dtype), dims, keepdim)


@composite(method=True, out=True)
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over ``dim`` of what is not NaN: ``nansum(tensor([1., nan]))`` is 1. RuntimeError for complex numbers."""
    dims = dims_of("nansum", input, dim)
    if input.is_complex():
        raise RuntimeError("nansum does not support complex inputs")
    found, input = input.dtype, _as_summed(input, dtype)
    if found.is_floating_point and input.is_complex():
        raise NotImplementedError(f"\"nansum_cpu\" not implemented for '{input.dtype.legacy_name}'")
    return _sum(input.masked_fill(input.isnan(), 0) if input.dtype.is_floating_point else input, dims, keepdim)


@composite(method=True)
def sum_to_size(input, *size):
    """The sum over the dims along which ``size`` broadcasts to the input's shape."""
    size = shape_of(size)
    if not size:
        return sum(input)
    shape = input._array.shape
    lead = len(shape) - len(size)
    if lead < 0 or any(wanted not in (1, length) for wanted, length in zip(size, shape[lead:], strict=True)):  # fmt: skip
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(shape)}}}.")
    dims = tuple(range(lead)) + tuple(
        lead + dim for dim, wanted in enumerate(size) if wanted == 1 and shape[lead + dim] != 1
    )
    result = _sum(_as_summed(input, None), dims, True) if dims else input
    return result.reshape(size) if lead else result


# -- means ----------------------------------------------------------------------------------------------------------------------------------


@primitive("_mean(input, dims: tuple, keepdim: bool)", linear=("input",), node="MeanBackward1")
def _mean(xp, input, dims, keepdim):
    # One rounding for half types: the kernel has float32 sums.
    return xp.true_divide(add_up(xp, input, dims, keepdim), input.dtype.type(count_of(input.shape, dims)))


@_mean.backward("input")
def _(grad, input_shape, dims, keepdim):
    return restore_dims(grad, input_shape, dims, keepdim).expand(input_shape) / count_of(input_shape, dims)


@composite(method=True, out=True)
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over ``dim`` (an int, several, or all); NaN where there is nothing to average.

    RuntimeError for integers and bools, unless ``dtype`` is a floating point or complex one. ``mean(tensor([1., 2.]))`` is 1.5.
    """
    dims = dims_of("mean", input, dim)
    wanted = input.dtype if dtype is None else dtypes.parse(dtype)
    if wanted.category < FLOAT:
        kind = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {kind} dtype must be either a floating point or complex dtype. Got: {wanted.legacy_name}"
        )
    return _mean(input if wanted is input.dtype else input.to(wanted), dims, keepdim)


@composite(method=True, out=True)
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over ``dim`` of what is not NaN; NaN where all is. RuntimeError for integers and complex numbers."""
    dims = dims_of("nanmean", input, dim)
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"nanmean(): expected input to have floating point dtype but got {input.dtype.legacy_name}")
    valid = (~input.isnan()).sum(dims, keepdim) if dims else (~input.isnan()).long()
    return nansum(input, dims, keepdim, dtype=dtype) / valid


# -- products -------------------------------------------------------------------------------------------------------------------------------


@primitive("_prod(input, dims: tuple, keepdim: bool)", node="ProdBackward0")
def _prod(xp, input, dims, keepdim):
    return contiguous(xp, xp.multiply.reduce(input, axis=dims, keepdims=keepdim, dtype=input.dtype))


@_prod.backward("input")
def _(grad, input, result, dims, keepdim):
    grad = restore_dims(grad, input.shape, dims, keepdim)
    if divides_safely(result):
        return grad * (restore_dims(result, input.shape, dims, keepdim) / input).conj()
    return grad * _product_of_others(input, dims).conj()


def divides_safely(product) -> bool:
    """Whether the derivative of a product may be had by division: no product is 0, infinite or NaN, and so no factor is."""
    magnitude = product.detach().abs()
    return bool(((magnitude > 0) & (magnitude < float("inf"))).all())


def _product_of_others(input, dims):
    """For each element the product of all others along ``dims``: those before it times those behind it."""
    kept = [dim for dim in range(input.ndim) if dim not in dims]
    moved = input.permute(*kept, *dims)
    rows = moved.reshape(*moved.shape[: len(kept)], count_of(input.shape, dims))
    one = rows.new_ones(*rows.shape[:-1], 1)
    shorter = rows.shape[-1] - 1
    before = one.new_empty(0) if shorter < 0 else _joined(one, rows.narrow(-1, 0, shorter).cumprod(-1))
    behind = (
        one.new_empty(0) if shorter < 0 else _joined(one, rows.narrow(-1, 1, shorter).flip(-1).cumprod(-1)).flip(-1)
    )
    others = (before * behind).reshape(moved.shape)
    back = sorted(range(input.ndim), key=(*kept, *dims).__getitem__)
    return others.permute(*back)


def _joined(*parts):
    return REGISTRY["cat"].function(parts, -1)


@composite(method=True, out=True)
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """The product of all elements, or along one dim. Integers and bools are multiplied in int64 unless ``dtype`` says otherwise.

    ``prod(tensor([2, 3]))`` is 6; the product of nothing is 1. The derivative is exact where factors are 0.
    """
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"prod(): argument 'dim' (position 2) must be int, not {type(dim).__name__}")
    dims = dims_of("prod", input, dim)
    return _prod(_as_summed(input, dtype), dims, keepdim)


# -- logarithms of sums -----------------------------------------------------------------------------------------------------------------------


@primitive("_logsumexp(input, dims: tuple, keepdim: bool)", node="LogsumexpBackward0")
def _logsumexp(xp, input, dims, keepdim):
    if input.size == 0:
        return xp.log(xp.add.reduce(xp.exp(input), axis=dims, keepdims=keepdim))
    largest = xp.maximum.reduce(input.real, axis=dims, keepdims=True)
    # An infinite maximum must not be subtracted from itself.
    shift = xp.where(xp.isinf(largest), 0, largest).astype(input.real.dtype)
    off = input - shift
    total = xp.log(add_up(xp, xp.exp(off, out=off) if off.ndim else xp.exp(off), dims, keepdim))
    return contiguous(xp, total + (shift if keepdim else shift.reshape(total.shape)))


@_logsumexp.backward("input")
def _(grad, input, result, dims, keepdim):
    grad, result = (restore_dims(one, input.shape, dims, keepdim) for one in (grad, result))
    return grad * (input - result).exp().conj()


@composite(method=True, out=True)
def logsumexp(input, dim, keepdim=False):
    """``log(sum(exp(input)))`` over ``dim`` (an int or several) without overflow. Integers become the default float dtype.

    ``logsumexp(tensor([1000., 1000.]), 0)`` is ``1000 + log(2)``; -inf where there is nothing to add.
    """
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType")
    dims = dims_of("logsumexp", input, dim)
    return _logsumexp(input if input.dtype.category >= FLOAT else input.to(dtypes.get_default_dtype()), dims, keepdim)


# -- fingerprints -----------------------------------------------------------------------------------------------------------------------------


@composite(method=True, out="exact")
def hash_tensor(input, dim=(), *, keepdim=False, mode=0):
    """The exclusive or of the elements' bits over ``dim``, as uint64: integers as int64, other numbers as float64 (``mode`` 0, the only one)."""
    dims = dims_of("hash_tensor", input, dim)
    if mode != 0:
        raise RuntimeError(f"hash_tensor: unknown mode {mode}, expected 0 (exclusive or)")
    if input.is_complex():
        raise NotImplementedError(f"\"xor_sum_cpu\" not implemented for '{input.dtype.legacy_name}'")
    if input._array.size == 0 and (dim is None or dim == () or dim == []):
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
        )
    for place in dims:
        if input._array.shape[place] == 0:
            raise IndexError(f"hash_tensor: Expected reduction dim {place} to have non-zero size.")
    return _xor_sum(input.detach().to(dtypes.int64 if input.dtype.category < FLOAT else dtypes.float64), dims, keepdim)


@primitive("_xor_sum(input, dims: tuple, keepdim: bool)", differentiable=())
def _xor_sum(xp, input, dims, keepdim):
    return contiguous(xp, xp.bitwise_xor.reduce(input.view(np.uint64), axis=dims, keepdims=keepdim))
