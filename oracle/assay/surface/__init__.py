"""The public surface of PyTorch that a target is measured against: one row per op name (``ops.csv``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Row:
    """One name of the surface: where it lives and what PyTorch offers for it."""

    family: str
    name: str
    method: bool
    grad: bool
    double_backward: bool
    forward_mode: bool
    inplace: bool
    out: bool
    n_dtypes_cpu: int
    complex: bool
    bool: bool
    int: bool


@cache
def rows() -> dict[str, Row]:
    """Every row of ``ops.csv`` by name, in file order."""
    with (files(__package__) / "ops.csv").open(newline="") as lines:
        return {record["name"]: _row(record) for record in csv.DictReader(lines)}


def _row(record: dict[str, str]) -> Row:
    flags = {key: value == "1" for key, value in record.items() if key not in ("family", "name", "n_dtypes_cpu")}
    return Row(family=record["family"], name=record["name"], n_dtypes_cpu=int(record["n_dtypes_cpu"]), **flags)  # type: ignore[arg-type]
