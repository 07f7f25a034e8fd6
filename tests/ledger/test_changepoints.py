"""Steps: those that are there are found, others are not."""

import numpy as np
import pytest
import synthetic

from ledger import frames
from ledger.changepoints import _best, _pairs, false_alarms, steps
from ledger.ingest import ingest
from ledger.regressions import shifts


def test_sixty_nights_with_two_steps_have_two_steps(store, tmp_path):
    """From files to shifts: the step up and the step down at their nights and commits, quiet rows without any."""
    random = np.random.default_rng(11)
    noise = lambda: np.exp(random.normal(0.0, 0.02, 60))  # noqa: E731
    stepped = noise()
    stepped[20:] *= 1.15
    stepped[43:] *= 0.88
    ratios = {"stepped": stepped, "quiet": noise(), "still": np.ones(60)}
    ingest(store, synthetic.nights(tmp_path, 60, ratios))
    history = frames.history(store)
    assert len(history) == 180 and history["night"].nunique() == 60
    found = sorted(shifts(history), key=lambda shift: shift.place)
    assert [(shift.case, shift.place) for shift in found] == [("stepped", 20), ("stepped", 43)]
    up, down = found
    assert up.slower and up.size == pytest.approx(1.15, abs=0.03) and up.low < 1.15 < up.high
    assert not down.slower and down.size == pytest.approx(0.88, abs=0.03)
    assert (up.last_good, up.first) == ("2026-01-20", "2026-01-21")
    assert (up.base, up.head) == (f"{19:040x}", f"{20:040x}")
    assert up.nights == 40 and not up.recent and down.nights == 17
    assert up.reproduce == f"bench compare {up.base[:12]} {up.head[:12]} -k 'overhead/stepped'"


@pytest.mark.parametrize("seed", range(4))
def test_two_planted_steps_are_found_within_a_night_or_two(seed):
    random = np.random.default_rng(seed)
    values = random.normal(0.0, 0.02, 60)
    values[18:] += 0.09
    values[40:] -= 0.07
    found = [step.place for step in steps(values, smallest=0.03, seed=seed)]
    assert len(found) == 2 and abs(found[0] - 18) <= 1 and abs(found[1] - 40) <= 2


def test_quiet_histories_hardly_ever_alarm():
    """Without a smallest step: about the significance of a test, 0.001 (here 0 or 1 of 150); heavy tails included."""
    assert false_alarms(60, 150) <= 1 / 150
    random = np.random.default_rng(3)
    assert sum(bool(steps(random.standard_t(2, 40) * 0.02, seed=seed)) for seed in range(60)) <= 1


def test_a_step_smaller_than_what_matters_is_left_out():
    values = np.concatenate([np.zeros(20), np.full(20, 0.02)]) + np.random.default_rng(0).normal(0, 0.002, 40)
    assert [step.place for step in steps(values)] == [20]
    assert steps(values, smallest=0.05) == []


def test_few_nights_and_constant_ones_have_no_steps():
    assert steps([]) == [] and steps([1.0] * 7) == [] and steps([1.0] * 60) == []
    # Seven nights cannot have four on either side.
    assert steps([1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 9.0]) == []


def test_one_bad_night_is_no_step():
    values = np.random.default_rng(2).normal(0, 0.01, 50)
    values[25] = 3.0
    assert steps(values, smallest=0.03) == []


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        steps([1.0, float("nan")] * 10)


def test_the_energy_is_the_one_of_the_paper():
    """Against the definition, term by term."""
    values = np.random.default_rng(1).normal(size=11)
    apart = np.abs(values[:, None] - values[None, :])
    best = (-np.inf, 0)
    for kappa in range(6, 12):
        for tau in range(3, kappa - 2):
            x, y = values[:tau], values[tau:kappa]
            n, m = len(x), len(y)
            between = 2 / (n * m) * sum(abs(a - b) for a in x for b in y)
            inside = [
                2 / (len(s) * (len(s) - 1)) * sum(abs(a - b) for i, a in enumerate(s) for b in s[:i]) for s in (x, y)
            ]
            best = max(best, (n * m / (n + m) * (between - sum(inside)), tau))
    place, energy = _best(apart[None], _pairs(11, 3))
    assert energy[0] == pytest.approx(best[0], rel=1e-12) and place[0] == best[1]


def test_the_same_series_gives_the_same_steps():
    values = np.random.default_rng(9).normal(0, 0.02, 60) + np.repeat([0.0, 0.05], 30)
    assert steps(values, seed=4) == steps(values, seed=4)
