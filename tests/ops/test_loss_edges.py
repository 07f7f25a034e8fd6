"""Losses and distances where they differ from the textbook: broadcasting, weights, whole numbers, refused dtypes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot

NN, TNN = ingot.nn.functional, torch.nn.functional


def pair(shape, seed=0, dtype="float64"):
    array = (4 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)
    return ingot.from_numpy(array.copy()), torch.from_numpy(array.copy())


@pytest.mark.parametrize(("first", "second", "dim"), [((2, 4), (2, 1), -1), ((3, 4), (1,), -2), ((3, 4), (3, 4), 1)])
def test_cosine_similarity_broadcasts_before_it_measures(first, second, dim):
    (x, tx), (y, ty) = pair(first), pair(second, seed=1)
    found, expected = NN.cosine_similarity(x, y, dim).numpy(), TNN.cosine_similarity(tx, ty, dim).numpy()
    assert (np.abs(found) <= 1 + 1e-12).all()
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_weighted_huber_loss(reduction):
    (x, tx), (y, ty), (w, tw) = pair((3, 4)), pair((3, 4), seed=1), pair((3, 4), seed=2)
    found = NN.huber_loss(x, y, reduction=reduction, delta=0.5, weight=w.abs())
    expected = TNN.huber_loss(tx, ty, reduction=reduction, delta=0.5, weight=tw.abs())
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-13)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_margin_ranking_loss_of_whole_numbers_is_floating(reduction):
    (x, tx), (y, ty) = pair((5,), dtype="int64"), pair((5,), seed=1, dtype="int64")
    found = NN.margin_ranking_loss(x, y, ingot.ones(5, dtype=ingot.int64), reduction=reduction)
    expected = TNN.margin_ranking_loss(tx, ty, torch.ones(5, dtype=torch.int64), reduction=reduction)
    assert str(found.dtype) == str(expected.dtype)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6)


REFUSED = [("huber_loss", "complex64"), ("binary_cross_entropy", "complex64"), ("binary_cross_entropy", "int64")]


@pytest.mark.parametrize(("name", "dtype"), REFUSED)
def test_losses_of_real_numbers_refuse_others(name, dtype):
    for T in (ingot, torch):
        ones = T.ones(3, dtype=getattr(T, dtype))
        with pytest.raises(NotImplementedError):
            getattr(T.nn.functional, name)(ones, ones)


def test_class_losses_refuse_complex_scores():
    for T in (ingot, torch):
        for name in ("nll_loss", "multi_margin_loss"):
            with pytest.raises(NotImplementedError):
                getattr(T.nn.functional, name)(T.ones(2, 3, dtype=T.complex64), T.zeros(2, dtype=T.int64))
