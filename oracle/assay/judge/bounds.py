"""How far a floating-point answer may lie from the oracle's, per element, before an arbiter is asked."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np

from .arbiter import wide_answer
from .compare import eps, inexact, spacing, wide
from .question import Question


def bound(question: Question, leaf: int, answer: np.ndarray) -> np.ndarray | float:
    """The bound for one leaf of the oracle's answer. Integers and booleans must be equal."""
    tolerance = question.tolerance
    if not inexact(answer) or tolerance.kind == "exact":
        return 0.0
    unit = spacing(answer)
    if tolerance.kind == "ulp":
        return tolerance.units * unit
    size = np.abs(wide(answer))
    if tolerance.kind == "scaled":
        finite = size[np.isfinite(size)]
        return unit + tolerance.units * eps(answer.dtype) * (finite.max() if finite.size else 0.0)
    terms = max([spec.numel for spec in question.case.tensors()], default=1) / max(answer.size, 1)
    magnitude = wide_answer(question.oracle, question.case, absolute=True)
    fits = magnitude is not None and leaf < len(magnitude) and magnitude[leaf].shape == answer.shape
    sums = np.abs(magnitude[leaf]) if fits and magnitude is not None else size
    with np.errstate(all="ignore"):
        # Partial sums may overflow where the absolute values' sum does, in one order and not in another.
        overflows = np.where(sums > float(ml_dtypes.finfo(answer.dtype).max), np.inf, 0.0)
        return (
            overflows
            + unit
            + (tolerance.units + math.ceil(terms)) * eps(answer.dtype) * np.where(np.isfinite(sums), sums, size)
        )
