"""Reads the registry and matches verdicts against it."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from ..judge import Verdict

DIRECTORY = Path(__file__).parent

BUILTINS = {
    "any": any,
    "all": all,
    "len": len,
    "max": max,
    "min": min,
    "abs": abs,
    "isinstance": isinstance,
    "set": set,
}
"""What a ``when`` may call."""


@dataclass(frozen=True)
class Divergence:
    """One known difference."""

    id: str
    target: str
    ops: tuple[str, ...]
    reason: str
    link: str
    what: str
    oracle: str = "torch"
    properties: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    when: str = ""
    repro: str = ""
    answer: str = ""
    exact: str = ""

    def __post_init__(self) -> None:
        for name in ("id", "target", "reason", "link", "what"):
            if not getattr(self, name):
                raise ValueError(f"divergence '{self.id}' has no {name}; every entry needs one")
        if not self.ops or "*" in self.ops:
            raise ValueError(f"divergence '{self.id}' is for every op; an entry names its ops")

    @cached_property
    def _condition(self) -> CodeType | None:
        return compile(self.when, f"when of divergence '{self.id}'", "eval") if self.when else None

    @cached_property
    def _sentence(self) -> re.Pattern[str]:
        return re.compile(self.what)

    def concerns(self, op: str, property: str) -> bool:
        """Whether checks of this op and property could show the difference."""
        named = any(fnmatch.fnmatchcase(op, pattern) for pattern in self.ops)
        return named and (not self.properties or property in self.properties)

    def matches(self, verdict: Verdict) -> bool:
        """Whether a verdict is this difference and no other."""
        case = verdict.case
        if (verdict.target, verdict.oracle) != (self.target, self.oracle):
            return False
        if not self.concerns(case.op, verdict.property):
            return False
        if self.findings and verdict.finding.value not in self.findings:
            return False
        tensors = case.tensors()
        if self.dtypes and not all(spec.dtype in self.dtypes for spec in tensors if not spec.constant):
            return False
        if self._sentence.search(verdict.what) is None:
            return False
        names = {"op": case.op, "tensors": tensors, "args": case.args, "kwargs": dict(case.kwargs), "seed": case.seed}
        return self._condition is None or bool(eval(self._condition, {"__builtins__": BUILTINS} | names))


@dataclass
class Registry:
    """Divergences, and which of them have occurred."""

    divergences: list[Divergence] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def match(self, verdict: Verdict) -> Divergence | None:
        """The known difference that a verdict is, if any."""
        for each in self.divergences:
            if each.matches(verdict):
                self.seen.add(each.id)
                return each
        return None

    def expired(self, checked: set[tuple[str, str]], target: str, oracle: str) -> list[str]:
        """Ids of the divergences that concern a checked (op, property) and have not occurred."""
        return [
            each.id
            for each in self.divergences
            if each.id not in self.seen
            and not each.repro  # it expires with its repro, which a test runs
            and (each.target, each.oracle) == (target, oracle)
            and any(each.concerns(op, property) for op, property in checked)
        ]


def load(directory: Path = DIRECTORY) -> Registry:
    """The registry of a directory of TOML files. ValueError for an entry that lacks something, or an id that stands twice."""
    found: dict[str, Divergence] = {}
    for path in sorted(directory.glob("*.toml")):
        for entry in tomllib.loads(path.read_text()).get("divergence", []):
            try:
                fields: dict[str, Any] = {
                    key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
                }
                made = Divergence(**fields)
            except TypeError as error:
                raise ValueError(f"{path.name}: {error}") from error
            if made.id in found:
                raise ValueError(f"divergence '{made.id}' stands twice, the second time in {path.name}")
            found[made.id] = made
    return Registry(list(found.values()))
