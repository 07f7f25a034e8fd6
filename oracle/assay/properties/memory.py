"""Where an answer lies: what it shares memory with, its strides, its device, the names of its fields.

Strides are part of the documented behaviour in two places, and are compared there: a view has its oracle's strides, and an answer of contiguous tensors is contiguous where the oracle's is.
"""

from __future__ import annotations

from typing import Any

from ..cases.case import leaves
from ..judge import Finding, Outcome, flatten
from ..targets import Target
from .report import Report

HOST = ("cpu", "cuda", "meta")
"""Arguments that say where an answer is to lie."""


def compare_memory(report: Report, answer: Outcome, expected: Outcome) -> None:
    """Report what differs in sharing, strides, devices and field names of two answers of one structure."""
    target, oracle = report.target, report.oracle
    names = fields(answer.result), fields(expected.result)
    if names[0] != names[1]:
        report.add(Finding.TARGET_WRONG, f"its fields are {list(names[0])}, the oracle's {list(names[1])}")
    ours, theirs = Placed(target, answer), Placed(oracle, expected)
    if ours.sharing != theirs.sharing:
        more = "shares memory" if len(ours.sharing) > len(theirs.sharing) else "shares no memory"
        pairs = ", ".join(sorted(ours.sharing ^ theirs.sharing)[:4])
        report.add(Finding.TARGET_WRONG, f"{more} where the oracle does otherwise: {pairs}")
        return
    if len(ours.leaves) != len(theirs.leaves):
        return
    plain = theirs.arguments_contiguous() and ours.arguments_contiguous()
    for leaf, (mine, other) in enumerate(zip(ours.leaves, theirs.leaves, strict=True)):
        if not (target.is_tensor(mine) and oracle.is_tensor(other)) or tuple(mine.shape) != tuple(other.shape):
            continue
        strides = told(target, mine), told(oracle, other)
        if None not in strides and strides[0] != strides[1]:
            if leaf in theirs.views:
                what = f"a view with strides {strides[0]}, the oracle's {strides[1]} (of dimensions longer than 1)"
                report.add(Finding.TARGET_WRONG, what)
            elif plain and contiguous(oracle, other):
                what = f"not contiguous, the oracle's answer is: strides {strides[0]} (of dimensions longer than 1)"
                report.add(Finding.TARGET_WRONG, what)
        if theirs.at_home(leaf) and not ours.at_home(leaf) and not _moves(report):
            report.add(Finding.TARGET_WRONG, f"on {target.device(mine)}, its arguments are on {ours.home}")


class Placed:
    """An answer's leaves and arguments in memory."""

    def __init__(self, framework: Target, outcome: Outcome):
        self.framework = framework
        self.leaves, _ = flatten(framework, outcome.result)
        self.arguments = outcome.arguments.tensors
        self.home = framework.device(self.arguments[0]) if self.arguments else None
        stores = [framework.storage(leaf) if framework.is_tensor(leaf) else None for leaf in self.leaves]
        given = [framework.storage(tensor) for tensor in self.arguments]
        self.sharing = {
            f"leaf {leaf} with {side} {place}"
            for leaf, one in enumerate(stores)
            for side, others in (("argument", given), ("leaf", stores[:leaf]))
            for place, other in enumerate(others)
            if one is not None and one == other
        }
        self.views = {leaf for leaf, one in enumerate(stores) if one is not None and one in given}

    def arguments_contiguous(self) -> bool:
        """Whether every tensor that was given lies contiguous."""
        return all(contiguous(self.framework, tensor) for tensor in self.arguments)

    def at_home(self, leaf: int) -> bool:
        """Whether a leaf lies on the device of the arguments."""
        return self.home is None or self.framework.device(self.leaves[leaf]) == self.home


def fields(answer: Any) -> tuple[str, ...]:
    """The names of a named tuple's fields; () for anything else."""
    return tuple(getattr(type(answer), "__match_args__", ())) if isinstance(answer, tuple) else ()


def told(framework: Target, tensor: Any) -> tuple[int, ...] | None:
    """The strides that mean something: of dimensions longer than 1. None where the framework has none, or the tensor no elements."""
    strides = framework.strides(tensor)
    if strides is None or 0 in tuple(tensor.shape):
        return None
    return tuple(stride for stride, length in zip(strides, tensor.shape, strict=True) if length > 1)


def contiguous(framework: Target, tensor: Any) -> bool:
    """Whether a tensor's elements lie one after the other, the last index running fastest."""
    strides = told(framework, tensor)
    if strides is None:
        return True
    wanted, step = [], 1
    for length in reversed([int(length) for length in tensor.shape if length > 1]):
        wanted.append(step)
        step *= length
    return strides == tuple(reversed(wanted))


def _moves(report: Report) -> bool:
    """Whether the case itself says where the answer is to lie."""
    case = report.case
    return case.op in HOST or any(leaf in HOST for leaf in leaves((case.args, case.kwargs)) if isinstance(leaf, str))
