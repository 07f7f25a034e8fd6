"""Where the choices behind a case come from. A choice is a whole number of an interval, and smaller is simpler."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Exhausted(Exception):
    """A replayed sequence of choices ended before the case was complete."""


class Source(Protocol):
    """What a ``Drawing`` needs."""

    def integer(self, low: int, high: int) -> int:
        """A whole number of the interval, both ends included."""
        ...


class RandomSource:
    """Pseudo-random choices from a seed, remembered as distances from the low end, so that they can be shrunk."""

    def __init__(self, seed: int | str):
        self._random = random.Random(seed).random
        self.choices: list[int] = []

    def integer(self, low: int, high: int) -> int:
        # random() * n is several times faster than randint and uniform enough for intervals this short.
        chosen = int(self._random() * (high - low + 1))
        self.choices.append(chosen)
        return low + chosen


class ReplayedSource:
    """The choices of a list, each cut down to the interval asked for. Exhausted is raised when they run out."""

    def __init__(self, choices: Sequence[int]):
        self._left = iter(choices)
        self.choices: list[int] = []

    def integer(self, low: int, high: int) -> int:
        chosen = next(self._left, None)
        if chosen is None:
            raise Exhausted
        chosen = min(chosen, high - low)
        self.choices.append(chosen)
        return low + chosen


class HypothesisSource:
    """Choices by hypothesis: ``draw`` is what ``@composite`` passes to its function."""

    def __init__(self, draw: Callable[[Any], Any]):
        from hypothesis import strategies

        self._draw, self._integers = draw, strategies.integers

    def integer(self, low: int, high: int) -> int:
        return self._draw(self._integers(low, high))
