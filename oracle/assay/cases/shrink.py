"""Makes a failing case small by making its choices small: shorter sequences first, then smaller numbers (MacIver and Donaldson, "Test-case reduction via
test-case generation", ECOOP 2020). Because a smaller choice is a simpler one, what is left is the simplest case that still fails in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

Fails = Callable[[list[int]], list[int] | None]
"""Replays choices; the choices that were used where the case still fails in the same way, None where it does not."""


def key(choices: Sequence[int]) -> tuple[int, list[int]]:
    """The order of simplicity: shorter, then smaller from the left."""
    return len(choices), list(choices)


def shrink(choices: list[int], fails: Fails, *, seconds: float = 5.0) -> list[int]:
    """The simplest choices found within ``seconds`` that still fail."""
    end = time.monotonic() + seconds
    best = choices

    def better(candidate: list[int]) -> bool:
        nonlocal best
        if time.monotonic() > end or key(candidate) >= key(best):
            return False
        used = fails(candidate)
        if used is None or key(used) >= key(best):
            return False
        best = used
        return True

    changed = True
    while changed and time.monotonic() < end:
        before = best
        for length in (8, 4, 2, 1):
            _delete(lambda: best, better, length)
        _lower(lambda: best, better)
        changed = key(best) < key(before)
    return best


def _delete(current: Callable[[], list[int]], better: Callable[[list[int]], bool], length: int) -> None:
    """Leave out ``length`` choices at a time, from the right."""
    start = len(current()) - length
    while start >= 0:
        choices = current()
        better(choices[:start] + choices[start + length :])
        start = min(start, len(current())) - length if length > 1 else start - 1


def _lower(current: Callable[[], list[int]], better: Callable[[list[int]], bool]) -> None:
    """Make single choices 0, or as small as bisection finds."""
    place = 0
    while place < len(current()):
        choices = current()
        if choices[place] and not better([*choices[:place], 0, *choices[place + 1 :]]):
            low, high = 0, choices[place]
            while low + 1 < high:
                middle = (low + high) // 2
                choices = current()
                if place < len(choices) and better([*choices[:place], middle, *choices[place + 1 :]]):
                    high = middle
                else:
                    low = middle
        place += 1
