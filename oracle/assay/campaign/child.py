"""``python -m assay.campaign.child TARGET ORACLE``: checks chunks for ``isolated.Isolated``, and may die of them.

The process that is started imports both frameworks once and then only forks: each child takes jobs until it ends, and is replaced within milliseconds by another fork. They
talk through a pipe that they were born with, one JSON document a line; standard output and error are whatever the target prints, and go to a file.

What a child says: ``ready`` with its process id, ``case`` before each case, ``found`` and ``shrinking`` while a failure is made small, ``done`` with a chunk. What the parent of
the children says: ``died`` with the exit status of one. After ``done`` a child that has grown too large ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, TextIO

from ..cases import Case, from_json, to_json
from ..catalogue import everything
from ..divergences import load as load_registry
from ..engine import check_case
from ..judge import Finding, Verdict
from ..properties import all_properties
from ..properties import load as load_property
from ..targets import Target
from ..targets import load as load_target
from .chunk import Chunk, Drawn, Job, check_cases, check_chunk
from .plan import Arm

MEBIBYTE = 2**20

LEAK = 128 * MEBIBYTE
"""Bytes by which a child may grow during one chunk: cases are small, so what grows faster leaks."""

GROWN = 1024 * MEBIBYTE
"""Bytes by which it may grow in its life; then another takes its place."""

ROOM = 8 * 1024 * MEBIBYTE
"""Bytes of address space that a child may take beyond what it was born with."""

RETIRED = 77
"""Exit status of a child that grew too large, after it answered."""

MOST_PRINTED = 400
"""Characters of what a target prints that a verdict shows."""

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Import, then fork one child after the other until the pipe closes."""
    target, oracle = load_target(arguments[0]), load_target(arguments[1])
    everything(), all_properties()
    requests, printed = int(arguments[2]), int(arguments[4])
    answers = os.fdopen(int(arguments[3]), "w")
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    _die_with_parent()
    while True:
        number = os.fork()
        if not number:
            _die_with_parent()
            os._exit(_Child(target, oracle, requests, answers, printed).serve())
        _, status = os.waitpid(number, 0)
        code = os.waitstatus_to_exitcode(status)
        if not code:
            return 0  # the pipe was closed
        # A line of its own: the child may have died in the middle of one.
        answers.write("\n" + json.dumps(["died", code]) + "\n")
        answers.flush()


def _die_with_parent() -> None:
    """No orphans: the kernel (Linux) kills this process when the thread that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class _Child:
    """One fork: answers jobs until the pipe closes."""

    def __init__(self, target: Target, oracle: Target, requests: int, answers: TextIO, printed: int):
        self.target, self.oracle = target, oracle
        self.requests, self.answers, self.printed = requests, answers, printed
        self.registry = load_registry()

    def serve(self) -> int:
        _limit_memory()
        self._say("ready", os.getpid())
        born = resident()
        while line := _line(self.requests):
            kind, what = json.loads(line)
            before = resident()
            chunk = self._probe(**what) if kind == "probe" else self._chunk(what)
            now = resident()
            if now - before > LEAK:
                self._leak(chunk, now - before)
            self._say("done", chunk.data())
            if now - born > GROWN:
                return RETIRED
        return 0

    def _say(self, kind: str, what: Any) -> None:
        self.answers.write(json.dumps([kind, what]) + "\n")
        self.answers.flush()

    def _arm(self, name: str) -> Arm:
        op, _, property = name.rpartition("/")
        return Arm(everything()[op], load_property(property))

    def _chunk(self, data: dict[str, Any]) -> Chunk:
        job = Job.of(data["job"])
        arm = self._arm(job.arm)
        announce, finish = self._announcer()
        if data["case"] is None:
            chunk = check_chunk(arm, job, self.target, self.oracle, self.registry, announce)
        else:
            kept: list[Drawn | Exception] = [(from_json(data["case"]), None)]
            chunk = check_cases(arm, job, kept, self.target, self.oracle, self.registry, announce)
        finish(chunk)
        self._add_printed(arm, job, chunk)
        return chunk

    def _announcer(self) -> tuple[Callable[[str, Any], None], Callable[[Chunk], None]]:
        """Tells the parent what happens, and notes which cases print."""
        self.prints: list[tuple[int, str]] = []
        current = [-1, os.fstat(self.printed).st_size]

        def note(number: int) -> None:
            size = os.fstat(self.printed).st_size
            if size > current[1] and current[0] >= 0:
                text = os.pread(self.printed, MOST_PRINTED, current[1]).decode(errors="replace")
                self.prints.append((current[0], text))
            current[0], current[1] = number, size

        def announce(kind: str, what: Any) -> None:
            if kind == "case":
                note(what)
                self._say("case", what)
            elif kind == "found":
                self._say("found", what.data())
            else:
                self._say("shrinking", to_json(what))

        return announce, lambda chunk: note(-1)

    def _add_printed(self, arm: Arm, job: Job, chunk: Chunk) -> None:
        for number, text in self.prints:
            evidence = ("printed  " + repr(text),)
            case = _case(arm, job, number)
            names = self.target.name, self.oracle.name
            what = "prints something"
            chunk.add(Verdict(arm.property.name, case, Finding.UNSPECIFIED, what, *names, evidence=evidence))

    def _leak(self, chunk: Chunk, grown: int) -> None:
        arm = self._arm(chunk.arm)
        case = Case(arm.record.name)
        what = f"leaks memory: {grown // MEBIBYTE} MiB in {chunk.count} cases"
        chunk.add(Verdict(arm.property.name, case, Finding.TARGET_WRONG, what, self.target.name, self.oracle.name))

    def _probe(self, arm: str, case: str, party: str, limit: float) -> Chunk:
        """One case by one framework alone: does it survive that?"""
        found = self._arm(arm)
        framework = self.target if party == "target" else self.oracle
        self._say("case", 0)
        check_case(found.property, found.record, from_json(case), framework, framework, limit=limit)
        return Chunk(arm, 0, 1)


def _case(arm: Arm, job: Job, number: int) -> Case:
    try:
        return arm.draw(job.seed, number)[0]
    except Exception:
        return Case(arm.record.name)


def _line(descriptor: int) -> bytes:
    """One line; empty at the end. Read without a buffer, which would swallow the request that is meant for the next child."""
    found = bytearray()
    while byte := os.read(descriptor, 1):
        if byte == b"\n":
            return bytes(found)
        found += byte
    return b""


def resident() -> int:
    """Bytes of memory that this process occupies; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _limit_memory() -> None:
    try:
        import resource

        with open("/proc/self/statm") as file:
            born = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = born + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    except (ImportError, OSError, ValueError):
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
