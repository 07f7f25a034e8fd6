"""Whole training steps: zero the gradients, loss, backward, optimizer. The losses of the first steps must be those of the baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from assay.cases import TensorSpec

from .case import Case, Closeness
from .parameters import fill

STEPS = 5
"""How many losses are compared."""


def _mlp(T):
    nn = T.nn
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def _cnn(T):
    nn = T.nn
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    )  # fmt: skip


def _gpt(T):
    """A decoder block between an embedding and a linear head, after Radford et al. 2019 (pre-norm)."""
    nn, F = T.nn, T.nn.functional
    width, heads, vocabulary, length = 64, 4, 96, 32

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x):
            batch, length, _ = x.shape
            parts = self.mix(self.norm1(x)).reshape(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
            return x + self.narrow(F.gelu(self.widen(self.norm2(x))))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
            self.block, self.norm, self.head = Block(), nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, tokens):
            x = self.tokens(tokens) + self.places(T.arange(tokens.shape[1]))
            return self.head(self.norm(self.block(x))).flatten(0, 1)

    return GPT()


def _lstm(T):
    nn = T.nn

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells, self.head = nn.LSTM(16, 32, batch_first=True), nn.Linear(32, 4)

        def forward(self, x):
            return self.head(self.cells(x)[0][:, -1])

    return Reader()


@dataclass(frozen=True)
class Row:
    """``model(T)`` on ``x``, classified as ``y``, with ``optimizer(T, parameters)``."""

    name: str
    model: Callable[[Any], Any]
    x: TensorSpec
    y: TensorSpec
    optimizer: Callable[[Any, Any], Any]
    samples: int


def _classes(count: int, below: int) -> TensorSpec:
    return TensorSpec((count,), "int64", ("integers", 0, below), seed=8, constant=True)


# The learning rates are small: the steps of all rounds run on one batch, and a model that has converged computes with denormal numbers.
ROWS = (
    Row("mlp-sgd", _mlp, TensorSpec((64, 64), "float32", seed=7), _classes(64, 10), lambda T, p: T.optim.SGD(p, lr=1e-4, momentum=0.9), 64),
    Row("mlp-adam", _mlp, TensorSpec((64, 64), "float32", seed=7), _classes(64, 10), lambda T, p: T.optim.Adam(p, lr=1e-6), 64),
    Row("cnn-adamw", _cnn, TensorSpec((16, 1, 28, 28), "float32", seed=7), _classes(16, 10), lambda T, p: T.optim.AdamW(p, lr=1e-6), 16),
    Row("gpt-adamw", _gpt, TensorSpec((4, 32), "int64", ("integers", 0, 96), seed=7), _classes(128, 96), lambda T, p: T.optim.AdamW(p, lr=1e-6), 4),
    Row("lstm-rmsprop", _lstm, TensorSpec((8, 16, 16), "float32", seed=7), _classes(8, 4), lambda T, p: T.optim.RMSprop(p, lr=1e-6), 8),
)  # fmt: skip


def cases() -> list[Case]:
    """One step of each row."""
    return [
        Case(
            "training", row.name, {"torch": partial(_run, row)}, (row.x, row.y), {"op": row.name, "n": row.x.numel, "dtype": "float32"},
            traffic=False, closeness=Closeness(512.0), checks=STEPS, subjects=("torch", "ingot"), units={"sample": row.samples},
        )
        for row in ROWS
    ]  # fmt: skip


def _run(row: Row, subject, x, y) -> Callable[[], Any]:
    T = subject.namespace
    model = row.model(T)
    fill(subject, model)
    optimizer = row.optimizer(T, model.parameters())
    loss_of = T.nn.functional.cross_entropy

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step
