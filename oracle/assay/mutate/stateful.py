"""The faults of modules, optimizers and schedulers: subclasses of the target's own classes that do one thing wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .operators import floating, mapped, passed


@dataclass(frozen=True)
class StatefulOperator:
    """One kind of fault. ``faulty(target, class)`` makes the faulty class; ``family`` says of what."""

    name: str
    title: str
    family: str
    faulty: Callable[[Any, type], type]
    applies: Callable[[Any], bool] = lambda record: True


def forward_with(change: Callable[[Any, Any, Any], Any]) -> Callable[[Any, type], type]:
    """A module whose answers are ``change(T, module, tensor)``."""

    def faulty(T: Any, healthy: type) -> type:
        class Module(healthy):
            def forward(self, *args: Any, **kwargs: Any) -> Any:
                return mapped(T, super().forward(*args, **kwargs), lambda x: change(T, self, x))

        return named(Module, healthy)

    return faulty


def named(made: type, healthy: type) -> type:
    made.__name__, made.__qualname__, made.__module__ = healthy.__name__, healthy.__qualname__, healthy.__module__
    return made


def _scaled(T: Any, module: Any, x: Any) -> Any:
    return x * 1.0001 if floating(T, x) else x


def _in_training(T: Any, module: Any, x: Any) -> Any:
    return x * 1.01 if module.training is False and floating(T, x) else x


def _gradient(T: Any, module: Any, x: Any) -> Any:
    return passed(T, x, lambda grad: grad * 1.001, lambda moved: moved * 1) if floating(T, x) else x


def lost_entry(T: Any, healthy: type) -> type:
    """The last entry of the state is not saved."""

    class Module(healthy):
        def state_dict(self, *args: Any, **kwargs: Any) -> Any:
            found = super().state_dict(*args, **kwargs)
            if found:
                found.pop(list(found)[-1])
            return found

    return named(Module, healthy)


def other_initialisation(T: Any, healthy: type) -> type:
    """Parameters start elsewhere."""

    class Module(healthy):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            with T.no_grad():
                for parameter in self.parameters():
                    parameter.mul_(0.99)

    return named(Module, healthy)


def stepping(change: Callable[[Any, Any], None]) -> Callable[[Any, type], type]:
    """An optimizer or scheduler that does ``change(T, self)`` after each step."""

    def faulty(T: Any, healthy: type) -> type:
        class Stepper(healthy):
            def step(self, *args: Any, **kwargs: Any) -> Any:
                found = super().step(*args, **kwargs)
                change(T, self)
                return found

        return named(Stepper, healthy)

    return faulty


def _drift(T: Any, optimizer: Any) -> None:
    with T.no_grad():
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.mul_(1.00001)


def _forget(T: Any, optimizer: Any) -> None:
    """The state of the first parameter is lost after each step: momentum never builds up."""
    for group in optimizer.param_groups[:1]:
        for parameter in group["params"][:1]:
            optimizer.state.pop(parameter, None)


def _first_group(T: Any, scheduler: Any) -> None:
    optimizer = getattr(scheduler, "optimizer", None)
    if optimizer is not None and len(optimizer.param_groups) > 1:
        optimizer.param_groups[1]["lr"] = optimizer.param_groups[0]["lr"]


def _rate_off(T: Any, scheduler: Any) -> None:
    optimizer = getattr(scheduler, "optimizer", None)
    for group in optimizer.param_groups if optimizer is not None else ():
        group["lr"] = group["lr"] * (1 + 1e-9)


def has_state(record: Any) -> bool:
    """Whether such a module has parameters or buffers, as the oracle has it."""
    from ..cases import materialise
    from ..cases.source import RandomSource
    from ..catalogue.drawing import one_case
    from ..targets import load

    oracle = load("torch")
    case = one_case(record, record.dtypes[0], RandomSource(0))
    arguments = materialise(case, oracle)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some modules are deprecated
        return bool(oracle.construct(record.name, arguments.args, arguments.kwargs).state_dict())


def callable_(record: Any) -> bool:
    return record.backward


STATEFUL: tuple[StatefulOperator, ...] = (
    StatefulOperator(
        "module off 1e-4", "a module's answers are off by 1e-4", "modules", forward_with(_scaled), callable_
    ),
    StatefulOperator(
        "eval is off", "a module is off in eval mode alone", "modules", forward_with(_in_training), callable_
    ),
    StatefulOperator(
        "module's gradient",
        "the gradient through a module is off by 1e-3",
        "modules",
        forward_with(_gradient),
        callable_,
    ),
    StatefulOperator("lost state", "an entry of the state is not saved", "modules", lost_entry, has_state),
    StatefulOperator("initial values", "parameters start elsewhere", "modules", other_initialisation, has_state),
    StatefulOperator("drift", "parameters drift by 1e-5 at each step", "optimizers", stepping(_drift)),
    StatefulOperator("forgotten momentum", "state is lost after each step", "optimizers", stepping(_forget)),
    StatefulOperator("one rate for all", "groups share a rate", "schedulers", stepping(_first_group)),
    StatefulOperator("rate off 1e-9", "rates are off by 1e-9", "schedulers", stepping(_rate_off)),
)
"""What modules without parameters cannot have, they are not given."""
