"""Sliding windows over the last dims of an array: what convolutions and poolings are made of. Raw arrays, any number of spatial dims.

A window view has shape (*lead, *out, *kernel) and copies nothing. Its transpose (adding windows back where they overlap) is again a window operation:
spread the values ``stride`` apart, pad, and slide the flipped kernel (``spread``), so no loop over kernel positions is needed in either direction.
"""

from __future__ import annotations

import math

from ..backends import backend_of


def output_length(
    length: int, kernel: int, stride: int, before: int, after: int, dilation: int, ceil_mode: bool = False
) -> int:
    """How many windows fit. With ``ceil_mode`` also one that ends outside, unless it would begin there."""
    room = length + before + after - dilation * (kernel - 1) - 1
    count = -(-room // stride) + 1 if ceil_mode else room // stride + 1
    if ceil_mode and (count - 1) * stride >= length + before:
        count -= 1
    return count


def windows(array, kernel, stride, dilation, out):
    """The view (*lead, *out, *kernel) of ``array``, which is padded already."""
    rank = len(kernel)
    lead = array.ndim - rank
    steps = array.strides[lead:]
    return backend_of(array).strided(
        array,
        (*array.shape[:lead], *out, *kernel),
        (
            *array.strides[:lead],
            *(step * hop for step, hop in zip(steps, stride, strict=True)),
            *(step * gap for step, gap in zip(steps, dilation, strict=True)),
        ),
    )


def planes(array, kernel, stride, dilation, out):
    """The windows of (N, C, *padded) as (prod(kernel), N, C, *out): one copy, a plane for each place in the window.

    Reductions over the first dim then run along whole planes, not along the few elements of one window.
    """
    rank = len(kernel)
    view = windows(array, kernel, stride, dilation, out)
    order = (*range(2 + rank, 2 + 2 * rank), *range(2 + rank))
    return view.transpose(order).reshape(math.prod(kernel), *view.shape[: 2 + rank])


def padded(xp, array, widths, value=0):
    """``array`` with (before, after) more elements in each of the last dims; negative widths crop."""
    if all(before == 0 and after == 0 for before, after in widths):
        return array
    lead = array.ndim - len(widths)
    if any(before < 0 or after < 0 for before, after in widths):
        cut = tuple(
            slice(max(-before, 0), length - max(-after, 0))
            for length, (before, after) in zip(array.shape[lead:], widths, strict=True)
        )
        array = array[(slice(None),) * lead + cut]
        widths = [(max(before, 0), max(after, 0)) for before, after in widths]
    shape = (
        *array.shape[:lead],
        *(n + before + after for n, (before, after) in zip(array.shape[lead:], widths, strict=True)),
    )
    result = xp.zeros(shape, array.dtype) if _is_zero(value) else xp.full(shape, value, array.dtype)
    inner = tuple(slice(before, before + n) for n, (before, _) in zip(array.shape[lead:], widths, strict=True))
    result[(slice(None),) * lead + inner] = array
    return result


def _is_zero(value) -> bool:
    return value == 0 and math.copysign(1, value if not isinstance(value, complex) else value.real) > 0


def spread(xp, array, kernel, stride, padding, dilation, size):
    """The values of ``array`` set ``stride`` apart in zeros, so that sliding a flipped kernel over the result gives ``size`` outputs.

    This is the transpose of taking windows of an input of ``size`` padded by ``padding`` before.
    """
    rank = len(kernel)
    lead = array.ndim - rank
    shape = tuple(n + gap * (k - 1) for n, k, gap in zip(size, kernel, dilation, strict=True))
    result = xp.zeros((*array.shape[:lead], *shape), array.dtype)
    into, take = [], []
    for length, total, k, hop, before, gap in zip(
        array.shape[lead:], shape, kernel, stride, padding, dilation, strict=True
    ):
        start = gap * (k - 1) - before
        first = max(0, -(start // hop)) if start < 0 else 0
        last = min(length, (total - 1 - start) // hop + 1)
        into.append(slice(start + first * hop, start + (last - 1) * hop + 1, hop) if last > first else slice(0, 0))
        take.append(slice(first, last) if last > first else slice(0, 0))
    keep = (slice(None),) * lead
    result[keep + tuple(into)] = array[keep + tuple(take)]
    return result
