"""The bench, measured: ``python -m duel.selftest`` prints coverage, false alarms, power, and whether the canaries are caught.

The statistics are tested on simulated noise, the rest on this machine, as it is.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import suites
from .arena import Arena
from .block import Block, Contender, run_block, warm_up
from .clock import SystemClock
from .plan import PROFILES, Plan
from .record import SubjectRecord
from .session import Controls
from .simulation import NOISES, coverage
from .suites import controls as planted

SIMULATED = 1000
"""Duels for each kind of simulated noise."""

COVERED = (0.93, 0.97)
"""Of the 95 % interval, over all kinds of noise."""

ALARMS = 0.05


def run(duels: int = 200, show: Callable[[str], None] = print) -> int:
    """Print every figure; the exit status says whether all are as promised."""
    plan = replace(PROFILES["quick"].plan, rounds=24)
    failures = _coverage(Plan(), show)
    with Arena(plan, ["torch", "ingot"]) as arena:
        arena.start()
        failures += _false_alarms(arena, duels, show)
        failures += _power(arena, duels // 5, show)
        failures += _canaries(arena, show)
    failures += _doubling(show)
    show("all as promised" if not failures else f"NOT as promised: {', '.join(failures)}")
    return 1 if failures else 0


def _coverage(plan: Plan, show: Callable[[str], None]) -> list[str]:
    show(
        f"Coverage of the 95 % interval, {SIMULATED} simulated duels each, {plan.processes} processes of {plan.rounds} rounds"
    )
    found = []
    for noise in NOISES:
        found.append(coverage(noise, plan, SIMULATED))
        show(f"  {noise.name:<32} {found[-1]:.1%}")
    mean = float(np.mean(found))
    show(f"  {'all':<32} {mean:.1%}")
    return [] if COVERED[0] <= mean <= COVERED[1] else ["coverage"]


def _false_alarms(arena: Arena, duels: int, show: Callable[[str], None]) -> list[str]:
    seen = Controls()
    for seed in range(duels):
        case = suites.find(f"controls/{('null-work', 'null-torch')[seed % 2]}")
        seen.add(arena.run(case, seed=seed)[1])
    counts = {verdict: seen.null.count(verdict) for verdict in ("SAME", "UNDECIDED", "FASTER", "SLOWER", "INVALID")}
    alarms = seen.record().false_alarms
    show(f"A thing against itself, {duels} duels: {alarms} false alarms ({alarms / duels:.1%}); {_counted(counts)}")
    return [] if alarms <= ALARMS * duels else ["false alarms"]


def _power(arena: Arena, duels: int, show: Callable[[str], None]) -> list[str]:
    seen = Controls()
    for slowdown in planted.PLANTED:
        for seed in range(duels):
            seen.add(arena.run(suites.find(f"controls/planted-{slowdown * 100:.0f}"), seed=seed)[1])
    failures = []
    for item in seen.record().planted:
        show(
            f"Planted +{item.slowdown:.0%}, {item.duels} duels: found {item.found} ({item.found / item.duels:.0%}); the stated power was {item.power:.0%}"
        )
        spread = math.sqrt(item.power * (1 - item.power) / item.duels) if item.duels else 0.0
        if item.found / item.duels < item.power - 3 * spread - 0.05:
            failures.append(f"power at +{item.slowdown:.0%}")
    return failures


def _canaries(arena: Arena, show: Callable[[str], None]) -> list[str]:
    late = arena.run(suites.find("controls/asynchronous"))[1]
    show(f"A subject that is not synchronised: {late.verdict} ({'; '.join(late.invalid)})")
    rows = arena.run(suites.find("controls/spinner"))
    show(f"A subject that leaves a thread spinning: {'; '.join(rows[1].flags) or 'not noticed'}")
    return ["asynchronous"] * (late.verdict != "INVALID") + ["spinner"] * (not _spins(rows[1]) or _spins(rows[0]))


def _spins(row: SubjectRecord) -> bool:
    return any("spinning" in flag for flag in row.flags)


def _doubling(show: Callable[[str], None]) -> list[str]:
    clock = SystemClock()
    subject = Contender("work", planted.work(planted.SIZE))
    calls = warm_up(subject, 0.002, clock).calls
    blocks: list[list[Block]] = [[run_block(subject, calls * factor, clock) for factor in (1, 2)] for _ in range(40)]
    ratio = float(np.median([double.nanoseconds / single.nanoseconds for single, double in blocks]))
    show(f"Twice the calls take {ratio:.3f} times as long")
    return [] if 1.9 <= ratio <= 2.1 else ["doubling"]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


if __name__ == "__main__":
    sys.exit(run())
