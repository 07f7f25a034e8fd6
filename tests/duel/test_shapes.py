"""The search for the smallest slow shape, on functions whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from duel import suites
from duel.shapes import ROWS, draw, smaller, smallest_slow
from duel.statistics import compare


def ratio(value: float):
    return compare([[math.log(value)] * 6])


def test_shrinks_to_the_edge():
    found = smallest_slow(lambda shape: ratio(10 if math.prod(shape) >= 300 else 1), 5.0, ranks=(2, 3), tries=300)
    assert found is not None and 300 <= math.prod(found.shape) <= 310 and len(found.shape) == 2


def test_shrinks_each_dimension_by_itself():
    found = smallest_slow(lambda shape: ratio(10 if max(shape) >= 17 else 1), 5.0, tries=300)
    assert found is not None and found.shape == (17,)


def test_overhead_alone_is_found_at_one_element():
    found = smallest_slow(lambda shape: ratio(7), 5.0)
    assert found is not None and found.shape == (1,) and found.paired.ratio == pytest.approx(7)


def test_nothing_slow():
    assert smallest_slow(lambda shape: ratio(2), 5.0) is None


def test_slow_must_be_beyond_doubt():
    noisy = compare([list(math.log(6) + 0.5 * np.random.default_rng(0).standard_normal(8))])
    assert noisy.ratio > 5 > noisy.low
    assert smallest_slow(lambda shape: noisy, 5.0) is None


def test_measures_no_shape_twice_and_stops():
    asked = []

    def measure(shape):
        asked.append(shape)
        return ratio(10)

    smallest_slow(measure, 5.0, ranks=(3, 3), tries=20)
    assert len(asked) == len(set(asked)) <= 20


def test_smaller_shapes_are_smaller():
    for shape in smaller((4, 7), 1):
        assert math.prod(shape) < 28
    assert all(len(shape) == 2 for shape in smaller((4, 7), 2))


@pytest.mark.parametrize("seed", range(20))
def test_drawn_shapes_keep_their_limits(seed):
    shape = draw(np.random.default_rng(seed), (1, 3), 5000)
    assert 1 <= len(shape) <= 3 and math.prod(shape) <= 5000


def test_cases_are_named_by_their_shape():
    case = suites.find("shapes/softmax-3x5")
    assert case.inputs[0].shape == (3, 5) and case.op.op == "softmax" and "softmax" in ROWS
    with pytest.raises(LookupError, match="no op 'nonsense'"):
        suites.find("shapes/nonsense-3x5")
