"""Runs one property on one case, so that nothing a target does ends the run: errors of the harness, endless loops and missing ops become verdicts."""

from __future__ import annotations

import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .cases import Case
from .catalogue.record import Record
from .judge import Finding, MissingOp, Verdict
from .properties import Property
from .targets import Target

CASE_LIMIT = 10.0
"""Seconds that one case may take."""

PATIENCE = 6.0
"""A case that other processes kept from the processor, or that is importing something, may take this many times as long: a busy machine is no fault of the target, and a module
that is cut off halfway stays broken for all cases to come."""


class TimeLimit(BaseException):
    """A case took longer than ``CASE_LIMIT``. No Exception, so that no target swallows it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises ``TimeLimit`` in the body after ``seconds`` (in the main thread, where there are interval timers; elsewhere the body is on its own)."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    begun, computed = time.monotonic(), time.process_time()

    def expired(number: int, frame: Any) -> None:
        starved = time.process_time() - computed < seconds / 2
        if (starved or _importing(frame)) and time.monotonic() - begun < PATIENCE * seconds:
            signal.setitimer(signal.ITIMER_REAL, seconds / 2)
            return
        raise TimeLimit

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _importing(frame: Any) -> bool:
    """Whether a frame runs on behalf of an import."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def check_case(
    property: Property, record: Record, case: Case, target: Target, oracle: Target, *, limit: float = CASE_LIMIT
) -> list[Verdict]:
    """The verdicts of one property against one case; whatever goes wrong on the way is one too."""

    def verdict(finding: Finding, what: str, evidence: tuple[str, ...] = ()) -> list[Verdict]:
        return [Verdict(property.name, case, finding, what, target.name, oracle.name, evidence=evidence)]

    try:
        with time_limit(limit), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return property.check(record, case, target, oracle)
    except MissingOp as missing:
        return verdict(Finding.MISSING, f"no '{missing}'")
    except TimeLimit:
        return verdict(Finding.TARGET_WRONG, f"takes longer than {limit:g} s")
    except MemoryError as error:
        return verdict(Finding.HARNESS_ERROR, f"out of memory: {error}")
    except Exception as error:
        lines = traceback.format_exception(error)[-4:]
        what = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        return verdict(Finding.HARNESS_ERROR, what, tuple("".join(lines).splitlines()))


def missing(record: Record, target: Target) -> bool:
    """Whether the target has nothing by the record's name."""
    if record.family in ("modules", "optimizers", "schedulers"):
        return target.constructor(record.name) is None
    return target.resolve(record.name) is None
