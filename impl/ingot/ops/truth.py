"""Questions about all elements: is any non-zero, are all, how many are."""

from __future__ import annotations

from ..core import dtype as dtypes
from .declare import composite, primitive
from .reductions import contiguous, dims_of
from .reductions import sum as _sum_over


@primitive("_any(input, dims: tuple, keepdim: bool)", differentiable=())
def _any(xp, input, dims, keepdim):
    return contiguous(xp, xp.logical_or.reduce(input, axis=dims, keepdims=keepdim))


@primitive("_all(input, dims: tuple, keepdim: bool)", differentiable=())
def _all(xp, input, dims, keepdim):
    return contiguous(xp, xp.logical_and.reduce(input, axis=dims, keepdims=keepdim))


def _truth(name: str, input, dim, keepdim, reduce):
    dims = dims_of(name, input, dim)
    # An empty list reduces no dim here, unlike in sums: PyTorch's all(dim=()) asks each element.
    result = reduce(input, () if dim == () or dim == [] else dims, keepdim)
    return result.to(dtypes.uint8) if input.dtype is dtypes.uint8 else result


@composite(method=True, out="exact")
def any(input, dim=None, keepdim=False):
    """Whether any element over ``dim`` (an int, several, or all) is non-zero; NaN is. uint8 for uint8, else bool."""
    return _truth("any", input, dim, keepdim, _any)


@composite(method=True, out="exact")
def all(input, dim=None, keepdim=False):
    """Whether all elements over ``dim`` (an int, several, or all) are non-zero; NaN is. uint8 for uint8, else bool."""
    return _truth("all", input, dim, keepdim, _all)


@composite(method=True)
def count_nonzero(input, dim=None):
    """How many elements over ``dim`` (an int, several, or all) are not 0, as int64."""
    dims = dims_of("count_nonzero", input, dim)
    return _sum_over(input != 0, dims)
