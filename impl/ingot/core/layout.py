"""Strides, counted in elements as PyTorch counts them, and questions about them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def strides(array) -> tuple[int, ...]:
    """An array's strides in elements. An array without elements has those of a contiguous one."""
    size = array.dtype.itemsize
    if array.size == 0:
        return contiguous_strides(array.shape)
    steps = [step // size for step in array.strides]
    if 0 in steps:
        # NumPy gives a dim of length 1 that an index put in no stride; PyTorch gives it that of the dim behind it, times its length.
        for dim in range(len(steps) - 1, -1, -1):
            if steps[dim] == 0 and array.shape[dim] == 1:
                steps[dim] = steps[dim + 1] * array.shape[dim + 1] if dim + 1 < len(steps) else 1
    return tuple(steps)


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
