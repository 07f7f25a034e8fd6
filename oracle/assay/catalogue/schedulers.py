"""Learning-rate schedulers: their arguments, and a run of steps beyond every bend of the schedule."""

from __future__ import annotations

import math
from typing import Any

from ..cases import Case, ListOf
from ..cases.case import Function, Made
from .drawing import Drawing
from .errors import unknown_keyword
from .record import SchedulerRecord, collection

SCHEDULERS, scheduler = collection(SchedulerRecord)

STEPS = 12
GAMMA = (0.5, 0.9, 0.1, 1.0)
PREFIX = "optim.lr_scheduler."


def run(d: Drawing, *, inputs: tuple = (), steps: int | None = None, **keywords: Any) -> Case:
    """The scheduler with these keywords, stepped some way."""
    return d.stateful(inputs=inputs, steps=d.integer(1, STEPS) if steps is None else steps, **keywords)


def function(d: Drawing, *names: str) -> Any:
    """One function for both parameter groups, or one each."""
    if d.flag():
        return ListOf(tuple(Function(d.choice(*names)) for _ in range(2)))
    return Function(d.choice(*names))


def three_functions(d: Drawing) -> Case:
    """One function more than there are parameter groups."""
    return run(d, lr_lambda=ListOf((Function("decay"),) * 3))


@scheduler(f"{PREFIX}LambdaLR", bad=(unknown_keyword, three_functions))
def lambda_lr(d: Drawing) -> Case:
    return run(d, lr_lambda=function(d, "decay", "halve", "staircase"))


@scheduler(f"{PREFIX}MultiplicativeLR", bad=(unknown_keyword, three_functions))
def multiplicative(d: Drawing) -> Case:
    return run(d, lr_lambda=function(d, "factor", "staircase"))


@scheduler(f"{PREFIX}StepLR", bad=(unknown_keyword,))
def step_lr(d: Drawing) -> Case:
    return run(d, step_size=d.integer(1, 4), **d.keywords(gamma=lambda: d.choice(*GAMMA)))


@scheduler(f"{PREFIX}MultiStepLR", bad=(unknown_keyword,))
def multi_step(d: Drawing) -> Case:
    """Milestones in order; one that stands twice counts twice."""
    milestones = sorted(d.integer(1, STEPS) for _ in range(d.integer(0, 3)))
    return run(d, milestones=ListOf(tuple(milestones)), **d.keywords(gamma=lambda: d.choice(*GAMMA)))


def beyond_one(d: Drawing) -> Case:
    return run(d, factor=d.choice(1.5, -0.5))


@scheduler(f"{PREFIX}ConstantLR", bad=(unknown_keyword, beyond_one))
def constant(d: Drawing) -> Case:
    return run(d, **d.keywords(factor=lambda: d.choice(0.5, 0.25, 1.0), total_iters=lambda: d.integer(1, 6)))


def no_start(d: Drawing) -> Case:
    return run(d, start_factor=d.choice(0.0, 1.5))


@scheduler(f"{PREFIX}LinearLR", bad=(unknown_keyword, no_start))
def linear(d: Drawing) -> Case:
    options = d.keywords(
        start_factor=lambda: d.choice(0.25, 0.5, 1.0),
        end_factor=lambda: d.choice(1.0, 0.5, 0.0),
        total_iters=lambda: d.integer(1, 6),
    )
    return run(d, **options)


@scheduler(f"{PREFIX}ExponentialLR", bad=(unknown_keyword,))
def exponential(d: Drawing) -> Case:
    return run(d, gamma=d.choice(*GAMMA))


@scheduler(f"{PREFIX}PolynomialLR", bad=(unknown_keyword,))
def polynomial(d: Drawing) -> Case:
    return run(d, **d.keywords(total_iters=lambda: d.integer(1, 8), power=lambda: d.choice(1.0, 2.0, 0.5)))


@scheduler(f"{PREFIX}CosineAnnealingLR", bad=(unknown_keyword,))
def cosine(d: Drawing) -> Case:
    """Past half a period the rate rises again."""
    return run(d, T_max=d.integer(1, 6), **d.keywords(eta_min=lambda: d.choice(0.0, 1e-3)))


def no_period(d: Drawing) -> Case:
    periods: tuple[dict[str, Any], ...] = ({"T_0": 0}, {"T_0": -1}, {"T_0": 2, "T_mult": 0})
    return run(d, **d.choice(*periods))


@scheduler(f"{PREFIX}CosineAnnealingWarmRestarts", bad=(unknown_keyword, no_period))
def warm_restarts(d: Drawing) -> Case:
    """Stepped by itself, or to fractions of an epoch."""
    options: dict[str, Any] = d.keywords(T_mult=lambda: d.integer(1, 3), eta_min=lambda: d.choice(0.0, 1e-3))
    steps = d.integer(1, STEPS)
    inputs = tuple(index / 2 for index in range(steps)) if d.flag() else ()
    return run(d, inputs=inputs, steps=steps, T_0=d.integer(1, 4), **options)


def no_cycle(d: Drawing) -> Case:
    return run(d, base_lr=0.01, max_lr=0.1, mode="square")


@scheduler(f"{PREFIX}CyclicLR", momentum=True, bad=(unknown_keyword, no_cycle))
def cyclic(d: Drawing) -> Case:
    options = d.keywords(
        step_size_down=lambda: d.integer(1, 4),
        mode=lambda: d.choice("triangular", "triangular2", "exp_range"),
        gamma=lambda: d.choice(1.0, 0.9),
        cycle_momentum=d.flag,
        base_momentum=lambda: d.choice(0.8, 0.5),
        max_momentum=lambda: d.choice(0.9, 0.95),
    )
    if d.integer(0, 3) == 0:
        options |= {"scale_fn": Function("halve"), "scale_mode": d.choice("cycle", "iterations")}
    return run(d, base_lr=d.choice(0.01, 0.001), max_lr=d.choice(0.1, 0.5), step_size_up=d.integer(1, 4), **options)


def no_length(d: Drawing) -> Case:
    lengths: tuple[dict[str, Any], ...] = ({}, {"total_steps": 0}, {"epochs": 2}, {"total_steps": 5, "pct_start": 1.5})
    return run(d, max_lr=0.1, **d.choice(*lengths))


@scheduler(f"{PREFIX}OneCycleLR", momentum=True, bad=(unknown_keyword, no_length))
def one_cycle(d: Drawing) -> Case:
    """Never beyond its last step, where it raises."""
    steps = d.integer(2, STEPS)
    length: dict[str, Any] = {"total_steps": steps + 1} if d.flag() else {"epochs": steps + 1, "steps_per_epoch": 1}
    options = d.keywords(
        pct_start=lambda: d.choice(0.3, 0.5),
        anneal_strategy=lambda: d.choice("cos", "linear"),
        cycle_momentum=d.flag,
        base_momentum=lambda: d.choice(0.85, 0.5),
        max_momentum=lambda: d.choice(0.95, 0.9),
        div_factor=lambda: d.choice(25.0, 2.0),
        final_div_factor=lambda: d.choice(1e4, 10.0),
        three_phase=d.flag,
    )
    return run(d, steps=steps, max_lr=d.choice(0.1, 1.0), **length, **options)


def growing(d: Drawing) -> Case:
    """A factor that does not reduce; modes that there are not."""
    options: tuple[dict[str, Any], ...] = ({"factor": 1.0}, {"mode": "least"}, {"threshold_mode": "relative"})
    return run(d, inputs=(1.0,), steps=1, **d.choice(*options))


@scheduler(f"{PREFIX}ReduceLROnPlateau", bad=(unknown_keyword, growing))
def plateau(d: Drawing) -> Case:
    """Metrics that fall, rise, stay, and are not a number."""
    steps = d.integer(1, STEPS)
    metrics = tuple(d.choice(1.0, 0.5, 0.999, 2.0, math.inf, math.nan) for _ in range(steps))
    options = d.keywords(
        mode=lambda: d.choice("min", "max"),
        factor=lambda: d.choice(0.1, 0.5),
        patience=lambda: d.integer(0, 2),
        threshold=lambda: d.choice(1e-4, 0.1),
        threshold_mode=lambda: d.choice("rel", "abs"),
        cooldown=lambda: d.integer(0, 2),
        min_lr=lambda: d.choice(0.0, 0.01, ListOf((0.01, 0.001))),
        eps=lambda: d.choice(1e-8, 1e-2),
    )
    return run(d, inputs=metrics, steps=steps, **options)


def inner(d: Drawing) -> Made:
    """A scheduler to be combined with others."""
    return d.choice(
        d.made(f"{PREFIX}ConstantLR", factor=0.5, total_iters=2),
        d.made(f"{PREFIX}ExponentialLR", gamma=0.9),
        d.made(f"{PREFIX}StepLR", step_size=2, gamma=0.5),
        d.made(f"{PREFIX}LinearLR", start_factor=0.25, total_iters=3),
        d.made(f"{PREFIX}CosineAnnealingLR", T_max=4),
    )


def one_milestone_short(d: Drawing) -> Case:
    return run(d, schedulers=ListOf((inner(d), inner(d))), milestones=ListOf(()))


@scheduler(f"{PREFIX}SequentialLR", bad=(unknown_keyword, one_milestone_short))
def sequential(d: Drawing) -> Case:
    count = d.integer(2, 3)
    milestones, at = [], 0
    for _ in range(count - 1):
        at += d.integer(1, 4)
        milestones.append(at)
    return run(d, schedulers=ListOf(tuple(inner(d) for _ in range(count))), milestones=ListOf(tuple(milestones)))


def nothing_chained(d: Drawing) -> Case:
    return run(d, schedulers=ListOf(()))


@scheduler(f"{PREFIX}ChainedScheduler", bad=(unknown_keyword, nothing_chained))
def chained(d: Drawing) -> Case:
    return run(d, schedulers=ListOf(tuple(inner(d) for _ in range(d.integer(1, 3)))))


@scheduler(f"{PREFIX}LRScheduler", bad=(unknown_keyword,))
def base(d: Drawing) -> Case:
    """The base class knows no rate, so that it cannot be constructed."""
    return run(d, steps=0)
