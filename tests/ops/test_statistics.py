"""Variances, covariances, quantiles, medians and histograms against PyTorch."""

import math

import numpy as np
import pytest
import torch

import ingot

from .against_torch import agree, tensor
from .test_reductions import EVERY_DTYPE

SPREADS = ("var", "std", "var_mean", "std_mean")


@pytest.mark.parametrize("dtype", EVERY_DTYPE, ids=str)
@pytest.mark.parametrize("name", SPREADS)
def test_spread_of_every_dtype(name, dtype):
    agree(lambda t, x: getattr(t, name)(x), tensor(3, 4, dtype=dtype))
    agree(lambda t, x: getattr(t, name)(x, 1), tensor(3, 4, dtype=dtype), strides=True)


@pytest.mark.parametrize("name", SPREADS)
def test_spread_arguments(name):
    x = tensor(2, 3, 4)
    agree(lambda t, x: getattr(t, name)(x, False), x)
    agree(lambda t, x: getattr(t, name)(x, unbiased=False), x)
    agree(lambda t, x: getattr(t, name)(x, 1, False, True), x)
    agree(lambda t, x: getattr(t, name)(x, (0, -1), keepdim=True), x)
    # PyTorch's derivative counts one element where dim=() reduces all of them; ours is checked by gradcheck.
    agree(lambda t, x: getattr(t, name)(x, (), correction=2), x, gradients=False)
    assert ingot.autograd.gradcheck(
        lambda x: getattr(ingot, name)(x, (), correction=2), ingot.from_numpy(x.numpy()).requires_grad_()
    )
    agree(lambda t, x: getattr(t, name)(x, 2, correction=1.5), x)
    agree(lambda t, x: getattr(t, name)(x, dim=0, correction=0, keepdim=True), x)
    agree(lambda t, x: getattr(t, name)(x, dim=5), x)
    agree(lambda t, x: getattr(t, name)(x, 0, unbiased=True, correction=1), x)
    agree(lambda t, x: getattr(t, name)(x, 0, 1, 2, 3), x)


@pytest.mark.parametrize("name", SPREADS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 3), (3, 0), (3, 1)], ids=str)
def test_spread_of_few(name, shape):
    agree(lambda t, x: getattr(t, name)(x), tensor(*shape), gradients=False)
    agree(lambda t, x: getattr(t, name)(x, -1), tensor(*shape), gradients=False)


def test_spread_warns_where_nothing_is_free():
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert math.isnan(ingot.ones(1).var().item())


def test_derivatives_of_spread_where_all_are_equal():
    agree(lambda t, x: t.std(x, 1), torch.full((2, 3), 2.0, dtype=torch.float64), second=False)
    agree(lambda t, x: t.var(x, 1), torch.full((2, 3), 2.0, dtype=torch.float64))


def test_variance_beside_a_large_mean():
    x = (tensor(3, 5000, dtype=torch.float32) + 10_000).contiguous()
    exact = x.numpy().astype(np.float64).var(axis=1, ddof=1)
    assert np.allclose(ingot.from_numpy(x.numpy()).var(1).numpy(), exact, rtol=1e-6, atol=0)


def test_spread_out():
    agree(lambda t, x: t.var(x, 1, out=t.zeros(3, dtype=x.dtype)), tensor(3, 4), gradients=False)


@pytest.mark.parametrize("name", ["cov", "corrcoef"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32, torch.int64, torch.bool], ids=str)
def test_covariance(name, dtype):
    agree(lambda t, x: getattr(t, name)(x), tensor(3, 5, dtype=dtype))
    agree(lambda t, x: getattr(t, name)(x), tensor(5, dtype=dtype))
    agree(lambda t, x: getattr(t, name)(x), tensor(2, 3, 5, dtype=dtype))


def test_covariance_weights():
    frequencies = torch.tensor([1, 2, 3, 0, 1])
    amounts = tensor(5, low=0.1, high=1.0)
    x = tensor(3, 5)
    for correction in (0, 1, 2, 100):
        agree(lambda t, x, c=correction: t.cov(x, correction=c), x, gradients=correction < 5)
        agree(
            lambda t, x, f, c=correction: t.cov(x, correction=c, fweights=f), x, frequencies, gradients=correction < 5
        )
        agree(lambda t, x, a, c=correction: t.cov(x, correction=c, aweights=a), x, amounts, gradients=correction < 2)
        agree(
            lambda t, x, f, a, c=correction: t.cov(x, correction=c, fweights=f, aweights=a),
            x,
            frequencies,
            amounts,
            gradients=correction < 2,
        )
    agree(lambda t, x, f: t.cov(x, fweights=f), x, amounts)
    agree(lambda t, x, f: t.cov(x, aweights=f), x, frequencies)
    agree(lambda t, x, f: t.cov(x, fweights=f), x, -frequencies)
    agree(lambda t, x, f: t.cov(x, fweights=f), x, frequencies[:3])


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantile_interpolation(name, interpolation):
    x = tensor(3, 5)
    q = torch.tensor([0.0, 0.1, 0.5, 0.77, 1.0], dtype=torch.float64)
    agree(lambda t, x: getattr(t, name)(x, 0.3, interpolation=interpolation), x)
    agree(lambda t, x: getattr(t, name)(x, 0.3, 1, True, interpolation=interpolation), x)
    agree(lambda t, x, q: getattr(t, name)(x, q, 0, interpolation=interpolation), x, q, forward=False)
    agree(lambda t, x, q: getattr(t, name)(x, q, keepdim=True, interpolation=interpolation), x, q.float())
    x[0, 1] = x[2] = math.nan
    agree(lambda t, x: getattr(t, name)(x, 0.4, dim=1, interpolation=interpolation), x, gradients=False)
    agree(lambda t, x: getattr(t, name)(x, 0.4, interpolation=interpolation), x, gradients=False)


def test_quantile_refusals():
    x = tensor(3, 4)
    agree(lambda t, x: t.quantile(x, 1.5), x)
    agree(lambda t, x: t.quantile(x, t.tensor([2.0], dtype=t.float64)), x)
    agree(lambda t, x: t.quantile(x, t.ones(1, 1, dtype=t.float64)), x)
    agree(lambda t, x: t.quantile(x, 0.5, interpolation="cubic"), x)
    agree(lambda t, x: t.quantile(x, 0.5), x.long())
    agree(lambda t, x: t.quantile(x, 0.5), x[:0])
    agree(lambda t, x: t.quantile(x, 0.5, dim=2), x)
    agree(lambda t, x: t.quantile(x[0, 0], 0.5, dim=0), x)


@pytest.mark.parametrize("name", ["median", "nanmedian", "mode", "kthvalue", "topk", "sort", "argsort", "msort"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bfloat16, torch.float32], ids=str)
def test_order_statistics(name, dtype):
    x = torch.from_numpy(np.random.default_rng(3).permutation(12).reshape(3, 4).astype(np.float64)).to(dtype)
    more = (2,) if name in ("kthvalue", "topk") else ()
    agree(lambda t, x: getattr(t, name)(x, *more), x)
    if name != "msort":
        agree(lambda t, x: getattr(t, name)(x, *more, dim=0), x)
    if name in ("median", "nanmedian", "mode", "kthvalue"):
        agree(lambda t, x: getattr(t, name)(x, *more, dim=1, keepdim=True), x)


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_median_of_equal_elements_and_nan(name):
    x = torch.tensor([[1.0, 2.0, 2.0, 2.0, 5.0], [0.0, math.nan, 3.0, math.nan, 1.0]], dtype=torch.float64)
    agree(lambda t, x: getattr(t, name)(x[0]), x, second=False)
    agree(lambda t, x: getattr(t, name)(x), x, gradients=False)
    agree(lambda t, x: getattr(t, name)(x, 1).values, x, gradients=False)
    agree(lambda t, x: getattr(t, name)(x, 2), x)
    agree(lambda t, x: getattr(t, name)(x[:, :0]), x, gradients=False)
    agree(lambda t, x: getattr(t, name)(x[:, :0], 1), x, gradients=False)


def test_histogram():
    x = tensor(50, dtype=torch.float32)
    weight = tensor(50, dtype=torch.float32, low=0.0, seed=1)
    agree(lambda t, x: t.histogram(x, 7), x)
    agree(lambda t, x: t.histogram(x.reshape(5, 10), 7, range=(-1.0, 0.5)), x)
    agree(lambda t, x, w: t.histogram(x, 7, weight=w, density=True), x, weight)
    agree(lambda t, x: x.histogram(t.tensor([-1.0, 0.0, 0.25, 1.5])), x)
    agree(lambda t, x: t.histogram(x[:0], 4), x)
    agree(lambda t, x: t.histogram(x[:1], 4), x)
    agree(lambda t, x: t.histogram(x, 0), x)
    agree(lambda t, x: t.histogram(x, 4, range=(2.0, 1.0)), x)
    agree(lambda t, x: t.histogram(x * math.nan, 4), x)
    agree(lambda t, x: t.histogram(x.long(), 4), x)
    agree(lambda t, x: t.histogram(x, t.tensor([1, 2])), x)
    agree(lambda t, x, w: t.histogram(x, 4, weight=w[:3]), x, weight)


def test_histogramdd():
    x = tensor(20, 3, dtype=torch.float32)
    weight = tensor(20, low=0.0, seed=1, dtype=torch.float32)
    agree(lambda t, x: t.histogramdd(x, 3), x)
    agree(lambda t, x, w: t.histogramdd(x, [3, 2, 4], weight=w, density=True), x, weight)
    agree(lambda t, x: t.histogramdd(x, [3, 2, 4], range=[-1.0, 1.0, 0.0, 1.0, -2.0, 2.0]), x)
    agree(
        lambda t, x: t.histogramdd(x[:, :2], [t.tensor([0.0, 1, 2]), t.tensor([0.0, 2])]),
        x,
    )
    agree(lambda t, x: t.histogramdd(x, [3, 2]), x)
    agree(lambda t, x: t.histogramdd(x, 3, range=[0.0, 1.0]), x)
    agree(lambda t, x: t.histogramdd(x[:, 0], [3]), x)


def test_counting():
    x = torch.tensor([1, 0, 3, 3, 3])
    agree(lambda t, x: t.bincount(x), x)
    agree(lambda t, x, w: t.bincount(x, w, 7), x, tensor(5), gradients=False)
    agree(lambda t, x: t.bincount(x - 1), x)
    agree(lambda t, x: t.bincount(x.double()), x)
    agree(lambda t, x: t.histc(x, 5, -1, 1), tensor(30))
    agree(lambda t, x: t.histc(x, 5), tensor(30, dtype=torch.float32))
    agree(lambda t, x: t.histc(x, 0), tensor(30))
    agree(lambda t, x: t.histc(x, 4, 2, 1), tensor(30))


def test_of_nothing():
    for dim in (None, 0, 1):
        agree(
            lambda t, x, dim=dim: t.unique_consecutive(x, return_inverse=True, return_counts=True, dim=dim),
            tensor(3, 0, dtype=torch.int64),
        )
    agree(lambda t, x, y: t.searchsorted(x, y), tensor(0, 2, 3), tensor(0, 2, 4))
    agree(lambda t, x, y: t.searchsorted(x, y, right=True), tensor(2, 0), tensor(2, 4))
    agree(lambda t, x: x.sum_to_size(1, 4), tensor(3, 4, dtype=torch.bool))


def test_complex_running_logsumexp_is_a_logarithm_of_the_sum():
    x = ingot.from_numpy(tensor(4, 7, dtype=torch.complex128).numpy())
    found = ingot.logcumsumexp(x, 1)
    assert np.allclose(found.exp().numpy(), x.exp().cumsum(1).numpy())
    assert bool((found.imag.abs() <= np.pi).all())
