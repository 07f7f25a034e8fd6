"""What the harness sees of planted faults: the JSON of ``assay mutate``."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from .run import Run, number

KIND = "mutation"

INVISIBLE = "changed nothing"
"""How the explanation of a survivor begins that could not be seen by anyone."""

RELATIVE = re.compile(r"(?:relative error|off) (1e-\d+)$")
"""Operators that plant an error of a size: together they are the sensitivity curve."""


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "mutation scores"


def read(document: dict, run: Run) -> None:
    """Enter every mutant, the sensitivity curve, and what published rules find of the same mutants."""
    run.begin(
        profile=f"{document['target']} against {document['oracle']}, {document['planted']} faults, seed {document['seed']}"
    )
    planted, found = Counter[str](), Counter[str]()
    for fault in document["faults"]:
        run.insert(
            "mutant", run_id=run.id, name=f"{fault['number']}: {fault['operator']} in {fault['place']}", op=fault["place"], fault=fault["operator"],
            outcome=_outcome(fault), property=fault["by"], seconds=number(fault["cpu_seconds"]), cases=fault["cases"],
            detail=fault["what"] or fault["explanation"],
        )  # fmt: skip
        size = RELATIVE.search(fault["operator"])
        if size:
            planted[size[1]] += 1
            found[size[1]] += fault["killed"]
    for error, count in planted.items():
        run.insert("sensitivity", run_id=run.id, error=float(error), planted=count, found=found[error])
    for rule, count in document["contrast"].items():
        run.insert("contrast", run_id=run.id, rule=rule, planted=document["planted"], found=count)


def _outcome(fault: dict) -> str:
    if fault["killed"]:
        return "killed"
    return "invisible" if fault["explanation"].startswith(INVISIBLE) else "survived"
