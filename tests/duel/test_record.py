"""The format survives JSON, strictly, both ways."""

from __future__ import annotations

import json
import math

import pytest

from duel.record import (
    Comparison,
    ControlsRecord,
    Environment,
    PlantedRecord,
    Roof,
    ScalingRecord,
    SessionRecord,
    SubjectRecord,
    from_json,
    to_json,
)

ROW = SubjectRecord(
    suite="ops", case="add-1000", subject="ingot", baseline="torch", parameters={"op": "add", "n": 1000, "shape": [10, 100]},
    time=1e-6, quartile_low=0.9e-6, quartile_high=1.1e-6, times=((1e-6, 2e-6), (3e-6,)), calls=100, first_call=0.1, settling=0.2,
    flops=1000.0, bytes=12000.0, flop_rate=1e9, byte_rate=1.2e10, roof=Roof("add", 2e10, 12000, 0.6),
    comparison=Comparison(0.9, 0.8, 1.0, "FASTER", 0.03, 0.05, 0.01, 20.0, 72, 3, log_ratios=((0.1, -0.1), (0.0,))),
    faults=0.5, peak_bytes=4096, saved_bytes=128, units={"node": 4.0}, flags=("odd",), reproduce="bench run 'ops/add-1000'",
)  # fmt: skip

SESSION = SessionRecord(
    Environment("2026-01-01T00:00:00+00:00", "3.12", "Linux", "a processor", 2, 1, 0.5, {"numpy": "2.4"}, "abc", True),
    "quick",
    ControlsRecord(200, 3, (PlantedRecord(0.1, 20, 19, 0.93),)),
    (ScalingRecord("add", "float32", "contiguous", "ingot", 1e-6, 1e-9, math.inf, 0.1, (10, 100)),),
    (SubjectRecord("ops", "qr-10", "ingot", "torch", failure="missing", detail="ingot has no op 'qr'"),),
)


@pytest.mark.parametrize("record", [ROW, SESSION, SESSION.absent[0]])
def test_round_trip(record):
    text = json.dumps(to_json(record), allow_nan=False)
    found = from_json(type(record), json.loads(text))
    assert to_json(found) == to_json(record)
    assert repr(found) == repr(record)


def test_floats_that_are_not_finite():
    row = SubjectRecord("s", "c", "x", "y")
    assert to_json(row)["time"] == "nan" and math.isnan(from_json(SubjectRecord, to_json(row)).time)
    assert from_json(SessionRecord, to_json(SESSION)).scaling[0].crossover == math.inf


def test_unknown_keys_are_ignored_and_missing_ones_have_defaults():
    found = from_json(SubjectRecord, {"suite": "s", "case": "c", "subject": "x", "baseline": "y", "colour": "red"})
    assert found.failure == "" and found.comparison is None and found.schema == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [([], "is a JSON object"), ({"schema": 99}, "newer than"), ({"suite": "s"}, "this is no SubjectRecord")],
)
def test_what_is_no_record(document, message):
    with pytest.raises(ValueError, match=message):
        from_json(SubjectRecord, document)


def test_verdicts_of_rows():
    assert ROW.verdict == "FASTER" and SESSION.absent[0].verdict == "MISSING"
    assert SubjectRecord("s", "c", "y", "y", time=1.0).verdict == ""
    assert SubjectRecord("s", "c", "y", "y", time=1.0, invalid=("above the roof",)).verdict == "INVALID"
    assert ROW.group == "ops/add-1000"
