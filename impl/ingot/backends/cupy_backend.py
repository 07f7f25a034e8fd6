"""CUDA memory: CuPy (>= 14).

Loaded when the first "cuda" tensor is made. Without CuPy or without a device, ``device="cuda"`` raises PyTorch's error. NOTE [No silent host trips]: nothing here or
in the kernels converts a device array to a host array implicitly; the strict stand-in (``strict_backend``) refuses what CuPy would refuse, so that
tests without a GPU see it.
"""

from __future__ import annotations

from ..core.device import device

try:
    import cupy as xp

    _count = xp.cuda.runtime.getDeviceCount()
except Exception as error:  # CuPy raises its own classes for a missing driver; all mean that there is no CUDA here.
    raise RuntimeError(f"Torch not compiled with CUDA enabled: CuPy is missing or finds no device ({error})") from None

_DEVICES = tuple(device("cuda", number) for number in range(_count))


def device_count() -> int:
    """How many CUDA devices there are."""
    return _count


def current_device() -> int:
    """The index of the device that new arrays go to."""
    return xp.cuda.runtime.getDevice()


def set_device(index: int) -> None:
    """Make a device current for this thread."""
    xp.cuda.Device(index).use()


def empty(shape, numpy_dtype, index=None):
    """Uninitialised device memory."""
    if index is None:
        return xp.empty(shape, numpy_dtype)
    with xp.cuda.Device(index):
        return xp.empty(shape, numpy_dtype)


def from_host(array, index=None):
    """A device copy of a host array."""
    if index is None:
        return xp.asarray(array)
    with xp.cuda.Device(index):
        return xp.asarray(array)


def to_host(array):
    """A host copy of a device array; waits for what computes it."""
    return array.get()


def synchronize(index=None) -> None:
    """Wait until the device has done all that was asked of it."""
    with xp.cuda.Device(current_device() if index is None else index):
        xp.cuda.runtime.deviceSynchronize()


def device_of(array):
    """The ``cuda:N`` that an array lies on."""
    return _DEVICES[array.device.id]


def strided(array, shape, byte_strides):
    """The array's memory under another shape and strides (bytes); the caller has checked the bounds."""
    return xp.ndarray(shape, array.dtype, array.data, byte_strides)


def manual_seed(seed: int) -> None:
    """Seed the device's generator."""
    xp.random.seed(seed % (1 << 32))


def add_at(target, index, values) -> None:
    """``target[index[i]] += values[i]`` by atomic adds, repeated indices adding up."""
    xp.add.at(target, index, values)
