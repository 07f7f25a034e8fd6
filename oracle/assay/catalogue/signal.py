"""Window functions: lengths, symmetry, shape parameters and the dtype of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cases import Case, DType, ListOf
from .drawing import Drawing
from .errors import instead, no_argument, unknown_keyword
from .record import SCALED, family

OPS, op = family("signal")

SHAPE_PARAMETERS: dict[str, dict[str, Callable[[Drawing], Any]]] = {
    "bartlett": {},
    "blackman": {},
    "cosine": {},
    "exponential": {"center": lambda d: None, "tau": lambda d: d.choice(1.0, 0.5, 3.0)},
    "gaussian": {"std": lambda d: d.choice(1.0, 0.5, 7.0)},
    "general_cosine": {"a": lambda d: ListOf(tuple(d.real(-1.0, 1.0) for _ in range(d.integer(1, 4))))},
    "general_hamming": {"alpha": lambda d: d.choice(0.54, 0.5, 0.75)},
    "hamming": {},
    "hann": {},
    "kaiser": {"beta": lambda d: d.choice(12.0, 0.0, 1.0, 5.0, 20.0)},
    "nuttall": {},
}
"""Window -> its parameters beside the length."""

BAD = (unknown_keyword, no_argument, instead(0, "M", -1, "eight"), instead(99, "dtype", DType("int64")))

REQUIRED = frozenset({"a"})


@op(*(f"signal.windows.{name}" for name in SHAPE_PARAMETERS), tolerance=SCALED, dtypes=("real",), smooth=False, bad=BAD)
def window(d: Drawing) -> Case:
    parameters = SHAPE_PARAMETERS[d.name.rpartition(".")[2]]
    given = {name: make(d) for name, make in parameters.items() if name in REQUIRED or d.flag()}
    if "center" in parameters and d.flag():
        given |= {"center": d.real(0.0, 8.0), "sym": False}
    else:
        given |= d.keywords(sym=d.flag)
    return d.call(d.choice(0, 1, 2, 3, 4, 7, 8, 16, 33), **given, **d.keywords(dtype=lambda: DType(d.dtype)))
