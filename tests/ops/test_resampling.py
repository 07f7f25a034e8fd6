"""Antialiased resampling against PyTorch: kernels, sizes, dtypes and what is refused."""

from __future__ import annotations

import pytest
import torch

import ingot

from .against_torch import agree, tensor, to_ingot, to_torch

MODES = ("bilinear", "bicubic", "lanczos")


def resized(t, x, **options):
    return t.nn.functional.interpolate(x, antialias=True, **options)


@pytest.mark.parametrize("size", [(5, 3), (12, 20), (2, 30), (7, 9)])
@pytest.mark.parametrize("mode", MODES)
def test_sizes(mode, size):
    agree(lambda t, x: resized(t, x, size=size, mode=mode), tensor(2, 3, 7, 9))
    agree(lambda t, x: resized(t, x, size=size, mode=mode), tensor(1, 2, 7, 9, dtype=torch.float32), atol=3e-6)


@pytest.mark.parametrize("mode", MODES)
def test_factors(mode):
    agree(lambda t, x: resized(t, x, scale_factor=(0.6, 1.7), mode=mode), tensor(2, 3, 7, 9))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex64, torch.int64, torch.bool])
@pytest.mark.parametrize("size", [(7, 9), (3, 4)])
def test_dtypes(dtype, size):
    """An input of that very size is copied, of whatever dtype; else only wide real numbers and bytes are resampled."""
    agree(lambda t, x: resized(t, x, size=size, mode="bicubic"), tensor(1, 2, 7, 9, dtype=dtype))


@pytest.mark.parametrize("mode", MODES)
def test_bytes_are_rounded_once(mode):
    """PyTorch rounds after each dim, and its weights to 16 bits: up to 2 from the exact value, which Ingot rounds."""
    agree(lambda t, x: resized(t, x, size=(5, 12), mode=mode), tensor(2, 3, 7, 9, dtype=torch.uint8), atol=2, rtol=0)
    given = tensor(2, 3, 7, 9, dtype=torch.uint8)
    found = resized(ingot, to_ingot(given), size=(5, 12), mode=mode)
    exact = resized(torch, given.double(), size=(5, 12), mode=mode).clamp(0, 255)
    assert (to_torch(found).double() - exact).abs().max() <= 0.5 + 1e-5


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "lanczos", "antialias": False},
        {"mode": "lanczos", "antialias": True, "align_corners": True},
        {"mode": "nearest", "antialias": True},
    ],
)
def test_bad_arguments(options):
    agree(lambda t, x: t.nn.functional.interpolate(x, size=3, **options), tensor(2, 3, 7, 9))
    agree(lambda t, x: t.nn.functional.interpolate(x[0], size=3, **options), tensor(2, 3, 7, 9))
