"""Rates by the user's own function."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from ..optimizer import Optimizer
from .scheduler import LRScheduler, Rate, values_of

__all__ = ["LambdaLR", "MultiplicativeLR"]

Rule = Callable[[int], float]


class _ByRule(LRScheduler):
    """One function for all groups, or one each. State dicts hold the attributes of callable objects, not functions."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Rule | Sequence[Rule], last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        rules = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * groups
        if len(rules) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(rules)}")
        self.lr_lambdas = rules
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions; of callable objects their attributes."""
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "lr_lambdas")}
        state["lr_lambdas"] = [
            None if isinstance(rule, types.FunctionType) else rule.__dict__.copy() for rule in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for rule, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                rule.__dict__.update(attributes)


class LambdaLR(_ByRule):
    """The initial rate times ``lr_lambda(epoch)``.

    Example: ``LambdaLR(optimizer, lambda epoch: 0.95**epoch)``
    """

    def get_lr(self) -> list[Rate]:
        self._warn_outside_step()
        return [base * rule(self.last_epoch) for rule, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_ByRule):
    """The present rate times ``lr_lambda(epoch)``.

    Example: ``MultiplicativeLR(optimizer, lambda epoch: 0.95)``
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Rule | Sequence[Rule], last_epoch: int = -1) -> None:
        for rule in lr_lambda if isinstance(lr_lambda, list | tuple) else [lr_lambda]:
            if not callable(rule):
                raise TypeError(f"lr_lambda should be a function, but got {type(rule).__name__}")
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[Rate]:
        self._warn_outside_step()
        if self._is_initial:
            return values_of(self.optimizer, "lr")
        groups = self.optimizer.param_groups
        return [group["lr"] * rule(self.last_epoch) for rule, group in zip(self.lr_lambdas, groups, strict=True)]
