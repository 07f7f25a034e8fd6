"""The frameworks under test: built in, or found by the entry point group ``assay.targets``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from .protocol import Target, TorchLike

__all__ = ["Target", "TorchLike", "load", "names"]

BUILT_IN = {
    "torch": "assay.targets.torch:TorchTarget",
    "torch-compile": "assay.targets.torch_compile:TorchCompileTarget",
    "torch-compile-aot": "assay.targets.torch_compile:TorchCompileAotTarget",
    "jax": "assay.targets.jax:JaxTarget",
    "ingot": "assay.targets.ingot:IngotTarget",
    "ingot-strict": "assay.targets.ingot_devices:IngotStrictTarget",
    "ingot-cuda": "assay.targets.ingot_devices:IngotCudaTarget",
}
"""Target name -> "module:class" of its adapter."""


def _found() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group="assay.targets")} | BUILT_IN


def names() -> list[str]:
    """The names of all installed targets."""
    return sorted(_found())


@cache
def load(name: str) -> Target:
    """The adapter called ``name``, or that "module:class" names, made once. LookupError for a name that no adapter has."""
    if ":" in name:
        return _imported(name)
    found = _found()
    if name not in found:
        raise LookupError(
            f"no target is called '{name}'; there are: {', '.join(sorted(found))}, and whatever 'module:class' imports"
        )
    module, _, attribute = found[name].partition(":")
    return getattr(import_module(module), attribute)()


def _imported(name: str) -> Target:
    """An adapter that is not installed. It goes by the name that found it, so that printed commands find it again."""
    module, _, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise LookupError(f"'{name}' names no adapter: {error}") from error
    made.name = name
    return made
