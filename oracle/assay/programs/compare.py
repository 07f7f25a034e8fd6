"""A whole program under two frameworks: two traces (``programs.trace``), read side by side up to the first event that differs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE = {"float64": 1e-9, "complex128": 1e-9, "float32": 1e-4, "complex64": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}
"""dtype -> the difference, relative to an event's largest value, from which on it is a divergence and no rounding."""

Event = dict[str, Any]


@dataclass(frozen=True)
class Trace:
    """What one run left: its events, its exit status and the end of what it wrote to stderr."""

    name: str
    events: list[Event]
    status: int
    stderr: str

    @property
    def error(self) -> str:
        """The last line of a traceback, "" for a run that ended well."""
        lines = self.stderr.strip().splitlines()
        return (lines[-1] if lines else f"exit status {self.status}") if self.status else ""


@dataclass(frozen=True)
class Comparison:
    """Two traces beside each other. ``first`` is the number of the first event that differs, None where none does."""

    target: Trace
    oracle: Trace
    first: int | None
    what: str
    largest: float

    @property
    def same(self) -> bool:
        return self.first is None and not self.what

    def __str__(self) -> str:
        kinds: dict[str, int] = {}
        for event in self.oracle.events:
            kinds[event["kind"]] = kinds.get(event["kind"], 0) + 1
        seen = ", ".join(f"{kind} {count} times" for kind, count in kinds.items()) or "no events"
        if self.same:
            return f"{self.target.name} does what {self.oracle.name} does: {seen}; largest relative difference {self.largest:.2g}"
        lines = [f"first divergence: {self.what}"]
        if self.first is not None:
            for trace in (self.target, self.oracle):
                here = trace.events[self.first : self.first + 1]
                lines.append(f"  {trace.name:<8} {_shown(here[0]) if here else 'nothing: the run has ended'}")
            lines.append(f"  before it {self.first} events agree; largest relative difference {self.largest:.2g}")
        lines += [f"  {trace.name:<8} ended with {trace.error}" for trace in (self.target, self.oracle) if trace.error]
        return "\n".join(lines)


def _shown(event: Event) -> str:
    values = ", ".join(f"{value:.9g}" for value in event["values"][:4])
    more = ", …" if len(event["values"]) > 4 else ""
    return f"{event['name']} after {event['step']} steps, line {event['line']}: {event['dtype']}{event['shape']} [{values}{more}]"


def run(
    name: str, namespace: str, script: str, arguments: Sequence[str] = (), *, seconds: float | None = None
) -> Trace:
    """Run a script under a namespace, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="assay-") as directory:
        trace = Path(directory) / "trace.jsonl"
        command = [sys.executable, "-m", "assay.programs.trace", str(trace), namespace, script, *arguments]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=seconds,
                env=os.environ | {"PYTHONHASHSEED": "0"},
            )
            status, stderr = done.returncode, done.stderr
        except subprocess.TimeoutExpired:
            status, stderr = -1, f"it ran longer than {seconds:g} s"
        lines = trace.read_text().splitlines() if trace.exists() else []
    return Trace(name, [json.loads(line) for line in lines if line.endswith("}")], status, stderr[-4000:])


def compare(target: Trace, oracle: Trace, tolerance: float | None = None) -> Comparison:
    """The first event at which two traces differ by more than rounding explains."""
    largest = 0.0
    for place in range(max(len(target.events), len(oracle.events))):
        if place >= min(len(target.events), len(oracle.events)):
            ended = target.name if place >= len(target.events) else oracle.name
            return Comparison(target, oracle, place, f"{ended} has ended", largest)
        mine, other = target.events[place], oracle.events[place]
        for key in ("kind", "name", "dtype", "shape"):
            if mine[key] != other[key]:
                return Comparison(target, oracle, place, f"{key} {mine[key]} instead of {other[key]}", largest)
        apart = _apart(mine, other)
        if apart > (TOLERANCE.get(other["dtype"], 0.0) if tolerance is None else tolerance):
            what = (
                f"{other['name']} differs by {apart:.2g} of its size after {other['step']} steps (line {other['line']})"
            )
            return Comparison(target, oracle, place, what, largest)
        largest = max(largest, apart)
    if bool(target.status) != bool(oracle.status):
        failed = target if target.status else oracle
        return Comparison(target, oracle, None, f"{failed.name} fails: {failed.error}", largest)
    return Comparison(target, oracle, None, "", largest)


def _apart(mine: Event, other: Event) -> float:
    """The largest difference relative to the largest value; inf where only one is finite."""
    one, two = np.array([*mine["values"], mine["norm"]], float), np.array([*other["values"], other["norm"]], float)
    finite = np.isfinite(one) & np.isfinite(two)
    if not np.array_equal(np.isnan(one), np.isnan(two)) or not np.array_equal(
        one[~finite], two[~finite], equal_nan=True
    ):
        return float("inf")
    size = float(np.max(np.abs(two[finite]), initial=0.0))
    return float(np.max(np.abs(one - two)[finite], initial=0.0)) / max(size, 1e-12)
