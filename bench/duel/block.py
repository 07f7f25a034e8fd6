"""One block: a subject's call, repeated, under the clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from .clock import Clock


def _nothing() -> None:
    """A subject that computes before it returns has nothing to wait for."""


@dataclass
class Contender:
    """One subject in one duel: what is called, how its pending work is awaited, how its result is read into host memory."""

    name: str
    call: Callable[[], Any]
    synchronize: Callable[[], None] = _nothing
    read: Callable[[Any], Any] = lambda result: result


@dataclass(frozen=True)
class Block:
    """``calls`` calls took ``nanoseconds``, with ``faults`` page faults; the process was interrupted ``interruptions`` times."""

    calls: int
    nanoseconds: int
    faults: int = 0
    interruptions: int = 0

    @property
    def seconds(self) -> float:
        """Of one call."""
        return self.nanoseconds / self.calls * 1e-9


WARM = 4
"""A block of at least this many calls is preceded by one that is not timed, so that another subject's memory has left the cache."""


def run_block(contender: Contender, calls: int, clock: Clock) -> Block:
    """Time ``calls`` calls and the wait for their completion."""
    call, synchronize = contender.call, contender.synchronize
    if calls >= WARM:
        call()
        synchronize()
    faults, interruptions = clock.faults(), clock.interruptions()
    times = repeat(None, calls)
    start = clock.now()
    for _ in times:
        call()
    synchronize()
    end = clock.now()
    return Block(calls, end - start, clock.faults() - faults, clock.interruptions() - interruptions)


@dataclass(frozen=True)
class WarmUp:
    """What came before the first block: the first call (compilation included) and the calls after it, in seconds; the calls that fill a block."""

    first: float
    settling: float
    calls: int


def warm_up(contender: Contender, seconds: float, clock: Clock) -> WarmUp:
    """Call until a block of ``seconds`` is full, and find out how many calls that takes."""
    first = run_block(contender, 1, clock).nanoseconds
    began, calls, target = clock.now(), 1, seconds * 1e9
    while True:
        block = run_block(contender, calls, clock)
        if block.nanoseconds >= target / 3 or calls >= 1 << 24:
            break
        calls = min(calls * 8, max(calls * 2, int(calls * target / max(block.nanoseconds, 1))))
    fastest = block.nanoseconds
    if fastest < 2 * target:
        fastest = min(fastest, run_block(contender, calls, clock).nanoseconds)
    each = max(fastest / calls, 1.0)
    return WarmUp(first * 1e-9, (clock.now() - began) * 1e-9, max(1, math.floor(target / each)))
