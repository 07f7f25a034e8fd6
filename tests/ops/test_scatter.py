"""Products scattered to one place (derivatives where factors are 0, against the sums of products they are), and coordinates."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import ingot

PLACES = (0, 0, 1, 0)
WEIGHTS = (1.3, 0.7)
FACTORS = {
    "none": ((2.0, 3.0), (0.5, 0.7, 1.5, 2.0)),
    "one_of_input": ((0.0, 3.0), (0.5, 0.7, 1.5, 2.0)),
    "one_of_source": ((2.0, 3.0), (0.5, 0.0, 1.5, 2.0)),
    "one_of_each": ((0.0, 0.0), (0.5, 0.0, 0.0, 2.0)),
    "two_of_source": ((1.0, 0.0), (0.0, 3.0, 4.0, 0.0)),
    "three_of_source": ((1.0, 5.0), (0.0, 0.0, 4.0, 0.0)),
}
OPS = {
    "scatter_reduce": lambda x, y, own: x.scatter_reduce(0, ingot.tensor(PLACES), y, "prod", include_self=own),
    "index_reduce": lambda x, y, own: x.index_reduce(0, ingot.tensor(PLACES), y, "prod", include_self=own),
}


def slopes_and_curvature(factors, include_self):
    """Gradient and Hessian of the weighted sum of products, by leaving factors out."""
    own = len(WEIGHTS)
    gradient, hessian = np.zeros(len(factors)), np.zeros((len(factors),) * 2)
    for place, weight in enumerate(WEIGHTS):
        here = [place] * include_self + [own + i for i, target in enumerate(PLACES) if target == place]
        for i in here:
            gradient[i] = weight * math.prod(factors[k] for k in here if k != i)
            for j in here:
                hessian[i, j] = (i != j) * weight * math.prod(factors[k] for k in here if k not in (i, j))
    return gradient, hessian


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("op", OPS)
def test_derivatives_of_products_with_zeros(op, factors, include_self):
    def function(both):
        result = OPS[op](both[: len(WEIGHTS)], both[len(WEIGHTS) :], include_self)
        return (result * ingot.tensor(WEIGHTS, dtype=ingot.float64)).sum()

    values = [*FACTORS[factors][0], *FACTORS[factors][1]]
    both = ingot.tensor(values, dtype=ingot.float64, requires_grad=True)
    gradient, hessian = slopes_and_curvature(values, include_self)
    np.testing.assert_allclose(ingot.autograd.grad(function(both), both)[0].numpy(), gradient, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(
        ingot.autograd.functional.hessian(function, both).numpy(), hessian, rtol=1e-14, atol=1e-14
    )


def test_coordinates_are_columns_of_one_matrix():
    for t in (ingot, torch):
        rows, columns = t.nonzero(t.tensor([[0, 1], [2, 0], [3, 4]]), as_tuple=True)
        assert (rows.tolist(), columns.tolist()) == ([0, 1, 2, 2], [1, 0, 0, 1])
        assert columns.data_ptr() - rows.data_ptr() == 32 and rows.stride() == (1,)
        rows, columns = t.unravel_index(t.tensor([5, 2]), (2, 3))
        assert (rows.tolist(), columns.tolist()) == ([1, 0], [2, 2])
        assert columns.data_ptr() - rows.data_ptr() == 8 and rows.stride() == (2,)
        assert t.unravel_index(t.tensor([0, 0]), ()) == ()
        assert [one.tolist() for one in t.unravel_index(t.tensor(5), (2, 3))] == [1, 2]
        (only,) = t.nonzero(t.tensor(3.0), as_tuple=True)
        assert only.tolist() == [0]
