"""Products, powers, exponentials and norms of matrices against PyTorch; low-rank approximations against what they approximate."""

from __future__ import annotations

import math

import pytest
import torch

import ingot
from ingot.autograd import gradcheck, gradgradcheck

from .against_torch import agree, tensor

WIDE = [torch.float64, torch.complex128]
CLOSE = {"rtol": 1e-9, "atol": 1e-9}

# -- vectors ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*WIDE, torch.int64, torch.float16], ids=str)
def test_cross(dtype):
    a, b = tensor(2, 3, dtype=dtype), tensor(2, 3, dtype=dtype, seed=1)
    agree(lambda t, a, b: t.linalg.cross(a, b), a, b)
    agree(lambda t, a, b: t.cross(a, b, dim=-1), a, b)
    agree(lambda t, a, b: t.cross(a, b), a, b)
    agree(lambda t, a, b: a.T.cross(b.T, 0), a, b)
    agree(lambda t, a, b: t.linalg.cross(a[:1], b), a, b)


@pytest.mark.parametrize(
    "body",
    [
        lambda t: t.cross(t.ones(2), t.ones(2)),
        lambda t: t.linalg.cross(t.ones(2, 4), t.ones(2, 4)),
        lambda t: t.linalg.cross(t.ones(3), t.ones(2, 3)),
        lambda t: t.linalg.cross(t.ones(3), t.ones(3), dim=2),
        lambda t: t.linalg.cross(t.ones(3), None),
        lambda t: t.linalg.vecdot(t.ones(3).long(), t.ones(3).long()),
        lambda t: t.linalg.multi_dot([t.ones(2, 2)]),
        lambda t: t.linalg.multi_dot([t.ones(2, 2), t.ones(3, 2)]),
        lambda t: t.linalg.multi_dot([t.ones(2, 2), t.ones(2), t.ones(2, 2)]),
        lambda t: t.linalg.multi_dot([t.ones(2, 2), t.ones(2, 2, dtype=t.float64)]),
        lambda t: t.linalg.matrix_power(t.ones(2, 3), 2),
        lambda t: t.linalg.matrix_power(t.ones(2, 2), 1.5),
        lambda t: t.linalg.matrix_norm(t.ones(3)),
        lambda t: t.linalg.matrix_norm(t.ones(2, 2), "l2"),
        lambda t: t.linalg.matrix_norm(t.ones(2, 2), 3),
        lambda t: t.linalg.matrix_norm(t.ones(2, 2), dim=(0, 0)),
        lambda t: t.linalg.matrix_norm(t.ones(2, 2), dim=(0,)),
        lambda t: t.linalg.matrix_norm(t.ones(2, 2), dtype=t.int64),
        lambda t: t.linalg.matrix_norm(t.ones(2, 2, dtype=t.float64), 1, dtype=t.float32),
        lambda t: t.linalg.matrix_norm(t.ones(0, 2), -1),
        lambda t: t.linalg.matrix_norm(t.ones(0, 2), -2),
        lambda t: t.linalg.norm(t.ones(2, 2, 2), 2),
        lambda t: t.linalg.norm(t.ones(2, 2), "fro", dim=(0, 1, 1)),
        lambda t: t.linalg.norm(t.ones(2), "nuc"),
        lambda t: t.linalg.norm(t.ones(2).long()),
        lambda t: t.linalg.vector_norm(t.ones(2).long()),
        lambda t: t.linalg.vector_norm(t.ones(2), "fro"),
        lambda t: t.linalg.cond(t.ones(2, 3), 1),
        lambda t: t.linalg.cond(t.ones(2, 2), "inf"),
        lambda t: t.linalg.cond(t.ones(2, 2), 3),
        lambda t: t.pca_lowrank(t.ones(2, 2), 3),
        lambda t: t.pca_lowrank(t.ones(2, 2), niter=-1),
    ],
)
def test_bad_arguments(body):
    agree(lambda t, _: body(t), torch.ones(1), gradients=False)


@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_vecdot_and_diagonal(dtype):
    agree(lambda t, a, b: t.linalg.vecdot(a, b), tensor(2, 3, dtype=dtype), tensor(3, dtype=dtype))
    agree(lambda t, a, b: t.linalg.vecdot(a, b, dim=0), tensor(2, 3, dtype=dtype), tensor(2, 3, dtype=dtype))
    agree(lambda t, a: t.linalg.diagonal(a, offset=1), tensor(2, 3, 3, dtype=dtype))
    agree(lambda t, a: t.linalg.diagonal(a, dim1=0, dim2=1), tensor(2, 3, 3, dtype=dtype))


# -- matrices -----------------------------------------------------------------------------------------------------------------------------------


def test_multi_dot():
    a, b, c, d = tensor(2, 5), tensor(5, 3), tensor(3, 4), tensor(4)
    agree(lambda t, a, b, c, d: t.linalg.multi_dot([a, b, c, d]), a, b, c, d)
    agree(lambda t, a, b, c: t.linalg.multi_dot((a[0], b, c)), a, b, c)
    agree(lambda t, a, d: t.linalg.multi_dot([a[0, :4], d]), a, d)


@pytest.mark.parametrize("power", [0, 1, 2, 3, 5, 8, -1, -3])
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_matrix_power(power, dtype):
    a = tensor(2, 3, 3, dtype=dtype) + 3 * torch.eye(3, dtype=dtype)
    agree(lambda t, a: t.linalg.matrix_power(a, power), a, **CLOSE)
    agree(lambda t, a: a.matrix_power(power), a[0], **CLOSE)


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1), (0, 0), (0, 2, 2)], ids=str)
def test_matrix_exp(shape, dtype):
    for scale in (1.0, 0.01, 3.0):
        agree(lambda t, a, scale=scale: t.linalg.matrix_exp(a * scale), tensor(*shape, dtype=dtype), **CLOSE)
    agree(lambda t, a: a.matrix_exp(), torch.zeros(*shape, dtype=dtype))


def test_the_exponential_of_half_types_does_not_overflow():
    """exp([[0, 1], [-1, 0]]) is a rotation by 1. PyTorch computes powers in half precision, and overflows at [[-3, 3], [3, -3]] already."""
    turned = ingot.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=ingot.float16).matrix_exp()
    expected = [[math.cos(1), math.sin(1)], [-math.sin(1), math.cos(1)]]
    assert (turned.double() - ingot.tensor(expected, dtype=ingot.float64)).abs().max() < 5e-4


# -- norms ----------------------------------------------------------------------------------------------------------------------------------------

ORDERS = ["fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf]


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_matrix_norms(order, dtype):
    a = tensor(2, 3, 4, dtype=dtype)
    for options in ({}, {"dim": (0, 2)}, {"dim": (-1, 0), "keepdim": True}):
        agree(lambda t, a, options=options: t.linalg.matrix_norm(a, order, **options), a, **CLOSE)
    agree(lambda t, a: t.linalg.norm(a[0], order), a, **CLOSE)
    agree(lambda t, a: t.linalg.norm(a, order, (1, 2), True), a, **CLOSE)
    agree(
        lambda t, a: t.linalg.matrix_norm(a.to(t.complex64 if a.is_complex() else t.float32), order, dtype=a.dtype),
        a,
        gradients=False,
    )


@pytest.mark.parametrize("order", ["fro", "nuc", 2, 1, math.inf], ids=str)
@pytest.mark.parametrize("shape", [(0, 0), (2, 0), (0, 2), (0, 2, 2), (2, 0, 0)], ids=str)
def test_norms_of_empty_matrices(order, shape):
    agree(lambda t, a: t.linalg.matrix_norm(a, order), torch.zeros(shape), gradients=False)


@pytest.mark.parametrize("order", [None, 2, 1, 3, 0.5, 0, -1, math.inf, -math.inf], ids=str)
def test_vector_norms(order):
    a = tensor(2, 3, 4)
    for dim in (None, 0, (0, 2), -1):
        agree(lambda t, a, dim=dim: t.linalg.vector_norm(a, 2 if order is None else order, dim), a, **CLOSE)
    agree(lambda t, a: t.linalg.norm(a, order, 1), a, **CLOSE)
    agree(lambda t, a: t.linalg.norm(a[0, 0], order), a, **CLOSE)
    agree(lambda t, a: t.linalg.norm(a), a, **CLOSE)


def test_older_norms():
    a = tensor(2, 3, 4)
    agree(lambda t, a: t.norm(a, "nuc", (0, 2)), a, **CLOSE)
    agree(lambda t, a: t.norm(a[0], "nuc"), a, **CLOSE)
    agree(lambda t, a: t.nuclear_norm(a), a, **CLOSE)
    agree(lambda t, a: t.nuclear_norm(a, (0, 1), True), a, **CLOSE)
    agree(lambda t, a: t.frobenius_norm(a, (0, 1)), a, **CLOSE)
    agree(lambda t, a: t.frobenius_norm(a, 1, True), a, **CLOSE)


@pytest.mark.parametrize("p", [None, *ORDERS], ids=str)
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_condition_numbers(p, dtype):
    # PyTorch writes into the inverse that its derivative of the other orders needs, and raises.
    by_values = p in (None, 2, -2, "nuc")
    agree(lambda t, a: t.linalg.cond(a, p), tensor(2, 3, 3, dtype=dtype), rtol=1e-8, atol=1e-8, gradients=by_values)
    if not by_values and dtype is torch.float64:
        ours = ingot.from_numpy(tensor(2, 3, 3).numpy()).requires_grad_()
        assert gradcheck(lambda a: ingot.linalg.cond(a, p), ours, check_forward_ad=True)
        assert gradgradcheck(lambda a: ingot.linalg.cond(a, p), ours)
    singular = torch.stack([torch.ones(2, 2), torch.eye(2)]).to(dtype)
    if p not in (None, 2, -2):
        agree(lambda t, a: t.linalg.cond(a, p), singular, gradients=False)
    for shape in ((0, 0), (0, 2, 2), (2, 0, 0)):
        agree(lambda t, a: t.linalg.cond(a, p), tensor(*shape), gradients=False)
    agree(lambda t, a: t.linalg.cond(a, 2), tensor(2, 3), **CLOSE)


# -- low rank --------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 5, 5)], ids=str)
def test_svd_lowrank_is_pytorch_s(shape):
    """The projections are drawn from PyTorch's own stream, so even the error of the approximation is the same."""

    def body(t, a):
        t.manual_seed(5)
        left, singular, right = t.svd_lowrank(a, 2, 1)
        return singular, left.mT.unsqueeze(-1) * right.mT.unsqueeze(-2)

    agree(body, tensor(*shape), **CLOSE)

    def centred(t, a):
        t.manual_seed(5)
        left, singular, right = t.pca_lowrank(a, 2)
        return singular, left.mT.unsqueeze(-1) * right.mT.unsqueeze(-2)

    agree(centred, tensor(*shape), **CLOSE)

    def less_mean(t, a):
        t.manual_seed(5)
        return t.svd_lowrank(a, 3, 2, a.mean(-2, keepdim=True))[1]

    agree(less_mean, tensor(*shape), **CLOSE)


def test_svd_lowrank_recovers_low_rank():
    ingot.manual_seed(0)
    a = ingot.randn(20, 2, dtype=ingot.float64) @ ingot.randn(2, 12, dtype=ingot.float64)
    left, singular, right = ingot.svd_lowrank(a, 4)
    assert (left @ ingot.diag(singular) @ right.mH - a).abs().max() < 1e-12
    assert singular[2:].abs().max() < 1e-12


def test_vander():
    agree(lambda t, x: t.linalg.vander(x), tensor(4))
    agree(lambda t, x: t.linalg.vander(x, N=3), tensor(2, 4))
    # PyTorch multiplies in place what its own derivative needs, and raises.
    agree(lambda t, x: t.vander(x), tensor(4), gradients=False)
    agree(lambda t, x: t.vander(x, 3, True), tensor(4), gradients=False)
    assert gradcheck(ingot.vander, ingot.from_numpy(tensor(4).numpy()).requires_grad_(), check_forward_ad=True)
    agree(lambda t, x: t.vander(x, N=0), tensor(4), gradients=False)
