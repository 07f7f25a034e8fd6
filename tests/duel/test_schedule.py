"""Orders are balanced: places, and who follows whom."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from duel.schedule import doublings, orders, williams


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_every_subject_in_every_place_and_after_every_other(count):
    design = williams(count)
    for place in range(count):
        assert len(set(Counter(order[place] for order in design).values())) == 1
    followers = Counter((one, other) for order in design for one, other in itertools.pairwise(order))
    assert len(followers) == count * (count - 1) and len(set(followers.values())) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_orders(count):
    dealt = list(orders(count, 12, seed=1))
    assert len(dealt) == 12 and all(sorted(order) == list(range(count)) for order in dealt)
    assert dealt == list(orders(count, 12, seed=1))
    assert count == 1 or dealt != list(orders(count, 12, seed=2))


def test_half_of_the_rounds_is_doubled():
    assert Counter(doublings(20, seed=0)) == {1: 10, 2: 10}
