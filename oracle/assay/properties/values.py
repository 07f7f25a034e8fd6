"""Property 1: value, structure, dtype, shape and requires_grad are the oracle's; outputs share memory with inputs and with each other exactly when the oracle's do, with its strides and
on its device (``memory``); inputs change exactly as the oracle's change.

Judged alone (target and oracle are one framework), an answer is held against its own in double precision, mpmath and extended precision instead.
"""

from __future__ import annotations

import numpy as np

from ..cases import Case
from ..catalogue.record import Op
from ..judge import Finding, Outcome, Question, Verdict, judge_values, leaves_of, run
from ..judge.arbiter import wide_answer
from ..judge.compare import inexact, same_bits
from ..judge.exact import Elements, has_formula
from ..judge.extended import extended_answer, finite
from ..targets import Target
from .memory import compare_memory
from .property import Property
from .report import Report, compare_answers, same_error

EXACTLY = 6
"""Elements of an answer that mpmath recomputes where a framework is judged alone."""


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("values", case, target, oracle)
    question = Question(op, case, target, oracle)
    gradients = wants_gradients(op, case, oracle)
    answer = run(target, case, gradients=gradients)
    if target is oracle:
        if answer.error is None and not (op.random or op.uninitialised):
            _alone(report, question, answer)
        return report.verdicts
    expected = run(oracle, case, gradients=gradients)
    if same_error(report, answer, expected):
        compare_answers(report, question, answer.result, expected.result, values=not (op.uninitialised or op.random))
        compare_memory(report, answer, expected)
        _mutations(report, question, answer, expected)
    elif answer.error is not None:
        _unchanged(report, answer, expected)
    return report.verdicts


def wants_gradients(op: Op, case: Case, oracle: Target) -> bool:
    """Half of the cases record history; those of ops that only exist in place never do, for a leaf that wants a gradient refuses them."""
    return op.row.grad and case.seed % 2 == 1 and not op.name.endswith("_") and in_place_only(op, oracle) is False


def in_place_only(op: Op, oracle: Target) -> bool:
    """Whether the op has no form but the one that writes into its first tensor."""
    return oracle.function(op.name) is None and oracle.method(op.name) is None


def _mutations(report: Report, question: Question, answer: Outcome, expected: Outcome) -> None:
    for place, (mine, other) in enumerate(zip(answer.arguments.tensors, expected.arguments.tensors, strict=True)):
        ours, theirs = report.target.to_numpy(mine), report.oracle.to_numpy(other)
        if same_bits(ours, theirs):
            continue
        if same_bits(theirs, expected.before[place]):
            report.add(Finding.TARGET_WRONG, f"writes into argument {place}", ours, theirs)
        elif same_bits(ours, answer.before[place]) or ours.shape != theirs.shape:
            report.add(Finding.TARGET_WRONG, f"does not write into argument {place} as the oracle does", ours, theirs)
        elif not (question.random or question.record.uninitialised):
            report.judged(judge_values(question, 0, ours, theirs), ours, theirs, f"argument {place} after the call: ")


def _unchanged(report: Report, answer: Outcome, expected: Outcome) -> None:
    """A call that raises leaves its arguments as they were, unless the oracle's does not."""
    for place, tensor in enumerate(answer.arguments.tensors):
        ours = report.target.to_numpy(tensor)
        if not same_bits(ours, answer.before[place]) and same_bits(
            report.oracle.to_numpy(expected.arguments.tensors[place]), expected.before[place]
        ):
            report.add(Finding.TARGET_WRONG, f"raises, and has written into argument {place}", ours)


def _alone(report: Report, question: Question, answer: Outcome) -> None:
    """Against mpmath and extended precision, leaf 0; and against the same framework in double precision."""
    target = report.target
    leaves, _ = leaves_of(target, answer.result, question.gauge)
    arrays = [target.to_numpy(leaf) if target.is_tensor(leaf) else np.asarray(leaf) for leaf in leaves]
    wide = wide_answer(target, question.case, gauge=question.gauge)
    for leaf, mine in enumerate(arrays):
        if not inexact(mine) or not mine.size:
            continue
        truth = _truth(question, mine) if not leaf else None
        if truth is None and wide is not None and question.narrow(mine) and leaf < len(wide):
            truth = wide[leaf]
        if truth is None or truth.shape != mine.shape or not inexact(truth):
            continue
        with np.errstate(all="ignore"):
            rounded = truth.astype(mine.dtype)
        report.judged(judge_values(question, leaf, mine, rounded), mine, rounded, "judged alone: ", own=True)


def _truth(question: Question, mine: np.ndarray) -> np.ndarray | None:
    """The answer with some elements replaced by their exact values; the whole of it where extended precision knows the op."""
    if question.gauge is None and has_formula(question.case):
        elements = Elements(question.case)
        if elements.shape != mine.shape:
            return None
        found = mine.astype(np.clongdouble if mine.dtype.kind == "c" else np.longdouble)
        random = np.random.default_rng(question.case.seed)
        for flat in random.integers(0, mine.size, min(EXACTLY, mine.size)):
            index = tuple(int(part) for part in np.unravel_index(int(flat), mine.shape))
            exact = elements.value(index)
            if exact is not None:
                found[index] = complex(exact) if mine.dtype.kind == "c" else float(exact.real)
        return found
    return extended_answer(question.case) if finite(question.case) else None


PROPERTY = Property(
    name="values",
    title="values, dtypes, shapes, strides, devices, requires_grad, aliasing, no mutation",
    applies=lambda record: isinstance(record, Op),
    check=check,
    groups=lambda op: op.groups,
    oracle_free=True,
)
