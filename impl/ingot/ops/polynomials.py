"""Orthogonal polynomials of a degree that may differ per element: ``chebyshev_polynomial_t(x, n)`` and its relatives, in ``torch.special``.

Values come from the three-term recurrences of DLMF 18.9, all elements a degree at a time. Chebyshev polynomials of higher degrees inside (-1, 1) are trigonometric
functions (DLMF 18.5), which is faster and loses less. A negative degree gives 0. None of them is differentiable in PyTorch, nor here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .declare import COMPLEXES, FLOATS, pointwise

LARGEST_DEGREE = {"float32": 128, "float64": 512}
"""Hermite polynomials beyond this degree are NaN, as in PyTorch: their coefficients overflow."""


def _degrees(xp, n):
    """Degrees as whole numbers; -1 where there is no such polynomial (negative, NaN, too large for an int64)."""
    whole = xp.trunc(n)
    return xp.where((whole >= 0) & (whole < 2.0**63), whole, -1)


def _by_recurrence(xp, x, degrees, first, step: Callable):
    """P_0 = 1, P_1 = ``first``, P_(k+1) = ``step(k, P_(k-1), P_k)``; each element keeps the P of its own degree."""
    before, now = xp.ones_like(x), first
    result = xp.where(degrees < 0, xp.zeros_like(x), xp.where(degrees == 0, before, now))
    k = 1
    while bool(((degrees > k) & ~xp.isnan(now)).any()):
        before, now = now, step(k, before, now)
        k += 1
        result = xp.where(degrees == k, now, result)
    return xp.where(degrees > k, xp.asarray(math.nan, x.dtype), result).astype(x.dtype)


def _chebyshev(first: Callable, closed: Callable, shifted: bool):
    """T, U, V or W: one recurrence from different beginnings. ``closed(xp, theta, n)`` is the trigonometric form at x = cos(theta)."""

    def kernel(xp, x, n):
        x, n = xp.broadcast_arrays(xp.asarray(x), xp.asarray(n))
        if shifted:
            x = x + x - 1
        degrees = _degrees(xp, n)
        inside = (degrees > 8) & (xp.abs(x) < 1)
        theta = xp.arccos(xp.where(inside, x, 0))
        slow = xp.where(inside, -1, degrees)
        result = _by_recurrence(xp, x, slow, first(x), lambda k, before, now: (x + x) * now - before)
        return xp.where(inside, closed(xp, theta, degrees), result).astype(x.dtype)

    return kernel


_CHEBYSHEV = {
    "t": ("first", lambda x: x, lambda xp, theta, n: xp.cos(n * theta)),
    "u": ("second", lambda x: x + x, lambda xp, theta, n: xp.sin((n + 1) * theta) / xp.sin(theta)),
    "v": ("third", lambda x: x + x - 1, lambda xp, theta, n: xp.cos((n + 0.5) * theta) / xp.cos(theta / 2)),
    "w": ("fourth", lambda x: x + x + 1, lambda xp, theta, n: xp.sin((n + 0.5) * theta) / xp.sin(theta / 2)),
}
"""Letter -> kind, P_1, the trigonometric form."""


def _plain(first: Callable, step: Callable, limited: bool = False):
    def kernel(xp, x, n):
        x, n = xp.broadcast_arrays(xp.asarray(x), xp.asarray(n))
        degrees = _degrees(xp, n)
        if not limited:
            return _by_recurrence(xp, x, degrees, first(x), lambda k, before, now: step(x, k, before, now))
        beyond = degrees > LARGEST_DEGREE[np.dtype(x.dtype).name]
        found = _by_recurrence(
            xp, x, xp.where(beyond, -1, degrees), first(x), lambda k, before, now: step(x, k, before, now)
        )
        return xp.where(beyond, xp.asarray(math.nan, x.dtype), found)

    return kernel


_OTHERS = {
    "hermite_polynomial_h": (
        "The physicist's Hermite polynomial H_n(x).", _plain(lambda x: x + x, lambda x, k, before, now: 2 * (x * now - k * before), True),
    ),
    "hermite_polynomial_he": (
        "The probabilist's Hermite polynomial He_n(x).", _plain(lambda x: x, lambda x, k, before, now: x * now - k * before, True),
    ),
    "laguerre_polynomial_l": (
        "The Laguerre polynomial L_n(x).",
        _plain(lambda x: 1 - x, lambda x, k, before, now: ((2 * k + 1 - x) * now - k * before) / (k + 1)),
    ),
    "legendre_polynomial_p": (
        "The Legendre polynomial P_n(x).", _plain(lambda x: x, lambda x, k, before, now: ((2 * k + 1) * x * now - k * before) / (k + 1)),
    ),
}  # fmt: skip


def _declare(name: str, kernel, doc: str) -> None:
    pointwise(
        f"{name}(input, n)", kernel, fast=FLOATS, promote="float", refuses=COMPLEXES, namespace="special", method=False, inplace=False,
        doc=f"{doc} Degrees are cut to whole numbers: ``{name}(tensor([0.5]), 2)``.",
    )  # fmt: skip


for _letter, (_kind, _first, _closed) in _CHEBYSHEV.items():
    _declare(
        f"chebyshev_polynomial_{_letter}",
        _chebyshev(_first, _closed, False),
        f"The Chebyshev polynomial of the {_kind} kind.",
    )
    _declare(
        f"shifted_chebyshev_polynomial_{_letter}",
        _chebyshev(_first, _closed, True),
        f"The Chebyshev polynomial of the {_kind} kind at 2x - 1.",
    )
for _name, (_doc, _kernel) in _OTHERS.items():
    _declare(_name, _kernel, _doc)
