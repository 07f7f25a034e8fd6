"""Property 9, modules: initial state, ``state_dict`` both ways, forward and backward in training and evaluation, buffers after the forward, printed form.

The target's module gets the oracle's state before anything but the state itself is compared. A difference beyond the tolerance in single precision is judged by the same module in
double precision on both sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Case, StatefulCase, values
from ..cases.materialise import lay_out
from ..catalogue.record import EXACT, ModuleRecord, Tolerance
from ..judge import Finding, Verdict, flatten
from ..judge.compare import eps, errors, inexact
from ..targets import Target
from .differentiable import drawn
from .layouts import frozen
from .property import Property
from .report import Report, same_error
from .stateful import attempt, construct, doubled, inputs, near, same_state

CANCELLED = 0.1
"""A gradient that all but cancels is compared relative to this part of the largest gradient of its pass."""

SUMMED = Tolerance("scaled", 8.0)
"""For gradients of modules that only move numbers: what went to several places is summed on the way back, in some order."""

MOVED = 32.0
"""A difference below this many times what one rounding of the inputs does is the problem's own."""

WIDE = Tolerance("scaled", 4096.0)
"""What two frameworks must agree to in double precision for either to be the arbiter of single precision."""


def check(record: ModuleRecord, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    assert isinstance(case, StatefulCase)
    report = Report("modules", case, target, oracle)
    ours = attempt(lambda: construct(target, case), target, case)
    theirs = attempt(lambda: construct(oracle, case), oracle, case)
    if not same_error(report, ours, theirs):
        return report.verdicts
    mine, other = ours.result, theirs.result
    if "Lazy" in case.op and not _filled(report, mine, other):
        return report.verdicts
    _check_state(report, record, mine, other)
    if repr(mine) != repr(other):
        report.add(Finding.TARGET_WRONG, "prints differently", repr(mine), repr(other))
    if report.verdicts:
        return report.verdicts
    for mode in record.modes:
        _check_mode(report, record, mode, mine, other)
        if report.verdicts:
            break
    return report.verdicts


def _filled(report: Report, mine: Any, other: Any) -> bool:
    """Run a lazy module once on both sides, so that it has the shapes of its inputs; whether both did alike."""
    case = report.case
    assert isinstance(case, StatefulCase)

    def forward(framework: Target, module: Any) -> Any:
        given = inputs(framework, case)
        framework.manual_seed(case.seed)
        with framework.no_grad():
            return module.eval()(*given.args)

    ours = attempt(lambda: forward(report.target, mine), report.target, case)
    theirs = attempt(lambda: forward(report.oracle, other), report.oracle, case)
    return same_error(report, ours, theirs)


def _check_state(report: Report, record: ModuleRecord, mine: Any, other: Any) -> None:
    """Names, shapes and (where the seed decides them) values; then each state dict is loaded by the other framework."""
    ours, theirs = mine.state_dict(), other.state_dict()
    tolerance = EXACT if record.initialised else Tolerance("scaled", float("inf"))
    if list(ours) != list(theirs):
        report.add(
            Finding.TARGET_WRONG, "other keys in state_dict than the oracle's", str(list(ours)), str(list(theirs))
        )
        return
    same_state(report, "initial state", dict(ours), dict(theirs), tolerance)
    if report.verdicts:
        return
    target, oracle = report.target, report.oracle
    for module, state, source, into, name in (
        (other, ours, target, oracle, "the target's"),
        (mine, theirs, oracle, target, "the oracle's"),
    ):
        carried = {key: _carried(value, source, into) for key, value in state.items()}
        try:
            module.load_state_dict(carried)
        except Exception as error:
            report.add(Finding.TARGET_WRONG, f"{name} state_dict is not loaded by the other framework", error)


def _carried(value: Any, source: Target, into: Target) -> Any:
    return into.from_numpy(np.array(source.to_numpy(value), order="C")) if source.is_tensor(value) else value


def _check_mode(report: Report, record: ModuleRecord, mode: str, mine: Any, other: Any) -> None:
    case = report.case
    assert isinstance(case, StatefulCase)
    ours = attempt(lambda: _passes(report.target, record, case, mode, mine), report.target, case)
    theirs = attempt(lambda: _passes(report.oracle, record, case, mode, other), report.oracle, case)
    if not same_error(report, ours, theirs):
        return
    names = [name for name, _ in theirs.result]
    if [name for name, _ in ours.result] != names:
        report.add(Finding.TARGET_WRONG, f"{mode}: answers other things", str([n for n, _ in ours.result]), str(names))
        return
    top = max([_top(each) for name, each in theirs.result if name.startswith("gradient")], default=0.0)
    floor = CANCELLED * max(top, 1.0)  # the cotangents' own size is 1
    for (name, found), (_, expected) in zip(ours.result, theirs.result, strict=True):
        if name.startswith("gradient"):
            what = near(SUMMED if record.tolerance == EXACT else record.tolerance, found, expected, floor=floor)
        else:
            what = near(record.tolerance, found, expected)
        if what is not None:
            finding, evidence = _by_double_precision(report, record, mode, name, found, expected, mine, other)
            report.add(finding, f"{mode}, {name}: {what}", found, expected, evidence)
            return


def _top(array: np.ndarray) -> float:
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))


def _passes(
    framework: Target, record: ModuleRecord, case: StatefulCase, mode: str, module: Any
) -> list[tuple[str, np.ndarray]]:
    """Everything that a forward and a backward leave: outputs, gradients of inputs and parameters, buffers."""
    getattr(module, mode)()
    module.zero_grad()
    given = inputs(framework, case, gradients=record.backward)
    framework.manual_seed(case.seed + 1)
    answer = module(*given.args, **given.kwargs)
    leaves, structure = flatten(framework, answer)
    tensors = [leaf for leaf in leaves if framework.is_tensor(leaf)]
    found = [(f"output {place} of {structure}", framework.to_numpy(leaf)) for place, leaf in enumerate(tensors)]
    attached = [leaf for leaf in tensors if leaf.requires_grad]
    if record.backward and attached:
        random = np.random.default_rng(case.seed + 2)
        cotangents = [framework.from_numpy(drawn(random, framework.to_numpy(leaf))) for leaf in attached]
        wanted = [tensor for tensor, spec in zip(given.tensors, given.specs, strict=True) if spec.differentiable]
        named = [(name, each) for name, each in module.named_parameters() if each.requires_grad]
        gradients = framework.grad(attached, [*wanted, *(each for _, each in named)], cotangents)
        labels = [f"gradient of input {place}" for place in range(len(wanted))]
        labels += [f"gradient of {name}" for name, _ in named]
        found += [
            (label, framework.to_numpy(each)) for label, each in zip(labels, gradients, strict=True) if each is not None
        ]
    found += [(f"buffer {name}", framework.to_numpy(each)) for name, each in module.named_buffers()]
    return found


def _by_double_precision(report, record, mode, name, found, expected, mine, other) -> tuple[Finding, tuple[str, ...]]:
    """Who is nearer to the double-precision answer, if both frameworks agree on that; nobody, where one rounding of the inputs moves the answer as far."""
    if found.shape == expected.shape and found.dtype == expected.dtype and inexact(found):
        moved = _sensitivity(report, record, mode, name, expected, other)
        if moved is not None and (errors(found, expected) <= MOVED * moved).all():
            return Finding.ILL_CONDITIONED, (f"arbiter  one rounding of the inputs moves this by {moved.max():.3g}",)
    if not inexact(found) or found.dtype.name not in ("float32", "complex64") or found.shape != expected.shape:
        return Finding.TARGET_WRONG, ()
    case = doubled(report.case)
    try:
        ours = dict(_passes(report.target, record, case, mode, construct(report.target, report.case).double()))
        theirs = dict(_passes(report.oracle, record, case, mode, construct(report.oracle, report.case).double()))
    except Exception:
        return Finding.UNDECIDED, ()
    if near(WIDE, ours[name], theirs[name]) is not None:
        return Finding.TARGET_WRONG, ("arbiter  the two differ in double precision too",)
    truth = theirs[name].astype(expected.dtype)
    off = [float(np.max(errors(each, truth), initial=0.0)) for each in (found, expected)]
    evidence = (f"arbiter  float64 of both; target off by {off[0]:.3g}, oracle by {off[1]:.3g}",)
    if off[0] > 4 * off[1]:
        return Finding.TARGET_WRONG, evidence
    return (Finding.ORACLE_WRONG if off[1] > 4 * off[0] else Finding.ILL_CONDITIONED), evidence


def _sensitivity(report, record, mode, name, expected, other) -> np.ndarray | None:
    """The change of one result of the oracle's when its inputs move by one eps; None where that cannot be had."""
    random = np.random.default_rng(report.case.seed + 4)

    def moved(spec):
        array = lay_out(values(spec), spec.layout)
        if not inexact(array):
            return spec
        noise = random.uniform(-1.0, 1.0, array.shape) * eps(array.dtype)
        return frozen(spec, np.asarray(array * (1 + noise), array.dtype))

    try:
        found = dict(_passes(report.oracle, record, report.case.map(moved), mode, other))
    except Exception:
        return None
    return errors(found[name], expected) if found[name].shape == expected.shape else None


PROPERTY = Property(
    name="modules",
    title="modules: forward, backward, buffers, train and eval, state_dict both ways",
    applies=lambda record: isinstance(record, ModuleRecord),
    check=check,
    groups=lambda record: record.dtypes,
)
