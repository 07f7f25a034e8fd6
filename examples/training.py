"""What the examples share: their options, and a log of the loss of every step with progress and throughput."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path


def options(description: str, *, steps: int, batch: int, **more: dict) -> argparse.Namespace:
    """The command line that every example has; ``more`` are further options as keyword arguments of ``add_argument``.

    ``torch`` of the result is the framework's module: the one thing in which two runs of an example differ.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--framework", choices=("ingot", "torch"), default="ingot", help="what computes")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="of parameters and data")
    parser.add_argument("--seed", type=int, default=0, help="all that two frameworks share")
    parser.add_argument("--steps", type=int, default=steps, help="optimizer steps")
    parser.add_argument("--batch", type=int, default=batch, help="examples in a step")
    parser.add_argument("--threads", type=int, help="threads of the framework's kernels; its own choice if left out")
    parser.add_argument("--json", type=Path, help="write losses, metrics, throughput and peak memory to this file")
    for name, given in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **given)
    found = parser.parse_args()
    found.torch = import_module(found.framework)
    found.torch.set_default_dtype(getattr(found.torch, found.dtype))
    if found.threads:
        found.torch.set_num_threads(found.threads)
    found.torch.manual_seed(found.seed)
    return found


class Log:
    """Losses by step, with a line of progress on the terminal and a summary at the end.

    ``unit`` is what throughput counts ("images"), ``amount`` how many of them a step has.
    """

    def __init__(self, given: argparse.Namespace, name: str, unit: str, amount: int):
        self.options, self.name, self.unit, self.amount = given, name, unit, amount
        self.losses: list[float] = []
        self.seconds: list[float] = []
        self.metrics: dict[str, float] = {}
        self._shown = 0.0
        self._since = time.perf_counter()

    def step(self, loss: float) -> None:
        """Record the loss of one step; the time since the last record is the step's time."""
        now = time.perf_counter()
        self.losses.append(loss)
        self.seconds.append(now - self._since)
        last = len(self.losses) == self.options.steps
        if now - self._shown > (0.2 if sys.stdout.isatty() else 5) or last:
            self._shown = now
            line = f"{self.name} [{self.options.framework} {self.options.dtype}] step {len(self.losses):4d}/{self.options.steps}"
            line += f"  loss {loss:.4f}  {self.throughput():,.0f} {self.unit}/s"
            print(
                f"\r{line}" if sys.stdout.isatty() else line,
                end="" if sys.stdout.isatty() and not last else "\n",
                flush=True,
            )
        self._since = time.perf_counter()

    def throughput(self) -> float:
        """Units per second: by the median step, so that a hiccup of the machine does not count."""
        ordered = sorted(self.seconds)
        return self.amount / ordered[len(ordered) // 2]

    def pause(self) -> None:
        """Leave out of the next step's time what was done since the last (an evaluation, say)."""
        self._since = time.perf_counter()

    def finish(self, **metrics: float) -> None:
        """Print the metrics and write the record that ``--json`` asks for."""
        self.metrics = metrics
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        shown = "  ".join(f"{key.replace('_', ' ')} {value:.4g}" for key, value in metrics.items())
        print(
            f"{self.name} [{self.options.framework} {self.options.dtype}] {shown}  {self.throughput():,.0f} {self.unit}/s  peak {peak:.0f} MiB"
        )
        if self.options.json:
            record = {
                "example": self.name, "framework": self.options.framework, "dtype": self.options.dtype, "seed": self.options.seed,
                "losses": self.losses, "metrics": metrics, "unit": self.unit, "throughput": self.throughput(),
                "seconds_per_step": sorted(self.seconds)[len(self.seconds) // 2], "peak_mib": peak,
            }  # fmt: skip
            self.options.json.write_text(json.dumps(record, indent=1))
