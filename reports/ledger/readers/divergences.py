"""Assay's registry of known differences: its TOML files."""

from __future__ import annotations

from typing import Any

from .run import Run, as_json

KIND = "divergences"


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and "divergence" in document


def read(document: dict, run: Run) -> None:
    """Enter the differences."""
    run.begin()
    for entry in document["divergence"]:
        run.insert(
            "divergence", run_id=run.id, name=entry["id"], target=entry["target"], oracle=entry.get("oracle", "torch"), ops=as_json(entry["ops"]),
            properties=as_json(entry.get("properties", [])), what=entry["what"], reason=entry["reason"], link=entry["link"],
        )  # fmt: skip
