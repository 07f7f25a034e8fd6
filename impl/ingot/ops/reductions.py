"""Sums, means, extrema and their relatives over dims."""

from __future__ import annotations

from ..core import dtype as dtypes
from ..core.errors import normalize_dims
from .declare import composite, primitive


@primitive("_sum(input, dims: tuple, keepdim: bool)", linear=("input",), node="SumBackward0")
def _sum(xp, input, dims, keepdim):
    if len(dims) == input.ndim:
        dims = None
    result = xp.add.reduce(input, axis=dims, keepdims=keepdim)
    return result if result.ndim < 2 or result.flags.c_contiguous else xp.ascontiguousarray(result)


@_sum.backward("input")
def _(grad, input_shape, dims, keepdim):
    return restore_dims(grad, input_shape, dims, keepdim).expand(input_shape)


def restore_dims(grad, shape, dims, keepdim):
    """``grad`` of a reduction with the reduced dims back in, at length 1."""
    if keepdim or not shape:
        return grad
    return grad.reshape([1 if dim in dims else length for dim, length in enumerate(shape)])


@composite(method=True, out=True)
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over ``dim`` (an int, several, or all). Integers and bools are summed in int64 unless ``dtype`` says otherwise."""
    found = input.dtype
    wanted = dtypes.parse(dtype) if dtype is not None else dtypes.int64 if found.category < dtypes.FLOAT else found
    if wanted is not found:
        input = input.to(wanted)
    rank = input._array.ndim
    dims = tuple(range(rank)) if dim is None or dim == () or dim == [] else normalize_dims(dim, rank)
    return _sum(input, dims, keepdim)


@composite(method=True)
def sum_to_size(input, *size):
    """The sum over the dims along which ``size`` broadcasts to the input's shape."""
    size = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    shape = input._array.shape
    lead = len(shape) - len(size)
    if lead < 0 or any(wanted not in (1, length) for wanted, length in zip(size, shape[lead:], strict=True)):
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(shape)}}}.")
    dims = tuple(range(lead)) + tuple(
        lead + dim for dim, wanted in enumerate(size) if wanted == 1 and shape[lead + dim] != 1
    )
    result = _sum(input, dims, True) if dims else input
    return result.reshape(size) if lead else result
