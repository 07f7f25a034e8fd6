"""The frameworks under test: built in, or found by the entry point group ``assay.targets``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from .protocol import Target, TorchLike

__all__ = ["Target", "TorchLike", "load", "names"]

BUILT_IN = {"torch": "assay.targets.torch:TorchTarget", "ingot": "assay.targets.ingot:IngotTarget"}
"""Target name -> "module:class" of its adapter."""


def _found() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group="assay.targets")} | BUILT_IN


def names() -> list[str]:
    """The names of all installed targets."""
    return sorted(_found())


@cache
def load(name: str) -> Target:
    """The adapter called ``name``, made once. LookupError for a name that no adapter has."""
    found = _found()
    if name not in found:
        raise LookupError(f"no target is called '{name}'; there are: {', '.join(sorted(found))}")
    module, _, attribute = found[name].partition(":")
    return getattr(import_module(module), attribute)()
