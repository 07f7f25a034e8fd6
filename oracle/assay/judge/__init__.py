"""Compares two answers, and decides who is off when they differ."""

from .compare import Difference, compare, flatten
from .gauge import leaves_of
from .ladder import Judgement, judge_values
from .outcome import MissingOp, Outcome, invoke, run
from .question import Question
from .verdict import Finding, Verdict

__all__ = [
    "Difference",
    "Finding",
    "Judgement",
    "MissingOp",
    "Outcome",
    "Question",
    "Verdict",
    "compare",
    "flatten",
    "invoke",
    "judge_values",
    "leaves_of",
    "run",
]
