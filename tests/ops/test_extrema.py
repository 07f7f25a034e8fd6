"""Extrema and their places against PyTorch."""

import math

import pytest
import torch

import ingot

from .against_torch import agree, tensor
from .test_reductions import EVERY_DTYPE

VALUES = ("amax", "amin", "max", "min")
PLACES = ("argmax", "argmin")


@pytest.mark.parametrize("dtype", EVERY_DTYPE, ids=str)
@pytest.mark.parametrize("name", [*VALUES, *PLACES, "aminmax"])
def test_every_dtype(name, dtype):
    x = tensor(3, 4, dtype=dtype)
    agree(lambda t, x: getattr(t, name)(x), x)
    agree(lambda t, x: getattr(t, name)(x, dim=0), x, strides=True)
    agree(lambda t, x: getattr(x, name)(dim=-1, keepdim=True), x, strides=True)


@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize("dim", [(0, 2), (), [1], (0, 1, 2), 3, (1, 1)], ids=str)
def test_dims(name, dim):
    agree(lambda t, x: getattr(t, name)(x, dim, True), tensor(2, 3, 4))


@pytest.mark.parametrize("name", [*VALUES, *PLACES, "aminmax"])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (1,)], ids=str)
def test_small_and_empty(name, shape):
    x = tensor(*shape)
    agree(lambda t, x: getattr(t, name)(x), x)
    for dim in (0, -1, 1, -2):
        agree(lambda t, x, dim=dim: getattr(t, name)(x, dim=dim), x)
        agree(lambda t, x, dim=dim: getattr(t, name)(x, dim=dim, keepdim=True), x)


@pytest.mark.parametrize("name", [*VALUES, *PLACES, "aminmax"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_nan_wins(name, dtype):
    x = torch.tensor([[1.0, math.nan, 5.0, math.nan], [math.inf, -math.inf, 0.0, -0.0], [math.nan] * 4], dtype=dtype)
    # The gradient goes to the NaNs, as in PyTorch's max(); PyTorch's amax, amin and aminmax divide by no equal elements and give NaN.
    gradients = name in ("max", "min")
    agree(lambda t, x: getattr(t, name)(x), x, gradients=gradients)
    agree(lambda t, x: getattr(t, name)(x, dim=1), x, gradients=gradients)


@pytest.mark.parametrize("name", VALUES)
def test_gradients_among_equal_elements(name):
    x = torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [-1.0, -1.0, 3.0]], dtype=torch.float64)
    agree(lambda t, x: getattr(t, name)(x), x)
    agree(lambda t, x: getattr(t, name)(x, 1), x)
    agree(lambda t, x: getattr(t, name)(x.t(), 1, True), x)
    agree(lambda t, x: t.aminmax(x, dim=1), x)


@pytest.mark.parametrize("name", ["max", "min"])
def test_of_two_tensors(name):
    agree(lambda t, x, y: getattr(t, name)(x, y), tensor(3, 4), tensor(4, seed=1))
    agree(lambda t, x, y: getattr(x, name)(y), tensor(3, 4), tensor(3, 1, seed=1))
    agree(lambda t, x, y: getattr(t, name)(x, other=y), tensor(3, 4), tensor(4, seed=1))
    agree(lambda t, x: getattr(t, name)(x, 1.5), tensor(3, 4))


def test_gradient_of_nan():
    x = ingot.tensor([[1.0, math.nan, 5.0, math.nan], [1.0, 2.0, 3.0, 3.0]], requires_grad=True)
    x.amax(1).sum().backward()
    assert x.grad.tolist() == [[0, 0.5, 0, 0.5], [0, 0, 0.5, 0.5]]


@pytest.mark.parametrize("name", ["max", "min"])
def test_out(name):
    def body(t, x):
        values, indices = t.zeros(3, dtype=x.dtype), t.zeros(3, dtype=t.int64)
        got = getattr(t, name)(x, 1, out=(values, indices))
        return values, indices, got[0] is values, got.indices is indices

    agree(body, tensor(3, 4), gradients=False)
    agree(lambda t, x: getattr(t, name)(x, 1, out=t.zeros(3)), tensor(3, 4), gradients=False)


def test_no_tensor_is_refused():
    for name in (*VALUES, *PLACES):
        agree(lambda t, name=name: getattr(t, name)([1.0], 0))
