"""Property 9, schedulers: the learning rates (and momenta) after every step and the state are the oracle's; a state dict goes on alike in a new scheduler."""

from __future__ import annotations

import copy
from typing import Any

from ..cases import Case, StatefulCase
from ..catalogue.record import SchedulerRecord
from ..judge import Finding, Verdict
from ..targets import Target
from .property import Property
from .report import Report, same_error
from .stateful import attempt, same_state, with_optimizer

RATES = (0.1, 0.5)
"""Learning rates of the two parameter groups."""

NO_OPTIMIZER_FIRST = frozenset(("optim.lr_scheduler.ChainedScheduler",))
"""Schedulers that take their optimizer from the schedulers that they are made of."""


class Schedule:
    """A scheduler of one framework on an optimizer of its own."""

    def __init__(self, framework: Target, record: SchedulerRecord, case: StatefulCase):
        T = framework.namespace
        weights = [T.nn.Parameter(T.ones(2, dtype=framework.dtype("float64"))) for _ in RATES]
        groups = [{"params": [weight], "lr": rate} for weight, rate in zip(weights, RATES, strict=True)]
        self.optimizer = framework.construct("optim.SGD", [groups], {"lr": 0.1, "momentum": 0.9})
        args = [with_optimizer(value, framework, self.optimizer) for value in case.args]
        kwargs = {key: with_optimizer(value, framework, self.optimizer) for key, value in case.kwargs}
        lead = [] if case.op in NO_OPTIMIZER_FIRST else [self.optimizer]
        self.scheduler = framework.construct(case.op, [*lead, *args], kwargs)
        self.record, self.case = record, case
        self.rates = [self._rates()]

    def _rates(self) -> list[Any]:
        found = [group["lr"] for group in self.optimizer.param_groups]
        return found + [group["momentum"] for group in self.optimizer.param_groups] if self.record.momentum else found

    def step(self, number: int) -> None:
        self.optimizer.step()
        given = self.case.inputs
        self.scheduler.step(*([given[number % len(given)]] if given else []))
        self.rates.append(self._rates())

    def run(self, steps: int) -> Schedule:
        for number in range(steps):
            self.step(number)
        return self


def check(record: SchedulerRecord, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    assert isinstance(case, StatefulCase)
    report = Report("schedulers", case, target, oracle)
    ours = attempt(lambda: Schedule(target, record, case).run(case.steps), target, case)
    theirs = attempt(lambda: Schedule(oracle, record, case).run(case.steps), oracle, case)
    if not same_error(report, ours, theirs):
        return report.verdicts
    mine, other = ours.result, theirs.result
    for step, (found, expected) in enumerate(zip(mine.rates, other.rates, strict=True)):
        same_state(report, f"rates after step {step}", found, expected, record.tolerance)
        if report.verdicts:
            return report.verdicts
    same_state(
        report,
        "state_dict",
        _plain(mine.scheduler.state_dict()),
        _plain(other.scheduler.state_dict()),
        record.tolerance,
    )
    if not report.verdicts:
        _continued(report, record, case, mine)
    return report.verdicts


def _plain(state: Any) -> Any:
    """A state without what cannot be compared: functions, and the names of the framework's own modules."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items() if not callable(value)}
    if isinstance(state, (list, tuple)):
        return [_plain(value) for value in state]
    return state


def _continued(report: Report, record: SchedulerRecord, case: StatefulCase, mine: Schedule) -> None:
    fresh = Schedule(report.target, record, case)
    try:
        fresh.optimizer.load_state_dict(copy.deepcopy(mine.optimizer.state_dict()))
        fresh.scheduler.load_state_dict(copy.deepcopy(mine.scheduler.state_dict()))
        fresh.step(case.steps)
        mine.step(case.steps)
    except Exception as error:
        report.add(Finding.TARGET_WRONG, f"going on from a state_dict raises {type(error).__name__}", error)
        return
    inner = Report("schedulers", case, report.target, report.target)
    same_state(inner, "rates after going on", fresh.rates[-1], mine.rates[-1], record.tolerance)
    for verdict in inner.verdicts:
        report.add(verdict.finding, verdict.what, verdict.target_answer, verdict.oracle_answer)


PROPERTY = Property(
    name="schedulers",
    title="schedulers: rates after every step, state, going on from a state_dict",
    applies=lambda record: isinstance(record, SchedulerRecord),
    check=check,
    groups=lambda record: record.dtypes,
)
