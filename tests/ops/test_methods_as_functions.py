"""Methods that are functions too, functions in several namespaces, and Python functions on each element, against PyTorch."""

import pytest
import torch

import ingot

from .against_torch import agree, tensor


def test_writes():
    agree(lambda t, x: t.fill_(x, 3.0), tensor(2, 3))
    agree(lambda t, x: t.zero_(x), tensor(2, 3))
    agree(
        lambda t, x: t.as_strided_(x, (2,), (2,)), tensor(4), forward=False
    )  # a tensor with a tangent has no as_strided_ yet
    agree(lambda t, x, y: t.resize_as_(x, y), tensor(6), tensor(2, 3), gradients=False)
    agree(lambda t, x: t.detach(x).requires_grad, tensor(2))
    agree(lambda t, x: t.detach_(x * 1).requires_grad, tensor(2).requires_grad_())


def test_questions():
    x, y = tensor(2, 3), tensor(3, 2)
    agree(lambda t, x: t.get_device(x), x)
    agree(lambda t, x: x.get_device(), x)
    agree(lambda t, x: t.is_distributed(x), x)
    agree(lambda t, x: t.is_signed(x), x)
    agree(lambda t, x: t.is_inference(x), x)
    agree(lambda t, x, y: (t.is_same_size(x, y), x.is_same_size(y), x.is_same_size(x)), x, y)
    agree(lambda t: t.is_signed(3))
    agree(lambda t: t.zero_([1.0]))


def test_functions_in_both_namespaces():
    x, y = tensor(3, 4), tensor(3, 4, seed=1)
    agree(lambda t, x, y: t.cosine_similarity(x, y), x, y)
    agree(lambda t, x, y: t.pairwise_distance(x, y), x, y)
    agree(lambda t, x: t.rms_norm(x, (4,)), x)
    agree(lambda t, x: t.adaptive_avg_pool1d(x, 2), x, second=False)
    agree(lambda t, x, y, w: t.bilinear(x, y, w), x, y, tensor(2, 4, 4, seed=2))


def test_copies_of_views():
    agree(lambda t, x: t.view_as_real_copy(x), tensor(3, 4, dtype=torch.complex128), strides=True)
    agree(lambda t, x: t.view_as_complex_copy(x), tensor(3, 2), strides=True, gradients=False)
    agree(lambda t, x: t.alias_copy(x, out=t.zeros(2, 3, dtype=x.dtype)), tensor(2, 3), gradients=False)


def test_python_functions_on_each_element():
    x, y, z = tensor(2, 3), tensor(2, 3, seed=1), tensor(3, seed=2)
    agree(lambda t, x: x.apply_(lambda one: one + 1), x, gradients=False)
    agree(lambda t, x, y: x.map_(y, lambda one, other: one * other), x, y, gradients=False)
    agree(lambda t, x, y, z: x.map2_(y, z, lambda a, b, c: a * b + c), x, y, z, gradients=False)
    agree(lambda t, x: x.apply_(lambda one: one + 1), tensor(4, dtype=torch.int64))
    agree(lambda t, x: x.apply_(3), x, gradients=False)
    agree(lambda t, x: x.apply_(str), x, gradients=False)
    agree(lambda t, x, y: x.map_(y[:, :2], max), x, y, gradients=False)
    agree(lambda t, x, y: x.map_(y.float(), max), x, y, gradients=False)
    agree(lambda t, x: x.apply_(abs), tensor(2).requires_grad_())


def test_a_refused_write_changes_nothing():
    x = ingot.ones(3)
    with pytest.raises(TypeError, match="real number"):
        x.apply_(lambda one: "a")
    assert x.tolist() == [1.0, 1.0, 1.0] and x._version == 0


def test_a_constant_written_into_a_result_leaves_a_gradient_of_zeros():
    for write in (
        lambda t, y: y.fill_(3.0),
        lambda t, y: y.zero_(),
        lambda t, y: y.copy_(t.ones(2, 3)),
        lambda t, y: y[0].fill_(1.0),
    ):

        def body(t, x, write=write):
            y = x * 2
            write(t, y)
            return y, y.requires_grad

        agree(body, tensor(2, 3))


def test_what_is_copied_from_a_leaf_is_no_leaf():
    def body(t, x):
        leaf = x.detach().requires_grad_()
        y = t.zeros(2, 3, dtype=x.dtype).copy_(leaf)
        y[0].zero_()
        y.sum().backward()
        return y.is_leaf, leaf.grad

    agree(body, tensor(2, 3), gradients=False)


def test_dims_by_name():
    agree(lambda t, x: t.flip(x, dims=(0, 1)), tensor(2, 3))
    agree(lambda t, x: x.flip(dims=[-1]), tensor(2, 3))
    agree(lambda t, x: t.flip(x, dims=()), tensor(2, 3))


def test_whole_numbers_in_line():
    for start, end in ((4.3, 1), (-7.9, 2.5), (50, -2), (3, 3)):
        for steps in (1, 2, 5, 50):
            agree(lambda t, a=start, b=end, n=steps: t.linspace(a, b, n, dtype=t.int64))
