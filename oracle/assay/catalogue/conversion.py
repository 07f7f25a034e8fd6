"""Ops that give the same numbers in another dtype or layout."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from ..cases.case import DType
from .drawing import EVERY_DTYPE, Drawing
from .errors import FOREIGN, instead, no_argument, no_tensor, unknown_keyword
from .record import family

OPS, op = family("conversion")

NARROW = ("half", "chalf")
"""Float to integer conversions of numbers out of range are undefined in C, so numbers stay small there."""

WHOLE = frozenset(("byte", "char", "short", "int", "long", "bool"))


@op("bfloat16", "half", "float", "double", "cfloat", "cdouble", bad=FOREIGN)
@op("bool", bad=FOREIGN)
def converted(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 5), d.choice(("uniform", -4.0, 4.0), ("integers", -2, 3), ("log", -9.0, 9.0))))


@op("chalf", specials=False, smooth=False, bad=FOREIGN)
@op("byte", "char", "short", "int", "long", specials=False, bad=FOREIGN)
def whole(d: Drawing) -> Case:
    # Numbers that the answer's dtype holds: others are undefined in C.
    low = 0.0 if d.name == "byte" else -100.0
    return d.call(d.tensor(d.shape(0, 5), ("uniform", low, 100.0)))


@op("to", specials=False, bad=(no_tensor, no_argument, unknown_keyword, instead(1, "dtype", "float32", (0.5,))))
def to(d: Drawing) -> Case:
    x = d.tensor(d.shape(0, 4), ("uniform", 0.0, 100.0))
    form = d.choice("dtype", "device", "both", "tensor")
    dtype = DType(d.choice(*EVERY_DTYPE) if not d.smooth else d.dtype)
    flags: dict[str, Any] = d.keywords(copy=d.flag, non_blocking=d.flag)
    if form == "dtype":
        return d.call(x, dtype, **flags)
    if form == "device":
        return d.call(x, "cpu", **flags)
    if form == "both":
        return d.call(x, "cpu", dtype, **flags)
    return d.call(x, d.tensor((), dtype=dtype.name, constant=True, specials=False), **flags)


@op("to_sparse", smooth=False, bad=(no_tensor, no_argument, unknown_keyword, instead(1, "sparse_dim", -1, 99)))
def to_sparse(d: Drawing) -> Case:
    shape = d.shape(1, 3)
    x = d.tensor(shape, ("integers", -1, 2), specials=False)
    return d.call(x, d.integer(1, len(shape))) if d.flag() else d.call(x)
