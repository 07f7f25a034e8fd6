"""The distribution function of the standard normal, and its density: what GELU is made of. Raw arrays.

NOTE [Float32 normal]
SciPy computes ``ndtr`` in float64, element by element. In float32 a polynomial serves: with ``t = 1 / (1 + 0.32 u)``, which takes [0, inf) to (0, 1],
``Phi(-u) exp(u² / 2) / t`` is smooth up to both ends, and the polynomial below (degree 9, weighted least squares on Chebyshev nodes, reweighted until the error
was even) is within 3.3e-8 of it, relatively: below the rounding of float32. The tail keeps its relative accuracy, where ``(1 + erf(x / sqrt(2))) / 2`` loses it.
"""

from __future__ import annotations

import math

from .special_functions import functions_for

_STRETCH = 0.32
_TAIL = (
    0.127661529, 0.127660947, 0.114622366, 0.0878289805, 0.0586546472, -0.00937960538, 0.0653315027, -0.14671089, 0.0954090779, -0.0210785703,
)  # fmt: skip
"""Coefficients of ``Phi(-u) exp(u² / 2) / t`` in powers of t. NOTE [Float32 normal]"""


def normal_distribution(xp, x):
    """(Phi(x), phi(x)): the probability below x, and the density at x. float32 or float64 in, the same out."""
    bell = x * x
    bell *= -0.5
    bell = xp.exp(bell)
    if x.dtype.itemsize > 4:
        return functions_for(xp).ndtr(x), bell * (1 / math.sqrt(2 * math.pi))
    place = xp.abs(x)
    place *= _STRETCH
    place += 1
    place = 1 / place
    below = place * _TAIL[-1]
    for coefficient in _TAIL[-2::-1]:
        below += coefficient
        below *= place
    below *= bell
    # Phi(x) = 1 - Phi(-x); as a sum, so that the smaller tail is not rounded as a part of the larger.
    other = below * -2
    other += 1
    other *= x > 0
    below += other
    bell *= 1 / math.sqrt(2 * math.pi)
    return below, bell
