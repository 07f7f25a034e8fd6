"""How derivatives flow: engine, views and in-place, Function, forward mode, hooks, gradcheck."""

from __future__ import annotations

from importlib import import_module

from .function import Function
from .functions import backward, grad
from .grad_mode import (
    detect_anomaly,
    enable_grad,
    inference_mode,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
)

_LAZY = {
    "GradcheckError": "gradcheck",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
}


def __getattr__(name: str):
    if name in ("functional", "forward_ad", "graph"):
        return import_module(f".{name}", __name__)
    if name == "Variable":
        from ..core.tensor import Tensor

        return Tensor
    if name in _LAZY:
        # The submodule and the function share the name "gradcheck"; the function is what the namespace shows.
        module = import_module(f".{_LAZY[name]}", __name__)
        globals().update({key: getattr(module, key) for key in _LAZY})
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Function",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
