"""Are the float32 logarithm, sine and cosine of ``randn`` right for every argument they can have? All 2**24 of them, in about a minute:

    python -m tests.randomness.fused_float32

Prints, per function, how many results differ from the same polynomials with exactly rounded fused multiply-adds.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from ingot.ops import random_normal

FLOAT = np.float32
BITS = 24


def fma(a, b, c) -> np.ndarray:
    """``a * b + c`` of float32 numbers with one rounding: in float64, rounded to odd, then to float32."""
    product = np.multiply(a, b, dtype=np.float64)
    total = product + np.asarray(c, np.float64)
    shadow = total - product
    error = (product - (total - shadow)) + (c - shadow)
    bits = total.view(np.int64)
    step = np.where((error > 0) == (total > 0), 1, -1)
    return np.where((error != 0) & (bits & 1 == 0), bits + step, bits).view(np.float64).astype(FLOAT)


def polynomial(coefficients, x) -> np.ndarray:
    """Horner's rule."""
    total = np.broadcast_to(FLOAT(coefficients[0]), x.shape)
    for coefficient in coefficients[1:]:
        total = fma(total, x, coefficient)
    return total


def logarithm(x) -> np.ndarray:
    """Cephes' ``logf``."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < random_normal._SQRT_HALF
    exponent = (exponent - low).astype(FLOAT)
    x = np.where(low, mantissa + mantissa, mantissa) - FLOAT(1)
    square = x * x
    y = polynomial(random_normal._LOG, x) * x
    y = fma(y, square, exponent * random_normal._LN2_LOW)
    y = y - square * FLOAT(0.5)
    return fma(exponent, random_normal._LN2_HIGH, x + y)


def sine_and_cosine(x) -> tuple[np.ndarray, np.ndarray]:
    """Cephes' ``sinf`` and ``cosf``."""
    octant = ((x * random_normal._FOUR_OVER_PI).astype(np.int32) + 1) // 2 * 2
    for part in random_normal._MINUS_QUARTER_PI:
        x = fma(octant.astype(FLOAT), part, x)
    square = x * x
    cosine = fma(polynomial(random_normal._COSINE, square) * square, square, square * FLOAT(-0.5)) + FLOAT(1)
    sine = fma(polynomial(random_normal._SINE, square) * square, x, x)
    quadrant = octant // 2 % 4
    return (
        np.choose(quadrant, [sine, cosine, -sine, -cosine]),
        np.choose(quadrant, [cosine, -sine, -cosine, sine]),
    )


def differing(begin: int, end: int) -> tuple[int, int, int]:
    """How many logarithms, sines and cosines of the uniform numbers ``begin .. end - 1`` (times 2**-24) differ."""
    uniform = np.arange(begin, end).astype(FLOAT) * FLOAT(2.0**-BITS)
    radii, angles = FLOAT(1) - uniform, uniform * FLOAT(2 * math.pi)
    sines, cosines = random_normal.sincos32(angles)
    right = (logarithm(radii), *sine_and_cosine(angles))
    found = (random_normal.log32(radii), sines, cosines)
    return tuple(int(np.count_nonzero(a != b)) for a, b in zip(found, right, strict=True))


def main() -> int:
    """Try every argument."""
    step = 1 << 18
    counts = np.zeros(3, np.int64)
    for begin in range(0, 1 << BITS, step):
        counts += differing(begin, begin + step)
        print(f"\r{(begin + step) / (1 << BITS):4.0%}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for name, count in zip(("log", "sin", "cos"), counts, strict=True):
        print(f"{name}: {count} of {1 << BITS} results differ")
    return int(counts.any())


if __name__ == "__main__":
    sys.exit(main())
