"""Two commits beside each other: the JSON of ``bench compare``."""

from __future__ import annotations

from typing import Any

from .run import Run, number

KIND = "changes"

CHANGED = ("FASTER", "SLOWER")


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and {"base", "head", "changes"} <= document.keys()


def read(document: dict, run: Run) -> None:
    """Enter the cases."""
    run.begin()
    for change in document["changes"]:
        first, second = change["first"] or {}, change["second"] or {}
        run.insert(
            "change", run_id=run.id, base=document["base"], head=document["head"], case=change["case"], base_time=number(change["base"]),
            head_time=number(change["head"]), ratio=number(first.get("ratio")), low=number(first.get("low")), high=number(first.get("high")),
            first_verdict=first.get("verdict", ""), second_verdict=second.get("verdict", ""), verdict=_verdict(first, second),
            failure=change["failure"], answers=change["answers"],
        )  # fmt: skip


def _verdict(first: dict, second: dict) -> str:
    """As ``duel.commits.Change.verdict``: a change is one only where both measurements say so."""
    if not first:
        return "FAILED"
    if first["verdict"] in CHANGED and second.get("verdict") != first["verdict"]:
        return "UNDECIDED"
    return first["verdict"]
