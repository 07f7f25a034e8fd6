"""Two frameworks in lock step: everything is done on both sides, and whatever can be seen must look the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from ..judge.compare import eps, errors, inexact, same_bits
from ..targets import Target

ROOM = 64.0
"""Units of eps of the largest element that a value may be off: programs are short, and each step rounds."""


LOOKS: dict[str, Callable[[Target, Any], Any]] = {
    "dtype": lambda side, tensor: side.dtype_name(tensor.dtype),
    "shape": lambda side, tensor: tuple(tensor.shape),
    "requires_grad": lambda side, tensor: bool(tensor.requires_grad),
    "is_leaf": lambda side, tensor: bool(tensor.is_leaf),
    "version": lambda side, tensor: tensor._version,
}
"""What can be seen of a tensor beside its numbers."""


class Divergence(AssertionError):
    """The two sides differ."""


@dataclass
class Pair:
    """One value on both sides, with the expression that made it."""

    target: Any
    oracle: Any
    name: str


class Sides:
    """A target and an oracle. Every step is written to ``log``, which reads as a program."""

    def __init__(self, target: Target, oracle: Target):
        self.target, self.oracle = target, oracle
        self.log: list[str] = []
        self._count = 0

    def tensor(self, array: np.ndarray, *, requires_grad: bool = False) -> Pair:
        """A tensor with these numbers on both sides."""
        ours, theirs = self.target.from_numpy(array.copy()), self.oracle.from_numpy(array.copy())
        if requires_grad:
            ours, theirs = self.target.require_grad(ours), self.oracle.require_grad(theirs)
        name = self._name()
        grad = ", requires_grad=True" if requires_grad else ""
        self.log.append(f"{name} = T.tensor({array.tolist()}, dtype=T.{array.dtype}{grad})")
        return Pair(ours, theirs, name)

    def do(self, text: str, step: Callable[[Any, Callable[[Pair], Any]], Any], *, assign: bool = True) -> Pair | None:
        """Take one step on both sides: ``step(T, of)``, where ``of(pair)`` is the side's value. None where both raise alike.

        Divergence where one side raises, or both raise but not alike.
        """
        name = self._name() if assign else ""
        self.log.append(f"{name} = {text}" if assign else text)
        found: list[Any] = []
        raised: list[Exception | None] = []
        for side, attribute in ((self.target, "target"), (self.oracle, "oracle")):
            try:
                found.append(step(side.namespace, attrgetter(attribute)))
                raised.append(None)
            except Exception as error:
                found.append(None)
                raised.append(error)
        if any(raised):
            self._same_error(raised[0], raised[1])
            self.log[-1] += f"  # raises {type(raised[1]).__name__}"
            return None
        pair = Pair(found[0], found[1], name)
        if self.target.is_tensor(found[0]) or self.oracle.is_tensor(found[1]):
            self.same(pair)
        return pair

    def _same_error(self, ours: Exception | None, theirs: Exception | None) -> None:
        if ours is None or theirs is None or not any(c.__name__ == type(theirs).__name__ for c in type(ours).__mro__):
            self.fail(f"{self.target.name}: {ours!r}; {self.oracle.name}: {theirs!r}")

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def fail(self, what: str) -> None:
        """Raise the divergence with the program so far."""
        program = "\n".join(f"    {line}" for line in self.log)
        raise Divergence(f"{what}\nafter\n{program}")

    def same(self, pair: Pair) -> None:
        """Value, shape, dtype, strides, history and version of a tensor are alike."""
        ours, theirs = pair.target, pair.oracle
        for what, look in LOOKS.items():
            one, other = _seen(look, self.target, ours), _seen(look, self.oracle, theirs)
            if one != other:
                self.fail(f"{pair.name}: {what} {one} on {self.target.name}, {other} on {self.oracle.name}")
        self.same_values(pair.name, self.target.to_numpy(ours.detach()), self.oracle.to_numpy(theirs.detach()))
        self._same_gradient(pair)

    def _same_gradient(self, pair: Pair) -> None:
        if not (pair.oracle.requires_grad and _seen(LOOKS["is_leaf"], self.oracle, pair.oracle) is True):
            return
        ours, theirs = pair.target.grad, pair.oracle.grad
        if (ours is None) != (theirs is None):
            self.fail(f"{pair.name}.grad is None on one side only")
        if ours is not None:
            self.same_values(
                f"{pair.name}.grad", self.target.to_numpy(ours.detach()), self.oracle.to_numpy(theirs.detach())
            )

    def same_values(self, name: str, mine: np.ndarray, other: np.ndarray) -> None:
        """The numbers agree up to rounding."""
        if same_bits(mine, other):
            return
        if mine.shape != other.shape or mine.dtype != other.dtype:
            self.fail(f"{name}: {mine.dtype}{list(mine.shape)} against {other.dtype}{list(other.shape)}")
        apart = errors(mine, other)
        finite = np.abs(other[np.isfinite(other)]) if inexact(other) else np.zeros(0)
        room = ROOM * eps(other.dtype) * max(float(finite.max(initial=0.0)), 1.0) if inexact(other) else 0.0
        if (apart > room).any():
            self.fail(f"{name}: {self.target.name} has {mine.tolist()}, {self.oracle.name} has {other.tolist()}")


def _seen(look: Callable[[Target, Any], Any], side: Target, tensor: Any) -> Any:
    """What one sees; the class of the error where looking raises (a stale view has no history to tell)."""
    try:
        return look(side, tensor)
    except Exception as error:
        return type(error).__name__
