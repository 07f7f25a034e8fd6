"""Calls an op and keeps what came of it: an answer or an error, and what it did to its arguments."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases import Arguments, Case, materialise
from ..targets import Target


class MissingOp(LookupError):
    """The target has no op of this name."""


@dataclass
class Outcome:
    """The answer or the error of one call, and the arguments it was given."""

    result: Any
    error: Exception | None
    arguments: Arguments
    before: list[np.ndarray]

    @property
    def error_class(self) -> str:
        """The class of the error, "" where the op answered."""
        return "" if self.error is None else type(self.error).__name__


def find(target: Target, name: str) -> Callable:
    """The target's callable of this name. MissingOp where it has none."""
    found = target.resolve(name)
    if found is None:
        raise MissingOp(name)
    return found


def invoke(target: Target, case: Case, arguments: Arguments) -> Any:
    """Call the op of ``case`` with ``arguments``, the generator seeded by the case's seed, warnings silenced."""
    function = find(target, case.op)
    target.manual_seed(case.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments.args, **arguments.kwargs)


def run(
    target: Target, case: Case, *, gradients: bool = False, call: Callable[[Target, Case, Arguments], Any] = invoke
) -> Outcome:
    """Materialise and call. Only what the op itself raises becomes part of the outcome; errors of the harness's own code pass through."""
    arguments = materialise(case, target, gradients=gradients)
    before = [target.to_numpy(tensor) for tensor in arguments.tensors]
    find(target, case.op)
    try:
        return Outcome(call(target, case, arguments), None, arguments, before)
    except Exception as error:
        return Outcome(None, error, arguments, before)
