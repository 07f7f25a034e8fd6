"""The night: examples, fuzzing, mutants and benchmarks as child processes, one after the other, then the ledger and the report.

A step is data (``STEPS``). What a step has done is written down beside its results, with a hash of everything it depends on: a night that was killed goes on where it was, and what is done
is not done again. A step that fails or takes too long costs its own results, which the gate ``complete`` then misses; the others run all the same.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

from .ingest import Refused, here, ingest
from .night import Night, nights
from .readers.run import Context
from .report import Summary, summarise
from .report.write import write
from .store import open_store

GRACE = 30.0
"""Seconds that a step which is out of time has to write down what it has, between being asked to stop and being stopped."""

EVERY = {True: 0.2, False: 15.0}
"""Seconds between two progress lines, by whether they rewrite each other."""


@dataclass(frozen=True)
class Settings:
    """How long a night may take. Times are seconds."""

    fuzz: float = 300.0
    mutants: int = 40
    quick_examples: bool = False
    profile: str = "quick"
    subjects: str = "torch,ingot,numpy,torch.compile"
    pattern: str = ""
    seed: int = 0


QUICK = Settings(
    fuzz=20.0, mutants=6, quick_examples=True, subjects="torch,ingot,numpy", pattern="overhead or controls"
)
"""Two minutes: enough to see that every part works."""


@dataclass(frozen=True)
class Step:
    """``command(settings, file)`` leaves its results in ``file``, under ``output``; ``limit(settings)`` seconds are the most it takes. ``there``: whether it can be run at all."""

    name: str
    output: str
    command: Callable[[Settings, str], list[str]]
    limit: Callable[[Settings], float]
    there: Callable[[], bool] = lambda: True


def _mutates() -> bool:
    """Whether this Assay can plant faults."""
    from assay.cli import COMMANDS

    return "mutate" in COMMANDS


STEPS = (
    Step(
        "examples", "examples.json",
        lambda given, file: ["examples/compare.py", *["--quick"] * given.quick_examples, "--json", file],
        lambda given: 600.0 if given.quick_examples else 3600.0,
    ),
    Step(
        "fuzz", "campaign.json",
        lambda given, file: ["-m", "ledger.campaign", "--seconds", f"{given.fuzz:g}", "--seed", str(given.seed), "--corpus", ".assay/corpus", "--journal", f"{file}.journal", "--json", file],
        lambda given: 2 * given.fuzz + 300.0,
    ),
    Step("coverage", "coverage.csv", lambda given, file: ["-m", "assay", "coverage", "--csv", file], lambda given: 300.0),
    Step(
        "mutants", "mutation.json",
        lambda given, file: ["-m", "assay", "mutate", "--faults", str(given.mutants), "--seed", str(given.seed), "--json", file],
        lambda given: 30.0 * given.mutants + 300.0,
        _mutates,
    ),
    Step(
        "benchmarks", "bench.json",
        lambda given, file: [
            "-m", "pytest", "bench", "-q", "-p", "no:cacheprovider", "--benchmark-only", "--profile", given.profile, "--subjects", given.subjects,
            f"--benchmark-json={file}", *(["-k", given.pattern] if given.pattern else []),
        ],
        lambda given: 7200.0 if given.profile == "nightly" else 2700.0,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What became of a step. ``status``: its exit status, or the number of the signal that ended it, negative; ``late``: it ran out of time."""

    step: str
    inputs: str
    status: int
    seconds: float
    late: bool = False


class Nightly:
    """A night in the checkout at ``root``, its results under ``out``."""

    def __init__(
        self,
        root: Path,
        out: Path,
        settings: Settings,
        *,
        ledger: Path | None = None,
        steps: Sequence[Step] = STEPS,
        stream: TextIO = sys.stdout,
    ):
        self.root, self.out, self.settings, self.steps, self.stream = root, out, settings, steps, stream
        self.ledger = ledger or out / "ledger.sqlite"
        self.live = stream.isatty()
        self.began = time.monotonic()
        self.context = Context("")
        self.inputs = ""

    def run(self) -> tuple[Summary, Path]:
        """All steps, then the report: its summary, and the path of its page."""
        self.context = self._begin()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._say(
            f"night {self.context.night} of {self.context.commit[:10] or 'no commit'}{' (dirty)' * self.context.dirty} in {self.folder}"
        )
        for place, step in enumerate(self.steps, 1):
            self._step(step, f"[{place}/{len(self.steps)}]")
        summary, page = self._report()
        write_whole(self.out / "night.json", json.dumps({**self._mark(), "finished": True}))
        return summary, page

    @property
    def folder(self) -> Path:
        """Where the results of this night's steps lie."""
        return self.out / self.context.night

    def _begin(self) -> Context:
        """Go on with the night that was not finished, where it had the same inputs; else begin one."""
        now = here(root=self.root)
        self.inputs = _hash(now.commit, _changed(self.root), json.dumps(asdict(self.settings)), *(step.name for step in self.steps))  # fmt: skip
        try:
            mark = json.loads((self.out / "night.json").read_text())
            if mark["inputs"] == self.inputs and not mark["finished"]:
                return replace(now, night=mark["night"], started=mark["started"])
        except (OSError, ValueError, KeyError):
            pass
        label, number = now.started[:10], 1
        taken = self._taken()
        while label in taken:
            number += 1
            label = f"{now.started[:10]}.{number}"
        self.context = replace(now, night=label)
        write_whole(self.out / "night.json", json.dumps({**self._mark(), "finished": False}))
        return self.context

    def _taken(self) -> set[str]:
        """The labels of nights that have results already."""
        kept = {path.name for path in self.out.glob("*") if path.is_dir() and any(path.iterdir())}
        if not self.ledger.exists():
            return kept
        with open_store(self.ledger) as store:
            return kept | set(nights(store))

    def _mark(self) -> dict:
        return {"night": self.context.night, "started": self.context.started, "inputs": self.inputs}

    def _step(self, step: Step, place: str) -> None:
        if not step.there():
            self._say(f"{place} {step.name}: not in this checkout")
            return
        file, mark = self.folder / step.output, self.folder / f"{step.name}.done.json"
        command = [sys.executable, *step.command(self.settings, str(file.resolve()))]
        inputs = _hash(self.inputs, *command)
        done = _read(mark)
        if done and done.inputs == inputs and file.exists():
            self._say(f"{place} {step.name}: done before, in {clock(done.seconds)}")
            return
        file.unlink(missing_ok=True)
        done = self._child(step, command, inputs, place)
        write_whole(mark, json.dumps(asdict(done)))
        took = clock(done.seconds)
        if not file.exists():
            self._say(
                f"{place} {step.name}: failed with status {done.status} after {took}{', out of time' * done.late}: see {self.folder / step.name}.log"
            )
        else:
            self._say(f"{place} {step.name}: {'out of time, stopped' if done.late else 'done'} after {took}")

    def _child(self, step: Step, command: list[str], inputs: str, place: str) -> Done:
        """Run a step to its end, or to the end of its time, showing how long it takes and what it last said."""
        limit, log = step.limit(self.settings), self.folder / f"{step.name}.log"
        begun = shown = time.monotonic()
        late = False
        with log.open("w") as output:
            child = subprocess.Popen(command, cwd=self.root, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=_environment(self.root), preexec_fn=_begin_child, start_new_session=True)  # fmt: skip
            try:
                while child.poll() is None:
                    now = time.monotonic()
                    if now - begun > limit:
                        late = True
                        _stop(child)
                        break
                    if now - shown > EVERY[self.live]:
                        shown = now
                        self._progress(
                            f"{place} {step.name} {clock(now - begun)}, at most {clock(limit)} · {_last_line(log)}"
                        )
                    time.sleep(0.05)
            except BaseException:
                _stop(child)
                raise
        return Done(step.name, inputs, child.returncode, time.monotonic() - begun, late)

    def _report(self) -> tuple[Summary, Path]:
        """Enter what the steps left, the registry and the waivers, and write the report."""
        files = [self.folder / step.output for step in self.steps]
        files += sorted((self.root / "oracle" / "assay" / "divergences").glob("*.toml"))
        files.append(self.root / "reports" / "waivers.toml")
        with open_store(self.ledger) as store:
            for file in files:
                if not file.exists():
                    continue
                try:
                    ingest(store, [file], self.context)
                except Refused as error:
                    self._say(str(error))
            summary = summarise(Night(store, self.context.night))
            page = write(summary, self.out)
        return summary, page

    def _say(self, line: str) -> None:
        clear = "\r\x1b[2K" if self.live else ""
        self.stream.write(f"{clear}{clock(time.monotonic() - self.began):>6}  {line}\n")
        self.stream.flush()

    def _progress(self, line: str) -> None:
        if not self.live:
            self._say(line)
            return
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r\x1b[2K{f'{clock(time.monotonic() - self.began):>6}  {line}'[:width]}")
        self.stream.flush()


def ten_lines(summary: Summary, page: Path) -> list[str]:
    """What a person wants to know in the morning, in at most ten lines."""
    lines = [str(page.resolve()), summary.sentence]
    lines += [sentence for sentence in (summary.correctness, summary.speed, summary.believability) if sentence]
    for gate in summary.gates:
        if gate.failing and len(lines) < 10:
            first = gate.failing[0]
            more = f", and {len(gate.failing) - 1} more" if len(gate.failing) > 1 else ""
            lines.append(f"✗ {gate.name}: {first.row}: {first.what}"[:160] + more)
    return lines


def clock(seconds: float) -> str:
    """4:05 for 245 seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def write_whole(path: Path, text: str) -> None:
    """The whole text or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text)
    part.replace(path)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _changed(root: Path) -> str:
    """What the working tree has that its commit has not."""
    shown = [
        subprocess.run(["git", *command], cwd=root, capture_output=True, check=False).stdout
        for command in (("diff", "HEAD"), ("status", "--porcelain"))
    ]
    return hashlib.sha256(b"\0".join(shown)).hexdigest()


def _read(mark: Path) -> Done | None:
    try:
        return Done(**json.loads(mark.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _environment(root: Path) -> dict[str, str]:
    """The project is found whether or not it is installed, and every framework has one thread."""
    folders = [str(root / name) for name in ("impl", "oracle", "bench", "reports")]
    given = os.environ.get("PYTHONPATH")
    paths = os.pathsep.join([*folders, *([given] if given else [])])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"), "PYTHONUNBUFFERED": "1"}  # fmt: skip


def _begin_child() -> None:
    """In the child, before its program: a night in the background has Ctrl-C switched off, and the step would inherit that; and a night that is killed takes its step with it
    (Linux; elsewhere the step runs to its end)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _stop(child: subprocess.Popen) -> None:
    """End a step and all that it started: as Ctrl-C does, so that it can write down what it has, and for good if it does not."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            child.wait()
        return


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - 400, 0))
        lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip()[:100] for line in reversed(lines) if line.strip()), "")
