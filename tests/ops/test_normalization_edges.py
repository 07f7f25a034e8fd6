"""Normalisation of complex numbers, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot


def test_rms_norm_squares_complex_numbers_as_its_formula_says():
    random = np.random.default_rng(0)
    x = random.standard_normal((3, 4)) + 1j * random.standard_normal((3, 4))
    found = ingot.nn.functional.rms_norm(ingot.from_numpy(x.copy()), (4,), eps=1e-5).numpy()
    np.testing.assert_allclose(found, x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5), rtol=1e-13)
    np.testing.assert_allclose(found, torch.nn.functional.rms_norm(torch.from_numpy(x), (4,), eps=1e-5), rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("layer_norm", ((3,),)), ("group_norm", (1,)), ("batch_norm", (None, None))],
)
def test_whole_numbers_are_refused(name, arguments):
    options = {"training": True} if name == "batch_norm" else {}
    for T, errors in ((ingot, NotImplementedError), (torch, (NotImplementedError, RuntimeError))):
        with pytest.raises(errors):
            getattr(T.nn.functional, name)(T.ones(2, 3, dtype=T.int64), *arguments, **options)


@pytest.mark.parametrize(("name", "arguments"), [("layer_norm", ((3,),)), ("rms_norm", ((3,),)), ("group_norm", (1,))])
def test_what_is_no_tensor_is_refused(name, arguments):
    for T in (ingot, torch):
        with pytest.raises((TypeError, AttributeError) if T is torch else TypeError):
            getattr(T.nn.functional, name)("tensor", *arguments)


@pytest.mark.parametrize("groups", [0, -1, 3])
def test_group_norm_refuses_groups_that_do_not_divide_the_channels(groups):
    for T in (ingot, torch):
        with pytest.raises(ZeroDivisionError if groups == 0 else RuntimeError):
            T.nn.functional.group_norm(T.ones(2, 4, 4), groups)
        with pytest.raises(RuntimeError):
            T.group_norm(T.ones(2, 4, 4), groups)


@pytest.mark.parametrize("size", [0, -1, -2])
def test_local_response_norm_needs_a_size(size):
    for T in (ingot, torch):
        with pytest.raises(RuntimeError):
            T.nn.functional.local_response_norm(T.ones(1, 2, 3), size)


def test_cross_map_response_norm_refuses_what_pytorch_refuses():
    for T in (ingot, torch):
        with pytest.raises(ZeroDivisionError):
            T.nn.CrossMapLRN2d(0)(T.ones(1, 2, 3, 3))
        with pytest.raises(RuntimeError):
            T.nn.CrossMapLRN2d(2)(T.ones((1, 2, 3, 3), dtype=T.int64))


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_instance_norm_refuses_whole_numbers(dtype):
    for T in (ingot, torch):
        with pytest.raises(NotImplementedError):
            T.nn.functional.instance_norm(T.ones((2, 3, 4), dtype=getattr(T, dtype)))
