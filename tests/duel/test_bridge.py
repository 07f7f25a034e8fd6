"""The canary for pytest-benchmark: duels entered by the bridge are saved, compared, grouped, selected and shown as its own benchmarks are.

Each test runs pytest on a small file in a process of its own, with the plugin as users have it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from duel.bridge import SubjectFixture
from duel.record import SubjectRecord, from_json

BENCH = Path(__file__).resolve().parents[2] / "bench"

QUIET = [f"-pno:{name}" for name in ("cacheprovider", "assay", "hypothesispytest", "xdist")]
"""Plugins that have no part in this, and take their time to load."""

DUELS = """
import pytest
from duel import bridge
from duel.analysis import records
from duel.bout import Bout, Failure
from duel.plan import Plan
from duel.simulation import simulated_duel

PLAN = Plan(rounds=8, processes=2, seconds=10)

def rows(case, ratio):
    samples = simulated_duel({"torch": 1e-4, "ingot": ratio * 1e-4}, PLAN)
    bouts = [Bout(sample=sample, failures={"numpy": Failure("missing", "no such op")}) for sample in samples]
    return records(bouts, suite="ops", case=case, baseline="torch", plan=PLAN, parameters={"op": case, "n": 10, "shape": [2, 5]})

@pytest.mark.parametrize("case", ["add", "mul"])
def test_ops(benchmark, case):
    bridge.add(benchmark, rows(case, 2.0))

def test_without_benchmark():
    pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench")
    (path / "test_duels.py").write_text(DUELS)
    (path / "pytest.ini").write_text("[pytest]\n")
    return path


def run(folder: Path, *options: str) -> str:
    paths = os.pathsep.join([str(BENCH), *(entry for entry in sys.path if entry)])
    command = [sys.executable, "-m", "pytest", "-q", *QUIET, *options]
    # pytest-benchmark measures nothing where it believes to be a worker of xdist; these runs are processes of their own.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    variables["PYTHONPATH"] = paths
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def first(folder):
    """The first run: saved, and its document."""
    shown = run(folder, "--benchmark-save=base", "--benchmark-json=out.json")
    return shown, json.loads((folder / "out.json").read_text())


def test_each_subject_is_a_benchmark(first):
    shown, document = first
    names = [item["fullname"].rpartition("::")[2] for item in document["benchmarks"]]
    assert names == ["test_ops[add]:torch", "test_ops[add]:ingot", "test_ops[mul]:torch", "test_ops[mul]:ingot"]
    assert "3 passed" in shown


def test_statistics_are_those_of_the_rounds(first):
    item = first[1]["benchmarks"][1]
    row = from_json(SubjectRecord, item["extra_info"])
    assert item["stats"]["data"] == pytest.approx([seconds for process in row.times for seconds in process])
    assert item["stats"]["median"] == pytest.approx(row.time)
    assert item["stats"]["rounds"] == 16 and item["stats"]["iterations"] == row.calls


def test_the_record_travels_whole(first):
    item = first[1]["benchmarks"][1]
    row = from_json(SubjectRecord, item["extra_info"])
    assert row.comparison.verdict == "SLOWER" and row.comparison.ratio == pytest.approx(2, rel=0.05)
    assert item["group"] == row.group == "ops/add" and item["params"]["subject"] == "ingot"


def test_groups_hold_the_subjects_of_a_duel(first):
    shown = first[0]
    assert "benchmark 'ops/add': 2 tests" in shown and "benchmark 'ops/mul': 2 tests" in shown


@pytest.fixture(scope="module")
def second(folder, first):
    """A selection of the tests once more, compared with the first run, in groups by subject."""
    chosen = ("-k", "mul or without", "--benchmark-only", "--benchmark-json=some.json")
    shown = run(
        folder,
        *chosen,
        "--benchmark-compare",
        "--benchmark-compare-fail=median:50%",
        "--benchmark-group-by=param:subject",
    )
    return shown, json.loads((folder / "some.json").read_text())


def test_saved_runs_are_compared(second):
    assert "NOW" in second[0] and "0001_base" in second[0]


def test_selection(second):
    assert {item["group"] for item in second[1]["benchmarks"]} == {"ops/mul"}


def test_only_benchmarks(second):
    assert "1 passed, 1 skipped, 1 deselected" in second[0]


def test_grouping_by_another_label(second):
    assert "subject=ingot" in second[0]


def test_without_benchmarks(folder):
    assert "1 passed, 2 skipped" in run(folder, "--benchmark-skip")


def test_what_metadata_reads_of_a_fixture():
    """The attributes of ``SubjectFixture`` are all that ``Metadata`` takes: a new one fails here by name."""
    from pytest_benchmark.stats import Metadata

    fixture = SubjectFixture("name", "fullname", "group", None, None, {})
    stats = Metadata(fixture, iterations=1, options={})
    stats.update(0.5)
    assert stats.as_dict()["stats"]["median"] == 0.5 and not stats.has_error
