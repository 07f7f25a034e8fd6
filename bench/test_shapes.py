"""Fuzzed shapes: the smallest at which ingot takes FACTOR times as long as torch, beyond doubt."""

import math

import pytest

from duel import shapes, suites
from duel.session import paired_of

FACTOR = 5.0

QUICK = ("softmax", "matmul", "sort")


@pytest.mark.parametrize("op", shapes.ROWS)
def test_smallest_slow_shape(bench, record, op):
    if op not in QUICK and not bench.profile.full:
        pytest.skip(f"left to the nightly profile, which searches all of {len(shapes.ROWS)} ops")
    if bench.check_only:
        pytest.skip("a search has to measure")
    rows = {}

    def measure(shape):
        name = f"{op}-{'x'.join(map(str, shape))}"
        rows[shape] = bench.arena.run(suites.find(f"shapes/{name}"))
        failed = [row for row in rows[shape] if row.failure]
        if failed:
            record(rows[shape])
        return paired_of(next(row for row in rows[shape] if row.subject == "ingot"))

    found = shapes.smallest_slow(
        measure,
        FACTOR,
        ranks=shapes.ROWS[op].ranks,
        draws=12 if bench.profile.full else 4,
        tries=40 if bench.profile.full else 10,
    )
    shown = found.shape if found else max(rows, key=lambda shape: paired_of(rows[shape][-1]).ratio)
    print(
        f"{op}: {f'{list(shown)} is {FACTOR:g} times slower' if found else f'no shape of {len(rows)} is {FACTOR:g} times slower; worst {list(shown)}'}"
    )
    record([_noted(row, bool(found), len(rows), math.prod(shown)) for row in rows[shown]])


def _noted(row, found, tried, elements):
    from dataclasses import replace

    return replace(row, parameters={**row.parameters, "factor": FACTOR, "found": found, "tried": tried, "n": elements})
