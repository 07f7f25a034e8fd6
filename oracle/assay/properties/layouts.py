"""Property 5, memory and batches: the same values in other memory give the same answer and the same gradients; an application inside a batch is the application alone.

Needs no oracle. The bits may change only where the order of a sum follows the layout, and then within the op's bound.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from ..cases import Case, TensorSpec, values
from ..cases.case import LAYOUTS
from ..cases.materialise import lay_out
from ..catalogue.record import Op
from ..judge import Finding, Question, Verdict, judge_values, leaves_of, run
from ..judge.compare import inexact, same_bits
from ..targets import Target
from .differentiable import Differentiable
from .property import Property
from .report import Report

MEMORY = frozenset(("as_strided", "as_strided_copy", "as_strided_scatter", "resize_", "resize_as_"))
"""Ops about memory itself: the layout is one of their arguments."""


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("layouts", case, target, oracle)
    plain = _contiguous(case)
    question = Question(op, plain, target, target)
    answer = run(target, plain)
    if answer.error is not None:
        return []
    _other_layout(report, question, answer.result)
    if op.core is not None:
        _one_of_batch(report, question, answer.result)
    return report.verdicts


def _contiguous(case: Case) -> Case:
    """The case with plain memory; an expanded tensor keeps its repeated values."""

    def change(spec: TensorSpec) -> TensorSpec:
        if spec.layout == "expanded":
            numbers = lay_out(values(spec), "expanded")
            return frozen(spec, numbers)
        return replace(spec, layout="contiguous")

    return case.map(change)


def frozen(spec: TensorSpec, numbers: np.ndarray) -> TensorSpec:
    """A spec for exactly these numbers."""
    return replace(
        spec,
        shape=tuple(numbers.shape),
        fill=("values", *numbers.reshape(-1).tolist()),
        layout="contiguous",
        specials=(),
        avoid=(),
    )


def _other_layout(report: Report, question: Question, first) -> None:
    order = itertools.cycle([layout for layout in LAYOUTS[1:] if layout != "expanded"])
    for _ in range(question.case.seed % 3):
        next(order)
    moved = question.case.map(lambda spec: replace(spec, layout=next(order)) if spec.numel > 1 else spec)
    if moved == question.case:
        return
    target = report.target
    other = run(target, moved)
    if other.error is not None:
        if question.record.row.family != "torch" or "view" not in question.case.op:
            finding = Finding.TARGET_WRONG if not _oracle_raises(report, moved) else Finding.UNSPECIFIED
            report.add(finding, f"raises {other.error_class} for another layout", other.error, first)
        return
    _same(report, question, first, other.result, "another layout")
    if question.record.row.grad and question.case.seed % 4 == 0:
        _same_gradients(report, question, moved)


def _oracle_raises(report: Report, case: Case) -> bool:
    return run(report.oracle, case).error is not None


def _same(report: Report, question: Question, first, second, where: str) -> None:
    if question.random or question.record.uninitialised:
        return
    target = report.target
    left, _ = leaves_of(target, second, question.gauge)
    right, _ = leaves_of(target, first, question.gauge)
    if len(left) != len(right):
        report.add(Finding.TARGET_WRONG, f"{where}: {len(left)} leaves instead of {len(right)}")
        return
    for leaf, (one, other) in enumerate(zip(left, right, strict=True)):
        if not target.is_tensor(one):
            continue
        mine, expected = target.to_numpy(one), target.to_numpy(other)
        if mine.shape != expected.shape or mine.dtype != expected.dtype:
            what = f"{where}: {mine.dtype}{list(mine.shape)} instead of {expected.dtype}{list(expected.shape)}"
            report.add(Finding.TARGET_WRONG, what)
        elif not same_bits(mine, expected) and not _pointing(question, mine):
            _judge(report, question, leaf, mine, expected, where)


def _pointing(question: Question, mine: np.ndarray) -> bool:
    """Indices among equal values may move with the layout."""
    return question.record.points is not None and mine.dtype.kind in "iu"


def _judge(report: Report, question: Question, leaf: int, mine, expected, where: str) -> None:
    if inexact(mine) and not np.array_equal(np.isfinite(mine), np.isfinite(expected)):
        report.add(Finding.TARGET_WRONG, f"{where}: finite in other places", mine, expected)
        return
    report.judged(judge_values(question, leaf, mine, expected), mine, expected, f"{where}: ", own=True)


def _same_gradients(report: Report, question: Question, moved: Case) -> None:
    op, target = question.record, report.target
    plain, other = Differentiable(target, op, question.case), Differentiable(target, op, moved)
    if not plain.argnums:
        return
    try:
        _, cotangents, first = plain.vjp(None, random=np.random.default_rng(question.case.seed + 5))
    except Exception:
        return
    try:
        _, _, second = other.vjp(cotangents)
    except Exception as error:
        report.add(Finding.TARGET_WRONG, f"backward raises {type(error).__name__} for another layout", error)
        return
    for place, one, two in zip(plain.argnums, first, second, strict=True):
        with np.errstate(all="ignore"):
            mine, expected = (each.astype(np.complex128) for each in (two, one))
            size = float(np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))) or 1.0
            unit = 1e-2 if one.dtype.itemsize == 2 else 1e-3 if one.dtype.name in ("float32", "complex64") else 1e-9
            if not np.allclose(mine, expected, rtol=0.0, atol=unit * size, equal_nan=True):
                what = f"the gradient of argument {place} changes with the layout"
                report.add(Finding.TARGET_WRONG, what, two, one)


def _one_of_batch(report: Report, question: Question, whole) -> None:
    """Apply the op to one element of the batch alone, and compare with that element of the whole answer."""
    core = question.record.core
    case = question.case
    specs = case.tensors()
    if len(specs) > len(core) or not specs:
        return
    leads = [
        spec.shape[: len(spec.shape) - width] for spec, width in zip(specs, core, strict=False) if width is not None
    ]
    try:
        batch = np.broadcast_shapes(*leads)
    except ValueError:
        return
    if not batch or not np.prod(batch):
        return
    random = np.random.default_rng(case.seed + 7)
    index = tuple(int(random.integers(0, length)) for length in batch)
    place = iter(zip(specs, core, strict=False))

    def one(spec: TensorSpec) -> TensorSpec:
        width = next(place)[1]
        if width is None:
            return spec
        lead = len(spec.shape) - width
        position = tuple(0 if n == 1 else i for n, i in zip(spec.shape[:lead], index[len(batch) - lead :], strict=True))
        return frozen(spec, values(spec)[position])

    alone = case.map(one)
    target = report.target
    answer = run(target, alone)
    if answer.error is not None:
        if not _oracle_raises(report, alone):
            report.add(Finding.TARGET_WRONG, f"raises {answer.error_class} outside a batch", answer.error)
        return
    question = Question(question.record, alone, target, target)
    left, _ = leaves_of(target, whole, question.gauge)
    right, _ = leaves_of(target, answer.result, question.gauge)
    for leaf, (mine, other) in enumerate(zip(left, right, strict=True)):
        if not (target.is_tensor(mine) and target.is_tensor(other)):
            continue
        many, single = target.to_numpy(mine), target.to_numpy(other)
        if many.shape[: len(batch)] != batch:
            continue
        found = many[index]
        if found.shape == single.shape and found.dtype == single.dtype and not same_bits(np.asarray(found), single):
            _judge(
                report, question, leaf, np.asarray(found), single, f"element {list(index)} of the batch: ".rstrip(": ")
            )


PROPERTY = Property(
    name="layouts",
    title="memory layout, offset and batch position change nothing",
    applies=lambda record: (
        isinstance(record, Op) and not (record.random or record.uninitialised or record.name in MEMORY)
    ),
    check=check,
    groups=lambda op: op.groups,
    oracle_free=True,
)
