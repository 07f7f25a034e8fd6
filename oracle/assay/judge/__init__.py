"""Compares two answers, and decides who is off when they differ."""

from .compare import Difference, compare, flatten
from .ladder import judge_values
from .outcome import MissingOp, Outcome, invoke, run
from .verdict import Finding, Verdict

__all__ = [
    "Difference",
    "Finding",
    "MissingOp",
    "Outcome",
    "Verdict",
    "compare",
    "flatten",
    "invoke",
    "judge_values",
    "run",
]
