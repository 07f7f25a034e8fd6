"""PyTorch on the CPU: the oracle, and a target like any other."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import torch

from .protocol import Tensor, TorchLike


class TorchTarget(TorchLike):
    """The adapter for PyTorch. NumPy has no bfloat16 for torch, so its bits travel as int16."""

    name = "torch"
    namespace: Any = torch

    def from_numpy(self, array: np.ndarray) -> Tensor:
        if array.dtype == ml_dtypes.bfloat16:
            return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(array)

    def storage(self, tensor: Tensor) -> int | None:
        return super().storage(tensor) if tensor.layout is torch.strided else None

    def to_numpy(self, tensor: Tensor) -> np.ndarray:
        plain = tensor.detach().resolve_conj().resolve_neg()
        if plain.layout is not torch.strided:
            plain = plain.to_dense()
        if plain.dtype is torch.complex32:
            plain = plain.to(torch.complex64)  # NumPy has nothing as narrow
        if plain.dtype is torch.bfloat16:
            return plain.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16).copy()
        return plain.numpy().copy()

    def manual_seed(self, seed: int) -> None:
        # torch.manual_seed seeds every accelerator too and formats a stack trace for each: half the time of a case.
        torch.default_generator.manual_seed(seed)
