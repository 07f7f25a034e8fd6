"""A chunk of an arm: some of its cases, one after the other, and what they came to. The unit that is handed to processes, written to journals and repeated after a crash.

What a chunk comes to follows from its job alone, so it does not matter which process it is given to.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ..cases import Case
from ..cases.shrink import shrink
from ..divergences import Registry
from ..engine import check_case
from ..judge import Finding, Verdict
from ..judge.written import from_data, to_data
from ..targets import Target
from .plan import Arm

Cluster = tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """What to check: cases of the arm called ``arm`` from number ``first`` on, until ``seconds`` are over or ``most`` are done.

    ``seen`` are the clusters that the arm has been found to have: only new ones are made small, in at most ``shrinking`` seconds. A case may take ``limit`` seconds.
    """

    arm: str
    seed: int
    first: int
    most: int | None
    seconds: float
    seen: tuple[Cluster, ...] = ()
    shrinking: float = 0.0
    limit: float = 10.0

    def data(self) -> dict[str, Any]:
        """The job as JSON holds it."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Job:
        """The job that ``data`` wrote."""
        return cls(**(data | {"seen": tuple(tuple(cluster) for cluster in data["seen"])}))


@dataclass
class Chunk:
    """What came of a job: ``count`` cases from ``first`` on, the first verdict of every cluster with how often it occurred, findings counted."""

    arm: str
    first: int
    count: int = 0
    seconds: float = 0.0
    clusters: list[tuple[Verdict, int]] = field(default_factory=list)
    findings: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """The chunk as JSON holds it."""
        plain = {"arm": self.arm, "first": self.first, "count": self.count, "seconds": round(self.seconds, 6)}
        clusters = [[to_data(verdict), count] for verdict, count in self.clusters]
        return plain | {"clusters": clusters, "findings": dict(self.findings), "problems": self.problems}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Chunk:
        """The chunk that ``data`` wrote. ValueError, KeyError or TypeError for data that is none."""
        clusters = [(from_data(verdict), int(count)) for verdict, count in data["clusters"]]
        return cls(**(data | {"clusters": clusters, "findings": Counter(data["findings"])}))

    def add(self, verdict: Verdict) -> bool:
        """Count a verdict; True if it is the first of its cluster in this chunk."""
        self.findings[verdict.finding.value] += 1
        for place, (other, count) in enumerate(self.clusters):
            if other.cluster == verdict.cluster:
                self.clusters[place] = other, count + 1
                return False
        self.clusters.append((verdict, 1))
        return True


Drawn = tuple[Case, list[int] | None]
"""A case and the choices that it was drawn by; a kept case has none."""

Announce = Callable[[str, Any], None]
"""Is told what is about to happen: ("case", number), ("found", chunk so far), ("shrinking", case)."""


def silent(event: str, what: Any) -> None:
    """The announcement where nobody listens."""


def check_chunk(
    arm: Arm, job: Job, target: Target, oracle: Target, registry: Registry, announce: Announce = silent
) -> Chunk:
    """Check the cases of a job; at least one of them, unless it may have none."""
    return check_cases(arm, job, _drawn(arm, job), target, oracle, registry, announce)


def _drawn(arm: Arm, job: Job) -> Iterator[Drawn | Exception]:
    number = job.first
    while job.most is None or number < job.first + job.most:
        try:
            yield arm.draw(job.seed, number)
        except Exception as error:
            yield error
        number += 1


def check_cases(
    arm: Arm,
    job: Job,
    cases: Iterable[Drawn | Exception],
    target: Target,
    oracle: Target,
    registry: Registry,
    announce: Announce = silent,
) -> Chunk:
    """Check cases in their order until the job's time is over."""
    chunk = Chunk(arm.name, job.first)
    seen = set(job.seen)
    begun = time.perf_counter()
    for drawn in cases:
        announce("case", job.first + chunk.count)
        chunk.count += 1
        if isinstance(drawn, Exception):
            chunk.add(_undrawn(arm, drawn, target, oracle))
        else:
            case, choices = drawn
            for verdict in check_case(arm.property, arm.record, case, target, oracle, limit=job.limit):
                new = chunk.add(verdict) and verdict.cluster not in seen
                if new and choices is not None and job.shrinking > 0 and verdict.finding is not Finding.MISSING:
                    announce("found", chunk)
                    if registry.match(verdict) is None:
                        small = _small(arm, job, verdict, choices, target, oracle, registry, announce)
                        chunk.clusters[-1] = small, chunk.clusters[-1][1]
        chunk.seconds = time.perf_counter() - begun
        if chunk.seconds > job.seconds:
            break
    return chunk


def _undrawn(arm: Arm, error: Exception, target: Target, oracle: Target) -> Verdict:
    what = f"no case could be drawn: {type(error).__name__}: {error}"
    lines = tuple("".join(traceback.format_exception(error)[-3:]).splitlines())
    case = Case(arm.record.name)
    return Verdict(arm.property.name, case, Finding.HARNESS_ERROR, what, target.name, oracle.name, evidence=lines)


def _small(
    arm: Arm,
    job: Job,
    verdict: Verdict,
    choices: list[int],
    target: Target,
    oracle: Target,
    registry: Registry,
    announce: Announce,
) -> Verdict:
    """The verdict of the simplest case that falls into the same cluster."""
    best = verdict

    def fails(candidate: list[int]) -> list[int] | None:
        nonlocal best
        drawn = arm.replay(candidate)
        if drawn is None:
            return None
        case, used = drawn
        announce("shrinking", case)
        for found in check_case(arm.property, arm.record, case, target, oracle, limit=job.limit):
            if found.cluster == verdict.cluster and registry.match(found) is None:
                best = found
                return used
        return None

    shrink(choices, fails, seconds=job.shrinking)
    return best
