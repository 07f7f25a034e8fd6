"""What the harness needs of a target that tells how its ops are declared: kernels and derivative rules by name, which can be exchanged while the process runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Kernel = Callable[..., Any]
"""A kernel as the harness sees it: arrays and static values in, an array or a tuple of arrays out."""

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Declaration:
    """One declared op: its name, whether it is elementwise, the inputs that have a gradient rule (jointly, where there are several), those that have a forward rule."""

    name: str
    elementwise: bool
    rules: tuple[tuple[str, ...], ...] = ()
    jvps: tuple[str, ...] = ()
    has_kernel: bool = True


@dataclass(frozen=True)
class Replacement:
    """What takes the place of the parts of a declaration: functions from the healthy part to the faulty one."""

    kernel: Callable[[Kernel], Kernel] | None = None
    rules: dict[tuple[str, ...], Callable[[Rule], Rule]] = field(default_factory=dict)
    jvps: dict[str, Callable[[Rule], Rule]] = field(default_factory=dict)


class Declared(ABC):
    """A target with declarations."""

    @abstractmethod
    def declarations(self) -> Sequence[Declaration]:
        """All declared ops that compute something."""

    @abstractmethod
    def replaced(self, name: str, replacement: Replacement) -> AbstractContextManager[None]:
        """The op ``name`` with faulty parts, until the context ends."""

    @abstractmethod
    def traced(self, call: Callable[[], Any]) -> set[str]:
        """The names of the declared ops that ``call()`` runs."""

    @abstractmethod
    def array_module(self) -> Any:
        """NumPy, or what kernels take for it."""
        return np
