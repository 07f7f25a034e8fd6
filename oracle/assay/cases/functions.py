"""Python functions that a case may name (``Function``): what learning-rate schedulers and higher-order ops are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "decay": lambda epoch: 0.95**epoch,
    "halve": lambda epoch: 0.5**epoch,
    "staircase": lambda epoch: 1.0 / (1 + epoch // 3),
    "factor": lambda epoch: 0.9,
    "shrink": lambda x: 0.5 * x,
    "square": lambda x: x * x,
    "absolute": abs,
    "squared_distance": lambda a, b: ((a - b) ** 2).sum(-1),
    "averaged": lambda averaged, model, count: averaged + (model - averaged) / (count + 1),
}
"""Name -> function; each works on numbers and on tensors of any target."""
