"""Property 9, optimizers: the parameters after every step and the state are the oracle's, and a state dict taken half way goes on alike in a new optimizer.

The steps go down one fixed function, sum sin(3p) + p^2/2, which is smooth and has many valleys (sum sin(0.3p) + p^2/2, which is convex, for optimizers that evaluate it
many times a step: in many valleys their steps amplify rounding without bound). In single precision a difference is held against the target only if the
same trajectory in double precision shows it, or if the oracle is much nearer to that.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ..cases import Case, StatefulCase, materialise
from ..catalogue.record import OptimizerRecord
from ..judge import Finding, Verdict
from ..judge.compare import errors
from ..targets import Target
from .property import Property
from .report import Report, same_error
from .stateful import attempt, doubled, inputs, near, same_state

AMPLIFIED = 4.0
"""How much wider the tolerance gets with every step."""


class Trajectory:
    """An optimizer of one framework, its parameters, and what they were after every step."""

    def __init__(self, framework: Target, record: OptimizerRecord, case: StatefulCase):
        self.framework, self.record = framework, record
        Parameter = framework.namespace.nn.Parameter
        self.parameters = [Parameter(tensor.clone()) for tensor in inputs(framework, case).tensors]
        self.optimizer = self._made(case)
        self.points: list[list[np.ndarray]] = []

    def _made(self, case: StatefulCase) -> Any:
        groups: Any = self.parameters
        if len(self.parameters) > 1 and case.seed % 2:
            groups = [{"params": self.parameters[:1]}, {"params": self.parameters[1:], "lr": 0.02}]
        made = materialise(Case(case.op, case.args, case.kwargs, case.seed), self.framework)
        return self.framework.construct(case.op, [groups, *made.args], made.kwargs)

    def loss(self) -> Any:
        """Evaluate the function and its gradient."""
        T = self.framework.namespace
        self.optimizer.zero_grad()
        steep = 0.3 if self.record.closure else 3.0
        total = sum((T.sin(steep * p) + p * p / 2).sum() for p in self.parameters)
        total.backward()
        if self.record.sparse:
            for p in self.parameters:
                p.grad = p.grad.to_sparse()
        return total

    def step(self) -> None:
        if self.record.closure:
            self.optimizer.step(self.loss)
        else:
            self.loss()
            self.optimizer.step()
        self.points.append([self.framework.to_numpy(p.detach()) for p in self.parameters])

    def run(self, steps: int) -> Trajectory:
        for _ in range(steps):
            self.step()
        return self


def check(record: OptimizerRecord, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    assert isinstance(case, StatefulCase)
    report = Report("optimizers", case, target, oracle)
    ours = attempt(lambda: Trajectory(target, record, case).run(case.steps), target, case)
    theirs = attempt(lambda: Trajectory(oracle, record, case).run(case.steps), oracle, case)
    if not same_error(report, ours, theirs):
        return report.verdicts
    mine, other = ours.result, theirs.result
    if not _same_points(report, record, case, mine, other):
        return report.verdicts
    growth = AMPLIFIED * case.steps
    if record.closure:
        growth = float(
            "inf"
        )  # what a search remembers of its last, all but vanished step is rounding: only its form is compared
    ours_state, theirs_state = mine.optimizer.state_dict(), other.optimizer.state_dict()
    same_state(report, "state_dict", ours_state, theirs_state, record.tolerance, growth=growth)
    if case.steps and not report.verdicts:
        _continued(report, record, case, mine)
    return report.verdicts


def _same_points(
    report: Report, record: OptimizerRecord, case: StatefulCase, mine: Trajectory, other: Trajectory
) -> bool:
    for step, (found, expected) in enumerate(zip(mine.points, other.points, strict=True)):
        for place, (one, two) in enumerate(zip(found, expected, strict=True)):
            what = near(record.tolerance, one, two, growth=AMPLIFIED * (step + 1))
            if what is not None:
                finding, evidence = _by_double_precision(report, record, case, step, place, one, two)
                report.add(finding, f"parameter {place} after step {step + 1}: {what}", one, two, evidence)
                return False
    return True


def _by_double_precision(report, record, case, step, place, one, two) -> tuple[Finding, tuple[str, ...]]:
    if one.dtype.name != "float32" or one.shape != two.shape:
        return Finding.TARGET_WRONG, ()
    wide = doubled(case)
    try:
        ours = Trajectory(report.target, record, wide).run(case.steps).points[step][place]
        theirs = Trajectory(report.oracle, record, wide).run(case.steps).points[step][place]
    except Exception:
        return Finding.UNDECIDED, ()
    if near(record.tolerance, ours, theirs, growth=1e4) is not None:
        return Finding.TARGET_WRONG, ("arbiter  the trajectories differ in double precision too",)
    off = [float(np.max(errors(each, theirs.astype(each.dtype)), initial=0.0)) for each in (one, two)]
    evidence = (f"arbiter  float64 of both; target off by {off[0]:.3g}, oracle by {off[1]:.3g}",)
    return (Finding.TARGET_WRONG if off[0] > 16 * off[1] else Finding.ILL_CONDITIONED), evidence


def _continued(report: Report, record: OptimizerRecord, case: StatefulCase, mine: Trajectory) -> None:
    """A new optimizer that loads the state goes on as the old one does."""
    fresh = Trajectory(report.target, record, case)
    with report.target.no_grad():
        for new, old in zip(fresh.parameters, mine.parameters, strict=True):
            new.copy_(old)
    try:
        fresh.optimizer.load_state_dict(copy.deepcopy(mine.optimizer.state_dict()))
        fresh.step()
        mine.step()
    except Exception as error:
        report.add(Finding.TARGET_WRONG, f"going on from a state_dict raises {type(error).__name__}", error)
        return
    for place, (one, two) in enumerate(zip(fresh.points[-1], mine.points[-1], strict=True)):
        what = near(record.tolerance, one, two)
        if what is not None:
            report.add(
                Finding.TARGET_WRONG, f"parameter {place} goes elsewhere after load_state_dict: {what}", one, two
            )


PROPERTY = Property(
    name="optimizers",
    title="optimizers: trajectories, state, going on from a state_dict",
    applies=lambda record: isinstance(record, OptimizerRecord),
    check=check,
    groups=lambda record: record.dtypes,
)
