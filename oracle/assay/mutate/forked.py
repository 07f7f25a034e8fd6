"""Runs a function in a fork of this process: what it changes, leaks or breaks dies with it."""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FAILED = 78
"""Exit status of a fork whose function raised."""


class ForkError(RuntimeError):
    """The function raised in the fork: an error of the caller's own, with its traceback. No crash, and no answer."""


@dataclass(frozen=True)
class Ended:
    """How the fork ended where it did not answer, and the CPU seconds that it took."""

    how: str
    cpu: float


def forked(function: Callable[[], Any], seconds: float) -> tuple[Any, float]:
    """(answer, CPU seconds) of ``function()`` in a fork; an ``Ended`` for an answer where it crashed or took longer than ``seconds``."""
    back, forth = os.pipe()
    number = os.fork()
    if not number:
        os.close(back)
        _answer(function, forth)
    os.close(forth)
    answer, end = bytearray(), time.monotonic() + seconds
    late = False
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([back], [], [], left)[0]:
            late = True
            os.kill(number, signal.SIGKILL)
            break
        read = os.read(back, 1 << 16)
        if not read:
            break
        answer += read
    os.close(back)
    _, status, usage = os.wait4(number, 0)
    cpu = usage.ru_utime + usage.ru_stime
    if late:
        return Ended(f"takes longer than {seconds:g} s", cpu), cpu
    code = os.waitstatus_to_exitcode(status)
    if code == FAILED:
        raise ForkError(pickle.loads(bytes(answer)))
    if code or not answer:
        return Ended(f"ends the process ({signal.Signals(-code).name if code < 0 else code})", cpu), cpu
    return pickle.loads(bytes(answer)), cpu


def _answer(function: Callable[[], Any], forth: int) -> None:
    code = 0
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        try:
            data = pickle.dumps(function())
        except BaseException:
            data, code = pickle.dumps(traceback.format_exc()), FAILED
        while data:
            data = data[os.write(forth, data) :]
    finally:
        os._exit(code)
