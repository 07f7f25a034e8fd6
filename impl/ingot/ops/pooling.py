"""Max and average pooling over 1 to 3 spatial dims, with adaptive, fractional and Lp forms and unpooling."""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np

from ..backends import namespace_of
from ..core.tensor import Tensor, wrap
from .convolution import per_dim
from .declare import composite, primitive
from .windows import output_length, padded, planes, spread, windows

# -- sums over windows --------------------------------------------------------------------------------------------------------------------

LONGEST_PLANEWISE = 64
"""Elements of a window up to which sums run plane by plane, one after the other; longer ones are summed pairwise, which rounds less."""


@primitive("_window_sum(input, kernel: tuple, stride: tuple, padding: tuple, out: tuple)", linear=("input",))
def _window_sum(xp, input, kernel, stride, padding, out):
    widths = [
        (pad, max((o - 1) * hop + k - n - pad, 0))
        for n, k, hop, pad, o in zip(input.shape[2:], kernel, stride, padding, out, strict=True)
    ]
    wide, one = padded(xp, input, widths), (1,) * len(kernel)
    if math.prod(kernel) > LONGEST_PLANEWISE:
        view = windows(wide, kernel, stride, one, out)
        return xp.add.reduce(view.reshape(*input.shape[:2], *out, math.prod(kernel)), axis=-1)
    return xp.add.reduce(planes(wide, kernel, stride, one, out), axis=0)


@_window_sum.backward("input")
def _(grad, input_shape, kernel, stride, padding):
    return _window_spread(grad, input_shape[2:], kernel, stride, padding)


@primitive("_window_spread(input, size: tuple, kernel: tuple, stride: tuple, padding: tuple)", linear=("input",))
def _window_spread(xp, input, size, kernel, stride, padding):
    rank = len(kernel)
    one = (1,) * rank
    out = input.shape[2:]
    if kernel == stride and not any(padding) and all(n == k * o for n, k, o in zip(size, kernel, out, strict=True)):
        # Windows side by side: every element has one.
        pairs = (length for pair in zip(out, kernel, strict=True) for length in pair)
        repeated = input.reshape(*input.shape[:2], *(length for n in out for length in (n, 1)))
        return xp.broadcast_to(repeated, (*input.shape[:2], *pairs)).reshape(*input.shape[:2], *size)
    return xp.add.reduce(planes(spread(xp, input, kernel, stride, padding, one, size), kernel, one, one, size), axis=0)


@_window_spread.backward("input")
def _(grad, input_shape, kernel, stride, padding):
    return _window_sum(grad, kernel, stride, padding, input_shape[2:])


# -- the maximum of windows ---------------------------------------------------------------------------------------------------------------


def _maxima(xp, candidates, outside=None):
    """(values, places): the maximum over the first dim, and where it is. The first such place counts, but a NaN beats all and the last NaN wins, as in
    PyTorch. ``outside`` (broadcastable) marks candidates that are padding: they hold the lowest value, and are never the place. A maximum of zero has
    the sign of the zero at its place, whichever of two zeros ``maximum`` answers.

    Places are found with comparisons and minima of small integers over whole planes; ``argmax`` along a short dim costs ten times as much.
    """
    count = candidates.shape[0]
    kind = np.uint8 if count < 128 else np.int64
    numbers = xp.arange(count, dtype=kind).reshape(-1, *(1,) * (candidates.ndim - 1))
    values = xp.maximum.reduce(candidates, axis=0)
    elsewhere = candidates != values
    if outside is not None:
        elsewhere |= outside
    order = elsewhere.astype(kind)
    order *= count
    order += numbers
    places = xp.minimum.reduce(order, axis=0)
    if candidates.dtype.kind in "fV":
        last_missing = xp.maximum.reduce((candidates != candidates) * numbers, axis=0)
        places = xp.where(places >= count, last_missing, places)  # nothing equals a NaN
        if not wrap(values).is_meta:
            zeros = xp.nonzero(values == 0)
            values[zeros] = candidates[(places[zeros].astype(np.int64), *zeros)]
    return values, places


@primitive(
    "_max_pool(input, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, out: tuple)",
    outputs=("result", "indices"),
    half="native",
    node="MaxPoolWithIndicesBackward0",
)
def _max_pool(xp, input, kernel, stride, padding, dilation, out):
    size = input.shape[2:]
    lowest = np.iinfo(input.dtype).min if input.dtype.kind in "iu" else -math.inf
    widths = [
        (pad, max((o - 1) * hop + gap * (k - 1) + 1 - n - pad, 0))
        for n, k, hop, pad, gap, o in zip(size, kernel, stride, padding, dilation, out, strict=True)
    ]
    candidates = planes(padded(xp, input, widths, lowest), kernel, stride, dilation, out)
    # A window begins somewhere and its elements lie at fixed distances from there, so flat indices are sums of two small tables.
    starts = np.zeros((), np.int64)
    steps = np.zeros((), np.int64)
    outside = np.zeros((), bool)
    for n, k, hop, pad, gap, o in zip(size, kernel, stride, padding, dilation, out, strict=True):
        start, step = np.arange(o) * hop - pad, np.arange(k) * gap
        starts = starts[..., None] * n + start
        steps = steps[..., None] * n + step
        places = step[:, None] + start
        missing = (places < 0) | (places >= n)
        outside = outside[..., None, None] | missing
    rank = len(kernel)
    if outside.any():
        outside = outside.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2)).reshape(-1, 1, 1, *out)
    else:
        outside = None
    values, places = _maxima(xp, candidates, None if outside is None else xp.asarray(outside))
    return values, xp.asarray(starts) + xp.take(xp.asarray(steps.reshape(-1)), places)


@_max_pool.backward("input")
def _(grad, indices, input_shape):
    return scatter_to(grad, indices, input_shape)


@_max_pool.jvp("input")
def _(tangent, indices):
    moved = tangent.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape)
    return moved, None


def scatter_to(values, indices, shape):
    """Zeros of ``shape`` (N, C, *spatial) with ``values`` added at flat spatial ``indices``."""
    flat = values.new_zeros((*shape[:2], math.prod(shape[2:])))
    return flat.scatter_add(2, indices.flatten(2), values.flatten(2)).reshape(shape)


# -- arguments ----------------------------------------------------------------------------------------------------------------------------


def _batched(name: str, input, rank: int):
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input._array.ndim not in (rank + 1, rank + 2) or any(length == 0 for length in input._array.shape[-rank - 1 :]):
        raise RuntimeError(
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got: {list(input.shape)}"
        )
    return (input, True) if input._array.ndim == rank + 2 else (input.unsqueeze(0), False)


def _refuse(name: str, input, kinds: str) -> None:
    """NotImplementedError for arrays of these kinds: "c" complex, "b" boolean, "i" and "u" whole numbers."""
    if input._array.dtype.kind in kinds:
        raise NotImplementedError(f"\"{name}\" not implemented for '{input.dtype.legacy_name}'")


def _geometry(name: str, size, kernel, stride, padding, dilation, ceil_mode):
    if any(one <= 0 for one in kernel):
        raise RuntimeError(f"kernel size should be greater than zero, but got kernel_size={list(kernel)}")
    if any(one <= 0 for one in stride):
        raise RuntimeError(f"stride should be greater than zero, but got stride={list(stride)}")
    if any(one <= 0 for one in dilation):
        raise RuntimeError(f"dilation should be greater than zero, but got dilation={list(dilation)}")
    for pad, k, gap in zip(padding, kernel, dilation, strict=True):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > ((k - 1) * gap + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={k} and dilation={gap}"
            )
    out = tuple(
        output_length(n, k, hop, pad, pad, gap, ceil_mode)
        for n, k, hop, pad, gap in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    if any(length < 1 for length in out):
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, size))}). Calculated output size: ({'x'.join(map(str, out))}). Output size is too small"
        )
    return out


def _max(name: str, rank: int, input, kernel_size, stride, padding, dilation, ceil_mode):
    x, batched = _batched(name, input, rank)
    _refuse(name, x, "cb")
    kernel = per_dim(kernel_size, rank, "kernel_size")
    stride = kernel if stride is None or stride == [] or stride == () else per_dim(stride, rank, "stride")
    padding, dilation = per_dim(padding, rank, "padding"), per_dim(dilation, rank, "dilation")
    out = _geometry(name, x._array.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    values, indices = _max_pool(x, kernel, stride, padding, dilation, out)
    return (values, indices) if batched else (values.squeeze(0), indices.squeeze(0))


def _max_family(rank: int):
    name = f"max_pool{rank}d"

    def with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        return _max(name, rank, input, kernel_size, stride, padding, dilation, ceil_mode)

    def pool(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        found = _max(name, rank, input, kernel_size, stride, padding, dilation, ceil_mode)
        return found if return_indices else found[0]

    pool.__doc__ = (
        f"The maximum of each window over the last {rank} dim(s): (N, C, ...) -> (N, C, ...'); with ``return_indices`` also where it was. "
        "Windows may end outside the input with ``ceil_mode``."
    )
    with_indices.__doc__ = pool.__doc__ + " Always returns (values, indices)."
    pool.__name__ = pool.__qualname__ = name
    with_indices.__name__ = with_indices.__qualname__ = f"{name}_with_indices"
    composite(f"{name}_with_indices", namespace="nn.functional")(with_indices)
    return composite(name)(pool)


max_pool1d, max_pool2d, max_pool3d = _max_family(1), _max_family(2), _max_family(3)


def _average(name: str, rank: int, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    x, batched = _batched(name, input, rank)
    _refuse(name, x, "cb")
    kernel = per_dim(kernel_size, rank, "kernel_size")
    stride = kernel if stride is None or stride == [] or stride == () else per_dim(stride, rank, "stride")
    padding = per_dim(padding, rank, "padding")
    size = x._array.shape[2:]
    out = _geometry(name, size, kernel, stride, padding, (1,) * rank, ceil_mode)
    total = _window_sum(x, kernel, stride, padding, out)
    if divisor_override is not None:
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        divisor = divisor_override
    else:
        divisor = _window_counts(size, kernel, stride, padding, out, count_include_pad)
        if not isinstance(divisor, int):
            divisor = wrap(namespace_of(x._array).asarray(divisor)).to(x.dtype)
    result = total.div(divisor, rounding_mode="trunc") if x._array.dtype.kind in "iu" else total / divisor
    return result if batched else result.squeeze(0)


def _window_counts(size, kernel, stride, padding, out, include_pad: bool):
    """How many elements each window averages over: an int where all are equal, else an array (*out)."""
    counts = np.ones((), np.int64)
    for n, k, hop, pad, o in zip(size, kernel, stride, padding, out, strict=True):
        start = np.arange(o) * hop - pad
        end = np.minimum(start + k, n + pad)
        line = end - start if include_pad else np.minimum(end, n) - np.maximum(start, 0)
        counts = counts[..., None] * line
    return int(counts.flat[0]) if (counts == counts.flat[0]).all() else counts


@composite()
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window over the last dim: (N, C, L) -> (N, C, L')."""
    return _average("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@composite(namespace="nn.functional", out="exact")
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window over the last two dims: (N, C, H, W) -> (N, C, H', W')."""
    return _average(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@composite(namespace="nn.functional", out="exact")
def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window over the last three dims: (N, C, D, H, W) -> (N, C, D', H', W')."""
    return _average(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


# -- adaptive: as many windows as asked for ------------------------------------------------------------------------------------------------


def _check_lengths(rank: int, input, output_size) -> None:
    """ValueError for as many lengths as the input has dims, or more (text has one a letter): the first check, as in PyTorch."""
    given = len(output_size) if rank > 1 and hasattr(output_size, "__len__") else 0
    if isinstance(input, Tensor) and given and given >= input._array.ndim:
        raise ValueError(f"Input dimension should be at least {given + 1}, but got {input._array.ndim}")


def _adaptive_size(name: str, rank: int, input, output_size) -> tuple[int, ...]:
    """The lengths asked for. None keeps a length, where there are two or more: ``adaptive_max_pool1d`` takes a number. TypeError for what is no
    whole number, RuntimeError for another count of them and for negative ones.
    """
    several = isinstance(output_size, (tuple, list))
    sizes = tuple(output_size) if several else (output_size,)
    for one in sizes:
        if isinstance(one, bool) or not (isinstance(one, Integral) or (one is None and several and rank > 1)):
            given = f"a sequence with {type(one).__name__}" if several else type(one).__name__
            raise TypeError(f"{name}(): argument 'output_size' (position 2) must be an int or ints, not {given}")
    if len(sizes) not in (1, rank):
        raise RuntimeError(f"{name}: output_size must be {rank}")
    sizes *= rank if len(sizes) == 1 else 1
    if any(one is not None and one < 0 for one in sizes):
        raise RuntimeError(
            f"{name}(): elements of output_size must be greater than or equal to 0, but got {list(sizes)}"
        )
    return tuple(
        length if one is None else int(one) for one, length in zip(sizes, input._array.shape[-rank:], strict=True)
    )


def _bounds(length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each of ``count`` adaptive windows over ``length`` begins and ends: floor(i n / count), ceil((i + 1) n / count)."""
    places = np.arange(count)
    return places * length // max(count, 1), -((-(places + 1) * length) // max(count, 1))


def _adaptive_average(name: str, rank: int, input, output_size):
    _check_lengths(rank, input, output_size)
    x, batched = _batched(name, input, rank)
    wanted = _adaptive_size(name, rank, input, output_size)
    if x._array.dtype.kind in "biu" and rank > 1 and set(wanted) == {1}:
        raise RuntimeError(
            f"{name}(): Input dtype must be either a floating point or complex dtype. Got: {x.dtype.legacy_name}"
        )
    _refuse(name, x, "biu")
    size = x._array.shape[2:]
    if all(count and n % count == 0 for n, count in zip(size, wanted, strict=True)):
        kernel = tuple(n // count for n, count in zip(size, wanted, strict=True))
        result = _window_sum(x, kernel, kernel, (0,) * rank, wanted) / math.prod(kernel)
    else:
        half = x._array.dtype.itemsize == 2
        result = x.float() if half else x
        for dim, (n, count) in enumerate(zip(size, wanted, strict=True), 2):
            result = _means_along(result, dim, *_bounds(n, count))
        result = result.to(x.dtype).contiguous()
    return result if batched else result.squeeze(0)


def _means_along(x, dim: int, start: np.ndarray, end: np.ndarray):
    """The mean of each range of a dim. Ranges are gathered at the length of the widest, and what is too much is filled with zeros: a product
    with a matrix of weights would carry a NaN from one range into all.
    """
    xp, widest = namespace_of(x._array), int((end - start).max(initial=1))
    places = start[:, None] + np.arange(widest)
    gathered = x.index_select(dim, wrap(xp.asarray(np.minimum(places, x._array.shape[dim] - 1).reshape(-1))))
    ranges = gathered.unflatten(dim, places.shape)
    after = (1,) * (x._array.ndim - dim - 1)
    missing = (places >= end[:, None]).reshape(*places.shape, *after)
    if missing.any():
        ranges = ranges.masked_fill(wrap(xp.asarray(missing)), 0)
    lengths = (end - start).reshape(-1, *after).astype(x._array.dtype)
    return ranges.sum(dim + 1) / wrap(xp.asarray(lengths))


def _adaptive_maximum(name: str, rank: int, input, output_size):
    _check_lengths(rank, input, output_size)
    x, batched = _batched(name, input, rank)
    _refuse(name, x, "cbiu")
    wanted = _adaptive_size(name, rank, input, output_size)
    starts, ends = zip(*(_bounds(n, count) for n, count in zip(x._array.shape[2:], wanted, strict=True)), strict=True)
    values, indices = _max_of_ranges(x, tuple(map(tuple, starts)), tuple(map(tuple, ends)))
    return (values, indices) if batched else (values.squeeze(0), indices.squeeze(0))


@primitive(
    "_max_of_ranges(input, starts: tuple, ends: tuple)",
    outputs=("result", "indices"),
    half="native",
    node="AdaptiveMaxPoolBackward0",
)
def _max_of_ranges(xp, input, starts, ends):
    """The maximum over the box of each combination of ranges, by gathering every box at the size of the widest."""
    rank = len(starts)
    size = input.shape[2:]
    out = tuple(len(one) for one in starts)
    selectors = []
    outside, flat = np.zeros((), bool), np.zeros((), np.int64)
    for dim, (start, end) in enumerate(zip(starts, ends, strict=True)):
        start, end = np.asarray(start, np.int64).reshape(-1), np.asarray(end, np.int64).reshape(-1)
        places = start[:, None] + np.arange(int((end - start).max(initial=1)))
        shape = [1] * (2 * rank)
        shape[dim], shape[rank + dim] = places.shape
        outside = outside | (places >= end[:, None]).reshape(shape)
        within = np.minimum(places, size[dim] - 1).reshape(shape)
        flat = flat * size[dim] + within
        selectors.append(xp.asarray(within))
    count = math.prod(outside.shape[rank:])
    lowest = np.iinfo(input.dtype).min if input.dtype.kind in "iu" else -math.inf
    boxes = input[(slice(None), slice(None), *selectors)]
    boxes = xp.where(xp.asarray(outside), xp.asarray(lowest, dtype=input.dtype), boxes)
    candidates = xp.ascontiguousarray(boxes.transpose(*range(2 + rank, 2 + 2 * rank), *range(2 + rank)))
    candidates = candidates.reshape(count, *input.shape[:2], *out)
    values, places = _maxima(xp, candidates, xp.asarray(_places_first(outside, out, count)))
    flat = xp.broadcast_to(xp.asarray(_places_first(flat, out, count)), candidates.shape)
    return values, xp.take_along_axis(flat, places[None].astype(np.int64), axis=0)[0]


def _places_first(table, out, count: int):
    """(*out, *box) as (count, 1, 1, *out), count the elements of a box."""
    rank = len(out)
    return table.transpose(*range(rank, 2 * rank), *range(rank)).reshape(count, 1, 1, *out)


_max_of_ranges.op.rules.update(_max_pool.op.rules)
_max_of_ranges.op.jvps.update(_max_pool.op.jvps)


def _adaptive_family(rank: int):
    name = f"adaptive_max_pool{rank}d"

    def pool(input, output_size, return_indices=False):
        found = _adaptive_maximum(name, rank, input, output_size)
        return found if return_indices else found[0]

    def with_indices(input, output_size, return_indices=False):
        return _adaptive_maximum(name, rank, input, output_size)

    def average(input, output_size):
        return _adaptive_average(f"adaptive_avg_pool{rank}d", rank, input, output_size)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = (
        f"The maximum over ``output_size`` windows that cover the last {rank} dim(s) evenly; None keeps a length."
    )
    with_indices.__doc__ = pool.__doc__ + " Returns (values, indices)."
    average.__name__ = average.__qualname__ = f"adaptive_avg_pool{rank}d"
    average.__doc__ = (
        f"The mean over ``output_size`` windows that cover the last {rank} dim(s) evenly; None keeps a length."
    )
    composite(f"{name}_with_indices", namespace="nn.functional")(with_indices)
    return composite(name, namespace="nn.functional")(pool), composite(
        f"adaptive_avg_pool{rank}d", namespace="nn.functional"
    )(average)


adaptive_max_pool1d, adaptive_avg_pool1d = _adaptive_family(1)
adaptive_max_pool2d, adaptive_avg_pool2d = _adaptive_family(2)
adaptive_max_pool3d, adaptive_avg_pool3d = _adaptive_family(3)


# -- unpooling and Lp ---------------------------------------------------------------------------------------------------------------------


def _unpool(name: str, rank: int, input, indices, kernel_size, stride, padding, output_size):
    x, batched = _batched(name, input, rank)
    places = indices if batched else indices.unsqueeze(0)
    if indices.dtype.name != "int64":
        raise RuntimeError(f"elements in indices should be type int64 but got: {indices.dtype.legacy_name}")
    if places._array.shape != x._array.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    kernel = per_dim(kernel_size, rank, "kernel_size")
    stride = kernel if stride is None else per_dim(stride, rank, "stride")
    padding = per_dim(padding, rank, "padding")
    usual = [
        (n - 1) * hop + k - 2 * pad for n, k, hop, pad in zip(x._array.shape[2:], kernel, stride, padding, strict=True)
    ]
    size = tuple(usual)
    if output_size is not None:
        size = tuple(output_size)[-rank:]
        if len(size) != rank:
            raise ValueError(
                f"output_size should be a sequence containing {rank} or {rank + 2} elements, but it has a length of '{len(output_size)}'"
            )
        for one, middle, hop in zip(size, usual, stride, strict=True):
            if not middle - hop < one < middle + hop:
                raise ValueError(f'invalid output_size "{list(size)}" (dim sizes must be within one stride of {usual})')
    limit = math.prod(size)
    found = places._array
    if found.size and bool(((found < 0) | (found >= limit)).any()):
        raise RuntimeError(
            f"Found an invalid max index: {int(found.max())} (output volumes are of size {'x'.join(map(str, size))})"
        )
    flat = x.new_zeros((*x._array.shape[:2], limit)).scatter(2, places.flatten(2), x.flatten(2))
    result = flat.reshape(*x._array.shape[:2], *size)
    return result if batched else result.squeeze(0)


@composite(namespace="nn.functional")
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values put back to where ``max_pool1d`` found them, zeros elsewhere."""
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@composite(namespace="nn.functional")
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values put back to where ``max_pool2d`` found them, zeros elsewhere."""
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@composite(namespace="nn.functional")
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values put back to where ``max_pool3d`` found them, zeros elsewhere."""
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _power_mean(average, input, norm_type, kernel_size, stride, ceil_mode, rank: int):
    """(sum over the window of x^p)^(1/p), written as PyTorch does: from the mean, through relu of its magnitude."""
    kernel = per_dim(kernel_size, rank, "kernel_size")
    mean = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(math.prod(kernel)).pow(1.0 / norm_type)


@composite(namespace="nn.functional")
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window over the last dim."""
    return _power_mean(avg_pool1d, input, norm_type, kernel_size, stride, ceil_mode, 1)


@composite(namespace="nn.functional")
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window over the last two dims."""
    return _power_mean(avg_pool2d, input, norm_type, kernel_size, stride, ceil_mode, 2)


@composite(namespace="nn.functional")
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window over the last three dims."""
    return _power_mean(avg_pool3d, input, norm_type, kernel_size, stride, ceil_mode, 3)


ALSO = {"nn.functional": ("avg_pool1d", "max_pool1d", "max_pool2d", "max_pool3d")}
