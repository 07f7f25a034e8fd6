"""What draws cost beside PyTorch: ``python -m tests.randomness.cost`` prints a table of microseconds, best of five, one thread."""

from __future__ import annotations

import time

import torch

import ingot

MILLION = 1_000_000

DRAWS = {
    "rand(3)": (1000, lambda framework: framework.rand(3)),
    "randn(3)": (1000, lambda framework: framework.randn(3)),
    "randn(16)": (300, lambda framework: framework.randn(16)),
    "randn(10,000)": (30, lambda framework: framework.randn(10_000)),
    "randint(10, (3,))": (1000, lambda framework: framework.randint(10, (3,))),
    "dropout, 64 x 64": (200, lambda framework: framework.nn.functional.dropout(framework.ones(64, 64), 0.5)),
    "rand(1M)": (3, lambda framework: framework.rand(MILLION)),
    "randn(1M)": (3, lambda framework: framework.randn(MILLION)),
    "randn(1M), float64": (1, lambda framework: framework.randn(MILLION, dtype=framework.float64)),
    "randint(1000, (1M,))": (3, lambda framework: framework.randint(1000, (MILLION,))),
    "bernoulli_(0.5), 1M": (3, lambda framework: framework.empty(MILLION).bernoulli_(0.5)),
    "exponential_(), 1M": (1, lambda framework: framework.empty(MILLION).exponential_()),
    "randperm(60,000)": (10, lambda framework: framework.randperm(60_000)),
    "randperm(1M)": (1, lambda framework: framework.randperm(MILLION)),
}
"""Draw -> (calls per measurement, the draw)."""


def microseconds(draw, framework, calls: int) -> float:
    """The best of five measurements of ``calls`` calls, per call."""
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(calls):
            draw(framework)
        best = min(best, (time.perf_counter() - begin) / calls)
    return best * 1e6


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("| draw | PyTorch | Ingot | ratio |\n|---|---|---|---|")
    for name, (calls, draw) in DRAWS.items():
        theirs, ours = (microseconds(draw, framework, calls) for framework in (torch, ingot))
        print(f"| {name} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.1f} |")


if __name__ == "__main__":
    main()
