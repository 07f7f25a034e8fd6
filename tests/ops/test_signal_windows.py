"""``signal.windows`` against PyTorch, and against the formulas where float32 arithmetic loses digits."""

from __future__ import annotations

import math

import pytest
import torch

import ingot

from .against_torch import agree

NAMES = (
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_hamming", "hamming", "hann", "kaiser", "nuttall",
)  # fmt: skip


def window(t, name, *args, **options):
    return getattr(t.signal.windows, name)(*args, **options)


@pytest.mark.parametrize("sym", [True, False])
@pytest.mark.parametrize("length", [0, 1, 2, 7, 16])
@pytest.mark.parametrize("name", NAMES)
def test_shapes(name, length, sym):
    agree(lambda t: window(t, name, length, sym=sym, dtype=t.float64))
    agree(lambda t: window(t, name, length, sym=sym), atol=3e-6)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("exponential", {"tau": 3.0}),
        ("exponential", {"center": 2.5, "sym": False}),
        ("gaussian", {"std": 0.5}),
        ("general_cosine", {"a": [0.4, 0.3, 0.2, 0.1]}),
        ("general_cosine", {"a": (1,), "sym": False}),
        ("general_hamming", {"alpha": 0.75}),
        ("kaiser", {"beta": 0.0}),
        ("kaiser", {"beta": 5.0, "sym": False}),
    ],
)
def test_parameters(name, options):
    agree(lambda t: window(t, name, 9, dtype=t.float64, **options))


def test_float32_is_rounded_once():
    found = ingot.signal.windows.blackman(33)
    exact = [0.42 - 0.5 * math.cos(math.pi * n / 16) + 0.08 * math.cos(math.pi * n / 8) for n in range(33)]
    assert found.tolist() == torch.tensor(exact, dtype=torch.float64).float().tolist()


@pytest.mark.parametrize(
    "call",
    [
        lambda t: window(t, "hann", -1),
        lambda t: window(t, "hann", "eight"),
        lambda t: window(t, "hann", 4, dtype=t.int64),
        lambda t: window(t, "hann", 4, dtype=t.float16),
        lambda t: window(t, "hann", 4, layout=t.sparse_coo) if hasattr(t, "sparse_coo") else window(t, "hann", -1),
        lambda t: window(t, "hann", 4, beta=1.0),
        lambda t: window(t, "hann"),
        lambda t: window(t, "exponential", 4, tau=0),
        lambda t: window(t, "exponential", 4, center=1.0),
        lambda t: window(t, "gaussian", 4, std=-1.0),
        lambda t: window(t, "kaiser", 4, beta=-1.0),
        lambda t: window(t, "general_cosine", 4),
        lambda t: window(t, "general_cosine", 4, a=[]),
        lambda t: window(t, "general_cosine", 4, a=3),
    ],
)
def test_bad_arguments(call):
    agree(call)
