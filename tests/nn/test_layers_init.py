"""nn.init against PyTorch's: the very same numbers from the same seed."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
import torch

import ingot

SHAPES = {"matrix": (7, 5), "wide": (4, 9), "conv": (6, 4, 3, 3), "large": (40, 30)}

CASES = [
    *[(name, shape, {}) for name in ("uniform_", "normal_", "ones_", "zeros_") for shape in SHAPES],
    ("uniform_", "large", {"a": -2.0, "b": 3.0}),
    ("normal_", "large", {"mean": 1.0, "std": 0.1}),
    ("constant_", "matrix", {"val": 0.3}),
    ("eye_", "matrix", {}),
    ("eye_", "wide", {}),
    ("dirac_", "conv", {}),
    ("dirac_", "conv", {"groups": 2}),
    *[(name, shape, {}) for name in ("xavier_uniform_", "xavier_normal_") for shape in ("matrix", "conv")],
    ("xavier_uniform_", "large", {"gain": 2.0}),
    *[(f"kaiming_{kind}_", shape, {}) for kind in ("uniform", "normal") for shape in ("wide", "conv", "large")],
    ("kaiming_uniform_", "conv", {"a": 0.2, "mode": "fan_out"}),
    ("kaiming_normal_", "matrix", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("trunc_normal_", "large", {}),
    ("trunc_normal_", "large", {"std": 2.0, "a": -0.5, "b": 0.5}),
    ("trunc_normal_", "matrix", {"mean": 0.5, "std": 0.02}),
    ("sparse_", "matrix", {"sparsity": 0.4}),
]


def drawn(framework, name, shape, options, dtype):
    tensor = framework.empty(SHAPES[shape], dtype=getattr(framework, dtype))
    framework.manual_seed(3)
    result = getattr(framework.nn.init, name)(tensor, **options)
    assert result is tensor
    return tensor.numpy(), framework.rand(1).item()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "shape", "options"), CASES)
def test_numbers_are_torchs(name, shape, options, dtype):
    (ours, ours_after), (theirs, theirs_after) = (drawn(fw, name, shape, options, dtype) for fw in (ingot, torch))
    np.testing.assert_array_equal(ours, theirs)
    assert ours_after == theirs_after


@pytest.mark.parametrize("shape", ["matrix", "wide", "conv"])
def test_orthogonal(shape):
    # The decomposition is LAPACK's, so the last bits may differ.
    ours, theirs = (drawn(fw, "orthogonal_", shape, {"gain": 2.0}, "float64")[0] for fw in (ingot, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_parameters_stay_leaves():
    weight = ingot.nn.Parameter(ingot.empty(4, 3))
    for name in ("uniform_", "normal_", "zeros_", "eye_", "kaiming_uniform_", "orthogonal_", "trunc_normal_"):
        getattr(ingot.nn.init, name)(weight)
        assert weight.is_leaf
        assert weight.requires_grad


def test_generators():
    ours, theirs = (
        fw.nn.init.kaiming_uniform_(fw.empty(4, 3), generator=fw.Generator().manual_seed(7)).numpy()
        for fw in (ingot, torch)
    )
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("param", [None, 0.3])
def test_gains(param):
    names = ["linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    ours, theirs = ([fw.nn.init.calculate_gain(name, param) for name in names] for fw in (ingot, torch))
    assert ours == theirs


BAD = {
    "gain": lambda fw: fw.nn.init.calculate_gain("nothing"),
    "slope": lambda fw: fw.nn.init.calculate_gain("leaky_relu", True),
    "fan": lambda fw: fw.nn.init.xavier_uniform_(fw.empty(3)),
    "mode": lambda fw: fw.nn.init.kaiming_normal_(fw.empty(3, 2), mode="fan"),
    "eye": lambda fw: fw.nn.init.eye_(fw.empty(3)),
    "dirac": lambda fw: fw.nn.init.dirac_(fw.empty(3, 2)),
    "dirac_groups": lambda fw: fw.nn.init.dirac_(fw.empty(3, 2, 1), groups=2),
    "orthogonal": lambda fw: fw.nn.init.orthogonal_(fw.empty(3)),
    "sparse": lambda fw: fw.nn.init.sparse_(fw.empty(3), 0.1),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    errors = []
    for fw in (ingot, torch):
        with pytest.raises(ValueError) as caught:
            BAD[name](fw)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_empty_tensors_and_old_names_warn():
    for use in (
        lambda fw: fw.nn.init.kaiming_uniform_(fw.empty(0, 3)),
        lambda fw: fw.nn.init.normal(fw.empty(2, 3)),
        lambda fw: fw.nn.init.trunc_normal_(fw.empty(3, 3), mean=5.0, std=0.5),
    ):
        told = []
        for fw in (ingot, torch):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                use(fw)
            told.append([(item.category, str(item.message)) for item in caught])
        assert told[0] == told[1]
        assert told[0]


def test_names_are_torchs():
    names = {name for name, value in vars(torch.nn.init).items() if inspect.isfunction(value) and name[0] != "_"}
    assert {name for name in names if not hasattr(ingot.nn.init, name)} == set()
