"""What derivatives cost: nanoseconds a node, fan-in, depth, memory kept for backward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from assay.cases import TensorSpec

from .case import Case, Closeness

Forward = Callable[..., Any]


def _chain(length: int) -> Forward:
    def forward(T, x):
        for _ in range(length):
            x = x * 0.999
        return x

    return forward


def _fan(width: int) -> Forward:
    """One tensor used ``width`` times: its gradient is a sum."""

    def forward(T, x):
        return T.stack([x * (1.0 / (1 + k)) for k in range(width)]).sum(0)

    return forward


def _tanh_chain(length: int) -> Forward:
    def forward(T, x):
        for _ in range(length):
            x = T.tanh(x)
        return x

    return forward


def _products(T, x):
    for _ in range(4):
        x = T.tanh(x @ x)
    return x


def _views(T, x):
    for _ in range(10):
        x = x.transpose(0, 1).unsqueeze(0).squeeze(0).reshape(x.shape)
    return x


def _inplace(T, x):
    y = x * 1.0
    for _ in range(20):
        y.mul_(0.999)
    return y


@dataclass(frozen=True)
class Row:
    """``forward(T, x)`` on a square of ``side``; ``nodes`` in its graph; ``ways`` in which it is run (``WAYS``)."""

    name: str
    forward: Forward
    side: int
    nodes: int
    ways: tuple[str, ...] = ("both", "backward")
    full: bool = False


ROWS = (
    Row("chain-100", _chain(100), 4, 100),
    Row("chain-1000", _chain(1000), 4, 1000, ("backward",), full=True),
    Row("fan-100", _fan(100), 4, 102),
    Row("tanh-10", _tanh_chain(10), 512, 10),
    Row("products", _products, 128, 12, ("both", "double")),
    Row("views-40", _views, 16, 40, ("both",)),
    Row("inplace-20", _inplace, 64, 21, ("both",)),
    Row("double-chain-20", _tanh_chain(20), 4, 20, ("double",)),
)


def _both(T, forward: Forward, x) -> Callable[[], Any]:
    seed = T.ones_like(x)

    def call() -> Any:
        y = forward(T, x)
        return y, *T.autograd.grad(y, x, seed)

    return call


def _backward(T, forward: Forward, x) -> Callable[[], Any]:
    y, seed = forward(T, x), T.ones_like(x)
    return lambda: T.autograd.grad(y, x, seed, retain_graph=True)


def _double(T, forward: Forward, x) -> Callable[[], Any]:
    def call() -> Any:
        (first,) = T.autograd.grad(forward(T, x).sum(), x, create_graph=True)
        return T.autograd.grad((first * first).sum(), x)

    return call


WAYS = {"both": _both, "backward": _backward, "double": _double}
"""Forward and backward; backward alone, over a graph that is kept; the gradient of a gradient's square."""


def cases() -> list[Case]:
    """Every row in each of its ways."""
    return [_case(row, way) for row in ROWS for way in row.ways]


def _case(row: Row, way: str) -> Case:
    x = TensorSpec((row.side, row.side), "float32", ("uniform", -0.5, 0.5), seed=5)
    parameters = {"op": row.name, "n": row.side**2, "dtype": "float32", "way": way, "nodes": row.nodes}
    return Case(
        "autograd", f"{row.name}-{way}", {"torch": partial(_run, row, way)}, (x,), parameters, traffic=False, closeness=Closeness(2048.0),
        subjects=("torch", "ingot"), units={"node": row.nodes}, saved=way == "both", full=row.full,
    )  # fmt: skip


def _run(row: Row, way: str, subject, x) -> Callable[[], Any]:
    return WAYS[way](subject.namespace, row.forward, x.requires_grad_())
