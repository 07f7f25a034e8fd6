"""A target with planted faults, for measuring the harness: PyTorch, with some of its names replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .torch import TorchTarget


class Faulty(TorchTarget):
    """PyTorch, but what ``faults`` names is something else: functions and classes by dotted name ("nn.Linear"), methods as "Tensor.abs_".

    Without faults it is a healthy twin of the oracle.
    """

    def __init__(self, faults: Mapping[str, Any] | None = None, name: str = "faulty"):
        self.name = name
        self.faults = dict(faults or {})

    def _named(self, name: str) -> Any:
        return self.faults.get(name) or super()._named(name)

    def method(self, name: str) -> Callable | None:
        return self.faults.get(f"Tensor.{name}") or super().method(name)
