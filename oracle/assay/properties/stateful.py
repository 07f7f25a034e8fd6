"""What the properties of modules, optimizers and schedulers share: construction, and the comparison of states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases import Case, ListOf, Made, StatefulCase, TensorSpec, materialise
from ..catalogue.record import Tolerance
from ..judge import Finding
from ..judge.compare import compare, eps, inexact, same_bits, spacing, wide
from ..judge.outcome import Outcome
from ..targets import Target
from .report import Report


def attempt(make: Callable[[], Any], framework: Target, case: Case) -> Outcome:
    """What came of a call: its answer, or what it raised."""
    nothing = materialise(Case(case.op), framework)
    try:
        return Outcome(make(), None, nothing, [])
    except Exception as error:
        return Outcome(None, error, nothing, [])


def construct(framework: Target, case: StatefulCase) -> Any:
    """The object that a case describes, made from the seed of the case."""
    framework.manual_seed(case.seed)  # first: arguments that are modules draw from the generator too
    made = materialise(Case(case.op, case.args, case.kwargs, case.seed).map(_writable), framework)
    return framework.construct(case.op, made.args, made.kwargs)


def _writable(spec: TensorSpec) -> TensorSpec:
    """An expanded tensor cannot be loaded into: as part of a module's state it gets memory of its own."""
    return replace(spec, layout="contiguous") if spec.layout == "expanded" else spec


def inputs(framework: Target, case: StatefulCase, *, gradients: bool = False):
    """The arguments that the object is called with."""
    return materialise(Case(case.op, case.inputs, (), case.seed), framework, gradients=gradients)


def doubled(case: StatefulCase) -> StatefulCase:
    """The same case in double precision."""

    def change(spec):
        return replace(spec, dtype={"float32": "float64", "complex64": "complex128"}.get(spec.dtype, spec.dtype))

    return case.map(change)


def near(
    tolerance: Tolerance, mine: np.ndarray, other: np.ndarray, *, growth: float = 1.0, floor: float = 1e-30
) -> str | None:
    """None where two arrays agree within a tolerance ``growth`` times as wide; else the difference as a sentence.

    A scaled tolerance is relative to the largest element, or to ``floor`` where that is larger.
    """
    if mine.dtype != other.dtype:
        return f"dtype {mine.dtype}, the oracle's {other.dtype}"
    if mine.shape != other.shape:
        return f"shape {mine.shape}, the oracle's {other.shape}"
    if same_bits(mine, other):
        return None
    allowed: np.ndarray | float = 0.0
    if inexact(other) and tolerance.kind != "exact":
        units = max(tolerance.units, 4.0) * growth
        size = np.abs(wide(other))
        finite = size[np.isfinite(size)]
        top = float(finite.max()) if finite.size else 0.0
        allowed = units * spacing(other) if tolerance.kind == "ulp" else units * eps(other.dtype) * max(top, floor)
    found = compare(mine, other, allowed)
    return None if found is None else found.what


def same_state(
    report: Report, where: str, ours: Any, theirs: Any, tolerance: Tolerance, *, growth: float = 1.0
) -> None:
    """Compare two states (mappings, sequences, tensors, numbers) leaf by leaf; functions and objects are passed over."""
    target, oracle = report.target, report.oracle
    if target.is_tensor(ours) or oracle.is_tensor(theirs):
        if not (target.is_tensor(ours) and oracle.is_tensor(theirs)):
            report.add(
                Finding.TARGET_WRONG, f"{where}: a {type(ours).__name__}, the oracle's a {type(theirs).__name__}"
            )
            return
        mine, other = target.to_numpy(ours), oracle.to_numpy(theirs)
        what = near(tolerance, mine, other, growth=growth)
        if what is not None:
            report.add(Finding.TARGET_WRONG, f"{where}: {what}", mine, other)
    elif isinstance(theirs, Mapping):
        if not isinstance(ours, Mapping) or set(ours) != set(theirs):
            report.add(Finding.TARGET_WRONG, f"{where}: other keys than the oracle's", _keys(ours), _keys(theirs))
            return
        for key in theirs:
            same_state(report, f"{where}.{key}", ours[key], theirs[key], tolerance, growth=growth)
    elif isinstance(theirs, (list, tuple)):
        if not isinstance(ours, (list, tuple)) or len(ours) != len(theirs):
            report.add(Finding.TARGET_WRONG, f"{where}: {ours!r}, the oracle's {theirs!r}")
            return
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            same_state(report, f"{where}[{place}]", one, other, tolerance, growth=growth)
    elif isinstance(theirs, (int, float, bool, str)) or theirs is None:
        if isinstance(theirs, float) and isinstance(ours, float):
            what = near(tolerance, np.asarray(ours), np.asarray(theirs), growth=growth)
            if what is not None:
                report.add(Finding.TARGET_WRONG, f"{where}: {what}", repr(ours), repr(theirs))
        elif ours != theirs:
            report.add(Finding.TARGET_WRONG, f"{where}: {ours!r}, the oracle's {theirs!r}")


def _keys(state: Any) -> str:
    return str(list(state)) if isinstance(state, Mapping) else repr(state)


def with_optimizer(value: Any, framework: Target, optimizer: Any) -> Any:
    """An argument of a scheduler: schedulers inside it are made on ``optimizer``."""
    if isinstance(value, Made) and value.name.startswith("optim.lr_scheduler."):
        args = [with_optimizer(each, framework, optimizer) for each in value.args]
        kwargs = {key: with_optimizer(each, framework, optimizer) for key, each in value.kwargs}
        return framework.construct(value.name, [optimizer, *args], kwargs)
    if isinstance(value, tuple):
        return tuple(with_optimizer(each, framework, optimizer) for each in value)
    if isinstance(value, ListOf):
        return [with_optimizer(each, framework, optimizer) for each in value.items]
    return materialise(Case("", (value,)), framework).args[0]
