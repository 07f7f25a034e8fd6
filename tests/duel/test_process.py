"""Measuring processes: set up alike, isolated, replaced."""

from __future__ import annotations

import os
import signal

import pytest

from duel.api import duel
from duel.plan import Plan
from duel.process import THREADS, Process, RequestFailed, WorkerDied, environment


@pytest.fixture(scope="module")
def process():
    with Process(threads=1) as made:
        yield made


def test_threads_are_set_for_every_library():
    variables = environment(3)
    assert (
        all(variables[name] == "3" for name in THREADS) and "intra_op_parallelism_threads=3" in variables["XLA_FLAGS"]
    )


def test_requests_are_answered(process):
    assert process.ask("versions", ["json"])["json"].endswith("__init__.py")


def test_an_error_in_the_process_is_raised_here_and_the_process_lives(process):
    with pytest.raises(RequestFailed, match="no_such_module") as caught:
        process.ask("versions", ["no_such_module"])
    assert caught.value.error == "ModuleNotFoundError"
    assert process.ask("versions", ["json"])


def test_a_killed_process_is_a_sentence():
    with Process() as doomed:
        doomed.ask("versions", ["json"])
        os.kill(doomed.child.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="signal 9"):
            doomed.ask("versions", ["json"])


def test_a_process_that_does_not_answer_in_time():
    with Process(timeout=0.0) as slow, pytest.raises(WorkerDied, match="no answer within"):
        slow.ask("versions", ["json"])


def test_a_duel_in_fresh_processes(tmp_path, monkeypatch):
    (tmp_path / "contest.py").write_text(
        "def subjects():\n    return {'sum': lambda: sum(range(2000)), 'thrice': lambda: sum(range(6000))}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = duel("contest:subjects", plan=Plan(rounds=6, processes=2, block=0.0005, seconds=0.5))["thrice"]
    assert found.comparison.processes == 2 and found.comparison.ratio > 1.5
