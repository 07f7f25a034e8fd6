"""Layers under their native names, with the extra outputs that backward formulas need."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, NO_COMPLEX, NO_INTEGER, instead, of_shape
from .record import Tolerance, family

OPS, op = family("native")

FLOAT = ("real", "half")
SCALED_SUM = Tolerance("scaled", 64.0)
REFUSED = (*FOREIGN, NO_COMPLEX, NO_INTEGER)


def weights(d: Drawing, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Weight and bias, or neither."""
    if d.flag():
        return None, None
    return d.tensor(shape, ("uniform", 0.5, 1.5)), d.tensor(shape)


@op(
    "native_layer_norm",
    tolerance=SCALED_SUM,
    dtypes=FLOAT,
    specials=False,
    bad=(*REFUSED, instead(1, "normalized_shape", (), (77,))),
)
def layer_norm(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=2)
    inner = shape[d.integer(0, len(shape) - 1) :]
    weight, bias = weights(d, inner)
    return d.call(d.tensor(shape), inner, weight, bias, d.choice(1e-5, 1e-3, 0.1))


@op("native_group_norm", tolerance=SCALED_SUM, dtypes=FLOAT, specials=False, bad=(*REFUSED, instead(6, "group", 5, 0)))
def group_norm(d: Drawing) -> Case:
    batch, groups, per_group, area = d.integer(1, 3), d.choice(1, 2, 3), d.integer(1, 3), d.integer(2, 9)
    channels = groups * per_group
    weight, bias = weights(d, (channels,))
    return d.call(
        d.tensor((batch, channels, area), layout="contiguous"),
        weight,
        bias,
        batch,
        channels,
        area,
        groups,
        d.choice(1e-5, 1e-3),
    )


@op("native_batch_norm", tolerance=SCALED_SUM, dtypes=("real",), specials=False, bad=(*REFUSED, of_shape(())))
def batch_norm(d: Drawing) -> Case:
    channels = d.integer(1, 5)
    x = d.tensor((d.integer(2, 5), channels, *d.choice((), (3,), (2, 3))))
    weight, bias = weights(d, (channels,))
    mean = d.tensor((channels,), constant=True, layout="contiguous")  # both are written to
    variance = d.tensor((channels,), ("uniform", 0.5, 2.0), constant=True, layout="contiguous")
    return d.call(x, weight, bias, mean, variance, d.flag(), 0.125, d.choice(1e-5, 1e-3))


def grid(d: Drawing, shape: tuple[int, ...]) -> Any:
    """Sampling points in and around [-1, 1]."""
    return d.tensor(shape, ("uniform", -0.9, 0.9) if d.smooth else ("uniform", -1.6, 1.6))


@op(
    "grid_sampler_2d",
    tolerance=SCALED_SUM,
    dtypes=FLOAT,
    specials=False,
    smooth=False,
    bad=(*REFUSED, of_shape((3,), (2, 2, 3))),
)
def sampled_2d(d: Drawing) -> Case:
    batch, channels = d.integer(1, 2), d.integer(1, 3)
    image = d.tensor((batch, channels, d.integer(2, 5), d.integer(2, 5)))
    return d.call(
        image, grid(d, (batch, d.integer(1, 4), d.integer(1, 4), 2)), d.integer(0, 2), d.integer(0, 2), d.flag()
    )


@op(
    "grid_sampler_3d",
    tolerance=SCALED_SUM,
    dtypes=FLOAT,
    specials=False,
    smooth=False,
    bad=(*REFUSED, of_shape((3,), (2, 2, 3))),
)
def sampled_3d(d: Drawing) -> Case:
    batch, channels = d.integer(1, 2), d.integer(1, 3)
    image = d.tensor((batch, channels, d.integer(2, 4), d.integer(2, 4), d.integer(2, 4)))
    return d.call(
        image,
        grid(d, (batch, d.integer(1, 3), d.integer(1, 3), d.integer(1, 3), 3)),
        d.integer(0, 1),
        d.integer(0, 2),
        d.flag(),
    )
