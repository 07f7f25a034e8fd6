"""Defects of an oracle that people have looked into and written down, as JSON."""

from __future__ import annotations

from typing import Any

from .run import Run

KIND = "oracle defects"


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "oracle defects"


def read(document: dict, run: Run) -> None:
    """Enter the defects."""
    run.begin(**{key: document[key] for key in ("started", "commit", "dirty") if key in document})
    for defect in document["defects"]:
        run.insert(
            "oracle_defect", run_id=run.id, name=defect["name"], oracle=defect["oracle"], op=defect["op"], what=defect["what"],
            evidence=defect["evidence"], link=defect.get("link", ""), reproduce=defect["reproduce"],
        )  # fmt: skip
