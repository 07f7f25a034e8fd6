"""Comparing commits: a planted slowdown between two commits of a small repository is found, confirmed and told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from duel.commits import Change, Outcome, compare_commits, label, tree
from duel.plan import Plan
from duel.record import Comparison
from duel.suites import find

ROOT = Path(__file__).resolve().parents[2]

SLOWER = """
import time as _time
_exp = exp
def exp(input, **given):
    until = _time.perf_counter() + 1e-5
    while _time.perf_counter() < until:
        pass
    return _exp(input, **given)
"""

BROKEN = "\ndef sum(*given, **more):\n    raise RuntimeError('sum is broken')\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Ingot as it is, and a second commit in which exp takes ten microseconds more, and sum raises."""
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "impl" / "ingot", root / "impl" / "ingot", ignore=shutil.ignore_patterns("__pycache__"))
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")

    def git(*arguments):
        subprocess.run(["git", "-C", root, *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "as it was")
    with (root / "impl" / "ingot" / "__init__.py").open("a") as file:
        file.write(SLOWER + BROKEN)
    git("commit", "-q", "-a", "-m", "slower")
    return root


@pytest.fixture(scope="module")
def outcome(repository):
    cases = [find(f"overhead/{name}") for name in ("exp", "sum", "detach")]
    return compare_commits(repository, "HEAD~1", ".", cases, Plan(rounds=8, processes=1, block=0.0005, seconds=1.0))


def test_a_slowdown_is_found_and_confirmed(outcome):
    change = outcome.changes[0]
    assert change.verdict == "SLOWER" and change.second is not None and change.first.ratio > 1.5


def test_what_head_can_no_longer_do_is_a_regression(outcome):
    assert outcome.changes[1].failure.startswith("head: RuntimeError: sum is broken")
    assert {change.case for change in outcome.regressions} >= {"overhead/exp", "overhead/sum"}


def test_an_unchanged_case_is_no_regression(outcome):
    assert outcome.changes[2].verdict in ("SAME", "UNDECIDED") and not outcome.changes[2].answers


def test_it_is_told(outcome):
    text, markdown = "\n".join(outcome.text()), "\n".join(outcome.markdown())
    assert "overhead/exp" in text and "SLOWER" in text and "sum is broken" in text and "as it was" in text
    assert "| `overhead/exp` |" in markdown and "- `overhead/sum`:" in markdown


def test_worktrees_are_removed(repository):
    with tree(repository, "HEAD~1") as path:
        assert (path / "impl" / "ingot").is_dir()
    assert not path.exists()
    listed = subprocess.run(["git", "-C", repository, "worktree", "list"], capture_output=True, text=True, check=True)
    assert len(listed.stdout.splitlines()) == 1


def test_labels(repository):
    assert label(repository, ".") == "the working tree" and label(repository, "HEAD").endswith("(slower)")
    with pytest.raises(LookupError, match="nonsense"):
        label(repository, "nonsense")


def comparison(ratio: float, verdict: str) -> Comparison:
    return Comparison(ratio, ratio * 0.9, ratio * 1.1, verdict, 0.03, 0.05, 0.01, 20.0, 24, 1)


def test_what_only_one_run_shows_is_undecided():
    once = Change("a", 1e-6, 2e-6, comparison(2.0, "SLOWER"), comparison(1.0, "SAME"))
    twice = Change("b", 1e-6, 2e-6, comparison(2.0, "SLOWER"), comparison(1.9, "SLOWER"))
    outcome = Outcome("x", "y", (once, twice))
    assert [change.case for change in outcome.regressions] == ["b"]
    assert "not confirmed" in "\n".join(outcome.text())
