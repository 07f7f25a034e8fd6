"""Ops that draw from the generator. What their streams are is compared element by element where the oracle's are promised."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from ..cases.case import DType
from .drawing import Drawing
from .errors import FOREIGN, NO_COMPLEX, NO_INTEGER, Bad, instead, no_argument, no_tensor, unknown_keyword
from .record import Tolerance, family, ulp

OPS, op = family("random")

FLOAT = ("real", "half")

SIZES: tuple[Bad, ...] = (no_argument, unknown_keyword, instead(0, "size", (-1, 2), "size"))


@op("randn", dtypes=("real", "half", "complex"), random=True, smooth=False, tolerance=ulp(8), bad=SIZES)
def standard_normal(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    return d.call(*(shape if shape and d.flag() else (shape,)), dtype=DType(d.dtype))


@op(
    "randn_like",
    "rand_like",
    dtypes=("real", "half", "complex"),
    random=True,
    smooth=False,
    tolerance=ulp(8),
    bad=FOREIGN,
)
def like(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 4)))


@op(
    "randint",
    dtypes=("real", "half", "integer"),
    random=True,
    smooth=False,
    bad=(no_argument, unknown_keyword, instead(1, "high", -10, "one")),
)
def whole_numbers(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    if d.flag():
        return d.call(0 if d.dtype == "uint8" else d.integer(-9, 0), d.integer(1, 100), shape, dtype=DType(d.dtype))
    return d.call(0, d.integer(1, 100), shape, dtype=DType(d.dtype))


@op(
    "randint_like",
    dtypes=("real", "half", "integer"),
    random=True,
    smooth=False,
    bad=(*FOREIGN, instead(1, "high", "one")),
)
def whole_like(d: Drawing) -> Case:
    x = d.tensor(d.shape(0, 4))
    if d.flag():
        return d.call(x, 0 if d.dtype == "uint8" else d.integer(-9, 0), d.integer(1, 100))
    return d.call(x, d.integer(1, 100))


def no_probabilities(d: Drawing) -> Case:
    """Numbers that are no probabilities."""
    return d.call(d.tensor((3,), ("uniform", 1.5, 9.0), layout="contiguous"))


@op(
    "bernoulli",
    dtypes=FLOAT,
    random=True,
    specials=False,
    smooth=False,
    bad=(*FOREIGN, no_probabilities, NO_COMPLEX, instead(1, "p", 1.5, -0.5)),
)
def coins(d: Drawing) -> Case:
    x = d.tensor(d.shape(0, 4), ("uniform", 0.0, 1.0))
    return d.call(x, d.choice(0.5, 0.0, 1.0, 0.25)) if d.flag() else d.call(x)


@op(
    "multinomial",
    dtypes=FLOAT,
    random=True,
    specials=False,
    smooth=False,
    bad=(*FOREIGN, NO_INTEGER, NO_COMPLEX, instead(1, "num_samples", 0, -1, -9)),
)
def draws(d: Drawing) -> Case:
    count = d.integer(1, 9)
    shape = (count,) if d.flag() else (d.integer(1, 5), count)
    replacement = d.flag()
    wanted = d.integer(1, 12 if replacement else count)
    return d.either(d.tensor(shape, ("uniform", 0.1, 1.0)), num_samples=wanted, replacement=replacement)


@op(
    "normal",
    dtypes=FLOAT,
    random=True,
    specials=False,
    smooth=False,
    tolerance=ulp(16),
    bad=(no_argument, unknown_keyword, instead(1, "std", -1.0)),
)
def normal(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    form = d.choice("tensors", "mean", "std", "numbers")
    mean = d.tensor(shape, constant=True)
    deviation = d.tensor(shape, ("uniform", 0.5, 2.0), constant=True)
    if form == "tensors":
        return d.call(mean, deviation)
    if form == "mean":
        return d.call(mean, 1.5)
    if form == "std":
        return d.call(0.5, deviation)
    return d.call(0.5, 2.0, shape, dtype=DType(d.dtype))


FILLED: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "uniform": ((0.0, 1.0), (1.0, 0.0)),
    "exponential": ((1.5,), (-1.0,)),
    "cauchy": ((0.5, 2.0), (0.0, -1.0)),
    "log_normal": ((0.25, 0.5), (0.0, -1.0)),
    "geometric": ((0.3,), (1.5,)),
}
"""Distribution that fills a tensor in place -> parameters that it takes, and parameters that it refuses."""


def refused_parameters(d: Drawing) -> Case:
    """Parameters outside the distribution's range."""
    return d.call(d.tensor((3, 2), layout="contiguous"), *FILLED[d.name][1])


for _name in FILLED:

    @op(
        _name,
        dtypes=("real", "half", "integer") if _name == "geometric" else FLOAT,
        random=True,
        smooth=False,
        specials=False,
        tolerance=Tolerance("ulp", 16.0),
        bad=(no_tensor, no_argument, unknown_keyword, refused_parameters),
    )
    def filled(d: Drawing) -> Case:
        x = d.tensor(d.shape(0, 4), constant=True, layout=d.choice("contiguous", "transposed", "strided"))
        given = FILLED[d.name][0]
        return d.call(x, *given) if d.name == "geometric" or d.flag() else d.call(x)
