"""Random programs: a hypothesis state machine that keeps a pool of tensors, views, parameters and optimizers on both sides in lock step.

After every step everything in the pool is compared, so that a failing program shrinks to the first step that diverges; ``Sides.log`` is the program, ready to be run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ..targets import Target
from .pair import Pair, Sides

SHAPES = ((), (3,), (2, 3), (2, 2), (1, 3))
POOL = 10
"""Tensors kept; the oldest is forgotten."""

UNARY = (
    "sin",
    "exp",
    "tanh",
    "abs",
    "neg",
    "sigmoid",
    "relu",
    "clone",
    "detach",
    "sum",
    "t",
    "flatten",
    "square",
    "cumsum",
)
BINARY = ("add", "sub", "mul", "maximum", "where")
IN_PLACE = ("mul_", "add_", "copy_", "zero_", "neg_", "relu_", "clamp_")
VIEWS = ("transpose", "reshape", "select", "narrow", "unsqueeze", "expand", "slice")
OPTIMIZERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "amsgrad": True}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ("Adagrad", {"lr": 0.1}),
)

seeds = st.integers(0, 2**16)
places = st.integers(0, POOL - 1)


class Programs(RuleBasedStateMachine):
    """The machine; a subclass sets ``target`` and ``oracle``."""

    target: Target
    oracle: Target

    def __init__(self) -> None:
        super().__init__()
        self.sides = Sides(self.target, self.oracle)
        self.pool: list[Pair] = []
        self.parameters: list[Pair] = []
        self.optimizers: list[tuple[Pair, list[Pair]]] = []
        self.sides.do("T.manual_seed(0)", lambda T, of: T.manual_seed(0) and None, assign=False)

    def keep(self, pair: Pair | None) -> None:
        if pair is not None and self.target.is_tensor(pair.target):
            self.pool = [*self.pool, pair][-POOL:]

    def pick(self, place: int) -> Pair:
        assume(self.pool)
        return self.pool[place % len(self.pool)]

    # -- making -----------------------------------------------------------------------------------------------------------------------

    @rule(seed=seeds, shape=st.sampled_from(SHAPES), grad=st.booleans())
    def make(self, seed: int, shape: tuple[int, ...], grad: bool) -> None:
        array = np.random.default_rng(seed).integers(-8, 9, shape) / 4.0
        self.keep(self.sides.tensor(np.asarray(array, np.float64), requires_grad=grad))

    @rule(seed=seeds, shape=st.sampled_from(SHAPES[1:]))
    def parameter(self, seed: int, shape: tuple[int, ...]) -> None:
        array = np.asarray(np.random.default_rng(seed).integers(-8, 9, shape) / 4.0)
        plain = self.sides.tensor(array)
        made = self.sides.do(f"T.nn.Parameter({plain.name})", lambda T, of: T.nn.Parameter(of(plain)))
        if made is not None:
            self.parameters = [*self.parameters, made][-4:]
            self.keep(made)

    @rule(seed=seeds, name=st.sampled_from(("rand", "randn")))
    def random(self, seed: int, name: str) -> None:
        def step(T: Any, of: Any) -> Any:
            T.manual_seed(seed)
            return getattr(T, name)(2, 3, dtype=T.float64)

        self.keep(self.sides.do(f"(T.manual_seed({seed}), T.{name}(2, 3, dtype=T.float64))[1]", step))

    # -- computing ---------------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.pool)
    @rule(place=places, name=st.sampled_from(UNARY), grad=st.booleans())
    def unary(self, place: int, name: str, grad: bool) -> None:
        x = self.pick(place)
        extra = (0,) if name == "cumsum" else ()
        if name == "exp":
            assume(float(np.max(np.abs(self.oracle.to_numpy(x.oracle.detach())), initial=0.0)) < 20)
        call = f"{x.name}.{name}({', '.join(map(str, extra))})"
        if grad:
            self.keep(self.sides.do(call, lambda T, of: getattr(of(x), name)(*extra)))
            return

        def without(T: Any, of: Any) -> Any:
            with T.no_grad():
                return getattr(of(x), name)(*extra)

        self.keep(self.sides.do(f"no_grad: {call}", without))

    @precondition(lambda self: self.pool)
    @rule(left=places, right=places, name=st.sampled_from(BINARY))
    def binary(self, left: int, right: int, name: str) -> None:
        x, y = self.pick(left), self.pick(right)
        if name == "where":
            self.keep(
                self.sides.do(
                    f"T.where({x.name} > 0, {x.name}, {y.name})", lambda T, of: T.where(of(x) > 0, of(x), of(y))
                )
            )
        else:
            self.keep(self.sides.do(f"T.{name}({x.name}, {y.name})", lambda T, of: getattr(T, name)(of(x), of(y))))
        self._bounded()

    def _bounded(self) -> None:
        """Numbers stay of a size at which rounding is not all there is."""
        if self.pool:
            newest = self.oracle.to_numpy(self.pool[-1].oracle.detach())
            assume(not newest.size or float(np.max(np.abs(newest))) < 1e6)

    @precondition(lambda self: self.pool)
    @rule(place=places, name=st.sampled_from(VIEWS))
    def view(self, place: int, name: str) -> None:
        x = self.pick(place)
        calls: dict[str, tuple] = {
            "transpose": (0, -1),
            "reshape": (-1,),
            "select": (0, 0),
            "narrow": (-1, 0, 1),
            "unsqueeze": (0,),
            "expand": (2, *x.oracle.shape),
        }
        if name == "slice":
            self.keep(self.sides.do(f"{x.name}[::2]", lambda T, of: of(x)[::2]))
        else:
            args = calls[name]
            self.keep(self.sides.do(f"{x.name}.{name}{args}", lambda T, of: getattr(of(x), name)(*args)))

    @precondition(lambda self: self.pool)
    @rule(place=places, other=places, name=st.sampled_from(IN_PLACE), grad=st.booleans())
    def in_place(self, place: int, other: int, name: str, grad: bool) -> None:
        x, y = self.pick(place), self.pick(other)
        arguments: dict[str, Any] = {"mul_": (0.5,), "clamp_": (-1.0, 1.0)}

        def step(T: Any, of: Any) -> None:
            args = (of(y),) if name in ("add_", "copy_") else arguments.get(name, ())
            if grad:
                getattr(of(x), name)(*args)
            else:
                with T.no_grad():
                    getattr(of(x), name)(*args)

        shown = y.name if name in ("add_", "copy_") else ", ".join(map(str, arguments.get(name, ())))
        self.sides.do(f"{'' if grad else 'no_grad: '}{x.name}.{name}({shown})", step, assign=False)

    # -- differentiating ---------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.pool)
    @rule(place=places, retain=st.booleans())
    def backward(self, place: int, retain: bool) -> None:
        x = self.pick(place)
        text = f"{x.name}.sum().backward(retain_graph={retain})"
        self.sides.do(text, lambda T, of: of(x).sum().backward(retain_graph=retain), assign=False)

    @precondition(lambda self: self.pool)
    @rule(place=places, wrt=places)
    def gradient(self, place: int, wrt: int) -> None:
        y, x = self.pick(place), self.pick(wrt)

        def step(T: Any, of: Any) -> Any:
            return T.autograd.grad(of(y).sum(), of(x), create_graph=True, allow_unused=True)[0]

        self.keep(
            self.sides.do(f"T.autograd.grad({y.name}.sum(), {x.name}, create_graph=True, allow_unused=True)[0]", step)
        )

    @precondition(lambda self: self.pool)
    @rule(place=places)
    def hook(self, place: int) -> None:
        x = self.pick(place)
        self.sides.do(
            f"{x.name}.register_hook(lambda g: g * 2)",
            lambda T, of: of(x).register_hook(lambda g: g * 2) and None,
            assign=False,
        )

    @precondition(lambda self: self.pool)
    @rule(place=places, value=st.booleans())
    def requires_grad(self, place: int, value: bool) -> None:
        x = self.pick(place)
        self.sides.do(
            f"{x.name}.requires_grad_({value})", lambda T, of: of(x).requires_grad_(value) and None, assign=False
        )

    # -- optimizing --------------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.parameters)
    @rule(which=st.sampled_from(OPTIMIZERS))
    def optimizer(self, which: tuple[str, dict[str, Any]]) -> None:
        name, settings = which
        held = list(self.parameters)
        shown = ", ".join(each.name for each in held)
        text = f"T.optim.{name}([{shown}], **{settings})"
        made = self.sides.do(text, lambda T, of: getattr(T.optim, name)([of(each) for each in held], **settings))
        if made is not None:
            self.optimizers = [*self.optimizers, (made, held)][-2:]

    @precondition(lambda self: self.optimizers)
    @rule(which=st.integers(0, 1), to_none=st.booleans())
    def train(self, which: int, to_none: bool) -> None:
        optimizer, held = self.optimizers[which % len(self.optimizers)]

        def step(T: Any, of: Any) -> None:
            of(optimizer).zero_grad(set_to_none=to_none)
            sum((T.sin(2 * of(each)) + of(each) ** 2).sum() for each in held).backward()  # type: ignore[union-attr]
            of(optimizer).step()

        shown = " + ".join(f"(T.sin(2 * {each.name}) + {each.name}**2).sum()" for each in held)
        text = f"{optimizer.name}.zero_grad(set_to_none={to_none}); ({shown}).backward(); {optimizer.name}.step()"
        self.sides.do(text, step, assign=False)

    @precondition(lambda self: self.optimizers)
    @rule(which=st.integers(0, 1))
    def reload(self, which: int) -> None:
        optimizer, _ = self.optimizers[which % len(self.optimizers)]
        text = f"{optimizer.name}.load_state_dict({optimizer.name}.state_dict())"
        self.sides.do(text, lambda T, of: of(optimizer).load_state_dict(of(optimizer).state_dict()), assign=False)

    # -- looking -----------------------------------------------------------------------------------------------------------------------

    @invariant()
    def alike(self) -> None:
        for pair in [*self.pool, *self.parameters]:
            self.sides.same(pair)


def machine(target: Target, oracle: Target) -> type[Programs]:
    """The machine for two frameworks."""
    return type("Programs", (Programs,), {"target": target, "oracle": oracle})
