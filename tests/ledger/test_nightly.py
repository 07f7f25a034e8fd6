"""The night as a sequence of child processes: it ends, goes on after a kill, and does nothing twice."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import synthetic

from ledger import frames, open_store
from ledger.nightly import STEPS, Nightly, Settings, Step, ten_lines

HERE = Path(__file__).resolve().parent

QUIET = lambda given: 30.0  # noqa: E731


def _leaving(name: str, output: str, document: str, more: str = "") -> Step:
    """A step that appends to ``trace``, writes a document, and does ``more`` before."""
    code = textwrap.dedent(
        f"""
        import pathlib, sys, time
        with open("trace", "a") as trace:
            print("{name}", file=trace)
        {more}
        pathlib.Path(sys.argv[1]).write_text({document!r})
        """
    )
    return Step(name, output, lambda given, file: ["-c", code, file], QUIET)


def _steps(slow: str = "") -> list[Step]:
    campaign = {**synthetic.campaign(), "causes": []}
    bench = synthetic.document(synthetic.duel("overhead", "add", 1.0), synthetic.environment())
    return [
        _leaving("examples", "examples.json", json.dumps(synthetic.examples()[:1])),
        _leaving("fuzz", "campaign.json", json.dumps(campaign), slow),
        _leaving("benchmarks", "bench.json", json.dumps(bench)),
    ]


@pytest.fixture
def checkout(tmp_path):
    """A folder that is a git checkout with one commit."""
    root = tmp_path / "checkout"
    root.mkdir()
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    (root / ".gitignore").write_text("*\n")
    return root


def _night(root: Path, out: Path, steps) -> tuple:
    stream = io.StringIO()
    summary, page = Nightly(root, out, Settings(), steps=steps, stream=stream).run()
    return summary, page, stream.getvalue()


def test_a_night_runs_every_step_once_and_reports(checkout, tmp_path):
    out = tmp_path / "out"
    summary, page, told = _night(checkout, out, _steps())
    assert summary.passes and page == out / "index.html"
    assert (checkout / "trace").read_text().split() == ["examples", "fuzz", "benchmarks"]
    assert "[3/3] benchmarks: done after 0:0" in told
    lines = ten_lines(summary, page)
    assert lines[0] == str(page.resolve()) and 3 <= len(lines) <= 10
    with open_store(out / "ledger.sqlite") as store:
        runs = frames.runs(store)
        assert sorted(runs["kind"]) == ["benchmarks", "campaign", "examples"] and runs["night"].nunique() == 1
    # A night that was finished is not gone on with: the next call is the next night.
    _night(checkout, out, _steps())
    assert (checkout / "trace").read_text().split() == ["examples", "fuzz", "benchmarks"] * 2
    assert len([path for path in out.iterdir() if path.is_dir()]) == 2


def test_a_step_that_fails_or_hangs_costs_only_itself(checkout, tmp_path):
    steps = _steps()
    failing = Step("examples", "examples.json", lambda given, file: ["-c", "raise SystemExit('no such thing')"], QUIET)
    hanging = Step(
        "fuzz", "campaign.json", lambda given, file: ["-c", "import time; time.sleep(60)"], lambda given: 0.5
    )
    broken = _leaving(
        "extra", "mutation.json", '{"kind": "mutation scores", "target": "x", "oracle": "y", "planted": 1, "seed": 0}'
    )
    absent = Step("mutants", "none.json", lambda given, file: ["-c", "1/0"], QUIET, lambda: False)
    begun = time.monotonic()
    summary, _, told = _night(checkout, tmp_path / "out", [failing, hanging, broken, absent, steps[2]])
    assert time.monotonic() - begun < 25
    assert [row.row for gate in summary.gates if gate.name == "complete" for row in gate.failing] == [
        "campaign",
        "examples",
    ]
    assert (
        "examples: failed with status 1" in told and "out of time" in told and "mutants: not in this checkout" in told
    )
    assert "taken for mutation, lacks 'faults'" in told and "benchmarks: done" in told
    assert "no such thing" in next((tmp_path / "out").glob("*/examples.log")).read_text()


CALL = """
import sys
sys.path[:0] = {paths!r}
import io
from pathlib import Path
import test_nightly
from ledger.nightly import Nightly, Settings
slow = "pathlib.Path('pid').write_text(str(__import__('os').getpid())) if pathlib.Path('pid').exists() else (pathlib.Path('pid').write_text(str(__import__('os').getpid())), time.sleep(60))"
Nightly(Path(sys.argv[1]), Path(sys.argv[2]), Settings(), steps=test_nightly._steps(slow), stream=io.StringIO()).run()
"""


def test_a_killed_night_goes_on_where_it_was(checkout, tmp_path):
    """Killed in its second step, the night takes the step with it, and the next call begins there."""
    out = tmp_path / "out"
    code = CALL.format(paths=[str(HERE), *(each for each in sys.path if each)])
    call = [sys.executable, "-c", code, str(checkout), str(out)]
    first = subprocess.Popen(call)
    pid = checkout / "pid"
    end = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < end:
        time.sleep(0.02)
    step = int(pid.read_text())
    first.send_signal(signal.SIGKILL)
    first.wait()
    if sys.platform == "linux":
        _wait_until_gone(step)
    subprocess.run(call, check=True, timeout=60)
    assert (checkout / "trace").read_text().split() == ["examples", "fuzz", "fuzz", "benchmarks"]
    assert len([path for path in out.iterdir() if path.is_dir()]) == 1
    with open_store(out / "ledger.sqlite") as store:
        assert len(frames.runs(store)) == 3


def _wait_until_gone(process: int) -> None:
    for _ in range(200):
        try:
            if "\nState:\tZ" in Path(f"/proc/{process}/status").read_text():
                return
            os.kill(process, 0)
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.02)
    pytest.fail("the step outlived the night")


def test_another_tree_is_another_night(checkout, tmp_path):
    """What is done is reused only for the same inputs."""
    out = tmp_path / "out"
    night = Nightly(checkout, out, Settings(), steps=_steps(), stream=io.StringIO())
    first = night._begin().night
    (out / first).mkdir(parents=True)
    (out / first / "examples.json").write_text("[]")
    assert Nightly(checkout, out, Settings(), steps=_steps(), stream=io.StringIO())._begin().night == first
    assert Nightly(checkout, out, Settings(seed=1), steps=_steps(), stream=io.StringIO())._begin().night == f"{first}.2"


def test_the_steps_are_commands_that_exist():
    """Every step's program is there and knows its options."""
    root = HERE.parents[1]
    for step in STEPS:
        command = step.command(Settings(pattern="overhead"), "out.json")
        assert command[-1] == "out.json" or "out.json" in " ".join(command)
        assert step.limit(Settings()) >= 60
        if command[0] != "-m":
            assert (root / command[0]).exists()
    assert [step.name for step in STEPS] == ["examples", "fuzz", "coverage", "mutants", "benchmarks"]
