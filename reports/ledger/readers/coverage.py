"""The table of ``assay coverage --csv``: which property is checked for which op."""

from __future__ import annotations

from typing import Any

from .run import Run

KIND = "coverage"

ABOUT = ("name", "family", "there")


def recognises(document: Any) -> bool:
    return isinstance(document, list) and bool(document) and all(key in document[0] for key in ABOUT)


def read(document: list[dict[str, str]], run: Run) -> None:
    """Enter a row for every op and property."""
    run.begin()
    for row in document:
        for name, applies in row.items():
            if name not in ABOUT:
                run.insert(
                    "coverage", run_id=run.id, op=row["name"], family=row["family"], there=row["there"] == "True", property=name,
                    applies=applies == "True",
                )  # fmt: skip
