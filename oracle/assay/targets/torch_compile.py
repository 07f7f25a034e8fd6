"""PyTorch through its compiler: every op is compiled before it is called, so that ``assay check softmax --target torch-compile`` holds the compiler against eager PyTorch.

``torch-compile`` generates code with inductor, seconds for every new shape: give it ``--limit 120``. ``torch-compile-aot`` stops before code generation: tracing, decompositions and
functionalisation are judged, many times faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .torch import TorchTarget


class TorchCompileTarget(TorchTarget):
    """The adapter. Each op is compiled for itself; shapes that are met again are not compiled again."""

    name = "torch-compile"
    backend = "inductor"
    unpromised = ("forms", "errors", "randomness", "schedulers")

    def __init__(self) -> None:
        self._compiled: dict[str, Callable] = {}

    def function(self, name: str) -> Callable | None:
        return self._once(name, super().function(name))

    def method(self, name: str) -> Callable | None:
        return self._once(f"Tensor.{name}", super().method(name))

    def construct(self, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        made = super().construct(name, args, kwargs)
        if isinstance(made, torch.nn.Module):
            made.compile(backend=self.backend)
        return made

    def _once(self, name: str, function: Callable | None) -> Callable | None:
        if function is None:
            return None
        if name not in self._compiled:
            # One op after the other is compiled; what was compiled for those before is not met again.
            torch._dynamo.reset()
            called = function
            self._compiled = {
                name: torch.compile(lambda *args, **kwargs: called(*args, **kwargs), backend=self.backend)
            }
        return self._compiled[name]


class TorchCompileAotTarget(TorchCompileTarget):
    """The same without code generation."""

    name = "torch-compile-aot"
    backend = "aot_eager_decomp_partition"
