"""Tensor methods that PyTorch has as functions too, and functions that stand in several namespaces."""

from __future__ import annotations

from ..core.tensor import Tensor
from .declare import composite

METHODS = (
    "as_strided_",
    "detach",
    "detach_",
    "fill_",
    "get_device",
    "is_distributed",
    "is_inference",
    "is_same_size",
    "is_signed",
    "resize_as_",
    "zero_",
)
"""Names of methods that are functions with the tensor in front."""

ALSO = {
    "torch": (
        "nn.functional.adaptive_avg_pool1d", "nn.functional.bilinear", "nn.functional.cosine_similarity", "nn.functional.pairwise_distance",
        "nn.functional.rms_norm",
    ),
}  # fmt: skip


def _get_device(input) -> int:
    """The index of a tensor's device; -1 on the CPU."""
    return -1 if input.device.index is None else input.device.index


def _is_distributed(input) -> bool:
    """Whether a tensor is spread over processes: False, there are no such tensors."""
    return False


def _is_same_size(input, other) -> bool:
    """Whether two tensors have one shape."""
    return input._array.shape == other._array.shape


for _function in (_get_device, _is_distributed, _is_same_size):
    _function.__name__ = _function.__qualname__ = _function.__name__[1:]
    if _function.__name__ not in Tensor.__dict__:
        setattr(Tensor, _function.__name__, _function)


def _as_function(name: str):
    def function(input, *args, **kwargs):
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return getattr(input, name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``input.{name}(...)``."
    composite(name)(function)


for _name in METHODS:
    _as_function(_name)
