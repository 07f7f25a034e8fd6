"""Whole numbers that differ: Python's integers, which do not overflow, say who is off where an op is number theory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..cases import TensorSpec, values
from ..cases.materialise import lay_out
from .compare import Difference
from .question import Question
from .verdict import Finding, Judgement

INTEGERS: dict[str, Callable[..., int]] = {"gcd": math.gcd, "lcm": math.lcm}
"""Op name -> its value for Python's integers."""


def judge_integers(question: Question, answer: np.ndarray, expected: np.ndarray, difference: Difference) -> Judgement:
    """Who is off. A number that the dtype cannot hold is unspecified: every framework wraps in its own way."""
    exact = INTEGERS.get(question.case.op)
    if exact is None or any(not isinstance(value, TensorSpec) for value in question.case.args):
        return Judgement(Finding.TARGET_WRONG, difference.what, (), difference.index)
    given = np.broadcast_arrays(*[lay_out(values(spec), spec.layout) for spec in question.case.args])
    limits = np.iinfo(expected.dtype)
    off = {"target": False, "oracle": False}
    evidence: tuple[str, ...] = ()
    for index in map(tuple, np.argwhere(answer != expected)):
        wanted = exact(*[int(array[index]) for array in given])
        if limits.min <= wanted <= limits.max:
            off["target"] |= int(answer[index]) != wanted
            off["oracle"] |= int(expected[index]) != wanted
            evidence = evidence or (f"arbiter  Python's integers: {wanted} at {[int(part) for part in index]}",)
    finding = {
        (True, True): Finding.BOTH_WRONG,
        (True, False): Finding.TARGET_WRONG,
        (False, True): Finding.ORACLE_WRONG,
        (False, False): Finding.UNSPECIFIED,
    }[off["target"], off["oracle"]]
    return Judgement(finding, difference.what, evidence, difference.index)
