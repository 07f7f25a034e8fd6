"""A Python function applied to each element in place: ``apply_``, ``map_``, ``map2_``. Slow by nature; for what no op computes."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor
from .dispatch import bump, check_writable


def _write_each(name: str, target: Tensor, others: tuple, callable) -> Tensor:
    if target.requires_grad:
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    if target.device.type != "cpu":
        raise TypeError(f"{name}() is only implemented on CPU tensors")
    for other in others:
        if not isinstance(other, Tensor):
            raise TypeError(f"{name}(): expected a tensor (got {type(other).__name__})")
        if other.dtype is not target.dtype:
            raise TypeError(f"{name}(): expected dtype {target.dtype} for the other tensor (got {other.dtype})")
    try:
        arrays = [target._array, *(np.broadcast_to(other._array, target._array.shape) for other in others)]
    except ValueError:
        shapes = [list(other.shape) for other in others]
        raise RuntimeError(f"{name}(): tensors of shapes {shapes} do not expand to {list(target.shape)}") from None
    check_writable(target, tracked=False)
    values = [callable(*items) for items in zip(*(array.reshape(-1).tolist() for array in arrays), strict=True)]
    for value in values:
        if not isinstance(value, (bool, int, float, complex)):
            raise TypeError(f"must be real number, not {type(value).__name__}")
    target._array[...] = np.asarray(values).reshape(target._array.shape).astype(target._array.dtype)
    bump(target)
    return target


def _apply_(self, callable) -> Tensor:
    """Each element replaced by ``callable(element)``, in place. CPU only, without history."""
    return _write_each("apply_", self, (), callable)


def _map_(self, tensor, callable) -> Tensor:
    """Each element replaced by ``callable(element, element of tensor)``, in place; ``tensor`` is expanded."""
    return _write_each("map_", self, (tensor,), callable)


def _map2_(self, x, y, callable) -> Tensor:
    """Each element replaced by ``callable(element, element of x, element of y)``, in place; ``x`` and ``y`` are expanded."""
    return _write_each("map2_", self, (x, y), callable)


for _name, _method in {"apply_": _apply_, "map_": _map_, "map2_": _map2_}.items():
    _method.__name__ = _method.__qualname__ = _name
    setattr(Tensor, _name, _method)
