"""Random words on CUDA: Philox4x32-10 (Salmon et al. 2011), laid out over threads as PyTorch's kernels lay them out.

Written in array arithmetic, so that it runs wherever arrays do. A thread has its own subsequence; element i of a tensor is drawn by thread i mod T, and where
a tensor has more elements than there are threads a thread draws four words at a time, for elements T apart. T depends on the GPU. Uniform numbers, integers and
Bernoulli draws follow from the words exactly; numbers made by logarithms and sines carry the last bits of the device's own functions.
"""

from __future__ import annotations

import math

import numpy as np

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_WORD = 0xFFFFFFFF
_BLOCK = 256  # threads per block in PyTorch's kernels


def philox4x32(xp, counter, key: int):
    """Ten rounds on counters (four arrays of uint64 holding 32-bit words) under a 64-bit key; four such arrays."""
    c0, c1, c2, c3 = counter
    k0, k1 = key & _WORD, key >> 32
    for _ in range(10):
        a, b = c0 * np.uint64(_MULTIPLIERS[0]), c2 * np.uint64(_MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            (b >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            b & np.uint64(_WORD),
            (a >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            a & np.uint64(_WORD),
        )
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return c0, c1, c2, c3


def thread_count(backend, count: int) -> int:
    """How many threads PyTorch starts to draw ``count`` elements."""
    processors, threads = getattr(backend, "multiprocessors", lambda: (132, 2048))()
    return _BLOCK * min(processors * (threads // _BLOCK), -(-count // _BLOCK))


def quadruples(backend, engine, count: int, unroll: int):
    """Four words (arrays of uint64) for every call that draws ``unroll`` of ``count`` elements, as (rounds, threads); advances the engine."""
    xp = backend.xp
    threads = thread_count(backend, count)
    rounds = (count - 1) // (threads * unroll) + 1
    begin = engine.advance(4 * rounds) // 4
    thread = xp.arange(threads, dtype=np.uint64)[None, :] + xp.zeros((rounds, 1), np.uint64)
    place = xp.arange(rounds, dtype=np.uint64)[:, None] + xp.zeros((1, threads), np.uint64) + np.uint64(begin)
    word = np.uint64(_WORD)
    return philox4x32(xp, (place & word, place >> np.uint64(32), thread & word, thread >> np.uint64(32)), engine.seed)


def _in_order(xp, parts, count: int):
    """Numbers of (rounds, threads) arrays in the order of the elements that they are for."""
    return xp.stack(list(parts), axis=1).reshape(-1)[:count]


def words(backend, engine, count: int):
    """One 32-bit word per element, in uint64."""
    return _in_order(backend.xp, quadruples(backend, engine, count, 4), count)


def long_words(backend, engine, count: int):
    """One 64-bit word per element, two per call."""
    a, b, c, d = quadruples(backend, engine, count, 2)
    shift = np.uint64(32)
    return _in_order(backend.xp, ((a << shift) | b, (c << shift) | d), count)


def unit(backend, engine, count: int, dtype):
    """Numbers of (0, 1]: of 32 bits in float32, of 53 bits in float64, as cuRAND makes them."""
    if dtype == np.float64:
        a, b, c, d = quadruples(backend, engine, count, 2)
        pairs = ((a ^ (b << np.uint64(21))), (c ^ (d << np.uint64(21))))
        return _in_order(backend.xp, [pair.astype(np.float64) * 2.0**-53 + 2.0**-54 for pair in pairs], count)
    return words(backend, engine, count).astype(np.float32) * np.float32(2.0**-32) + np.float32(2.0**-33)


def _uniform(backend, engine, count, dtype, low, high):
    numbers = unit(backend, engine, count, dtype)
    numbers = numbers * (numbers < 1)  # cuRAND's interval is open below, PyTorch's above
    return numbers * numbers.dtype.type(high - low) + numbers.dtype.type(low)


def _normal(backend, engine, count, dtype, mean, std):
    xp = backend.xp
    if dtype == np.float64:
        a, b, c, d = quadruples(backend, engine, count, 2)
        u, v = ((x ^ (y << np.uint64(21))).astype(np.float64) * 2.0**-53 + 2.0**-54 for x, y in ((a, b), (c, d)))
        radius, turn = xp.sqrt(xp.log(u) * -2), v * (2 * math.pi)
        parts = [radius * xp.sin(turn), radius * xp.cos(turn)]
    else:
        a, b, c, d = (one.astype(np.float32) for one in quadruples(backend, engine, count, 4))
        scale, half = np.float32(2.0**-32), np.float32(2.0**-33)
        tau = np.float32(2 * math.pi)
        parts = []
        for x, y in ((a, b), (c, d)):
            radius, turn = xp.sqrt(xp.log(x * scale + half) * np.float32(-2)), y * (scale * tau) + half * tau
            parts += [radius * xp.sin(turn), radius * xp.cos(turn)]
    numbers = _in_order(xp, parts, count)
    return numbers * numbers.dtype.type(std) + numbers.dtype.type(mean)


def _integers(backend, engine, count, dtype, base, width):
    if width >= 1 << 28:
        drawn = long_words(backend, engine, count)
        drawn = drawn % np.uint64(width) if width < 1 << 64 else drawn
    else:
        drawn = words(backend, engine, count) % np.uint64(width)
    return (drawn + np.uint64(base % (1 << 64))).astype(np.int64)


def _whole_range(backend, engine, count, dtype, name):
    digits = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}.get(name)
    width = 2 if name == "bool" else (1 << digits) + 1 if digits else int(np.iinfo(dtype).max) + 1
    draw = long_words if name in ("float64", "int64") else words
    return (draw(backend, engine, count) % np.uint64(width)).astype(np.int64)


def _bernoulli(backend, engine, count, dtype, p):
    return unit(backend, engine, count, np.dtype(np.float32)) <= np.float32(p)


def _bernoulli_each(backend, engine, count, dtype, p):
    wide = np.dtype(np.float64 if p.dtype == np.float64 else np.float32)
    return unit(backend, engine, count, wide) <= p.astype(wide)


def _exponential(backend, engine, count, dtype, rate):
    xp = backend.xp
    numbers = unit(backend, engine, count, dtype)
    # log(1) is 0 and no exponential number: the largest number below 1 stands for it.
    epsilon = np.finfo(numbers.dtype).eps / 2
    logarithm = xp.where(numbers >= 1 - epsilon, numbers.dtype.type(-epsilon), xp.log(numbers))
    return logarithm * numbers.dtype.type(-1 / rate)


def _cauchy(backend, engine, count, dtype, median, sigma):
    numbers = unit(backend, engine, count, dtype)
    kind = numbers.dtype.type
    return backend.xp.tan((numbers - kind(0.5)) * kind(math.pi)) * kind(sigma) + kind(median)


def _log_normal(backend, engine, count, dtype, mean, std):
    return backend.xp.exp(_normal(backend, engine, count, dtype, mean, std))


def _geometric(backend, engine, count, dtype, p):
    numbers = unit(backend, engine, count, dtype if dtype == np.float64 else np.dtype(np.float32))
    return backend.xp.ceil(backend.xp.log(numbers) / numbers.dtype.type(math.log1p(-p)))


_SAMPLERS = {
    "uniform": _uniform, "normal": _normal, "integers": _integers, "whole_range": _whole_range, "bernoulli": _bernoulli,
    "bernoulli_each": _bernoulli_each, "exponential": _exponential, "cauchy": _cauchy, "log_normal": _log_normal, "geometric": _geometric,
}  # fmt: skip


def sample(name: str, backend, engine, count: int, dtype, parameters):
    """``count`` numbers of a distribution (``random_fill.SAMPLERS`` has their names), on the device, as the NumPy type ``dtype``."""
    if dtype.kind == "c":
        part = np.dtype(np.float32 if dtype == np.complex64 else np.float64)
        return _SAMPLERS[name](backend, engine, 2 * count, part, *parameters).astype(part).view(dtype)
    return _SAMPLERS[name](backend, engine, count, dtype, *parameters).astype(dtype)


def permutation(backend, engine, count: int):
    """0 .. count - 1 in the order of random 64-bit keys."""
    return backend.xp.argsort(long_words(backend, engine, count)) if count else backend.xp.arange(0)
