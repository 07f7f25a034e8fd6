"""What the judge found, and how it is printed: one screen."""

from __future__ import annotations

import builtins
import re
import shlex
from dataclasses import dataclass, field
from enum import Enum

from ..cases import Case, to_json


class Finding(Enum):
    """Who is off."""

    TARGET_WRONG = "target wrong"
    ORACLE_WRONG = "oracle wrong"
    BOTH_WRONG = "both wrong"
    BOTH_IMPRECISE = "both imprecise"
    ILL_CONDITIONED = "ill-conditioned"
    UNSPECIFIED = "unspecified"
    UNDECIDED = "undecided"
    MISSING = "missing"
    HARNESS_ERROR = "harness error"


PASSING = frozenset((Finding.ORACLE_WRONG, Finding.BOTH_IMPRECISE, Finding.ILL_CONDITIONED, Finding.UNSPECIFIED))
"""Findings that are not held against the target. Both are imprecise where one right formula loses digits alike in both, and not in double precision."""


@dataclass(frozen=True)
class Judgement:
    """Who is off, the difference as a sentence, the proof, the element that is worst."""

    finding: Finding
    what: str
    evidence: tuple[str, ...] = ()
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """One difference: what was asked, what both answered, who is off and how one knows."""

    property: str
    case: Case
    finding: Finding
    what: str
    target: str
    oracle: str
    target_answer: str = ""
    oracle_answer: str = ""
    evidence: tuple[str, ...] = field(default=())

    @builtins.property
    def held_against_target(self) -> bool:
        """Whether the verdict makes a check of the target fail."""
        return self.finding not in PASSING

    @builtins.property
    def region(self) -> str:
        """The part of the op's domain that the case lies in: its dtypes and what is peculiar about its tensors."""
        specs = self.case.tensors()
        dtypes = "+".join(sorted({spec.dtype for spec in specs})) or "no tensors"
        peculiar = {
            "empty": any(not spec.numel for spec in specs),
            "0-d": any(not spec.shape for spec in specs),
            "specials": any(spec.specials for spec in specs),
        }
        return ", ".join([dtypes, *(name for name, present in peculiar.items() if present)])

    @builtins.property
    def cluster(self) -> tuple[str, str, str, str]:
        """(op, property, finding, what without its numbers): verdicts with one cause share it."""
        return self.case.op, self.property, self.finding.value, kind_of(self.what)

    def command(self) -> str:
        """The command that repeats the check of this case."""
        command = ["assay", "check", self.case.op, "--property", self.property]
        command += ["--target", self.target, "--oracle", self.oracle, "--case", to_json(self.case)]
        return shlex.join(command)

    def screen(self, repro: str | None = None) -> str:
        """The verdict for a person, on one screen, with the command that repeats it and the path of a stand-alone script."""
        lines = [
            f"{self.case.op} · {self.property} · {self.finding.value}: {self.what}",
            f"  case     {self.case}",
        ]
        lines += [
            f"  {label:<8} {_shorten(text)}"
            for label, text in ((self.target, self.target_answer), (self.oracle, self.oracle_answer))
            if text
        ]
        lines += [f"  {line}" for line in self.evidence]
        lines += [f"  again    {self.command()}"]
        lines += [f"  repro    {repro}"] if repro else []
        return "\n".join(lines)


def kind_of(what: str) -> str:
    """A difference as a sentence without numbers, indices and values, so that two samples of one cause read alike."""
    head = what.split(":")[0] if "elements differ" in what else what
    if ("against" in head and "ulp" in head) or "elements differ" in what or "not finite in one" in what:
        return "values differ"
    return re.sub(r"[-+]?\d[\d.e+-]*", "#", head)[:120]


def _shorten(text: str, most: int = 600) -> str:
    lines = text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"
    return lines.replace("\n", "\n           ")
