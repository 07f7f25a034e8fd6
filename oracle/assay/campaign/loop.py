"""A run, whatever its processes: arms get equal shares of the time, failures are clustered, and the first of a cluster is shrunk and kept.

``Campaign`` checks in its own process; ``sharded.Sharded`` has the same chunks checked by others and only adds up.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..corpus import Corpus, Entry
from ..divergences import Registry
from ..engine import CASE_LIMIT, missing
from ..judge import Verdict
from ..targets import Target
from .chunk import Chunk, Job, check_cases, check_chunk
from .plan import Arm

SLICE = 0.03
"""Seconds that an arm gets at a time."""

SHRINKING = 3.0
"""Seconds that making one failure small may take."""


@dataclass
class Failure:
    """A cluster of verdicts with one cause: the first, made small, and how many there were."""

    verdict: Verdict
    count: int = 1
    known: str | None = None


@dataclass
class Tally:
    """What an arm has done."""

    cases: int = 0
    seconds: float = 0.0
    findings: Counter[str] = field(default_factory=Counter)


@dataclass
class Campaign:
    """A run. ``failures`` by cluster, ``tallies`` by arm, ``missing`` the names that the target lacks; ``observe`` is called after every slice."""

    target: Target
    oracle: Target
    arms: list[Arm]
    seed: int = 0
    corpus: Corpus | None = None
    registry: Registry = field(default_factory=Registry)
    shrinking: float = SHRINKING
    observe: Callable[[Campaign], None] = lambda campaign: None
    limit: float = CASE_LIMIT
    failures: dict[tuple[str, ...], Failure] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.arms = [arm for arm in self.arms if arm.property.name not in self.target.unpromised]
        self.missing = {arm.record.name for arm in self.arms if missing(arm.record, self.target)}
        self.arms = [arm for arm in self.arms if not missing(arm.record, self.oracle)]
        self.arms = [arm for arm in self.arms if arm.record.name not in self.missing]
        self.tallies = {arm.name: Tally() for arm in self.arms}

    @property
    def cases(self) -> int:
        return sum(tally.cases for tally in self.tallies.values())

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def held_against_target(self) -> list[Failure]:
        """The clusters that make the run fail."""
        return [each for each in self.failures.values() if each.verdict.held_against_target and each.known is None]

    def run(
        self, seconds: float | None = None, *, most: int | None = None, entries: Iterable[Entry] | None = None
    ) -> None:
        """Check until ``seconds`` are over or every arm has had ``most`` cases. Kept cases come first: ``entries``, or all that the corpus has."""
        self.started = time.monotonic()
        end = None if seconds is None else self.started + seconds
        self.replay(self.kept(entries))
        queue = self.queue()
        while queue and (end is None or time.monotonic() < end):
            _, place = heapq.heappop(queue)
            arm = self.arms[place]
            if most is None or self.tallies[arm.name].cases < most:
                self.absorb(arm, check_chunk(arm, self.job(arm, SLICE, most), self.target, self.oracle, self.registry))
                heapq.heappush(queue, (self.tallies[arm.name].seconds, place))
            self.observe(self)

    def kept(self, entries: Iterable[Entry] | None) -> Iterable[Entry]:
        """The kept cases to begin with."""
        return entries if entries is not None else self.corpus.entries() if self.corpus else ()

    def queue(self) -> list[tuple[float, int]]:
        """(seconds spent, place of an arm), a heap: the arm that had least is next."""
        queue = [(self.tallies[arm.name].seconds, place) for place, arm in enumerate(self.arms)]
        heapq.heapify(queue)
        return queue

    def replay(self, entries: Iterable[Entry]) -> None:
        """Check the kept cases that belong to one of the arms."""
        by_name = {arm.name: arm for arm in self.arms}
        for entry in entries:
            arm = by_name.get(f"{entry.case.op}/{entry.property}")
            if arm is not None:
                self.absorb(arm, self.checked(arm, entry), replayed=True)
                self.observe(self)

    def checked(self, arm: Arm, entry: Entry) -> Chunk:
        """What a kept case comes to."""
        job = self.job(arm, 0.0, None)
        return check_cases(arm, job, [(entry.case, None)], self.target, self.oracle, self.registry)

    def job(self, arm: Arm, seconds: float, most: int | None) -> Job:
        """The next cases of an arm: those that follow what its tally counts."""
        clusters = tuple(sorted(key for key in self.failures if key[:2] == (arm.record.name, arm.property.name)))
        first = self.tallies[arm.name].cases
        return Job(
            arm.name,
            self.seed,
            first,
            None if most is None else most - first,
            seconds,
            clusters,
            self.shrinking,
            self.limit,
        )

    def absorb(self, arm: Arm, chunk: Chunk, *, replayed: bool = False) -> None:
        """Add what a chunk came to. An arm's chunks come one after the other, so the order of arms does not matter."""
        tally = self.tallies[arm.name]
        if not replayed:
            tally.cases = chunk.first + chunk.count
            tally.seconds += chunk.seconds
        tally.findings.update(chunk.findings)
        self.problems += chunk.problems
        for verdict, count in chunk.clusters:
            known = self.registry.match(verdict)
            found = self.failures.get(verdict.cluster)
            if found is not None:
                found.count += count
                continue
            self.failures[verdict.cluster] = Failure(verdict, count, known.id if known else None)
            if known is None and self.corpus is not None and verdict.held_against_target:
                self.corpus.add(arm.property.name, verdict)

    def unseen(self) -> list[str]:
        """Known divergences whose arms were checked and that did not occur: they have expired, and make a full run fail."""
        checked = {(arm.record.name, arm.property.name) for arm in self.arms if self.tallies[arm.name].cases}
        return self.registry.expired(checked, self.target.name, self.oracle.name)
