"""Norms and distances against PyTorch."""

import math

import numpy as np
import pytest
import torch

import ingot

from .against_torch import agree, tensor
from .test_reductions import EVERY_DTYPE

ORDERS = [0, 0.5, 1, 1.5, 2, 3, 2.5, -1, math.inf, -math.inf, "fro"]


@pytest.mark.parametrize("p", ORDERS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32], ids=str)
def test_norm(p, dtype):
    x = tensor(3, 4, dtype=dtype)
    agree(lambda t, x: t.norm(x, p), x)
    agree(lambda t, x: t.norm(x, p, dim=0), x, strides=True)
    agree(lambda t, x: x.norm(p, (0, 1), True), x)


@pytest.mark.parametrize("dtype", EVERY_DTYPE, ids=str)
def test_norm_of_every_dtype(dtype):
    agree(lambda t, x: t.norm(x), tensor(3, 4, dtype=dtype))
    agree(lambda t, x: t.norm(x, 1, 0), tensor(3, 4, dtype=dtype))


@pytest.mark.parametrize("p", ORDERS, ids=str)
def test_norm_where_elements_are_zero_or_equal(p):
    x = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, -2.0], [2.0, -2.0, 1.0]], dtype=torch.float64)
    if p == -1:
        x = x[2:]  # PyTorch's derivative at 0 is NaN or inf there
    agree(lambda t, x: t.norm(x, p, 1), x, second=False)


@pytest.mark.parametrize("p", [0, 1, 2, 3, math.inf, -math.inf], ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)], ids=str)
def test_norm_of_few(p, shape):
    # PyTorch's second derivative of the norm of nothing is NaN, of 0 / 0.
    agree(lambda t, x: t.norm(x, p), tensor(*shape), second=0 not in shape)
    agree(lambda t, x: t.norm(x, p, -1), tensor(*shape), second=0 not in shape)


def test_norm_arguments():
    x = tensor(3, 4)
    agree(lambda t, x: t.norm(x, dtype=t.float32), x)
    agree(lambda t, x: t.norm(x, dtype=t.float64), x.float())
    agree(lambda t, x: t.norm(x, dtype=t.complex128), x)
    agree(lambda t, x: t.norm(x, dtype=t.int64), x)
    agree(lambda t, x: t.norm(x, "what"), x)
    agree(lambda t, x: t.norm(x, 2, 5), x)
    agree(lambda t, x: t.norm(x, 2, (0, 0)), x)
    agree(lambda t, x: t.norm(x, 2, 1, out=t.zeros(3, dtype=t.float64)), x, gradients=False)


@pytest.mark.parametrize("p", [0, 1, 2, 3, math.inf], ids=str)
def test_dist(p):
    # PyTorch's derivative of the distance of order 0 fails on its own missing gradient.
    derivable = p != 0
    agree(lambda t, x, y: t.dist(x, y, p), tensor(3, 4), tensor(4, seed=1), gradients=derivable)
    agree(
        lambda t, x, y: x.dist(y, p),
        tensor(3, 4, dtype=torch.complex128),
        tensor(3, 1, seed=1, dtype=torch.complex128),
        gradients=derivable,
    )


@pytest.mark.parametrize("p", [1, 2, 3, math.inf], ids=str)
def test_renorm(p):
    agree(lambda t, x: t.renorm(x, p, 0, 1.5), tensor(3, 4))
    agree(lambda t, x: x.renorm(p, -1, 0.5), tensor(2, 3, 4))
    agree(lambda t, x: x.renorm_(p, 1, 1.0), tensor(3, 4))
    agree(lambda t, x: t.renorm(x, -1, 0, 1.0), tensor(3, 4))
    agree(lambda t, x: t.renorm(x, p, 0, -1.0), tensor(3, 4))
    agree(lambda t, x: t.renorm(x, p, 0, 1.0), tensor(3))


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf], ids=str)
def test_cdist(p):
    # PyTorch's backward of the backward by x1 and x2 is not implemented; ours is checked by gradgradcheck below.
    agree(lambda t, x, y: t.cdist(x, y, p), tensor(3, 4), tensor(5, 4, seed=1), second=False)
    agree(lambda t, x, y: t.cdist(x, y, p), tensor(2, 1, 3, 4), tensor(3, 2, 4, seed=1), second=False)
    agree(lambda t, x: t.cdist(x, x, p), tensor(3, 4), second=False)


def test_cdist_refusals_and_empty():
    x, y = tensor(3, 4), tensor(5, 4)
    agree(lambda t, x, y: t.cdist(x[:0], y), x, y, second=False)
    agree(lambda t, x, y: t.cdist(x[:, :0], y[:, :0]), x, y, second=False)
    agree(lambda t, x, y: t.cdist(x[:, :2], y), x, y)
    agree(lambda t, x, y: t.cdist(x[0], y), x, y)
    agree(lambda t, x, y: t.cdist(x, y, -1), x, y)
    agree(lambda t, x, y: t.cdist(x.long(), y), x, y)
    agree(lambda t, x, y: t.cdist(x.float(), y), x, y)
    agree(lambda t, x, y: t.cdist(x, y, 2.0, "never"), x, y)


def test_close_rows_do_not_cancel():
    rows = np.full((30, 8), 1000.0, np.float32)
    rows[:, 0] += np.arange(30, dtype=np.float32) / 8
    found = ingot.cdist(ingot.from_numpy(rows), ingot.from_numpy(rows)).numpy()
    assert np.array_equal(found[0], np.arange(30, dtype=np.float32) / 8)


@pytest.mark.parametrize("p", [0.0, 1.0, 1.5, 2.0, 3.0, math.inf], ids=str)
def test_pdist(p):
    agree(lambda t, x: t.nn.functional.pdist(x, p), tensor(4, 3), second=False)
    agree(lambda t, x: t.pdist(x, p), tensor(1, 3), second=False)
    agree(lambda t, x: t.pdist(x, p), tensor(3), second=False)


def test_second_derivatives_of_distances():
    x = ingot.from_numpy(tensor(3, 2).numpy()).requires_grad_()
    y = ingot.from_numpy(tensor(4, 2, seed=1).numpy()).requires_grad_()
    for p in (1.5, 2.0, 3.0):
        assert ingot.autograd.gradgradcheck(lambda x, y, p=p: ingot.cdist(x, y, p), (x, y))
        assert ingot.autograd.gradgradcheck(lambda x, p=p: ingot.pdist(x, p), (x,))


def test_norm_except_dim():
    for dim in (0, 1, -1):
        agree(lambda t, x, dim=dim: t.norm_except_dim(x, 2, dim), tensor(2, 3, 4))


def test_nuclear_norm_says_what_is_missing():
    from ingot.ops.declare import REGISTRY

    if "linalg.matrix_norm" in REGISTRY:
        agree(lambda t, x: t.norm(x, "nuc"), tensor(3, 4))
    else:
        with pytest.raises(NotImplementedError, match="singular values"):
            ingot.ones(2, 2).norm("nuc")
