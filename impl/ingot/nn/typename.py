"""What messages call a thing."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor


def typename(obj: Any, /) -> str:
    """The name of a tensor's type, of a class or function, or of an object's class, with its module.

    Example: ``typename(ingot.tensor([1]))`` is ``"torch.LongTensor"``, ``typename(3)`` is ``"int"``
    """
    if isinstance(obj, Tensor):
        return obj.type()
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None)
    return named.__qualname__ if module in (None, "", "builtins") else f"{module}.{named.__qualname__}"
