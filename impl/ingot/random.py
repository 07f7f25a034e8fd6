"""The state of random numbers: seeding, saving and restoring it (``torch.random``).

Example: ``manual_seed(0); rand(2)`` gives the numbers that PyTorch gives.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from .core.device import device
from .core.generator import Generator, default_for, default_generator, seed_everything, seed_word
from .core.tensor import Tensor

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state", "thread_safe_generator"]  # fmt: skip


def set_rng_state(new_state: Tensor) -> None:
    """Have the default generator go on where ``new_state`` stood; TypeError or RuntimeError for what is no state."""
    default_generator.set_state(new_state)


def get_rng_state() -> Tensor:
    """The default generator's state, a uint8 tensor of 5056 bytes."""
    return default_generator.get_state()


def manual_seed(seed) -> Generator:
    """Seed the default generators of all devices; returns the CPU's. ``seed``: an integer of [-2**63, 2**64)."""
    seed_everything(seed_word(int(seed)))
    return default_generator


def seed() -> int:
    """Seed the default generators with a number that the system gives, and return it."""
    found = default_generator.seed()
    seed_everything(found)
    return found


def initial_seed() -> int:
    """The seed that the default generator began from."""
    return default_generator.initial_seed()


def thread_safe_generator() -> Generator | None:
    """The generator of a data loader's worker thread: None, since each worker is a process with its own default generator."""
    return None


@contextlib.contextmanager
def fork_rng(
    devices=None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:
    """Restore the default generators on leaving: the CPU's, and those of ``devices`` (all devices unless given).

    Example: ``with fork_rng(): dropout(x)`` leaves the stream as it was.
    """
    if not enabled:
        yield
        return
    if device_type not in ("cpu", "cuda", "meta"):
        raise RuntimeError(f"torch has no module of `{device_type}`, you should register a module by `torch._register_device_module`.")  # fmt: skip
    generators = [default_generator]
    if device_type == "cuda":
        generators += [default_for(place) for place in _cuda_devices(devices, _caller, _devices_kw)]
    kept = [(one, one.get_state()) for one in generators]
    try:
        yield
    finally:
        for one, state in kept:
            one.set_state(state)


def _cuda_devices(devices, caller: str, keyword: str) -> list[device]:
    if devices is not None:
        return [one if isinstance(one, device) else device("cuda", one) if isinstance(one, int) else device(one) for one in devices]  # fmt: skip
    from . import cuda

    count = cuda.device_count() if cuda.is_available() else 0
    if count > 1:
        warnings.warn(
            f"CUDA reports that you have {count} available devices, and you have used {caller} without explicitly specifying which "
            f"devices are being used. For safety, we initialize *every* CUDA device by default, which can be quite slow; give `{keyword}`.",
            UserWarning,
            stacklevel=4,
        )
    return [device("cuda", index) for index in range(count)]
