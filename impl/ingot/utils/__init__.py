"""What programs need around tensors: data loading, checkpointing, exchange of memory."""

from __future__ import annotations

from importlib import import_module as _import_module

_MODULES = frozenset(("checkpoint", "data", "dlpack"))


def __getattr__(name: str):
    if name in _MODULES:
        return _import_module(f".{name}", __name__)
    raise AttributeError(f"module 'ingot.utils' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
