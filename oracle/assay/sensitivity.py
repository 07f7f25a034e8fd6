"""The smallest relative error that the comparator sees: answers of a healthy twin of the oracle are moved by a number of units in the last place, and one counts how often a single case shows it.

>>> curve("pointwise", "float32", units=(4,), trials=20)    # doctest: +SKIP
{4: 1.0}
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import targets
from .cases.source import RandomSource
from .catalogue import load
from .catalogue.drawing import GROUPS, one_case
from .catalogue.record import Op
from .engine import check_case
from .judge.compare import spacing
from .mutate.mutant import Mutant
from .mutate.operators import mapped
from .properties import load as load_property

UNITS = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)
ENOUGH = 0.95
CASES = 5
"""Cases that one trial may take."""

MOST_DRAWN = 60
"""Cases drawn for them: those that the error does not change (other dtypes, nothing but zeros) do not count."""


@dataclass(frozen=True)
class Seen:
    """The smallest error, in units in the last place, that trials of a family and dtype see with probability ``ENOUGH``; None where none of ``UNITS`` is."""

    family: str
    dtype: str
    units: int | None
    curve: dict[int, float]


def curve(
    family: str, dtype: str, *, units: Sequence[int] = UNITS, trials: int = 40, seed: int = 0
) -> dict[int, float]:
    """Error in units in the last place -> share of trials that see it. A trial is one op of the family, one seed and ``CASES`` cases."""
    chance = random.Random(f"{family} {dtype} {seed}")
    group = next(name for name, dtypes in GROUPS.items() if dtype in dtypes)
    ops = [
        op for op in load().values()
        if op.family == family and group in op.groups and op.row.grad and not (op.random or op.uninitialised)
    ]  # fmt: skip
    found: dict[int, float] = {}
    for unit in units:
        seen = (
            [_trial(chance.choice(ops), group, dtype, unit, f"{seed}/{unit}/{k}") for k in range(trials)]
            if ops
            else [False]
        )
        found[unit] = sum(seen) / len(seen)
    return found


def smallest(family: str, dtype: str, *, trials: int = 40, seed: int = 0) -> Seen:
    """The smallest error that is seen with probability ``ENOUGH``, and the curve that it was read from."""
    found = curve(family, dtype, trials=trials, seed=seed)
    enough = [unit for unit in UNITS if all(found[each] >= ENOUGH for each in UNITS if each >= unit)]
    return Seen(family, dtype, enough[0] if enough else None, found)


def _trial(op: Op, group: str, dtype: str, unit: int, seed: str) -> bool:
    """Whether one of ``CASES`` cases with an answer of this dtype that the error changes shows it."""
    oracle, twin, values = targets.load("torch"), targets.load("assay.targets.faulty:Faulty"), load_property("values")
    changed = [False]

    def faulty(healthy: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            return mapped(twin, healthy(*args, **kwargs), lambda tensor: _moved(tensor, unit, dtype, changed))

        return called

    moved: Any = Mutant(twin, op.name, faulty)
    source, left = RandomSource(f"{op.name}/{seed}"), CASES
    for _ in range(MOST_DRAWN):
        changed[0] = False
        case = one_case(op, group, source)
        if any(verdict.held_against_target for verdict in check_case(values, op, case, moved, oracle)) and changed[0]:
            return True
        left -= changed[0]
        if not left:
            break
    return False


def _moved(tensor: Any, unit: int, dtype: str, changed: list[bool]) -> Any:
    """Every element farther from zero by so many units in the last place, and a note where that changes anything."""
    import torch

    if str(tensor.dtype) != f"torch.{dtype}":
        return tensor
    array = tensor.detach().numpy()
    with np.errstate(all="ignore"):
        step = np.where(np.isfinite(array), unit * spacing(array) * np.sign(array), 0.0).astype(array.dtype)
    changed[0] = changed[0] or bool(step.any())
    return tensor + torch.from_numpy(np.asarray(step))
