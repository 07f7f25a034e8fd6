"""Strides, counted in elements as PyTorch counts them, and questions about them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def strides(array) -> tuple[int, ...]:
    """An array's strides in elements. Zero-size and length-1 dimensions get the strides a contiguous tensor would have."""
    size = array.dtype.itemsize
    if array.size == 0:
        return contiguous_strides(array.shape)
    return tuple([step // size for step in array.strides])


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Row-major strides of ``shape``: (2, 3) -> (3, 1)."""
    steps, step = [], 1
    for length in reversed(shape):
        steps.append(step)
        step *= max(length, 1)
    return tuple(reversed(steps))


def channels_last_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of an N, C, spatial... shape whose channels vary fastest in memory."""
    order = (0, *range(2, len(shape)), 1)
    steps = [0] * len(shape)
    step = 1
    for dim in reversed(order):
        steps[dim] = step
        step *= max(shape[dim], 1)
    return tuple(steps)


def overlaps_itself(shape: Sequence[int], steps: Sequence[int]) -> bool:
    """Whether two indices of the tensor may name the same memory; such a tensor must not be written.

    Exact for expanded dimensions and for everything a view op makes; conservative (True) for the odd ``as_strided`` pattern, as PyTorch's
    own check is.
    """
    dims = sorted((step, length) for step, length in zip(steps, shape, strict=True) if length > 1)
    if math.prod(shape) == 0:
        return False
    reach = 0
    for step, length in dims:
        if step <= reach:
            return True
        reach += step * (length - 1)
    return False


def span(shape: Sequence[int], steps: Sequence[int]) -> int:
    """How many elements of memory a strided tensor reaches over, from its first element to its last."""
    if 0 in shape:
        return 0
    return 1 + sum((length - 1) * step for length, step in zip(shape, steps, strict=True))
