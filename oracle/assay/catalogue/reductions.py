"""Ops that reduce, accumulate or normalise along dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cases import Case
from ..cases.case import DType
from .drawing import Drawing
from .errors import (
    FOREIGN,
    NO_BOOL,
    NO_COMPLEX,
    NO_INTEGER,
    Bad,
    instead,
    no_argument,
    no_such_dim,
    no_tensor,
    of_shape,
    repeated_dim,
    unbroadcastable,
    unknown_keyword,
)
from .record import SHIFTED, SUM, Tolerance, along, family, homogeneous, ulp

OPS, op = family("reductions")

FLOAT = ("real", "half")
FLOAT_OR_COMPLEX = ("real", "half", "complex")

SCALED_SUM = Tolerance("scaled", 32.0)

Dims = Callable[[Drawing, tuple[int, ...]], Any]


def one_dim(d: Drawing, shape: tuple[int, ...]) -> int:
    """A dimension."""
    return d.dim(shape)


def any_dims(d: Drawing, shape: tuple[int, ...]) -> Any:
    """A dimension, some of them, none (which is all of them), or None."""
    form = d.choice("one", "some", "some", "none", "None")
    if form == "one":
        return d.dim(shape)
    if form == "some" and shape:
        return d.dims(shape, least=1)
    return None if form == "None" else ()


def some_dims(d: Drawing, shape: tuple[int, ...]) -> Any:
    """A dimension or some of them."""
    return d.dims(shape, least=1) if shape and d.flag() else d.dim(shape)


def filled_shape(d: Drawing, most: int = 5) -> tuple[int, ...]:
    """A shape, mostly without zero-size dimensions: extremes of nothing are refused."""
    return d.shape(0, most, side=0 if not d.smooth and not d.integer(0, 9) else 1)


DIM_ERRORS: tuple[Bad, ...] = (*FOREIGN, no_such_dim(), repeated_dim())
ONE_DIM_ERRORS: tuple[Bad, ...] = (*FOREIGN, no_such_dim(), instead(1, "dim", 0.5, "no"))


# -- sums and products ------------------------------------------------------------------------------------------------------------


@op("sum", tolerance=SUM, analytic=True, laws=(homogeneous(1.0),), bad=DIM_ERRORS)
@op("nansum", tolerance=SUM, laws=(homogeneous(1.0),), bad=(*DIM_ERRORS, NO_COMPLEX))
@op(
    "mean",
    tolerance=SUM,
    analytic=True,
    dtypes=FLOAT_OR_COMPLEX,
    laws=(homogeneous(1.0),),
    bad=(*DIM_ERRORS, NO_INTEGER, NO_BOOL),
)
@op("nanmean", tolerance=SUM, dtypes=FLOAT, laws=(homogeneous(1.0),), bad=(*DIM_ERRORS, NO_INTEGER))
def total(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    x = d.tensor(shape)
    options: dict[str, Any] = {"dtype": DType(into_floating(d))} if d.integer(0, 3) == 3 else {}
    if d.flag():
        return d.call(x, **options)
    return (
        d.either(x, dim=any_dims(d, shape), keepdim=d.flag())
        if not options
        else d.call(x, any_dims(d, shape), **options)
    )


def into_floating(d: Drawing) -> str:
    """A dtype to accumulate in."""
    if d.smooth:
        return d.dtype
    return d.choice("complex128", "complex64") if d.is_complex else d.choice("float64", "float32", "bfloat16")


@op("prod", tolerance=SCALED_SUM, analytic=True, bad=(*FOREIGN, no_such_dim()))
def product(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    x = d.tensor(shape, d.choice(("uniform", 0.5, 1.5), ("uniform", -1.5, 1.5), ("integers", -1, 3)))
    options: dict[str, Any] = {"dtype": DType(into_floating(d))} if d.integer(0, 3) == 3 else {}
    if d.flag():
        return d.call(x, **options)
    return d.call(x, d.dim(shape), *([d.flag()] if d.flag() else []), **options)


@op(
    "std", "var", tolerance=SCALED_SUM, dtypes=FLOAT_OR_COMPLEX, bad=(*DIM_ERRORS, NO_INTEGER, NO_BOOL), laws=(SHIFTED,)
)
@op("std_mean", "var_mean", tolerance=SCALED_SUM, dtypes=FLOAT_OR_COMPLEX, bad=(*DIM_ERRORS, NO_INTEGER, NO_BOOL))
def spread(d: Drawing) -> Case:
    shape = d.shape(1 if d.smooth else 0, 5, side=3 if d.smooth else 0)
    x = d.tensor(shape)
    form = d.choice("correction", "unbiased", "plain", "flag")
    if form == "plain":
        return d.call(x)
    if form == "flag":
        return d.call(x, d.flag())
    dims = any_dims(d, shape)
    if form == "unbiased":
        return d.either(x, dim=dims, unbiased=d.flag(), keepdim=d.flag())
    return d.call(
        x, dims, correction=d.choice(0, 1, 2) if d.smooth or d.flag() else d.choice(0.5, 3, None), keepdim=d.flag()
    )


@op("logsumexp", tolerance=SUM, analytic=True, bad=(*FOREIGN, no_such_dim(), repeated_dim()))
def log_sum(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    return d.either(d.tensor(shape), dim=some_dims(d, shape), keepdim=d.flag())


@op("softmax", tolerance=ulp(16), bad=(*FOREIGN, no_such_dim(), NO_INTEGER, NO_BOOL), dtypes=FLOAT, laws=(SHIFTED,))
@op(
    "log_softmax",
    tolerance=SCALED_SUM,
    bad=(*FOREIGN, no_such_dim(), NO_INTEGER, NO_BOOL),
    dtypes=FLOAT,
    laws=(SHIFTED,),
)
def normalised(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    x = d.tensor(shape)
    if d.integer(0, 2) == 2:
        return d.call(x, d.dim(shape), dtype=DType(into_floating(d)))
    return d.either(x, dim=d.dim(shape))


def counts(case: Case) -> bool:
    """Whether a norm is that of order 0: the number of elements that are not zero."""
    return dict(case.kwargs).get("p", case.args[1] if len(case.args) > 1 else 2) == 0


@op(
    "norm",
    tolerance=SCALED_SUM,
    dtypes=FLOAT_OR_COMPLEX,
    laws=(homogeneous(1.0, except_for=counts),),
    bad=(*FOREIGN, no_such_dim(2), NO_INTEGER, NO_BOOL),
)
def norm(d: Drawing) -> Case:
    shape = d.shape(0, 4, side=1)
    x = d.tensor(shape, ("uniform", 0.3, 3.0))
    if d.flag():
        return d.call(x, *([d.choice(2, 1, 3.5)] if d.flag() else []))
    if len(shape) == 2 and d.flag():
        if d.smooth or d.flag():
            return d.call(x, "fro")
        return d.call(d.tensor(shape, specials=False), "nuc")
    order = d.choice(2.0, 1, 3.0, 1.5) if d.smooth else d.choice(2, 1, 0, float("inf"), float("-inf"), 0.5, 3, -2)
    return d.either(x, p=order, dim=d.dim(shape) if shape else 0, keepdim=d.flag())


@op("count_nonzero", bad=(*FOREIGN, no_such_dim()))
def nonzeros(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    x = d.tensor(shape, ("integers", -1, 2))
    return d.either(x, dim=some_dims(d, shape)) if d.flag() else d.call(x)


@op("all", "any", bad=DIM_ERRORS)
def quantified(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    x = d.tensor(shape, ("integers", 0, 2) if d.flag() else ("integers", -1, 4))
    return d.either(x, dim=any_dims(d, shape), keepdim=d.flag()) if d.flag() else d.call(x)


@op("hash_tensor", bad=FOREIGN)
def hashed(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    x = d.tensor(shape, specials=False)
    return d.call(x, dim=d.dim(shape), keepdim=d.flag()) if d.flag() else d.call(x)


@op("trace", tolerance=SUM, analytic=True, laws=(homogeneous(1.0),), bad=(*FOREIGN, of_shape((3,), (2, 2, 2), ())))
def trace(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(2, 2)))


# -- extremes ---------------------------------------------------------------------------------------------------------------------

EXTREME_ERRORS = (*FOREIGN, NO_COMPLEX)


@op(
    "amax",
    "amin",
    bad=(*EXTREME_ERRORS, no_such_dim(), repeated_dim(), of_shape((0,))),
    laws=(homogeneous(1.0),),
)
def extreme(d: Drawing) -> Case:
    shape = filled_shape(d)
    x = d.distinct(shape)
    return d.either(x, dim=d.choice((), some_dims(d, shape)), keepdim=d.flag()) if d.flag() else d.call(x)


@op("aminmax", bad=(*EXTREME_ERRORS, no_such_dim(1, "dim")), laws=(homogeneous(1.0),))
def extremes(d: Drawing) -> Case:
    shape = filled_shape(d)
    x = d.distinct(shape)
    return d.call(x, dim=d.dim(shape), keepdim=d.flag()) if d.flag() else d.call(x)


@op("max", "min", points=along(), bad=(*EXTREME_ERRORS, no_such_dim()))
def largest(d: Drawing) -> Case:
    shape = filled_shape(d)
    form = d.choice("all", "dim", "dim", "pair")
    x = d.distinct(shape)
    if form == "all":
        return d.call(x)
    if form == "dim":
        return d.either(x, dim=d.dim(shape), keepdim=d.flag())
    return d.call(x, d.distinct(d.narrower(shape), 0.5))


@op("argmax", "argmin", points=along(default=None), bad=(*EXTREME_ERRORS, NO_BOOL, no_such_dim(), of_shape((0,))))
def where_largest(d: Drawing) -> Case:
    shape = filled_shape(d)
    x = d.distinct(shape)
    return d.either(x, dim=d.choice(None, d.dim(shape)), keepdim=d.flag()) if d.flag() else d.call(x)


@op("median", "nanmedian", points=along(), bad=(*EXTREME_ERRORS, NO_BOOL, no_such_dim()))
def middle(d: Drawing) -> Case:
    shape = filled_shape(d, 4)
    x = d.distinct(shape)
    return d.either(x, dim=d.dim(shape), keepdim=d.flag()) if d.flag() else d.call(x)


@op("mode", points=along(), bad=(*EXTREME_ERRORS, no_such_dim()))
def commonest(d: Drawing) -> Case:
    shape = filled_shape(d, 4)
    x = d.distinct(shape) if d.smooth or d.flag() else d.tensor(shape, ("integers", 0, 3))
    return d.either(x, dim=d.dim(shape), keepdim=d.flag()) if d.flag() else d.call(x)


@op("kthvalue", points=along(2), bad=(*EXTREME_ERRORS, NO_BOOL, no_such_dim(2), instead(1, "k", 0, 1000, -1)))
def kth(d: Drawing) -> Case:
    shape = d.shape(0, 4, side=1)
    x = d.distinct(shape)
    dim = d.dim(shape)
    k = d.integer(1, shape[dim] if shape else 1)
    return d.either(x, k=k, dim=dim, keepdim=d.flag()) if d.flag() or not shape else d.call(x, d.integer(1, shape[-1]))


@op(
    "quantile",
    "nanquantile",
    tolerance=SCALED_SUM,
    dtypes=("real",),
    bad=(*FOREIGN, no_such_dim(2), NO_INTEGER, instead(1, "q", 1.5, -0.1)),
)
def quantile(d: Drawing) -> Case:
    shape = d.shape(0, 3, side=1)
    x = d.distinct(shape)
    if d.flag():
        q: Any = d.choice(0.1, 0.3, 0.7) if d.smooth else d.choice(0.5, 0.0, 1.0, 0.25, 0.1)
    else:
        q = d.tensor(d.choice((3,), (1,), (2,)), ("uniform", 0.1, 0.9), constant=True, specials=False)
    options = {"keepdim": d.flag()} | d.keywords(
        interpolation=lambda: d.choice("linear", "lower", "higher", "midpoint", "nearest")
    )
    if d.smooth:
        options.pop("interpolation", None)
    return d.call(x, q, d.dim(shape), **options) if d.flag() else d.call(x, q, **options)


# -- running ----------------------------------------------------------------------------------------------------------------------


@op("cumsum", tolerance=SUM, analytic=True, laws=(homogeneous(1.0),), bad=(*ONE_DIM_ERRORS,))
@op("cumprod", tolerance=SCALED_SUM, analytic=True, bad=(*ONE_DIM_ERRORS,))
def running(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    x = d.tensor(shape, ("uniform", 0.5, 1.5) if d.name == "cumprod" and d.flag() else ("uniform", -2.0, 2.0))
    if d.integer(0, 3) == 3:
        return d.call(x, d.dim(shape), dtype=DType(into_floating(d)))
    return d.either(x, dim=d.dim(shape))


@op(
    "logcumsumexp",
    tolerance=ulp(16),
    analytic=True,
    dtypes=FLOAT_OR_COMPLEX,
    bad=(*ONE_DIM_ERRORS, NO_INTEGER, NO_BOOL),
)
def running_log_sum(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    return d.either(d.tensor(shape), dim=d.dim(shape))


@op("cummax", "cummin", points=along(), bad=(*ONE_DIM_ERRORS, NO_COMPLEX))
def running_extreme(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    return d.either(d.distinct(shape), dim=d.dim(shape))


def difference_beyond(d: Drawing) -> Case:
    """A difference along a dimension that is not there."""
    return d.call(d.tensor((3, 2)), d.integer(1, 2), d.choice(2, -3, 7))


@op("diff", tolerance=ulp(4), analytic=True, bad=(*FOREIGN, difference_beyond, instead(1, "n", -1), of_shape(())))
def differences(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    x = d.tensor(shape)
    if d.flag():
        return d.call(x)
    dim = d.dim(shape)
    edges = {
        name: d.tensor(tuple(d.integer(1, 2) if axis == dim % len(shape) else side for axis, side in enumerate(shape)))
        for name in ("prepend", "append")
        if d.flag()
    }
    return d.call(x, n=d.integer(0, 3), dim=dim, **edges) if d.flag() else d.call(x, d.integer(1, 2), dim, **edges)


@op("trapezoid", "trapz", tolerance=SUM, analytic=True, bad=(*FOREIGN, unbroadcastable))
@op("cumulative_trapezoid", tolerance=SUM, analytic=True, bad=(*FOREIGN, unbroadcastable))
def integral(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    y = d.tensor(shape)
    form = d.choice("plain", "dx", "x", "x")
    dim = d.dim(shape)
    if form == "plain":
        return d.call(y, dim=dim) if d.flag() else d.call(y)
    if form == "dx":
        return d.call(y, dx=d.real(0.5, 2.0) if d.inexact else d.integer(1, 3), dim=dim)
    x = d.tensor(d.choice(shape, (shape[dim],)), ("sorted", -2.0, 2.0))
    return d.call(y, x, dim=dim)


@op(
    "gradient",
    tolerance=ulp(8),
    dtypes=("real", "complex"),
    bad=(no_argument, no_tensor, unknown_keyword, no_such_dim(9), of_shape((1,))),
)
def finite_differences(d: Drawing) -> Case:
    edge = d.choice(1, 2)
    shape = d.shape(1, 3, side=edge + 1)
    x = d.tensor(shape)
    form = d.choice("plain", "spacing", "dim", "coordinates")
    if form == "plain":
        return d.call(x, edge_order=edge)
    dim = d.dim(shape)
    if form == "dim":
        return d.call(x, dim=d.choice(dim, (dim,)), edge_order=edge)
    if form == "spacing":
        return d.call(x, spacing=d.choice(0.5, 2.0, 1.5), edge_order=edge)
    coordinates = d.tensor((shape[dim],), ("sorted", -3.0, 3.0), "float64", constant=True, specials=False)
    return d.call(x, spacing=(coordinates,), dim=dim, edge_order=edge)


# -- statistics -------------------------------------------------------------------------------------------------------------------


@op("cov", tolerance=SCALED_SUM, bad=(*FOREIGN, of_shape((2, 2, 2)), NO_BOOL))
def covariance(d: Drawing) -> Case:
    shape = (d.integer(1, 4), d.integer(2, 9)) if d.flag() else (d.integer(2, 9),)
    x = d.tensor(shape)
    count = shape[-1]
    options = d.keywords(
        correction=lambda: d.choice(0, 1),
        fweights=lambda: d.tensor((count,), ("integers", 1, 5), "int64", constant=True, specials=False),
    )
    if d.inexact and not d.smooth and d.flag():
        options["aweights"] = d.tensor((count,), ("uniform", 0.5, 2.0), "float64", constant=True, specials=False)
    return d.call(x, **options)


@op("corrcoef", tolerance=SCALED_SUM, bad=(*FOREIGN, of_shape((2, 2, 2)), NO_BOOL))
def correlation(d: Drawing) -> Case:
    shape = (d.integer(1, 4), d.integer(3, 9)) if d.flag() else (d.integer(3, 9),)
    return d.call(d.tensor(shape))


@op("dist", tolerance=SCALED_SUM, dtypes=FLOAT_OR_COMPLEX, bad=(*FOREIGN, unbroadcastable, NO_INTEGER))
def distance(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    x, y = d.tensor(one, ("uniform", 1.0, 3.0)), d.tensor(two, ("uniform", -3.0, -1.0))
    p = d.choice(2, 1, 3.0, 1.5) if d.smooth else d.choice(2, 1, 0, 3.0, float("inf"), float("-inf"))
    return d.either(x, y, p=p) if d.flag() else d.call(x, y)


@op(
    "renorm",
    tolerance=ulp(16),
    dtypes=FLOAT_OR_COMPLEX,
    bad=(*FOREIGN, no_such_dim(2), instead(3, "maxnorm", -1.0), of_shape((3,)), NO_INTEGER),
)
def renormalised(d: Drawing) -> Case:
    shape = d.shape(2, 4, side=1)
    p = d.choice(2, 1.5, 3) if d.smooth else d.choice(2, 1, 0.5, 3, float("inf"))
    return d.either(d.tensor(shape, ("uniform", 0.5, 3.0)), p=p, dim=d.dim(shape), maxnorm=d.choice(1.0, 0.25, 100.0))


@op(
    "cdist",
    tolerance=SCALED_SUM,
    dtypes=("real",),
    core=(2, 2),
    bad=(*FOREIGN, of_shape((2,), ()), NO_INTEGER, NO_COMPLEX, instead(2, "p", -1.0)),
)
def distances(d: Drawing) -> Case:
    batch = d.shape(0, 2, side=1)
    width = d.side(1, 9)
    x = d.tensor((*batch, d.side(1, 33), width), ("uniform", 1.0, 3.0))
    y = d.tensor((*d.narrower(batch), d.side(1, 33), width), ("uniform", -3.0, -1.0))
    p = d.choice(2.0, 1.5, 3.0) if d.smooth else d.choice(2.0, 1.0, 0.0, float("inf"), 3.5)
    modes = d.keywords(compute_mode=lambda: d.choice("use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"))
    return d.call(x, y, p, **modes)
