"""Makes ``import torch`` give another module, in this process: for scripts that are to run unmodified under a target."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class Substitute(MetaPathFinder, Loader):
    """Finds ``torch`` and everything below it in the package ``name``."""

    def __init__(self, name: str):
        self.name = name
        self._specs: dict[str, Any] = {}

    def _there(self, fullname: str) -> str:
        return self.name + fullname.removeprefix("torch")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        if find_spec(self._there(fullname)) is None:
            return None
        return ModuleSpec(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._there(spec.name))
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module has run already; only its own spec is put back, which the import machinery has replaced."""
        assert module.__spec__ is not None
        module.__spec__ = self._specs[module.__spec__.name]


def substitute(name: str) -> None:
    """From now on ``import torch`` gives the package ``name``. RuntimeError where torch is already imported."""
    if name == "torch":
        return
    if "torch" in sys.modules:
        raise RuntimeError("torch is already imported; it can be substituted only in a fresh process")
    sys.meta_path.insert(0, Substitute(name))
