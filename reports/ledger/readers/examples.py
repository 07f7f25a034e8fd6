"""Whole programs under two frameworks: the JSON of ``examples/compare.py --json``."""

from __future__ import annotations

from typing import Any

from .run import Run, as_json, floats, number

KIND = "examples"

FRAMEWORKS = ("ingot", "torch")


def recognises(document: Any) -> bool:
    return isinstance(document, list) and bool(document) and isinstance(document[0], dict) and "example" in document[0]


def read(document: list[dict], run: Run) -> None:
    """Enter both trainings of every example, loss by loss."""
    run.begin()
    for row in document:
        example = run.insert(
            "example", run_id=run.id, name=row["example"], dtype=row["dtype"], difference=number(row["difference"]), bound=row["bound"],
            agrees=row["agrees"],
        )  # fmt: skip
        for framework in FRAMEWORKS:
            training = row[framework]
            run.insert(
                "training", example_id=example, framework=framework, throughput=number(training.get("throughput")), unit=training.get("unit", ""),
                peak_mib=number(training.get("peak_mib")), metrics=as_json(training.get("metrics", {})), losses=floats(training["losses"]),
            )  # fmt: skip
