"""In which order the subjects of a round run.

Orders come in balanced sets (Williams 1949): in a set every subject stands equally often in every place, and follows every other equally often. What
one subject leaves behind (a warm cache, a lower clock, spinning threads) falls on all others alike, and can be estimated. Which subject plays which
part, and the order of the rounds in a set, are random.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def williams(count: int) -> list[list[int]]:
    """A balanced set of orders of ``count`` subjects: ``count`` orders, or twice as many for an odd count.

    >>> williams(2)
    [[0, 1], [1, 0]]
    """
    zigzag = [(place + 1) // 2 if place % 2 else (count - place // 2) % count for place in range(count)]
    square = [[(part + shift) % count for part in zigzag] for shift in range(count)]
    return square + [order[::-1] for order in square] if count % 2 and count > 1 else square


def orders(count: int, rounds: int, seed: int) -> Iterator[list[int]]:
    """Orders for that many rounds, set after set, each set dealt anew."""
    random = np.random.default_rng(seed)
    design = williams(count)
    done = 0
    while done < rounds:
        parts = random.permutation(count)
        for row in random.permutation(len(design))[: rounds - done]:
            yield [int(parts[part]) for part in design[row]]
            done += 1


def doublings(rounds: int, seed: int) -> list[int]:
    """For each round, whether its blocks have the normal number of calls (1) or twice as many (2): half of each, in random order."""
    random = np.random.default_rng(seed)
    return [int(factor) for factor in random.permutation([1 + place % 2 for place in range(rounds)])]
