"""What a fuzzing campaign of Assay found: the JSON that ``ledger nightly`` writes with ``ledger.campaign``."""

from __future__ import annotations

from typing import Any

from .run import Run, as_json

KIND = "campaign"

JUDGED_WRONG = ("oracle wrong", "both wrong")
"""Findings that are a defect of the oracle."""


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "assay campaign"


def read(document: dict, run: Run) -> None:
    """Enter arms, causes and missing names, and what the judge holds against the oracle as its defects."""
    run.begin(
        **{key: document[key] for key in ("started", "commit", "dirty") if key in document},
        profile=f"{document['target']} against {document['oracle']}, {document['seconds']:g} s, seed {document['seed']}",
    )
    for arm in document["arms"]:
        run.insert(
            "arm", run_id=run.id, op=arm["op"], property=arm["property"], cases=arm["cases"], seconds=arm["seconds"],
            findings=as_json(arm["findings"]),
        )  # fmt: skip
    for name in document["missing"]:
        run.insert("missing_name", run_id=run.id, name=name)
    for cause in document["causes"]:
        run.insert(
            "cause", run_id=run.id, op=cause["op"], property=cause["property"], finding=cause["finding"], kind=cause["kind"], what=cause["what"],
            count=cause["count"], held=cause["held"], divergence=cause["divergence"], region=cause["region"], case=as_json(cause["case"]),
            target_answer=cause["target_answer"], oracle_answer=cause["oracle_answer"], evidence=as_json(cause["evidence"]),
            reproduce=cause["reproduce"],
        )  # fmt: skip
        if cause["finding"] in JUDGED_WRONG:
            _defect(cause, document["oracle"], run)


def _defect(cause: dict, oracle: str, run: Run) -> None:
    evidence = [f"{oracle}: {cause['oracle_answer']}"] * bool(cause["oracle_answer"]) + cause["evidence"]
    run.insert(
        "oracle_defect",
        run_id=run.id,
        name=f"{cause['op']}/{cause['property']}/{cause['finding']}/{cause['kind']}",
        oracle=oracle,
        op=cause["op"],
        what=cause["what"],
        evidence="\n".join(evidence),
        link="",
        reproduce=cause["reproduce"],
    )
