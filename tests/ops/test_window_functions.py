"""Tapering windows against PyTorch and against their formulas in float64."""

import numpy as np
import pytest
import torch

import ingot

from .against_torch import agree

WINDOWS = ("bartlett_window", "blackman_window", "hann_window", "hamming_window", "kaiser_window")


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name):
    for length in (0, 1, 2, 3, 16, 17):
        # PyTorch computes in the dtype asked for; float64 shows the formula, the others its rounding.
        agree(lambda t, n=length: getattr(t, name)(n, dtype=t.float64), atol=1e-15, rtol=1e-12)
        agree(lambda t, n=length: getattr(t, name)(n, False), atol=2e-7, rtol=2e-6)
        agree(lambda t, n=length: getattr(t, name)(n, periodic=True, dtype=t.float16), atol=4e-3)


def test_parameters():
    agree(lambda t: t.hamming_window(9, True, 0.6, 0.3, dtype=t.float64), atol=1e-15)
    agree(lambda t: t.hamming_window(9, periodic=True, alpha=0.6, beta=0.3, dtype=t.float64), atol=1e-15)
    agree(lambda t: t.kaiser_window(9, False, 5.0, dtype=t.float64), atol=1e-15)
    agree(lambda t: t.kaiser_window(9, periodic=True, beta=5.0, dtype=t.float64), atol=1e-15)


@pytest.mark.parametrize("name", WINDOWS)
def test_refusals(name):
    agree(lambda t: getattr(t, name)(-1))
    agree(lambda t: getattr(t, name)(3.5))
    agree(lambda t: getattr(t, name)(3, dtype=t.int64))
    agree(lambda t: getattr(t, name)(3, dtype=t.complex64))
    agree(lambda t: getattr(t, name)(3, what=1))


def test_a_window_may_ask_for_gradients_and_rounds_once():
    window = ingot.hann_window(1000, requires_grad=True)
    assert window.requires_grad and window.is_leaf
    exact = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1000) / 1000)
    assert np.array_equal(window.detach().numpy(), exact.astype(np.float32))
    assert torch.hann_window(3).shape == (3,)
