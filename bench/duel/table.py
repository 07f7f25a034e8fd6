"""Results as people read them: a block a duel, a line a subject."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

from .record import SubjectRecord

COLOURS = {
    "FASTER": "32",
    "SLOWER": "31",
    "SAME": "36",
    "INVALID": "1;31",
    "WRONG": "1;31",
    "RAISED": "1;31",
    "CRASHED": "1;31",
}
"""Colour only repeats what the word says."""

HEADER = f"{'':2}{'subject':<14}{'time':>10}  {'rate':>12} {'of roof':>8}  {'ratio':>7} {'95 % interval':<17} {'verdict':<10} {'finds':>6}"

LEGEND = "ratio: time over the baseline's, below 1 is faster · finds: the smallest slowdown that would have been found with probability 0.8"


def render(records: Iterable[SubjectRecord], *, colour: bool = False, legend: bool = True) -> list[str]:
    """The lines of a table: one block for each duel, in the order given."""
    lines = [HEADER] if legend else []
    for group, rows in groupby(records, key=lambda record: record.group):
        lines += _block(group, list(rows), colour)
    return [*lines, "", LEGEND] if legend else lines


def _block(group: str, rows: list[SubjectRecord], colour: bool) -> Iterator[str]:
    roof = next((row.roof for row in rows if row.roof), None)
    note = (
        f"{roof.kind} roof {quantity(roof.rate)}{'FLOP/s' if roof.kind == 'gemm' else 'B/s'} at {quantity(roof.working_set)}B"
        if roof
        else ""
    )
    yield f"{group:<58}{note:>38}".rstrip()
    for row in rows:
        yield _line(row, colour)
        for remark in (*row.invalid, *row.flags):
            yield f"{'':4}{row.subject}: {remark}"


def _line(row: SubjectRecord, colour: bool) -> str:
    if row.failure:
        return f"{'':2}{row.subject:<14}{_painted(row.verdict, 10, colour)} {row.detail[:90]}"
    rate, share = "", ""
    if row.roof:
        gemm = row.roof.kind == "gemm"
        rate = f"{quantity((row.flop_rate if gemm else row.byte_rate) or math.nan)}{'FLOP/s' if gemm else 'B/s'}"
        share = f"{row.roof.share:.0%}"
    unit = next(iter(row.units.items()), None)
    if unit and not row.roof:
        rate = f"{seconds(row.time / unit[1])}/{unit[0]}"
    elif row.peak_bytes is not None:
        rate = f"{quantity(row.peak_bytes)}B peak"
    line = f"{'':2}{row.subject:<14}{seconds(row.time):>10}  {rate:>12} {share:>8}  "
    if row.comparison is None:
        return (line + f"{'1':>7}").rstrip() + (f" {'':<17} {_painted(row.verdict, 10, colour)}" if row.verdict else "")
    found = row.comparison
    interval = f"[{figure(found.low)}, {figure(found.high)}]"
    finds = f"{found.detectable:.0%}" if found.detectable < 10 else ">10x"
    return f"{line}{figure(found.ratio):>7} {interval:<17} {_painted(row.verdict, 10, colour)} {finds:>6}"


def _painted(word: str, width: int, colour: bool) -> str:
    text = f"{word:<{width}}"
    return f"\x1b[{COLOURS[word]}m{text}\x1b[0m" if colour and word in COLOURS else text


def figure(ratio: float) -> str:
    """A ratio to three digits: 0.983, 2.62, 14.1."""
    return f"{ratio:.3f}" if ratio < 1.1 else f"{ratio:.3g}"


def seconds(value: float) -> str:
    """A duration to four digits, with its unit: "873.2 us"."""
    if not math.isfinite(value):
        return "-"
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= scale:
            return f"{value / scale:.4g} {unit}"
    return f"{value * 1e9:.3g} ns"


def quantity(value: float) -> str:
    """A number with a decimal prefix and a space after the digits: "12.8 G", for a unit to follow."""
    if not math.isfinite(value):
        return "- "
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g} {prefix}"
    return f"{value:.3g} "
