"""The ladder: same bits; within the bound; and then who is off, by the best arbiter that there is.

Arbiters, the best first: mpmath (pointwise and special functions), extended precision (sums, products, normalisations), both frameworks in double precision where
they agree there (narrow dtypes), an identity of linear algebra. An answer that no arbiter settles is undecided, and is held against the target; one that lies nearer to
the truth than one rounding of the arguments moves it is ill-conditioned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..cases import Case
from ..catalogue.record import EXACT
from .bounds import bound
from .compare import compare, errors, inexact, same_bits, spacing, wide
from .condition import sensitivity
from .exact import Elements, distance, has_formula
from .extended import extended_answer, finite
from .identities import ROOM, residual
from .integers import judge_integers
from .question import Question
from .verdict import Finding, Judgement

ALLOWANCE = 4.0
"""A target may be this many times as far from the truth as the oracle is, where both have rounded."""

SUSPECTS = 4
"""Elements that an arbiter looks at: those furthest outside the bound."""

AGREEMENT = 0.05
"""Two answers in double precision agree when they differ by less than this part of the narrow bound."""

CONDITION_ROOM = 16.0
"""An error below this many times the sensitivity is the problem's, not the implementation's."""


@dataclass(frozen=True)
class Arbitration:
    """The errors of both answers at the suspects, by an arbiter; ``values`` are the arbiter's own."""

    arbiter: str
    target: list[float]
    oracle: list[float]
    values: list[str]


def judge_values(question: Question, leaf: int, answer: np.ndarray, expected: np.ndarray) -> Judgement | None:
    """None where the answer is right. ``leaf`` counts the tensors of the answer. Exact ops must also agree in the sign of zero."""
    if same_bits(answer, expected):
        return None
    allowed = bound(question, leaf, expected)
    difference = compare(answer, expected, allowed)
    if difference is None:
        if question.tolerance != EXACT or question.picks:
            return None
        return Judgement(Finding.TARGET_WRONG, "the sign of a zero differs")
    if not inexact(expected) and not question.random:
        return judge_integers(question, answer, expected, difference)
    if question.random:
        return Judgement(Finding.TARGET_WRONG, difference.what, (), difference.index)
    room = np.broadcast_to(np.where(np.isnan(allowed), 0.0, allowed), expected.shape)
    if _only_lost_complex(question, answer, expected, room):
        return Judgement(Finding.UNSPECIFIED, difference.what, (), difference.index)
    suspects = _suspects(answer, expected, room)
    for arbiter in ARBITERS:
        found = arbiter(question, leaf, answer, expected, suspects, room)
        if found is not None:
            return _decide(question, leaf, answer, expected, room, suspects, found, difference.what)
    if _beyond_conditioning(question, leaf, answer, expected, suspects):
        return Judgement(Finding.UNDECIDED, difference.what, ("arbiter  none knows this op",), difference.index)
    return Judgement(Finding.ILL_CONDITIONED, difference.what, (), difference.index)


def _only_lost_complex(question: Question, answer: np.ndarray, expected: np.ndarray, room: np.ndarray) -> bool:
    """Whether the answers differ only where both are complex numbers with a part that is infinite or NaN, or real numbers that come of such.

    Which part of a product, a quotient or a sum of such numbers becomes NaN depends on how it is factored; C's Annex G, which would say so, is optional, and
    neither framework follows it.
    """
    if expected.dtype.kind != "c" and not question.case.op.startswith("fft."):
        return False
    outside = errors(answer, expected) > room
    return not (np.isfinite(answer[outside]) | np.isfinite(expected[outside])).any()


def _suspects(answer: np.ndarray, expected: np.ndarray, room: np.ndarray) -> list[tuple[int, ...]]:
    apart = errors(answer, expected)
    with np.errstate(all="ignore"):
        excess = np.where(apart > room, apart / np.maximum(room, spacing(expected)), 0.0).reshape(-1)
    worst = [int(flat) for flat in np.argsort(excess)[::-1][:SUSPECTS] if excess[flat] > 0]
    return [tuple(int(part) for part in np.unravel_index(flat, expected.shape)) for flat in worst]


# -- the arbiters -----------------------------------------------------------------------------------------------------------------

Arbiter = Callable[
    [Question, int, np.ndarray, np.ndarray, list[tuple[int, ...]], np.ndarray],
    "Arbitration | None",
]


def _by_mpmath(question, leaf, answer, expected, suspects, room) -> Arbitration | None:
    if leaf or not has_formula(question.case):
        return None
    elements = Elements(question.case)
    if elements.shape != expected.shape:
        return None
    exact = [elements.value(index) for index in suspects]
    if any(value is None for value in exact):
        return None
    ours = [distance(answer[index], value) for index, value in zip(suspects, exact, strict=True)]
    theirs = [distance(expected[index], value) for index, value in zip(suspects, exact, strict=True)]
    return Arbitration("mpmath", ours, theirs, [_digits(value) for value in exact])


def _digits(value) -> str:
    import mpmath

    return mpmath.nstr(value, 20)


def _by_array(name: str, exact: np.ndarray, answer, expected, suspects) -> Arbitration | None:
    if exact.shape != expected.shape:
        return None
    with np.errstate(all="ignore"):
        ours = [_apart(answer[index], exact[index]) for index in suspects]
        theirs = [_apart(expected[index], exact[index]) for index in suspects]
    return Arbitration(name, ours, theirs, [str(exact[index]) for index in suspects])


def _apart(one, exact) -> float:
    narrow = np.asarray(one).reshape(1)
    truth = np.asarray(exact).reshape(1)
    rounded = truth.astype(narrow.dtype)
    if not np.isfinite(wide(rounded)).all():
        return float(errors(narrow, rounded)[0])
    extended = narrow.astype(np.clongdouble if narrow.dtype.kind == "c" else np.longdouble)
    apart = float(np.abs(extended - truth)[0])
    return apart if np.isfinite(apart) else float("inf")


def _by_extended_precision(question, leaf, answer, expected, suspects, room) -> Arbitration | None:
    if leaf:
        return None
    exact = extended_answer(question.case)
    if exact is None or exact.shape != expected.shape:
        return None
    if not finite(question.case) and not all(np.isfinite(exact[index]) for index in suspects):
        return None
    return _by_array("extended precision", exact, answer, expected, suspects)


def _by_double_precision(question, leaf, answer, expected, suspects, room) -> Arbitration | None:
    if not question.narrow(expected):
        return None
    ours, theirs = question.target_wide, question.oracle_wide
    if ours is None or theirs is None or max(len(ours), len(theirs)) <= leaf:
        return None
    if not (ours[leaf].shape == theirs[leaf].shape == expected.shape) or not inexact(theirs[leaf]):
        return None
    agreed = errors(ours[leaf], theirs[leaf])
    with np.errstate(all="ignore"):
        scale = np.maximum(room, spacing(expected))
        if any(agreed[index] > AGREEMENT * scale[index] for index in suspects):
            return None
    return _by_array("float64 of both", theirs[leaf], answer, expected, suspects)


def _by_identity(question, leaf, answer, expected, suspects, room) -> Arbitration | None:
    """The residuals of the whole answers, in units of what a backward stable algorithm may leave, stand for errors."""
    ours, theirs = _raw(question.target, question.case), _raw(question.oracle, question.case)
    if ours is None or theirs is None:
        return None
    residuals = residual(question.case, ours), residual(question.case, theirs)
    if residuals[0] is None or residuals[1] is None:
        return None
    scale = [float(room[index]) / ROOM or float(spacing(expected)[index]) / ROOM for index in suspects]
    return Arbitration(
        "residual of the defining identity",
        [residuals[0] * each for each in scale],
        [residuals[1] * each for each in scale],
        [f"residuals {residuals[0]:.3g} and {residuals[1]:.3g} n eps" for _ in suspects],
    )


def _raw(framework, case: Case) -> list[np.ndarray] | None:
    from .arbiter import answers, materialise

    return answers(framework, case, materialise(case, framework))


ARBITERS: tuple[Arbiter, ...] = (_by_mpmath, _by_extended_precision, _by_double_precision, _by_identity)


# -- the decision -----------------------------------------------------------------------------------------------------------------


def _decide(question, leaf, answer, expected, room, suspects, found: Arbitration, what: str) -> Judgement | None:
    units = spacing(expected)
    allowed = [max(float(room[index]), float(units[index])) for index in suspects]
    typical = _typical([error for error in found.oracle if np.isfinite(error)])
    ours = [
        error > max(limit, ALLOWANCE * (theirs if np.isfinite(theirs) else 0.0), ALLOWANCE * typical)
        for error, theirs, limit in zip(found.target, found.oracle, allowed, strict=True)
    ]
    theirs = [
        error > max(limit, ALLOWANCE * other if np.isfinite(other) else 0.0)
        for error, other, limit in zip(found.oracle, found.target, allowed, strict=True)
    ]
    beyond = [error > limit for error, limit in zip(found.target, allowed, strict=True)]
    if not any(ours) and not any(theirs) and not any(beyond):
        return None
    judged = ours if any(ours) else theirs if any(theirs) else beyond
    at = max(
        (k for k, off in enumerate(judged) if off), key=lambda k: max(found.target[k], found.oracle[k]) / allowed[k]
    )
    index = suspects[at]
    evidence = (
        f"arbiter  {found.arbiter}: {found.values[at]} at {list(index)}",
        f"errors   target {found.target[at] / float(units[index]):.3g} ulp, oracle {found.oracle[at] / float(units[index]):.3g} ulp; "
        f"bound {allowed[at] / float(units[index]):.3g} ulp",
    )
    if any(ours) or (any(beyond) and not any(theirs)):
        if not _beyond_conditioning(question, leaf, answer, expected, suspects):
            return Judgement(Finding.ILL_CONDITIONED, what, evidence, index)
        both = not any(theirs) and found.oracle[at] > allowed[at]
        if both and _formulas_agree(question, leaf, expected, suspects, found):
            return Judgement(Finding.BOTH_IMPRECISE, what, evidence, index)
        return Judgement(Finding.BOTH_WRONG if both else Finding.TARGET_WRONG, what, evidence, index)
    if not _beyond_conditioning(question, leaf, expected, answer, suspects):
        return Judgement(Finding.ILL_CONDITIONED, what, evidence, index)
    return Judgement(Finding.ORACLE_WRONG, what, evidence, index)


def _formulas_agree(question, leaf, expected, suspects, found: Arbitration) -> bool:
    """Whether the two agree in double precision far better than either is right in its own: they lose digits, and are not wrong."""
    ours, theirs = (question.target_wide, question.oracle_wide) if question.narrow(expected) else (None, None)
    if ours is None or theirs is None or not (ours[leaf].shape == theirs[leaf].shape == expected.shape):
        return False
    apart = errors(ours[leaf], theirs[leaf])
    return all(apart[index] <= 1e-3 * off for index, off in zip(suspects, found.target, strict=True))


def _beyond_conditioning(question, leaf, answer, expected, suspects) -> bool:
    """Whether the answers differ by more than the arguments' own rounding explains."""
    moved = sensitivity(question.oracle, question.case, leaf, expected, question.gauge)
    if moved is None:
        return True
    apart = errors(answer, expected)
    return any(not apart[index] <= CONDITION_ROOM * moved[index] for index in suspects)


def _typical(apart: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(apart)))) if apart else 0.0
