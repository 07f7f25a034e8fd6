"""``torch.cuda``: the devices that CuPy serves."""

from __future__ import annotations

from .backends import backend_for


def is_available() -> bool:
    """Whether a CUDA device can be used."""
    try:
        return backend_for("cuda").device_count() > 0
    except RuntimeError:
        return False


def device_count() -> int:
    """How many CUDA devices there are; 0 without CuPy or a driver."""
    return backend_for("cuda").device_count() if is_available() else 0


def current_device() -> int:
    """The index of the current device."""
    return backend_for("cuda").current_device()


def set_device(device) -> None:
    """Make a device (an index or ``torch.device``) current."""
    backend_for("cuda").set_device(device if isinstance(device, int) else device.index or 0)


def synchronize(device=None) -> None:
    """Wait until a device has done all that was asked of it."""
    backend_for("cuda").synchronize(device if device is None or isinstance(device, int) else device.index)


def manual_seed(seed: int) -> None:
    """Seed the current device's default generator (for good measure also CuPy's own); nothing without CUDA."""
    if is_available():
        from .core.device import device
        from .core.generator import default_for

        default_for(device("cuda", current_device())).manual_seed(int(seed))
        backend_for("cuda").manual_seed(int(seed))


def manual_seed_all(seed: int) -> None:
    """Seed the default generators of all devices; nothing without CUDA."""
    from .core.device import device
    from .core.generator import default_for

    for index in range(device_count()):
        default_for(device("cuda", index)).manual_seed(int(seed))
