"""One case in one process: subjects are prepared, their answers checked, and those that are right are timed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.cases.fill import values
from assay.cases.materialise import lay_out

from . import subjects
from .block import Contender
from .clock import Clock
from .correctness import disagreement
from .engine import Sample, measure
from .plan import Plan
from .roofs import NAME, Need, roof_for
from .subjects import Subject, TorchLike
from .suites import Case

MISSING = (AttributeError, LookupError, ImportError, NotImplementedError)
"""What a subject raises that lacks something."""


@dataclass
class Failure:
    """Why a subject has no times: "missing", "raised", "wrong" or "crashed", and the sentence."""

    kind: str
    detail: str


@dataclass
class Bout:
    """What came of one case in one process. ``roof``: kind, amount of work of its kernel, working set; None where no roof applies."""

    sample: Sample = field(default_factory=Sample)
    failures: dict[str, Failure] = field(default_factory=dict)
    need: Need | None = None
    roof: tuple[str, float, int] | None = None
    saved: dict[str, int] = field(default_factory=dict)


class BaselineFailed(RuntimeError):
    """The baseline itself gave no answer: there is nothing to compare with."""


def fight(
    case: Case, names: Sequence[str], plan: Plan, *, seed: int = 0, check_only: bool = False, clock: Clock | None = None
) -> Bout:
    """Run ``case`` for the named subjects and its baseline. Subjects that have no program for it are left out."""
    bout = Bout()
    calls = prepare(case, names, plan, bout)
    if check_only:
        return bout
    contenders = [subjects.load(name).contender(call) for name, call in calls.items()]
    roof = roof_for(bout.need) if bout.need else None
    if roof:
        contenders.append(roof.contender)
        bout.roof = (roof.kind, roof.amount, roof.working_set)
    bout.sample = measure(contenders, plan, seed=seed, clock=clock)
    if case.saved:
        for name, call in calls.items():
            subject = subjects.load(name)
            if isinstance(subject, TorchLike):
                bout.saved[name] = saved_bytes(subject, call)
    return bout


def prepare(case: Case, names: Sequence[str], plan: Plan, bout: Bout) -> dict[str, Callable[[], Any]]:
    """The calls of the subjects whose answers are right, the baseline's first; the others' failures go into ``bout``."""
    baseline = subjects.load(case.baseline)
    calls: dict[str, Callable[[], Any]] = {}
    expected: list[list[np.ndarray]] = []
    for name in [case.baseline, *(name for name in names if name != case.baseline)]:
        subject = baseline if name == case.baseline else _load(name, bout)
        program = None if subject is None else case.program(subject)
        if subject is None or program is None:
            continue
        try:
            subject.set_threads(plan.threads)
            call, answers = answer_of(case, subject, program)
        except Exception as error:
            if name == case.baseline:
                raise BaselineFailed(f"{case.id}: {name} raised {_sentence(error)}") from error
            bout.failures[name] = Failure("missing" if isinstance(error, MISSING) else "raised", _sentence(error))
            continue
        if name == case.baseline:
            expected = answers
            bout.need = _need(case, answers[0])
        else:
            wrong = disagreement(case, subject, answers, expected, same_dialect=subject.dialect == baseline.dialect)
            if wrong:
                bout.failures[name] = Failure("wrong", wrong)
                continue
        calls[name] = call
    return calls


def _load(name: str, bout: Bout) -> Subject | None:
    try:
        return subjects.load(name)
    except Exception as error:
        kind = "missing" if isinstance(error, ModuleNotFoundError) else "raised"
        bout.failures[name] = Failure(kind, f"'{name}' cannot be imported: {_sentence(error)}")
        return None


def answer_of(case: Case, subject: Subject, program: Callable) -> tuple[Callable[[], Any], list[list[np.ndarray]]]:
    """What is to be timed, and the answers of its first ``case.checks`` calls as arrays."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if case.op is not None:
            call = program(subject)
        else:
            call = program(subject, *(subject.tensor(lay_out(values(spec), spec.layout)) for spec in case.inputs))
        answers = []
        for _ in range(case.checks):
            result = call()
            subject.synchronize()
            answers.append(subject.read(result))
        return call, answers


def _need(case: Case, answer: list[np.ndarray]) -> Need | None:
    """What one call has to do. An input counts the memory it covers, once."""
    if not case.traffic:
        return None
    read = case.state_bytes + sum(_covered(lay_out(values(spec), spec.layout)) for spec in case.inputs)
    dtype = next((spec.dtype for spec in case.inputs if spec.dtype.startswith("float")), "float32")
    return Need(case.flops or 0.0, read, sum(leaf.nbytes for leaf in answer), dtype)


def _covered(array: np.ndarray) -> int:
    distinct = [size for size, stride in zip(array.shape, array.strides, strict=True) if stride]
    return int(np.prod(distinct, dtype=np.int64)) * array.itemsize


def saved_bytes(subject: TorchLike, call: Callable[[], Any]) -> int:
    """The memory that one call keeps for its backward pass, as ``saved_tensors_hooks`` shows it: of each storage the largest tensor."""
    kept: dict[int | None, int] = {}
    held: list[Any] = []  # so that no address is used twice

    def pack(tensor: Any) -> Any:
        storage = subject.target.storage(tensor)
        kept[storage] = max(kept.get(storage, 0), tensor.numel() * tensor.element_size())
        held.append(tensor)
        return tensor

    with subject.namespace.autograd.graph.saved_tensors_hooks(pack, lambda packed: packed):
        call()
    return sum(kept.values())


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


__all__ = ["NAME", "BaselineFailed", "Bout", "Contender", "Failure", "fight", "prepare", "saved_bytes"]
