"""The checkers find what is right to be right in every mode they have."""

from __future__ import annotations

import pytest

import ingot
from ingot.autograd import gradcheck, gradgradcheck

F = ingot.nn.functional


@pytest.mark.parametrize("fast_mode", [False, True])
def test_forward_over_reverse(fast_mode):
    x = ingot.linspace(-1, 1, 4, dtype=ingot.float64).requires_grad_()
    y = ingot.linspace(-1, 1, 3, dtype=ingot.float64).requires_grad_()
    assert gradgradcheck(lambda x, y: x.outer(y).tanh(), (x, y), check_fwd_over_rev=True, fast_mode=fast_mode)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
def test_complex_convolutions(name):
    """Bilinear in complex numbers: each gradient conjugates the other factor once, and its own gradients undo it."""
    ingot.manual_seed(0)
    x = ingot.randn(1, 2, 3, 3, dtype=ingot.complex128).requires_grad_()
    weight = ingot.randn(2, 2, 2, 2, dtype=ingot.complex128).requires_grad_()

    def convolve(x, weight):
        return getattr(F, name)(x, weight, stride=2, padding=1)

    assert gradcheck(convolve, (x, weight), check_forward_ad=True)
    assert gradgradcheck(convolve, (x, weight))
