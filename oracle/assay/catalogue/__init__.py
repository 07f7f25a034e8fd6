"""What each op accepts: one file per family, each a list of records that say how an op's arguments are drawn."""

from __future__ import annotations

import fnmatch
from functools import cache
from importlib import import_module

from ..surface import rows
from .drawing import Drawing, cases
from .record import EXACT, SCALED, SUM, Op, Record, Tolerance, by_name, ulp
from .unreachable import UNREACHABLE

__all__ = [
    "EXACT",
    "FAMILIES",
    "SCALED",
    "SUM",
    "UNREACHABLE",
    "Drawing",
    "Op",
    "Tolerance",
    "cases",
    "everything",
    "load",
    "select",
    "ulp",
    "uncatalogued",
]

FAMILIES = (
    "pointwise",
    "reductions",
    "views",
    "joining",
    "indexing",
    "linear",
    "decompositions",
    "sorting",
    "creation",
    "conversion",
    "activations",
    "convolutions",
    "pooling",
    "normalisation",
    "losses",
    "embedding_attention",
    "dropout",
    "vision",
    "fft",
    "linalg",
    "special",
    "signal",
    "masked",
    "sparse",
    "native",
    "random",
)
"""The family files, each with a tuple ``OPS``."""


@cache
def load() -> dict[str, Op]:
    """Every record by op name. ValueError for a name that stands in two files or not in the surface."""
    found: dict[str, Op] = {}
    for family in FAMILIES:
        for op in import_module(f".{family}", __name__).OPS:
            if op.name in found:
                raise ValueError(
                    f"'{op.name}' stands in the catalogue twice: in {found[op.name].family} and in {family}"
                )
            if op.name not in rows():
                raise ValueError(f"'{op.name}' of catalogue/{family}.py is no name of the surface (surface/ops.csv)")
            found[op.name] = op
    return found


STATEFUL = (("modules", "MODULES"), ("optimizers", "OPTIMIZERS"), ("schedulers", "SCHEDULERS"))
"""The files of what has state, each with the table of its records."""


@cache
def everything() -> dict[str, Record]:
    """Every record by name: ops, modules, optimizers and schedulers."""
    found: dict[str, Record] = dict(load())
    for file, table in STATEFUL:
        found |= by_name(getattr(import_module(f".{file}", __name__), table))
    return found


def uncatalogued() -> list[str]:
    """Names of the surface that no family file describes, and that are not known to be out of reach (``UNREACHABLE``)."""
    return [name for name in rows() if name not in load() and name not in UNREACHABLE]


def select(patterns: list[str], family: str | None = None) -> list[Op]:
    """The ops that a person means: names, last parts of names ("softmax"), shell patterns; all of a family. LookupError for a pattern without op."""
    ops = [op for op in load().values() if family in (None, op.family)]
    if not ops:
        raise LookupError(f"no family is called '{family}'; there are: {', '.join(FAMILIES)}")
    if not patterns:
        return ops
    chosen: dict[str, Op] = {}
    for pattern in patterns:
        matching = [op for op in ops if fnmatch.fnmatchcase(op.name, pattern) or op.name.rpartition(".")[2] == pattern]
        if not matching:
            raise LookupError(f"the catalogue has no op '{pattern}'")
        chosen |= {op.name: op for op in matching}
    return list(chosen.values())
