"""Sets the harness on faults, one after the other, each in a fork of its own."""

from __future__ import annotations

import itertools
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..campaign.plan import Arm, arms
from ..catalogue import everything
from ..catalogue.record import Op
from ..engine import check_case
from ..judge import run
from ..judge.compare import errors, flatten, inexact, same_bits, spacing
from ..properties import all_properties
from ..properties.differentiable import Differentiable, directions
from ..targets import Target
from ..targets.declarations import Declared
from . import contrast
from .declared import DeclaredOperator
from .forked import Ended, forked
from .mutant import Mutant
from .operators import FORMS, Operator
from .plan import Fault
from .stateful import StatefulOperator

BUDGET = 5.0
"""CPU seconds that one fault is sought for."""

MOST = 120
"""Cases of each arm, at most."""

CASES_OF_CONTRAST = 40
"""Cases of values and of gradients that the published rules get."""

CASES_OF_EFFECT = 150
"""Cases on which a survivor is looked at: does it change anything at all?"""

CASE_LIMIT = 3.0


@dataclass
class Score:
    """What became of one fault. ``by`` the property that found it, ``what`` its sentence, ``cases`` and ``cpu`` (seconds) until then; ``contrast`` which published rules see it;
    ``effect`` (survivors) what the fault changes, "" for nothing."""

    fault: Fault
    killed: bool
    by: str = ""
    what: str = ""
    cases: int = 0
    cpu: float = 0.0
    contrast: dict[str, bool] = field(default_factory=dict)
    effect: str = ""

    @property
    def explanation(self) -> str:
        """Why a fault survived, as far as a machine can tell."""
        if self.killed:
            return ""
        return self.effect or f"changed nothing in {CASES_OF_EFFECT} cases: the fault cannot be seen through these ops"


@contextmanager
def planted(fault: Fault, target: Target) -> Iterator[Any]:
    """The target with the fault."""
    operator = fault.operator
    if isinstance(operator, DeclaredOperator):
        assert isinstance(target, Declared)
        declaration = next(each for each in target.declarations() if each.name == fault.place)
        with target.replaced(fault.place, operator.replacement(target, declaration)):
            yield target
    elif isinstance(operator, StatefulOperator):
        yield Mutant(target, fault.place, construct=lambda healthy: operator.faulty(target, healthy))
    else:
        yield Mutant(target, fault.place, lambda healthy: operator.faulty(target, healthy), forms=operator.forms)


def score(fault: Fault, target: Target, oracle: Target, seed: int = 0, *, published: bool = True) -> Score:
    """Seek one fault. Every verdict is confirmed: the same case must pass, or fail otherwise, without the fault."""
    all_properties()  # imported once, not in every fork
    answer, cpu = forked(lambda: _seek(fault, target, oracle, seed), 4 * BUDGET + 20)
    if isinstance(answer, Ended):
        # A crash is found, unless healthy code crashes as well.
        healthy, more = forked(lambda: _seek(fault, target, oracle, seed, plant=False), 4 * BUDGET + 20)
        if isinstance(healthy, Ended):
            return Score(fault, False, cpu=cpu + more, effect="a case ends the process without the fault, too")
        return Score(fault, True, "isolation", answer.how, cpu=cpu + more)
    found = Score(fault, **answer, cpu=cpu)
    if published:
        seen, _ = forked(lambda: _published(fault, target, oracle, seed), 60)
        found.contrast = dict.fromkeys(contrast.RULES, True) if isinstance(seen, Ended) else seen
    if not found.killed:
        effect, _ = forked(lambda: _effect(fault, target, seed), 60)
        found.effect = "" if isinstance(effect, Ended) else effect
    return found


def _seek(fault: Fault, target: Target, oracle: Target, seed: int, *, plant: bool = True) -> dict[str, Any]:
    begun, seen = _cpu(), 0
    left = _cases(_arms(fault), MOST)
    while True:
        suspect = None
        with planted(fault, target) if plant else nullcontext(target) as faulty:
            for arm, number in left:
                if _cpu() - begun > BUDGET:
                    break
                try:
                    case, _ = arm.draw(seed, number)
                except Exception:
                    continue
                seen += 1
                held = _held(arm, case, faulty, oracle)
                if held:
                    suspect = arm, case, held
                    break
        if suspect is None:
            return {"killed": False, "cases": seen}
        arm, case, held = suspect
        healthy = {verdict.cluster for verdict in _held(arm, case, target, oracle)}
        new = [verdict for verdict in held if verdict.cluster not in healthy]
        if new:
            return {"killed": True, "by": arm.property.name, "what": new[0].what[:160], "cases": seen}


def _held(arm: Arm, case: Any, target: Any, oracle: Target) -> list[Any]:
    found = check_case(arm.property, arm.record, case, target, oracle, limit=CASE_LIMIT)
    return [verdict for verdict in found if verdict.held_against_target]


def _arms(fault: Fault) -> list[Arm]:
    found = arms([everything()[name] for name in fault.records])
    if isinstance(fault.operator, Operator) and len(fault.operator.forms) == len(FORMS):
        # The wrapper around a call answers another tensor than out= or an in-place form must: found, but not for the fault's sake.
        return [arm for arm in found if arm.property.name != "forms"]
    return found


def _cases(chosen: Sequence[Arm], most: int) -> Iterator[tuple[Arm, int]]:
    """(arm, number): every arm in turn."""
    return ((arm, number) for number in range(most) for arm in chosen)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _published(fault: Fault, target: Target, oracle: Target, seed: int) -> dict[str, bool]:
    """Which published rules see the fault in values or gradients; a case that a rule fails without the fault does not count."""
    found = dict.fromkeys(contrast.RULES, False)
    for arm, number in _cases(_arms(fault), CASES_OF_CONTRAST):
        gradients = arm.property.name == "derivatives"
        if all(found.values()) or not isinstance(arm.record, Op):
            break
        if arm.property.name != "values" and not gradients:
            continue
        try:
            case, _ = arm.draw(seed, number)
            with planted(fault, target) as faulty:
                failed = contrast.failing(arm.record, case, faulty, oracle, gradients=gradients)
            failed -= contrast.failing(arm.record, case, target, oracle, gradients=gradients) if failed else set()
        except Exception:
            continue
        found |= dict.fromkeys(failed, True)
    return found


# -- survivors ------------------------------------------------------------------------------------------------------------------------


def _effect(fault: Fault, target: Target, seed: int) -> str:
    """What a fault changes, by comparing with the healthy target bit by bit; "" for nothing seen. What is not looked at is not said to change nothing."""
    if not all(isinstance(everything()[name], Op) for name in fault.records):
        return "not looked at: only ops are compared bit by bit"
    if isinstance(fault.operator, Operator) and len(fault.operator.forms) < len(FORMS):
        return "not looked at: in-place and out= forms are not compared bit by bit"
    changed: dict[str, float] = {}
    for arm, number in itertools.islice(_cases(_arms(fault), CASES_OF_EFFECT), 6 * CASES_OF_EFFECT):
        look = LOOKS.get(arm.property.name)
        if look is None or not isinstance(arm.record, Op):
            continue
        try:
            case, _ = arm.draw(seed + 1, number)
            with planted(fault, target) as faulty:
                ours = look(arm.record, case, faulty)
            theirs = look(arm.record, case, target)
        except Exception:
            continue
        if [part for part in ours if not isinstance(part, np.ndarray)] != [
            part for part in theirs if not isinstance(part, np.ndarray)
        ]:
            return f"changes what {arm.property.name} looks at, unnoticed"
        for mine, other in zip(ours, theirs, strict=True):
            if isinstance(mine, np.ndarray) and not same_bits(mine, other):
                changed[arm.property.name] = max(changed.get(arm.property.name, 0.0), _ulps(mine, other))
    if not changed:
        return ""
    parts = ", ".join(f"{name} by up to {size:.2g} ulp" for name, size in changed.items())
    return f"changes {parts}, within what the judge admits for these ops"


def _ulps(mine: np.ndarray, other: np.ndarray) -> float:
    if mine.shape != other.shape or mine.dtype != other.dtype or not inexact(other):
        return float("inf")
    with np.errstate(all="ignore"):
        return float(np.max(errors(mine, other) / spacing(other), initial=0.0))


def _answers(op: Op, case: Any, target: Any) -> list[Any]:
    """Values of answer and arguments, which of them share memory, who wants a gradient; or the class of the error."""
    outcome = run(target, case, gradients=op.row.grad and case.seed % 2 == 1 and not op.name.endswith("_"))
    if outcome.error is not None:
        return [outcome.error_class]
    leaves = [leaf for leaf in flatten(target, outcome.result)[0] if target.is_tensor(leaf)]
    given = outcome.arguments.tensors
    places = [target.storage(each) for each in given]
    shared = [[target.storage(leaf) is not None and target.storage(leaf) == each for each in places] for leaf in leaves]
    return [shared, [bool(leaf.requires_grad) for leaf in leaves], *map(target.to_numpy, [*leaves, *given])]


def _gradient_answers(op: Op, case: Any, target: Any) -> list[Any]:
    """Gradients and tangents."""
    function = Differentiable(target, op, case)
    if not function.argnums:
        return []
    gradients = function.vjp(None, random=np.random.default_rng(0))[2]
    try:
        return gradients + function.jvp(directions(np.random.default_rng(1), function))
    except Exception as error:
        return [*gradients, type(error).__name__]


def _second_answers(op: Op, case: Any, target: Any) -> list[Any]:
    """Second derivatives along a direction."""
    function = Differentiable(target, op, case)
    if not function.argnums:
        return []
    cotangents = function.vjp(None, random=np.random.default_rng(0))[1]
    return function.reverse_over_reverse(cotangents, directions(np.random.default_rng(1), function))[0]


LOOKS: dict[str, Callable[[Op, Any, Any], list[Any]]] = {
    "values": _answers,
    "errors": _answers,
    "derivatives": _gradient_answers,
    "higher_derivatives": _second_answers,
}
"""Property -> what is compared on its cases."""


# -- who runs what ----------------------------------------------------------------------------------------------------------------------


def users(target: Target, *, cases: int = 4, seed: int = 0) -> dict[str, list[str]]:
    """Declared op -> records that run it, found by running a few cases of each record; {} for a target without declarations."""
    if not isinstance(target, Declared):
        return {}
    answer, _ = forked(lambda: _users(target, cases, seed), 600)
    if isinstance(answer, Ended):
        raise RuntimeError(f"looking for the users of declarations {answer.how}")
    return answer


def _users(target: Any, cases: int, seed: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for record in everything().values():
        if not isinstance(record, Op):
            continue
        names: set[str] = set()
        for arm in arms([record]):
            if arm.property.name not in ("values", "derivatives"):
                continue
            for number in range(cases):
                names |= target.traced(lambda arm=arm, number=number: _quietly(arm, number, target, seed))
        for name in names:
            found.setdefault(name, []).append(record.name)
    return found


def _quietly(arm: Arm, number: int, target: Any, seed: int) -> None:
    try:
        case, _ = arm.draw(seed, number)
        (_gradient_answers if arm.property.name == "derivatives" else _answers)(arm.record, case, target)
    except Exception:
        return


def campaign(
    faults: Sequence[Fault], target: Target, oracle: Target, seed: int, observe: Callable[[Score, int], None],
    *, published: bool = True,
) -> tuple[list[Score], float]:  # fmt: skip
    """(scores, seconds) of all faults; ``observe(score, number)`` after each."""
    begun = time.monotonic()
    scores = []
    for number, fault in enumerate(faults):
        scores.append(score(fault, target, oracle, seed, published=published))
        observe(scores[-1], number)
    return scores, time.monotonic() - begun
