"""The content of a report, before it is laid out: what the page, the Markdown, the JSON and the badge all say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas

from duel.table import figure

from ..gates import BASELINE, GATES, SUBJECT, GateRow, evaluate
from ..night import Night
from ..regressions import Shift, shifts

VERDICTS = ("FASTER", "SAME", "UNDECIDED", "SLOWER", "INVALID", "WRONG", "RAISED", "CRASHED", "MISSING")
"""In the order in which they are shown."""


@dataclass(frozen=True)
class GateOutcome:
    """A gate and its rows; ``state``: "holds", "fails", "waived" (all that fail are) or "not asked"."""

    name: str
    title: str
    rows: tuple[GateRow, ...]

    @property
    def failing(self) -> list[GateRow]:
        return [row for row in self.rows if row.fails]

    @property
    def waived(self) -> list[GateRow]:
        return [row for row in self.rows if row.waived]

    @property
    def state(self) -> str:
        if not self.rows:
            return "not asked"
        return "fails" if self.failing else "waived" if self.waived else "holds"


@dataclass(frozen=True)
class SuiteScore:
    """How the subject did in one suite: counts of verdicts, and quartiles of the ratios of its sound rows; ``history``: the median ratio of the rows that all nights share."""

    suite: str
    subject: str
    counts: dict[str, int]
    rows: int
    low: float
    median: float
    high: float
    worst: str
    worst_ratio: float
    history: tuple[float, ...]


@dataclass(frozen=True)
class Summary:
    """A night, judged."""

    night: Night
    gates: tuple[GateOutcome, ...]
    shifts: tuple[Shift, ...]
    scores: tuple[SuiteScore, ...]
    others: tuple[SuiteScore, ...]
    worst: pandas.DataFrame

    @property
    def passes(self) -> bool:
        return not any(gate.failing for gate in self.gates)

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        asked = [gate for gate in self.gates if gate.rows]
        failing = [gate for gate in asked if gate.failing]
        waived = sum(len(gate.waived) for gate in asked)
        rest = f" {waived} waived {'row' if waived == 1 else 'rows'}." if waived else ""
        if not failing:
            return f"All {len(asked)} gates that could be asked hold.{rest}"
        told = "; ".join(f"{gate.name} ({len(gate.failing)})" for gate in failing)
        return f"{len(failing)} of {len(asked)} gates {'fails' if len(failing) == 1 else 'fail'}: {told}.{rest}"

    @property
    def speed(self) -> str:
        """Where the subject stands beside the baseline, in a sentence; "" without benchmarks."""
        counts: dict[str, int] = {}
        for score in self.scores:
            for verdict, count in score.counts.items():
                counts[verdict] = counts.get(verdict, 0) + count
        if not counts:
            return ""
        told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if verdict in counts)
        return f"{SUBJECT} beside {BASELINE}, {sum(counts.values())} rows: {told}."

    @property
    def correctness(self) -> str:
        """How much was checked and found, in a sentence; "" without a campaign."""
        arms, causes = self.night.arms, self.night.causes
        if not len(arms):
            return ""
        reached = int((arms["cases"] > 0).sum())
        held = int(causes["held"].sum()) if len(causes) else 0
        defects = len(self.night.defects)
        return (
            f"{int(arms['cases'].sum())} fuzz cases, {reached} of {len(arms)} pairs of op and property reached: {held} {'cause' if held == 1 else 'causes'} held against "
            f"{SUBJECT}, {defects} {'defect' if defects == 1 else 'defects'} of the oracle."
        )

    @property
    def believability(self) -> str:
        """What the bench found of itself, in a sentence; "" where it did not look."""
        told = [
            f"{row.found} false alarms in {row.duels} null duels"
            if row.slowdown == 0
            else f"{row.found} of {row.duels} planted slowdowns of {row.slowdown:.0%} found (stated power {row.power:.0%})"
            for row in self.night.controls.itertuples()
        ]
        return f"The bench on itself: {'; '.join(told)}." if told else ""


def summarise(night: Night) -> Summary:
    """Everything that the report says about a night."""
    history = night.history
    steps = shifts(history)
    rows = evaluate(night, steps)
    gates = tuple(
        GateOutcome(gate.name, gate.title, tuple(row for row in rows if row.gate == gate.name)) for gate in GATES
    )
    judged = measured(night.results)
    suites = list(dict.fromkeys(judged["suite"]))
    subjects = [name for name in dict.fromkeys(judged["subject"]) if name not in (SUBJECT, BASELINE)]
    scores = [_score(judged, history, suite, SUBJECT) for suite in suites]
    others = [_score(judged, history, suite, name) for name in subjects for suite in suites]
    return Summary(
        night,
        gates,
        tuple(steps),
        tuple(score for score in scores if score.rows),
        tuple(score for score in others if score.rows),
        worst_rows(judged),
    )


def measured(results: pandas.DataFrame) -> pandas.DataFrame:
    """The rows that are beside a baseline; not the bench's own controls."""
    return results[(results["verdict"] != "") & (results["suite"] != "controls")]


def worst_rows(judged: pandas.DataFrame, count: int = 10) -> pandas.DataFrame:
    """The subject's slowest rows beside the baseline, of those that are slower beyond doubt."""
    sound = judged[(judged["subject"] == SUBJECT) & (judged["verdict"] == "SLOWER")]
    return sound.sort_values(["ratio", "suite", "case"], ascending=[False, True, True]).head(count)


def _score(judged: pandas.DataFrame, history: pandas.DataFrame, suite: str, subject: str) -> SuiteScore:
    rows = judged[(judged["suite"] == suite) & (judged["subject"] == subject)]
    counts = {verdict: int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS}
    sound = rows[rows["ratio"].notna() & (rows["verdict"] != "INVALID")]
    low, median, high = (float(sound["ratio"].quantile(share)) for share in (0.25, 0.5, 0.75))
    worst = sound[sound["verdict"] == "SLOWER"].sort_values(["ratio", "case"], ascending=[False, True]).head(1)
    return SuiteScore(
        suite, subject, {name: count for name, count in counts.items() if count}, len(rows), low, median, high,
        worst["case"].iloc[0] if len(worst) else "", float(worst["ratio"].iloc[0]) if len(worst) else float("nan"),
        _medians(history[(history["suite"] == suite) & (history["subject"] == subject)]),
    )  # fmt: skip


def _medians(history: pandas.DataFrame) -> tuple[float, ...]:
    """The median ratio of every night, over the rows that all the nights have: over others it would move without anything having changed."""
    if not len(history):
        return ()
    table = history.pivot_table(index="started", columns="case", values="ratio", aggfunc="last").dropna(axis=1)
    return tuple(table.median(axis=1)) if table.shape[1] else ()


def ratio_words(low: float, high: float) -> str:
    """An interval: "0.98 to 1.04"."""
    return f"{figure(low)} to {figure(high)}"


def score_lines(scores: Sequence[SuiteScore]) -> list[str]:
    """A line a suite, for a terminal."""
    return [
        f"{score.suite}: median {figure(score.median)}, worst {score.worst} {figure(score.worst_ratio)}"
        for score in scores
        if score.worst
    ]
