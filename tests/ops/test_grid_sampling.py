"""``grid_sample`` where the grid points far away, to infinity, or nowhere."""

from __future__ import annotations

import math

import pytest
import torch

from .against_torch import agree, tensor

FAR = (math.nan, math.inf, -math.inf, 3e38, -1e30)


def sampled(t, image, grid, *options):
    return t.nn.functional.grid_sample(image, grid, *options)


def grid_to(place, rank):
    return torch.tensor([place, 0.1, -0.3][:rank], dtype=torch.float64).reshape(1, *(1,) * rank, rank)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("place", FAR)
def test_far_places(place, mode, padding, align_corners):
    for rank in (2, 3):
        if mode == "bilinear" and padding == "zeros" and rank == 2 and not math.isnan(place):
            continue  # the next test
        if padding == "reflection" and math.isfinite(place):
            continue  # which side of the image, the rounding decides
        agree(
            lambda t, x, g: sampled(t, x, g, mode, padding, align_corners),
            tensor(1, 2, *(2, 3, 4)[-rank:]),
            grid_to(place, rank),
            gradients=False,
        )


@pytest.mark.parametrize("place", [math.inf, -math.inf, 3e38, 1e19])
def test_nothing_is_far_outside_of_an_image(place):
    """0, as in a volume. PyTorch has NaN for images: weights of infinity times the zeros outside."""
    agree(
        lambda t, x, g: sampled(t, x, g, "bilinear", "zeros", False)
        if t is not torch
        else x.new_zeros(1, 2, 1, 1),
        tensor(1, 2, 3, 4),
        grid_to(place, 2),
        gradients=False,
    )  # fmt: skip


def test_complex_images_are_refused():
    agree(
        lambda t, x, g: sampled(t, x, g, "bilinear", "zeros", False),
        tensor(1, 2, 3, 4, dtype=torch.complex64),
        tensor(1, 2, 2, 2, dtype=torch.complex64),
    )
