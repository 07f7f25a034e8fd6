"""A run over several processes, isolated and resumable: this process hands out chunks, adds up what they come to, and writes the journal.

An arm is never in two hands at once, so its cases are checked in the same order as by one process, and what is found is the same whatever the number of workers.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import local
from typing import Protocol

from ..cases import Case
from ..corpus import Entry
from .chunk import Chunk, Job
from .isolated import CannotStart, Isolated
from .journal import Journal
from .loop import Campaign
from .plan import Arm

SLICES = (0.05, 0.25)
"""Seconds that an arm gets the first time, so that all have had their turn soon, and from then on: long enough that handing out and writing down cost nothing beside it."""

PATIENCE = 0.5
"""Seconds between two looks at the clock while nothing comes back."""


class Workers(Protocol):
    """Where chunks are checked."""

    @property
    def size(self) -> int:
        """How many at once."""
        ...

    def submit(self, arm: Arm, job: Job, case: Case | None = None) -> Future[Chunk]:
        """Have a job (or one kept case) checked."""
        ...

    def wait(self, futures: set[Future[Chunk]], seconds: float) -> set[Future[Chunk]]:
        """Those that are done, as soon as there is one, or none after ``seconds``."""
        ...

    def close(self) -> None:
        """End them."""
        ...


class Processes:
    """Workers on this machine: ``size`` children, each spoken to by a thread of its own."""

    def __init__(self, target: str, oracle: str, size: int):
        self._size = size
        self._names = target, oracle
        self._children: list[Isolated] = []
        self._mine = local()
        self._threads = ThreadPoolExecutor(size)

    @property
    def size(self) -> int:
        return self._size

    def submit(self, arm: Arm, job: Job, case: Case | None = None) -> Future[Chunk]:
        return self._threads.submit(self._check, arm, job, case)

    def _check(self, arm: Arm, job: Job, case: Case | None) -> Chunk:
        child = getattr(self._mine, "child", None)
        if child is None:
            child = self._mine.child = Isolated(*self._names)
            self._children.append(child)
        return child.check(arm, job, case)

    def wait(self, futures: set[Future[Chunk]], seconds: float) -> set[Future[Chunk]]:
        return wait(futures, timeout=seconds, return_when=FIRST_COMPLETED).done

    def close(self) -> None:
        for child in self._children:
            child.close()
        self._threads.shutdown(cancel_futures=True)


@dataclass
class Sharded(Campaign):
    """A campaign whose chunks others check: ``workers``; ``journal``: where they are written down, None for nowhere."""

    workers: Workers | None = None
    journal: Journal | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._by_name = {arm.name: arm for arm in self.arms}
        for chunk in self.journal.chunks() if self.journal else ():
            if chunk.arm in self._by_name:
                self.absorb(self._by_name[chunk.arm], chunk)

    def run(
        self, seconds: float | None = None, *, most: int | None = None, entries: Iterable[Entry] | None = None
    ) -> None:
        """As ``Campaign.run``. The time that a resumed run has had before counts; its kept cases are not checked again."""
        assert self.workers is not None
        before = self.journal.elapsed if self.journal else 0.0
        self.started = time.monotonic() - before
        end = None if seconds is None else self.started + seconds
        if not before:
            self._replay(self.kept(entries))
        queue = self.queue()
        flying: dict[Future[Chunk], int] = {}
        while queue or flying:
            open_ = end is None or time.monotonic() < end
            while queue and open_ and len(flying) < self.workers.size + 1:
                _, place = heapq.heappop(queue)
                arm = self.arms[place]
                done = self.tallies[arm.name].cases
                if most is None or done < most:
                    flying[self.workers.submit(arm, self.job(arm, SLICES[done > 0], most))] = place
            if not flying:
                break
            for future in self.workers.wait(set(flying), PATIENCE):
                place = flying.pop(future)
                arm = self.arms[place]
                self._enter(arm, future)
                heapq.heappush(queue, (self.tallies[arm.name].seconds, place))
            self.observe(self)

    def _enter(self, arm: Arm, done: Future[Chunk], *, replayed: bool = False) -> None:
        chunk = done.result()
        if self.journal is not None and not replayed:
            self.journal.add(chunk, time.monotonic() - self.started)
        self.absorb(arm, chunk, replayed=replayed)

    def _replay(self, entries: Iterable[Entry]) -> None:
        """Check the kept cases that belong to one of the arms. They are not written down: a run that is killed meanwhile begins with them again."""
        assert self.workers is not None
        flying: dict[Future[Chunk], Arm] = {}
        for entry in entries:
            arm = self._by_name.get(f"{entry.case.op}/{entry.property}")
            if arm is not None:
                flying[self.workers.submit(arm, self.job(arm, 0.0, None), entry.case)] = arm
        while flying:
            for done in self.workers.wait(set(flying), PATIENCE):
                self._enter(flying.pop(done), done, replayed=True)
            self.observe(self)


__all__ = ["CannotStart", "Processes", "Sharded", "Workers"]
