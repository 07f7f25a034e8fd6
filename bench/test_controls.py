"""Duels whose outcome is known: the bench measures itself in every session."""

import pytest

from duel import bridge, suites

PLANTED = {"quick": ("planted-10",), "nightly": ("planted-5", "planted-10", "planted-20")}


@pytest.mark.parametrize("name", ["null-work", "null-torch"])
def test_false_alarms(bench, record, name):
    """A thing against itself: hardly ever FASTER or SLOWER."""
    _repeat(bench, record, f"controls/{name}", bench.profile.controls // 2)
    alarms = bench.controls.record()
    # Twice the promised 5 %, rounded up: with few duels a session cannot tell more.
    assert alarms.false_alarms <= max(2, 0.1 * alarms.null_duels)


@pytest.mark.parametrize("name", PLANTED["nightly"])
def test_power(bench, record, name):
    """A planted slowdown: found as often as the stated power promises, within chance."""
    if name not in PLANTED[bench.profile.name]:
        pytest.skip("left to the nightly profile")
    _repeat(bench, record, f"controls/{name}", bench.profile.controls)
    planted = next(item for item in bench.controls.record().planted if name == f"planted-{item.slowdown * 100:.0f}")
    spread = (planted.power * (1 - planted.power) * planted.duels) ** 0.5
    assert planted.found >= planted.power * planted.duels - 3 * spread - 1


def test_asynchronous_subject_is_invalid(bench, benchmark):
    """A subject that returns before it has computed is not believed."""
    _canary(benchmark, bench)
    rows = bench.arena.run(suites.find("controls/asynchronous"))
    assert rows[1].verdict == "INVALID" and "work is left" in rows[1].invalid[0]


def test_spinning_subject_is_flagged(bench, benchmark):
    """A subject that leaves a thread spinning is named, and its neighbour is not."""
    _canary(benchmark, bench)
    rows = bench.arena.run(suites.find("controls/spinner"))
    assert any("spinning" in flag for flag in rows[1].flags) and not any("spinning" in flag for flag in rows[0].flags)


def _repeat(bench, record, case, times):
    if bench.check_only:
        pytest.skip("a control has to measure")
    for seed in range(times):
        rows = bench.arena.run(suites.find(case), seed=seed)
        bench.controls.add(rows[1])
    record(rows)


def _canary(benchmark, bench):
    bridge.claim(benchmark)
    if bench.check_only:
        pytest.skip("a control has to measure")
