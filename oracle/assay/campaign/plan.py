"""What there is to check: every record with every property that applies to it is an arm, and each arm has an endless numbered sequence of cases.

Case ``number`` of an arm follows from (seed, record, property, number) alone, whatever else runs: shards may take any of them in any order and agree.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..cases import Case
from ..cases.source import Exhausted, RandomSource, ReplayedSource
from ..properties import Property, of


@dataclass(frozen=True)
class Arm:
    """One record under one property."""

    record: Any
    property: Property

    @builtins.property
    def name(self) -> str:
        return f"{self.record.name}/{self.property.name}"

    def draw(self, seed: int, number: int) -> tuple[Case, list[int]]:
        """Case ``number`` and the choices that it was made by."""
        source = RandomSource(f"{seed}/{self.name}/{number}")
        return self.property.case(self.record, source), source.choices

    def replay(self, choices: list[int]) -> tuple[Case, list[int]] | None:
        """The case that choices stand for and the choices it took; None where they run out."""
        source = ReplayedSource(choices)
        try:
            return self.property.case(self.record, source), source.choices
        except Exhausted:
            return None


def arms(records: Iterable[Any], properties: Iterable[Property] | None = None, *, alone: bool = False) -> list[Arm]:
    """The arms of some records. ``alone``: target and oracle are one framework, so only properties that need no oracle are left."""
    wanted = None if properties is None else {item.name for item in properties}
    found = [Arm(record, item) for record in records for item in of(record) if wanted is None or item.name in wanted]
    return [arm for arm in found if arm.property.oracle_free or not alone]
