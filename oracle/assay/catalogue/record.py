"""The record of one op."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..cases import Case
from ..surface import Row, rows

if TYPE_CHECKING:
    from .drawing import Drawing


@dataclass(frozen=True)
class Tolerance:
    """How far a floating-point answer may lie from the oracle's before an arbiter is asked.

    ``kind``: "exact" (the same bits); "ulp" (``units`` units in the last place, per element); "sum" (rounding of a sum of products:
    n * eps * the op applied to the absolute values of its arguments); "scaled" (``units`` * eps of the largest element of the answer).
    """

    kind: str
    units: float = 0.0


def ulp(units: float) -> Tolerance:
    """Per element, that many units in the last place."""
    return Tolerance("ulp", units)


EXACT = Tolerance("exact")
SUM = Tolerance("sum", 4.0)
SCALED = Tolerance("scaled", 32.0)


@dataclass(frozen=True)
class Op:
    """What the harness knows about one op.

    ``draw(d)`` draws a ``Case`` with the strategies of a ``Drawing``. ``random``: the op draws from the generator, so the seeds are set before
    each call. ``specials``: NaN, infinities and the like may stand in its arguments. ``smooth``: finite differences apply to it.
    ``uninitialised``: the values of the answer mean nothing. ``groups``: dtype groups, None for those of the surface row.
    """

    name: str
    family: str
    draw: Callable[[Drawing], Case]
    tolerance: Tolerance = EXACT
    random: bool = False
    specials: bool = True
    smooth: bool = True
    uninitialised: bool = False
    dtypes: tuple[str, ...] | None = None

    @property
    def row(self) -> Row:
        """The op's row of the surface."""
        return rows()[self.name]

    @property
    def groups(self) -> tuple[str, ...]:
        """The dtype groups (``drawing.GROUPS``) that the op is documented to take."""
        if self.dtypes is not None:
            return self.dtypes
        row = self.row
        optional = (("complex", row.complex), ("integer", row.int), ("bool", row.bool))
        return ("real", "half", *(name for name, given in optional if given))


def family(name: str) -> tuple[list[Op], Callable[..., Callable]]:
    """The list of a family's records, and the decorator that adds to it.

    >>> OPS, op = family("reductions")
    >>> @op("sum", "nansum", tolerance=SUM)
    ... def total(d): return d.call(d.tensor(d.shape()))
    """
    records: list[Op] = []

    def op(*names: str, **traits) -> Callable:
        def add(draw: Callable[[Drawing], Case]) -> Callable[[Drawing], Case]:
            records.extend(Op(each, name, draw, **traits) for each in names)
            return draw

        return add

    return records, op
