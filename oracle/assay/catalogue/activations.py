"""Activations: one table row each, with the points where the function is not smooth and how its parameters are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..cases import Case, DType
from .drawing import Drawing
from .errors import FOREIGN, NO_COMPLEX, Bad, longer, no_such_dim, of_shape, refused_dtypes
from .record import EXACT, ODD, SHIFTED, Law, Tolerance, family, homogeneous, ulp

OPS, op = family("activations")

FILLS = (("uniform", -4.0, 4.0), ("log", -4.0, 2.5), ("uniform", -120.0, 120.0), ("integers", -4, 5))
"""Numbers around the bends; of all magnitudes; far in the tails; on the bends themselves."""

Parameter = Callable[[Drawing], Any]


@dataclass(frozen=True)
class Activation:
    """One elementwise activation. ``kinks`` of the parameters that were drawn, where they move."""

    name: str
    parameters: dict[str, Parameter] = field(default_factory=dict)
    kinks: Callable[[dict[str, Any]], tuple[float, ...]] = lambda given: ()
    tolerance: Tolerance = EXACT
    laws: tuple[Law, ...] = ()


def real(low: float, high: float) -> Parameter:
    """A parameter between ``low`` and ``high``."""
    return lambda d: d.real(low, high)


def at_zero(given: dict[str, Any]) -> tuple[float, ...]:
    return (0.0,)


def clipped(given: dict[str, Any]) -> tuple[float, ...]:
    return (given.get("min_val", -1.0), given.get("max_val", 1.0))


def shrunk(given: dict[str, Any]) -> tuple[float, ...]:
    return (given.get("lambd", 0.5), -given.get("lambd", 0.5))


ACTIVATIONS = (
    Activation("celu", {"alpha": real(0.25, 3.0)}, at_zero, ulp(4)),
    Activation("elu", {"alpha": real(0.25, 3.0)}, at_zero, ulp(4)),
    Activation("gelu", {"approximate": lambda d: d.choice("none", "tanh")}, tolerance=ulp(8)),
    Activation("hardshrink", {"lambd": real(0.0, 2.0)}, shrunk, laws=(ODD,)),
    Activation("hardsigmoid", {}, lambda given: (-3.0, 3.0), ulp(2)),
    Activation("hardswish", {}, lambda given: (-3.0, 3.0), ulp(2)),
    Activation("hardtanh", {"min_val": real(-3.0, -0.5), "max_val": real(0.5, 3.0)}, clipped),
    Activation("leaky_relu", {"negative_slope": real(-1.0, 1.5)}, at_zero, laws=(homogeneous(1.0),)),
    Activation("logsigmoid", {}, tolerance=ulp(4)),
    Activation("mish", {}, tolerance=ulp(8)),
    Activation("relu", {}, at_zero, laws=(homogeneous(1.0),)),
    Activation("relu6", {}, lambda given: (0.0, 6.0)),
    Activation("selu", {}, at_zero, ulp(4)),
    Activation("silu", {}, tolerance=ulp(4)),
    Activation(
        "softplus",
        {"beta": real(0.25, 3.0), "threshold": real(1.0, 20.0)},
        lambda given: (given.get("threshold", 20.0) / given.get("beta", 1.0),),
        ulp(4),
    ),
    Activation("softshrink", {"lambd": real(0.0, 2.0)}, shrunk, laws=(ODD,)),
    Activation("softsign", {}, at_zero, ulp(2), laws=(ODD,)),
    Activation("tanhshrink", {}, tolerance=ulp(8), laws=(ODD,)),
)


def elementwise(entry: Activation) -> Callable[[Drawing], Case]:
    """The ``draw`` function of one row."""

    def draw(d: Drawing) -> Case:
        given = d.keywords(**{name: (lambda make=make: make(d)) for name, make in entry.parameters.items()})
        fill = FILLS[0] if d.smooth else d.choice(*FILLS)
        return d.call(d.tensor(d.shape(), fill, avoid=entry.kinks(given)), **given)

    return draw


def bad(name: str) -> tuple[Bad, ...]:
    """The calls that an activation refuses."""
    return (*FOREIGN, *refused_dtypes(name))


for entry in ACTIVATIONS:
    name = f"nn.functional.{entry.name}"
    op(name, tolerance=entry.tolerance, core=(0,), bad=bad(name), laws=entry.laws, kinks=entry.kinks({}))(
        elementwise(entry)
    )


@op("nn.functional.threshold", core=(0,), bad=bad("nn.functional.threshold"))
def threshold(d: Drawing) -> Case:
    limit = d.number(-2, 2)
    return d.call(d.tensor(d.shape(), avoid=(float(limit),)), limit, d.number())


@op("nn.functional.rrelu", random=True, tolerance=ulp(2), bad=bad("nn.functional.rrelu"))
def rrelu(d: Drawing) -> Case:
    slopes = d.keywords(lower=lambda: d.real(0.0, 0.25), upper=lambda: d.real(0.5, 1.0), training=d.flag)
    return d.call(d.tensor(d.shape(), FILLS[0], avoid=(0.0,)), **slopes)


@op("nn.functional.prelu", bad=(*bad("nn.functional.prelu"), longer(1, 0, 4)))
def prelu(d: Drawing) -> Case:
    shape = d.shape()
    channels = 1 if len(shape) < 2 or d.flag() else shape[1]
    weight = d.tensor(() if channels == 1 and d.flag() else (channels,), ("uniform", -1.0, 1.0))
    return d.call(d.tensor(shape, avoid=(0.0,)), weight)


@op("nn.functional.glu", tolerance=ulp(4), bad=(*bad("nn.functional.glu"), of_shape((3, 3, 5), ()), no_such_dim()))
def glu(d: Drawing) -> Case:
    shape = d.shape(1, 3)
    dim = d.dim(shape)
    halved = list(shape)
    halved[dim] *= 2
    fill = FILLS[0] if d.smooth else d.choice(*FILLS[:3])
    return d.call(d.tensor(tuple(halved), fill), **({} if dim == -1 and d.flag() else {"dim": dim}))


@op(
    "nn.functional.softmin",
    tolerance=ulp(16),
    dtypes=("real", "half", "integer"),
    bad=(*FOREIGN, NO_COMPLEX, no_such_dim()),
    laws=(SHIFTED,),
)
def softmin(d: Drawing) -> Case:
    shape = d.shape(side=1)
    options: dict[str, Any] = {"dim": d.dim(shape)}
    if not d.inexact:
        options["dtype"] = DType(d.choice("float32", "float64"))
    elif d.flag():
        options["dtype"] = DType("float64" if d.smooth else d.choice("float64", "float32"))
    return d.call(d.tensor(shape, ("uniform", -math.e, math.e)), **options)
