"""The summary for a CI job: Markdown, as GitHub's job summary takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from duel.table import figure, seconds

from ..gates import BASELINE, SUBJECT, GateRow
from .summary import VERDICTS, Summary, ratio_words

LARGEST = 900 * 1024
"""Bytes that a job summary may have, with room to spare (GitHub refuses 1 MiB)."""

ROWS = 60
"""Failing rows of one gate that are shown; the others are counted, and stand on the page."""

LONG = 400
"""Letters of a cell that are shown."""


def markdown(summary: Summary) -> str:
    """The summary, at most ``LARGEST`` bytes."""
    text = "\n".join([*_head(summary), *_failing(summary, ROWS), *_scores(summary), *_worst(summary)]) + "\n"
    if len(text.encode()) > LARGEST:
        text = "\n".join([*_head(summary), *_failing(summary, 5), *_scores(summary)]) + "\n"
    return text


def _head(summary: Summary) -> list[str]:
    lines = [f"# {'✓' if summary.passes else '✗'} {SUBJECT} against {BASELINE}, night {summary.night.label}", "", f"**{summary.sentence}**", ""]  # fmt: skip
    lines += [f"- {sentence}" for sentence in (summary.correctness, summary.speed, summary.believability) if sentence]
    rows = [(gate.name, gate.state, str(len(gate.failing)), gate.title) for gate in summary.gates]
    return [*lines, "", *table(("gate", "state", "failing", "what it asks"), rows), ""]


def _failing(summary: Summary, most: int) -> list[str]:
    lines = []
    for gate in summary.gates:
        if gate.failing:
            lines += [f"## {gate.title}: {len(gate.failing)} failing", ""]
            lines += [*table(("row", "what", "reproduce"), map(_row, gate.failing[:most])), ""]
            lines += [f"{len(gate.failing) - most} more are on the page.", ""] * (len(gate.failing) > most)
    return lines


def _row(row: GateRow) -> tuple[str, str, str]:
    return row.row, row.what, f"`{row.reproduce.replace('`', '')}`"


def _scores(summary: Summary) -> list[str]:
    if not summary.scores:
        return []
    names = [name for name in VERDICTS if any(name in score.counts for score in summary.scores)]
    rows = [
        (score.suite, *(str(score.counts.get(name, 0)) for name in names), figure(score.median), f"{score.worst} {figure(score.worst_ratio)}" if score.worst else "")
        for score in summary.scores
    ]  # fmt: skip
    return [f"## Time over {BASELINE}'s, by suite", "", *table(("suite", *names, "median", "worst"), rows), ""]


def _worst(summary: Summary) -> list[str]:
    rows = [
        (f"{row.suite}/{row.case}", seconds(row.time), figure(row.ratio), ratio_words(row.low, row.high), f"`{row.reproduce}`")
        for row in summary.worst.itertuples()
    ]  # fmt: skip
    return (
        ["## Slowest rows", "", *table(("row", SUBJECT, "ratio", "95 % interval", "reproduce"), rows), ""]
        if rows
        else []
    )


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; long cells are cut."""
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return lines + [f"| {' | '.join(map(_cell, row))} |" for row in rows]


def _cell(text: str) -> str:
    shown = " ".join(text.split()).replace("|", "\\|")
    return shown if len(shown) <= LONG else shown[: LONG - 2] + " …" + "`" * (shown.count("`") % 2)
