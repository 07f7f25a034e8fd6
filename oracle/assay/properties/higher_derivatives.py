"""Property 4, second and third order along one direction, in double precision.

With F(x) = Re <w, f(x)>: reverse over reverse, forward over reverse and forward over forward give one second derivative, that of the gradient's differences and the
oracle's; the third derivative along v is that of the second's differences.
"""

from __future__ import annotations

import numpy as np

from ..cases import Case
from ..catalogue.record import Op
from ..judge import Finding, Verdict
from ..judge.differences import Difference, richardson
from ..judge.majority import Vote, decide
from ..targets import Target
from .derivatives import differentiable, takes_real
from .differentiable import Arrays, Differentiable, directions, inner, size
from .property import Property
from .report import Report

CLOSE = 1e-8
ORDER = 3
SAMPLED = 4
"""Of the cases in which everything else agrees, one in this many is held against differences, too."""


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("higher_derivatives", case, target, oracle)
    ours = Differentiable(target, op, case)
    if ours.argnums:
        Second(report, op, ours).check()
    return report.verdicts


class Second:
    """The second and third derivatives of one case along one direction."""

    def __init__(self, report: Report, op: Op, ours: Differentiable):
        self.report, self.op, self.ours = report, op, ours
        self.alone = report.target is report.oracle

    def check(self) -> None:
        random = np.random.default_rng(self.report.case.seed + 2)
        try:
            outputs, self.cotangents, self.gradient = self.ours.vjp(None, random=random)
        except Exception:
            return  # the first order reports it
        if not outputs or any(g.shape != x.shape for g, x in zip(self.gradient, self.ours.values(), strict=True)):
            return
        self.tangents = directions(random, self.ours)
        theirs = None if self.alone else self._oracle()
        try:
            mine = self.ours.reverse_over_reverse(self.cotangents, self.tangents, order=ORDER)
        except Exception as error:
            if theirs is not None:
                self.report.add(
                    Finding.TARGET_WRONG, f"the second backward raises {type(error).__name__}", error, "a derivative"
                )
            return
        if not all(np.isfinite(each).all() for order in mine for each in order):
            return
        second = self._second(mine[0], theirs[0] if theirs else None)
        if second:
            self._third(mine, theirs)

    def _oracle(self) -> list[Arrays] | None:
        function = Differentiable(self.report.oracle, self.op, self.report.case)
        try:
            function.leaves = self.ours.leaves
            return function.reverse_over_reverse(self.cotangents, self.tangents, order=ORDER)
        except Exception:
            return None

    def _second(self, mine: Arrays, theirs: Arrays | None) -> bool:
        """Whether all second derivatives agree."""
        along = inner(mine, self.tangents)
        scale = max(size(mine, self.tangents), 1e-9 * size(self.gradient, self.tangents), 1e-290)
        votes = [Vote("target reverse/reverse", "target", along)]
        for name, compute in (("forward/reverse", self._forward_reverse), ("forward/forward", self._forward_forward)):
            try:
                found = compute()
            except Exception as error:
                if not self.alone and self._oracle_can(name):
                    self.report.add(
                        Finding.TARGET_WRONG, f"{name} raises {type(error).__name__}", error, "a derivative"
                    )
                found = None
            if found is not None:
                votes.append(Vote(f"target {name}", "target", found))
        if theirs is not None:
            votes.append(Vote("oracle reverse/reverse", "oracle", inner(theirs, self.tangents)))
        apart = any(abs(vote.value - along) > CLOSE * scale for vote in votes)
        elements = theirs is not None and any(
            np.max(np.abs(m - t), initial=0.0) > CLOSE * max(float(np.max(np.abs(t), initial=0.0)), 1e-6 * scale)
            for m, t in zip(mine, theirs, strict=True)
        )
        if not (apart or elements) and theirs is not None and self.report.case.seed % SAMPLED:
            return True  # two frameworks and three modes agree: differences, which cost most, are taken of a sample
        difference = self._difference(self.ours, 1, scale)
        if difference is not None and not difference.smooth:
            return False
        off = difference is not None and abs(float(difference.value) - along) > 20 * difference.error + 1e-6 * scale
        if not (apart or elements or off):
            return True
        if difference is not None:
            votes.append(Vote("differences", "", float(difference.value), difference.error))
        finding, evidence = decide(votes, scale)
        if finding is Finding.ILL_CONDITIONED and elements and theirs is not None:
            finding = self._by_element(mine, theirs)
        self.report.add(finding, "second derivatives differ", mine[0], theirs[0] if theirs else "", evidence)
        return False

    def _by_element(self, mine: Arrays, theirs: Arrays) -> Finding:
        """Along v all agree, but single elements of H v do not: differences of single elements of the gradient decide."""
        points = self.ours.values()

        def gradient(step: float) -> np.ndarray:
            moved = [point + step * v for point, v in zip(points, self.tangents, strict=True)]
            return np.concatenate([each.reshape(-1) for each in self._gradient_at(moved)])

        found = richardson(gradient, float(max(np.max(np.abs(t), initial=0.0) for t in theirs)))
        if found is None:
            return Finding.UNDECIDED
        flat = [np.concatenate([each.reshape(-1) for each in arrays]) for arrays in (mine, theirs)]
        room = 20 * found.error + 1e-6 * max(float(np.max(np.abs(found.value), initial=0.0)), 1e-300)
        off = [bool((np.abs(each - found.value) > room).any()) for each in flat]
        if off == [True, True]:
            return Finding.BOTH_WRONG
        if off == [True, False]:
            return Finding.TARGET_WRONG
        return Finding.ORACLE_WRONG if off == [False, True] else Finding.ILL_CONDITIONED

    def _forward_reverse(self) -> float:
        return inner(self.ours.forward_over_reverse(self.cotangents, self.tangents), self.tangents)

    def _forward_forward(self) -> float | None:
        found = self.ours.forward_over_forward(self.tangents)
        return None if found is None else inner(self.cotangents, found)

    def _oracle_can(self, name: str) -> bool:
        function = Differentiable(self.report.oracle, self.op, self.report.case)
        function.leaves = self.ours.leaves
        try:
            if name == "forward/reverse":
                function.forward_over_reverse(self.cotangents, self.tangents)
            else:
                return function.forward_over_forward(self.tangents) is not None
        except Exception:
            return False
        return True

    def _gradient_at(self, arrays: Arrays) -> Arrays:
        moved = Differentiable(self.ours.framework, self.op, self.ours.case)
        moved.leaves, moved.primals = self.ours.leaves, moved.tensors(arrays)
        return moved.vjp(self.cotangents)[2]

    def _second_at(self, arrays: Arrays) -> Arrays:
        moved = Differentiable(self.ours.framework, self.op, self.ours.case)
        moved.leaves, moved.primals = self.ours.leaves, moved.tensors(arrays)
        return moved.reverse_over_reverse(self.cotangents, self.tangents)[0]

    def _difference(self, function: Differentiable, order: int, scale: float) -> Difference | None:
        points = function.values()
        derivative = self._gradient_at if order == 1 else self._second_at

        def along(step: float) -> np.ndarray:
            moved = [point + step * v for point, v in zip(points, self.tangents, strict=True)]
            return np.float64(inner(derivative(moved), self.tangents))  # type: ignore[return-value]

        try:
            with np.errstate(all="ignore"):
                return richardson(along, scale)
        except Exception:
            return None

    def _third(self, mine: list[Arrays], theirs: list[Arrays] | None) -> None:
        along = inner(mine[1], self.tangents)
        scale = max(size(mine[1], self.tangents), 1e-7 * size(mine[0], self.tangents), 1e-290)
        votes = [Vote("target third order", "target", along)]
        if theirs is not None:
            votes.append(Vote("oracle third order", "oracle", inner(theirs[1], self.tangents)))
            if abs(votes[1].value - along) <= 1e-7 * scale:
                return
        difference = self._difference(self.ours, 2, scale)
        if difference is None or not difference.smooth:
            return
        votes.append(Vote("differences", "", float(difference.value), difference.error))
        if theirs is None and abs(float(difference.value) - along) <= 20 * difference.error + 1e-6 * scale:
            return
        finding, evidence = decide(votes, scale)
        self.report.add(finding, "third derivatives differ", mine[1][0], theirs[1][0] if theirs else "", evidence)


PROPERTY = Property(
    name="higher_derivatives",
    title="second order by three modes, third order along a direction",
    applies=lambda record: differentiable(record) and record.row.double_backward and takes_real(record),
    check=check,
    groups=lambda op: ("smooth",),
    oracle_free=True,
)
