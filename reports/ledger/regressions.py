"""The steps in the nightly history of every row: since when, between which commits, by how much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import pandas

from .changepoints import SHORTEST, steps

SMALLEST = 0.05
"""The smallest step of interest, as a logarithm: about 5 %."""

WINDOW = 90
"""Nights that are looked at."""

FEWEST = 17
"""Nights below which four after a step cannot be told from an accident at the significance of ``changepoints``: there are too few ways to choose them."""

RECENT = 14
"""Nights for which a step is news, counted from the first night after it: it takes ``SHORTEST`` of them to be seen."""

SUBJECT = "ingot"


@dataclass(frozen=True)
class Shift:
    """A step in the ratio of one row. ``size``: after / before, above 1 is slower; ``nights``: how many have passed since; ``ratios``: its whole history."""

    suite: str
    case: str
    size: float
    before: float
    after: float
    low: float
    high: float
    p: float
    first: str
    last_good: str
    base: str
    head: str
    nights: int
    place: int
    ratios: tuple[float, ...]

    @property
    def row(self) -> str:
        return f"{self.suite}/{self.case}"

    @property
    def slower(self) -> bool:
        return self.size > 1

    @property
    def recent(self) -> bool:
        return self.nights <= RECENT

    @property
    def reproduce(self) -> str:
        """Both commits side by side on one machine: whether it is the code, and not the nights."""
        return f"bench compare {self.base[:12] or 'BASE'} {self.head[:12] or 'HEAD'} -k '{self.row}'"


def shifts(history: pandas.DataFrame, subject: str = SUBJECT) -> list[Shift]:
    """The steps of all rows of a subject, the largest slowdown first. ``history`` as ``frames.history`` gives it."""
    found = []
    for (suite, case), rows in history[history["subject"] == subject].groupby(["suite", "case"], sort=True):
        found += _of_row(str(suite), str(case), rows.tail(WINDOW))
    return sorted(found, key=lambda shift: (-shift.size, shift.row, shift.place))


def _of_row(suite: str, case: str, rows: pandas.DataFrame) -> Iterator[Shift]:
    if len(rows) < 2 * SHORTEST:
        return
    ratios = rows["ratio"].to_numpy()
    logs = [math.log(ratio) for ratio in ratios]
    edges = steps(logs, smallest=SMALLEST, seed=crc32(f"{suite}/{case}".encode()))
    commits, dates = rows["commit"].tolist(), rows["night"].tolist()
    for number, step in enumerate(edges):
        start = edges[number - 1].place if number else 0
        stop = edges[number + 1].place if number + 1 < len(edges) else len(logs)
        size = step.after - step.before
        error = math.hypot(_error(logs[start : step.place]), _error(logs[step.place : stop]))
        yield Shift(
            suite, case, math.exp(size), math.exp(step.before), math.exp(step.after), math.exp(size - 1.96 * error), math.exp(size + 1.96 * error), step.p,
            dates[step.place], dates[step.place - 1], commits[step.place - 1], commits[step.place], len(logs) - step.place, step.place, tuple(ratios),
        )  # fmt: skip


def _error(values: list[float]) -> float:
    """The standard error of a median, from the quartiles."""
    ordered = pandas.Series(values)
    spread = float(ordered.quantile(0.75) - ordered.quantile(0.25))
    return 1.2533 * spread / 1.349 / math.sqrt(len(values))
