"""Ops that read or write chosen elements: by index, by mask, by position."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..cases import Case, TensorSpec
from ..cases.case import ListOf, SliceOf
from .drawing import Drawing
from .errors import (
    FOREIGN,
    TRIES,
    Bad,
    filled,
    instead,
    no_argument,
    no_such_dim,
    no_tensor,
    of_shape,
    surplus_argument,
    unknown_keyword,
    with_argument,
)
from .record import SUM, Tolerance, family

OPS, op = family("indexing")

SCALED_SUM = Tolerance("scaled", 32.0)

INDEX_DTYPES = ("int64", "int64", "int32")


def changed(position: int, change: Callable[[TensorSpec], TensorSpec]) -> Bad:
    """The tensor argument at ``position`` changed in a way that the op refuses."""

    def other(d: Drawing) -> Case:
        case = filled(d)
        for _ in range(TRIES):
            if len(case.args) > position and isinstance(case.args[position], TensorSpec):
                break
            case = filled(d)
        return with_argument(case, position, "index", change(case.args[position]))

    return other


def out_of_range(position: int) -> Bad:
    """Indices far beyond the end. Contiguous, because PyTorch reads foreign memory where an expanded index is out of range."""
    return changed(position, lambda spec: replace(spec, fill=("integers", 9990, 9999), layout="contiguous"))


def fractional(position: int) -> Bad:
    """Indices that are no whole numbers."""
    return changed(position, lambda spec: replace(spec, dtype="float32"))


def too_deep(position: int) -> Bad:
    """Indices with more dimensions than the op takes."""
    return changed(
        position, lambda spec: replace(spec, shape=(2, 2, 2, 2, 2, 2, 2), layout="contiguous", fill=("integers", 0, 1))
    )


def source_dtype(position: int) -> Bad:
    """What is written has another dtype than what it is written to."""
    return changed(
        position, lambda spec: replace(spec, dtype="int16" if spec.dtype != "int16" else "int32", specials=())
    )


def unique(d: Drawing, count: int, size: int) -> TensorSpec:
    """``count`` different indices into a dimension of length ``size``."""
    return d.tensor((count,), ("choice", size), "int64", constant=True, specials=False)


# -- __getitem__ ------------------------------------------------------------------------------------------------------------------


def piece(d: Drawing, length: int) -> SliceOf:
    """A slice of a dimension; steps are positive."""
    bound = lambda: d.integer(-length - 1, length + 1) if d.flag() else None  # noqa: E731
    return SliceOf(bound(), bound(), d.choice(None, 1, 2, 3))


def subscript(d: Drawing, shape: tuple[int, ...]) -> Any:
    """What stands between the brackets: integers, slices, None, an ellipsis, index tensors that broadcast, masks, lists."""
    items: list[Any] = []
    common = tuple(min(side, 5) for side in d.shape(0, 2, side=1))
    axis, dotted = 0, False
    while axis < len(shape):
        length = shape[axis]
        kind = d.choice("slice", "integer", "all", "tensor", "mask", "None", "ellipsis", "list", "stop")
        if kind == "stop":
            break
        if kind == "None":
            items.append(None)
            if len(items) > 6:
                break
            continue
        if kind == "ellipsis":
            if not dotted:
                items.append(Ellipsis)
                axis = d.integer(axis, len(shape))
            dotted = True
            continue
        if kind in ("integer", "tensor", "list") and not length:
            kind = "all"
        if kind == "mask" and any(isinstance(item, (TensorSpec, ListOf)) for item in items):
            kind = "slice"
        if kind == "slice":
            items.append(piece(d, length))
        elif kind == "integer":
            items.append(d.integer(-length, length - 1))
        elif kind == "all":
            items.append(SliceOf(None, None, None))
        elif kind == "tensor":
            items.append(d.indices(d.narrower(common), length, negative=True, dtype=d.choice(*INDEX_DTYPES)))
        elif kind == "mask":
            items.append(d.mask((length,)))
            items.extend(SliceOf(None, None, None) for _ in shape[axis + 1 :] if not dotted)
            break
        else:
            items.append(ListOf(tuple(d.integer(-length, length - 1) for _ in range(common[-1] if common else 1))))
        axis += 1
    if dotted and Ellipsis in items:
        place = items.index(Ellipsis)
        tail = sum(1 for item in items[place + 1 :] if item is not None)
        head = sum(1 for item in items[:place] if item is not None)
        if head + tail > len(shape):
            return Ellipsis
    return items[0] if len(items) == 1 and d.flag() else tuple(items)


def too_many_subscripts(d: Drawing) -> Case:
    """More subscripts than dimensions."""
    return d.call(d.tensor((2, 3)), (0, 0, 0))


def beyond_the_end(d: Drawing) -> Case:
    """An integer or an index beyond the end."""
    return d.call(d.tensor((2, 3)), d.choice(2, -3, (0, 3), (SliceOf(None, None, None), ListOf((0, 7)))))


def backwards(d: Drawing) -> Case:
    """A step that is not positive."""
    return d.call(d.tensor((4,)), SliceOf(None, None, d.choice(-1, 0)))


def wrong_mask(d: Drawing) -> Case:
    """A mask of another length."""
    return d.call(d.tensor((3, 2)), d.mask((4,)))


def no_subscript(d: Drawing) -> Case:
    """A subscript that is none."""
    return d.call(d.tensor((3,)), d.choice("one", 0.5, d.tensor((2,), dtype="float32", constant=True)))


@op("__getitem__", bad=(no_argument, too_many_subscripts, beyond_the_end, backwards, wrong_mask, no_subscript))
def item_of(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    x = d.tensor(shape)
    if shape and not d.integer(0, 5):
        rank = d.integer(1, len(shape))
        return d.call(x, d.mask(shape[:rank]))
    return d.call(x, subscript(d, shape))


# -- gather and scatter -----------------------------------------------------------------------------------------------------------


def below(d: Drawing, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """A shape of indices: at most ``shape`` in every dimension but ``axis``."""
    return tuple(
        d.integer(0, 7) if place == axis else d.integer(min(side, 1), side) for place, side in enumerate(shape)
    )


INDEX_ERRORS = (out_of_range(2), fractional(2))


@op("gather", bad=(*FOREIGN, no_such_dim(), too_deep(2), *INDEX_ERRORS))
def gathered(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    dim = d.dim(shape)
    index = d.indices(below(d, shape, dim % len(shape)), shape[dim], dtype="int64")
    return d.either(d.tensor(shape), dim=dim, index=index)


def beyond_all(d: Drawing) -> Case:
    """A position beyond the last element."""
    return d.call(d.tensor((2, 3), layout="contiguous"), d.tensor((2,), ("integers", 6, 99), "int64", constant=True))


@op("take_along_dim", bad=(*FOREIGN, beyond_all, fractional(1)))
def taken_along(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    if d.flag():
        contiguous = "contiguous" if d.smooth or d.integer(0, 7) else None
        count = math.prod(shape)
        flat = d.tensor(
            d.shape(0, 3), ("integers", 0, count), "int64", constant=True, specials=False, layout=contiguous
        )
        return d.call(d.tensor(shape, layout=contiguous), flat)
    dim = d.dim(shape)
    axis = dim % len(shape)
    index = tuple(d.integer(0, 7) if place == axis else d.choice(side, 1) for place, side in enumerate(shape))
    return d.either(d.tensor(shape), indices=d.indices(index, shape[dim]), dim=dim)


@op("take", bad=(*FOREIGN, out_of_range(1), fractional(1)))
def taken(d: Drawing) -> Case:
    shape = d.shape(0, 4, side=1)
    return d.call(d.tensor(shape), d.indices(d.shape(0, 3), math.prod(shape), negative=True))


def scattered_into(d: Drawing, *, distinct: bool) -> tuple[TensorSpec, int, TensorSpec, tuple[int, ...]]:
    """A destination, a dimension, indices and their shape. ``distinct``: no element is written twice."""
    shape = d.shape(1, 3, side=1)
    dim = d.dim(shape)
    axis = dim % len(shape)
    if not distinct:
        wanted = below(d, shape, axis)
        return d.tensor(shape), dim, d.indices(wanted, shape[dim]), wanted
    wanted = tuple(d.integer(0, side) if place == axis else side for place, side in enumerate(shape))
    index = d.tensor(wanted, ("choice", shape[dim], axis - len(shape)), "int64", constant=True, specials=False)
    return d.tensor(shape), dim, index, wanted


SCATTER_ERRORS = (*FOREIGN, no_such_dim(), too_deep(2), *INDEX_ERRORS)


@op("scatter", bad=(*SCATTER_ERRORS, source_dtype(3)))
def scattered(d: Drawing) -> Case:
    x, dim, index, wanted = scattered_into(d, distinct=True)
    form = d.choice("source", "number", "reduced")
    if form == "number":
        return d.call(x, dim, index, d.number())
    source = d.tensor(tuple(side + d.integer(0, 1) for side in wanted))
    if form == "source" or d.dtype == "bool" or d.smooth:
        return d.call(x, dim, index, source)
    return d.call(x, dim, index, source, reduce=d.choice("add", "multiply"))


@op("scatter_add", tolerance=SUM, bad=(*SCATTER_ERRORS, source_dtype(3)))
def scattered_sum(d: Drawing) -> Case:
    x, dim, index, wanted = scattered_into(d, distinct=False)
    return d.either(x, dim=dim, index=index, src=d.tensor(tuple(side + d.integer(0, 1) for side in wanted)))


@op(
    "scatter_reduce",
    tolerance=SCALED_SUM,
    bad=(*SCATTER_ERRORS, source_dtype(3), instead(4, "reduce", "add", 3)),
)
def scattered_reduction(d: Drawing) -> Case:
    x, dim, index, wanted = scattered_into(d, distinct=False)
    if d.smooth:
        x = d.distinct(x.shape)
    source = d.distinct(wanted, 0.5)
    how = d.choice("sum", "prod", "amax", "amin", "mean")
    if d.dtype == "bool" and how == "mean":
        how = "sum"
    return d.call(x, dim, index, source, how, **d.keywords(include_self=d.flag))


# -- along one dimension ----------------------------------------------------------------------------------------------------------


def rows(d: Drawing, *, distinct: bool = False) -> tuple[tuple[int, ...], int, TensorSpec, tuple[int, ...]]:
    """A shape, a dimension, a vector of indices into it, and the shape of the chosen part."""
    shape = d.shape(1, 4, side=1)
    dim = d.dim(shape)
    axis = dim % len(shape)
    count = d.integer(0, min(shape[axis], 5) if distinct else 7)
    index = (
        unique(d, count, shape[axis]) if distinct else d.indices((count,), shape[axis], dtype=d.choice(*INDEX_DTYPES))
    )
    return shape, dim, index, (*shape[:axis], count, *shape[axis + 1 :])


@op("index_select", bad=(*FOREIGN, no_such_dim(), *INDEX_ERRORS, too_deep(2)))
def rows_of(d: Drawing) -> Case:
    if not d.integer(0, 9):
        return d.call(d.tensor(()), 0, d.indices((1,), 1))
    shape, dim, index, _ = rows(d)
    return d.either(d.tensor(shape), dim=dim, index=index)


@op("index_add", tolerance=SUM, bad=(*FOREIGN, no_such_dim(), *INDEX_ERRORS, too_deep(2), source_dtype(3)))
def rows_added(d: Drawing) -> Case:
    shape, dim, index, part = rows(d)
    call = d.tensor(shape), dim, index, d.tensor(part)
    return d.call(*call, alpha=d.number()) if d.flag() else d.call(*call)


@op("index_copy", bad=(*FOREIGN, no_such_dim(), *INDEX_ERRORS, too_deep(2), source_dtype(3)))
def rows_copied(d: Drawing) -> Case:
    shape, dim, index, part = rows(d, distinct=True)
    return d.either(d.tensor(shape), dim=dim, index=index, source=d.tensor(part))


@op("index_fill", bad=(*FOREIGN, no_such_dim(), *INDEX_ERRORS, too_deep(2)))
def rows_filled(d: Drawing) -> Case:
    shape, dim, index, _ = rows(d)
    index = replace(index, dtype="int64")
    return d.either(
        d.tensor(shape), dim=dim, index=index, value=d.number() if d.flag() else d.tensor((), specials=False)
    )


@op(
    "index_reduce",
    tolerance=SCALED_SUM,
    bad=(*FOREIGN, no_such_dim(), *INDEX_ERRORS, too_deep(2), instead(4, "reduce", "sum", "max")),
)
def rows_reduced(d: Drawing) -> Case:
    shape, dim, index, part = rows(d)
    x, source = d.distinct(shape), d.distinct(part, 0.5)
    return d.call(x, dim, index, source, d.choice("prod", "mean", "amax", "amin"), **d.keywords(include_self=d.flag))


@op("index_put", bad=(*FOREIGN, instead(1, "indices", 0.5, "one")))
def put_at(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=1)
    if d.flag():
        count = d.integer(0, 5)
        places = [d.indices((count,), side, negative=True) for side in shape[: d.integer(1, len(shape))]]
        part = (count, *shape[len(places) :])
        # Elements that are written twice keep either value, so that only sums of them have one answer.
        return d.call(d.tensor(shape), tuple(places), d.tensor(part), accumulate=True)
    index = unique(d, d.integer(0, min(shape[0], 5)), shape[0])
    part = (index.shape[0], *shape[1:])
    return d.call(d.tensor(shape), (index,), d.tensor(d.narrower(part)), **d.keywords(accumulate=d.flag))


@op("put", bad=(*FOREIGN, out_of_range(1), fractional(1), source_dtype(2)))
def put(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=1)
    wanted = tuple(min(side, 3) for side in d.shape(0, 2))
    if d.flag():
        return d.call(
            d.tensor(shape), d.indices(wanted, math.prod(shape), negative=True), d.tensor(wanted), accumulate=True
        )
    index = unique(d, d.integer(0, min(math.prod(shape), 6)), math.prod(shape))
    return d.call(d.tensor(shape), index, d.tensor(index.shape))


# -- by mask ----------------------------------------------------------------------------------------------------------------------


def mask_of_numbers(d: Drawing) -> Case:
    """A mask that is no boolean tensor."""
    return with_argument(filled(d), 1, "mask", d.tensor((1,), dtype="float32", constant=True))


@op("masked_fill", bad=(*FOREIGN, mask_of_numbers, instead(2, "value", "one")))
def masked_fill(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    value = d.number() if d.flag() else d.tensor((), specials=False)
    return d.either(d.tensor(shape), mask=d.mask(d.narrower(shape)), value=value)


@op("masked_select", bad=(*FOREIGN, mask_of_numbers))
def masked_select(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    return d.either(d.tensor(one), mask=d.mask(two))


@op("masked_scatter", bad=(*FOREIGN, mask_of_numbers, source_dtype(2)))
def masked_scatter(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    source = (math.prod(shape) + d.integer(0, 3),)
    return d.either(d.tensor(shape), mask=d.mask(d.narrower(shape)), source=d.tensor(source))


# -- parts written to -------------------------------------------------------------------------------------------------------------


@op(
    "select_scatter",
    bad=(
        *FOREIGN,
        no_such_dim(2),
        instead(3, "index", 99, -99),
    ),
)
def selected_written(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    dim = d.dim(shape)
    axis = dim % len(shape)
    part = d.tensor((*shape[:axis], *shape[axis + 1 :]))
    return d.either(d.tensor(shape), src=part, dim=dim, index=d.integer(-shape[axis], shape[axis] - 1))


@op("slice_scatter", bad=(*FOREIGN, no_such_dim(2), instead(5, "step", 0, -1)))
def slice_written(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    dim = d.dim(shape)
    axis = dim % len(shape)
    start = d.integer(0, shape[axis])
    end = d.integer(start, shape[axis])
    step = d.integer(1, 3)
    count = len(range(start, end, step))
    part = d.tensor((*shape[:axis], count, *shape[axis + 1 :]))
    return d.either(d.tensor(shape), src=part, dim=dim, start=start, end=end, step=step)


@op("diagonal_scatter", bad=(*FOREIGN, no_such_dim(3, "dim1"), instead(2, "offset", 97, -97)))
def diagonal_written(d: Drawing) -> Case:
    shape = d.shape(2, 4, side=1)
    one, two = d.dims(shape, least=2, most=2)
    rows_, columns = shape[one], shape[two]
    offset = d.integer(-rows_ + 1, columns - 1)
    length = min(rows_, columns - offset) if offset >= 0 else min(rows_ + offset, columns)
    left = [side for axis, side in enumerate(shape) if axis not in (one % len(shape), two % len(shape))]
    return d.either(d.tensor(shape), src=d.tensor((*left, length)), offset=offset, dim1=one, dim2=two)


# -- where things are -------------------------------------------------------------------------------------------------------------


@op("nonzero", bad=(*FOREIGN,))
def nonzero(d: Drawing) -> Case:
    x = d.tensor(d.shape(0, 4), ("integers", -1, 2))
    return d.call(x, as_tuple=d.flag()) if d.flag() else d.call(x)


@op("argwhere", bad=FOREIGN)
def argwhere(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 4), ("integers", -1, 2)))


@op("nonzero_static", bad=(no_tensor, no_argument, surplus_argument, unknown_keyword))
def nonzero_static(d: Drawing) -> Case:
    return d.call(
        d.tensor(d.shape(0, 3), ("integers", -1, 2)),
        size=d.integer(0, 20),
        **d.keywords(fill_value=lambda: d.integer(-2, 2)),
    )


@op(
    "unravel_index",
    dtypes=("integer",),
    bad=(no_argument, surplus_argument, unknown_keyword, instead(1, "shape", (-1, 2), "one")),
)
def unraveled(d: Drawing) -> Case:
    shape = tuple(d.integer(1, 5) for _ in range(d.integer(1, 4)))
    return d.either(d.tensor(d.shape(0, 2), ("integers", 0, min(math.prod(shape), 100)), specials=False), shape=shape)


@op("item", smooth=False, bad=(no_argument, of_shape((2,), (0,), (1, 3))))
def item(d: Drawing) -> Case:
    return d.call(d.tensor(d.choice((), (1,), (1, 1))))
