"""What a computation needs of memory at its peak, beside what it takes of time. Tensors of megabytes: smaller ones hide in the allocator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from assay.cases import TensorSpec

from .case import Case, Closeness

BIG = TensorSpec((1024, 1024), "float32", seed=11)


def _gradient(T, x, function: Callable[[Any], Any]) -> Callable[[], Any]:
    x.requires_grad_()
    return lambda: T.autograd.grad(function(x).sum(), x)


@dataclass(frozen=True)
class Row:
    """``program(T, x)`` returns the call."""

    name: str
    program: Callable[..., Callable[[], Any]]
    x: TensorSpec = BIG
    full: bool = False


ROWS = (
    Row("chain", lambda T, x: lambda: T.relu(x * 2.0 + 1.0)),
    Row("chain-gradient", lambda T, x: _gradient(T, x, lambda x: T.tanh(x * 2.0 + 1.0))),
    Row("softmax", lambda T, x: lambda: T.softmax(x, 1)),
    Row("sum-of-square", lambda T, x: lambda: (x * x).sum()),
    Row("broadcast", lambda T, x: lambda: (x[:, None, :256] * x[None, :64, :256]).sum(-1), full=True),
    Row("conv2d-gradient", lambda T, x: _gradient(T, x, lambda x: T.nn.functional.conv2d(x, T.ones(8, 8, 3, 3), padding=1)), TensorSpec((4, 8, 64, 64), "float32", seed=12)),
    Row("attention", lambda T, x: lambda: T.nn.functional.scaled_dot_product_attention(x, x, x), TensorSpec((4, 8, 256, 32), "float32", seed=13), full=True),
    Row("sort", lambda T, x: lambda: T.sort(x, 1)[0], full=True),
)  # fmt: skip


def cases() -> list[Case]:
    """Every row."""
    return [
        Case(
            "memory", row.name, {"torch": partial(_run, row)}, (row.x,), {"op": row.name, "n": row.x.numel, "dtype": "float32"},
            traffic=False, closeness=Closeness(4096.0), subjects=("torch", "ingot"), memory=True, saved="gradient" in row.name, full=row.full,
        )
        for row in ROWS
    ]  # fmt: skip


def _run(row: Row, subject, x) -> Callable[[], Any]:
    return row.program(subject.namespace, x)
