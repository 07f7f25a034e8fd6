"""Reductions and normalisations over the elements that a mask leaves."""

from __future__ import annotations

import math
from typing import Any

from ..cases import Case, DType, TensorSpec
from .drawing import Drawing
from .errors import FOREIGN, no_such_dim
from .record import EXACT, SCALED, SUM, family, ulp

OPS, op = family("masked")

SPREAD = ("uniform", -3.0, 3.0)
BAD = (*FOREIGN, no_such_dim())


def masked(d: Drawing, shape: tuple[int, ...]) -> dict[str, Any]:
    """A mask, perhaps one that broadcasts, none now and then."""
    if d.integer(0, 4) == 0:
        return {}
    narrow = d.narrower(shape)
    return {"mask": d.mask(narrow if len(narrow) == len(shape) else shape)}


def subject(d: Drawing) -> TensorSpec:
    shape = d.shape(1, 3, side=1)
    return d.distinct(shape, 0.3) if d.smooth else d.tensor(shape, SPREAD)


def asked_dtype(d: Drawing) -> dict[str, Any]:
    """The dtype to compute in, now and then."""
    if d.integer(0, 4) or d.is_complex:
        return {}
    return {"dtype": DType("float64")}


def some_dims(d: Drawing, shape: tuple[int, ...]) -> Any:
    return d.choice(None, d.dim(shape), d.dims(shape, least=1))


@op("masked.sum", "masked.prod", "masked.mean", tolerance=SUM, bad=BAD)
@op("masked.amax", "masked.amin", tolerance=EXACT, bad=BAD)
@op("masked.logsumexp", tolerance=SCALED, dtypes=("real", "half", "integer"), bad=BAD)
def reduction(d: Drawing) -> Case:
    x = subject(d)
    dtype = {} if d.dtype == "bool" else asked_dtype(d)
    return d.call(x, some_dims(d, x.shape), keepdim=d.flag(), **dtype, **masked(d, x.shape))


@op("masked.argmax", "masked.argmin", tolerance=EXACT, smooth=False, bad=BAD)
def argument(d: Drawing) -> Case:
    x = subject(d)
    return d.call(x, d.choice(None, d.dim(x.shape)), keepdim=d.flag(), **masked(d, x.shape))


@op("masked.std", "masked.var", tolerance=SCALED, bad=BAD)
def spread(d: Drawing) -> Case:
    x = subject(d)
    how: dict[str, Any] = d.choice({"unbiased": False}, {"unbiased": True}, {"correction": 0}, {"correction": 1})
    if d.smooth:
        # No degrees of freedom left, or no spread, would be a singular point.
        return d.call(d.distinct((3, 3), 0.3), d.choice(None, 0, 1), **how)
    return d.call(x, some_dims(d, x.shape), keepdim=d.flag(), **how, **masked(d, x.shape))


@op("masked.median", tolerance=EXACT, bad=BAD)
def median(d: Drawing) -> Case:
    x = subject(d)
    return d.call(x, d.dim(x.shape), keepdim=d.flag(), **masked(d, x.shape))


@op("masked.norm", tolerance=SCALED, bad=(*FOREIGN, no_such_dim(2)))
def norm(d: Drawing) -> Case:
    x = subject(d)
    order = d.choice(2.0, 1.0, 3.0, math.inf, -math.inf, *(() if d.smooth else (0.0,)))
    return d.call(x, order, some_dims(d, x.shape), keepdim=d.flag(), **masked(d, x.shape))


@op("masked.normalize", tolerance=SCALED, bad=(*FOREIGN, no_such_dim(2)))
def normalize(d: Drawing) -> Case:
    x = subject(d)
    options = d.keywords(eps=lambda: d.choice(1e-12, 0.5))
    return d.call(x, d.choice(2.0, 1.0, 3.0), d.dim(x.shape), **options, **masked(d, x.shape))


@op("masked.softmax", "masked.log_softmax", "masked.softmin", tolerance=ulp(16), bad=BAD)
@op("masked.cumsum", "masked.cumprod", tolerance=SCALED, bad=BAD)
def along(d: Drawing) -> Case:
    x = subject(d)
    return d.call(x, d.dim(x.shape), **asked_dtype(d), **masked(d, x.shape))


@op("masked.logaddexp", tolerance=ulp(8), bad=FOREIGN)
def logaddexp(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=1)
    masks = {name: d.mask(shape) for name in ("input_mask", "other_mask") if d.flag()}
    return d.call(d.tensor(shape, SPREAD), d.tensor(shape, SPREAD), **masks)
