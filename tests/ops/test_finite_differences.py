"""Differences, sampled derivatives and integrals against PyTorch."""

import pytest
import torch

import ingot

from .against_torch import agree, tensor


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.int64, torch.bool, torch.bfloat16], ids=str)
def test_diff(dtype):
    x = tensor(3, 5, dtype=dtype)
    for n in range(7):
        agree(lambda t, x, n=n: t.diff(x, n), x)
    agree(lambda t, x: x.diff(dim=0), x)
    agree(lambda t, x, y: t.diff(x, 2, 1, x[:, :2], y), x, x[:, 1:2])
    agree(lambda t, x: t.diff(x, prepend=x[:2]), x)
    agree(lambda t, x: t.diff(x, append=x[0]), x)
    agree(lambda t, x: t.diff(x[0, 0]), x)
    agree(lambda t, x: t.diff(x, -1), x)
    agree(lambda t, x: t.diff(x, dim=2), x)
    agree(lambda t, x: t.diff(x, out=t.zeros_like(x[:, 1:])), x, gradients=False)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient(edge_order):
    x = tensor(4, 5)
    places = torch.tensor([0.0, 1.0, 1.5, 3.0], dtype=torch.float64)
    others = torch.tensor([-1.0, 0.0, 2.0, 2.5, 3.0], dtype=torch.float64)
    agree(lambda t, x: t.gradient(x, edge_order=edge_order), x)
    agree(lambda t, x: t.gradient(x, spacing=2.0, edge_order=edge_order), x)
    agree(lambda t, x: t.gradient(x, spacing=2.0, dim=1, edge_order=edge_order), x)
    agree(lambda t, x: t.gradient(x, spacing=[2.0, 0.5], edge_order=edge_order), x)
    agree(lambda t, x: t.gradient(x, dim=(1, 0), edge_order=edge_order), x)
    agree(lambda t, x, a, b: t.gradient(x, spacing=[a, b], edge_order=edge_order), x, places, others)
    agree(lambda t, x, a: t.gradient(x, spacing=(a,), dim=0, edge_order=edge_order), x, places)
    agree(lambda t, x: t.gradient(x, edge_order=edge_order), tensor(4, dtype=torch.int64))
    agree(lambda t, x: t.gradient(x, edge_order=edge_order), tensor(4, dtype=torch.complex128))


def test_gradient_refusals():
    x = tensor(4, 5)
    agree(lambda t, x: t.gradient(x, edge_order=3), x)
    agree(lambda t, x: t.gradient(x, dim=2), x)
    agree(lambda t, x: t.gradient(x, dim=(0, 0)), x)
    agree(lambda t, x: t.gradient(x, spacing=[1.0]), x)
    agree(lambda t, x: t.gradient(x[:1]), x)
    # PyTorch reads past coordinates that are too few, or broadcasts; Ingot refuses.
    with pytest.raises(RuntimeError, match="as many elements as the dim"):
        ingot.gradient(ingot.ones(4, 5), spacing=[ingot.ones(3), ingot.ones(5)])
    agree(lambda t, x: t.gradient(x, spacing=[t.ones(4, 1), t.ones(5)]), x)


@pytest.mark.parametrize("name", ["trapezoid", "trapz", "cumulative_trapezoid"])
def test_trapezoid(name):
    y = tensor(3, 4)
    agree(lambda t, y: getattr(t, name)(y), y)
    agree(lambda t, y: getattr(t, name)(y, dx=0.5, dim=0), y)
    agree(lambda t, y, x: getattr(t, name)(y, x), y, tensor(4, seed=1))
    agree(lambda t, y, x: getattr(t, name)(y, x, dim=0), y, tensor(3, seed=1))
    agree(lambda t, y, x: getattr(t, name)(y, x), y, tensor(3, 4, seed=1))
    agree(lambda t, y, x: getattr(t, name)(y, x), y, tensor(1, 4, seed=1))
    agree(lambda t, y: getattr(t, name)(y), tensor(3, 4, dtype=torch.int64))
    agree(lambda t, y: getattr(t, name)(y), tensor(3, 1))
    agree(lambda t, y: getattr(t, name)(y), tensor(3, 0))
    agree(lambda t, y, x: getattr(t, name)(y, x), y, tensor(5))
    agree(lambda t, y: getattr(t, name)(y), tensor())
    agree(lambda t, y: getattr(t, name)(y), tensor(4, dtype=torch.bool))
    agree(lambda t, y: getattr(t, name)(y, dim=2), y)


def test_trapezoids_overflow_only_where_the_area_does():
    y, x = ([1, 2, 4], [5, 3, 0])
    for dtype in (ingot.uint8, ingot.int8, ingot.int64):
        samples, places = ingot.tensor(y, dtype=dtype), ingot.tensor(x, dtype=dtype)
        assert ingot.trapezoid(samples, places).item() == -12
        assert ingot.cumulative_trapezoid(samples, places).tolist() == [-3, -12]
    assert ingot.trapezoid(ingot.full((3,), 100, dtype=ingot.int8)).item() == 200
    assert ingot.trapezoid(ingot.ones(2), ingot.tensor([127, -128], dtype=ingot.int8)).item() == -255
    assert ingot.trapezoid(ingot.full((3,), 2**62)).item() == 2.0**63
    assert ingot.trapezoid(ingot.tensor([2**63 - 1, -(2**63)])).item() == -0.5
    large = ingot.full((2,), 3e38)
    assert ingot.trapezoid(large).item() == large[0].item() == ingot.cumulative_trapezoid(large).item()
    half = ingot.ones(2, dtype=ingot.float16)
    assert ingot.trapezoid(half, ingot.arange(2)).dtype is ingot.float16
