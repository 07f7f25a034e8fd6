"""Runs every example under both frameworks and compares them, loss by loss.

    python examples/compare.py
    python examples/compare.py --quick --json build/examples.json

One seed is all that two runs share, so the losses agree only if weights, data order, dropout, derivatives and optimizers all do. The bound is relative, over the
first 50 steps: later, rounding that differs in the last bit has grown with the training itself. Exit status 1 where a curve is outside its bound.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
STEPS = 50
BOUND = {"float32": 1e-5, "float64": 1e-10}
EPOCH = 23
"""Optimizer steps of one epoch of the digits example."""


@dataclass(frozen=True)
class Comparison:
    """One row of the result: the same program under both frameworks."""

    name: str
    dtype: str
    ingot: dict
    torch: dict

    @property
    def difference(self) -> float:
        """The largest relative difference of two losses over the first 50 steps; infinite where one is not finite."""
        pairs = list(zip(self.ingot["losses"], self.torch["losses"], strict=True))[:STEPS]
        apart = [abs(ours - theirs) / abs(theirs) for ours, theirs in pairs]
        return max(float("inf") if value != value else value for value in apart)

    @property
    def agrees(self) -> bool:
        return self.difference <= BOUND[self.dtype]

    def record(self) -> dict:
        return {
            "example": self.name, "dtype": self.dtype, "difference": self.difference, "bound": BOUND[self.dtype], "agrees": self.agrees,
            "ingot": self.ingot, "torch": self.torch,
        }  # fmt: skip

    def row(self) -> str:
        speed = self.ingot["throughput"] / self.torch["throughput"]
        memory = self.ingot["peak_mib"] / self.torch["peak_mib"]
        metrics = "  ".join(
            f"{key.replace('_', ' ')} {value:.4g} / {self.torch['metrics'][key]:.4g}"
            for key, value in self.ingot["metrics"].items()
        )
        sign = "agrees " if self.agrees else "DIFFERS"
        return f"{self.name:<22} {self.dtype}  {sign} {self.difference:8.1e}  speed {speed:5.2f} x  peak memory {memory:4.2f} x  {metrics}"


class Failed(RuntimeError):
    """A program that ended with an error; what it printed."""


def run(script: str, framework: str, dtype: str, *arguments: str) -> dict:
    """One example in a process of its own; its record."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record.json"
        command = [
            sys.executable,
            str(HERE / f"{script}.py"),
            "--framework",
            framework,
            "--dtype",
            dtype,
            "--json",
            str(record),
        ]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"{' '.join([*command, *arguments])}\n{done.stdout}{done.stderr}")
        return json.loads(record.read_text())


def same_program(script: str, dtype: str, *arguments: str) -> Comparison:
    """An example under both frameworks."""
    return Comparison(script, dtype, *(run(script, framework, dtype, *arguments) for framework in ("ingot", "torch")))


def gone_on(first: str, then: str, dtype: str) -> Comparison:
    """The digits example, begun in one framework and finished in the other, beside a run in the other alone."""
    whole = ("--until", str(3 * EPOCH))
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = str(Path(folder) / "checkpoint.pt")
        begun = run("digits", first, dtype, "--steps", str(EPOCH), *whole, "--save", checkpoint)
        ended = run("digits", then, dtype, "--steps", str(3 * EPOCH), *whole, "--resume", checkpoint)
    alone = run("digits", "torch", dtype, "--steps", str(3 * EPOCH), *whole)
    joined = {**ended, "losses": begun["losses"] + ended["losses"]}
    return Comparison(f"{first} then {then}", dtype, joined, alone)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="50 steps of each, not the whole training")
    parser.add_argument("--json", type=Path, help="write all records to this file")
    given = parser.parse_args()
    short = ("--steps", str(STEPS))
    comparisons = [
        partial(same_program, script, dtype, *(short if given.quick or dtype == "float64" else ()))
        for script in ("digits", "chargpt", "sequences")
        for dtype in BOUND
    ]
    comparisons += [
        partial(gone_on, first, then, "float64") for first, then in (("torch", "ingot"), ("ingot", "torch"))
    ]
    found = []
    print(
        "losses of the first 50 steps, Ingot against PyTorch: largest relative difference; then Ingot / PyTorch, one run each\n",
        flush=True,
    )
    for compared in comparisons:
        try:
            found.append(compared())
            print(found[-1].row(), flush=True)
        except Failed as failure:
            print(f"FAILED  {failure}", flush=True)
    if given.json:
        given.json.write_text(json.dumps([one.record() for one in found], indent=1))
    raise SystemExit(0 if len(found) == len(comparisons) and all(one.agrees for one in found) else 1)


if __name__ == "__main__":
    main()
