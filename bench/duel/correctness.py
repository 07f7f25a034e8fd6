"""Whether a subject's answer is right: asked before anything is timed.

A single op is judged as the fuzzing judges it: by the tolerance of Assay's catalogue, and by the arbiter in double precision where two answers differ by more. A
program (a module, a training step) has a ``Closeness``: a number of eps of the largest element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assay import catalogue, targets
from assay.cases import Case as OpCase
from assay.cases.fill import values
from assay.cases.materialise import lay_out
from assay.judge import Question, compare, judge_values
from assay.judge.compare import eps, inexact, wide
from assay.judge.verdict import PASSING

from .subjects import Subject

if TYPE_CHECKING:
    from .suites import Case, Closeness


def disagreement(
    case: Case,
    subject: Subject | None,
    answers: Sequence[list[np.ndarray]],
    expected: Sequence[list[np.ndarray]],
    same_dialect: bool,
) -> str:
    """ "" if the answers of successive calls are right, else a sentence. ``same_dialect``: the subject promises the baseline's dtypes and
    accuracy. Without a ``subject`` the judge is not asked: two builds of one framework are close, or they are not."""
    if case.closeness is None:
        return ""
    for call, (ours, theirs) in enumerate(zip(answers, expected, strict=True)):
        where = f" (call {call + 1})" if len(answers) > 1 else ""
        if len(ours) != len(theirs):
            return f"{len(ours)} results instead of {len(theirs)}{where}"
        for leaf, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if one.shape != other.shape:
                return f"result {leaf} has shape {list(one.shape)} instead of {list(other.shape)}{where}"
            if same_dialect and one.dtype != other.dtype:
                return f"result {leaf} is {one.dtype} instead of {other.dtype}{where}"
            if same_dialect and case.op is not None and subject is not None:
                found = _judged(case.op, subject, leaf, one, other)
            else:
                difference = compare(one.astype(other.dtype), other, _bound(case.closeness, other))
                found = "" if difference is None else difference.what
            if found:
                return f"result {leaf}: {found}{where}"
    return ""


def _judged(op: OpCase, subject: Subject, leaf: int, one: np.ndarray, other: np.ndarray) -> str:
    """What Assay's judge finds, "" where it lets the answer pass."""
    record = catalogue.load()[op.op]
    if record.points is not None and one.dtype.kind in "iu":
        spec = op.tensors()[0]
        source = lay_out(values(spec), spec.layout)
        same = np.array_equal(record.points(op, source, one), record.points(op, source, other), equal_nan=True)
        return "" if same else "indices that point at other values"
    found = judge_values(Question(record, op, subject.target, targets.load("torch")), leaf, one, other)
    return "" if found is None or found.finding in PASSING else f"{found.what} [{found.finding.value}]"


def _bound(closeness: Closeness, expected: np.ndarray) -> float:
    if not inexact(expected) or not expected.size:
        return 0.0
    sizes = np.abs(wide(expected))
    return closeness.units * eps(expected.dtype) * float(np.max(sizes[np.isfinite(sizes)], initial=0.0))
