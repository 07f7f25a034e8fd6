"""At a kink an op has no derivative, only a convention: the target's gradient there is the oracle's, and no other than that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cases import Case
from ..catalogue.drawing import Drawing
from ..catalogue.record import Op
from ..judge import Finding, Verdict
from ..targets import Target
from .derivatives import differentiable
from .differentiable import Differentiable
from .property import Property
from .report import Report

CLOSE = 1e-9


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("kinks", case, target, oracle)
    ours, theirs = Differentiable(target, op, case), Differentiable(oracle, op, case)
    if not ours.argnums:
        return []
    try:
        _, cotangents, expected = theirs.vjp(None, random=np.random.default_rng(case.seed + 3))
    except Exception:
        return []
    try:
        _, _, found = ours.vjp(cotangents)
    except Exception as error:
        report.add(Finding.TARGET_WRONG, f"backward raises {type(error).__name__}", error, "a gradient")
        return report.verdicts
    for place, mine, other in zip(ours.argnums, found, expected, strict=True):
        scale = float(np.max(np.abs(other), initial=0.0, where=np.isfinite(other))) or 1.0
        if not np.allclose(mine, other, rtol=0.0, atol=CLOSE * scale, equal_nan=True):
            what = f"the gradient of argument {place} at a kink is not the oracle's convention"
            report.add(Finding.TARGET_WRONG, what, mine, other)
    return report.verdicts


def at_kinks(op: Op):
    """The record's smooth draw, with kinks scattered over the first tensor instead of avoided."""

    def draw(d: Drawing) -> Case:
        case = op.draw(d)
        first = [True]

        def change(spec):
            if first and first.pop() and spec.differentiable:
                return replace(spec, avoid=(), specials=op.kinks)
            return replace(spec, avoid=())

        return case.map(change)

    return draw


PROPERTY = Property(
    name="kinks",
    title="gradients at kinks follow the oracle's convention",
    applies=lambda record: differentiable(record) and bool(record.kinks),
    check=check,
    groups=lambda op: ("smooth",),
    draw=at_kinks,
)
