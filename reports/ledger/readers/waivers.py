"""What people have decided to live with for a while: ``reports/waivers.toml``."""

from __future__ import annotations

from datetime import date
from typing import Any

from .run import Run

KIND = "waivers"

NEEDED = ("gate", "row", "reason", "link", "until")


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and "waiver" in document


def read(document: dict, run: Run) -> None:
    """Enter the waivers. ValueError for one that lacks something: none is for ever, and none without a reason."""
    run.begin()
    for entry in document["waiver"]:
        lacking = [name for name in NEEDED if not entry.get(name)]
        if lacking:
            raise ValueError(f"the waiver for '{entry.get('row', '?')}' has no {', '.join(lacking)}; each needs {', '.join(NEEDED)}")  # fmt: skip
        until = str(entry["until"])
        date.fromisoformat(until)
        run.insert(
            "waiver", run_id=run.id, gate=entry["gate"], row=entry["row"], reason=entry["reason"], link=entry["link"], until=until
        )  # fmt: skip
