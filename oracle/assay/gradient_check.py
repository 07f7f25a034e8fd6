"""Checks the derivatives of any Python function: ``assay.gradcheck(fn, inputs, target="ingot")`` returns a report, which prints as a table.

vjp, jvp and differences of values must agree along random directions; then the second order by reverse over reverse and by differences of the gradient. Differences are Richardson's, or a
complex step where the function takes complex numbers and is holomorphic (which is tried: both must agree). A point at which one-sided differences disagree is a kink: that is reported as what it
is, and not as an error.

``torch_gradcheck`` and ``torch_gradgradcheck`` have PyTorch's signatures (``torch.autograd.gradcheck``) on top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import targets
from .judge.differences import Difference, complex_step, richardson
from .targets import Target

CLOSE = 1e-9
"""Relative difference admitted between two derivatives that have no step size."""

DOUBLE = ("float64", "complex128")


class GradcheckError(RuntimeError):
    """The derivatives of a function do not agree."""


@dataclass(frozen=True)
class Entry:
    """One comparison: along direction ``direction``, a derivative by ``method`` against ``reference``."""

    order: int
    direction: int
    method: str
    value: float
    reference: str
    expected: float
    allowed: float

    @property
    def passes(self) -> bool:
        return abs(self.value - self.expected) <= self.allowed

    def __str__(self) -> str:
        mark = "ok" if self.passes else "WRONG"
        return (
            f"  order {self.order}  {self.method:<16} {self.value:+.12g}   {self.reference:<16} {self.expected:+.12g}   "
            f"apart {abs(self.value - self.expected):.2g}, allowed {self.allowed:.2g}   {mark}"
        )


@dataclass
class GradcheckReport:
    """What was compared. Truthy where all derivatives agree and no kink was met.

    ``kinks``: directions along which the function is not smooth. ``notes``: what could not be checked, and why.
    """

    function: str
    entries: list[Entry] = field(default_factory=list)
    kinks: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    nonfinite: bool = False

    @property
    def wrong(self) -> list[Entry]:
        """The comparisons that fail."""
        return [entry for entry in self.entries if not entry.passes]

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.nonfinite:
            return "not finite: the function or a derivative is nan or infinite here"
        if self.wrong:
            return f"wrong: {len(self.wrong)} of {len(self.entries)} comparisons fail"
        if self.kinks:
            return "not smooth here: one-sided differences disagree, which is no error of the derivative"
        return f"right: {len(self.entries)} comparisons agree"

    def __bool__(self) -> bool:
        return not (self.wrong or self.kinks or self.nonfinite)

    def __str__(self) -> str:
        lines = [f"gradcheck of {self.function}: {self.verdict}"]
        lines += [str(entry) for entry in sorted(self.entries, key=lambda each: each.passes)]
        return "\n".join(lines + [f"  note     {note}" for note in self.notes])


def gradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    target: str | Target = "torch",
    *,
    order: int = 2,
    directions: int = 2,
    seed: int = 0,
) -> GradcheckReport:
    """Check the derivatives of ``fn`` at ``inputs``, tensors of the target or arrays (float64 or complex128 for those that are differentiated).

    ``order``: 1 or 2. ``directions``: random directions along which derivatives are compared. TypeError where no input can be differentiated in double precision.

    >>> print(assay.gradcheck(lambda x: x.sin() * x, [np.ones(3)], target="ingot"))
    gradcheck of <lambda>: right: ...
    """
    framework = targets.load(target) if isinstance(target, str) else target
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    problem = _Problem(framework, fn, given)
    if not problem.places:
        raise TypeError("no input is a float64 or complex128 tensor; derivatives are checked in double precision")
    report = GradcheckReport(getattr(fn, "__name__", type(fn).__name__))
    random = np.random.default_rng(seed)
    for direction in range(directions):
        _first_order(report, problem, random, direction)
        if order > 1 and not report.kinks and not report.nonfinite:
            _second_order(report, problem, random, direction)
    return report


class _Problem:
    """A function with its differentiable inputs set apart."""

    def __init__(self, framework: Target, fn: Callable[..., Any], given: list[Any]):
        self.framework, self.fn = framework, fn
        self.given = [framework.from_numpy(each.copy()) if isinstance(each, np.ndarray) else each for each in given]
        self.places = [place for place, each in enumerate(self.given) if self._differentiable(each)]
        self.points = [framework.to_numpy(self.given[place].detach()) for place in self.places]

    def _differentiable(self, value: Any) -> bool:
        return self.framework.is_tensor(value) and self.framework.dtype_name(value.dtype) in DOUBLE

    def call(self, tensors: Sequence[Any]) -> list[Any]:
        """The inexact tensors of the answer."""
        given = list(self.given)
        for place, tensor in zip(self.places, tensors, strict=True):
            given[place] = tensor
        answer = self.fn(*given)
        leaves = answer if isinstance(answer, (list, tuple)) else [answer]
        return [leaf for leaf in leaves if self.framework.is_tensor(leaf) and _floats(self.framework, leaf)]

    def values(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        with self.framework.no_grad():
            found = self.call([self.framework.from_numpy(np.array(point)) for point in points])
        return [self.framework.to_numpy(leaf) for leaf in found]

    def leaves(self, points: Sequence[np.ndarray]) -> list[Any]:
        return [self.framework.require_grad(self.framework.from_numpy(np.array(point))) for point in points]

    def gradient(self, points: Sequence[np.ndarray], weights: list[np.ndarray]) -> list[np.ndarray]:
        inputs = self.leaves(points)
        return self._arrays(self._grad(inputs, weights, create_graph=False), points)

    def _grad(self, inputs: list[Any], weights: list[np.ndarray], *, create_graph: bool) -> list[Any]:
        pairs = [
            (leaf, self.framework.from_numpy(np.array(weight)))
            for leaf, weight in zip(self.call(inputs), weights, strict=True)
            if leaf.requires_grad
        ]
        if not pairs:
            return [None] * len(inputs)
        return self.framework.grad([p for p, _ in pairs], inputs, [w for _, w in pairs], create_graph=create_graph)

    def curvature(self, weights: list[np.ndarray], along: list[np.ndarray]) -> list[np.ndarray]:
        """The derivative of the gradient along a direction, by reverse mode twice."""
        inputs = self.leaves(self.points)
        gradients = self._grad(inputs, weights, create_graph=True)
        vectors = [self.framework.from_numpy(np.array(each)) for each in along]
        pairs = [(g, v) for g, v in zip(gradients, vectors, strict=True) if g is not None and g.requires_grad]
        if not pairs:
            return [np.zeros_like(point) for point in self.points]
        found = self.framework.grad([g for g, _ in pairs], inputs, [v for _, v in pairs])
        return self._arrays(found, self.points)

    def tangents(self, along: list[np.ndarray]) -> list[np.ndarray]:
        primals = [self.framework.from_numpy(np.array(point)) for point in self.points]
        moved = [self.framework.from_numpy(np.array(each)) for each in along]
        outputs, found = self.framework.jvp(lambda *x: self.call(x), primals, moved)
        return self._arrays(found, [self.framework.to_numpy(leaf) for leaf in outputs])

    def _arrays(self, found: Sequence[Any], like: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [
            np.zeros_like(one) if each is None else self.framework.to_numpy(each)
            for each, one in zip(found, like, strict=True)
        ]


def _floats(framework: Target, leaf: Any) -> bool:
    return framework.dtype_name(leaf.dtype) in (*DOUBLE, "float32", "complex64")


def _drawn(random: np.random.Generator, like: Sequence[np.ndarray]) -> list[np.ndarray]:
    found = []
    for each in like:
        part = random.uniform(-1.0, 1.0, each.shape)
        if each.dtype.kind == "c":
            part = part + 1j * random.uniform(-1.0, 1.0, each.shape)
        found.append(np.asarray(part).astype(each.dtype))
    return found


def _inner(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    return float(sum(np.vdot(left, right).real for left, right in zip(one, other, strict=True)))


def _size(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    return _inner([np.abs(each) for each in one], [np.abs(each) for each in other])


def _first_order(report: GradcheckReport, problem: _Problem, random: np.random.Generator, direction: int) -> None:
    values = problem.values(problem.points)
    weights, along = _drawn(random, values), _drawn(random, problem.points)
    gradient = problem.gradient(problem.points, weights)
    slope = _inner(gradient, along)
    scale = max(_size(gradient, along), 1e-11 * _size(weights, values), 1e-290)
    if not all(np.isfinite(each).all() for each in (*values, *gradient)):
        report.nonfinite = True
        return
    difference, method = _difference(problem, weights, along, scale)
    if difference is not None and not difference.smooth:
        report.kinks.append(direction)
        return
    try:
        pushed = _inner(weights, problem.tangents(along))
    except Exception as error:
        _note(report, f"no jvp: {type(error).__name__}: {error}")
    else:
        report.entries.append(Entry(1, direction, "vjp", slope, "jvp", pushed, CLOSE * scale))
    if difference is None:
        _note(report, "no differences: the function is not finite nearby")
    else:
        allowed = 20 * difference.error + 1e-8 * scale
        report.entries.append(Entry(1, direction, "vjp", slope, method, float(difference.value), allowed))


def _difference(
    problem: _Problem, weights: list[np.ndarray], along: list[np.ndarray], scale: float
) -> tuple[Difference | None, str]:
    """The slope of Re <weights, f> from values alone, and the method chosen."""

    def moved(step: complex) -> list[np.ndarray]:
        return [point + step * each for point, each in zip(problem.points, along, strict=True)]

    def real(step: float) -> np.ndarray:
        return np.float64(_inner(weights, problem.values(moved(step))))  # type: ignore[return-value]

    def holomorphic(step: complex) -> np.ndarray:
        found = problem.values(moved(step))
        return np.complex128(sum((w * f).sum() for w, f in zip(weights, found, strict=True)))  # type: ignore[return-value]

    with np.errstate(all="ignore"):
        extrapolated = richardson(real, scale)
        if extrapolated is None or not extrapolated.smooth or any(point.dtype.kind == "c" for point in problem.points):
            return extrapolated, "Richardson"
        try:
            stepped = complex_step(holomorphic)
        except Exception:
            return extrapolated, "Richardson"
    if stepped is None or abs(stepped.value - extrapolated.value) > 20 * extrapolated.error + 1e-7 * scale:
        return extrapolated, "Richardson"  # not holomorphic: abs, conjugates, casts
    return stepped, "complex step"


def _second_order(report: GradcheckReport, problem: _Problem, random: np.random.Generator, direction: int) -> None:
    weights, along = _drawn(random, problem.values(problem.points)), _drawn(random, problem.points)
    try:
        curvature = problem.curvature(weights, along)
    except Exception as error:
        _note(report, f"no second order: {type(error).__name__}: {error}")
        return
    second = _inner(curvature, along)
    gradient = problem.gradient(problem.points, weights)
    scale = max(_size(curvature, along), 1e-9 * _size(gradient, along), 1e-290)

    def slope(step: float) -> np.ndarray:
        moved = [point + step * each for point, each in zip(problem.points, along, strict=True)]
        return np.float64(_inner(problem.gradient(moved, weights), along))  # type: ignore[return-value]

    with np.errstate(all="ignore"):
        difference = richardson(slope, scale)
    if difference is None:
        _note(report, "no second order by differences: the gradient is not finite nearby")
    elif not difference.smooth:
        report.kinks.append(direction)
    else:
        allowed = 20 * difference.error + 1e-7 * scale
        report.entries.append(
            Entry(2, direction, "reverse/reverse", second, "Richardson", float(difference.value), allowed)
        )


def _note(report: GradcheckReport, note: str) -> None:
    if note not in report.notes:
        report.notes.append(note)


# -- PyTorch's signatures ---------------------------------------------------------------------------------------------------------


def torch_gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    raise_exception: bool = True,
    check_forward_ad: bool = False,
    target: str | Target = "torch",
    **tolerances: Any,
) -> bool:
    """``torch.autograd.gradcheck`` by this module: True, or ``GradcheckError`` (False without ``raise_exception``).

    ``eps``, ``atol``, ``rtol`` and the other settings are accepted and not needed: steps and tolerances are chosen by the estimates of the errors. A kink is no failure.
    """
    _known(tolerances)
    return _outcome(gradcheck(func, inputs, target, order=1), raise_exception, forward=check_forward_ad)


def torch_gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    raise_exception: bool = True,
    check_fwd_over_rev: bool = False,
    target: str | Target = "torch",
    **tolerances: Any,
) -> bool:
    """``torch.autograd.gradgradcheck`` by this module, as ``torch_gradcheck``."""
    _known(tolerances)
    return _outcome(gradcheck(func, inputs, target, order=2), raise_exception, forward=check_fwd_over_rev)


SETTINGS = frozenset(
    [
        "eps",
        "atol",
        "rtol",
        "nondet_tol",
        "check_undefined_grad",
        "check_grad_dtypes",
        "check_batched_grad",
        "check_batched_forward_grad",
        "check_backward_ad",
        "check_rev_over_rev",
        "gen_non_contig_grad_outputs",
        "fast_mode",
        "masked",
    ]
)
"""Keywords of PyTorch's two functions."""


def _known(settings: dict[str, Any]) -> None:
    for name in settings:
        if name not in SETTINGS:
            raise TypeError(f"gradcheck got an unexpected keyword argument '{name}'")


def _outcome(report: GradcheckReport, raise_exception: bool, *, forward: bool) -> bool:
    broken = report.wrong or report.nonfinite
    if forward and any(note.startswith("no jvp") for note in report.notes):
        broken = True
    if broken and raise_exception:
        raise GradcheckError(str(report))
    return not broken
