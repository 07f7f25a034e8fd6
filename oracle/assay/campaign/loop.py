"""One process checks cases until its time is over: every arm gets the same share of it, failures are clustered, and the first of a cluster is shrunk and kept."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..cases import Case
from ..cases.shrink import shrink
from ..corpus import Corpus, Entry
from ..divergences import Registry
from ..engine import check_case, missing
from ..judge import Finding, Verdict
from ..targets import Target
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
    failures: dict[tuple[str, ...], Failure] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.missing = {arm.record.name for arm in self.arms if missing(arm.record, self.target)}
        self.arms = [arm for arm in self.arms if not missing(arm.record, self.oracle)]
        self.arms = [arm for arm in self.arms if arm.record.name not in self.missing]
        self.tallies = {arm.name: Tally() for arm in self.arms}

    @property
    def cases(self) -> int:
        return sum(tally.cases for tally in self.tallies.values())

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
        kept = entries if entries is not None else self.corpus.entries() if self.corpus else ()
        self.replay(kept)
        queue = [(0.0, place) for place in range(len(self.arms))]
        heapq.heapify(queue)
        while queue and (end is None or time.monotonic() < end):
            _, place = heapq.heappop(queue)
            arm = self.arms[place]
            self._slice(arm, most)
            tally = self.tallies[arm.name]
            if most is None or tally.cases < most:
                heapq.heappush(queue, (tally.seconds, place))
            self.observe(self)

    def replay(self, entries: Iterable[Entry]) -> None:
        """Check the kept cases that belong to one of the arms."""
        by_name = {arm.name: arm for arm in self.arms}
        for entry in entries:
            arm = by_name.get(f"{entry.case.op}/{entry.property}")
            if arm is not None:
                self._check(arm, entry.case, None)
                self.observe(self)

    def _slice(self, arm: Arm, most: int | None) -> None:
        tally = self.tallies[arm.name]
        begun = time.perf_counter()
        while True:
            case, choices = arm.draw(self.seed, tally.cases)
            tally.cases += 1
            self._check(arm, case, choices)
            spent = time.perf_counter() - begun
            if spent > SLICE or (most is not None and tally.cases >= most):
                tally.seconds += spent
                return

    def _check(self, arm: Arm, case: Case, choices: list[int] | None) -> None:
        for verdict in check_case(arm.property, arm.record, case, self.target, self.oracle):
            self.tallies[arm.name].findings[verdict.finding.value] += 1
            known = self.registry.match(verdict)
            found = self.failures.get(verdict.cluster)
            if found is not None:
                found.count += 1
                continue
            if known is None and choices is not None and verdict.finding not in (Finding.MISSING,):
                verdict = self._small(arm, verdict, choices)
            self.failures[verdict.cluster] = Failure(verdict, known=known.id if known else None)
            if known is None and self.corpus is not None and verdict.held_against_target:
                self.corpus.add(arm.property.name, verdict)

    def _small(self, arm: Arm, verdict: Verdict, choices: list[int]) -> Verdict:
        """The verdict of the simplest case that falls into the same cluster."""
        best = verdict

        def fails(candidate: list[int]) -> list[int] | None:
            nonlocal best
            drawn = arm.replay(candidate)
            if drawn is None:
                return None
            case, used = drawn
            for found in check_case(arm.property, arm.record, case, self.target, self.oracle):
                if found.cluster == verdict.cluster and self.registry.match(found) is None:
                    best = found
                    return used
            return None

        if self.shrinking > 0:
            shrink(choices, fails, seconds=self.shrinking)
        return best

    def unseen(self) -> list[str]:
        """Known divergences whose arms were checked and that did not occur: they have expired, and make a full run fail."""
        checked = {(arm.record.name, arm.property.name) for arm in self.arms if self.tallies[arm.name].cases}
        return self.registry.expired(checked, self.target.name, self.oracle.name)
