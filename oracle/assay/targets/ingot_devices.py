"""Ingot on other devices: ``pytest fuzz --device cuda`` (CuPy), ``--device strict`` (a stand-in with CuPy's manners, no GPU needed).

Held against PyTorch on the CPU they show that cpu = gpu; ``--oracle ingot`` compares Ingot's devices with each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import ingot  # type: ignore[import-not-found,unused-ignore]

from .ingot import IngotTarget
from .protocol import Tensor


class IngotCudaTarget(IngotTarget):
    """The adapter for tensors on the first CUDA device. LookupError where there is none."""

    name = "ingot-cuda"
    unpromised = ("modules", "optimizers", "schedulers")  # made on the CPU, until somebody moves them

    def __init__(self) -> None:
        if not ingot.cuda.is_available():
            raise LookupError(
                "Ingot sees no CUDA device (it needs CuPy and a driver); --device strict runs the same paths on a stand-in"
            )

    def from_numpy(self, array: np.ndarray) -> Tensor:
        if not array.size or array.flags.c_contiguous:
            return super().from_numpy(array).to("cuda")
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        # The whole memory moves, and the tensor is laid into it again: its strides are part of the case.
        start = (array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]) // array.itemsize
        strides = tuple(stride // array.itemsize for stride in array.strides)
        moved = super().from_numpy(np.ascontiguousarray(owner).reshape(-1)).to("cuda")
        return moved.as_strided(array.shape, strides, start)

    def to_numpy(self, tensor: Tensor) -> np.ndarray:
        return super().to_numpy(tensor.detach().cpu())

    def storage(self, tensor: Tensor) -> int | None:
        array: Any = tensor._array
        if isinstance(array, np.ndarray) or not array.size:
            return super().storage(tensor)
        return int(array.data.mem.ptr)


class IngotStrictTarget(IngotCudaTarget):
    """The same on the stand-in, which serves "cuda" in the whole process from then on."""

    name = "ingot-strict"

    def __init__(self) -> None:
        from ingot.backends import strict_backend  # type: ignore[import-not-found,unused-ignore]

        strict_backend.install()
        super().__init__()

    def storage(self, tensor: Tensor) -> int | None:
        array: Any = getattr(tensor._array, "host", tensor._array)
        if not array.size:
            return None
        while (base := getattr(array, "base", None)) is not None and hasattr(base, "__array_interface__"):
            array = base
        return array.__array_interface__["data"][0]
