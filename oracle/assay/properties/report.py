"""Verdicts in the making: one reporter a check, so that every property reports alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..cases import Case
from ..cases.case import LAYOUTS
from ..judge import Finding, Judgement, Outcome, Question, Verdict, judge_values, leaves_of, run
from ..judge.compare import same_bits
from ..targets import Target


class Report:
    """The verdicts of one property against one case."""

    def __init__(self, property: str, case: Case, target: Target, oracle: Target):
        self.property, self.case, self.target, self.oracle = property, case, target, oracle
        self.verdicts: list[Verdict] = []

    def add(
        self, finding: Finding, what: str, ours: Any = "", theirs: Any = "", evidence: tuple[str, ...] = ()
    ) -> None:
        """Enter one verdict; ``ours`` and ``theirs`` are what target and oracle answered."""
        names = self.target.name, self.oracle.name
        self.verdicts.append(
            Verdict(self.property, self.case, finding, what, *names, written(ours), written(theirs), evidence)
        )

    def judged(
        self, judgement: Judgement | None, ours: Any, theirs: Any, where: str = "", *, own: bool = False
    ) -> None:
        """Enter a judgement of the ladder, if there is one. ``own``: both sides are the target's answers, so either being wrong is its fault."""
        if judgement is not None:
            finding = judgement.finding
            if own and finding in (Finding.ORACLE_WRONG, Finding.BOTH_WRONG):
                finding = Finding.TARGET_WRONG
            self.add(finding, where + judgement.what, ours, theirs, judgement.evidence)


def written(value: Any) -> str:
    """An answer as it stands in a verdict."""
    if isinstance(value, str):
        return value
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {str(value).strip().splitlines()[0] if str(value).strip() else ''}"
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)} {np.array2string(value, precision=9, threshold=24, edgeitems=3)}"
    return repr(value)


def same_error(report: Report, answer: Outcome, expected: Outcome) -> bool:
    """Whether both answered; reports what is off where one raised and the other did not, or not the same class."""
    ours, theirs = answer.error, expected.error
    if ours is None and theirs is None:
        return True
    if theirs is None:
        report.add(Finding.TARGET_WRONG, f"raises {answer.error_class}, the oracle answers", ours, expected.result)
    elif ours is None:
        finding = Finding.UNSPECIFIED if isinstance(theirs, NotImplementedError) else Finding.TARGET_WRONG
        if layout_refused(report):
            finding = Finding.ORACLE_WRONG
        report.add(finding, f"answers where the oracle raises {expected.error_class}", "an answer", theirs)
    elif not of_class(ours, theirs):
        what = f"raises {answer.error_class}, the oracle {expected.error_class}"
        # The oracle stumbles over the argument inside its own Python; the target says that it is of the wrong type.
        accident = isinstance(theirs, AttributeError) and isinstance(ours, TypeError)
        report.add(Finding.UNSPECIFIED if accident else Finding.TARGET_WRONG, what, ours, theirs)
    return False


def layout_refused(report: Report) -> bool:
    """Whether the oracle refuses a case for the layout of its tensors alone, and answers the same numbers in plain memory. A view may ask for a layout; nothing else may."""
    case = report.case
    plain = case.map(lambda spec: replace(spec, layout="contiguous") if spec.layout in LAYOUTS else spec)
    if plain == case or "view" in case.op or "strided" in case.op:
        return False
    return run(report.oracle, plain).error is None


def of_class(ours: Exception, theirs: Exception) -> bool:
    """Whether an except clause for the oracle's error would catch the target's."""
    wanted = type(theirs).__name__
    return any(each.__name__ == wanted for each in type(ours).__mro__)


def compare_answers(
    report: Report, question: Question, ours: Any, theirs: Any, *, values: bool = True, where: str = ""
) -> None:
    """Structure, dtypes, shapes, requires_grad and (unless they mean nothing) values of two answers."""
    target, oracle = report.target, report.oracle
    left, structure = leaves_of(target, ours, question.gauge)
    right, expected_structure = leaves_of(oracle, theirs, question.gauge)
    if structure != expected_structure:
        report.add(Finding.TARGET_WRONG, f"{where}answers {structure}, the oracle {expected_structure}", ours, theirs)
        return
    for leaf, (mine, other) in enumerate(zip(left, right, strict=True)):
        place = f"{where}leaf {leaf}: " if len(left) > 1 else where
        if target.is_tensor(mine):
            _compare_tensors(report, question, leaf, mine, other, values, place)
        else:
            _compare_scalars(report, question, leaf, mine, other, values, place)


def _compare_tensors(report: Report, question: Question, leaf: int, ours, theirs, values: bool, where: str) -> None:
    target, oracle = report.target, report.oracle
    mine, other = target.to_numpy(ours), oracle.to_numpy(theirs)
    dtypes = target.dtype_name(ours.dtype), oracle.dtype_name(theirs.dtype)
    if dtypes[0] != dtypes[1]:
        report.add(Finding.TARGET_WRONG, f"{where}dtype {dtypes[0]}, the oracle's {dtypes[1]}", mine, other)
    elif mine.shape != other.shape:
        report.add(Finding.TARGET_WRONG, f"{where}shape {mine.shape}, the oracle's {other.shape}", mine, other)
    elif "derivatives" not in target.unpromised and bool(ours.requires_grad) != bool(theirs.requires_grad):
        what = f"{where}requires_grad {bool(ours.requires_grad)}, the oracle's {bool(theirs.requires_grad)}"
        report.add(Finding.TARGET_WRONG, what)
    elif values and not same_bits(mine, other) and not _pointed_alike(question, mine, other):
        report.judged(judge_values(question, leaf, mine, other), mine, other, where)


def _compare_scalars(report: Report, question: Question, leaf: int, ours, theirs, values: bool, where: str) -> None:
    names = report.target.dtype_name(ours), report.oracle.dtype_name(theirs)
    if names != (None, None):
        if names[0] != names[1]:
            report.add(Finding.TARGET_WRONG, f"{where}{names[0]}, the oracle's {names[1]}")
        return
    if isinstance(theirs, (bool, int, float, complex)):
        if type(ours) is not type(theirs):
            report.add(Finding.TARGET_WRONG, f"{where}a {type(ours).__name__}, the oracle's a {type(theirs).__name__}")
        elif values:
            mine, other = np.asarray(ours), np.asarray(theirs)
            if not same_bits(mine, other):
                report.judged(judge_values(question, leaf, mine, other), mine, other, where)
    elif isinstance(theirs, (str, bytes)) and ours != theirs and values:
        report.add(Finding.TARGET_WRONG, f"{where}another text", ours, theirs)


def _pointed_alike(question: Question, mine: np.ndarray, other: np.ndarray) -> bool:
    """Whether indices that differ point at equal values: then both are right."""
    points = getattr(question.record, "points", None)
    if points is None or mine.dtype.kind not in "iu":
        return False
    from ..cases import values
    from ..cases.materialise import lay_out

    spec = question.case.tensors()[0]
    source = lay_out(values(spec), spec.layout)
    try:
        pair = points(question.case, source, mine), points(question.case, source, other)
    except (IndexError, ValueError):
        return False
    return bool(np.array_equal(pair[0], pair[1], equal_nan=source.dtype.kind in "fc"))
