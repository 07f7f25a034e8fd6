"""The roofs: what this machine can do at a working-set size, by kernels that do nothing else.

A roof takes part in the duel whose rows it bounds: the same process, the same rounds, the same neighbours. Of the kernels of STREAM (McCalpin 1995) it is the one
that writes as large a part of its traffic, for a write costs more than a read: "read" (a dot product) nothing, "add" a third, "copy" half, "write" all. "gemm"
multiplies square matrices, through whichever BLAS of those at hand is fastest here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .block import Contender

NAME = "(roof)"
"""The roof's name among the contenders of a duel."""

SMALLEST = 1 << 15
"""Bytes; below, the time is that of the call and no roof says anything."""

INTENSITY = 16.0
"""Operations per byte from which the work, not the traffic, bounds the time on today's processors."""


@dataclass(frozen=True)
class Need:
    """What one call has to do: floating point operations, bytes read and written at least, and the dtype of the work."""

    flops: float
    read: int
    written: int
    dtype: str

    @property
    def bytes(self) -> int:
        return self.read + self.written


@dataclass(frozen=True)
class RoofKernel:
    """A roof to be measured: ``amount`` (bytes or FLOP) is what one call of ``call`` does."""

    kind: str
    amount: float
    working_set: int
    call: Callable[[], Any]

    @property
    def contender(self) -> Contender:
        """The kernel as it stands in a duel."""
        return Contender(NAME, self.call)


def roof_for(need: Need) -> RoofKernel | None:
    """The roof that bounds this work; None for work so small that the call itself is what takes time."""
    if need.bytes < SMALLEST and need.flops < SMALLEST:
        return None
    if need.dtype in ("float32", "float64") and need.flops > INTENSITY * need.bytes:
        return _gemm(need)
    if need.bytes < SMALLEST:
        return None
    written = need.written / need.bytes
    return next(kernel for most, kernel in MEMORY if written <= most)(need.bytes)


def _copy(size: int) -> RoofKernel:
    half = size // 2
    source, target = np.ones(half, np.uint8), np.zeros(half, np.uint8)
    return RoofKernel("copy", 2 * half, size, lambda: np.copyto(target, source))


def _add(size: int) -> RoofKernel:
    count = size // 12
    one, other, target = np.ones(count, np.float32), np.ones(count, np.float32), np.zeros(count, np.float32)
    return RoofKernel("add", 12 * count, size, lambda: np.add(one, other, out=target))


def _write(size: int) -> RoofKernel:
    target = np.ones(size, np.uint8)
    return RoofKernel("write", size, size, lambda: target.fill(0))


def _read(size: int) -> RoofKernel:
    one = np.ones(size // 8, np.float32)
    other = np.ones(size // 8, np.float32)
    return RoofKernel("read", one.nbytes * 2, size, lambda: np.dot(one, other))


MEMORY = ((0.125, _read), (0.42, _add), (0.875, _copy), (1.0, _write))
"""The largest part of the traffic that is written, and the kernel whose traffic is like that."""


def _gemm(need: Need) -> RoofKernel:
    itemsize = np.dtype(need.dtype).itemsize
    side = min(max(math.isqrt(need.bytes // (3 * itemsize)), 128), 512)
    multiply = _fastest_multiplication(side, need.dtype)
    return RoofKernel("gemm", 2.0 * side**3, 3 * side * side * itemsize, multiply())


@cache
def _fastest_multiplication(side: int, dtype: str) -> Callable[[], Callable[[], Any]]:
    """Which library multiplies square matrices fastest: NumPy's BLAS, or PyTorch's."""

    def with_numpy() -> Callable[[], Any]:
        one, out = np.ones((side, side), dtype), np.empty((side, side), dtype)
        return lambda: np.matmul(one, one, out=out)

    def with_torch() -> Callable[[], Any]:
        import torch

        one = torch.ones(side, side, dtype=getattr(torch, dtype))
        out = torch.empty_like(one)
        return lambda: torch.mm(one, one, out=out)

    return min((with_numpy, with_torch), key=lambda make: _best(make()))


def _best(call: Callable[[], Any], attempts: int = 7) -> float:
    times = []
    for _ in range(attempts):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
