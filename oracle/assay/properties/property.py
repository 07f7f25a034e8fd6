"""The shape of a property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..cases import Case
from ..cases.source import Source
from ..catalogue.drawing import one_case
from ..catalogue.record import Record
from ..judge.verdict import Verdict
from ..targets import Target


@dataclass(frozen=True)
class Property:
    """Something that must hold for every case of the records it applies to.

    ``check(record, case, target, oracle)`` returns the verdicts against one case. ``groups(record)`` are the dtype groups that its cases are drawn for; ``draw`` takes the place
    of the record's own ``draw`` (the bad calls of the error property). ``oracle_free``: it also finds faults when target and oracle are one framework.
    """

    name: str
    title: str
    applies: Callable[[Any], bool]
    check: Callable[[Any, Case, Target, Target], list[Verdict]]
    groups: Callable[[Any], tuple[str, ...]]
    draw: Callable[[Any], Callable[[Any], Case]] | None = None
    oracle_free: bool = False

    def case(self, record: Record, source: Source) -> Case:
        """One case, its choices from ``source``."""
        groups = self.groups(record)
        group = groups[source.integer(0, len(groups) - 1) if len(groups) > 1 else 0]
        return one_case(record, group, source, self.draw(record) if self.draw else None)
