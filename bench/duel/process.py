"""Fresh interpreters that measure: started with threads and paths set, asked over a socket, replaced when they die."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

BENCH = Path(__file__).resolve().parents[1]


class WorkerDied(RuntimeError):
    """The process ended in the middle of a request (a crash, or killed), or did not answer in time."""


class RequestFailed(RuntimeError):
    """The request raised in the process. ``error`` is the name of the class."""

    def __init__(self, error: str, sentence: str):
        super().__init__(f"{error}: {sentence}")
        self.error = error


def environment(threads: int, paths: Sequence[Path] = ()) -> dict[str, str]:
    """The variables of a measuring process: as here, with thread pools of one size, and ``paths`` found first."""
    here = [entry for entry in sys.path if entry]
    found = list(dict.fromkeys([*map(str, paths), str(BENCH), *here]))
    variables = os.environ | {name: str(threads) for name in THREADS}
    variables["XLA_FLAGS"] = (
        f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()} intra_op_parallelism_threads={threads}"
    )
    variables["PYTHONPATH"] = os.pathsep.join(found)
    variables["PYTHONHASHSEED"] = "0"
    return variables


class Process:
    """One measuring process. A context manager; ``ask`` sends a request and waits.

    >>> with Process() as process: process.ask("versions", ["numpy"])
    """

    def __init__(
        self,
        threads: int = 1,
        paths: Sequence[Path] = (),
        variables: dict[str, str] | None = None,
        timeout: float = 300.0,
    ):
        self.timeout = timeout
        ours, theirs = socket.socketpair()
        with theirs:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "duel.worker", str(theirs.fileno())],
                env=environment(threads, paths) | (variables or {}),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self.connection = Connection(ours.detach())

    def ask(self, name: str, *arguments: Any) -> Any:
        """The answer to one request. RequestFailed if it raised there, WorkerDied if none comes."""
        self.send(name, *arguments)
        return self.receive()

    def send(self, name: str, *arguments: Any) -> None:
        """Start a request, without waiting."""
        try:
            self.connection.send((name, *arguments))
        except OSError as error:
            raise self._death() from error

    def receive(self) -> Any:
        """The answer to the request that was sent first."""
        try:
            if not self.connection.poll(self.timeout):
                raise WorkerDied(f"no answer within {self.timeout:g} s")
            kind, *rest = self.connection.recv()
        except (EOFError, OSError) as error:
            raise self._death() from error
        if kind == "error":
            raise RequestFailed(*rest)
        return rest[0]

    def _death(self) -> WorkerDied:
        status = self.child.wait(timeout=10)
        return WorkerDied(f"killed by signal {-status}" if status < 0 else f"ended with status {status}")

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        try:
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
