"""What the judge found, and how it is printed: one screen."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from enum import Enum

from ..cases import Case, to_json


class Finding(Enum):
    """Who is off."""

    TARGET_WRONG = "target wrong"
    ORACLE_WRONG = "oracle wrong"
    BOTH_WRONG = "both wrong"
    ILL_CONDITIONED = "ill-conditioned"
    UNSPECIFIED = "unspecified"
    UNDECIDED = "undecided"
    MISSING = "missing"


PASSING = frozenset((Finding.ORACLE_WRONG, Finding.ILL_CONDITIONED, Finding.UNSPECIFIED))
"""Findings that are not held against the target."""


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

    @property
    def held_against_target(self) -> bool:
        """Whether the verdict makes a check of the target fail."""
        return self.finding not in PASSING

    def screen(self) -> str:
        """The verdict for a person, on one screen, with the command that repeats it."""
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
        command = ["python", "-m", "assay", "check", self.case.op, "--property", self.property]
        command += ["--target", self.target, "--oracle", self.oracle, "--case", to_json(self.case)]
        return "\n".join([*lines, f"  again    {shlex.join(command)}"])


def _shorten(text: str, most: int = 600) -> str:
    lines = text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"
    return lines.replace("\n", "\n           ")
