"""What makes a night bad, as data: a gate is a name, a sentence and a function from the night to rows that hold or do not.

A waiver (``reports/waivers.toml``) lets a row pass until a date, with a reason; the report shows it all the same.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from duel.table import figure

from .night import KINDS, Night
from .regressions import FEWEST, Shift

SUBJECT, BASELINE = "ingot", "torch"


@dataclass(frozen=True)
class GateRow:
    """One thing that must hold. ``what``: what is the case; ``reproduce``: a command that shows it; ``waived``: why it may fail."""

    gate: str
    row: str
    holds: bool
    what: str
    reproduce: str
    waived: str = ""

    @property
    def fails(self) -> bool:
        return not self.holds and not self.waived


@dataclass(frozen=True)
class Evidence:
    """What gates look at."""

    night: Night
    shifts: list[Shift]


@dataclass(frozen=True)
class Gate:
    """``needs``: the kind of run without which there is nothing to ask; a night that should have it and has not fails the gate ``complete``."""

    name: str
    title: str
    needs: str
    rows: Callable[[Evidence], Iterable[tuple[str, bool, str, str]]]


def _complete(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    for kind in ("benchmarks", "campaign", "examples"):
        there = evidence.night.run(kind) is not None
        yield kind, there, "a run is there" if there else f"the night has no {kind}", KINDS[kind]


def _causes(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    held = evidence.night.causes[evidence.night.causes["held"]]
    for cause in held.itertuples():
        times = f", seen {cause.count} times" if cause.count > 1 else ""
        yield (
            f"{cause.op}/{cause.property}/{cause.kind}",
            False,
            f"{cause.finding}: {cause.what}{times}",
            cause.reproduce,
        )
    bad = set(zip(held["op"], held["property"], strict=True))
    arms = evidence.night.arms
    checked = arms[arms["cases"] > 0]
    clean = sum((op, name) not in bad for op, name in zip(checked["op"], checked["property"], strict=True))
    if clean:
        yield "everything else", True, f"{clean} of {len(checked)} pairs of op and property checked without a finding held against {SUBJECT}", KINDS["campaign"]  # fmt: skip


def _examples(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    for one in evidence.night.examples.drop_duplicates(["example", "dtype"]).itertuples():
        apart = f"{one.difference:.1e} apart" if math.isfinite(one.difference) else "not finite under one of them"
        what = f"losses of both frameworks are {apart}, bound {one.bound:g}"
        yield f"{one.example}/{one.dtype}", bool(one.agrees), what, "python examples/compare.py --quick"


def _answers(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    rows = evidence.night.results
    yield from _rows(
        rows[rows["failure"].isin(["wrong", "raised", "crashed"])],
        lambda row: f"{row.subject} {row.failure}: {row.detail}",
        rows,
        "rows answer, and as the baseline does",
    )


def _believable(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    rows = evidence.night.results
    bad = rows[rows["invalid"].map(bool)]
    yield from _rows(
        bad, lambda row: f"{row.subject}: {'; '.join(row.invalid)}", rows, "rows have figures that can be true"
    )


def _rows(bad, what, all_rows, rest: str) -> Iterator[tuple[str, bool, str, str]]:
    for row in bad.itertuples():
        yield f"{row.suite}/{row.case}:{row.subject}", False, what(row), row.reproduce
    if len(all_rows) > len(bad):
        yield "everything else", True, f"{len(all_rows) - len(bad)} {rest}", KINDS["benchmarks"]


def _paired(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    for change in evidence.night.changes.itertuples():
        lost = change.failure.startswith("head")
        slower = change.verdict == "SLOWER"
        what = change.failure or f"{figure(change.ratio)} times the base's, {figure(change.low)} to {figure(change.high)}: {change.verdict}"  # fmt: skip
        commits = " ".join(each.split(" (")[0] if each != "the working tree" else "." for each in (change.base, change.head))  # fmt: skip
        yield change.case, not (lost or slower), what, f"bench compare {commits} -k '{change.case}'"


def _shifted(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    news = [shift for shift in evidence.shifts if shift.recent and shift.slower]
    for shift in news:
        commits = f"{shift.base[:8]}..{shift.head[:8]}" if shift.base else f"since {shift.first}"
        yield shift.row, False, f"{figure(shift.size)} times slower since {shift.first} ({commits}), p {shift.p:.4f}", shift.reproduce  # fmt: skip
    rows = evidence.night.history
    rows = rows[rows["subject"] == SUBJECT]
    watched = int((rows.groupby(["suite", "case"]).size() >= FEWEST).sum()) if len(rows) else 0
    if watched > len(news):
        yield "everything else", True, f"{watched - len(news)} rows with {FEWEST} nights or more show no new slowdown", KINDS["benchmarks"]  # fmt: skip


def _vanished(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    key = ["suite", "case", "subject"]
    before, now = evidence.night.previous, evidence.night.results
    had = before[before["failure"] == ""]
    # What shrinking arrives at has its shape in its name, and may arrive elsewhere the next night.
    had = had[had["suite"] != "shapes"]
    has = set(map(tuple, now.loc[now["failure"] == "", key].to_numpy()))
    gone = [row for row in had.itertuples() if (row.suite, row.case, row.subject) not in has]
    for row in gone:
        yield (
            f"{row.suite}/{row.case}:{row.subject}",
            False,
            f"had a time in the night {row.night} and has none now",
            row.reproduce,
        )
    if len(had) > len(gone):
        yield "everything else", True, f"{len(had) - len(gone)} rows of the night before are there", KINDS["benchmarks"]


def _harness(evidence: Evidence) -> Iterator[tuple[str, bool, str, str]]:
    for control in evidence.night.controls.itertuples():
        if control.slowdown == 0:
            limit = max(2, math.floor(0.1 * control.duels))
            what = f"{control.found} false alarms in {control.duels} duels of a thing with itself, at most {limit} are chance"
            yield "false alarms", control.found <= limit, what, "pytest bench/test_controls.py -k false_alarms"
            continue
        spread = 3 * math.sqrt(control.power * (1 - control.power) * control.duels) + 1
        what = f"{control.found} of {control.duels} planted slowdowns of {control.slowdown:.0%} found, the stated power is {control.power:.0%}"
        yield f"planted {control.slowdown:.0%}", control.found >= control.power * control.duels - spread, what, "pytest bench/test_controls.py -k power"  # fmt: skip


GATES = (
    Gate("complete", "Every part of the night left its results", "", _complete),
    Gate("correct", f"No cause is held against {SUBJECT}", "campaign", _causes),
    Gate("examples", "Losses of whole programs agree", "examples", _examples),
    Gate("answers", "What is timed answers as the baseline does", "benchmarks", _answers),
    Gate("believable", "No figure that cannot be true, the baseline's included", "benchmarks", _believable),
    Gate("paired", "Head is not slower than base beyond the margin, measured twice", "changes", _paired),
    Gate("steps", "No new step to slower in the nightly history", "benchmarks", _shifted),
    Gate("vanished", "No row lost its time since the night before", "benchmarks", _vanished),
    Gate("harness", "The bench passes its own test", "benchmarks", _harness),
)


def evaluate(night: Night, shifts: list[Shift]) -> list[GateRow]:
    """The rows of all gates, in their order; failing rows first within a gate."""
    evidence = Evidence(night, shifts)
    found = []
    for gate in GATES:
        if gate.needs and night.run(gate.needs) is None:
            continue
        rows = [_waive(GateRow(gate.name, *row), night) for row in gate.rows(evidence)]
        found += sorted(rows, key=lambda row: row.holds)
    return found


def _waive(row: GateRow, night: Night) -> GateRow:
    if row.holds:
        return row
    started = max(night.runs["started"], default="")[:10]
    for waiver in night.waivers.itertuples():
        if waiver.gate == row.gate and fnmatch.fnmatchcase(row.row, waiver.row) and started <= waiver.until:
            return replace(row, waived=f"{waiver.reason} (until {waiver.until}, {waiver.link})")
    return row
