"""Normalisation over batches, groups, channels, layers and vectors."""

from __future__ import annotations

import math
from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, Bad, instead, longer, no_such_dim, of_dtype, of_shape
from .record import SCALED, family

OPS, op = family("normalisation")

SPREAD = ("uniform", -3.0, 3.0)
POSITIVE = ("uniform", 0.25, 2.0)


def affine(d: Drawing, shape: tuple[int, ...]) -> dict[str, Any]:
    """Weight and bias, each given or not."""
    return {
        "weight": d.maybe(lambda: d.tensor(shape, SPREAD, specials=False)),
        "bias": d.maybe(lambda: d.tensor(shape, SPREAD, specials=False)),
    }


def planes(d: Drawing, channels: int, least: int = 2) -> tuple[int, ...]:
    """(batch, channels, ...) with more than one value per channel."""
    batch = d.integer(2, 3)
    spatial = tuple(d.side(1, 4 if d.smooth else 9) for _ in range(d.integer(least - 2, 2 if d.smooth else 3)))
    return (batch, channels, *spatial)


NO_NUMBERS: tuple[Bad, ...] = (*FOREIGN, of_dtype("int64", "bool"))


@op("nn.functional.batch_norm", tolerance=SCALED, bad=(*NO_NUMBERS, longer(0, 1), of_shape((3,), ())))
def batch_norm(d: Drawing) -> Case:
    channels = d.integer(1, 4)
    training = d.flag()
    x = d.tensor(planes(d, channels), SPREAD)
    mean = variance = None
    if not training or d.flag():
        mean = d.tensor((channels,), SPREAD, constant=True, specials=False, layout="contiguous")
        variance = d.tensor((channels,), POSITIVE, constant=True, specials=False, layout="contiguous")
    return d.either(
        x,
        mean,
        variance,
        **affine(d, (channels,)),
        training=training,
        momentum=d.choice(0.1, 0.5, 1.0, 0.0),
        eps=d.choice(1e-5, 1e-3, 0.5),
    )


@op("nn.functional.instance_norm", tolerance=SCALED, bad=(*NO_NUMBERS, of_shape((3,), ())))
def instance_norm(d: Drawing) -> Case:
    channels = d.integer(1, 4)
    shape = (*planes(d, channels, 2), d.side(2, 9))
    use_input_stats = d.integer(0, 3) > 0
    mean = variance = None
    if not use_input_stats or d.flag():
        mean = d.tensor((channels,), SPREAD, constant=True, specials=False, layout="contiguous")
        variance = d.tensor((channels,), POSITIVE, constant=True, specials=False, layout="contiguous")
    return d.either(
        d.tensor(shape[:5], SPREAD),
        running_mean=mean,
        running_var=variance,
        **affine(d, (channels,)),
        use_input_stats=use_input_stats,
        momentum=d.choice(0.1, 0.5),
        eps=d.choice(1e-5, 1e-3, 0.5),
    )


@op(
    "nn.functional.group_norm",
    tolerance=SCALED,
    bad=(*NO_NUMBERS, instead(1, "num_groups", 0, 7, -1), of_shape((3,), ())),
)
def group_norm(d: Drawing) -> Case:
    groups = d.integer(1, 3)
    channels = groups * d.integer(1, 2)
    shape = (*planes(d, channels), d.side(2, 5))
    return d.either(d.tensor(shape, SPREAD), groups, **affine(d, (channels,)), eps=d.choice(1e-5, 1e-3, 0.5))


@op(
    "nn.functional.layer_norm",
    tolerance=SCALED,
    bad=(*NO_NUMBERS, longer(0, -1), instead(1, "normalized_shape", (), (77,), "all")),
)
def layer_norm(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    normalized = shape[d.integer(0, len(shape) - 1) :]
    return d.either(d.tensor(shape, SPREAD), normalized, **affine(d, normalized), eps=d.choice(1e-5, 1e-3, 0.5))


@op(
    "nn.functional.rms_norm", tolerance=SCALED, bad=(*FOREIGN, longer(0, -1), instead(1, "normalized_shape", (), (77,)))
)
def rms_norm(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    normalized = shape[d.integer(0, len(shape) - 1) :]
    weight = affine(d, normalized)["weight"]
    return d.either(d.tensor(shape, SPREAD), normalized, weight=weight, eps=d.choice(None, 1e-5, 0.5))


@op(
    "nn.functional.local_response_norm",
    tolerance=SCALED,
    dtypes=("real", "int64"),
    bad=(*FOREIGN, of_shape((3,), (2, 2)), instead(1, "size", 0, -1)),
)
def local_response_norm(d: Drawing) -> Case:
    shape = (d.integer(1, 3), d.integer(1, 5), *(d.side(1, 9) for _ in range(d.integer(1, 3))))
    if math.prod(shape) > 48 and d.smooth:
        shape = shape[:3]
    return d.either(
        d.tensor(shape, SPREAD),
        d.integer(1, 4),
        alpha=d.choice(1e-4, 0.5),
        beta=d.choice(0.75, 0.5, 1.0),
        k=d.choice(1.0, 2.0),
    )


@op("nn.functional.normalize", tolerance=SCALED, bad=(*FOREIGN, no_such_dim(2), of_dtype("int64", "bool")))
def normalize(d: Drawing) -> Case:
    shape = d.shape(2, 4, side=1)
    p = d.choice(2.0, 1.0, 3.0, 2, 1.5, math.inf)
    x = d.distinct(shape, 0.5) if d.smooth else d.tensor(shape, SPREAD)
    return d.either(x, p=p, dim=d.dim(shape), eps=d.choice(1e-12, 0.5))
