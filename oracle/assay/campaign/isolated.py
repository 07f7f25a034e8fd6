"""Chunks checked in a process of their own, so that a target that crashes, hangs or eats memory ends a child and not the run: what became of it is a verdict."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from typing import Any

from ..cases import Case, to_json
from ..judge import Finding, Verdict
from .child import RETIRED
from .chunk import Chunk, Job
from .plan import Arm

GRACE = 1.0
"""A child that says nothing for this many seconds more than twice a case's limit does not come back from compiled code, and is killed."""

STARTING = 180.0
"""Seconds that starting the interpreter and importing the frameworks may take."""

PROBE_PATIENCE = 3.0
"""Seconds that each framework gets alone to show that it is the one that hangs."""


class CannotStart(RuntimeError):
    """The process that checks does not come up: the adapter or the framework does not import."""


class _Gone(Exception):
    """The child ended or was killed: how, in words."""


class Isolated:
    """A child that checks chunks one after the other, for the target and oracle of these names.

    ``check`` always returns a chunk of at least one case: where a case ends the child, the cases before it count, it has a verdict of its own, and the next job goes to a new child.
    """

    def __init__(self, target: str, oracle: str):
        self.target, self.oracle = target, oracle
        self._process: subprocess.Popen | None = None
        self._child = 0
        self._pending = b""

    # -- the process ----------------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        ask, self._requests = os.pipe()
        self._answers, tell = os.pipe()
        # Unlinked at once: it goes when the last process that holds it is gone.
        self._printed, name = tempfile.mkstemp(prefix="assay-printed-")
        os.unlink(name)
        command = [sys.executable, "-m", "assay.campaign.child", self.target, self.oracle]
        command += [str(ask), str(tell), str(self._printed)]
        environment = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} | os.environ
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            command, pass_fds=(ask, tell, self._printed), stdin=subprocess.DEVNULL, env=environment,
            stdout=subprocess.DEVNULL, stderr=self._printed,
        )  # fmt: skip
        os.close(ask)
        os.close(tell)
        self._pending = b""

    def _await_child(self) -> None:
        """Until a fork is there to take jobs."""
        if self._process is None:
            self._start()
        while not self._child:
            self._hear(STARTING)

    def close(self) -> None:
        """End the processes."""
        if self._process is None:
            return
        os.close(self._requests)
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        os.close(self._answers)
        os.close(self._printed)
        self._process, self._child = None, 0

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    # -- the conversation -----------------------------------------------------------------------------------------------------------

    def _hear(self, patience: float) -> tuple[str, Any]:
        """The next thing that is said. _Gone where nothing is said for ``patience`` seconds, or a child died."""
        end = time.monotonic() + patience
        while True:
            line, found, rest = self._pending.partition(b"\n")
            if found:
                self._pending = rest
                try:
                    kind, what = json.loads(line)
                except ValueError:
                    continue  # the last words of a child that was killed
                if kind == "died":
                    self._child = 0
                    if int(what) == RETIRED:
                        continue  # it had answered; a request that it did not read is for the next one
                    raise _Gone(_death(int(what)))
                if kind == "ready":
                    self._child = int(what)
                return kind, what
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                self._kill()
                raise _Gone("hangs in compiled code")
            read = os.read(self._answers, 1 << 16)
            if not read:
                text = os.pread(self._printed, 2000, 0).decode(errors="replace").strip()
                self.close()
                raise CannotStart(f"the process that checks {self.target} does not come up: {text[-600:]}")
            self._pending += read

    def _kill(self) -> None:
        """End a child that hangs, and hear of its death."""
        if not self._child:
            self.close()
            raise CannotStart(f"the process that checks {self.target} says nothing for {STARTING:g} s")
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        with contextlib.suppress(_Gone):
            while True:
                self._hear(STARTING)

    def _tell(self, kind: str, what: Any) -> None:
        self._await_child()
        os.write(self._requests, (json.dumps([kind, what]) + "\n").encode())

    # -- chunks ---------------------------------------------------------------------------------------------------------------------

    def check(self, arm: Arm, job: Job, case: Case | None = None) -> Chunk:
        """What a job (or one kept ``case``) comes to."""
        begun = time.perf_counter()
        number, found, small = job.first, None, None
        try:
            self._tell("check", {"job": job.data(), "case": None if case is None else to_json(case)})
            while True:
                kind, what = self._hear(2 * job.limit + GRACE)
                if kind == "case":
                    number, small = int(what), None
                elif kind == "found":
                    found = what
                elif kind == "shrinking":
                    small = what
                elif kind == "done":
                    return Chunk.of(what)
        except _Gone as gone:
            how = str(gone)
        return self._aftermath(arm, job, case, number, found if small else None, how, time.perf_counter() - begun)

    def _aftermath(
        self, arm: Arm, job: Job, case: Case | None, number: int, found: dict | None, how: str, seconds: float
    ) -> Chunk:
        """The chunk of a child that did not live to tell it."""
        if case is None and number > job.first and found is None:
            # The cases before the fatal one once more, in a new child: that is cheaper than sending every verdict at once.
            earlier = self.check(arm, replace(job, most=number - job.first, seconds=float("inf")))
        else:
            earlier = Chunk(arm.name, job.first)
        if found is not None:
            chunk = Chunk.of(found)
            chunk.problems.append(f"{arm.name}: a simpler case {how}; the one that was drawn is kept")
        else:
            chunk = earlier
            if chunk.first + chunk.count == number:
                fatal = case if case is not None else arm.draw(job.seed, number)[0]
                chunk.count += 1
                chunk.add(self._verdict(arm, fatal, how, job.limit))
        chunk.seconds += seconds
        return chunk

    def _verdict(self, arm: Arm, case: Case, how: str, limit: float) -> Verdict:
        """Who is it that crashes or hangs? Each framework gets the case alone."""
        off = [party for party in ("target", "oracle") if self._dies(arm, case, party, limit)]
        if self.target == self.oracle:
            off = ["target"] if off else []
        finding = {
            ("target",): Finding.TARGET_WRONG,
            ("oracle",): Finding.ORACLE_WRONG,
            ("target", "oracle"): Finding.BOTH_WRONG,
        }.get(tuple(off), Finding.TARGET_WRONG)
        alone = (
            f"alone    {' and '.join(off)} {'do' if len(off) > 1 else 'does'} it too"
            if off
            else "alone    neither does it"
        )
        return Verdict(arm.property.name, case, finding, how, self.target, self.oracle, evidence=(alone,))

    def _dies(self, arm: Arm, case: Case, party: str, limit: float) -> bool:
        try:
            self._tell("probe", {"arm": arm.name, "case": to_json(case), "party": party, "limit": limit})
            while self._hear(min(2 * limit, PROBE_PATIENCE) + GRACE)[0] != "done":
                pass
        except _Gone:
            return True
        return False


def _death(code: int) -> str:
    """What became of a child."""
    if code == -signal.SIGKILL:
        return "ends the process (killed, perhaps for its memory)"
    if code < 0:
        return f"ends the process ({signal.Signals(-code).name})"
    return f"ends the process (exit status {code})"
