"""Duels from Python, without suites and without pytest.

>>> result = duel({"list": lambda: [0] * 1000, "bytes": lambda: bytes(1000)})
>>> print(result)                  # a table
>>> result["bytes"].comparison.verdict
'FASTER'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from .block import Contender
from .bout import Bout
from .clock import Clock
from .engine import measure
from .plan import Plan
from .record import SubjectRecord
from .table import render

Subjects = Mapping[str, "Callable[[], Any] | Contender"]


@dataclass(frozen=True)
class Duel:
    """The outcome: one record a subject. ``duel["name"]`` is a subject's; printed, it is a table."""

    records: tuple[SubjectRecord, ...]

    def __getitem__(self, name: str) -> SubjectRecord:
        return next(record for record in self.records if record.subject == name)

    def __str__(self) -> str:
        return "\n".join(render(self.records))


def duel(
    subjects: Subjects | str,
    *,
    baseline: str | None = None,
    plan: Plan = Plan(),
    title: str = "duel",
    clock: Clock | None = None,
) -> Duel:
    """Time subjects against each other and compare each with the baseline (the first, unless named).

    ``subjects`` maps names to functions without arguments (or to ``Contender``s, for what must be synchronised), and runs in this process. As a string,
    "module:function", it names a function that returns such a mapping: it is called in each of ``plan.processes`` fresh processes, so that the interval
    covers the differences between processes too. What the functions compute is not checked: that is the caller's affair here.

    ValueError for fewer than two subjects, LookupError for a baseline that is none of them.
    """
    if isinstance(subjects, str):
        bouts = _in_processes(subjects, plan)
    else:
        bouts = [measured(subjects, plan, plan.seed, clock)]
    names = list(bouts[0].sample.blocks)
    if len(names) < 2:
        raise ValueError(f"a duel needs two subjects, got {names}")
    if baseline is not None and baseline not in names:
        raise LookupError(f"the baseline '{baseline}' is none of the subjects {names}")
    from .analysis import records

    return Duel(tuple(records(bouts, suite="api", case=title, baseline=baseline or names[0], plan=plan)))


def _in_processes(factory: str, plan: Plan) -> list[Bout]:
    from .process import Process

    bouts = []
    for place in range(plan.processes):
        with Process(plan.threads) as process:
            bouts.append(process.ask("contest", factory, plan, plan.seed + place))
    return bouts


def subjects_of(factory: str) -> Subjects:
    """What the function named "module:function" returns."""
    module, _, function = factory.partition(":")
    return getattr(import_module(module), function)()


def measured(subjects: Subjects, plan: Plan, seed: int, clock: Clock | None = None) -> Bout:
    """The subjects' sample in this process, without roofs or checks."""
    contenders = [
        replace(subject, name=name) if isinstance(subject, Contender) else Contender(name, subject)
        for name, subject in subjects.items()
    ]
    return Bout(sample=measure(contenders, plan, clock=clock, seed=seed))
