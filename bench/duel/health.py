"""What makes a figure untrustworthy, and how it is noticed.

Harnesses are silently wrong: a missing synchronisation, a time multiplied by the loop count, a result that a cache returned, another subject's threads on
the same processor. Every duel is examined for these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from .block import Block, Contender, run_block
from .clock import Clock
from .statistics import CLAIM, student

SPINNING = 0.25
"""Processor time of other threads, as a share of an idle moment, from which a subject counts as leaving threads spinning."""

NOTHING = 0.02
"""A share that is no thread's."""

INTERRUPTED = 0.5
"""The share of interrupted blocks from which a row says so."""

PENDING = 0.25
"""Time to read the last result, as a share of its block, from which work counts as left outside of the clock."""

DOUBLE = 1.45
"""The factor by which the time of a call may differ between single and doubled blocks."""

ROOF = 1.05
"""The share of the measured roof from which a figure cannot be true."""

CARRY_OVER = 0.05
"""How much slower a subject may be right after another one."""

CERTAIN = 0.999
"""Of the interval beyond which a growth is not what it should be: every row of a session is asked."""

IDLE = 0.001

PATIENCE = 200


def pending_work(contender: Contender, calls: int, clock: Clock, attempts: int = 3) -> str:
    """A sentence if results are not ready when the clock stops, else "".

    Reading a result that is ready takes the same time twice; reading one that is not takes, once, what is left of the computation. The clearest of
    several attempts counts *for* the subject: a busy machine can delay one reading, not all.
    """
    for _ in range(attempts):
        share, late = _late(contender, calls, clock)
        if share < PENDING or late < 2e-5:
            return ""
    return f"work is left when the clock stops: reading the result takes {late * 1e3:.3g} ms the first time ({share:.0%} of the block)"


def _late(contender: Contender, calls: int, clock: Clock) -> tuple[float, float]:
    """How much longer the first reading of a result takes than the second: as a share of the block, and in seconds."""
    result = None
    start = clock.now()
    for _ in range(calls):
        result = contender.call()
    contender.synchronize()
    stop = clock.now()
    contender.read(result)
    first = clock.now() - stop
    contender.read(result)
    late = first - (clock.now() - stop - first)
    return late / max(stop - start, 1), late * 1e-9


def spinning_threads(contender: Contender, calls: int, clock: Clock, attempts: int = 5) -> float:
    """Processors kept busy by other threads while the caller is idle, right after a block: the most of several attempts.

    Only this process's own threads are counted, so a busy machine can hide spinning (another attempt is made) and never feign it.
    """
    most = 0.0
    for attempt in range(attempts):
        if attempt:
            quiet(clock)
        run_block(contender, calls, clock)
        start, busy = clock.now(), clock.others()
        clock.idle(IDLE)
        elapsed = clock.now() - start
        share = (clock.others() - busy) / max(elapsed, 1)
        most = max(most, share)
        if most > SPINNING or (share < NOTHING and elapsed < 2e9 * IDLE):
            break
    return most


def quiet(clock: Clock) -> None:
    """Wait, but not for ever, until nobody spins: what one subject has left behind is not another's doing."""
    for _ in range(PATIENCE):
        start, busy = clock.now(), clock.others()
        clock.idle(IDLE)
        if clock.others() - busy <= SPINNING * (clock.now() - start):
            return


def growth(blocks: Sequence[Sequence[Block]], factors: Sequence[Sequence[int]]) -> str:
    """A sentence if blocks of twice the calls do not take twice the time, beyond doubt and in every process; else "".

    ``blocks[process][round]`` are a subject's, ``factors[process][round]`` says which are doubled. Interrupted blocks do not count: the
    longer a block, the likelier another process takes its place in the middle.
    """
    apart = [_by_factor(mine, given) for mine, given in zip(blocks, factors, strict=True)]
    single, double = (np.concatenate([pair[place] for pair in apart]) for place in (0, 1))
    if min(len(single), len(double)) < 3:
        return ""
    effect = float(np.median(double) - np.median(single))
    error = 1.25 * math.hypot(_spread(single), _spread(double))
    if abs(effect) - student(min(len(single), len(double)) - 1, CERTAIN) * error < math.log(DOUBLE):
        return ""
    # A busy machine can slow all the rounds of one kind, but hardly the quietest of each, in one process after the other.
    for one, two in apart:
        if len(one) and len(two) and math.copysign(1, effect) * float(np.min(two) - np.min(one)) < math.log(DOUBLE):
            return ""
    return f"twice the calls take {2 * math.exp(effect):.2f} times as long: calls share their work, or the clock does not stand around the loop"


def _by_factor(blocks: Sequence[Block], factors: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the times of a call, in single blocks and in doubled ones."""
    times = np.log([block.nanoseconds / block.calls + 1e-3 for block in blocks])
    whole = np.array([not block.interruptions for block in blocks])
    return times[whole & np.equal(factors, 1)], times[whole & np.equal(factors, 2)]


def interrupted(blocks: Sequence[Block]) -> float:
    """The share of blocks in which another process took the processor."""
    return sum(block.interruptions > 0 for block in blocks) / max(len(blocks), 1)


def carry_over(order: Sequence[Sequence[str]], seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """How much longer the others take right after a subject than elsewhere: {"torch": 0.07} is 7 %, listed where it is beyond doubt and ``CARRY_OVER``.

    ``order[round]`` names the subjects as they ran, ``seconds[name][round]`` is the time of each.
    """
    found = {}
    for suspect in seconds:
        after: list[float] = []
        elsewhere: list[float] = []
        for name, times in seconds.items():
            if name == suspect:
                continue
            relative = np.log(np.asarray(times)) - math.log(float(np.median(times)))
            for place, names in enumerate(order):
                index = names.index(name)
                (after if index and names[index - 1] == suspect else elsewhere).append(relative[place])
        if min(len(after), len(elsewhere)) < 6:
            continue
        effect = float(np.median(after) - np.median(elsewhere))
        error = 1.25 * math.hypot(_spread(after), _spread(elsewhere))
        if effect > math.log1p(CARRY_OVER) and effect > student(min(len(after), len(elsewhere)) - 1, CLAIM) * error:
            found[suspect] = math.expm1(effect)
    return found


def _spread(values: Sequence[float] | np.ndarray) -> float:
    """The standard error of a mean, from quartiles: spikes do not count."""
    low, high = np.quantile(values, (0.25, 0.75))
    return float(high - low) / 1.349 / math.sqrt(len(values))
