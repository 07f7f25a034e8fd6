"""Resizing, reading at places, and shuffles of channels, against PyTorch: values, both orders of derivative, forward mode, refusals."""

from __future__ import annotations

import pytest
import torch

from .against_torch import agree, tensor

SIDES = (7, 5, 6)
MODES = [("nearest", 1), ("nearest", 2), ("nearest", 3), ("nearest-exact", 2), ("linear", 1), ("bilinear", 2), ("bicubic", 2), ("trilinear", 3), ("area", 2)]  # fmt: skip
SIZES = [
    {"scale_factor": 2}, {"scale_factor": 1.7}, {"scale_factor": 0.6}, {"size": 3}, {"size": 11}, {"scale_factor": 1.7, "recompute_scale_factor": True},
]  # fmt: skip


SINGLE = 16 * 2.0**-23 * 2
"""What float32 sums of up to 16 taps of numbers below 2 may be off by: n eps |x|."""


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("mode", "rank"), MODES)
def test_interpolate(mode, rank, size):
    def body(t, x, align_corners):
        return t.nn.functional.interpolate(x, mode=mode, align_corners=align_corners, **size)

    for align_corners in (None,) if mode in ("nearest", "nearest-exact", "area") else (False, True):
        agree(body, tensor(2, 3, *SIDES[:rank]), align_corners)
        agree(body, tensor(2, 3, *SIDES[:rank], dtype=torch.float32), align_corners, rtol=0, atol=SINGLE)


@pytest.mark.parametrize("size", SIZES[:5], ids=str)
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_interpolate_antialiased(mode, align_corners, size):
    agree(
        lambda t, x: t.nn.functional.interpolate(x, mode=mode, align_corners=align_corners, antialias=True, **size),
        tensor(2, 3, *SIDES[:2]),
    )


def test_infinities_stay_where_they_are():
    x = tensor(1, 1, 6)
    x[0, 0, 2] = float("inf")
    agree(lambda t, x: t.nn.functional.interpolate(x, scale_factor=2, mode="linear"), x, gradients=False)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample(mode, padding, align_corners, rank):
    image, grid = tensor(2, 3, *SIDES[:rank]), tensor(2, *(3, 4, 5)[:rank], rank, low=-1.6, high=1.6, seed=1)
    agree(
        lambda t, x, g: t.nn.functional.grid_sample(x, g, mode=mode, padding_mode=padding, align_corners=align_corners),
        image,
        grid,
        second=mode == "bilinear" and rank == 2,
        forward=False,
    )


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 3, 4, 5, 6), (2, 1, 1, 3)])
def test_affine_grid(size, align_corners):
    rank = len(size) - 2
    agree(
        lambda t, theta: t.nn.functional.affine_grid(theta, size, align_corners=align_corners),
        tensor(2, rank, rank + 1),
    )


SHUFFLES = {
    "pixel_shuffle": lambda t, x: t.nn.functional.pixel_shuffle(x, 2),
    "pixel_unshuffle": lambda t, x: t.pixel_unshuffle(x, 2),
    "channel_shuffle": lambda t, x: t.nn.functional.channel_shuffle(x, 4),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool], ids=str)
@pytest.mark.parametrize("name", SHUFFLES)
def test_shuffles(name, dtype):
    agree(SHUFFLES[name], tensor(2, 8, 4, 6, dtype=dtype))


REFUSED = {
    "pixel_shuffle: channels": lambda t, x: t.pixel_shuffle(x, 3),
    "pixel_shuffle: factor": lambda t, x: t.pixel_shuffle(x, 0),
    "pixel_unshuffle: height": lambda t, x: t.pixel_unshuffle(x, 3),
    "channel_shuffle: groups": lambda t, x: t.channel_shuffle(x, 3),
    "interpolate: nothing": lambda t, x: t.nn.functional.interpolate(x),
    "interpolate: both": lambda t, x: t.nn.functional.interpolate(x, size=2, scale_factor=2),
    "interpolate: rank": lambda t, x: t.nn.functional.interpolate(x, size=2, mode="linear"),
    "interpolate: corners": lambda t, x: t.nn.functional.interpolate(x, size=2, align_corners=True),
    "interpolate: antialias": lambda t, x: t.nn.functional.interpolate(x, size=2, antialias=True),
    "interpolate: sizes": lambda t, x: t.nn.functional.interpolate(x, size=(2, 2, 2)),
    "grid_sample: mode": lambda t, x: t.nn.functional.grid_sample(x, x, mode="cubic", align_corners=False),
    "grid_sample: last dim": lambda t, x: t.nn.functional.grid_sample(x, x, align_corners=False),
    "affine_grid: theta": lambda t, x: t.nn.functional.affine_grid(x, (2, 3, 4, 5), align_corners=False),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    agree(REFUSED[name], tensor(2, 8, 4, 6))
