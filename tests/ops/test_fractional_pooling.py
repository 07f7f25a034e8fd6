"""Fractional max pooling against PyTorch: the same windows for the same samples, and the same samples for the same seed."""

from __future__ import annotations

import pytest
import torch

from .against_torch import agree, tensor

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def pool(rank):
    return lambda t: getattr(t.nn.functional, f"fractional_max_pool{rank}d")


def samples(*shape, dtype):
    """Numbers in [0, 1) as nested lists: samples have no gradient."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("rank", "shape", "kernel"), [(2, (2, 3, 9, 8), (2, 3)), (3, (2, 3, 7, 9, 8), (1, 2, 3)), (2, (3, 5, 6), 2)]
)
def test_given_samples(rank, shape, kernel, dtype):
    planes = shape[: len(shape) - rank] if len(shape) == rank + 2 else (1, shape[0])
    given = samples(*planes, rank, dtype=dtype)

    def body(t, x):
        chosen = t.tensor(given, dtype=x.dtype)
        return pool(rank)(t)(x, kernel, output_ratio=(0.5,) * rank, return_indices=True, _random_samples=chosen)

    agree(body, tensor(*shape, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("rank", "shape"), [(2, (2, 2, 6, 7)), (3, (1, 2, 5, 6, 7))])
def test_the_generators_samples(rank, shape, dtype):
    def body(t, x):
        t.manual_seed(3)
        return pool(rank)(t)(x, 2, output_size=3)

    agree(body, tensor(*shape, dtype=dtype))


def test_one_window_and_nan():
    hole = tensor(1, 2, 5, 6)
    hole[0, 0, 2, 3] = torch.nan
    hole[0, 1, 4, 5] = -torch.inf
    agree(
        lambda t, x: pool(2)(t)(x, 2, output_size=(1, 4), return_indices=True, _random_samples=t.full((1, 2, 2), 0.5, dtype=t.float64)),
        hole,
        gradients=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: pool(2)(t)(x, 2),
        lambda t, x: pool(2)(t)(x, 9, output_size=2),
        lambda t, x: pool(2)(t)(x, 3, output_size=5),
        lambda t, x: pool(2)(t)(x, 2, output_size=3, _random_samples=t.rand(1, 3, 2, dtype=t.float64)),
        lambda t, x: pool(2)(t)(x, 2, output_size=3, _random_samples=t.rand(2, 3, 2)),
        lambda t, x: pool(2)(t)(x[0, 0], 2, output_size=3),
        lambda t, x: pool(3)(t)(x[0, 0], 2, output_size=3),
    ],
)
def test_bad_arguments(call):
    agree(call, tensor(2, 3, 6, 6))
