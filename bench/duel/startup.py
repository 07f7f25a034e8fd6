"""Start-up: what an import costs, and the first use after it, each time in a fresh interpreter.

A round starts one interpreter a subject, in balanced order; the stages are timed inside it, so that the interpreter's own start does not count. The files are
in the page cache after the first round, which is not kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from .analysis import records
from .block import Block, WarmUp
from .bout import Bout
from .engine import Sample
from .plan import Plan
from .process import environment
from .record import SubjectRecord
from .schedule import orders

STAGES = ("import", "first-op", "first-module")

SCRIPTS = {
    "torch": ("import torch as T", "T.ones(4) + 1", "T.nn.Linear(2, 2)(T.ones(1, 2))"),
    "ingot": ("import ingot as T", "T.ones(4) + 1", "T.nn.Linear(2, 2)(T.ones(1, 2))"),
    "numpy": ("import numpy as T", "T.ones(4) + 1", "None"),
}
"""What each stage runs, by subject."""

_TIMED = """
import json, time
taken = []
for line in {lines!r}:
    start = time.perf_counter_ns()
    exec(line)
    taken.append(time.perf_counter_ns() - start)
print(json.dumps(taken))
"""


def start_once(subject: str, threads: int) -> list[int]:
    """Nanoseconds of each stage in one fresh interpreter. RuntimeError if it fails."""
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(lines=SCRIPTS[subject])],
        env=environment(threads),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{subject} does not start: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def measure_startup(names: Sequence[str], rounds: int, plan: Plan) -> dict[str, list[SubjectRecord]]:
    """The records of every stage, by its name; the baseline is torch, or the first subject where torch takes no part."""
    chosen = [name for name in SCRIPTS if name in names]
    for name in chosen:
        start_once(name, plan.threads)
    taken: dict[str, list[list[int]]] = {name: [] for name in chosen}
    order = []
    for places in orders(len(chosen), rounds, plan.seed):
        order.append([chosen[place] for place in places])
        for name in order[-1]:
            taken[name].append(start_once(name, plan.threads))
    return {stage: _records(stage, place, taken, order, plan) for place, stage in enumerate(STAGES)}


def _records(
    stage: str, place: int, taken: dict[str, list[list[int]]], order: list[list[str]], plan: Plan
) -> list[SubjectRecord]:
    names = [name for name in taken if SCRIPTS[name][place] != "None"]
    sample = Sample(
        order=[[name for name in names_ if name in names] for names_ in order],
        factors=[1] * len(order),
        blocks={name: [Block(1, stages[place]) for stages in taken[name]] for name in names},
        warm={name: WarmUp(taken[name][0][place] * 1e-9, 0.0, 1) for name in names},
    )
    baseline = "torch" if "torch" in names else names[0]
    parameters = {"op": stage}
    return records(
        [Bout(sample=sample)], suite="startup", case=stage, baseline=baseline, plan=plan, parameters=parameters, reproduce=f"bench run startup/{stage}"
    )  # fmt: skip
