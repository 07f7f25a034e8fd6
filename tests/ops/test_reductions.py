"""Sums, means, products, truth and logarithms of sums against PyTorch."""

import math

import numpy as np
import pytest
import torch

import ingot

from .against_torch import agree, tensor

EVERY_DTYPE = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex128, torch.complex64, torch.int64, torch.int32, torch.int16,
    torch.int8, torch.uint8, torch.bool,
]  # fmt: skip
WITH_DIMS = ("sum", "nansum", "mean", "nanmean", "any", "all", "count_nonzero", "logsumexp", "hash_tensor")
WITH_KEEPDIM = tuple(name for name in WITH_DIMS if name != "count_nonzero")


@pytest.mark.parametrize("dtype", EVERY_DTYPE, ids=str)
@pytest.mark.parametrize("name", [*WITH_DIMS, "prod"])
def test_every_dtype_over_all_and_one_dim(name, dtype):
    x = tensor(3, 4, dtype=dtype)
    # Halves: PyTorch rounds the shifted exponentials of logsumexp to the half type, Ingot rounds once.
    if name != "logsumexp":
        agree(lambda t, x: getattr(t, name)(x), x)
    agree(lambda t, x: getattr(t, name)(x, dim=1), x, strides=True)


@pytest.mark.parametrize("dim", [0, -1, (0, 2), (-2,), [1, 2], (0, 1, 2), (), None, 3, (0, 0), (0, -3), "a"], ids=str)
@pytest.mark.parametrize("name", WITH_DIMS)
def test_dims(name, dim):
    if name == "logsumexp" and dim == ():
        pytest.skip("PyTorch 2.13 fails on its own result's shape here; Ingot reduces all dims, as sum does")
    agree(lambda t, x: getattr(t, name)(x, dim=dim), tensor(2, 3, 4))


@pytest.mark.parametrize("name", WITH_KEEPDIM)
def test_keepdim(name):
    agree(lambda t, x: getattr(t, name)(x, dim=(0, 2), keepdim=True), tensor(2, 3, 4), strides=True)
    agree(lambda t, x: getattr(x, name)(dim=1, keepdim=True), tensor(2, 3, 4), strides=True)


@pytest.mark.parametrize("name", [*WITH_DIMS, "prod"])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (1,)], ids=str)
def test_small_and_empty(name, shape):
    forward = (
        0 not in shape
    )  # the mean of nothing is NaN, and so is its tangent: <NaN, .> is no <vjp, tangent> of 0 elements
    for dim in (0, -1):
        agree(lambda t, x, dim=dim: getattr(t, name)(x, dim), tensor(*shape), forward=forward)
    if name != "logsumexp":
        agree(lambda t, x: getattr(t, name)(x), tensor(*shape), forward=forward)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "any", "all", "logsumexp"])
def test_permuted_and_strided_inputs(name):
    x = tensor(4, 6, 5)
    agree(lambda t, x: getattr(t, name)(x.permute(2, 0, 1), dim=0), x, strides=True)
    agree(lambda t, x: getattr(t, name)(x[:, ::2, 1:], dim=1), x, strides=True)
    agree(lambda t, x: getattr(t, name)(x[:1].expand(3, 6, 5), dim=0), x, strides=True)


@pytest.mark.parametrize(
    "name", ["sum", "nansum", "mean", "nanmean", "prod", "any", "all", "logsumexp", "count_nonzero"]
)
def test_nan_and_infinity(name):
    x = torch.tensor(
        [[1.0, math.nan, 2.0], [math.inf, -math.inf, 1.0], [-math.inf] * 3, [math.inf, 0.0, 0.0], [-0.0] * 3]
    )
    agree(lambda t, x: getattr(t, name)(x, dim=1), x)


@pytest.mark.parametrize("name", ["sum", "nansum", "mean", "prod"])
def test_dtype_argument(name):
    for dtype in (torch.float32, torch.float64, torch.int32, torch.complex64):
        agree(lambda t, x, dtype: getattr(t, name)(x, dtype=dtype), tensor(3, 4, dtype=torch.int32), dtype)
        agree(lambda t, x, dtype: getattr(t, name)(x, 0, dtype=dtype), tensor(3, 4), dtype, gradients=False)
    agree(lambda t, x: getattr(t, name)(x, dtype="float"), tensor(2))


@pytest.mark.parametrize("name", ["sum", "mean", "any", "all", "logsumexp", "nansum", "prod"])
def test_out(name):
    def body(t, x):
        out = getattr(t, name)(x, 1) * 0 if name not in ("any", "all") else t.zeros(3, dtype=t.bool)
        returned = getattr(t, name)(x, 1, out=out)
        return out, returned is out

    agree(body, tensor(3, 4), gradients=False)


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_product_gradient_where_factors_are_zero(zeros):
    x = tensor(3, 4)
    x[1, :zeros] = 0
    agree(lambda t, x: t.prod(x, 1), x)
    agree(lambda t, x: t.prod(x), x)
    agree(lambda t, x: t.prod(x, 0, keepdim=True), x)


def test_complex_product_gradient_where_a_factor_is_zero():
    x = tensor(2, 3, dtype=torch.complex128)
    x[0, 1] = 0
    agree(lambda t, x: t.prod(x, 1), x)


def test_product_of_several_dims_is_refused():
    agree(lambda t, x: t.prod(x, (0, 1)), tensor(2, 3))


def test_no_tensor_is_refused():
    for name in WITH_DIMS:
        agree(lambda t, name=name: getattr(t, name)([1.0], 0))


def test_sum_to_size():
    agree(lambda t, x: x.sum_to_size(1, 4), tensor(2, 3, 4))
    agree(lambda t, x: x.sum_to_size((3, 1)), tensor(2, 3, 4))
    agree(lambda t, x: x.sum_to_size(5), tensor(2, 3, 4))
    agree(lambda t, x: x.sum_to_size(2, 2, 3, 4), tensor(2, 3, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64], ids=str)
@pytest.mark.parametrize(
    "shape, dim",
    [((60000, 3), 0), ((7, 5003, 2), 1), ((300, 40, 20), (0, 2)), ((300, 40, 20), (0, 1)), ((50000, 3), (0, 1))],
    ids=str,
)
def test_long_sums_are_as_accurate_as_pytorch(dtype, shape, dim):
    """The error stays within a few roundings of the sum of magnitudes, however long the axis. NOTE [Accurate sums]"""
    for make in (lambda x: x, lambda x: x.transpose(0, 1), lambda x: x[::2], lambda x: x.flip(0)):
        x = make(tensor(*shape, dtype=dtype, low=0.0, high=1.0))
        dims = (dim,) if isinstance(dim, int) else dim
        exact = x.numpy().astype(np.complex128).sum(axis=dims)
        found = ingot.from_numpy(x.numpy()).sum(dim).numpy()
        magnitude = np.abs(x.numpy()).astype(np.float64).sum(axis=dims)
        assert np.all(np.abs(found - exact) <= 8 * np.finfo(np.float32).eps * magnitude)


def test_half_sums_accumulate_in_float32():
    x = ingot.ones(5000, dtype=ingot.bfloat16)
    assert x.sum().item() == 4992.0  # 5000, rounded once to 8 bits
    assert ingot.ones(5000, dtype=ingot.float16).sum().item() == 5000.0


def test_sums_over_a_broadcast_and_over_no_dim_leave_the_input_alone():
    x = ingot.ones(2, 3)
    y = x.sum(())
    y += 1
    assert x.sum().item() == 6.0
