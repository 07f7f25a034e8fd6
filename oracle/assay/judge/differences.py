"""Derivatives of a function of one real number, from its values alone: Richardson's extrapolation of central differences, and the complex step.

Richardson: three central differences at h, h/2, h/4 cancel the errors of order h^2 and h^4 (Ridders 1982); the change in the last step estimates the error that is left.
Complex step: f'(x) = Im f(x + ih) / h has no cancellation (Squire and Trapp 1998), and needs a holomorphic f.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEPS = (1e-2, 1e-3, 1e-4)
"""First steps tried, until one converges."""

CONVERGED = 1e-7
"""The estimated error, relative to the scale, at which no smaller step is tried."""

COMPLEX_STEP = 1e-20


@dataclass(frozen=True)
class Difference:
    """A derivative (a number or an array), the estimate of its error, and whether the one-sided differences agree: at a kink they do not."""

    value: np.ndarray
    error: float
    smooth: bool = True


def richardson(function: Callable[[float], np.ndarray], scale: float) -> Difference | None:
    """The derivative at 0 of ``function``; None where it is not finite around. ``scale``: the size that errors are relative to."""
    best: Difference | None = None
    for step in STEPS:
        found = _extrapolated(function, step)
        if found is not None and (best is None or found.error < best.error):
            best = found
        if best is not None and best.error <= CONVERGED * max(scale, 1e-300):
            return best
    return best


def _extrapolated(function: Callable[[float], np.ndarray], step: float) -> Difference | None:
    center = None
    central, sides = [], []
    top = 0.0
    for level in range(3):
        h = step / 2**level
        ahead, behind = function(h), function(-h)
        if not (np.isfinite(ahead).all() and np.isfinite(behind).all()):
            return None
        top = max(top, float(np.max(np.abs(ahead), initial=0.0)), float(np.max(np.abs(behind), initial=0.0)))
        central.append((ahead - behind) / (2 * h))
        if level != 1:
            center = function(0.0) if center is None else center
            sides.append(float(np.max(np.abs(ahead - 2 * center + behind), initial=0.0)) / h)
    first = [(4 * central[1] - central[0]) / 3, (4 * central[2] - central[1]) / 3]
    second = (16 * first[1] - first[0]) / 15
    rounding = 8 * np.finfo(np.float64).eps * top / (step / 4)
    # |f(h) - 2 f(0) + f(-h)| / h is the jump of the slope: it falls with h where f is smooth and stays where it has a kink.
    smooth = sides[1] <= 0.6 * sides[0] + 4 * rounding
    return Difference(second, float(np.max(np.abs(second - first[1]), initial=0.0)) + rounding, smooth)


def complex_step(function: Callable[[complex], np.ndarray]) -> Difference | None:
    """The derivative at 0 of a holomorphic function that is real on the real line; None where it is not finite."""
    found = function(complex(0.0, COMPLEX_STEP)).imag / COMPLEX_STEP
    if not np.isfinite(found).all():
        return None
    return Difference(found, 64 * float(np.finfo(np.float64).eps) * float(np.max(np.abs(found), initial=0.0)))
