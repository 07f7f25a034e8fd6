"""Ingot, eager, on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np

import ingot  # type: ignore[import-not-found,unused-ignore]

from .protocol import Tensor, TorchLike


class IngotTarget(TorchLike):
    """The adapter for Ingot. It reads the array behind a tensor, so that a wrong conversion op cannot hide a wrong value."""

    name = "ingot"
    namespace: Any = ingot

    def to_numpy(self, tensor: Tensor) -> np.ndarray:
        return np.array(tensor._array)

    def storage(self, tensor: Tensor) -> int | None:
        array = tensor._array
        if not array.size:
            return None
        # as_strided puts an object of its own between an array and the one whose memory it shows.
        while (base := getattr(array, "base", None)) is not None and hasattr(base, "__array_interface__"):
            array = base
        return array.__array_interface__["data"][0]
