"""Rules that use the op's own result, differentiated once more: their parameters are not taken for their results."""

from __future__ import annotations

import pytest
import torch

import ingot
from ingot.ops.declare import REGISTRY, Op


@pytest.mark.parametrize("op", ["tanh", "sigmoid", "exp", "sqrt", "reciprocal", "rsqrt"])
def test_second_derivative(op):
    found = []
    for T in (torch, ingot):
        x = T.tensor([0.3, 1.2], dtype=T.float64).requires_grad_()
        (first,) = T.autograd.grad(getattr(T, op)(x).sum(), x, create_graph=True)
        (second,) = T.autograd.grad((first * first).sum(), x)
        found.append(second.tolist())
    assert found[1] == pytest.approx(found[0], rel=1e-13)


def test_a_parameter_is_not_named_like_an_output():
    op = Op("_of_a_result(grad, result)", "pointwise")
    with pytest.raises(ValueError, match="calls a parameter 'result'"):
        op.parameters  # noqa: B018 - read when first asked for
    for declared in REGISTRY.values():
        assert not {item.name for item in declared.parameters} & set(declared.outputs)
