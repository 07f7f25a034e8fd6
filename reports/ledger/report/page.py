"""The page: one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from duel.table import figure, quantity, seconds

from ..gates import BASELINE, SUBJECT
from ..night import KINDS
from ..plots import figures, matrix
from . import pictures
from .summary import VERDICTS, Summary, ratio_words

LARGEST = 3_000_000
"""Bytes that the page may have."""

TONES = {
    "FASTER": "f2", "SAME": "z0", "UNDECIDED": "u0", "SLOWER": "s2", "INVALID": "s4", "WRONG": "s4", "RAISED": "s4", "CRASHED": "s4", "MISSING": "off",
}  # fmt: skip
"""Verdict -> class of its part in a bar."""

LEGEND = {
    tone: ", ".join(name for name, each in TONES.items() if each == tone) for tone in dict.fromkeys(TONES.values())
}
"""Class -> the verdicts that have it."""

SIGNS = {"holds": "✓", "fails": "✗", "waived": "~", "not asked": "–"}


def page(summary: Summary) -> str:
    """The HTML of a night. The same store gives the same text."""
    template = _environment().get_template("page.html")
    return template.render(content(summary))


def content(summary: Summary) -> dict[str, Any]:
    """What the template is given."""
    night = summary.night
    states = pictures.coverage_states(night)
    subjects = [SUBJECT, *(name for name in dict.fromkeys(night.results["subject"]) if name not in (SUBJECT, BASELINE))]
    return {
        "summary": summary,
        "night": night,
        "subject": SUBJECT,
        "baseline": BASELINE,
        "verdicts": VERDICTS,
        "shifts": [shift for shift in summary.shifts if shift.recent],
        "older": [shift for shift in summary.shifts if not shift.recent],
        "bars": {(score.suite, score.subject): figures.stacked(score.suite, [(name, score.counts.get(name, 0), TONES[name]) for name in VERDICTS]) for score in (*summary.scores, *summary.others)},
        "op_size": pictures.op_size(night),
        "op_kind": pictures.op_kind(night),
        "suite_maps": pictures.suite_maps(night, subjects),
        "roofs": pictures.roofs(night),
        "curves": pictures.scaling_curves(night),
        "scaling": pictures.scaling_rows(night),
        "losses": pictures.loss_curves(night),
        "programs": _programs(night.examples),
        "coverage": list(pictures.coverage_matrices(states)),
        "coverage_totals": pictures.coverage_totals(states),
        "sensitivity": _sensitivity(night.sensitivity),
        "mutants": _mutants(night.mutants),
        "results": night.results[night.results["suite"] != "controls"],
        "kinds": KINDS,
        "legend": LEGEND,
        "known": night.causes[~night.causes["held"].astype(bool)],
        "skips": night.results[night.results["failure"] == "missing"],
        "flagged": night.results[night.results["flags"].map(bool)],
    }  # fmt: skip


def _programs(examples: pandas.DataFrame) -> list[dict]:
    """A row for each example, both frameworks in it."""
    made = []
    for (name, dtype), rows in examples.groupby(["example", "dtype"], sort=False):
        both = {row.framework: row for row in rows.itertuples()}
        if {SUBJECT, BASELINE} <= both.keys():
            made.append(
                {
                    "name": name,
                    "dtype": dtype,
                    SUBJECT: both[SUBJECT],
                    BASELINE: both[BASELINE],
                    "agrees": both[SUBJECT].agrees,
                }
            )
    return made


def _mutants(mutants: pandas.DataFrame) -> list[tuple[str, int, int]]:
    """Fault, planted, killed."""
    return [
        (str(fault), len(rows), int((rows["outcome"] == "killed").sum())) for fault, rows in mutants.groupby("fault")
    ]


def _sensitivity(points: pandas.DataFrame) -> str:
    if not len(points):
        return ""
    shares = [(row.error, row.found / max(row.planted, 1)) for row in points.itertuples()]
    return figures.curve("Share of planted relative errors that are found", shares, "planted relative error", "found", "Sensitivity of the comparison")  # fmt: skip


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    made.filters |= FILTERS
    made.globals |= {
        "spark": figures.sparkline,
        "key": matrix.example,
        "marks": matrix.MARKS,
        "signs": SIGNS,
        "interval": ratio_words,
    }
    return made


def _known(show: Callable[[float], str]) -> Callable[[float | None], str]:
    """A filter that shows a dash for what is not known."""
    return lambda value: "–" if value is None or math.isnan(value) else "never" if math.isinf(value) else show(value)


FILTERS: dict[str, Callable[..., str]] = {
    "ratio": _known(figure),
    "seconds": _known(seconds),
    "quantity": _known(lambda value: quantity(value).strip()),
    "percent": _known(lambda value: f"{value:.0%}"),
    "scientific": _known(lambda value: f"{value:.1e}"),
    "short": lambda commit: commit[:10] or "–",
}
