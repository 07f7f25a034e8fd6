"""The report for machines: JSON, JUnit, CSV and a badge."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from html import escape
from typing import Any

from ..frames import history
from ..gates import GateRow
from ..plots import svg
from .summary import Summary

SCHEMA = 1

COLUMNS = (
    "suite", "case", "subject", "baseline", "op", "n", "dtype", "layout", "time", "quartile_low", "quartile_high", "first_call", "ratio", "low", "high", "verdict",
    "detectable", "rounds", "processes", "flop_rate", "byte_rate", "roof", "roof_rate", "share", "peak_bytes", "saved_bytes", "faults", "failure", "detail", "reproduce",
)  # fmt: skip
"""Of the CSV: times in seconds, rates per second, sizes in bytes, as in ``frames.results``."""


def as_json(summary: Summary) -> str:
    """The summary with the gates' rows, steps, scores and every row of the bench."""
    runs = summary.night.runs
    document = {
        "schema": SCHEMA,
        "night": summary.night.label,
        "passes": summary.passes,
        "sentences": [
            each for each in (summary.sentence, summary.correctness, summary.speed, summary.believability) if each
        ],
        "runs": [{"kind": row.kind, "started": row.started, "commit": row.commit, "dirty": bool(row.dirty), "profile": row.profile} for row in runs.itertuples()],
        "gates": [{"name": gate.name, "title": gate.title, "state": gate.state, "rows": [_gate_row(row) for row in gate.rows]} for gate in summary.gates],
        "steps": [asdict(shift) for shift in summary.shifts],
        "suites": [asdict(score) for score in (*summary.scores, *summary.others)],
        "rows": summary.night.results[list(COLUMNS)].to_dict("records"),
    }  # fmt: skip
    return json.dumps(_strict(document), indent=1, ensure_ascii=False) + "\n"


def _gate_row(row: GateRow) -> dict[str, Any]:
    return {"row": row.row, "holds": row.holds, "what": row.what, "waived": row.waived, "reproduce": row.reproduce}


def _strict(value: Any) -> Any:
    """JSON has neither NaN nor infinity: null, and a string."""
    if isinstance(value, dict):
        return {key: _strict(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else repr(value)
    return value


def junit(summary: Summary) -> str:
    """JUnit's XML, as CI systems read it: a gate is a suite, each of its rows a test; a waived row is skipped."""
    suites = []
    for gate in summary.gates:
        tests = "".join(_test(row) for row in gate.rows)
        suites.append(
            f'<testsuite name="{escape(gate.name)}" tests="{len(gate.rows)}" failures="{len(gate.failing)}" skipped="{len(gate.waived)}" errors="0">\n{tests}</testsuite>\n'
        )
    total, failures = sum(len(gate.rows) for gate in summary.gates), sum(len(gate.failing) for gate in summary.gates)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="ledger" tests="{total}" failures="{failures}">\n{"".join(suites)}</testsuites>\n'


def _test(row: GateRow) -> str:
    what, command = _xml(row.what), _xml(row.reproduce)
    inside = ""
    if row.fails:
        inside = f'<failure message="{what}">{what}\n{command}</failure>'
    elif row.waived:
        inside = f'<skipped message="{_xml(row.waived)}"/>'
    return f'<testcase classname="{_xml(row.gate)}" name="{_xml(row.row)}">{inside}</testcase>\n'


def _xml(text: str) -> str:
    """Escaped, without the control characters that XML does not allow."""
    return escape("".join(letter if letter >= " " or letter in "\n\t" else "�" for letter in text))


def rows_csv(summary: Summary) -> str:
    """Every row of the bench of this night."""
    return summary.night.results[list(COLUMNS)].to_csv(index=False, lineterminator="\n")


def history_csv(summary: Summary) -> str:
    """The ratio of every row on every night of the store, of any profile."""
    return history(summary.night.store).to_csv(index=False, lineterminator="\n")


def gates_csv(summary: Summary) -> str:
    """Every row of every gate."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("gate", "row", "holds", "waived", "what", "reproduce"))
    writer.writerows((row.gate, row.row, row.holds, row.waived, row.what, row.reproduce) for gate in summary.gates for row in gate.rows)  # fmt: skip
    return text.getvalue()


def badge(summary: Summary) -> str:
    """A small picture that says whether the gates hold."""
    failing = sum(1 for gate in summary.gates if gate.failing)
    label, state = "nightly", "all gates hold" if summary.passes else f"{failing} {'gate fails' if failing == 1 else 'gates fail'}"  # fmt: skip
    left, right = 7.0 * len(label) + 12, 6.6 * len(state) + 14
    font = {"font_family": "DejaVu Sans,Verdana,sans-serif", "font_size": "11", "fill": "#fff", "text_anchor": "middle"}
    colour = "#1a6b3c" if summary.passes else "#a8320b"
    return svg.element(
        "svg", svg.title(f"{label}: {state}"),
        svg.element("rect", width=left + right, height=20.0, rx=3.0, fill="#3c444d"),
        svg.element("path", d=f"M{svg.number(left)} 0h{svg.number(right - 3)}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h{svg.number(3 - right)}z", fill=colour),
        svg.text(label, left / 2, 14, **font), svg.text(state, left + right / 2, 14, **font),
        xmlns="http://www.w3.org/2000/svg", width=left + right, height=20.0, role="img", aria_label=f"{label}: {state}",
    ) + "\n"  # fmt: skip
