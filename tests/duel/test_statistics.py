"""Intervals hold the truth as often as they say, verdicts mean what they say, and the stated power is the power. All of it simulated: no clock runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from duel.plan import Plan
from duel.simulation import NOISES, coverage, durations
from duel.statistics import MARGIN, Verdict, block_length, compare


def rounds(centre: float, spread: float, processes: int = 3, count: int = 24, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [math.log(centre) + spread * random.standard_normal(count) for _ in range(processes)]


@pytest.fixture(scope="module")
def covered():
    return {noise.name: coverage(noise, Plan(rounds=24, processes=3), 150, seed=3) for noise in NOISES}


def test_coverage_over_all_noises(covered):
    assert 0.93 <= np.mean(list(covered.values())) <= 0.97


def test_no_noise_breaks_the_interval(covered):
    assert min(covered.values()) > 0.90, covered


@pytest.mark.parametrize(
    ("centre", "spread", "verdict"),
    [
        (1.20, 0.02, Verdict.SLOWER),
        (0.80, 0.02, Verdict.FASTER),
        (1.00, 0.01, Verdict.SAME),
        (1.01, 0.002, Verdict.SAME),  # different beyond doubt, and of no interest
        (1.00, 0.30, Verdict.UNDECIDED),  # SAME has to be earned
        (1.028, 0.01, Verdict.UNDECIDED),  # the interval lies across the margin
    ],
)
def test_verdicts(centre, spread, verdict):
    assert compare(rounds(centre, spread)).verdict is verdict


def test_ratio_and_interval():
    found = compare(rounds(1.5, 0.05))
    assert found.low < found.ratio < found.high
    assert found.ratio == pytest.approx(1.5, rel=0.03)
    assert (found.rounds, found.processes) == (72, 3)


def test_swapping_subject_and_baseline_inverts_everything():
    data = rounds(1.3, 0.05)
    found, swapped = compare(data), compare([-item for item in data])
    assert swapped.ratio == pytest.approx(1 / found.ratio)
    assert swapped.low == pytest.approx(1 / found.high, rel=0.02)


def test_a_few_spikes_move_nothing():
    data = rounds(1.0, 0.01)
    for item in data:
        item[::8] += 3.0
    assert compare(data).verdict is Verdict.SAME


def test_no_noise_at_all():
    found = compare([[0.0] * 10] * 3)
    assert (found.ratio, found.low, found.high, found.verdict) == (1.0, 1.0, 1.0, Verdict.SAME)
    assert found.detectable == pytest.approx(MARGIN)
    assert found.power(0.02) == 0.0 and found.power(0.04) == 1.0


def test_processes_that_disagree_widen_the_interval():
    alike = compare(rounds(1.0, 0.01))
    shifted = compare([item + shift for item, shift in zip(rounds(1.0, 0.01), (-0.05, 0.0, 0.05), strict=True)])
    assert shifted.log_error > 5 * alike.log_error and shifted.degrees < 3


def test_noise_with_memory_widens_the_interval():
    random = np.random.default_rng(1)
    walk = [np.convolve(random.standard_normal(60), np.ones(6) / 6, "valid") for _ in range(3)]
    shuffled = [random.permutation(item) for item in walk]
    assert block_length(walk) > 1 == block_length([random.standard_normal(200)])
    assert np.mean([compare([item]).log_error for item in walk]) > 1.3 * np.mean(
        [compare([item]).log_error for item in shuffled]
    )


def test_stated_power_is_the_power():
    stated, found = [], 0
    for seed in range(150):
        result = compare(rounds(1.06, 0.08, seed=seed), seed=seed)
        stated.append(result.power(0.06))
        found += result.verdict is Verdict.SLOWER
    assert found / 150 == pytest.approx(np.mean(stated), abs=0.12)


def test_the_detectable_slowdown_is_found_four_times_in_five():
    first = compare(rounds(1.0, 0.05))
    planted = [compare(rounds(1 + first.detectable, 0.05, seed=seed), seed=seed).verdict for seed in range(1, 101)]
    assert 0.65 <= planted.count(Verdict.SLOWER) / 100 <= 0.95


def test_null_duels_raise_few_alarms():
    verdicts = [compare(rounds(1.0, 0.10, seed=seed), seed=seed).verdict for seed in range(200)]
    assert sum(verdict in (Verdict.FASTER, Verdict.SLOWER) for verdict in verdicts) <= 0.05 * 200


@pytest.mark.parametrize("data", [[], [[]], [[0.1, 0.2]], [[0.1, 0.2, 0.3], [0.1]]])
def test_too_few_rounds(data):
    with pytest.raises(ValueError, match="three rounds"):
        compare(data)


def test_simulated_durations_have_their_mean():
    drawn = durations(1e-3, 0.05, 0)
    assert np.median([next(drawn) for _ in range(2000)]) == pytest.approx(1e-3, rel=0.01)
