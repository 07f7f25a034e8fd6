"""What a session of measurements is made of: where it ran, the rows, the controls, and the document that joins them."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .record import ControlsRecord, Environment, PlantedRecord, SessionRecord, SubjectRecord
from .scaling import scalings
from .statistics import Paired, Verdict

PACKAGES = {
    "ingot": "assay-ingot",
    "torch": "torch",
    "numpy": "numpy",
    "jax": "jax",
    "pytest-benchmark": "pytest-benchmark",
}
"""Subject or tool -> the distribution whose version is noted."""


def environment(threads: int, root: Path) -> Environment:
    """Of this machine, and of the checkout at ``root``."""
    return Environment(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        python=platform.python_version(),
        platform=platform.platform(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        threads=threads,
        load=os.getloadavg()[0],
        packages={name: found for name, package in PACKAGES.items() if (found := _version(package))},
        commit=_git(root, "rev-parse", "HEAD"),
        dirty=bool(_git(root, "status", "--porcelain", "--untracked-files=no")),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


class Controls:
    """Collects the outcomes of duels whose truth is known."""

    def __init__(self) -> None:
        self.null: list[str] = []
        self.planted: dict[float, list[tuple[str, float]]] = {}

    def add(self, row: SubjectRecord) -> None:
        """Enter the record of a control's subject: a null duel, or one with a ``slowdown`` among its parameters."""
        assert row.comparison is not None
        slowdown = row.parameters.get("slowdown")
        if slowdown is None:
            self.null.append(row.comparison.verdict)
        else:
            self.planted.setdefault(slowdown, []).append((row.comparison.verdict, paired_of(row).power(slowdown)))

    def record(self) -> ControlsRecord:
        """The counts."""
        false = sum(verdict in (Verdict.FASTER.value, Verdict.SLOWER.value) for verdict in self.null)
        planted = tuple(
            PlantedRecord(
                slowdown,
                len(found),
                sum(verdict == Verdict.SLOWER.value for verdict, _ in found),
                sum(power for _, power in found) / len(found),
            )
            for slowdown, found in sorted(self.planted.items())
        )
        return ControlsRecord(len(self.null), false, planted)


def paired_of(row: SubjectRecord) -> Paired:
    """The comparison of a record as the statistics know it."""
    found = row.comparison
    assert found is not None
    return Paired(
        found.ratio, found.low, found.high, found.log_error, found.degrees, Verdict(found.verdict), found.margin, found.rounds, found.processes
    )  # fmt: skip


def session_record(
    where: Environment, profile: str, rows: Sequence[SubjectRecord], controls: Controls
) -> SessionRecord:
    """The document's key ``duel``."""
    absent = tuple(row for row in rows if row.failure)
    return SessionRecord(where, profile, controls.record(), tuple(scalings(rows)), absent)


def summary(record: SessionRecord, rows: Sequence[SubjectRecord]) -> list[str]:
    """A few lines: how many rows ended how, the worst, and what the bench knows about itself."""
    judged = [row for row in rows if row.verdict and row.subject == "ingot" and row.baseline == "torch"]
    counts: dict[str, int] = {}
    for row in judged:
        counts[row.verdict] = counts.get(row.verdict, 0) + 1
    lines = [
        "ingot beside torch: "
        + (", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "no rows")
    ]
    slowest = sorted((row for row in judged if row.verdict == "SLOWER"), key=lambda row: -paired_of(row).ratio)[:5]
    if slowest:
        lines.append("slowest: " + ", ".join(f"{row.group} {paired_of(row).ratio:.3g}x" for row in slowest))
    controls = record.controls
    if controls.null_duels:
        lines.append(
            f"controls: {controls.false_alarms} false alarms in {controls.null_duels} duels of a thing with itself"
        )
    lines += [
        f"controls: a planted slowdown of {item.slowdown:.0%} was found {item.found} times of {item.duels} (stated power {item.power:.0%})"
        for item in controls.planted
    ]
    if record.environment.load > 0.5 * record.environment.cores:
        lines.append(f"the machine was busy: load {record.environment.load:.1f} on {record.environment.cores} cores")
    return lines
