"""Whatever a target, the disk or the operator does, a campaign goes on and loses nothing."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay import targets
from assay.campaign import Campaign, arms
from assay.campaign.chunk import Chunk, Job
from assay.campaign.isolated import CannotStart, Isolated
from assay.campaign.journal import Journal, OtherRun
from assay.campaign.sharded import Processes, Sharded
from assay.catalogue import load
from assay.judge import Finding
from assay.judge.written import from_data, to_data
from assay.properties import load as load_property

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def found_here(monkeypatch):
    """The targets of ``misbehaving`` can be named, here and in child processes."""
    monkeypatch.syspath_prepend(HERE)


def arms_of(*names):
    return arms([load()[name] for name in names], [load_property("values")])


def summary(campaign):
    """What a campaign found, whatever the order and the clock."""
    clusters = {key: (each.count, to_data(each.verdict)) for key, each in campaign.failures.items()}
    return clusters, {name: (tally.cases, tally.findings) for name, tally in campaign.tallies.items()}


# -- misbehaviour -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def misbehaved():
    """A run of every kind of misbehaviour."""
    sys.path.insert(0, str(HERE))
    try:
        name = "misbehaving:Misbehaving"
        workers = Processes(name, "torch", 2)
        chosen = arms_of("sin", "cos", "exp", "tan", "asin", "atan", "sinh")
        run = Sharded(targets.load(name), targets.load("torch"), chosen, limit=0.5, shrinking=0.3, workers=workers)
        begun = time.monotonic()
        try:
            run.run(most=6)
        finally:
            workers.close()
        yield run, time.monotonic() - begun
    finally:
        sys.path.remove(str(HERE))


def test_a_run_goes_on_whatever_a_target_does(misbehaved):
    run, _ = misbehaved
    assert {name: tally.cases for name, tally in run.tallies.items()} == dict.fromkeys(run.tallies, 6)


@pytest.mark.parametrize(
    ("op", "finding", "what"),
    [
        ("sin", Finding.TARGET_WRONG, "against"),
        ("cos", Finding.TARGET_WRONG, "ends the process (SIGSEGV)"),
        ("exp", Finding.TARGET_WRONG, "hangs in compiled code"),
        ("tan", Finding.TARGET_WRONG, "leaks memory"),
        ("asin", Finding.UNSPECIFIED, "prints something"),
        ("atan", Finding.TARGET_WRONG, "raises KeyError"),
        ("sinh", Finding.TARGET_WRONG, "ends the process (exit status 3)"),
    ],
)
def test_misbehaviour_becomes_a_verdict(misbehaved, op, finding, what):
    run, _ = misbehaved
    verdicts = [each.verdict for each in run.failures.values() if each.verdict.case.op == op]
    assert any(each.finding is finding and what in each.what for each in verdicts), [v.what for v in verdicts]


def test_the_framework_that_crashes_alone_is_to_blame():
    name = "misbehaving:Misbehaving"
    (arm,) = arms_of("cos")
    with Isolated("torch", name) as child:
        chunk = child.check(arm, Job(arm.name, 0, 0, 6, 60.0, limit=1.0))
    assert chunk.count >= 1
    assert {verdict.finding for verdict, _ in chunk.clusters} == {Finding.ORACLE_WRONG}


def test_a_target_that_cannot_be_made_is_said_to_be():
    (arm,) = arms_of("sin")
    with Isolated("misbehaving:Unimportable", "torch") as child, pytest.raises(CannotStart, match="needs a licence"):
        child.check(arm, Job(arm.name, 0, 0, 1, 1.0))


# -- shards -----------------------------------------------------------------------------------------------------------------------


def test_verdicts_travel_as_data(misbehaved):
    run, _ = misbehaved
    for each in run.failures.values():
        assert from_data(json.loads(json.dumps(to_data(each.verdict)))) == each.verdict


def test_two_processes_find_what_one_finds():
    name, ops = "misbehaving:Slow", ("sin", "cos", "exp", "tan")
    pair = targets.load(name), targets.load("torch")
    alone = Campaign(*pair, arms_of(*ops), shrinking=0.0)
    alone.run(most=25)
    workers = Processes(name, "torch", 2)
    try:
        sharded = Sharded(*pair, arms_of(*ops), shrinking=0.0, workers=workers)
        sharded.run(most=25)
    finally:
        workers.close()
    assert len(alone.failures) >= 2
    assert summary(sharded) == summary(alone)


# -- the journal ------------------------------------------------------------------------------------------------------------------

SETTINGS = {"target": "t", "seed": 0}


def test_a_journal_is_cut_off_at_its_last_whole_line(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path, SETTINGS)
    for number in range(3):
        journal.add(Chunk("sin/values", number, 1), number)
    journal.close()
    whole = path.read_bytes()
    for kept in range(0, len(whole), 5):
        path.write_bytes(whole[:kept])
        again = Journal(path, SETTINGS)
        before = len(list(again.chunks()))
        again.add(Chunk("cos/values", 0, 1), 9.0)
        again.close()
        last = Journal(path, SETTINGS)
        assert [chunk.arm for chunk in last.chunks()] == ["sin/values"] * before + ["cos/values"]
        last.close()


def test_a_journal_of_another_run_is_refused(tmp_path):
    Journal(tmp_path / "journal", SETTINGS).close()
    with pytest.raises(OtherRun, match="seed 0 not 1"):
        Journal(tmp_path / "journal", SETTINGS | {"seed": 1})


def test_a_full_disk_costs_no_run(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal", SETTINGS)
    real, full = os.pwrite, [True]

    def pwrite(file, block, offset):
        if full[0]:
            real(file, block[: len(block) // 2], offset)  # the disk takes half of it
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, block, offset)

    monkeypatch.setattr("assay.campaign.journal.os.pwrite", pwrite)
    for number in range(2):
        journal.add(Chunk("sin/values", number, 1), number)
    assert len(journal.problems) == 1
    assert "No space left" in journal.problems[0]
    full[0] = False
    journal.add(Chunk("sin/values", 2, 1), 2.0)
    journal.close()
    assert [chunk.first for chunk in Journal(tmp_path / "journal", SETTINGS).chunks()] == [0, 1, 2]


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_loses_nothing(tmp_path):
    """kill -9 twice, at moments that nobody chose; the journal then holds every case exactly once, and the verdicts are those of one undisturbed process."""
    path, cases, ops = tmp_path / "journal", 400, ("sin", "cos", "exp")
    command = [sys.executable, "-m", "assay", "run", *ops, "--property", "values", "--target", "misbehaving:Slow"]
    command += ["--no-corpus", "--cases", str(cases), "--seconds", "300", "--workers", "2", "--journal", str(path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]), "OMP_NUM_THREADS": "1"}
    settings = {"cwd": tmp_path, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    sizes = [0]
    for _ in range(2):
        process = subprocess.Popen(command, **settings)
        while process.poll() is None and (path.stat().st_size if path.exists() else 0) < sizes[-1] + 1500:
            time.sleep(0.02)
        assert process.poll() is None, "the run was over before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        sizes.append(path.stat().st_size)
    last = subprocess.run(command, **settings, timeout=120, check=False)
    assert last.returncode == 1, last.stderr
    options = {"target": "misbehaving:Slow", "oracle": "torch", "seed": 0, "names": list(ops), "property": ["values"]}
    numbers = {}
    for chunk in Journal(path, options).chunks():
        numbers.setdefault(chunk.arm, []).extend(range(chunk.first, chunk.first + chunk.count))
    assert numbers == {f"{op}/values": list(range(cases)) for op in ops}
    alone = Campaign(targets.load("misbehaving:Slow"), targets.load("torch"), arms_of(*ops), shrinking=0.0)
    alone.run(most=cases)
    found = Sharded(
        alone.target, alone.oracle, arms_of(*ops), shrinking=0.0, journal=Journal(path, options), workers=None
    )
    counts = {key: each.count for key, each in found.failures.items()}
    assert counts == {key: each.count for key, each in alone.failures.items()}
