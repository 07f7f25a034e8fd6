"""What must hold: one file a property, each with a ``PROPERTY``.

A property says for which records it applies, how its cases are drawn, and checks one case: a list of verdicts, empty when all is well.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .property import Property

__all__ = ["NAMES", "Property", "all_properties", "load", "of"]

NAMES = (
    "values",
    "errors",
    "forms",
    "derivatives",
    "higher_derivatives",
    "kinks",
    "layouts",
    "laws",
    "determinism",
    "randomness",
    "modules",
    "optimizers",
    "schedulers",
)
"""The files, in the order in which they are checked."""


def load(name: str) -> Property:
    """The property called ``name``. LookupError for a name that there is not."""
    if name not in NAMES:
        raise LookupError(f"no property is called '{name}'; there are: {', '.join(NAMES)}")
    return import_module(f".{name}", __name__).PROPERTY


@cache
def all_properties() -> tuple[Property, ...]:
    """Every property."""
    return tuple(load(name) for name in NAMES)


def of(record) -> list[Property]:
    """The properties that apply to a record of the catalogue."""
    return [item for item in all_properties() if item.applies(record)]
