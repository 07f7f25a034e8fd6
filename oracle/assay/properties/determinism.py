"""Property 6: twice the same call, twice the same bits; also with the generator seeded alike. Needs no oracle."""

from __future__ import annotations

from ..cases import Case
from ..catalogue.record import Op
from ..judge import Finding, Verdict, flatten, run
from ..judge.compare import same_bits
from ..targets import Target
from .property import Property
from .report import Report


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("determinism", case, target, oracle)
    first, second = run(target, case), run(target, case)
    if (first.error is None) != (second.error is None) or first.error_class != second.error_class:
        report.add(Finding.TARGET_WRONG, "raises once and answers once", first.error or "", second.error or "")
    elif first.error is None:
        left, _ = flatten(target, first.result)
        right, _ = flatten(target, second.result)
        for leaf, (one, other) in enumerate(zip(left, right, strict=True)):
            if target.is_tensor(one):
                arrays = target.to_numpy(one), target.to_numpy(other)
                if not same_bits(*arrays):
                    report.add(Finding.TARGET_WRONG, f"leaf {leaf}: another answer the second time", *arrays)
    return report.verdicts


PROPERTY = Property(
    name="determinism",
    title="the same call answers the same bits",
    applies=lambda record: isinstance(record, Op) and not record.uninitialised,
    check=check,
    groups=lambda op: op.groups,
    oracle_free=True,
)
