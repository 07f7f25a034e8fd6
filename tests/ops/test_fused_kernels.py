"""Kernels that compute several ops at once, or a result and what backward needs of it: derivatives of every order, and the tails of float32."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

import ingot
from ingot.autograd import forward_ad, grad, gradcheck, gradgradcheck
from ingot.ops.recurrence import _lstm

F = ingot.nn.functional


def _numbers(*shapes):
    source = np.random.default_rng(7)
    return [ingot.from_numpy(source.standard_normal(shape)).requires_grad_() for shape in shapes]


FUSED = {
    "silu": (F.silu, [(6,)]),
    "gelu": (F.gelu, [(6,)]),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), [(6,)]),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True), [(3, 2, 2)]),
    "layer_norm": (lambda x: F.layer_norm(x, (4,)), [(2, 4)]),
    "rms_norm": (lambda x: F.rms_norm(x, (4,)), [(2, 4)]),
    "attention": (F.scaled_dot_product_attention, [(2, 3, 2), (2, 4, 2), (2, 4, 1)]),
    "causal": (lambda *x: F.scaled_dot_product_attention(*x, is_causal=True), [(2, 3, 2), (2, 4, 2), (2, 4, 1)]),
    "lstm": (lambda *x: _lstm(*x)[:3], [(3, 2, 8), (2, 2), (2, 2), (8, 2)]),
    "max_pool": (lambda x: F.max_pool2d(x, 3, 2, 1), [(1, 1, 5, 5)]),
    "avg_pool": (lambda x: F.avg_pool2d(x, 2), [(1, 2, 4, 4)]),
}


@pytest.mark.parametrize("name", FUSED)
def test_derivatives_of_every_order(name):
    function, shapes = FUSED[name]
    inputs = _numbers(*shapes)
    assert gradcheck(function, inputs, check_forward_ad=True)
    assert gradgradcheck(function, inputs)


@pytest.mark.parametrize("name", FUSED)
def test_a_tangent_goes_through_backward_where_nothing_is_recorded(name):
    """What backward saved has no tangent of its own: under forward mode rules must not use it."""
    function, shapes = FUSED[name]
    point, *rest = (one.detach() for one in _numbers(*shapes))
    direction = ingot.from_numpy(np.random.default_rng(8).standard_normal(shapes[0]))

    def slope(x):
        results = function(x, *rest)
        results = results if isinstance(results, tuple) else (results,)
        return grad(sum(one.sin().sum() for one in results), x)[0]

    with forward_ad.dual_level():
        curved = slope(forward_ad.make_dual(point.clone().requires_grad_(), direction))
        found = forward_ad.unpack_dual(curved).tangent
    step = 1e-5
    after, before = (slope((point + sign * step * direction).requires_grad_()) for sign in (1, -1))
    np.testing.assert_allclose(found.numpy(), ((after - before) / (2 * step)).numpy(), rtol=1e-5, atol=1e-6)


def test_gelu_keeps_the_relative_accuracy_of_its_tail_in_float32():
    x = np.linspace(-9, 9, 4001).astype(np.float32)
    exact = x.astype(np.float64) * ndtr(x.astype(np.float64))
    found = F.gelu(ingot.from_numpy(x)).numpy()
    assert np.max(np.abs(found - exact)[x != 0] / np.abs(exact[x != 0])) < 3e-6


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_max_pools_of_meta_tensors_have_shapes(rank):
    shape = (2, 3, 7, 8, 9)[: 2 + rank]
    x = ingot.randn(shape, device="meta")
    for pool, argument in ((f"max_pool{rank}d", 3), (f"adaptive_max_pool{rank}d", 2)):
        function = getattr(F, pool)
        expected = function(ingot.randn(shape), argument, return_indices=True)
        found = function(x, argument, return_indices=True)
        assert [(one.shape, one.dtype) for one in found] == [(one.shape, one.dtype) for one in expected]
        assert all(one.is_meta for one in found)


def test_padding_is_never_the_place_of_a_maximum():
    values, places = F.max_pool2d(ingot.full((1, 1, 2, 2), -float("inf")), 3, 2, 1, return_indices=True)
    assert values.tolist() == [[[[-float("inf")]]]]
    assert places.tolist() == [[[[0]]]]
