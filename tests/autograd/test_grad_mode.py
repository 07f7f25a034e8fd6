"""no_grad, enable_grad, set_grad_enabled, inference_mode as contexts, decorators and on generators, as in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import ingot

from .scenario import Table, assert_same, attempt, numbers

table = Table()


@table
def contexts_nest(torch):
    states = [torch.is_grad_enabled()]
    with torch.no_grad():
        states.append(torch.is_grad_enabled())
        with torch.enable_grad():
            states.append(torch.is_grad_enabled())
            with torch.set_grad_enabled(False):
                states.append(torch.is_grad_enabled())
            states.append(torch.is_grad_enabled())
        states.append(torch.is_grad_enabled())
    return [*states, torch.is_grad_enabled()]


@table
def set_grad_enabled_as_a_function(torch):
    torch.set_grad_enabled(False)
    inside = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    return [inside, torch.is_grad_enabled()]


@table
def decorators(torch):
    @torch.no_grad()
    def plain(x):
        return x * 2

    @torch.no_grad
    def bare(x):
        return x * 2

    @torch.enable_grad()
    def recorded(x):
        return x * 2

    @torch.set_grad_enabled(False)
    def set_off(x):
        return x * 2

    @torch.inference_mode()
    def inferred(x):
        return (x * 2).requires_grad

    x = numbers(torch, 2)
    with torch.no_grad():
        inside = recorded(x).requires_grad
    return [
        plain(x).requires_grad,
        bare(x).requires_grad,
        inside,
        set_off(x).requires_grad,
        inferred(x),
        torch.is_grad_enabled(),
        plain.__name__,
        bare.__name__,
    ]


@table
def recursion_of_a_decorated_function(torch):
    @torch.no_grad()
    def down(n):
        return [torch.is_grad_enabled()] + (down(n - 1) if n else [])

    return [down(3), torch.is_grad_enabled()]


@table
def generators(torch):
    @torch.no_grad()
    def stream():
        received = yield torch.is_grad_enabled()
        yield [received, torch.is_grad_enabled()]
        return

    steps = stream()
    first = next(steps)
    outside = torch.is_grad_enabled()
    second = steps.send("sent")
    return [first, outside, second, torch.is_grad_enabled(), attempt(lambda: list(steps))]


@table
def an_error_restores_the_mode(torch):
    def fail():
        with torch.no_grad():
            raise ValueError("an error of the user's own")

    return [attempt(fail), torch.is_grad_enabled()]


@table
def inference(torch):
    x = numbers(torch, 3)
    with torch.inference_mode():
        y = x * 2
        states = [torch.is_inference_mode_enabled(), torch.is_grad_enabled(), y.requires_grad]
        with torch.inference_mode(False):
            states += [torch.is_inference_mode_enabled(), torch.is_grad_enabled(), (x * 2).requires_grad]
    return [states, torch.is_inference_mode_enabled(), torch.is_grad_enabled(), y + 1]


@table
def writes_in_inference_mode(torch):
    x = numbers(torch, 3)
    with torch.inference_mode():
        y = x * 2
        y.add_(1)
        y[0] = 5
        x.detach().mul_(2)
    return [y, x, x._version]


@table
def no_grad_of_constructors_and_views(torch):
    x = numbers(torch, 3)
    with torch.no_grad():
        leaf = torch.ones(2, requires_grad=True)
        y = x * 2
        y.requires_grad_()
    return [leaf.requires_grad, y.requires_grad, y.is_leaf, (y * 2).requires_grad]


@table
def a_class_decorated(torch):
    @torch.no_grad()
    class Box:
        def __init__(self, x):
            self.y = x * 2

    return Box(numbers(torch, 2)).y.requires_grad


@pytest.mark.parametrize("scenario", table.cases, ids=table.names)
def test_as_in_pytorch(scenario):
    assert_same(scenario)


def test_tensors_of_inference_mode_are_ordinary():
    """PyTorch refuses them in recorded computations; see ``inference_mode``."""
    x = numbers(ingot, 3)
    with ingot.inference_mode():
        y = x * 2
    (y * x).sum().backward()
    assert not y.is_inference()
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())
