"""Dropout: elements, channels, and the variants that keep mean and variance."""

from __future__ import annotations

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, instead
from .record import family, ulp

OPS, op = family("dropout")

BAD = (*FOREIGN, instead(1, "p", -0.5, 1.5))
DROPPED = (0.5, 0.25, 0.0, 1.0, 0.875)


def options(d: Drawing) -> dict:
    return d.keywords(p=lambda: d.choice(*DROPPED), training=d.flag)


@op("nn.functional.dropout", "nn.functional.alpha_dropout", random=True, tolerance=ulp(2), bad=BAD)
def elements(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape()), **options(d))


@op("nn.functional.dropout2d", random=True, tolerance=ulp(2), bad=BAD)
def planes(d: Drawing) -> Case:
    return d.call(d.tensor((*d.choice((2,), (3,)), *d.shape(2, 2))), **options(d))


@op("nn.functional.dropout3d", random=True, tolerance=ulp(2), bad=BAD)
def volumes(d: Drawing) -> Case:
    return d.call(d.tensor((*d.choice((2,), ()), d.integer(1, 3), *(d.integer(1, 3) for _ in range(3)))), **options(d))


@op("nn.functional.feature_alpha_dropout", random=True, tolerance=ulp(2), bad=BAD, dtypes=("real", "half"))
def features(d: Drawing) -> Case:
    return d.call(d.tensor((2, *d.shape(1, 3))), **options(d))
