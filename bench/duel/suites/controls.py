"""Duels whose outcome is known: they measure the bench.

A thing against itself (any difference found is a false alarm), a planted slowdown (finding it is power), a subject that returns before it has computed, one whose
threads keep spinning.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from assay.cases import TensorSpec

from .case import Case, Closeness

SIZE = 1 << 16
"""Bytes that a unit of work hashes: work in proportion to its size, with no memory to allocate."""

PLANTED = (0.05, 0.10, 0.20)

BUFFER = memoryview(bytes(2 * SIZE))


def work(size: int, *_: Any) -> Callable[[], Any]:
    """Hash ``size`` bytes."""
    part = BUFFER[:size]

    def call() -> float:
        hashlib.sha256(part)
        return 1.0

    return call


class Pending:
    """A result that is not there yet; reading it waits."""

    def __init__(self, future: Future):
        self.future = future

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.future.result(), dtype)


def asynchronous(*_: Any) -> Callable[[], Any]:
    """Work that another thread does later: what a GPU framework looks like to a harness that does not synchronise."""
    pool = ThreadPoolExecutor(1)
    call = work(SIZE)
    return lambda: Pending(pool.submit(call))


def spinner(*_: Any) -> Callable[[], Any]:
    """Work after which a thread keeps a processor busy for a while: what thread pools that wait actively do."""
    call = work(SIZE)
    until = 0.0
    wanted = threading.Event()

    def spin() -> None:
        while True:
            wanted.wait()
            while time.perf_counter() < until:
                hashlib.sha256(BUFFER)
            wanted.clear()

    threading.Thread(target=spin, daemon=True).start()

    def spinning() -> Any:
        nonlocal until
        until = time.perf_counter() + 0.02
        wanted.set()
        return call()

    return spinning


def cases() -> list[Case]:
    """The controls: null duels, planted slowdowns, and subjects that a harness must not believe."""
    x = TensorSpec((100, 100), "float32", seed=1)
    add: dict[str, Callable] = {"torch": lambda subject, x: partial(subject.namespace.add, x, x)}
    made = [
        Case("controls", "null-work", {"work": partial(work, SIZE), "the same": partial(work, SIZE)}, subjects=("the same",), baseline="work"),
        Case("controls", "null-torch", add, (x,), subjects=("torch again",), baseline="torch", traffic=False),
        Case("controls", "asynchronous", {"work": partial(work, SIZE), "asynchronous": asynchronous}, subjects=("asynchronous",), baseline="work"),
        Case("controls", "spinner", {"work": partial(work, SIZE), "spinner": spinner}, subjects=("spinner",), baseline="work"),
    ]  # fmt: skip
    for slowdown in PLANTED:
        name = f"planted-{slowdown * 100:.0f}"
        slower = partial(work, round(SIZE * (1 + slowdown)))
        made.append(
            Case("controls", name, {"work": partial(work, SIZE), "slower": slower}, (), {"slowdown": slowdown}, subjects=("slower",), baseline="work")
        )  # fmt: skip
    return [_without_traffic(case) for case in made]


def _without_traffic(case: Case) -> Case:
    from dataclasses import replace

    return replace(case, traffic=False, closeness=Closeness())
