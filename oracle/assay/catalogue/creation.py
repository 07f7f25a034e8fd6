"""Ops that make tensors from numbers: filled, spaced, uninitialised."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from ..cases.case import DType
from .drawing import EVERY_DTYPE, Drawing
from .errors import (
    FOREIGN,
    Bad,
    instead,
    no_argument,
    no_tensor,
    surplus_argument,
    unknown_keyword,
)
from .record import family, ulp

OPS, op = family("creation")

ALL = ("real", "half", "complex", "integer", "bool")


def options(d: Drawing) -> dict[str, Any]:
    """The dtype of the case, or no dtype at all."""
    return {"dtype": DType(d.dtype)} if d.integer(0, 3) else {}


def spread_out(d: Drawing, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Sizes as one tuple, or one by one."""
    return shape if shape and d.flag() else (shape,)


def number_for(d: Drawing) -> Any:
    """A Python number that the case's dtype holds, or any where the dtype follows from the number."""
    return d.number(0 if d.dtype == "uint8" else -3, 3)


SIZES: tuple[Bad, ...] = (no_argument, unknown_keyword, instead(0, "size", (-1, 2), "size", (2, 0.5)))
NO_DTYPE = instead(9, "dtype", "float32", 3)


@op("zeros", "ones", dtypes=ALL, smooth=False, bad=(*SIZES, NO_DTYPE))
@op("empty", dtypes=ALL, smooth=False, uninitialised=True, bad=(*SIZES, NO_DTYPE))
def filled(d: Drawing) -> Case:
    return d.call(*spread_out(d, d.shape(0, 5)), **options(d))


@op("full", dtypes=ALL, smooth=False, bad=(*SIZES, NO_DTYPE, instead(1, "fill_value", "one")))
def full(d: Drawing) -> Case:
    return (
        d.either(d.shape(0, 5), fill_value=number_for(d))
        if d.flag()
        else d.call(d.shape(0, 4), number_for(d), dtype=DType(d.dtype))
    )


@op(
    "empty_strided",
    dtypes=ALL,
    smooth=False,
    uninitialised=True,
    bad=(no_argument, unknown_keyword, instead(1, "stride", (1,) * 9, (1, -1) * 5)),
)
def strided(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    strides, step = [], 1
    for side in reversed(shape):
        strides.append(step)
        step *= max(side, 1) + d.integer(0, 1)
    return d.call(shape, tuple(reversed(strides)), **options(d))


@op(
    "empty_permuted",
    dtypes=ALL,
    smooth=False,
    uninitialised=True,
    bad=(no_argument, unknown_keyword, instead(1, "physical_layout", (0,) * 7, (9,) * 5)),
)
def permuted(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    order = tuple(dim % max(len(shape), 1) for dim in d.dims(shape, least=len(shape)))
    return d.call(shape, order, **options(d))


# -- like another tensor ----------------------------------------------------------------------------------------------------------


def like_dtype(d: Drawing) -> dict[str, Any]:
    """Another dtype for the copy, now and then."""
    return {"dtype": DType(d.choice(*EVERY_DTYPE))} if d.flag() else {}


@op("zeros_like", "ones_like", dtypes=ALL, smooth=False, bad=(*FOREIGN, NO_DTYPE))
@op("empty_like", dtypes=ALL, smooth=False, uninitialised=True, bad=(*FOREIGN, NO_DTYPE))
def like(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 5)), **like_dtype(d))


@op("full_like", dtypes=ALL, smooth=False, bad=(*FOREIGN, NO_DTYPE, instead(1, "fill_value", "one")))
def full_like(d: Drawing) -> Case:
    return d.either(d.tensor(d.shape(0, 5)), fill_value=number_for(d))


METHOD_SIZES: tuple[Bad, ...] = (no_argument, no_tensor, unknown_keyword, instead(1, "size", (-1, 2), "size", (2, 0.5)))


@op("new_zeros", "new_ones", dtypes=ALL, smooth=False, bad=METHOD_SIZES)
@op("new_empty", dtypes=ALL, smooth=False, uninitialised=True, bad=METHOD_SIZES)
def new(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 2)), *spread_out(d, d.shape(0, 4)), **like_dtype(d))


@op("new_full", dtypes=ALL, smooth=False, bad=(*METHOD_SIZES, instead(2, "fill_value", "one")))
def new_full(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 2)), d.shape(0, 4), number_for(d))


@op(
    "new_empty_strided",
    dtypes=ALL,
    smooth=False,
    uninitialised=True,
    bad=(no_argument, no_tensor, unknown_keyword, instead(2, "stride", (1,) * 9)),
)
def new_strided(d: Drawing) -> Case:
    shape = (d.integer(0, 4), d.integer(0, 4))
    return d.call(d.tensor(d.shape(0, 2)), shape, d.choice((max(shape[1], 1), 1), (1, max(shape[0], 1))))


@op("fill", bad=(*FOREIGN, instead(1, "value", "one")))
def fill(d: Drawing) -> Case:
    value = number_for(d) if d.flag() else d.tensor((), specials=False)
    return d.call(d.tensor(d.shape(0, 5)), value)


@op("zero_", smooth=False, bad=FOREIGN)
def zero(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 5)))


@op(
    "scalar_tensor",
    dtypes=ALL,
    smooth=False,
    bad=(no_argument, surplus_argument, unknown_keyword, instead(0, "s", "one", (1, 2))),
)
def scalar(d: Drawing) -> Case:
    return d.call(number_for(d), **options(d))


# -- spaced -----------------------------------------------------------------------------------------------------------------------

NUMBERS = ("real", "half", "integer")


def no_way(d: Drawing) -> Case:
    """A step of zero, or one that leads away from the end."""
    return d.call(*d.choice((0, 5, 0), (0, 5, -1), (5, 0, 1), (0.0, float("inf"), 1.0), (float("nan"), 1.0)))


@op(
    "arange",
    dtypes=NUMBERS,
    tolerance=ulp(2),
    smooth=False,
    bad=(no_argument, surplus_argument, unknown_keyword, no_way, instead(0, "end", "one")),
)
def arange(d: Drawing) -> Case:
    whole = d.integral or d.flag()
    number = (lambda low, high: d.integer(low, high)) if whole else (lambda low, high: d.real(low, high))
    form = d.choice("end", "start and end", "step", "down")
    chosen = options(d)
    if form == "end":
        return d.call(number(0, 40), **chosen)
    start = number(0 if d.dtype == "uint8" else -9, 9)
    if form == "start and end":
        return d.call(start, start + number(0, 20), **chosen)
    step = number(1, 4)
    if form == "step" or d.dtype == "uint8":
        return d.either(start, end=start + number(0, 20), step=step)
    return d.call(start, start - number(0, 20), -step, **chosen)


def negative_steps(d: Drawing) -> Case:
    """Fewer than no points."""
    return d.call(0, 1, d.choice(-1, -7))


@op(
    "linspace",
    dtypes=("real", "half", "complex", "integer"),
    tolerance=ulp(4),
    smooth=False,
    bad=(no_argument, unknown_keyword, negative_steps, instead(0, "start", "one")),
)
@op(
    "logspace",
    dtypes=("real", "complex"),
    tolerance=ulp(16),
    smooth=False,
    bad=(no_argument, unknown_keyword, negative_steps, instead(0, "start", "one")),
)
def spaced(d: Drawing) -> Case:
    ends = number_for(d), number_for(d)
    if not d.is_complex and not d.integer(0, 4):
        ends = d.tensor((), constant=True, specials=False), ends[1]
    extra = {"base": d.choice(2.0, 10.0, 3.0)} if d.name == "logspace" and d.flag() else {}
    return d.call(*ends, d.choice(5, 0, 1, 2, 7, 33, 64), **extra, dtype=DType(d.dtype))


@op("eye", dtypes=ALL, smooth=False, bad=(no_argument, unknown_keyword, instead(0, "n", -1, "two", 0.5), NO_DTYPE))
def eye(d: Drawing) -> Case:
    return d.call(d.side(0, 33), *([d.side(0, 33)] if d.flag() else []), **options(d))


@op(
    "tril_indices",
    "triu_indices",
    dtypes=("integer",),
    smooth=False,
    bad=(no_argument, unknown_keyword, instead(0, "row", -1, "two", 0.5)),
)
def triangle(d: Drawing) -> Case:
    call = d.side(0, 17), d.side(0, 17), d.integer(-6, 6)
    return d.call(*call, **({"dtype": DType(d.choice("int32", "int64"))} if d.flag() else {}))
