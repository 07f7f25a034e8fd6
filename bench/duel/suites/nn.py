"""Layers, forward and with gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from assay.cases import TensorSpec

from .case import Case, Closeness
from .parameters import fill


@dataclass(frozen=True)
class Row:
    """``module(T.nn)`` on an input of ``shape``; ``flops`` of a forward pass, ``parameters`` how many numbers it has.

    ``integers``: the input is indices below that. ``thrice``: the module takes its input three times (attention). ``full``: nightly only.
    """

    name: str
    module: Callable[[Any], Any]
    shape: tuple[int, ...]
    flops: float
    parameters: int = 0
    integers: int = 0
    thrice: bool = False
    compiled: bool = False
    full: bool = False


ROWS = (
    Row("Linear", lambda nn: nn.Linear(256, 256), (64, 256), 2 * 64 * 256 * 256, 65_792, compiled=True),
    Row("Linear-small", lambda nn: nn.Linear(16, 16), (4, 16), 2 * 4 * 16 * 16, 272),
    Row("Conv1d", lambda nn: nn.Conv1d(32, 32, 3, padding=1), (4, 32, 256), 2 * 4 * 256 * 32 * 32 * 3, 3_104),
    Row("Conv2d", lambda nn: nn.Conv2d(16, 32, 3, padding=1), (4, 16, 32, 32), 2 * 4 * 1024 * 32 * 16 * 9, 4_640, compiled=True),
    Row("Conv2d-depthwise", lambda nn: nn.Conv2d(32, 32, 3, padding=1, groups=32), (4, 32, 28, 28), 2 * 4 * 784 * 32 * 9, 320),
    Row("Conv2d-strided", lambda nn: nn.Conv2d(3, 32, 7, stride=2, padding=3), (2, 3, 64, 64), 2 * 2 * 1024 * 32 * 3 * 49, 4_736, full=True),
    Row("ConvTranspose2d", lambda nn: nn.ConvTranspose2d(16, 8, 2, stride=2), (2, 16, 16, 16), 2 * 2 * 256 * 16 * 8 * 4, 520, full=True),
    Row("BatchNorm2d", lambda nn: nn.BatchNorm2d(16), (8, 16, 32, 32), 8 * 131_072, 32),
    Row("LayerNorm", lambda nn: nn.LayerNorm(256), (64, 256), 8 * 16_384, 512, compiled=True),
    Row("GroupNorm", lambda nn: nn.GroupNorm(4, 16), (4, 16, 16, 16), 8 * 16_384, 32, full=True),
    Row("MaxPool2d", lambda nn: nn.MaxPool2d(2), (4, 16, 32, 32), 65_536),
    Row("AvgPool2d", lambda nn: nn.AvgPool2d(2), (4, 16, 32, 32), 65_536, full=True),
    Row("GELU", lambda nn: nn.GELU(), (64, 256), 8 * 16_384),
    Row("Softmax", lambda nn: nn.Softmax(-1), (64, 256), 4 * 16_384),
    Row("Embedding", lambda nn: nn.Embedding(1000, 64), (16, 32), 0, 64_000, integers=1000),
    Row("LSTM", lambda nn: nn.LSTM(32, 64), (16, 8, 32), 2 * 16 * 8 * 4 * 64 * 96, 25_088),
    Row("GRU", lambda nn: nn.GRU(32, 64), (16, 8, 32), 2 * 16 * 8 * 3 * 64 * 96, 18_816, full=True),
    Row("MultiheadAttention", lambda nn: nn.MultiheadAttention(64, 4), (32, 4, 64), 2 * 128 * 64 * 64 * 4 + 4 * 4 * 32 * 32 * 64, 16_640, thrice=True),
    Row("TransformerEncoderLayer", lambda nn: nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0), (16, 4, 64), 2 * 64 * 64 * (4 * 64 + 2 * 128), 33_472),
    Row("Sequential-10", lambda nn: nn.Sequential(*(nn.Identity() for _ in range(10))), (4, 4), 0),
)  # fmt: skip


def cases() -> list[Case]:
    """Every layer forward, and forward with the gradients of its parameters and its input."""
    return [_case(row, gradients) for row in ROWS for gradients in (False, True)]


def _case(row: Row, gradients: bool) -> Case:
    fills = (
        {"dtype": "int64", "fill": ("integers", 0, row.integers), "constant": True}
        if row.integers
        else {"dtype": "float32"}
    )
    x = TensorSpec(row.shape, seed=6, **fills)
    parameters = {"op": row.name, "n": x.numel, "dtype": "float32", "gradients": gradients}
    return Case(
        "nn", f"{row.name}-{'gradients' if gradients else 'forward'}", {"torch": partial(_run, row, gradients)}, (x,), parameters,
        flops=row.flops * (3 if gradients else 1) or None, state_bytes=4 * row.parameters, closeness=Closeness(4096.0), saved=gradients,
        subjects=("torch", "ingot", "torch.compile"), compiled=row.compiled and not gradients, full=row.full, traffic=bool(row.flops),
    )  # fmt: skip


def _run(row: Row, gradients: bool, subject, x) -> Callable[[], Any]:
    T = subject.namespace
    module = row.module(T.nn)
    fill(subject, module)
    inputs = (x,) * 3 if row.thrice else (x,)
    if not gradients:
        forward = subject.compile(module)

        def evaluate() -> Any:
            with T.no_grad():
                return forward(*inputs)

        return evaluate
    wanted = list(module.parameters()) + ([] if row.integers else [x.requires_grad_()])
    first = _first(module(*inputs))
    cotangent = T.linspace(-1, 1, first.numel()).reshape(first.shape)

    def differentiate() -> Any:
        y = _first(module(*inputs))
        return y.detach(), *T.autograd.grad(y, wanted, cotangent)

    return differentiate


def _first(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output
