"""What a suite consists of: cases as data, with one program per dialect.

A program is ``program(subject, *tensors) -> call``: it prepares (a module, leaves that want a gradient, an optimizer) outside of the clock, and returns what
is timed. ``call()`` returns the result, which is checked against the baseline's before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.cases import Case as OpCase
from assay.cases import TensorSpec

if TYPE_CHECKING:
    from ..subjects import Subject

Program = Callable[..., Callable[[], Any]]


@dataclass(frozen=True)
class Closeness:
    """How far a program's answer may lie from the baseline's: ``units`` eps of the largest element. Single ops have the catalogue's tolerance instead."""

    units: float = 256.0


@dataclass(frozen=True)
class Case:
    """One duel: the same work for every subject.

    ``programs``: dialect or subject name -> program. ``op``: the call as Assay writes it, for single ops: it names the tolerance and the repro.
    ``flops``: of one call, None where the count means nothing. ``traffic``: whether reading the inputs and writing the results bounds the time
    (not for views). ``state_bytes``: read besides the inputs (parameters). ``checks``: how many successive calls are compared. ``full``: left to
    the nightly profile. ``compiled``: torch.compile takes part, where the profile has it.
    """

    suite: str
    name: str
    programs: Mapping[str, Program]
    inputs: tuple[TensorSpec, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    op: OpCase | None = None
    flops: float | None = None
    traffic: bool = True
    state_bytes: int = 0
    closeness: Closeness | None = Closeness()
    checks: int = 1
    subjects: tuple[str, ...] = ("torch", "ingot", "numpy", "jax", "torch.compile")
    baseline: str = "torch"
    units: Mapping[str, float] = field(default_factory=dict)
    memory: bool = False
    saved: bool = False
    compiled: bool = False
    full: bool = False

    @property
    def id(self) -> str:
        """What names the case among all: "ops/add-1000000-float32"."""
        return f"{self.suite}/{self.name}"

    def program(self, subject: Subject) -> Program | None:
        """The program that ``subject`` runs, None where the case has none for it."""
        return self.programs.get(subject.name) or self.programs.get(subject.dialect)
