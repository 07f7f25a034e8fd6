"""What changed between two commits: both trees at once, interleaved block by block.

Noise sits between machines and between hours, so base and head are measured together: each in processes of its own with that tree's ``impl`` first on the path,
taking turns a millisecond at a time. The waiting side sleeps on a socket. What seems to have changed is measured again, by fresh processes; only what both runs show is
called a change.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from .analysis import as_record
from .correctness import disagreement
from .engine import rounds_of
from .plan import Plan
from .process import Process, RequestFailed
from .record import Comparison
from .schedule import doublings, orders
from .statistics import Verdict, compare
from .suites import Case
from .table import figure, seconds

DEFAULT = ("overhead", "ops")
"""The suites that are compared unless others are named."""

SUBJECT = "ingot"


@dataclass(frozen=True)
class Change:
    """One case at both commits: seconds of a call, head / base, and the second measurement where the first saw a change.

    ``failure``: why there are no times at one of them. ``answers``: how the results differ, "" where they agree.
    """

    case: str
    base: float = math.nan
    head: float = math.nan
    first: Comparison | None = None
    second: Comparison | None = None
    failure: str = ""
    answers: str = ""

    @property
    def verdict(self) -> str:
        """FASTER or SLOWER if both measurements say so; what the first says if it saw no change; UNDECIDED if they disagree; FAILED."""
        if self.first is None:
            return "FAILED"
        if self.first.verdict not in _CHANGED:
            return self.first.verdict
        return (
            self.first.verdict if self.second and self.second.verdict == self.first.verdict else Verdict.UNDECIDED.value
        )


_CHANGED = (Verdict.FASTER.value, Verdict.SLOWER.value)


@dataclass(frozen=True)
class Outcome:
    """The comparison of two commits."""

    base: str
    head: str
    changes: tuple[Change, ...]

    @property
    def regressions(self) -> list[Change]:
        """What got slower, and what head can no longer do."""
        return [change for change in self.changes if change.verdict == "SLOWER" or change.failure.startswith("head")]

    def _of(self, *verdicts: str) -> list[Change]:
        found = [change for change in self.changes if change.verdict in verdicts]
        return sorted(found, key=lambda change: -abs(math.log(change.first.ratio)) if change.first else 0.0)

    def summary(self) -> str:
        """One sentence."""
        counts = {verdict: len(self._of(verdict)) for verdict in ("SLOWER", "FASTER", "SAME", "UNDECIDED", "FAILED")}
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        return f"{len(self.changes)} cases: {told or 'nothing to compare'}"

    def text(self) -> list[str]:
        """For a terminal: what changed, what differs, the sentence."""
        lines = [f"{SUBJECT} at {self.head} (head) against {self.base} (base)", ""]
        changed = self._of("SLOWER") + self._of("FASTER")
        if changed:
            lines.append(
                f"  {'case':<44}{'base':>10}    {'head':<10} {'ratio':>7} {'95 % interval':<17} {'again':>7}  verdict"
            )
        for change in changed:
            assert change.first and change.second
            lines.append(
                f"  {change.case:<44}{seconds(change.base):>10} -> {seconds(change.head):<10} {figure(change.first.ratio):>7} "
                f"{f'[{figure(change.first.low)}, {figure(change.first.high)}]':<17} {figure(change.second.ratio):>7}  {change.verdict}"
            )
        lines += [f"  {change.case}: {change.failure}" for change in self._of("FAILED")]
        lines += [f"  {change.case}: the answers differ: {change.answers}" for change in self.changes if change.answers]
        unconfirmed = [change for change in self.changes if change.second and change.verdict == "UNDECIDED"]
        lines += [
            f"  {change.case}: {figure(change.first.ratio)} at first, not confirmed ({figure(change.second.ratio)})"
            for change in unconfirmed
            if change.first and change.second
        ]
        return [*lines, *[""] * (len(lines) > 2), self.summary(), self.seen()]

    def seen(self) -> str:
        """What the comparison could have seen: for half of the cases, and for nine in ten."""
        found = sorted(change.first.detectable for change in self.changes if change.first)
        if not found:
            return ""
        half, most = found[len(found) // 2], found[min(len(found) * 9 // 10, len(found) - 1)]
        return f"a slowdown would have been found with probability 0.8 from {half:.1%} on in half of the cases, from {most:.1%} on in nine of ten"

    def markdown(self) -> list[str]:
        """For a pull request."""
        lines = [f"**`{self.head}` against `{self.base}`**: {self.summary()}", ""]
        changed = self._of("SLOWER") + self._of("FASTER")
        if changed:
            lines += [
                "| case | base | head | ratio | 95 % interval | again | verdict |",
                "|---|---:|---:|---:|---|---:|---|",
            ]
        for change in changed:
            assert change.first and change.second
            lines.append(
                f"| `{change.case}` | {seconds(change.base)} | {seconds(change.head)} | {figure(change.first.ratio)} | "
                f"{figure(change.first.low)} to {figure(change.first.high)} | {figure(change.second.ratio)} | {change.verdict} |"
            )
        lines += [
            f"- `{change.case}`: {change.failure or change.answers}"
            for change in self.changes
            if change.failure or change.answers
        ]
        return [*lines, "", self.seen()]


def compare_commits(
    root: Path, base: str, head: str, cases: Sequence[Case], plan: Plan, *, progress: TextIO | None = None
) -> Outcome:
    """Measure ``cases`` at two commits of the checkout at ``root`` ("." is its working tree). LookupError for a commit that there is not."""
    with ExitStack() as stack:
        trees = [stack.enter_context(tree(root, commit)) for commit in (base, head)]
        changes = _measure(trees, cases, plan, progress, "")
        suspects = [
            case
            for case, change in zip(cases, changes, strict=True)
            if change.first and change.first.verdict in _CHANGED
        ]
        if suspects:
            again = _measure(trees, suspects, replace(plan, seed=plan.seed + 1), progress, " again")
            second = {change.case: change.first for change in again}
            changes = [replace(change, second=second.get(change.case)) for change in changes]
    return Outcome(label(root, base), label(root, head), tuple(changes))


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LookupError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def label(root: Path, commit: str) -> str:
    """How a commit is called: its short hash and its subject; "the working tree" for "."."""
    return "the working tree" if commit == "." else _git(root, "log", "-1", "--format=%h (%s)", commit, "--")


@contextmanager
def tree(root: Path, commit: str) -> Iterator[Path]:
    """A checkout of ``commit``, gone afterwards; the working tree itself for "."."""
    top = Path(_git(root, "rev-parse", "--show-toplevel"))
    if commit == ".":
        yield top
        return
    found = _git(top, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / found[:12]
        _git(top, "worktree", "add", "--detach", str(path), found)
        try:
            yield path
        finally:
            _git(top, "worktree", "remove", "--force", str(path))


def _measure(
    trees: Sequence[Path], cases: Sequence[Case], plan: Plan, progress: TextIO | None, note: str
) -> list[Change]:
    with ExitStack() as stack:
        pairs = [[stack.enter_context(_process(path, plan)) for path in trees] for _ in range(plan.processes)]
        changes = []
        for number, case in enumerate(cases, 1):
            if progress is not None:
                print(f"\r\x1b[K{number}/{len(cases)}{note} {case.id}", end="", file=progress, flush=True)
            changes.append(_race(case, pairs, plan))
        if progress is not None:
            print("\r\x1b[K", end="", file=progress, flush=True)
    return changes


@contextmanager
def _process(path: Path, plan: Plan) -> Iterator[Process]:
    """A process that runs the ingot of one tree, and no other."""
    with Process(plan.threads, [path / "impl"]) as process:
        try:
            found = Path(process.ask("versions", [SUBJECT])[SUBJECT])
        except RequestFailed as error:
            raise LookupError(f"{SUBJECT} at {path} cannot be imported: {error}") from error
        if not found.resolve().is_relative_to(path.resolve()):
            raise LookupError(
                f"{SUBJECT} was imported from {found}, not from {path}: is there an impl/{SUBJECT} at that commit?"
            )
        yield process


def _race(case: Case, pairs: Sequence[Sequence[Process]], plan: Plan) -> Change:
    pairs_of_times, answers = [], ""
    for place, pair in enumerate(pairs):
        given = []
        for name, process in zip(("base", "head"), pair, strict=True):
            try:
                given.append(process.ask("prepare", case.id, SUBJECT, plan))
            except RequestFailed as error:
                return Change(case.id, failure=f"{name}: {' '.join(str(error).split())[:200]}")
        if not answers:
            answers = disagreement(replace(case, op=None), None, given[1], given[0], same_dialect=True)
        pairs_of_times.append(_take_turns(pair, plan, plan.seed * plan.processes + place))
    log_ratios = [[math.log(head / base) for base, head in times] for times in pairs_of_times]
    base, head = (sorted(pair[side] for times in pairs_of_times for pair in times) for side in (0, 1))
    first = as_record(compare(log_ratios, margin=plan.margin, seed=plan.seed), log_ratios)
    return Change(case.id, base[len(base) // 2], head[len(head) // 2], first, answers=answers)


def _take_turns(pair: Sequence[Process], plan: Plan, seed: int) -> list[tuple[float, float]]:
    """For each round the seconds of a call, of base and of head."""
    calls = [process.ask("warm", plan.block).calls for process in pair]
    trial = [process.ask("block", count).nanoseconds * 1e-9 for process, count in zip(pair, calls, strict=True)]
    rounds = rounds_of(plan, 1.5 * sum(trial))
    times = []
    for order, factor in zip(orders(2, rounds, seed), doublings(rounds, seed), strict=True):
        taken = [0.0, 0.0]
        for side in order:
            taken[side] = pair[side].ask("block", calls[side] * factor).seconds
        times.append((taken[0], taken[1]))
    return times
