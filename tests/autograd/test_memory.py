"""What a graph costs: nothing is left behind, nothing recurses, no reference cycles."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import ingot


@pytest.fixture
def no_collector():
    """Whatever dies inside dies by reference counting."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


PROGRAMS = {
    "pointwise": lambda x: (x * x).exp() + x / 2,
    "saved_result": lambda x: x.tanh().sigmoid().sqrt(),
    "matmul": lambda x: x @ x.t(),
    "softmax": lambda x: ingot.softmax(x, -1),
    "reductions": lambda x: x.sum(0) * x.mean(1) + x.amax(),
    "views": lambda x: x.view(-1)[1:5].reshape(2, 2).t(),
    "split": lambda x: x.split(2)[0] * x.unbind(0)[1],
    "in_place": lambda x: (x * 1).mul_(2).exp_(),
    "write_through_view": lambda x: written(x * 1),
    "index": lambda x: x[[0, 1], [1, 0]] + x[x > 0].sum(),
    "sort": lambda x: x.sort()[0],
    "cat": lambda x: ingot.cat([x, x * 2]),
    "layer_norm": lambda x: ingot.nn.functional.layer_norm(x, (4,)),
    "cross_entropy": lambda x: ingot.nn.functional.cross_entropy(x, ingot.tensor([0, 1, 2, 3])),
    "function": lambda x: Cube.apply(x),
}


class Cube(ingot.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        result = x**3
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx, grad):
        x, _ = ctx.saved_tensors
        return 3 * x**2 * grad


def written(y):
    y[0].mul_(2)
    y[1] = y[0] * 2
    return y


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph_dies_with_its_result(no_collector, name):
    x = ingot.rand(4, 4, requires_grad=True)
    result = PROGRAMS[name](x)
    node, loss = weakref.ref(result.grad_fn), result.sum()
    del result
    assert node() is not None
    del loss
    assert node() is None, "a cycle keeps the graph alive"


@pytest.mark.parametrize("name", PROGRAMS)
def test_backward_frees_what_was_saved(no_collector, name):
    x = ingot.rand(4, 4, requires_grad=True)
    y = x * 1
    saved = weakref.ref(y)
    loss = PROGRAMS[name](y).sum()
    del y
    loss.backward()
    assert saved() is None, "backward without retain_graph frees the saved tensors"
    assert x.grad is not None


def test_second_derivatives_leave_no_cycle(no_collector):
    x = ingot.rand(4, requires_grad=True)
    y = (x**3).exp()
    (first,) = ingot.autograd.grad(y.sum(), x, create_graph=True)
    node = weakref.ref(first.grad_fn)
    (first * first).sum().backward()
    del first, y
    assert node() is None


def test_hooks_and_retained_gradients_leave_no_cycle(no_collector):
    x = ingot.rand(4, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad * 2)
    node = weakref.ref(y.grad_fn)
    y.sum().backward()
    del y
    assert node() is None


def test_leaf_dies_alone(no_collector):
    x = ingot.rand(4, requires_grad=True)
    x.sum().backward()
    gone = weakref.ref(x)
    del x
    assert gone() is None


DEEP = {
    "add": (100_000, lambda y: y + 1),
    "saved": (20_000, lambda y: y.exp().log()),
    "in_place": (20_000, lambda y: y.mul_(1.0)),
    "view": (20_000, lambda y: y.view(2, 2).view(4)),
    "slice": (20_000, lambda y: y[:]),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_graphs_need_no_stack(name):
    """Long chains of operations are recorded, differentiated and freed without recursion."""
    length, step = DEEP[name]
    x = ingot.ones(4, dtype=ingot.float64, requires_grad=True)
    y = x * 1
    for _ in range(length):
        y = step(y)
    y.sum().backward(retain_graph=True)
    np.testing.assert_allclose(x.grad.numpy(), np.ones(4), rtol=1e-9)
    del y  # the graph, still whole, dies here


def test_first_gradient_is_taken_over_only_where_nobody_holds_it():
    x = ingot.ones(3, requires_grad=True)
    held = []
    x.register_hook(held.append)
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    np.testing.assert_array_equal(held[0].numpy(), [2, 2, 2])
    np.testing.assert_array_equal(x.grad.numpy(), [4, 4, 4])


def test_gradient_memory_is_not_copied():
    """The gradient of a leaf is the very array that the last rule made."""
    made = []

    class Spy(ingot.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            result = grad * 2
            made.append(result.data_ptr())
            return result

    x = ingot.ones(1000, requires_grad=True)
    Spy.apply(x).sum().backward()
    assert x.grad.data_ptr() == made[0]
