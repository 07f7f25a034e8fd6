"""Optimizers: every option, alone and together, over parameters of several shapes and in one group or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cases import Case, TensorSpec
from .drawing import Drawing
from .errors import Bad, instead, no_tensor, unknown_keyword
from .record import OptimizerRecord, Tolerance, collection

OPTIMIZERS, optimizer = collection(OptimizerRecord)

STEPS = 8
SHAPES = ((3,), (2, 3), (), (4, 1, 2), (1,))
SMALL = 0.125
"""A rate, chosen so that its multiples are exact."""

Option = Callable[[Drawing], Any]


def one_of(*values: Any) -> Option:
    return lambda d: d.choice(*values)


def switch(d: Drawing) -> bool:
    return d.flag()


RATE = one_of(1e-2, SMALL, 1e-3)
DECAY = one_of(0.0, 0.1, 0.01)
EPS = one_of(1e-8, 1e-3)
BETAS = one_of((0.9, 0.999), (0.5, 0.75), (0.0, 0.9))
PLAIN: dict[str, Option] = {"lr": RATE, "weight_decay": DECAY, "maximize": switch, "foreach": one_of(None, False, True)}
"""Options of nearly every optimizer."""

OPTIONS: dict[str, dict[str, Option]] = {
    "ASGD": PLAIN | {"lambd": one_of(1e-4, 1e-2), "alpha": one_of(0.75, 0.5), "t0": one_of(1e6, 2.0)},
    "Adadelta": PLAIN | {"lr": one_of(1.0, 0.5), "rho": one_of(0.9, 0.5), "eps": one_of(1e-6, 1e-3)},
    "Adafactor": PLAIN
    | {"beta2_decay": one_of(-0.8, -0.5), "eps": one_of((None, 1e-3), (1e-6, 1e-2)), "d": one_of(1.0, 2.0)},
    "Adagrad": PLAIN | {"lr_decay": one_of(0.0, 0.1), "initial_accumulator_value": one_of(0.0, 0.5), "eps": EPS},
    "Adam": PLAIN | {"betas": BETAS, "eps": EPS, "amsgrad": switch, "decoupled_weight_decay": switch},
    "AdamW": PLAIN | {"betas": BETAS, "eps": EPS, "amsgrad": switch},
    "Adamax": PLAIN | {"betas": BETAS, "eps": EPS},
    "NAdam": PLAIN
    | {"betas": BETAS, "eps": EPS, "momentum_decay": one_of(4e-3, 0.1), "decoupled_weight_decay": switch},
    "RAdam": PLAIN | {"betas": BETAS, "eps": EPS, "decoupled_weight_decay": switch},
    "RMSprop": PLAIN | {"alpha": one_of(0.99, 0.5), "eps": EPS, "momentum": one_of(0.0, 0.9), "centered": switch},
    "Rprop": {name: make for name, make in PLAIN.items() if name != "weight_decay"}
    | {"etas": one_of((0.5, 1.2), (0.25, 2.0)), "step_sizes": one_of((1e-6, 50), (1e-3, 0.25))},
}
"""Optimizer -> its options beside the parameters."""

NEGATIVE: tuple[Bad, ...] = (unknown_keyword, instead(99, "lr", -1.0))
"""What every optimizer refuses."""


def parameters(d: Drawing) -> tuple[TensorSpec, ...]:
    """One to three parameters, of one group or (by the seed of the case) of two."""
    return tuple(parameter(d, d.choice(*SHAPES)) for _ in range(d.integer(1, 3)))


def parameter(d: Drawing, shape: tuple[int, ...]) -> TensorSpec:
    return d.tensor(shape, ("uniform", -1.5, 1.5), layout="contiguous")


def by_options(options: dict[str, Option]) -> Callable[[Drawing], Case]:
    def draw(d: Drawing) -> Case:
        given = d.keywords(**{name: (lambda make=make: make(d)) for name, make in options.items()})
        return d.stateful(inputs=parameters(d), steps=d.integer(1, STEPS), **given)

    return draw


BOUNDS: dict[str, tuple[Bad, ...]] = {
    "Adadelta": (instead(99, "rho", 1.5, -0.5),),
    "Adagrad": (instead(99, "lr_decay", -1.0), instead(99, "initial_accumulator_value", -1.0)),
    "Adam": (instead(99, "betas", (1.0, 0.9), (0.9, -0.1)), instead(99, "eps", -1.0)),
    "AdamW": (instead(99, "betas", (1.0, 0.9), (0.9, -0.1)), instead(99, "weight_decay", -1.0)),
    "Adamax": (instead(99, "betas", (1.0, 0.9)),),
    "NAdam": (instead(99, "betas", (1.0, 0.9)), instead(99, "momentum_decay", -1.0)),
    "RAdam": (instead(99, "betas", (1.0, 0.9)),),
    "RMSprop": (instead(99, "momentum", -1.0), instead(99, "alpha", -1.0)),
    "Rprop": (instead(99, "etas", (1.5, 1.2), (0.5, 0.5)),),
    "Adafactor": (instead(99, "d", 0.5), instead(99, "beta2_decay", 0.5)),
}
"""Optimizer -> hyperparameters that it refuses, beside those that all refuse."""

for name, options in OPTIONS.items():
    optimizer(f"optim.{name}", bad=(*NEGATIVE, *BOUNDS.get(name, ())))(by_options(options))


@optimizer("optim.SGD", bad=(*NEGATIVE, instead(99, "momentum", -1.0), instead(99, "weight_decay", -1.0)))
def sgd(d: Drawing) -> Case:
    """Momentum in all its forms: Nesterov's needs some, and no damping."""
    given = d.keywords(**{name: (lambda make=make: make(d)) for name, make in PLAIN.items()})
    form = d.choice("none", "momentum", "damped", "nesterov")
    if form != "none":
        given["momentum"] = d.choice(0.9, 0.5)
    if form == "damped":
        given["dampening"] = d.choice(0.5, 0.1)
    if form == "nesterov":
        given["nesterov"] = True
    return d.stateful(inputs=parameters(d), steps=d.integer(1, STEPS), **given)


@optimizer("optim.SparseAdam", sparse=True, bad=(*NEGATIVE, instead(99, "betas", (1.0, 0.9))))
def sparse_adam(d: Drawing) -> Case:
    given = d.keywords(lr=lambda: RATE(d), betas=lambda: BETAS(d), eps=lambda: EPS(d), maximize=d.flag)
    return d.stateful(inputs=(parameter(d, d.choice((3,), (4, 2))),), steps=d.integer(1, STEPS), **given)


@optimizer("optim.LBFGS", closure=True, bad=(unknown_keyword, instead(99, "line_search_fn", "armijo")))
def lbfgs(d: Drawing) -> Case:
    """With and without a line search. It takes one group only, and refuses two."""
    given = d.keywords(
        lr=lambda: d.choice(1.0, 0.5),
        max_iter=lambda: d.choice(20, 3, 1),
        max_eval=lambda: d.choice(25, 4),
        tolerance_grad=lambda: d.choice(1e-7, 1e-3),
        tolerance_change=lambda: d.choice(1e-9, 1e-4),
        history_size=lambda: d.choice(100, 2, 1),
        line_search_fn=lambda: d.choice(None, "strong_wolfe"),
    )
    made = tuple(parameter(d, d.choice(*SHAPES)) for _ in range(d.choice(1, 1, 2)))
    return d.stateful(inputs=made, steps=d.integer(1, 3), **given)


def not_matrices(d: Drawing) -> Case:
    return d.stateful(inputs=(parameter(d, (3,)),))


BFLOAT16 = Tolerance("scaled", 2.0**14)
"""Units of float32 that make a few of bfloat16, in which Muon works whatever its parameters are."""


@optimizer(
    "optim.Muon",
    dtypes=("float32",),
    tolerance=BFLOAT16,
    bad=(*NEGATIVE, not_matrices, instead(99, "adjust_lr_fn", "half")),
)
def muon(d: Drawing) -> Case:
    """Matrices only."""
    given = d.keywords(
        lr=lambda: RATE(d),
        weight_decay=lambda: DECAY(d),
        momentum=lambda: d.choice(0.95, 0.5),
        nesterov=d.flag,
        ns_steps=lambda: d.choice(5, 1),
        adjust_lr_fn=lambda: d.choice(None, "original", "match_rms_adamw"),
    )
    made = tuple(parameter(d, d.choice((2, 3), (3, 2), (4, 4))) for _ in range(d.integer(1, 2)))
    return d.stateful(inputs=made, steps=d.integer(1, 4), **given)


@optimizer("optim.Optimizer", bad=(unknown_keyword, no_tensor))
def base(d: Drawing) -> Case:
    """The base class: groups and state, and no step. An empty mapping holds its defaults."""
    return d.stateful(d.made("nn.ParameterDict"), inputs=(parameter(d, (2,)),), steps=0)
