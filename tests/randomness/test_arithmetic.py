"""The arithmetic under the draws: exact fused multiply-adds, the polynomials, the shuffle."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ingot.ops import random_normal
from ingot.ops.permutation import shuffled

from . import fused_float32


def test_fma64_is_correctly_rounded():
    draw = np.random.Generator(np.random.PCG64(0))
    a = draw.normal(size=4000)
    # Products that nearly cancel, and sums far apart: where two roundings show.
    c = np.where(
        draw.random(4000) < 0.5,
        -a * 1.7 * (1 + draw.normal(size=4000) * 1e-15),
        draw.normal(size=4000) * 10.0 ** draw.integers(-18, 18, 4000),
    )
    found = [float(random_normal.fma64(np.array([x]), 1.7, y)[0]) for x, y in zip(a, c, strict=True)]
    assert found == [
        float(Fraction(x) * Fraction(1.7) + Fraction(y)) for x, y in zip(a.tolist(), c.tolist(), strict=True)
    ]


def test_fma32_mends_a_tie_that_float64_makes():
    """1 + 2**-24 (a tie of float32) plus far less than float64 can hold beside it: up, not to even."""
    one, tiny = np.float32(1), np.float32(2.0**-60)
    tie = np.float32(2.0**-12)
    product_up = random_normal.fma32(np.array([tie]), tie, np.array([one]))  # exactly a tie: to even
    assert product_up[0] == 1
    a = np.array([np.float32(2.0**-24 * (1 + 2.0**-23))])
    assert random_normal.fma32(a, one, np.array([one]))[0] == np.nextafter(one, np.float32(2))
    assert random_normal.fma32(np.array([np.float32(2.0**-42)]), np.float32(2.0**-18), np.array([one]))[0] == one
    big = np.float32(1 + 2.0**-12)
    exact = Fraction(float(big)) * Fraction(float(big)) + Fraction(float(tiny))
    # (1 + 2**-12)**2 = 1 + 2**-11 + 2**-24 is a tie, and the addend breaks it.
    found = Fraction(float(random_normal.fma32(np.array([big]), big, np.array([tiny]))[0]))
    neighbours = [
        Fraction(float(np.float32(1 + 2.0**-11))),
        Fraction(float(np.nextafter(np.float32(1 + 2.0**-11), np.float32(2)))),
    ]
    assert found == min(neighbours, key=lambda one: abs(one - exact))
    assert found == neighbours[1]


def test_the_polynomials_are_right_in_samples():
    """``python -m tests.randomness.fused_float32`` tries all arguments; here the ends and one in 64 blocks."""
    assert fused_float32.differing(0, 1 << 14) == (0, 0, 0)
    assert fused_float32.differing((1 << 24) - (1 << 14), 1 << 24) == (0, 0, 0)
    for begin in range(1 << 18, 1 << 24, 1 << 20):
        assert fused_float32.differing(begin, begin + (1 << 10)) == (0, 0, 0)


def test_the_shuffle_is_the_loop():
    draw = np.random.Generator(np.random.PCG64(1))
    for count in (97, 100, 1000):
        for targets in (
            np.arange(count),
            np.full(count, count - 1),
            draw.integers(np.arange(count), count),
            np.minimum(np.arange(count) + 1, count - 1),
        ):
            order = list(range(count))
            for place, target in enumerate(targets.tolist()):
                order[place], order[target] = order[target], order[place]
            assert shuffled(targets).tolist() == order
