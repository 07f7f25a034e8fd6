"""``linear_cross_entropy`` against PyTorch, which in one piece is a linear map and a cross entropy."""

from __future__ import annotations

import pytest

import ingot

from .against_torch import agree, tensor, to_ingot

X, W, B = tensor(3, 5), tensor(4, 5, seed=1), tensor(4, seed=2)


def loss(t, *args, **options):
    return t.nn.functional.linear_cross_entropy(*args, **options)


@pytest.mark.parametrize(
    "options", [{}, {"reduction": "sum"}, {"reduction": "none", "label_smoothing": 0.1}, {"ignore_index": 1}]
)
def test_classes(options):
    agree(lambda t, x, w, b: loss(t, x, w, t.tensor([1, 0, 3]), linear_bias=b, **options), X, W, B)


def test_further_dims_probabilities_and_one_sample():
    agree(lambda t, x, w: loss(t, x, w, t.tensor([[1, 0], [3, 2], [1, 2]])), X, tensor(4, 2, 5))
    agree(lambda t, x, w, y: loss(t, x, w, y.softmax(1)), X, W, tensor(3, 4, seed=3))
    agree(lambda t, x, w: loss(t, x[0], w, t.tensor(2)), X, W)
    agree(lambda t, x, w, b: loss(t, x, w, t.tensor([1, 0, 3]), weight=b.detach().exp()), X, W, B)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x, w, b: loss(t, x[None], w, t.tensor([1, 0, 3])),
        lambda t, x, w, b: loss(t, x, w[0], t.tensor([1, 0, 3])),
        lambda t, x, w, b: loss(t, x[:, 1:], w, t.tensor([1, 0, 3])),
        lambda t, x, w, b: loss(t, x, w, t.tensor([1, 0, 3]), linear_bias=b[1:]),
        lambda t, x, w, b: loss(t, x[0], w[:, None], t.tensor(1)),
        lambda t, x, w, b: loss(t, x, w, t.ones(3, 4, dtype=t.float64), ignore_index=1),
    ],
)
def test_bad_arguments(call):
    agree(call, X, W, B)


def test_chunks_are_refused():
    with pytest.raises(NotImplementedError, match="options=None"):
        loss(ingot, to_ingot(X), to_ingot(W), ingot.tensor([1, 0, 3]), options=object())
