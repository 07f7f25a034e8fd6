"""Roofs, lines through sizes, memory, tables."""

from __future__ import annotations

import math

import pytest

from duel.memory import VARIABLES
from duel.plan import PROFILES
from duel.process import Process
from duel.record import Comparison, Roof, SubjectRecord
from duel.roofs import SMALLEST, Need, roof_for
from duel.scaling import crossover, fit, scalings
from duel.session import Controls
from duel.table import figure, quantity, render, seconds


@pytest.mark.parametrize(
    ("need", "kind"),
    [
        (Need(1e6, 8_000_000, 4_000_000, "float32"), "add"),
        (Need(1e6, 4_000_000, 4_000_000, "float32"), "copy"),
        (Need(1e6, 4_000_000, 4, "float32"), "read"),
        (Need(0.0, 0, 4_000_000, "float32"), "write"),
        (Need(2e9, 8_000_000, 4_000_000, "float64"), "gemm"),
        (Need(2e9, 8_000_000, 4_000_000, "int64"), "add"),
        (Need(100.0, 1000, 1000, "float32"), None),
    ],
)
def test_which_roof_bounds_the_work(need, kind):
    roof = roof_for(need)
    assert (roof and roof.kind) == kind
    if roof:
        roof.call()
        assert roof.working_set >= SMALLEST and roof.amount > 0
    if kind in ("add", "copy", "read", "write"):
        assert roof.working_set == need.bytes and roof.amount == pytest.approx(need.bytes, rel=0.01)


def test_a_line_through_sizes():
    overhead, slope = fit({n: 2e-6 + 3e-9 * n for n in (10, 1000, 100_000)})
    assert overhead == pytest.approx(2e-6) and slope == pytest.approx(3e-9)


def test_neither_overhead_nor_rate_is_negative():
    assert fit({10: 1e-9, 1000: 1e-6})[0] == 0.0
    assert fit({10: 2e-6, 1000: 1e-6})[1] == 0.0
    with pytest.raises(ValueError, match="two sizes"):
        fit({10: 1.0})


@pytest.mark.parametrize(
    ("subject", "baseline", "expected"),
    [((1e-6, 1e-9), (2e-6, 1e-9), 0.0), ((3e-6, 1e-9), (1e-6, 2e-9), 2000.0), ((3e-6, 2e-9), (1e-6, 1e-9), math.inf)],
)
def test_crossover(subject, baseline, expected):
    assert crossover(subject, baseline) == pytest.approx(expected)


def row(subject: str, n: int, time: float, **traits) -> SubjectRecord:
    about = {"op": "add", "row": "add", "n": n, "dtype": "float32", "layout": "contiguous"}
    return SubjectRecord("ops", f"add-{n}", subject, "torch", about, time=time, **traits)


def test_scalings_of_a_session():
    rows = [row("torch", n, 1e-6 + n * 2e-9) for n in (10, 1000)] + [
        row("ingot", n, 3e-6 + n * 1e-9) for n in (10, 1000)
    ]
    torch, ingot = scalings([*rows, row("ingot", 100_000, 9.0, failure="raised")])
    assert (torch.crossover, ingot.sizes) == (0.0, (10, 1000))
    assert ingot.crossover == pytest.approx(2000) and ingot.misfit < 1e-6


def test_peak_memory_sees_temporaries():
    """The square of a 4 MiB tensor is one temporary. The kernel counts resident pages to within some dozens of them."""
    with Process(variables=VARIABLES) as process:
        peak = process.ask("peak", "memory/sum-of-square", "ingot")
    assert peak == pytest.approx(4 << 20, rel=0.1)


def test_controls_count_alarms_and_finds():
    def control(verdict, **about):
        found = Comparison(1.1, 1.0, 1.2, verdict, 0.03, 0.05, 0.01, 20.0, 72, 3)
        return SubjectRecord("controls", "c", "x", "y", about, time=1.0, comparison=found)

    seen = Controls()
    for verdict in ("SAME", "FASTER", "UNDECIDED"):
        seen.add(control(verdict))
    for verdict in ("SLOWER", "UNDECIDED"):
        seen.add(control(verdict, slowdown=0.1))
    record = seen.record()
    assert (record.null_duels, record.false_alarms) == (3, 1)
    assert (record.planted[0].duels, record.planted[0].found) == (2, 1) and record.planted[0].power > 0.9


TABLE = """\
  subject             time          rate  of roof    ratio 95 % interval     verdict     finds
ops/add-1000                                                           copy roof 20 GB/s at 8 kB
  torch             800 ns       10 GB/s      50%        1
  ingot           1.234 us      6.5 GB/s      32%     1.54 [1.48, 1.6]       SLOWER         5%
    ingot: leaves threads spinning
  numpy         MISSING    numpy has no op

ratio: time over the baseline's, below 1 is faster · finds: the smallest slowdown that would have been found with probability 0.8"""


def test_the_table():
    rows = [
        SubjectRecord("ops", "add-1000", "torch", "torch", time=800e-9, byte_rate=1e10, roof=Roof("copy", 2e10, 8000, 0.5)),
        SubjectRecord(
            "ops", "add-1000", "ingot", "torch", time=1.2341e-6, byte_rate=6.5e9, roof=Roof("copy", 2e10, 8000, 0.32),
            comparison=Comparison(1.54, 1.48, 1.6, "SLOWER", 0.03, 0.05, 0.01, 20.0, 72, 3), flags=("leaves threads spinning",),
        ),
        SubjectRecord("ops", "add-1000", "numpy", "torch", failure="missing", detail="numpy has no op"),
    ]  # fmt: skip
    assert "\n".join(render(rows)) == TABLE
    assert "\x1b[31mSLOWER" in "\n".join(render(rows, colour=True))


def test_numbers_as_people_read_them():
    assert [seconds(value) for value in (2.0, 3.14159e-3, 5e-7, math.nan)] == ["2 s", "3.142 ms", "500 ns", "-"]
    assert [quantity(value) for value in (12.8e9, 999.0, math.nan)] == ["12.8 G", "999 ", "- "]
    assert [figure(value) for value in (0.98345, 2.6249, 14.14)] == ["0.983", "2.62", "14.1"]


def test_profiles():
    assert set(PROFILES) == {"quick", "nightly"} and all(profile.plan.processes >= 3 for profile in PROFILES.values())
