"""Convolutions, pooling and activations at their edges: empty batches, NaN beside windows, large output paddings, refused dtypes."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch

import ingot

F, TF = ingot.nn.functional, torch.nn.functional


def pair(shape, dtype="float64", seed=0):
    array = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    return ingot.from_numpy(array.copy()), torch.from_numpy(array.copy())


@pytest.mark.parametrize("pool", ["avg_pool2d", "max_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "unfold"])
def test_an_empty_batch_stays_empty(pool):
    mine, other = pair((0, 2, 4, 5))
    expected = getattr(TF, pool)(other, 2)
    assert tuple(getattr(F, pool)(mine, 2).shape) == tuple(expected.shape)


@pytest.mark.parametrize("wanted", [(4, 4), (2, 3), (5, 7)])
def test_a_nan_stays_in_the_ranges_that_hold_it(wanted):
    mine, other = pair((1, 2, 3, 5))
    mine[0, 0, 1, 2] = other[0, 0, 1, 2] = float("nan")
    found, expected = F.adaptive_avg_pool2d(mine, wanted).numpy(), TF.adaptive_avg_pool2d(other, wanted).numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)


def test_output_padding_of_a_stride_or_more_keeps_the_shape_of_the_gradient():
    derivatives = []
    for T, x, weight in zip((ingot, torch), pair((2, 1, 3, 3)), pair((1, 1, 2, 2), seed=1), strict=True):
        x, weight = x.requires_grad_(), weight.requires_grad_()
        result = T.nn.functional.conv_transpose2d(x, weight, None, (2, 1), (2, 1), (0, 1), 1, (2, 2))
        first = T.autograd.grad((result**2).sum(), [x, weight], create_graph=True)
        second = T.autograd.grad(sum((one**2).sum() for one in first), [x, weight])
        derivatives.append([one.detach().numpy() for one in (*first, *second)])
    for found, expected in zip(*derivatives, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


REFUSED = [
    ("elu", "complex64", NotImplementedError),
    ("gelu", "complex64", NotImplementedError),
    ("relu", "bool", RuntimeError),
    ("relu6", "complex64", NotImplementedError),
    ("hardtanh", "bool", RuntimeError),
    ("hardtanh", "uint8", RuntimeError),
    ("logsigmoid", "bool", NotImplementedError),
]


@pytest.mark.parametrize(("name", "dtype", "error"), REFUSED)
def test_activations_refuse_what_pytorch_refuses(name, dtype, error):
    for T in (ingot, torch):
        with pytest.raises(error):
            getattr(T.nn.functional, name)(T.ones(3).to(getattr(T, dtype)))


@pytest.mark.parametrize("arguments", [{"kernel_size": 0}, {"kernel_size": 99}, {"kernel_size": 2, "stride": 0}])
def test_unfold_refuses_windows_that_do_not_fit(arguments):
    for T in (ingot, torch):
        with pytest.raises(RuntimeError):
            T.nn.functional.unfold(T.zeros(1, 2, 4, 4), **arguments)


def bits(tensor):
    """The numbers and the signs of their zeros."""
    array = tensor.numpy()
    return array.tolist(), np.signbit(array).tolist()


@pytest.mark.parametrize("row", [[-0.0, 0.0, 0.0, -0.0], [0.0, -0.0, -0.0, 0.0], [-1.0, -0.0, 0.0, -2.0]])
@pytest.mark.parametrize("pool", ["max_pool1d", "adaptive_max_pool1d"])
def test_the_first_of_two_zeros_is_the_maximum(pool, row):
    values, places = getattr(F, pool)(ingot.tensor([row]), 2, return_indices=True)
    expected, at = getattr(TF, pool)(torch.tensor([row]), 2, return_indices=True)
    assert bits(values) == bits(expected)
    assert places.tolist() == at.tolist()


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_adaptive_maxima_are_contiguous(rank):
    found = getattr(F, f"adaptive_max_pool{rank}d")(ingot.randn(2, 3, *(4, 5, 6)[:rank]), 3, return_indices=True)
    assert all(each.is_contiguous() for each in found)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("given", [-1, 1.5, True, None, (), (1, 1, 1, 1), "three", "each -1", "each 1.5", "each a"])
def test_adaptive_pooling_refuses_sizes_as_pytorch_does(kind, rank, given):
    size = {"each -1": (-1,) * rank, "each 1.5": (1.5,) * rank, "each a": ("a",) * rank}.get(given, given)
    raised = []
    for T in (ingot, torch):
        with pytest.raises(Exception) as info:
            getattr(T.nn.functional, f"adaptive_{kind}_pool{rank}d")(T.ones((2, 3, *(4,) * rank)), size)
        raised.append(info.type)
    assert raised[0] is raised[1]


@pytest.mark.parametrize("name", ["adaptive_max_pool2d", "adaptive_avg_pool3d"])
def test_adaptive_pooling_counts_dims_first(name):
    for T in (ingot, torch):
        with pytest.raises(ValueError, match="should be at least"):
            getattr(T.nn.functional, name)(T.ones(()), (None,) * int(name[-2]))


@pytest.mark.parametrize("shape", [(), (3,), (3, 3)])
def test_unfold_needs_channels_and_two_dims(shape):
    for T in (ingot, torch):
        with pytest.raises(IndexError):
            T.nn.functional.unfold(T.ones(shape), 2)


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("hardshrink", (3,), ()),
        ("softshrink", (3,), ()),
        ("gelu", (3,), ()),
        ("softplus", (3,), ()),
        ("avg_pool2d", (1, 4, 4), (2,)),
        ("avg_pool3d", (1, 4, 4, 4), (2,)),
        ("linear", (2, 3), None),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float16", "int64"])
def test_out_has_the_dtype_of_the_result(name, shape, arguments, dtype):
    for T in (ingot, torch):
        x, out = T.ones(shape), T.full((1,), 7, dtype=getattr(T, dtype))
        with pytest.raises(RuntimeError):
            getattr(T.nn.functional, name)(x, *((T.ones(4, 3),) if arguments is None else arguments), out=out)
        assert out.tolist() == [7]


def test_tanhshrink_does_not_cancel():
    x = np.array([1e-12, 1e-5, 0.01, -0.3, 0.999, 1.001, -4.0, 30.0])
    with mpmath.workdps(50):
        exact = [float(mpmath.mpf(each) - mpmath.tanh(each)) for each in x.tolist()]
        slopes = [float(mpmath.tanh(each) ** 2) for each in x.tolist()]
    point = ingot.tensor(x, requires_grad=True)
    found = F.tanhshrink(point)
    np.testing.assert_allclose(found.detach().numpy(), exact, rtol=2e-15)
    np.testing.assert_allclose(ingot.autograd.grad(found.sum(), point)[0].numpy(), slopes, rtol=2e-15)
    assert ingot.autograd.gradgradcheck(F.tanhshrink, point)
    edges = [-0.0, float("inf"), float("-inf"), float("nan")]
    np.testing.assert_array_equal(F.tanhshrink(ingot.tensor(edges)), TF.tanhshrink(torch.tensor(edges)))
