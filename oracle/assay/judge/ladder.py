"""The ladder: same bits; within the bound; else the oracle in double precision says who is off."""

from __future__ import annotations

import numpy as np

from ..cases import Case
from ..catalogue.record import EXACT, Tolerance
from ..targets import Target
from .arbiter import WIDER, wide_answer
from .bounds import bound
from .compare import compare, eps, errors, inexact, same_bits, wide
from .verdict import Finding

ALLOWANCE = 4.0
"""A target may be this many times as far from the arbiter as the oracle is, where both have rounded."""


def judge_values(
    tolerance: Tolerance,
    case: Case,
    oracle: Target,
    leaf: int,
    answer: np.ndarray,
    expected: np.ndarray,
    *,
    random: bool = False,
) -> tuple[Finding, str, tuple[str, ...]] | None:
    """None where the answer is right; else finding, sentence and evidence.

    ``leaf`` counts the tensors of the answer, ``random`` says that no arbiter can repeat the draw. Exact ops must also agree in the sign of zero.
    """
    if same_bits(answer, expected):
        return None
    allowed = bound(tolerance, case, oracle, leaf, expected)
    difference = compare(answer, expected, allowed)
    if difference is None:
        if tolerance != EXACT:
            return None
        return Finding.TARGET_WRONG, "the sign of a zero differs", ()
    narrow = inexact(expected) and expected.dtype.name in WIDER
    exact = wide_answer(oracle, case) if narrow and not random and tolerance != EXACT else None
    if exact is None or exact[leaf].shape != expected.shape or not inexact(exact[leaf]):
        finding = Finding.UNDECIDED if inexact(expected) and tolerance != EXACT else Finding.TARGET_WRONG
        return finding, difference.what, ()
    return _arbitrate(answer, expected, exact[leaf], np.asarray(allowed), difference.what)


def _arbitrate(
    answer: np.ndarray, expected: np.ndarray, exact: np.ndarray, allowed: np.ndarray, what: str
) -> tuple[Finding, str, tuple[str, ...]] | None:
    with np.errstate(all="ignore"):
        rounded = exact.astype(expected.dtype)
    ours, theirs = errors(answer, rounded), errors(expected, rounded)
    finite = np.where(np.isfinite(theirs), theirs, 0.0)
    room = np.broadcast_to(np.where(np.isnan(allowed), 0.0, allowed), ours.shape)
    if (ours <= np.maximum(room, ALLOWANCE * np.maximum(finite, _typical(finite)))).all():
        return None
    worst = tuple(int(part) for part in np.unravel_index(int(np.argmax(np.where(ours > room, ours, -1.0))), ours.shape))
    unit = eps(expected.dtype) * max(float(np.abs(wide(rounded))[worst]), float(np.finfo(np.float64).tiny))
    evidence = (
        f"arbiter  {exact[worst]!r} (float64) at {list(worst)}; target off by {ours[worst] / unit:.3g} eps, oracle by {theirs[worst] / unit:.3g} eps",
    )
    if (ours <= room).all():
        return Finding.ORACLE_WRONG, what, evidence
    oracle_right = (theirs <= room)[worst]
    return (Finding.TARGET_WRONG if oracle_right else Finding.BOTH_WRONG), what, evidence


def _typical(apart: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(apart)))) if apart.size else 0.0
