"""Rounding to integers and to decimals. All of it is flat almost everywhere: the gradients are zero."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor
from .arithmetic import zeros_of
from .declare import COMPLEXES, FLOATS, NOT_REAL_FLOAT, composite, pointwise

_REFUSED = (*COMPLEXES, "bool")


def _whole(name: str):
    """A rounding function as a kernel: integers are what they are."""
    return lambda xp, x: x.copy() if x.dtype.kind in "iu" else getattr(xp, name)(x)


def _rounding(name: str, ufunc, doc: str, aliases: tuple[str, ...] = ()):
    return pointwise(
        f"{name}(input: Tensor)", ufunc, array=_whole(ufunc.__name__), fast=FLOATS, refuses=_REFUSED, aliases=aliases, out="exact", input=zeros_of, doc=doc,
    )  # fmt: skip


ceil = _rounding("ceil", np.ceil, "The smallest integer not below.")
floor = _rounding("floor", np.floor, "The largest integer not above.")
trunc = _rounding("trunc", np.trunc, "The integer next to it towards zero.", ("fix",))


def _check_round(dtype, input, decimals) -> None:
    if decimals != 0 and not dtype.is_floating_point:
        raise NotImplementedError(f"\"round_cpu\" not implemented for '{dtype.legacy_name}'")


def _round(xp, x, decimals):
    if x.dtype.kind in "iu":
        return x.copy()
    if decimals == 0:
        return xp.rint(x)
    scale = x.dtype.type(10.0 ** abs(decimals))
    return xp.rint(x * scale) / scale if decimals > 0 else xp.rint(x / scale) * scale


round = pointwise(
    "round(input: Tensor, *, decimals=0)", np.rint, array=_round, fast=FLOATS, refuses=_REFUSED, check=_check_round, out="exact", input=zeros_of,
    doc="The nearest integer (or multiple of ``10 ** -decimals``), the even one of two: ``round(tensor([2.5]))`` is ``[2.]``.",
)  # fmt: skip
frac = pointwise(
    "frac(input: Tensor)", lambda xp, x: x - xp.trunc(x), fast=FLOATS, refuses=NOT_REAL_FLOAT, out="exact", input=lambda grad: grad,
    doc="What ``trunc`` takes away, with the sign of ``input``.",
)  # fmt: skip


@composite("round", namespace="special", out="exact")
def _special_round(input, *, decimals=0):
    """``round`` of floating point numbers only, as in PyTorch. NotImplementedError for integers."""
    if isinstance(input, Tensor) and not input.is_floating_point():
        raise NotImplementedError(f"\"round_vml_cpu\" not implemented for '{input.dtype.legacy_name}'")
    return round(input, decimals=decimals)
