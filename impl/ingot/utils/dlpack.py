"""``to_dlpack`` and ``from_dlpack``, the functional forms of the protocol that tensors speak themselves."""

from __future__ import annotations

from ..core.tensor import Tensor
from ..ops.interop import from_dlpack

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor):
    """A DLPack capsule of the tensor's memory, to be consumed once; ``from_dlpack(tensor)`` without a capsule is the better way."""
    return tensor.__dlpack__()
