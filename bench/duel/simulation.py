"""Subjects made of numbers: durations drawn from a noise whose truth is known, on a clock that only they move.

Here the statistics are tested without a machine: coverage of intervals, false alarms, power.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .block import Contender
from .clock import SimulatedClock
from .engine import Sample, measure
from .plan import Plan
from .statistics import compare


@dataclass(frozen=True)
class Noise:
    """Noise of log ratios: ``memory`` is the correlation of neighbouring rounds, ``heavy`` draws from Student's distribution with 3 degrees of
    freedom, ``between`` is the spread of whole processes in units of the spread of rounds."""

    name: str
    memory: float = 0.0
    heavy: bool = False
    between: float = 0.0

    def draw(self, random: np.random.Generator, rounds: int) -> np.ndarray:
        """One process's rounds, of unit variance within."""
        lead = 50
        shocks = (
            random.standard_t(3, rounds + lead) / np.sqrt(3) if self.heavy else random.standard_normal(rounds + lead)
        )
        scale = np.sqrt(1 - self.memory**2)
        series = np.zeros(rounds + lead)
        for place in range(1, rounds + lead):
            series[place] = self.memory * series[place - 1] + scale * shocks[place]
        return series[lead:] + self.between * random.standard_normal()


NOISES = (
    Noise("independent"),
    Noise("independent, heavy tails", heavy=True),
    Noise("memory 0.3", 0.3),
    Noise("memory 0.3, heavy tails", 0.3, heavy=True),
    Noise("memory 0.6", 0.6),
    Noise("memory 0.3, processes differ", 0.3, between=0.3),
)


def coverage(noise: Noise, plan: Plan, duels: int, seed: int = 0) -> float:
    """How often the interval holds the true ratio, which is 1."""
    random = np.random.default_rng(seed)
    held = 0
    for number in range(duels):
        rounds = [0.02 * noise.draw(random, plan.rounds) for _ in range(plan.processes)]
        found = compare(rounds, seed=number)
        held += found.low <= 1 <= found.high
    return held / duels


def simulated(name: str, seconds: Iterator[float], clock: SimulatedClock) -> Contender:
    """A subject whose calls take the durations that ``seconds`` yields."""
    return Contender(name, lambda: clock.advance(next(seconds)))


def durations(mean: float, spread: float, seed: int) -> Iterator[float]:
    """Endless durations: log-normal around ``mean``."""
    random = np.random.default_rng(seed)
    while True:
        yield from mean * np.exp(spread * random.standard_normal(256))


def simulated_duel(means: Mapping[str, float], plan: Plan, *, spread: float = 0.05, seed: int = 0) -> list[Sample]:
    """Samples of simulated subjects with these mean durations, for every process of the plan."""
    samples = []
    for place in range(plan.processes):
        clock = SimulatedClock()
        contenders = [
            simulated(name, durations(mean, spread, 1000 * seed + 100 * place + number), clock)
            for number, (name, mean) in enumerate(means.items())
        ]
        samples.append(measure(contenders, plan, clock=clock, seed=seed + place))
    return samples
