"""From data to pixels, and which values get a tick."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Maps ``low``..``high`` onto ``start``..``stop`` pixels, by the value or by its logarithm."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value; values beyond the ends are put at the end."""
        low, high, at = (math.log10(each) for each in (self.low, self.high, max(value, 1e-300))) if self.logarithmic else (self.low, self.high, value)  # fmt: skip
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.stop - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """At most about ``most`` round values within the ends."""
        return _decades(self.low, self.high, most) if self.logarithmic else _round_steps(self.low, self.high, most)


def fit(values: Iterable[float], start: float, stop: float, *, logarithmic: bool = False, room: float = 0.04) -> Scale:
    """A scale that holds all finite values (the positive ones, if logarithmic) with a little room; of 0..1 or 1..10 where there are none."""
    kept = [each for each in values if math.isfinite(each) and (each > 0 or not logarithmic)]
    if not kept:
        return Scale(1.0, 10.0, start, stop, True) if logarithmic else Scale(0.0, 1.0, start, stop)
    low, high = min(kept), max(kept)
    if logarithmic:
        if high / low < 1.5:
            low, high = low / 1.5, high * 1.5
        spread = (high / low) ** room
        return Scale(low / spread, high * spread, start, stop, True)
    if high - low <= 1e-12 * abs(high):
        low, high = low - (abs(low) or 1.0) * 0.5, high + (abs(high) or 1.0) * 0.5
    spread = (high - low) * room
    return Scale(low - spread, high + spread, start, stop)


def _round_steps(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, every second, third ... where there are many; 1, 2 and 5 times them where there are few."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 2:
        stride = max(1, math.ceil((last - first + 1) / most))
        return [10.0**power for power in range(first, last + 1, stride)]
    found = [factor * 10.0**power for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
    kept = [value for value in found if low * 0.999 <= value <= high * 1.001]
    return kept[:: max(1, math.ceil(len(kept) / most))]
