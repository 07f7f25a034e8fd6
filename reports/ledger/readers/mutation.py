"""What the harness sees of planted faults: the JSON of ``assay mutate``."""

from __future__ import annotations

from typing import Any

from .run import Run, number

KIND = "mutation"


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "assay mutation"


def read(document: dict, run: Run) -> None:
    """Enter mutants and the sensitivity curve."""
    run.begin(**{key: document[key] for key in ("started", "commit", "dirty") if key in document})
    for mutant in document["mutants"]:
        run.insert(
            "mutant", run_id=run.id, name=mutant["name"], op=mutant["op"], fault=mutant["fault"], outcome=mutant["outcome"],
            property=mutant.get("property") or "", seconds=number(mutant.get("seconds")), cases=mutant.get("cases"), detail=mutant.get("detail", ""),
        )  # fmt: skip
    for point in document.get("sensitivity", ()):
        run.insert(
            "sensitivity", run_id=run.id, error=float(point["error"]), planted=point["planted"], found=point["found"]
        )
