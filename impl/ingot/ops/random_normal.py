"""Normal numbers from uniform ones, bit for bit as PyTorch makes them on the CPU: Box-Muller (1958), in three arithmetics.

NOTE [Box-Muller, three ways]
- **float32, 16 contiguous elements or more** (float16 and bfloat16 are float32 rounded once): blocks of 16, the first 8 of a block being radii and the last 8 angles. Logarithm, sine and cosine are
  Cephes' single precision polynomials (Moshier 1984; Pommier and Garberoglio made them 4 and 8 wide), compiled with fused multiply-adds.
- **float64, 16 contiguous elements or more**: the same blocks with the C library's functions.
- **fewer elements, or strided memory**: one pair at a time in float64, the second value of the last pair being kept by the generator.

Where the number of elements is no multiple of 16, the last 16 are drawn once more. The 16-bit types do not draw what the second time would replace.

NOTE [Fused multiply-adds without the instruction]
A float32 fma rounds ``a * b + c`` once. In float64 the product is exact and the sum is rounded to 53 bits, then to 24: twice, which differs from once
only if the first rounding lands on the middle of two float32 numbers. ``fma32`` looks for that and mends it. The polynomials do not look: a uniform number has
24 bits, so they have 2**24 arguments, and ``tests/randomness/fused_float32.py`` tries them all. A float64 fma has no wider type to hide in: ``fma64`` is Boldo and
Melquiond's (2008), by rounding to odd.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy._core import _multiarray_umath as umath

BLOCK = 16
_CHUNK = 4096  # blocks: few enough for the caches, enough to make the calls worth while
_F = np.float32

_LOG = tuple(map(_F, (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
    3.3333331174e-1,
)))  # fmt: skip
_LN2_LOW, _LN2_HIGH = _F(-2.12194440e-4), _F(0.693359375)
_SQRT_HALF = _F(0.707106781186547524)
_FOUR_OVER_PI = _F(1.27323954473516)
_MINUS_QUARTER_PI = tuple(map(_F, (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)))  # in three parts
_SINE = tuple(map(_F, (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)))
_COSINE = tuple(map(_F, (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)))
_TWO_PI = _F(2 * math.pi)


def fma32(a, b, c) -> np.ndarray:
    """``a * b + c`` of float32 numbers, rounded once. NOTE [Fused multiply-adds without the instruction]"""
    product = np.multiply(a, b, dtype=np.float64)
    total = np.add(product, c, dtype=np.float64)
    halfway = (total.view(np.int64) & 0x1FFFFFFF) == 0x10000000
    if halfway.any():
        value, error = _two_sum(product, np.asarray(c, np.float64))
        total = np.where(halfway & (error != 0), np.nextafter(value, np.copysign(np.inf, error)), total)
    return total.astype(_F)


def _fma(a, b, c) -> np.ndarray:
    """``fma32`` without the look for ties: for the arguments of the polynomials, of which none makes one."""
    return np.add(np.multiply(a, b, dtype=np.float64), c, dtype=np.float64).astype(_F)


def log32(x: np.ndarray) -> np.ndarray:
    """Cephes' ``logf`` of positive normal float32 numbers."""
    bits = x.view(np.int32)
    exponent = (bits >> 23) - 126
    x = (bits & 0x007FFFFF | 0x3F000000).view(_F)
    low = x < _SQRT_HALF
    exponent = (exponent - low).astype(_F)
    x = (x + x * low) - _F(1)
    square = x * x
    wide = x.astype(np.float64)
    y = _polynomial(_LOG, wide) * x
    y = _fma(y, square, exponent * _LN2_LOW)
    square *= _F(0.5)
    y -= square
    y += x
    return _fma(exponent, _LN2_HIGH, y)


def sincos32(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cephes' ``sinf`` and ``cosf`` of float32 numbers from 0 to 8192."""
    octant = (x * _FOUR_OVER_PI).astype(np.int32)
    octant += 1
    octant &= ~1
    wide = octant.astype(np.float64)
    for part in _MINUS_QUARTER_PI:
        x = np.add(wide * part, x, dtype=np.float64).astype(_F)
    square = x * x
    wide = square.astype(np.float64)
    cosine = _fma(_polynomial(_COSINE, wide) * square, square, square * _F(-0.5))
    cosine += _F(1)
    sine = _fma(_polynomial(_SINE, wide) * square, x, x)
    swapped = (octant & 2).astype(bool)
    sign = octant.view(np.uint32) << 29 & 0x80000000
    sines, cosines = np.where(swapped, cosine, sine), np.where(swapped, sine, cosine)
    np.bitwise_xor(sines.view(np.uint32), sign, out=sines.view(np.uint32))
    sign ^= octant.view(np.uint32) << 30 & 0x80000000
    np.bitwise_xor(cosines.view(np.uint32), sign, out=cosines.view(np.uint32))
    return sines, cosines


def _polynomial(coefficients, wide: np.ndarray) -> np.ndarray:
    """Horner's rule in float32 fused multiply-adds; ``wide`` is the variable in float64."""
    y = coefficients[0]
    total = np.empty_like(wide)
    for coefficient in coefficients[1:]:
        np.multiply(wide, y, out=total)
        total += coefficient
        y = total.astype(_F)
    return y


def fma64(a, b, c) -> np.ndarray:
    """``a * b + c`` of float64 numbers far from overflow and underflow, rounded once (Boldo and Melquiond 2008, figure 1)."""
    high, low = _two_product(np.asarray(a, np.float64), np.float64(b))
    top, bottom = _two_sum(np.float64(c), low)
    value, rest = _two_sum(high, top)
    tail, error = _two_sum(bottom, rest)
    bits = tail.view(np.int64)
    # Round to odd: an inexact sum whose last bit is 0 goes to the neighbour on the error's side.
    even = (error != 0) & (bits & 1 == 0)
    step = np.where((error > 0) == (tail > 0), 1, -1)
    tail = np.where(even, bits + step, bits).view(np.float64)
    return value + tail


def _two_sum(a, b):
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def _two_product(a, b):
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(x):
    scaled = 134217729.0 * x  # Veltkamp: 2**27 + 1
    high = scaled - (scaled - x)
    return high, x - high


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


_FUNCTIONS = {
    "log": (_log, 0.0, 1.0), "log1p": (math.log1p, -1.0, 0.0), "exp": (_exp, -40.0, 40.0), "sin": (math.sin, 0.0, 2 * math.pi),
    "cos": (math.cos, 0.0, 2 * math.pi), "tan": (math.tan, -math.pi / 2, math.pi / 2),
}  # fmt: skip
"""Function -> the C library's own, and the interval that draws ask it on."""

_PROBES = 4096


@cache
def _vector(name: str):
    """The C library's function on float64 arrays: NumPy's where that calls it, else one call per element.

    NumPy has its own loops for AVX-512 and for some other processors, as good but not equal in the last bit. Some thousand arguments, spread by the golden
    ratio, tell them apart.
    """
    scalar, low, high = _FUNCTIONS[name]
    vector = getattr(np, name)
    if not umath.__cpu_features__.get("AVX512F", False):
        places = np.arange(1, _PROBES) * ((math.sqrt(5) - 1) / 2) % 1
        arguments = low + (high - low) * places
        if vector(arguments).tolist() == [scalar(one) for one in arguments.tolist()]:
            return vector
    each = np.frompyfunc(scalar, 1, 1)
    return lambda values: each(values).astype(np.float64)


def mapped(name: str, values: np.ndarray) -> np.ndarray:
    """A function of the C library on every number, to its last bit: log, log1p, exp, sin, cos or tan."""
    if len(values) < 4:
        return np.array([_FUNCTIONS[name][0](one) for one in values.tolist()])
    with np.errstate(all="ignore"):
        return _vector(name)(values)


def blocks32(uniform: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Normal float32 numbers from uniform ones, whole blocks of 16. NOTE [Box-Muller, three ways]"""
    blocks = uniform.reshape(-1, 2, BLOCK // 2)
    result = np.empty_like(blocks)
    mean, std = _F(mean), _F(std)
    for begin in range(0, len(blocks), _CHUNK):
        chunk = blocks[begin : begin + _CHUNK]
        radius = np.sqrt(log32((_F(1) - chunk[:, 0]).reshape(-1)) * _F(-2))
        sines, cosines = sincos32((chunk[:, 1] * _TWO_PI).reshape(-1))
        for place, values in enumerate((cosines, sines)):
            values *= radius
            values = values + _F(0) if (mean, std) == (0, 1) else fma32(values, std, mean)
            result[begin : begin + _CHUNK, place] = values.reshape(-1, BLOCK // 2)
    return result.reshape(-1)


def blocks64(uniform: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Normal float64 numbers from uniform ones, whole blocks of 16. NOTE [Box-Muller, three ways]"""
    blocks = uniform.reshape(-1, 2, BLOCK // 2)
    result = np.empty_like(blocks)
    for begin in range(0, len(blocks), _CHUNK):
        chunk = blocks[begin : begin + _CHUNK]
        radius = np.sqrt(mapped("log", (1 - chunk[:, 0]).reshape(-1)) * -2)
        theta = (chunk[:, 1] * (2 * math.pi)).reshape(-1)
        for place, function in enumerate(("cos", "sin")):
            values = scaled64(radius * mapped(function, theta), mean, std)
            result[begin : begin + _CHUNK, place] = values.reshape(-1, BLOCK // 2)
    return result.reshape(-1)


def scaled64(values: np.ndarray, mean: float, std: float) -> np.ndarray:
    """``values * std + mean``, rounded once."""
    if mean == 0 or std == 1:
        return values * std + mean
    return fma64(values, std, mean)


_FEW = 8
"""Up to so many pairs, plain Python is faster than arrays."""


def pairs(engine, count: int) -> np.ndarray:
    """``count`` standard normal float64 numbers, one pair at a time; the generator keeps what is left of the last pair."""
    kept, engine.next_normal = engine.next_normal, None
    missing = count - (kept is not None)
    if missing <= 0:
        if count:
            return np.array([kept])
        engine.next_normal = kept
        return np.empty(0)
    wanted = (missing + 1) // 2
    values = _few_pairs(engine, wanted) if wanted <= _FEW else _many_pairs(engine, wanted)
    if missing & 1:
        engine.next_normal = float(values[-1])
        values = values[:-1]
    return values if kept is None else np.concatenate(([kept], values))


def _few_pairs(engine, count: int) -> np.ndarray:
    values = []
    for _ in range(count):
        theta, radius = engine.double() * (2 * math.pi), math.sqrt(math.log1p(-engine.double()) * -2)
        values += (radius * math.cos(theta), radius * math.sin(theta))
    return np.array(values)


def _many_pairs(engine, count: int) -> np.ndarray:
    uniform = engine.doubles(2 * count).reshape(-1, 2)
    radius = np.sqrt(mapped("log1p", -uniform[:, 1]) * -2)
    theta = uniform[:, 0] * (2 * math.pi)
    return np.stack([radius * mapped("cos", theta), radius * mapped("sin", theta)], 1).reshape(-1)
