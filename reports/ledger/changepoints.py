"""Steps in a history: E-divisive, Matteson and James 2014 ("A nonparametric approach for multiple change point analysis of multivariate data",
JASA 109:334), the method that Daly et al. 2020 ("The use of change point detection to identify software performance regressions in a continuous integration
system", ICPE) run on a database's nightly benchmarks.

A series is split where the energy distance of Székely and Rizzo between what lies before and after is largest; a permutation test says whether noise could have
done that; both sides are then split in turn. Nothing is assumed about the noise but that nights can be exchanged where nothing happened. The test stops early where noise
clearly suffices (Besag and Clifford 1991), so that quiet series cost little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

SIGNIFICANCE = 0.001
"""Of one test: among several hundred quiet rows, a false alarm comes every few nights, and the smallest step of interest removes most of these."""

SHORTEST = 4
"""Nights on either side of a step: fewer cannot tell a step from an accident."""

PERMUTATIONS = 1999

BATCH = 40
"""Permutations at a time: fast, and few where a test gives up soon."""

ENOUGH = 10
"""Permutations at least as extreme as what was seen, after which the test gives up."""


@dataclass(frozen=True)
class Step:
    """A change of level. ``place``: the index of the first value after it; ``before``, ``after``: medians of its two sides; ``p``: of the permutation test."""

    place: int
    before: float
    after: float
    p: float


def steps(
    values: Sequence[float],
    *,
    smallest: float = 0.0,
    significance: float = SIGNIFICANCE,
    shortest: int = SHORTEST,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> list[Step]:
    """The steps of a series, in order; those whose medians differ by less than ``smallest`` are left out.

    ValueError for values that are not finite: a night without a figure has no place in a series.

    >>> [step.place for step in steps([1.0, 1.1, 0.9, 1.0, 1.05] * 3 + [2.0, 2.1, 1.9, 2.0, 2.05] * 3)]
    [15]
    """
    series = np.asarray(values, np.float64)
    if not np.isfinite(series).all():
        raise ValueError(f"a series has finite values, got {series[~np.isfinite(series)][0]}")
    random = np.random.default_rng(seed)
    found: dict[int, float] = {}
    segments = [(0, len(series))]
    while segments:
        low, high = segments.pop()
        split = _split(series[low:high], shortest, significance, permutations, random)
        if split is not None:
            place = low + split[0]
            found[place] = split[1]
            segments += [(low, place), (place, high)]
    return _relevant(series, found, smallest)


def _split(
    segment: np.ndarray, shortest: int, significance: float, permutations: int, random: np.random.Generator
) -> tuple[int, float] | None:
    """Where a segment has a step, and its p; None where noise could have made it."""
    if len(segment) < 2 * shortest:
        return None
    apart = np.abs(segment[:, None] - segment[None, :])
    pairs = _pairs(len(segment), shortest)
    places, energies = _best(apart[None], pairs)
    if energies[0] <= 0:
        return None
    extreme = tried = 0
    while tried < permutations:
        orders = random.permuted(np.tile(np.arange(len(segment)), (min(BATCH, permutations - tried), 1)), axis=1)
        more = _best(apart[orders[:, :, None], orders[:, None, :]], pairs)[1] >= energies[0]
        if extreme + more.sum() >= ENOUGH:
            tried += int(np.searchsorted(np.cumsum(more), ENOUGH - extreme)) + 1
            return (int(places[0]), ENOUGH / tried) if ENOUGH / tried <= significance else None
        extreme += int(more.sum())
        tried += len(more)
    p = (extreme + 1) / (permutations + 1)
    return (int(places[0]), p) if p <= significance else None


@cache
def _pairs(count: int, shortest: int) -> tuple[np.ndarray, np.ndarray]:
    """Every place of a split and every end of what lies after it (the paper's tau and kappa) in ``count`` values."""
    tau, kappa = np.triu_indices(count + 1, shortest)
    return tau[tau >= shortest], kappa[tau >= shortest]


def _best(apart: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """For each of several orders, the split with the largest energy, and that energy.

    ``apart[order]``: the distances of all pairs of values. The energy of n values and the m after them is n m / (n + m) times
    (2 mean distance between - mean within the first - mean within the second), means within over the pairs of two different values.
    """
    count = apart.shape[-1]
    sums = np.zeros((len(apart), count + 1, count + 1))
    np.cumsum(np.cumsum(apart, axis=1), axis=2, out=sums[:, 1:, 1:])
    tau, kappa = pairs
    n, m = tau, kappa - tau
    first, whole, corner = sums[:, tau, tau], sums[:, kappa, kappa], sums[:, tau, kappa]
    energy = 2 * (corner - first) / (n * m) - first / (n * (n - 1)) - (whole - 2 * corner + first) / (m * (m - 1))
    energy *= n * m / (n + m)
    best = np.argmax(energy, axis=1)
    return tau[best], energy[np.arange(len(energy)), best]


def _relevant(series: np.ndarray, found: dict[int, float], smallest: float) -> list[Step]:
    """The steps between neighbouring segments; where two levels differ too little, their segments are one, the least step first."""
    places = sorted(found)
    while places:
        edges = [0, *places, len(series)]
        levels = [float(np.median(series[low:high])) for low, high in pairwise(edges)]
        sizes = [abs(after - before) for before, after in pairwise(levels)]
        least = min(range(len(sizes)), key=sizes.__getitem__)
        if sizes[least] >= smallest:
            return [Step(place, levels[k], levels[k + 1], found[place]) for k, place in enumerate(places)]
        del places[least]
    return []


def false_alarms(nights: int, histories: int, *, smallest: float = 0.0, noise: float = 0.02, seed: int = 0) -> float:
    """The share of quiet histories (independent normal noise, as a share of the level) in which a step is found."""
    random = np.random.default_rng(seed)
    alarms = sum(
        bool(steps(random.normal(0.0, math.log1p(noise), nights), smallest=smallest, seed=number))
        for number in range(histories)
    )
    return alarms / histories
