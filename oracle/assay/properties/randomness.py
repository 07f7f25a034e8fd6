"""Property 8: a seed gives the oracle's very numbers, and leaves the generator where the oracle's is; where the stream is not promised (``Op.distribution``) the numbers follow the
oracle's law.

The law is compared by a two-sample Kolmogorov-Smirnov test of many draws. One check looks at one case, so its level is ``LEVEL`` twice over: a first sample that looks
unlikely is drawn again from other seeds, and only two unlikely samples in a row are reported (LEVEL**2 = 1e-8 a case).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cases import Case
from ..catalogue.record import Op
from ..judge import Finding, Question, Verdict, flatten, run
from ..judge.compare import same_bits
from ..targets import Target
from .property import Property
from .report import Report, compare_answers, same_error

LEVEL = 1e-4
DRAWS = 40
"""Calls with seeds of their own that make up one sample."""


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("randomness", case, target, oracle)
    answer, after = _run(target, case)
    expected, expected_after = _run(oracle, case)
    if not same_error(report, answer, expected):
        return report.verdicts
    question = Question(op, case, target, oracle)
    if op.distribution is not None:
        compare_answers(report, question, answer.result, expected.result, values=False)
        if not report.verdicts:
            _same_law(report, case)
        return report.verdicts
    compare_answers(report, question, answer.result, expected.result, values=not op.uninitialised)
    if (
        not report.verdicts
        and after is not None
        and expected_after is not None
        and not same_bits(after, expected_after)
    ):
        report.add(Finding.TARGET_WRONG, "leaves the generator elsewhere than the oracle does", after, expected_after)
    return report.verdicts


def _run(framework: Target, case: Case):
    """The outcome, and what the generator gives next."""
    outcome = run(framework, case)
    if outcome.error is not None:
        return outcome, None
    return outcome, framework.to_numpy(framework.namespace.rand(4))


def _same_law(report: Report, case: Case) -> None:
    for attempt in range(2):
        ours, theirs = _sample(report.target, case, attempt), _sample(report.oracle, case, attempt + 2)
        if ours is None or theirs is None or not ours.size:
            return
        level = ks_level(ours, theirs)
        if level >= LEVEL:
            return
    report.add(
        Finding.TARGET_WRONG,
        f"the numbers follow another law (Kolmogorov-Smirnov: p = {level:.1g} twice)",
        ours,
        theirs,
    )


def _sample(framework: Target, case: Case, block: int) -> np.ndarray | None:
    found = []
    for draw in range(DRAWS):
        outcome = run(framework, replace(case, seed=case.seed + 1 + DRAWS * block + draw))
        if outcome.error is not None:
            return None
        leaf = flatten(framework, outcome.result)[0][0]
        found.append(framework.to_numpy(leaf).reshape(-1).astype(np.float64))
    return np.concatenate(found)


def ks_level(one: np.ndarray, other: np.ndarray) -> float:
    """The probability of a distance like this between two samples of one law: asymptotic, and conservative for laws with atoms."""
    grid = np.concatenate([one, other])
    first = np.searchsorted(np.sort(one), grid, side="right") / one.size
    second = np.searchsorted(np.sort(other), grid, side="right") / other.size
    size = one.size * other.size / (one.size + other.size)
    distance = float(np.max(np.abs(first - second))) * np.sqrt(size)
    terms = [2 * (-1) ** (k - 1) * np.exp(-2 * (k * distance) ** 2) for k in range(1, 40)]
    return float(min(max(sum(terms), 0.0), 1.0)) if distance > 0.2 else 1.0


PROPERTY = Property(
    name="randomness",
    title="the oracle's random stream and generator state, or its law",
    applies=lambda record: isinstance(record, Op) and record.random,
    check=check,
    groups=lambda op: op.groups,
)
