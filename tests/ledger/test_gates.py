"""Gates: each fails for its own reason and no other."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
import synthetic

from duel.record import ControlsRecord, PlantedRecord
from ledger.gates import GATES, evaluate
from ledger.ingest import ingest
from ledger.night import latest
from ledger.readers.run import Context
from ledger.regressions import shifts
from ledger.report import summarise

NIGHT = Context("2026-01-01T05:00:00+00:00", "abc", night="2026-01-01")


def _clean() -> dict:
    """The files of a night in which nothing is wrong."""
    rows = [row for row in synthetic.rows() if not row.failure and not row.invalid]
    campaign = synthetic.campaign()
    campaign["causes"] = [cause for cause in campaign["causes"] if not cause["held"]]
    return {
        "bench.json": synthetic.document(rows, synthetic.environment()),
        "campaign.json": campaign,
        "examples.json": synthetic.examples()[:1],
    }


def _judge(store, folder, documents, context=NIGHT):
    for name, document in documents.items():
        path = folder / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        ingest(store, [path], context)
    return summarise(latest(store))


def _failing(summary) -> dict[str, list[str]]:
    return {gate.name: [row.row for row in gate.failing] for gate in summary.gates if gate.failing}


def test_a_clean_night_passes_and_says_what_it_asked(store, tmp_path):
    summary = _judge(store, tmp_path, _clean())
    assert summary.passes and _failing(summary) == {}
    assert summary.sentence == "All 6 gates that could be asked hold."
    states = {gate.name: gate.state for gate in summary.gates}
    assert states == {
        "complete": "holds", "correct": "holds", "examples": "holds", "answers": "holds", "believable": "holds", "paired": "not asked", "steps": "not asked",
        "vanished": "not asked", "harness": "holds",
    }  # fmt: skip
    assert all(row.reproduce for gate in summary.gates for row in gate.rows)


@pytest.mark.parametrize(
    ("gate", "change", "rows"),
    [
        ("complete", lambda files: files.pop("examples.json"), ["examples"]),
        ("correct", lambda files: files.update({"campaign.json": synthetic.campaign()}), ["softmax/values/values differ"]),
        ("examples", lambda files: files.update({"examples.json": synthetic.examples()}), ["chargpt/float64"]),
        ("paired", lambda files: files.update({"changes.json": synthetic.CHANGES}), ["ops/add-1000-float32", "ops/sub-1000-float32"]),
    ],
)  # fmt: skip
def test_each_gate_fails_for_its_own_reason(store, tmp_path, gate, change, rows):
    files = _clean()
    change(files)
    summary = _judge(store, tmp_path, files)
    assert _failing(summary) == {gate: rows} and not summary.passes
    assert summary.sentence.startswith("1 of ") and gate in summary.sentence


def test_wrong_answers_and_impossible_figures_fail(store, tmp_path):
    files = _clean()
    files["bench.json"] = synthetic.document(synthetic.rows(), synthetic.environment())
    failing = _failing(_judge(store, tmp_path, files))
    assert failing == {"answers": ["ops/bad-1000-float32:ingot"], "believable": ["ops/quick-1000-float32:ingot"]}


@pytest.mark.parametrize(
    ("controls", "rows"),
    [
        (ControlsRecord(20, 2, ()), []),
        (ControlsRecord(40, 5, ()), ["false alarms"]),
        (ControlsRecord(20, 0, (PlantedRecord(0.1, 20, 19, 0.95),)), []),
        (ControlsRecord(20, 0, (PlantedRecord(0.1, 20, 9, 0.95), PlantedRecord(0.2, 20, 20, 1.0))), ["planted 10%"]),
    ],
)
def test_the_bench_has_to_pass_its_own_test(store, tmp_path, controls, rows):
    files = _clean()
    files["bench.json"] = synthetic.document(synthetic.duel("overhead", "add", 1.0), synthetic.environment(), controls)
    assert _failing(_judge(store, tmp_path, files)) == ({"harness": rows} if rows else {})


def test_a_row_that_vanished_is_named(store, tmp_path):
    ratios = {"add": np.ones(2), "exp": np.ones(2)}
    first, second = synthetic.nights(tmp_path, 2, ratios)
    document = json.loads(second.read_text())
    document["benchmarks"] = [item for item in document["benchmarks"] if item["name"] != "exp"]
    second.write_text(json.dumps(document))
    ingest(store, [first, second])
    failing = _failing(summarise(latest(store)))
    assert failing["vanished"] == ["overhead/exp:torch", "overhead/exp:ingot"]


def test_a_new_step_fails_until_it_is_old(store, tmp_path):
    random = np.random.default_rng(6)
    values = np.exp(random.normal(0, 0.02, 40))
    values[20:] *= 1.3
    paths = synthetic.nights(tmp_path, 40, {"add": values, "exp": np.ones(40)})
    ingest(store, paths[:26])
    night = latest(store)
    rows = [row for row in evaluate(night, shifts(night.history)) if row.gate == "steps"]
    assert [(row.row, row.holds) for row in rows] == [("overhead/add", False), ("everything else", True)]
    assert "times slower since 2026-01-21" in rows[0].what and rows[0].reproduce.startswith("bench compare ")
    ingest(store, paths[26:])
    night = latest(store)
    assert all(row.holds for row in evaluate(night, shifts(night.history)) if row.gate == "steps")


def test_a_waiver_lets_its_row_pass_until_its_day_and_is_shown(store, tmp_path):
    files = _clean()
    files["examples.json"] = synthetic.examples()
    files["waivers.toml"] = synthetic.WAIVERS
    summary = _judge(store, tmp_path, files)
    assert summary.passes and "1 waived row" in summary.sentence
    outcome = next(gate for gate in summary.gates if gate.name == "examples")
    assert outcome.state == "waived" and "overflows" in outcome.waived[0].waived


def test_a_waiver_that_is_over_and_one_for_another_row_count_for_nothing(store, tmp_path):
    yesterday = date(2025, 12, 31)
    over = synthetic.WAIVERS.replace("2026-02-01", yesterday.isoformat())
    other = synthetic.WAIVERS.replace("chargpt/*", "digits/*")
    for number, waivers in enumerate((over, other)):
        day = f"2026-01-0{number + 1}"
        files = {**_clean(), "examples.json": synthetic.examples(), "waivers.toml": waivers}
        files.pop("bench.json")
        files.pop("campaign.json")
        summary = _judge(store, tmp_path, files, Context(f"{day}T05:00:00+00:00", night=day))
        assert "examples" in _failing(summary)
    assert date.fromisoformat("2026-01-01") - yesterday == timedelta(days=1)


def test_every_file_of_a_registry_counts_and_only_the_last_benchmarks_do(store, tmp_path):
    second = synthetic.DIVERGENCES.replace("exp-of-nan", "log-of-nan")
    files = {**_clean(), "one.toml": synthetic.DIVERGENCES, "two.toml": second}
    files["again.json"] = synthetic.document(
        synthetic.duel("overhead", "add", 1.0), synthetic.environment("2026-01-01T04:00:00+00:00")
    )
    night = _judge(store, tmp_path, files).night
    assert night.divergences["name"].tolist() == ["exp-of-nan", "log-of-nan"]
    assert (night.runs["kind"] == "benchmarks").sum() == 1 and set(night.results["case"]) == {"add"}


def test_every_gate_has_a_name_and_a_sentence():
    assert len({gate.name for gate in GATES}) == len(GATES)
    assert all(gate.title[0].isupper() for gate in GATES)
