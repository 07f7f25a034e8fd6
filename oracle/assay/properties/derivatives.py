"""Property 4, first order: vjp = jvp = differences of values = the oracle's, in double precision.

The vjp is held against the jvp by one inner product, which needs no step size: <w, J v> = <J^H w, v> to 1e-9. Differences (Richardson; the complex step where the op is
holomorphic) tell which of them is off. The gradient is then compared with the oracle's element by element, after both are projected onto the tangents of the domain.
"""

from __future__ import annotations

import numpy as np

from ..cases import Case, DType
from ..cases.case import leaves
from ..catalogue.record import Op
from ..judge import Finding, Verdict
from ..judge.arbiter import WIDER
from ..judge.compare import eps, inexact
from ..judge.differences import Difference, complex_step, richardson
from ..judge.majority import Vote, decide
from ..targets import Target
from .differentiable import Arrays, Differentiable, directions, inner, projected, size
from .property import Property
from .report import Report, of_class

CLOSE = 1e-9
"""Relative difference admitted between two derivatives of one function."""

FLOOR = 1e-11
"""Derivatives are compared relative to their size, or to this part of the values' size where they all but vanish."""


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("derivatives", case, target, oracle)
    lattice = Lattice(report, op)
    if lattice.opened():
        lattice.check()
    return report.verdicts


class Lattice:
    """The first-order derivatives of one case."""

    def __init__(self, report: Report, op: Op):
        self.report, self.op = report, op
        self.ours = Differentiable(report.target, op, report.case)
        self.random = np.random.default_rng(report.case.seed + 1)
        self.alone = report.target is report.oracle
        self.theirs = self.ours if self.alone else Differentiable(report.oracle, op, report.case)

    def opened(self) -> bool:
        """Differentiate backward in both; False where there is nothing (more) to check."""
        if not self.ours.argnums:
            return False
        failures = []
        for function in (self.theirs, self.ours) if not self.alone else (self.ours,):
            try:
                cotangents = self.cotangents if function is not self.theirs and not self.alone else None
                found = function.vjp(cotangents, random=self.random)
            except Exception as error:
                failures.append((function, error))
                continue
            if function is self.theirs:
                self.outputs, self.cotangents, self.theirs_gradients = found
            if function is self.ours:
                self.outputs, _, self.gradients = found
        if not failures:
            return bool(self.outputs) and self._shaped()
        self._report_failures(dict(failures))
        return False

    cotangents: Arrays | None = None

    def _report_failures(self, failures: dict[Differentiable, Exception]) -> None:
        ours, theirs = failures.get(self.ours), failures.get(self.theirs)
        if self.alone or (ours is not None and theirs is not None):
            if not self.alone and ours is not None and theirs is not None and not of_class(ours, theirs):
                self.report.add(Finding.UNSPECIFIED, "backward raises another class of error", ours, theirs)
        elif ours is not None:
            self.report.add(Finding.TARGET_WRONG, f"backward raises {type(ours).__name__}", ours, "a gradient")
        elif not isinstance(theirs, NotImplementedError):
            self.report.add(
                Finding.UNSPECIFIED, f"the oracle's backward raises {type(theirs).__name__}", "a gradient", theirs
            )

    def _shaped(self) -> bool:
        """Whether every gradient has shape and dtype of its argument."""
        for place, gradient, value in zip(self.ours.argnums, self.gradients, self.ours.values(), strict=True):
            if gradient.shape != value.shape or gradient.dtype != value.dtype:
                what = f"the gradient of argument {place} is {gradient.dtype}{list(gradient.shape)}, the argument {value.dtype}{list(value.shape)}"
                self.report.add(Finding.TARGET_WRONG, what)
                return False
        return True

    @property
    def close(self) -> float:
        """``CLOSE``, or what the narrowest output can tell: a cast to float32 rounds its tangents."""
        units = [64 * eps(out.dtype) for out in self.outputs if inexact(out)]
        return max([CLOSE, *units]) if self.narrow else CLOSE

    @property
    def narrow(self) -> bool:
        """Whether an output has less than double precision, so that differences of values tell nothing."""
        return any(inexact(out) and out.dtype.name in WIDER for out in self.outputs)

    def check(self) -> None:
        self.tangents = directions(self.random, self.ours)
        self.ours_projected = projected(self.ours, self.gradients)
        moved = self._jvp(self.ours)
        along = inner(self.gradients, self.tangents)
        scale = self._scale(self.ours_projected, self.tangents, moved)
        if not np.isfinite(along) or not np.isfinite(scale):
            self._not_finite()
            return
        difference = self.difference(self.ours, self.tangents, scale)
        if moved is not None and abs(inner(self.cotangents or [], moved) - along) > self.close * scale:
            self._vote("vjp and jvp differ", self.tangents, scale, difference)
        elif difference is not None and difference.smooth and self._apart(along, difference, scale):
            self._vote("the derivative is not that of the values", self.tangents, scale, difference)
        elif not self.alone:
            self._against_oracle()

    def _apart(self, along: float, difference: Difference, scale: float) -> bool:
        return abs(float(difference.value) - along) > 20 * difference.error + 1e-8 * scale

    def _scale(self, gradients: Arrays, tangents: Arrays, moved: Arrays | None) -> float:
        weights = self.cotangents or []
        found = size(gradients, tangents) + (size(weights, moved) if moved is not None else 0.0)
        return max(found, FLOOR * size(weights, self.outputs), 1e-290)

    def _jvp(self, function: Differentiable, tangents: Arrays | None = None) -> Arrays | None:
        """The tangents of the outputs; None, reported where it is the target's fault, if there is no forward mode."""
        try:
            found = function.jvp(self.tangents if tangents is None else tangents)
            if function is self.ours and [each.shape for each in found] != [each.shape for each in self.outputs]:
                shapes = [each.shape for each in found]
                raise ValueError(
                    f"tangents of shapes {shapes} for outputs of shapes {[each.shape for each in self.outputs]}"
                )
            return found
        except Exception as error:
            if function is self.ours and not self.alone:
                try:
                    self.theirs.jvp(self.tangents)
                except Exception:
                    return None
                self.report.add(Finding.TARGET_WRONG, f"forward mode raises {type(error).__name__}", error, "a tangent")
            return None

    def difference(self, function: Differentiable, tangents: Arrays, scale: float) -> Difference | None:
        """The derivative of Re <w, f(x + s v)> in s at 0, from values alone; None where it cannot be had."""
        if self.narrow:
            return None
        points = function.values()
        weights = self.cotangents or []

        def along(step: float) -> np.ndarray:
            found = function.at([point + step * v for point, v in zip(points, tangents, strict=True)])
            return np.float64(inner(weights, found))  # type: ignore[return-value]

        def along_complex(step: complex) -> np.ndarray:
            found = function.at([point + step * v for point, v in zip(points, tangents, strict=True)])
            return np.complex128(sum((w * out).sum() for w, out in zip(weights, found, strict=True)))  # type: ignore[return-value]

        try:
            with np.errstate(all="ignore"):
                if self._holomorphic(points):
                    found = complex_step(along_complex)
                    if found is not None:
                        return found
                return richardson(along, scale)
        except Exception:
            return None

    def _holomorphic(self, points: Arrays) -> bool:
        """Whether the complex step applies: the op is holomorphic, and no dtype argument turns its answer back into a real one."""
        case = self.report.case
        cast = any(isinstance(leaf, DType) for leaf in leaves((case.args, case.kwargs)))
        return self.op.analytic and not cast and all(point.dtype.kind == "f" for point in points)

    def _vote(self, what: str, tangents: Arrays, scale: float, difference: Difference | None) -> None:
        if difference is not None and not difference.smooth:
            self.report.add(Finding.UNSPECIFIED, f"{what}, at a point where the function is not smooth")
            return
        votes = self._votes("target", self.ours, self.gradients, tangents)
        if difference is not None:
            votes.append(Vote("differences", "", float(difference.value), difference.error))
        if not self.alone:
            votes += self._votes("oracle", self.theirs, self.theirs_gradients, tangents)
            other = self.difference(self.theirs, tangents, scale)
            if other is not None and other.smooth:
                votes.append(Vote("oracle's differences", "", float(other.value), other.error))
        # Where one party's derivative vanishes and is not to, the others tell the size that errors are relative to.
        scale = max(scale, *(abs(vote.value) for vote in votes))
        finding, evidence = decide(votes, scale)
        if finding is Finding.ILL_CONDITIONED and self._conditioned(tangents, scale):
            finding = Finding.TARGET_WRONG if "vjp and jvp" in what else Finding.UNDECIDED
        self.report.add(finding, what, self.gradients[0], self.theirs_gradients[0] if not self.alone else "", evidence)

    def _votes(self, party: str, function: Differentiable, gradients: Arrays, tangents: Arrays) -> list[Vote]:
        votes = [Vote(f"{party} vjp", party, inner(gradients, tangents))]
        moved = self._jvp(function, tangents)
        if moved is not None:
            votes.append(Vote(f"{party} jvp", party, inner(self.cotangents or [], moved)))
        return votes

    def _conditioned(self, tangents: Arrays, scale: float) -> bool:
        """Whether one rounding of the arguments moves the derivative by less than what is at stake: then a disagreement is an error."""
        reference = inner(self.gradients, tangents)
        moved = 0.0
        for _ in range(2):
            shifted = Differentiable(self.report.target, self.op, self.report.case)
            shifted.leaves = self.ours.leaves
            noise = directions(self.random, shifted)
            shifted.primals = shifted.tensors(
                [x * (1 + 4e-16 * n.real) for x, n in zip(shifted.values(), noise, strict=True)]
            )
            try:
                _, _, found = shifted.vjp(self.cotangents)
            except Exception:
                return True
            moved = max(moved, abs(inner(found, tangents) - reference))
        return 16 * moved <= CLOSE * scale

    def _not_finite(self) -> None:
        """A gradient that is not finite where values are: the oracle's is the same, or somebody is off."""
        if self.alone:
            if all(np.isfinite(out).all() for out in self.outputs):
                self.report.add(Finding.UNDECIDED, "the derivative is not finite, the value is", self.gradients[0])
            return
        for mine, other in zip(self.ours_projected, projected(self.theirs, self.theirs_gradients), strict=True):
            if not np.array_equal(np.isfinite(mine), np.isfinite(other)):
                what = "the gradient is not finite in other places than the oracle's"
                self.report.add(Finding.UNDECIDED, what, mine, other)
                return

    def _against_oracle(self) -> None:
        theirs = projected(self.theirs, self.theirs_gradients)
        for place, (mine, other) in enumerate(zip(self.ours_projected, theirs, strict=True)):
            scale = float(np.max(np.abs(other), initial=0.0)) or 1.0
            apart = np.abs(mine - other)
            if not (apart > self.close * scale).any():
                continue
            worst = np.unravel_index(int(np.argmax(apart)), mine.shape)
            unit = [np.zeros_like(each) for each in self.tangents]
            phase = (mine - other)[worst]
            unit[place][worst] = phase / abs(phase)
            unit = projected(self.ours, unit)
            size_along = max(abs(inner(self.gradients, unit)), abs(inner(self.theirs_gradients, unit)), scale * 1e-6)
            difference = self.difference(self.ours, unit, size_along)
            self._vote(
                f"the gradient of argument {self.ours.argnums[place]} is not the oracle's", unit, size_along, difference
            )
            return


def differentiable(op: Op) -> bool:
    """Whether the derivative properties apply to the op."""
    return isinstance(op, Op) and op.row.grad and op.smooth and not op.uninitialised


def smooth_groups(op: Op) -> tuple[str, ...]:
    """Real cases twice as often as complex ones; complex ones alone where the op takes nothing else."""
    if "complex" not in op.groups:
        return ("smooth",)
    return ("smooth", "smooth", "smooth-complex") if takes_real(op) else ("smooth-complex",)


def takes_real(op: Op) -> bool:
    """Whether the op takes float64."""
    return bool({"real", "half"} & set(op.groups))


PROPERTY = Property(
    name="derivatives",
    title="vjp = jvp = differences = the oracle's",
    applies=differentiable,
    check=check,
    groups=smooth_groups,
    oracle_free=True,
)
