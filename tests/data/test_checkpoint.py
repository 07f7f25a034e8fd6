"""utils.checkpoint: the gradients of plain backward, from results that were computed again."""

from __future__ import annotations

import pytest
import torch

import ingot
from ingot.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, set_checkpoint_early_stop

FORMS = [True, False]


def net():
    return ingot.nn.Sequential(*(ingot.nn.Linear(4, 4) if step % 2 else ingot.nn.Tanh() for step in range(6)))


def grads(model, x):
    found = [x.grad.tolist(), *(parameter.grad.tolist() for parameter in model.parameters())]
    x.grad = None
    model.zero_grad()
    return found


@pytest.mark.parametrize("reentrant", FORMS)
def test_gradients_are_those_of_plain_backward(reentrant):
    ingot.manual_seed(0)
    model, x = net(), ingot.randn(3, 4, requires_grad=True)
    model(x).sum().backward()
    wanted = grads(model, x)
    y = checkpoint(model, x, use_reentrant=reentrant)
    y.sum().backward()
    assert grads(model, x) == wanted
    for segments in (1, 2, 4):
        checkpoint_sequential(model, segments, x, use_reentrant=reentrant).sum().backward()
        assert grads(model, x) == wanted


@pytest.mark.parametrize("reentrant", FORMS)
def test_random_numbers_are_drawn_again_and_the_stream_goes_on(reentrant):
    results = []
    for framework in (ingot, torch):
        framework.manual_seed(1)
        x = framework.ones(50, requires_grad=True)
        run = lambda v, t=framework: t.nn.functional.dropout(v.tanh(), 0.5).exp()  # noqa: E731
        y = framework.utils.checkpoint.checkpoint(run, x, use_reentrant=reentrant)
        framework.rand(3)
        y.sum().backward()
        results.append((y.tolist(), x.grad.tolist(), framework.rand(2).tolist()))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-6)
    assert results[0][1] == pytest.approx(results[1][1], rel=1e-6)
    assert results[0][2] == results[1][2]


def test_nothing_is_kept_and_it_is_computed_once_more():
    runs = []

    def run(x, *, scale):
        runs.append(1)
        return (x * scale).sin().exp()

    x = ingot.ones(3, requires_grad=True)
    y = checkpoint(run, x, scale=2.0, use_reentrant=False)
    assert len(runs) == 1
    (first,) = ingot.autograd.grad(y.sum(), x, retain_graph=True)
    assert len(runs) == 2
    (second,) = ingot.autograd.grad(y.sum(), x)
    assert len(runs) == 3
    assert first.tolist() == second.tolist()


def test_higher_derivatives():
    x = ingot.tensor([0.3, 0.7], dtype=ingot.float64, requires_grad=True)
    plain = lambda v: (v.sin() * v.exp()).sum()  # noqa: E731
    for run in (plain, lambda v: checkpoint(plain, v, use_reentrant=False)):
        (g,) = ingot.autograd.grad(run(x), x, create_graph=True)
        (gg,) = ingot.autograd.grad(g.sum(), x)
        assert gg.tolist() == pytest.approx((2 * x.cos() * x.exp()).tolist())


def test_early_stop():
    reached = []

    def run(x):
        y = x.exp()
        reached.append(1)
        return y

    x = ingot.ones(3, requires_grad=True)
    checkpoint(run, x, use_reentrant=False).sum().backward()
    assert len(reached) == 1
    with set_checkpoint_early_stop(False):
        checkpoint(run, x, use_reentrant=False).sum().backward()
    assert len(reached) == 3
    checkpoint(run, x, use_reentrant=False, early_stop=False).sum().backward()
    assert len(reached) == 5


def test_a_function_that_changes_is_noticed():
    calls = []

    def shapes(x):
        calls.append(1)
        return (x if len(calls) == 1 else x[:2]).exp().sum()

    def numbers(x):
        calls.append(1)
        return x.exp().sin().sum() if len(calls) == 1 else x.sum()

    for function, message in ((shapes, "different metadata"), (numbers, "A different number of tensors")):
        calls.clear()
        with pytest.raises(CheckpointError, match=message):
            checkpoint(function, ingot.ones(3, requires_grad=True), use_reentrant=False).backward()


def test_contexts():
    seen = []

    class Note:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            seen.append(self.name)

        def __exit__(self, *exception):
            pass

    x = ingot.ones(3, requires_grad=True)
    y = checkpoint(ingot.exp, x, use_reentrant=False, context_fn=lambda: (Note("first"), Note("second")))
    y.sum().backward()
    assert seen == ["first", "second"]


def test_refusals():
    x = ingot.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(ingot.exp, x)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: scale"):
        checkpoint(ingot.exp, x, use_reentrant=True, scale=2)
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(ingot.exp, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(ingot.exp, x, use_reentrant=False, determinism_check="maybe")
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(ingot.exp, ingot.ones(2), use_reentrant=True)
