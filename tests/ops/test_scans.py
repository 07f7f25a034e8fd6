"""Running sums, products, logsumexps and extrema against PyTorch."""

import math

import pytest
import torch

from .against_torch import agree, tensor
from .test_reductions import EVERY_DTYPE

SCANS = ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")


@pytest.mark.parametrize("dtype", EVERY_DTYPE, ids=str)
@pytest.mark.parametrize("name", SCANS)
def test_every_dtype(name, dtype):
    x = tensor(3, 4, dtype=dtype)
    agree(lambda t, x: getattr(t, name)(x, 1), x, strides=True)
    agree(lambda t, x: getattr(x, name)(0), x)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (17,), (2, 5, 3)], ids=str)
def test_shapes(name, shape):
    # PyTorch's cummax and cummin do not look at the dim of an empty tensor; Ingot refuses one out of range.
    lenient = name in ("cummax", "cummin") and 0 in shape
    for dim in (0, -1) if lenient else (0, -1, 1, -2, 3):
        agree(lambda t, x, dim=dim: getattr(t, name)(x, dim), tensor(*shape))


@pytest.mark.parametrize("name", SCANS)
def test_permuted_input(name):
    agree(lambda t, x: getattr(t, name)(x.permute(2, 0, 1), 0), tensor(2, 3, 4))


@pytest.mark.parametrize("name", SCANS)
def test_nan_and_infinity(name):
    x = torch.tensor(
        [
            [1.0, math.nan, 2.0],
            [math.inf, 1.0, -math.inf],
            [-math.inf, -math.inf, 1.0],
            [-0.0, 0.0, 0.0],
            [2.0, 2.0, 2.0],
        ]
    )
    agree(lambda t, x: getattr(t, name)(x, 1), x)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_dtype_inplace_out(name):
    agree(lambda t, x: getattr(t, name)(x, 0, dtype=t.float32), tensor(3, 4, dtype=torch.int32))
    agree(lambda t, x: getattr(t, name)(x, 0, dtype=t.complex128), tensor(3, 4), gradients=False)
    agree(lambda t, x: getattr(x, f"{name}_")(1), tensor(3, 4))
    agree(lambda t, x: getattr(x, f"{name}_")(1), tensor(3, 4, dtype=torch.int32))
    agree(lambda t, x: getattr(t, name)(x, 1, out=t.zeros(3, 4, dtype=t.float64)), tensor(3, 4), gradients=False)


@pytest.mark.parametrize("zeros", [(0,), (2,), (1, 3), (0, 4), (0, 1, 2, 3, 4)], ids=str)
def test_running_product_gradient_where_factors_are_zero(zeros):
    x = tensor(3, 5)
    x[1, list(zeros)] = 0
    agree(lambda t, x: t.cumprod(x, 1), x)
    agree(lambda t, x: t.cumprod(x, 0), x)


def test_complex_running_product_with_zeros():
    x = tensor(2, 4, dtype=torch.complex128)
    x[0, 1] = 0
    agree(lambda t, x: t.cumprod(x, 1), x)


def test_running_logsumexp_of_minus_infinity():
    x = tensor(3, 4)
    x[0, 0] = x[1, 2] = -math.inf
    agree(lambda t, x: t.logcumsumexp(x, 1), x, second=False)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_equal_elements(name):
    x = torch.tensor([1.0, 3.0, 3.0, 2.0, 3.0, 1.0, 1.0], dtype=torch.float64)
    agree(lambda t, x: getattr(t, name)(x, 0), x)


def test_long_float32_sums_are_rounded_once():
    x = torch.full((100_000,), 0.1)
    agree(lambda t, x: t.cumsum(x, 0), x, rtol=0, atol=0)


def test_no_tensor_is_refused():
    for name in SCANS:
        agree(lambda t, name=name: getattr(t, name)([1.0], 0))
