"""Verdicts as plain data, so that they travel between processes and lie in journals."""

from __future__ import annotations

import json
from typing import Any

from ..cases import from_json, to_json
from .verdict import Finding, Verdict

TEXTS = ("property", "what", "target", "oracle", "target_answer", "oracle_answer")


def to_data(verdict: Verdict) -> dict[str, Any]:
    """A dictionary of strings and lists that JSON holds."""
    data: dict[str, Any] = {name: getattr(verdict, name) for name in TEXTS}
    return data | {
        "finding": verdict.finding.value,
        "evidence": list(verdict.evidence),
        "case": json.loads(to_json(verdict.case)),
    }


def from_data(data: dict[str, Any]) -> Verdict:
    """The verdict that ``to_data`` wrote. ValueError or KeyError for data that is none."""
    return Verdict(
        **{name: data[name] for name in TEXTS},
        finding=Finding(data["finding"]),
        evidence=tuple(data["evidence"]),
        case=from_json(json.dumps(data["case"])),
    )
