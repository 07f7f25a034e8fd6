"""What the engine measures with: wall time, processor time of other threads, page faults.

The engine takes a ``Clock``, so that its statistics can be tested on simulated time, where the truth is known.
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

CALLER = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
"""The calling thread alone, where the system tells (Linux)."""


class Clock(Protocol):
    """Nanoseconds of wall time, and what else happened meanwhile."""

    def now(self) -> int:
        """Wall time in nanoseconds from some start."""

    def others(self) -> int:
        """Nanoseconds of processor time that this process's *other* threads have used."""

    def faults(self) -> int:
        """Page faults of this process that needed no disk."""

    def interruptions(self) -> int:
        """How often the calling thread had to leave its processor to another one."""

    def idle(self, seconds: float) -> None:
        """Do nothing for that long."""

    def undisturbed(self) -> AbstractContextManager[None]:
        """A context without garbage collection: it would fall on whoever allocates next."""


class SystemClock:
    """This process's real time."""

    now = staticmethod(time.perf_counter_ns)
    idle = staticmethod(time.sleep)

    def others(self) -> int:
        return time.process_time_ns() - time.thread_time_ns()

    def faults(self) -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    def interruptions(self) -> int:
        return resource.getrusage(CALLER).ru_nivcsw

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        enabled = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            if enabled:
                gc.enable()


class SimulatedClock:
    """Time that passes only when a simulated subject says so."""

    def __init__(self) -> None:
        self.time = 0
        self.spinning = 0.0  # threads that keep a processor busy while the caller is idle

    def now(self) -> int:
        return self.time

    def others(self) -> int:
        return int(self.time * self.spinning)

    def faults(self) -> int:
        return 0

    def interruptions(self) -> int:
        return 0

    def idle(self, seconds: float) -> None:
        self.time += int(seconds * 1e9)

    def undisturbed(self) -> AbstractContextManager[None]:
        return nullcontext()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.time += int(seconds * 1e9)
