"""The suites: one file each, with a function ``cases()`` that makes its cases of a table."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .case import Case, Closeness

__all__ = ["SUITES", "Case", "Closeness", "find", "load"]

SUITES = ("ops", "overhead", "autograd", "nn", "training", "memory", "controls")
"""Suites whose cases are duels in one process. Start-up and fuzzed shapes have their own ways (``duel.startup``, ``duel.shapes``)."""


@cache
def load(suite: str) -> dict[str, Case]:
    """The cases of a suite by id. LookupError for a suite that there is not."""
    if suite not in SUITES:
        raise LookupError(f"no suite is called '{suite}'; there are: {', '.join(SUITES)}")
    cases = import_module(f".{suite}", __name__).cases()
    found = {case.id: case for case in cases}
    if len(found) < len(cases):
        raise ValueError(f"suite '{suite}' has two cases of one name")
    return found


def find(id: str) -> Case:
    """The case with this id. LookupError where there is none."""
    suite, _, name = id.partition("/")
    if suite == "shapes":
        from ..shapes import case

        return case(name)
    cases = load(suite)
    if id not in cases:
        raise LookupError(f"suite '{suite}' has no case '{name}'")
    return cases[id]
