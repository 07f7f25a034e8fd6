"""The engine on simulated time: false alarms, power, and everything that must not be believed."""

from __future__ import annotations

import pytest

from duel.analysis import records
from duel.api import duel
from duel.block import Block, Contender, run_block, warm_up
from duel.bout import Bout, Failure
from duel.clock import SimulatedClock
from duel.engine import measure, rounds_of
from duel.health import carry_over, growth
from duel.plan import Plan
from duel.roofs import NAME, Need
from duel.simulation import durations, simulated, simulated_duel
from duel.statistics import Verdict

PLAN = Plan(rounds=12, processes=3, block=0.001, seconds=10.0)


def rows(samples, baseline="base"):
    return records([Bout(sample=sample) for sample in samples], suite="s", case="c", baseline=baseline, plan=PLAN)


def verdict(ratio: float, seed: int, spread: float = 0.05) -> str:
    samples = simulated_duel({"base": 1e-4, "other": ratio * 1e-4}, PLAN, spread=spread, seed=seed)
    return rows(samples)[1].verdict


def test_two_hundred_null_duels():
    verdicts = [verdict(1.0, seed) for seed in range(200)]
    assert verdicts.count("FASTER") + verdicts.count("SLOWER") <= 10
    assert verdicts.count("SAME") >= 150 and "INVALID" not in verdicts


@pytest.mark.parametrize(("slowdown", "least"), [(0.05, 0.8), (0.10, 0.95), (0.20, 1.0)])
def test_planted_slowdowns(slowdown, least):
    verdicts = [verdict(1 + slowdown, seed) for seed in range(40)]
    assert verdicts.count("SLOWER") >= least * 40


def contender(clock, seconds=1e-4, name="work", **traits):
    return Contender(name, lambda: clock.advance(seconds), **traits)


def test_doubling_the_calls_doubles_the_block():
    clock = SimulatedClock()
    subject = contender(clock)
    single, double = (run_block(subject, calls, clock).nanoseconds for calls in (10, 20))
    assert double == pytest.approx(2 * single)


def test_warm_up_reports_the_first_call_apart():
    clock = SimulatedClock()
    compiling = iter([0.5])
    subject = Contender("compiled", lambda: clock.advance(next(compiling, 1e-4)))
    warm = warm_up(subject, 0.002, clock)
    assert warm.first == pytest.approx(0.5) and warm.calls == 20 and warm.settling < 0.1


def test_calls_that_share_their_work_are_invalid():
    """A lazy subject whose synchronisation computes once, however often it was called: so does a harness that divides by the wrong count."""
    clock = SimulatedClock()
    subjects = {"work": contender(clock), "lazy": contender(clock, 1e-7, synchronize=lambda: clock.advance(1e-3))}
    result = duel(subjects, plan=PLAN, clock=clock)
    assert result["lazy"].verdict == "INVALID" and "twice the calls" in result["lazy"].invalid[0]
    assert result["work"].invalid == ()


def test_preempted_blocks_prove_nothing():
    """On a busy machine the longer blocks are interrupted and the shorter are not: no reason to doubt the subject."""
    single, double = Block(10, 1_000_000), Block(20, 8_000_000, interruptions=2)
    factors = [[1, 2] * 6] * 3
    assert growth([[single, double] * 6] * 3, factors) == ""
    assert "twice the calls" in growth([[single, Block(20, 8_000_000)] * 6] * 3, factors)


class Queue:
    """An accelerator: calls return at once, work is done one after the other."""

    def __init__(self, clock):
        self.clock, self.free = clock, 0.0

    def call(self):
        self.clock.advance(1e-6)
        self.free = max(self.free, self.clock.time) + 1e5

    def wait(self, *_):
        self.clock.time = int(max(self.clock.time, self.free))


def test_an_asynchronous_subject_without_synchronisation_is_invalid():
    clock = SimulatedClock()
    queue = Queue(clock)
    subjects = {"work": contender(clock), "queue": Contender("queue", queue.call, read=queue.wait)}
    found = duel(subjects, plan=PLAN, clock=clock)["queue"]
    assert found.verdict == "INVALID" and "work is left" in found.invalid[0]


def test_the_same_subject_synchronised_is_believed():
    clock = SimulatedClock()
    queue = Queue(clock)
    subjects = {"work": contender(clock), "queue": Contender("queue", queue.call, queue.wait, queue.wait)}
    found = duel(subjects, plan=PLAN, clock=clock)["queue"]
    assert found.invalid == () and found.comparison.ratio == pytest.approx(1.0, abs=0.05)


def test_a_spinning_subject_is_flagged_and_its_neighbour_is_not():
    clock = Spinning()
    subjects = {
        "work": contender(clock),
        "spinner": Contender("spinner", clock.spin),
    }
    result = duel(subjects, plan=PLAN, clock=clock)
    assert any("spinning" in flag for flag in result["spinner"].flags)
    assert not any("spinning" in flag for flag in result["work"].flags)


class Spinning(SimulatedClock):
    """Another thread is busy for 20 ms after each call of ``spin``."""

    def __init__(self):
        super().__init__()
        self.until, self.busy = 0, 0

    def spin(self):
        self.advance(1e-4)
        self.until = self.time + 20_000_000

    def idle(self, seconds):
        self.busy += max(0, min(self.until - self.time, int(seconds * 1e9)))
        super().idle(seconds)

    def others(self):
        return self.busy


def test_carry_over_is_noticed():
    """Whoever runs right after the greedy one takes a tenth longer."""
    clock, previous = SimulatedClock(), [""]
    drawn = durations(1e-4, 0.02, 5)

    def make(name):
        def call():
            factor = 1.1 if previous[0] == "greedy" != name else 1.0
            if previous[0] != name:
                previous[0], make.slow = name, factor
            clock.advance(next(drawn) * make.slow)

        return call

    make.slow = 1.0
    plan = Plan(rounds=36, block=0.001, seconds=10)
    result = duel({name: make(name) for name in ("a", "b", "greedy")}, plan=plan, clock=clock)
    assert any("right after it" in flag for flag in result["greedy"].flags)
    assert result["a"].flags == () == result["b"].flags


def test_no_carry_over_without_any():
    samples = simulated_duel({"a": 1e-4, "b": 2e-4, "c": 1e-4}, Plan(rounds=36, processes=1, seconds=10))
    assert carry_over(samples[0].order, {name: samples[0].seconds(name) for name in "abc"}) == {}


def roofed(seconds: float):
    """A subject that moves 1 MB in ``seconds``, under a roof of 10 GB/s."""
    samples = simulated_duel({"base": 1e-3, "fast": seconds, NAME: 1e-4}, PLAN, spread=0.01)
    need = Need(0.0, 500_000, 500_000, "float32")
    bouts = [Bout(sample=sample, need=need, roof=("copy", 1e6, 1_000_000)) for sample in samples]
    return records(bouts, suite="s", case="c", baseline="base", plan=PLAN)[1]


def test_share_of_the_roof():
    found = roofed(2e-4)
    assert found.roof.share == pytest.approx(0.5, rel=0.02) and found.roof.rate == pytest.approx(1e10, rel=0.02)
    assert found.byte_rate == pytest.approx(5e9, rel=0.02) and found.verdict == "FASTER"


def test_above_the_roof_is_invalid():
    found = roofed(0.8e-4)
    assert found.verdict == "INVALID" and "copy roof" in found.invalid[0]


def test_an_invalid_baseline_invalidates_what_is_compared_with_it():
    samples = simulated_duel({"base": 0.5e-4, "other": 1e-3, NAME: 1e-4}, PLAN, spread=0.01)
    need = Need(0.0, 500_000, 500_000, "float32")
    bouts = [Bout(sample=sample, need=need, roof=("copy", 1e6, 1_000_000)) for sample in samples]
    base, other = records(bouts, suite="s", case="c", baseline="base", plan=PLAN)
    assert base.verdict == "INVALID" and other.verdict == "INVALID" and other.invalid == ()


def test_a_failed_subject_is_a_row_without_times():
    samples = simulated_duel({"base": 1e-4, "other": 1e-4}, PLAN)
    bouts = [Bout(sample=sample, failures={"ingot": Failure("wrong", "3 instead of 4")}) for sample in samples]
    found = records(bouts, suite="s", case="c", baseline="base", plan=PLAN)[-1]
    assert (found.subject, found.verdict, found.detail, found.times) == ("ingot", "WRONG", "3 instead of 4", ())


def test_slow_calls_get_fewer_rounds():
    plan = Plan(rounds=24, seconds=0.1, fewest=4)
    assert rounds_of(plan, 1e-3) == 24 and rounds_of(plan, 0.01) == 10 and rounds_of(plan, 1.0) == 4


def test_names_must_differ():
    clock = SimulatedClock()
    with pytest.raises(ValueError, match="different names"):
        measure([contender(clock), contender(clock)], PLAN, clock=clock)


def test_duel_says_what_is_wrong_with_its_arguments():
    clock = SimulatedClock()
    with pytest.raises(ValueError, match="two subjects"):
        duel({"alone": contender(clock)}, plan=PLAN, clock=clock)
    with pytest.raises(LookupError, match="none of the subjects"):
        duel({"a": contender(clock), "b": contender(clock)}, baseline="c", plan=PLAN, clock=clock)


def test_a_duel_is_repeatable():
    one, other = (rows(simulated_duel({"base": 1e-4, "x": 1.1e-4}, PLAN, seed=4)) for _ in range(2))
    assert one == other and one[1].comparison.verdict == Verdict.SLOWER.value


def test_simulated_subject_takes_its_time():
    clock = SimulatedClock()
    simulated("x", iter([0.25]), clock).call()
    assert clock.now() == 250_000_000
