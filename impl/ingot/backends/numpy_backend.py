"""Host memory: NumPy."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..core.device import cpu

xp = np


def empty(shape, numpy_dtype, index=None):
    """Uninitialised memory."""
    return np.empty(shape, numpy_dtype)


def from_host(array, index=None):
    """``array`` itself: it is where it should be."""
    return array


def to_host(array):
    """``array`` itself."""
    return array


def synchronize(index=None) -> None:
    """NumPy computes before it returns; nothing is pending."""


def device_of(array):
    """``cpu``."""
    return cpu


def strided(array, shape, byte_strides):
    """The array's memory under another shape and strides (bytes); the caller has checked the bounds."""
    if array.flags.c_contiguous and array.size:
        return np.ndarray(shape, array.dtype, array, 0, byte_strides)
    if array.dtype.isbuiltin != 1:
        # as_strided looks dtypes up by their code, which those of ml_dtypes do not own.
        carrier = array.view(f"u{array.itemsize}")
        return np.lib.stride_tricks.as_strided(carrier, shape, byte_strides).view(array.dtype)
    return np.lib.stride_tricks.as_strided(array, shape, byte_strides)


def add_at(target, index, values) -> None:
    """``target[index[i]] += values[i]`` for rows of a 1-d or 2-d target, repeated indices adding up."""
    if target.ndim == 1 or target.shape[1] == 1 or index.size < 16:
        # NumPy's ufunc.at has a fast loop for one dimension only.
        np.add.at(
            target.reshape(-1) if target.ndim > 1 and target.shape[1] == 1 else target,
            index,
            values.reshape(-1) if target.ndim == 1 or target.shape[1] == 1 else values,
        )
        return
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    target[ordered[starts]] += np.add.reduceat(values[order], starts, axis=0)


@cache
def touch_packing_memory() -> None:
    """Run one product of some size, once per process. Kernels whose products are small call this first.

    OpenBLAS packs operands into memory of its own, and prefetches beyond what it packed. Until a larger product has touched that memory, those prefetches walk
    page tables in vain, and small products run at a third of their speed: (64, 256) by (256, 64) in float32 at 10 GFLOPS, and at 33 afterwards. This takes a millisecond.
    """
    np.zeros((8, 512)).dot(np.zeros((512, 512)))


def thread_count() -> int:
    """How many threads NumPy's BLAS uses: as many as the process may run on, unless set."""
    import os

    return _threads or len(os.sched_getaffinity(0))


def set_thread_count(count: int) -> None:
    """Limit NumPy's BLAS to ``count`` threads (needs threadpoolctl; RuntimeError without it)."""
    global _threads
    if count <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise RuntimeError("set_num_threads needs the package threadpoolctl to reach NumPy's BLAS") from None
    threadpool_limits(count)
    _threads = count


_threads: int | None = None
