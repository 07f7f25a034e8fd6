"""The public surface of PyTorch that a target is measured against.

One row per op name (``ops.csv``); the names of modules, optimizers, schedulers and distributions; every public name of the other namespaces.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Flag = bool  # a field below is called ``bool``


@dataclass(frozen=True)
class Row:
    """One name of the surface: where it lives and what PyTorch offers for it."""

    family: str
    name: str
    method: Flag
    grad: Flag
    double_backward: Flag
    forward_mode: Flag
    inplace: Flag
    out: Flag
    n_dtypes_cpu: int
    complex: Flag
    bool: Flag
    int: Flag


@cache
def rows() -> dict[str, Row]:
    """Every row of ``ops.csv`` by name, in file order."""
    lines = (files(__package__) / "ops.csv").read_text().splitlines()
    return {record["name"]: _row(record) for record in csv.DictReader(lines)}


def _row(record: dict[str, str]) -> Row:
    flags = {key: value == "1" for key, value in record.items() if key not in ("family", "name", "n_dtypes_cpu")}
    return Row(family=record["family"], name=record["name"], n_dtypes_cpu=int(record["n_dtypes_cpu"]), **flags)  # type: ignore[arg-type]


@cache
def sections(file: str) -> dict[str, tuple[str, ...]]:
    """The names of a text file by section: those before the first "# title" line under "", the rest under their titles."""
    found: dict[str, list[str]] = {"": []}
    title = ""
    for line in (files(__package__) / file).read_text().split("\n"):
        if line.startswith("# "):
            title = line.removeprefix("# ").strip()
            found[title] = []
        elif line.strip():
            found[title].append(line.strip())
    return {key: tuple(names) for key, names in found.items()}


def modules() -> tuple[str, ...]:
    """The classes of ``torch.nn``: "Conv2d"."""
    return sections("modules.txt")[""]


def optimizers() -> tuple[str, ...]:
    """The classes of ``torch.optim``: "Adam"."""
    return sections("optimizers.txt")[""]


def schedulers() -> tuple[str, ...]:
    """The classes of ``torch.optim.lr_scheduler``: "StepLR"."""
    return sections("optimizers.txt")["torch.optim.lr_scheduler"]


def distributions() -> tuple[str, ...]:
    """The names of ``torch.distributions``: "Normal"."""
    return sections("distributions.txt")[""]


def namespaces() -> dict[str, tuple[str, ...]]:
    """Title of a namespace ("torch.func", "Tensor methods and attributes") -> its public names."""
    return {title: names for title, names in sections("namespaces.txt").items() if title}
