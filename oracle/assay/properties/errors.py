"""Property 2: what the oracle refuses is refused, with an error of the same class, and nothing is written.

Only what the op itself raises counts: errors of the harness's own code pass through ``judge.run`` and end the check.
"""

from __future__ import annotations

from ..cases import Case
from ..catalogue.drawing import Drawing
from ..catalogue.record import Record
from ..judge import Finding, Verdict, run
from ..judge.compare import same_bits
from ..targets import Target
from .property import Property
from .report import Report, same_error


def check(record: Record, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("errors", case, target, oracle)
    answer = run(target, case)
    expected = run(oracle, case)
    same_error(report, answer, expected)
    if answer.error is not None:
        for place, tensor in enumerate(answer.arguments.tensors):
            ours = target.to_numpy(tensor)
            if not same_bits(ours, answer.before[place]):
                theirs = oracle.to_numpy(expected.arguments.tensors[place])
                if same_bits(theirs, expected.before[place]):
                    report.add(Finding.TARGET_WRONG, f"raises, and has written into argument {place}", ours, theirs)
    return report.verdicts


def one_of(bad):
    """A draw that picks one of the bad draws."""

    def draw(d: Drawing) -> Case:
        return d.choice(*bad)(d)

    return draw


PROPERTY = Property(
    name="errors",
    title="what the oracle refuses is refused, by the same class of error",
    applies=lambda record: bool(record.bad) and record.family not in ("modules", "optimizers", "schedulers"),
    check=check,
    groups=lambda record: record.groups,
    draw=lambda record: one_of(record.bad),
)
