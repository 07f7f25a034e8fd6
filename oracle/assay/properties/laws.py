"""Property 5, identities that a record declares (``catalogue.record.Law``): homogeneity, symmetry, permutation. Needs no oracle.

Both sides of an identity are answers of the target. They are exact where only signs, powers of two and orders change; else they agree within the op's bound.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cases import Case, TensorSpec, values
from ..cases.materialise import lay_out
from ..catalogue.record import Law, Op
from ..judge import Finding, Question, Verdict, judge_values, leaves_of, run
from ..judge.compare import eps, inexact, same_bits, wide
from ..targets import Target
from .layouts import frozen
from .property import Property
from .report import Report

FACTORS = (2.0, 0.5, 4.0)
SHIFTS = (1.0, -2.0, 3.0)


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("laws", case, target, oracle)
    law = op.laws[case.seed % len(op.laws)]
    frozen_case = case.map(lambda spec: frozen(spec, _numbers(spec)))
    if law.kind == "shifted":
        frozen_case = _with(frozen_case, law, lambda place, array: _shiftable(array))
    changed, expectation = _sides(law, frozen_case)
    if changed is None:
        return []
    first, second = run(target, frozen_case), run(target, changed)
    if first.error is not None or second.error is not None:
        if (first.error is None) != (second.error is None):
            report.add(Finding.TARGET_WRONG, f"{law.kind}: raises on one side only", second.error, first.error)
        return report.verdicts
    question = Question(op, changed, target, target)
    left, _ = leaves_of(target, second.result, op.gauge)
    right, _ = leaves_of(target, first.result, op.gauge)
    for leaf, (mine, other) in enumerate(zip(left, right, strict=True)):
        if not target.is_tensor(mine):
            continue
        found, wanted = target.to_numpy(mine), target.to_numpy(other)
        with np.errstate(all="ignore"):
            expected = np.asarray(expectation(wanted)).astype(wanted.dtype)
        if found.shape != expected.shape:
            report.add(Finding.TARGET_WRONG, f"{law.kind}: shape {found.shape} instead of {expected.shape}")
        elif not same_bits(found, expected):
            _judge(report, question, leaf, law, found, expected)
    return report.verdicts


def _judge(report: Report, question: Question, leaf: int, law: Law, found: np.ndarray, expected: np.ndarray) -> None:
    if not inexact(found):
        if question.record.points is None:
            report.add(Finding.TARGET_WRONG, f"{law.kind}: does not hold", found, expected)
        return
    finite = np.isfinite(found.astype(np.complex128)) & np.isfinite(expected.astype(np.complex128))
    if not finite.all() or (np.abs(expected.astype(np.complex128))[finite] < 1e-30).any():
        return  # overflow and underflow break scaling rightly
    report.judged(judge_values(question, leaf, found, expected), found, expected, f"{law.kind}: ", own=True)


def _sides(law: Law, case: Case):
    """(the changed case, what its answer must be in terms of the first answer); None where the law does not speak of the case."""
    specs = case.tensors()
    if any(place >= len(specs) for place in law.tensors):
        return None, None
    numbers = [_numbers(spec) for spec in specs]
    if any(not array.size for array in numbers) or (law.except_for and law.except_for(case)):
        return None, None
    random = np.random.default_rng(case.seed + 11)
    if law.kind == "homogeneous":
        factor = FACTORS[case.seed % len(FACTORS)]
        if specs[law.tensors[0]].dtype in ("bool", "uint8", "int8", "int16", "int32", "int64"):
            return None, None
        power = factor**law.degree
        return _with(case, law, lambda place, array: array * factor), lambda answer: answer * power
    if law.kind in ("odd", "even"):
        lead = numbers[law.tensors[0]]
        if lead.dtype.kind in "bu" or (lead.dtype.kind == "i" and (lead == np.iinfo(lead.dtype).min).any()):
            return None, None  # there is no negative of it
        negative = _with(case, law, lambda place, array: -array)
        return negative, (lambda answer: -answer) if law.kind == "odd" else (lambda answer: answer)
    if law.kind == "shifted":
        shift = SHIFTS[case.seed % len(SHIFTS)]
        return _with(case, law, lambda place, array: array + shift), lambda answer: answer
    if law.kind == "commutative":
        one, other = law.tensors
        if specs[one].dtype != specs[other].dtype:
            return None, None
        swapped = {one: numbers[other], other: numbers[one]}
        return _with(case, law, lambda place, array: swapped[place]), lambda answer: answer
    if not specs[law.tensors[0]].shape:
        return None, None
    order = random.permutation(specs[law.tensors[0]].shape[0])
    permuted = _with(case, law, lambda place, array: array[order])
    if law.kind == "permuted":
        return permuted, lambda answer: answer[order]
    return permuted, lambda answer: answer


def _shiftable(array: np.ndarray) -> np.ndarray:
    """The array rounded to numbers to which every shift can be added without rounding; not finite ones stay."""
    if not inexact(array):
        return array
    finite = np.isfinite(array.astype(np.complex128))
    largest = float(np.max(np.abs(array.astype(np.complex128)), initial=0.0, where=finite)) + max(map(abs, SHIFTS))
    grain = 2.0 ** (np.ceil(np.log2(largest)) + 1) * eps(array.dtype)
    with np.errstate(all="ignore"):
        return np.where(finite, np.round(wide(array) / grain) * grain, wide(array)).astype(array.dtype)


def _numbers(spec: TensorSpec) -> np.ndarray:
    return lay_out(values(spec), spec.layout)


def _with(case: Case, law: Law, change) -> Case:
    place = iter(range(len(case.tensors())))

    def visit(spec: TensorSpec) -> TensorSpec:
        at = next(place)
        if at not in law.tensors:
            return spec
        with np.errstate(all="ignore"):
            array = np.asarray(change(at, _numbers(spec)))
        return replace(frozen(spec, array), shape=tuple(array.shape))

    return case.map(visit)


PROPERTY = Property(
    name="laws",
    title="declared homogeneity, symmetry and permutation",
    applies=lambda record: isinstance(record, Op) and bool(record.laws) and not (record.random or record.uninitialised),
    check=check,
    groups=lambda op: tuple(group for group in op.groups if group != "half") or op.groups,
    oracle_free=True,
)
