"""CTC loss against PyTorch behind a log-softmax, where the two gradients are one, and against its own finite differences everywhere."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

import ingot
from ingot.autograd import gradcheck, gradgradcheck

from .against_torch import agree, tensor, to_ingot

TARGETS = [[1, 2, 2], [3, 4, 1], [2, 0, 0]]
REDUCTIONS = ("none", "mean", "sum")


def loss(t, scores, targets, *lengths, **options):
    return t.nn.functional.ctc_loss(scores.log_softmax(-1), t.tensor(targets), *lengths, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("targets", "lengths", "options"),
    [
        (TARGETS, ((6, 5, 4), (3, 2, 0)), {}),
        (TARGETS, ((3, 5, 0), (3, 2, 0)), {"zero_infinity": True}),
        ([1, 2, 2, 1], ((6, 5, 4), (3, 1, 0)), {}),
        ([[1, 0, 0], [3, 0, 0], [2, 2, 3]], ((6, 6, 6), (1, 2, 3)), {"blank": 4}),
    ],
)
def test_batches(reduction, targets, lengths, options):
    # PyTorch has no second derivative; the next tests have one.
    agree(lambda t, x: loss(t, x, targets, *lengths, reduction=reduction, **options), tensor(6, 3, 5), second=False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_sequence_and_tensors_of_lengths(dtype):
    agree(
        lambda t, x: loss(t, x, [1, 2, 2], t.tensor(6), t.tensor(3), blank=3), tensor(6, 5, dtype=dtype), second=False
    )


def test_a_target_that_no_alignment_spells_costs_infinity():
    agree(lambda t, x: loss(t, x, [[1, 1]], (2,), (2,), reduction="none"), tensor(4, 1, 3), gradients=False)


def test_derivatives_of_any_scores():
    """By the scores as they stand, normalised or not."""
    scores = to_ingot(tensor(5, 2, 4)).requires_grad_()

    def body(scores):
        targets = ingot.tensor([[1, 2, 2], [3, 1, 0]])
        return ingot.nn.functional.ctc_loss(scores, targets, (5, 4), (3, 2), reduction="none")

    assert gradcheck(body, scores, check_forward_ad=True)
    assert gradgradcheck(body, scores)


def test_the_sum_over_alignments():
    """Against all paths, one by one."""
    scores = to_ingot(tensor(4, 1, 3))

    def spelled(path):
        return [label for label, _ in itertools.groupby(path) if label != 0]

    paths = [path for path in itertools.product(range(3), repeat=4) if spelled(path) == [2, 1]]
    total = math.log(sum(math.exp(sum(scores[t, 0, k].item() for t, k in enumerate(path))) for path in paths))
    found = ingot.nn.functional.ctc_loss(scores, ingot.tensor([[2, 1]]), (4,), (2,), reduction="sum")
    assert found.item() == pytest.approx(-total, rel=1e-13)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: loss(t, x, TARGETS, (6, 5, 7), (3, 2, 0)),
        lambda t, x: loss(t, x, TARGETS, (6, 5), (3, 2, 0)),
        lambda t, x: loss(t, x, TARGETS, (6, 5, 4), (3, 2, 4)),
        lambda t, x: loss(t, x, [1, 2], (6, 5, 4), (3, 2, 1)),
        lambda t, x: loss(t, x, TARGETS, (6, 5, 4), (3, 2, 0), blank=5),
        lambda t, x: loss(t, x, TARGETS, (6, 5, 4), (3, 2, 0), blank=-1),
        lambda t, x: loss(t, x, TARGETS, (6, 5, 4), (3, 2, 0), reduction="all"),
        lambda t, x: loss(t, x.half(), TARGETS, (6, 5, 4), (3, 2, 0)),
        lambda t, x: loss(t, x, TARGETS, t.tensor([6.0, 5.0, 4.0]), t.tensor([3, 2, 0])),
    ],
)
def test_bad_arguments(call):
    agree(call, tensor(6, 3, 5))
