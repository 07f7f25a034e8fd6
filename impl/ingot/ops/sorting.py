"""Sorting, ranking, searching and counting. NaN counts as greater than every number, as in PyTorch."""

from __future__ import annotations

import math

import numpy as np

from ..backends import namespace_of
from ..core import dtype as dtypes
from ..core.errors import normalize_dim, not_implemented
from ..core.tensor import Tensor, wrap
from .creation import as_tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import bad_argument, number_of
from .return_types import return_type


def _keys(xp, array):
    """An array that NumPy orders as PyTorch does: float32 for the ml_dtypes types, whose NaN NumPy does not know."""
    return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array


def _refuse(kernel: str, input, *, bools: bool = False) -> None:
    """NotImplementedError for what has no order, and (``bools``) for what PyTorch's kernel does not order."""
    if input.is_complex() or (bools and input.dtype is dtypes.bool_):
        raise not_implemented(kernel, input.dtype)


def _order(xp, array, axis: int, descending: bool):
    """Places that sort ``array`` stably along an axis."""
    keys = _keys(xp, array)
    if not descending:
        return xp.argsort(keys, axis=axis, kind="stable")
    # A stable descending order is the reverse of the stable ascending order of the reversed array.
    back = xp.flip(keys, axis)
    order = xp.flip(xp.argsort(back, axis=axis, kind="stable"), axis)
    return array.shape[axis] - 1 - order


@primitive(
    "_sort(input, dim: int, descending: bool)", outputs=("values", "indices"), half="native", node="SortBackward0"
)
def _sort(xp, input, dim, descending):
    order = _order(xp, input, dim, descending)
    return xp.take_along_axis(input, order, axis=dim), order.astype(np.int64)


def back_to_places(grad, indices, input_shape, dim):
    return grad.new_zeros(input_shape).scatter_add(dim, indices, grad)


_sort.op.rules[("input",)] = lambda grad, indices, input_shape, dim: back_to_places(grad, indices, input_shape, dim)
_sort.op.jvps["input"] = lambda tangent, indices, dim: (tangent.gather(dim, indices), None)


@primitive("_pick(input, indices, dim: int)", half="native", linear=("input",), node="ValueSelectingReductionBackward0")
def _pick(xp, input, indices, dim):
    """The elements at ``indices`` (which keep the dim, at any length)."""
    return xp.take_along_axis(input, indices, axis=dim)


@_pick.backward("input")
def _(grad, indices, input_shape, dim):
    return back_to_places(grad, indices, input_shape, dim)


def share_among(grad, input, chosen, dims):
    """``grad`` spread evenly over the elements equal to what a reduction chose (over the NaNs, where that is NaN)."""
    equal = (input == chosen) | (input.isnan() & chosen.isnan())
    return (grad / (equal.sum(dims, keepdim=True) if dims else equal)).where(equal, 0)


def _along(input, dim):
    """(tensor with at least one dim, normalised dim)."""
    return (input if input._array.ndim else input.reshape(1)), normalize_dim(dim, input._array.ndim)


def sort(input, dim=-1, descending=False, stable=False):
    """(values, indices) in order along a dim."""
    if input.is_complex():
        raise RuntimeError("Sort does not support complex dtypes on CPU")
    wide, place = _along(input, dim)
    values, indices = _sort(wide, place, bool(descending))
    return return_type("sort", "values", "indices")(values.reshape(input.shape), indices.reshape(input.shape))


def _sort_arguments(input, *args, dim=None, descending=None, stable=None):
    """``sort(input, dim, descending)`` and ``sort(input, *, stable, dim, descending)``."""
    values = list(args)
    found_dim = values.pop(0) if values else (-1 if dim is None else dim)
    found_descending = values.pop(0) if values else bool(descending)
    if values:
        raise TypeError("sort() received an invalid combination of arguments")
    return sort(input, found_dim, found_descending, bool(stable))


_sort_arguments.__name__ = "sort"
_sort_arguments.__doc__ = sort.__doc__
composite("sort", method=True, out="exact")(_sort_arguments)


@composite(method=True)
def argsort(input, dim=-1, descending=False, *, stable=False):
    """The places that sort a dim."""
    return sort(input, dim, descending).indices


@composite(method=True, out="exact")
def msort(input):
    """Sorted along dim 0."""
    return sort(input, 0).values


def _best(xp, array, k: int, axis: int, largest: bool):
    """Places of the ``k`` extreme elements along an axis, best first; only these are sorted."""
    head = (slice(None),) * axis
    length = array.shape[axis]
    if not 0 < k < length // 4:
        return _order(xp, array, axis, largest)[(*head, slice(0, k))]
    keys = _keys(xp, array)
    found = xp.argpartition(keys, length - k if largest else k - 1, axis=axis)
    found = xp.sort(found[(*head, slice(length - k, None) if largest else slice(0, k))], axis=axis)
    return xp.take_along_axis(found, _order(xp, xp.take_along_axis(keys, found, axis=axis), axis, largest), axis=axis)


@composite(method=True, out="exact")
def topk(input, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the ``k`` largest (or smallest) along a dim, best first."""
    if input.is_complex() or input.dtype is dtypes.bool_:
        raise RuntimeError(
            f"topk does not support {'bool' if input.dtype is dtypes.bool_ else 'complex'} dtypes on CPU"
        )
    k = int(k)
    wide, place = _along(input, dim)
    length = wide._array.shape[place]
    if not 0 <= k <= length:
        raise RuntimeError(f"selected index k out of range: got k={k} for a dimension of size {length}")
    if not input._array.ndim:
        k = 1  # a 0-d tensor is its own extreme, whatever the number asked for
    xp = namespace_of(wide._array)
    chosen = wrap(xp.ascontiguousarray(_best(xp, wide._array, k, place, bool(largest))).astype(np.int64))
    values = _pick(wide, chosen, place)
    shape = values.shape if input._array.ndim else ()
    return return_type("topk", "values", "indices")(values.reshape(shape), chosen.reshape(shape))


def _single(name: str, input, dim, keepdim, choose):
    """One element per row, chosen by ``choose(xp, rows)`` -> places along the last axis."""
    wide, place = _along(input, dim)
    if wide._array.shape[place] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {place} to have non-zero size.")
    xp = namespace_of(wide._array)
    rows = xp.moveaxis(wide._array, place, -1)
    chosen = xp.moveaxis(choose(xp, rows)[..., None], -1, place)
    indices = wrap(xp.ascontiguousarray(chosen).astype(np.int64))
    values = _pick(wide, indices, place)
    if not keepdim or not input._array.ndim:
        values, indices = values.squeeze(place), indices.squeeze(place)
    return return_type(name, "values", "indices")(values, indices)


@composite(method=True, out="exact")
def kthvalue(input, k, dim=-1, keepdim=False):
    """(values, indices) of the ``k``-th smallest along a dim, counted from 1."""
    length = input._array.shape[normalize_dim(dim, input._array.ndim)] if input._array.ndim else 1
    if not 1 <= k <= length:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {normalize_dim(dim, input._array.ndim)}"
        )
    _refuse("kthvalue_cpu", input, bools=input._array.ndim > 0)

    def choose(xp, rows):
        keys = _keys(xp, rows)
        return _place_of(xp, keys, xp.sort(keys, axis=-1)[..., k - 1, None])

    return _single("kthvalue", input, dim, keepdim, choose)


def _middle(xp, rows, ignore_nan: bool):
    """The place of the lower median; a NaN wins (its first place) unless ignored."""
    keys = _keys(xp, rows)
    ordered = xp.sort(keys, axis=-1)
    length = rows.shape[-1]
    if keys.dtype.kind != "f":
        return _place_of(xp, keys, ordered[..., (length - 1) // 2, None])
    missing = xp.isnan(keys)
    place = xp.maximum((length - missing.sum(-1) - 1) // 2, 0)
    found = _place_of(xp, keys, xp.take_along_axis(ordered, place[..., None], axis=-1))
    return found if ignore_nan else xp.where(missing.any(-1), xp.argmax(missing, axis=-1), found)


def _place_of(xp, keys, value):
    """The first place along the last axis of ``value`` (which keeps that axis, at length 1); NaN equals NaN."""
    return xp.argmax((keys == value) | ((keys != keys) & (value != value)), axis=-1)


def _median(name: str, ignore_nan: bool):
    @primitive(f"_{name}_of_all(input)", half="native", node=f"{name.capitalize()}Backward0")
    def whole(xp, input):
        flat = input.reshape(-1)
        return flat[_middle(xp, flat, ignore_nan)]

    @whole.backward("input")
    def _(grad, input, result):
        # No one of several equal elements is the median: they share its gradient.
        return share_among(grad, input, result, tuple(range(input.ndim)))

    def function(input, dim=None, keepdim=False):
        _refuse("median_cpu" if dim is None else "median_out", input, bools=dim is not None or input._array.size > 0)
        if dim is not None:
            return _single(name, input, dim, keepdim, lambda xp, rows: _middle(xp, rows, ignore_nan))
        if input._array.size == 0:
            return (
                input.new_full((), float("nan"))
                if input.dtype.is_floating_point
                else input.new_full((), np.iinfo(input._array.dtype).min)
            )
        return whole(input)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The lower median of all elements, or (values, indices) along a dim" + (
        "; NaN is left out." if ignore_nan else "; NaN wins."
    )
    return composite(name, method=True)(function)


median, nanmedian = _median("median", False), _median("nanmedian", True)


@composite(method=True, out="exact")
def mode(input, dim=-1, keepdim=False):
    """(values, indices) of the most frequent value along a dim: the smallest of several, at its last place in sorted order."""
    _refuse("mode_cpu", input)

    def choose(xp, rows):
        order = _order(xp, rows, -1, False)
        keys = xp.take_along_axis(rows, order, axis=-1)
        length = rows.shape[-1]
        starts = xp.concatenate([xp.ones((*rows.shape[:-1], 1), bool), keys[..., 1:] != keys[..., :-1]], axis=-1)
        place = xp.arange(length)
        begin = xp.maximum.accumulate(xp.where(starts, place, 0), axis=-1)
        run = place - begin + 1
        best = xp.argmax(run, axis=-1)
        return xp.take_along_axis(order, best[..., None], axis=-1)[..., 0]

    return _single("mode", input, dim, keepdim, choose)


# -- unique ---------------------------------------------------------------------------------------------------------------------------------


def _results(values, inverse, counts, return_inverse, return_counts):
    found = [values] + ([inverse] if return_inverse else []) + ([counts] if return_counts else [])
    return found[0] if len(found) == 1 else tuple(found)


def _slices(xp, array, dim: int):
    """The slices along a dim as the rows of a matrix."""
    others = array.shape[:dim] + array.shape[dim + 1 :]
    if 0 in others:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected by `dim`, so unique cannot be applied"
        )
    return xp.moveaxis(array, dim, 0).reshape(array.shape[dim], math.prod(others))


def _starts(xp, rows):
    """Which rows differ from the one before them."""
    return xp.concatenate([xp.ones((min(len(rows), 1),), bool), (rows[1:] != rows[:-1]).any(axis=1)])


@composite(method=True)
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements in order (or distinct slices along a dim), with where each element went and how often each occurs.

    No NaN equals another: each stays, behind all numbers. Of equal elements that differ in their bits (the zeros) the first one is shown.
    """
    _refuse("unique" if dim is None else "unique_dim", input)
    xp = namespace_of(input._array)
    array = input._array
    if dim is None:
        rows = array.reshape(array.size, 1)
    else:
        rows = _slices(xp, array, normalize_dim(dim, array.ndim))
    order = xp.lexsort(_keys(xp, rows).T[::-1]) if len(rows) else xp.zeros((0,), np.int64)
    starts = _starts(xp, rows[order])
    first = order[starts]
    place = xp.cumsum(starts.astype(np.int64)) - 1
    inverse = xp.empty(order.shape, np.int64)
    inverse[order] = place
    counts = xp.bincount(place, minlength=len(first)).astype(np.int64)
    if dim is None:
        values, inverse = array.reshape(-1)[first], inverse.reshape(array.shape)
    else:
        values = xp.take(array, first, axis=dim)
    return _results(wrap(values), wrap(inverse), wrap(counts), return_inverse, return_counts)


@composite(method=True)
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements (or slices along a dim) without repetitions that follow one another."""
    _refuse("unique" if dim is None else "unique_dim", input)
    xp = namespace_of(input._array)
    array = input._array
    if dim is None:
        rows = array.reshape(array.size, 1)
    else:
        rows = _slices(xp, array, normalize_dim(dim, array.ndim))
    starts = _starts(xp, rows)
    inverse = (xp.cumsum(starts.astype(np.int64)) - 1).astype(np.int64)
    first = xp.nonzero(starts)[0]
    counts = xp.diff(xp.concatenate([first, xp.asarray([rows.shape[0]])]))
    if dim is None:
        values, inverse = array.reshape(-1)[first], inverse.reshape(array.shape)
    else:
        values = xp.take(array, first, axis=dim)
    return _results(wrap(values), wrap(inverse), wrap(counts.astype(np.int64)), return_inverse, return_counts)


# -- searching and counting -----------------------------------------------------------------------------------------------------------------


def _search(xp, boundaries, values, right: bool):
    """Insertion places of ``values`` (..., m) into sorted rows (..., n): one sort of both together, no loop over rows."""
    if boundaries.ndim == 1:
        return xp.searchsorted(_keys(xp, boundaries), _keys(xp, values), side="right" if right else "left")
    n, m = boundaries.shape[-1], values.shape[-1]
    count = math.prod(boundaries.shape[:-1])
    left, moved = _keys(xp, boundaries).reshape(count, n), _keys(xp, values).reshape(count, m)
    joined = xp.concatenate([moved, left] if not right else [left, moved], axis=1)
    order = xp.argsort(joined, axis=1, kind="stable")
    is_boundary = order >= m if not right else order < n
    before = xp.cumsum(is_boundary, axis=1)
    counts = xp.empty(order.shape, np.int64)
    rows = xp.arange(order.shape[0])[:, None]
    counts[rows, order] = before
    return (counts[:, :m] if not right else counts[:, n:]).reshape(values.shape)


@composite(out="exact")
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """Where numbers go into sorted rows so that these stay sorted: before equal ones, or behind them with ``right``."""
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    number = not isinstance(input, Tensor)
    if number and number_of(input) is None:
        raise bad_argument(REGISTRY["searchsorted"], "input", input)
    given = (
        sorted_sequence.new_tensor(input)
        if number and sorted_sequence.dtype.is_floating_point
        else wrap(np.asarray(input))
        if number
        else input
    )
    if sorter is not None:
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    rows = sorted_sequence._array
    if rows.ndim == 0:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(0)"
        )
    if rows.ndim > 1 and rows.shape[:-1] != given._array.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must "
            f"match, but we got boundaries tensor {list(rows.shape)} and input value tensor {list(given.shape)}"
        )
    if not number and rows.dtype != given._array.dtype:
        raise RuntimeError(
            "torch.searchsorted(): input value tensor and boundaries tensor should have same dtype, but got boundaries tensor dtype "
            f"{sorted_sequence.dtype.legacy_name} and input value tensor dtype {given.dtype.legacy_name}"
        )
    for one in (sorted_sequence, given):
        _refuse("searchsorted_out_cpu", one, bools=True)
    xp = namespace_of(rows)
    found = _search(xp, rows, given._array, right or side == "right")
    return wrap(xp.asarray(found).astype(np.int32 if out_int32 else np.int64))


@composite(out="exact")
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """Which bucket between sorted ``boundaries`` (a vector) each number falls into."""
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    if isinstance(input, Tensor) and input._array.dtype != boundaries._array.dtype:
        raise RuntimeError(
            f"torch.searchsorted(): boundary tensor and input value tensor should have same dtype, but got boundary tensor dtype "
            f"{boundaries.dtype.legacy_name} and input value tensor dtype {input.dtype.legacy_name}"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@composite(out="exact")
def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Which of ``elements`` occur among ``test_elements``. One of them may be a number. NaN is no element of anything."""
    tensors = [one for one in (elements, test_elements) if isinstance(one, Tensor)]
    for name, one in (("elements", elements), ("test_elements", test_elements)):
        if not isinstance(one, Tensor) and (number_of(one) is None or not tensors):
            raise bad_argument(REGISTRY["isin"], name, one)
    # A number beside floats is one of them: 1 / 3 is an element of the float32 numbers that hold it as float32 does.
    number_dtype = tensors[0].dtype if tensors[0].dtype.is_floating_point else None
    found = [
        one if isinstance(one, Tensor) else as_tensor(one, number_dtype, tensors[0].device)
        for one in (elements, test_elements)
    ]
    for one in found:
        if one.is_complex() or one.dtype is dtypes.bool_:
            raise RuntimeError(f"Unsupported input type encountered for isin(): {one.dtype.legacy_name}")
    xp = namespace_of(tensors[0]._array)
    first, second = (_keys(xp, one._array) for one in found)
    return wrap(xp.isin(first, second, invert=invert))


@primitive("_bincount(input, weights: Optional, minlength: int)", half="native")
def _bincount(xp, input, weights, minlength):
    if weights is None:
        return xp.bincount(input, minlength=minlength).astype(np.int64)
    found = xp.bincount(input, weights=weights.astype(np.float64), minlength=minlength)
    return found.astype(weights.dtype if weights.dtype == np.float32 else np.float64)


@_bincount.backward("weights")
def _(grad):
    raise RuntimeError("derivative for bincount is not implemented")


@composite(method=True)
def bincount(input, weights=None, minlength=0):
    """How often each number 0, 1, 2, ... occurs in a vector of non-negative integers, or the sum of its weights."""
    if input.dtype.category >= dtypes.FLOAT:
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{input.dtype.legacy_name}'")
    if (
        input._array.ndim != 1
        or input.dtype.category != dtypes.INTEGER
        or (input._array.size and input._array.min().item() < 0)
    ):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is not None and weights._array.shape != input._array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return _bincount(input, weights if input._array.size else None, minlength)


@composite(method=True, out="exact")
def histc(input, bins=100, min=0, max=0):
    """How many elements fall into each of ``bins`` equal parts of [min, max]; of the data's own range where both are equal."""
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    if input.dtype.category != dtypes.FLOAT:
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{input.dtype.legacy_name}'")
    values = input._array.reshape(-1).astype(np.float64)
    low, high = float(min), float(max)
    if low == high and values.size:
        low, high = float(values.min().item()), float(values.max().item())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("max must be larger than min")
    xp = namespace_of(input._array)
    kept = values[(values >= low) & (values <= high)]
    place = xp.minimum(((kept - low) / (high - low) * bins).astype(np.int64), bins - 1)
    return wrap(xp.bincount(place, minlength=bins).astype(input._array.dtype))
