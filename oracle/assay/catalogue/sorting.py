"""Ops that order, count and look up."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import (
    FOREIGN,
    NO_COMPLEX,
    NO_FLOAT,
    NO_INTEGER,
    instead,
    no_argument,
    no_such_dim,
    no_tensor,
    of_shape,
    unknown_keyword,
)
from .record import Tolerance, along, family

OPS, op = family("sorting")

SCALED_SUM = Tolerance("scaled", 32.0)


@op("sort", points=along(), bad=(*FOREIGN, no_such_dim(), NO_COMPLEX))
@op("argsort", points=along(), bad=(*FOREIGN, no_such_dim(), NO_COMPLEX))
def ordered(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    x = d.distinct(shape)
    if d.flag():
        return d.either(x, dim=d.dim(shape), descending=d.flag())
    return d.call(x, dim=d.dim(shape), **d.keywords(descending=d.flag, stable=d.flag)) if d.flag() else d.call(x)


@op("msort", bad=(*FOREIGN, NO_COMPLEX))
def ordered_rows(d: Drawing) -> Case:
    return d.call(d.distinct(d.shape(1, 4)))


@op("topk", points=along(2), bad=(*FOREIGN, no_such_dim(2), NO_COMPLEX, instead(1, "k", 9999, -1)))
def topk(d: Drawing) -> Case:
    shape = d.shape(0, 4, side=1)
    dim = d.dim(shape)
    k = d.integer(0 if not d.smooth else 1, shape[dim] if shape else 1)
    # Without ties: which of equal elements are chosen, and in which order they stand when not sorted, is nobody's promise.
    return d.either(d.distinct(shape), k=k, dim=dim, largest=d.flag(), sorted=True)


@op("unique", bad=(no_tensor, unknown_keyword, NO_COMPLEX))
@op("unique_consecutive", bad=(no_tensor, unknown_keyword, NO_COMPLEX))
def different(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    x = d.tensor(shape, ("integers", -2, 3))
    options = d.keywords(return_inverse=d.flag, return_counts=d.flag)
    if d.name == "unique":
        options |= d.keywords(sorted=lambda: True)
    if shape and d.flag() and 0 not in shape:
        options["dim"] = d.dim(shape)
    return d.call(x, **options)


@op("isin", bad=(*FOREIGN, NO_COMPLEX))
def contained(d: Drawing) -> Case:
    form = d.choice("tensors", "tensors", "number on the right", "number on the left")
    x, y = d.tensor(d.shape(0, 3), ("integers", -3, 4)), d.tensor(d.shape(0, 2), ("integers", -3, 4))
    options = d.keywords(assume_unique=lambda: False, invert=d.flag)
    if form == "number on the left":
        return d.call(d.integer(0, 3), y, **options)
    return d.call(x, d.integer(0, 3) if form == "number on the right" else y, **options)


def boundaries(d: Drawing, lead: tuple[int, ...] = ()) -> Any:
    """Ascending numbers along the last dimension."""
    return d.tensor((*lead, d.side(0, 33)), ("sorted", 0.0 if d.dtype == "uint8" else -4.0, 4.0), specials=False)


@op("searchsorted", bad=(no_argument, no_tensor, unknown_keyword, NO_COMPLEX, instead(1, "values", "one")))
def searched(d: Drawing) -> Case:
    lead = d.shape(0, 2)
    form = d.choice("rows", "one", "number")
    sides = d.keywords(out_int32=d.flag) | (
        d.keywords(right=d.flag) if d.flag() else d.keywords(side=lambda: d.choice("left", "right"))
    )
    if form == "number":
        return d.call(boundaries(d), d.number(), **sides)
    if form == "one":
        return d.call(boundaries(d), d.tensor(d.shape(0, 3), ("integers", -4, 5)), **sides)
    return d.call(boundaries(d, lead), d.tensor((*lead, d.side(0, 9)), ("uniform", -4.5, 4.5)), **sides)


@op("bucketize", bad=(no_argument, unknown_keyword, NO_COMPLEX))
def bucketed(d: Drawing) -> Case:
    x = d.number() if not d.integer(0, 4) else d.tensor(d.shape(0, 3), ("integers", -4, 5))
    return d.call(x, boundaries(d), **d.keywords(out_int32=d.flag, right=d.flag))


# -- counts -----------------------------------------------------------------------------------------------------------------------


@op(
    "bincount", dtypes=("integer",), bad=(*FOREIGN, of_shape((2, 2)), NO_FLOAT, NO_COMPLEX, instead(2, "minlength", -1))
)
def counted(d: Drawing) -> Case:
    count = d.side(0, 65)
    x = d.tensor((count,), ("integers", 0, 9), specials=False)
    options = d.keywords(minlength=lambda: d.integer(0, 20))
    if d.flag():
        weights = d.tensor((count,), dtype=d.choice("float64", "float32", "int64"), constant=True, specials=False)
        return d.call(x, weights, **options)
    return d.call(x, **options)


@op("histc", specials=False, dtypes=("real",), bad=(*FOREIGN, NO_COMPLEX, instead(1, "bins", 0, -1)))
def counted_in_bins(d: Drawing) -> Case:
    x = d.tensor(d.shape(0, 3))
    if d.flag():
        return d.call(x, d.integer(1, 20))
    return d.either(x, bins=d.integer(1, 20), min=d.choice(-1, 0, -2.5), max=d.choice(1, 2, 3.5))


@op(
    "histogram",
    specials=False,
    tolerance=SCALED_SUM,
    dtypes=("real",),
    bad=(*FOREIGN, NO_COMPLEX, NO_INTEGER, instead(1, "bins", 0, -1)),
)
def histogram(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    x = d.tensor(shape, constant=True)
    options: dict[str, Any] = d.keywords(
        density=d.flag, weight=lambda: d.tensor(shape, ("uniform", 0.0, 2.0), constant=True)
    )
    if d.flag():
        return d.call(x, d.tensor((d.integer(2, 9),), ("sorted", -4.0, 4.0), constant=True), **options)
    return d.call(x, d.integer(1, 20), **options, **({"range": (-1.0, 2.0)} if d.flag() else {}))


@op(
    "histogramdd",
    specials=False,
    tolerance=SCALED_SUM,
    dtypes=("real",),
    bad=(*FOREIGN, NO_COMPLEX, NO_INTEGER, of_shape((3,), ()), instead(1, "bins", (0, 1, 2, 3, 4), -1)),
)
def joint_histogram(d: Drawing) -> Case:
    count, width = d.integer(1, 33), d.integer(1, 3)
    x = d.tensor((count, width), constant=True)
    options: dict[str, Any] = d.keywords(
        density=d.flag, weight=lambda: d.tensor((count,), ("uniform", 0.0, 2.0), constant=True)
    )
    form = d.choice("one", "each", "edges")
    if form == "one":
        return d.call(x, d.integer(1, 5), **options)
    if form == "each":
        return d.call(x, tuple(d.integer(1, 5) for _ in range(width)), **options)
    return d.call(
        x, tuple(d.tensor((d.integer(2, 5),), ("sorted", -4.0, 4.0), constant=True) for _ in range(width)), **options
    )
