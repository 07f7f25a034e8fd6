"""One body, run twice: a scenario is a function of the framework's namespace, and what it returns or raises must be the same in both."""

from __future__ import annotations

import warnings

import numpy as np
import torch

import ingot

FRAMEWORKS = (ingot, torch)


def assert_same(scenario, rtol: float = 1e-12) -> None:
    """Run ``scenario(namespace)`` under both frameworks and compare the outcomes: values, dtypes, shapes, flags, error classes."""
    ours, theirs = (outcome(scenario, framework) for framework in FRAMEWORKS)
    compare(ours, theirs, rtol, scenario.__name__)


def outcome(scenario, framework):
    """What the scenario returned, in neutral terms, or the class and sentence of what it raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the scenarios compare results; warnings have tests of their own
        return neutral(attempt(lambda: scenario(framework)))


def attempt(call):
    """The result of ``call()``, or its exception as a value."""
    try:
        return call()
    except Exception as error:
        return error


def neutral(value):
    """A result without its framework: tensors as (shape, dtype, requires_grad, array), errors as ("raises", class, sentence)."""
    if isinstance(value, Exception):
        return ("raises", type(value).__name__, str(value))
    if isinstance(value, (torch.Tensor, ingot.Tensor)):
        return ("tensor", tuple(value.shape), str(value.dtype), value.requires_grad, array_of(value))
    if isinstance(value, (tuple, list)):
        return [neutral(item) for item in value]
    if isinstance(value, dict):
        return {key: neutral(item) for key, item in value.items()}
    if isinstance(value, (torch.dtype, ingot.dtype)):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, complex, str, np.ndarray)):
        return value
    raise TypeError(f"a scenario may not return {type(value)}")


def array_of(tensor) -> np.ndarray:
    """The values as a NumPy array (bfloat16 as float32)."""
    plain = tensor.detach()
    if str(plain.dtype) == "torch.bfloat16":
        plain = plain.float()
    if isinstance(plain, torch.Tensor):
        return plain.resolve_conj().resolve_neg().numpy()
    return np.asarray(plain._array)


def compare(ours, theirs, rtol: float, where: str) -> None:
    """AssertionError, saying where, unless two neutral outcomes agree."""
    if is_error(ours) or is_error(theirs):
        assert is_error(ours) and is_error(theirs), f"{where}: ingot gave {ours}, torch {theirs}"
        assert ours[1] == theirs[1], f"{where}: ingot raised {ours[1:]}, torch {theirs[1:]}"
        assert len(ours[2]) > 10, f"{where}: an error without a sentence: {ours[1:]}"
        return
    assert type(ours) is type(theirs), f"{where}: ingot gave {ours}, torch {theirs}"
    if isinstance(ours, tuple):
        assert ours[:-1] == theirs[:-1], f"{where}: ingot gave {ours}, torch {theirs}"
        np.testing.assert_allclose(ours[-1], theirs[-1], rtol=rtol, atol=1e-14, err_msg=where)
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), f"{where}: ingot gave {ours}, torch {theirs}"
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            compare(one, other, rtol, f"{where}[{number}]")
    elif isinstance(ours, dict):
        assert ours.keys() == theirs.keys(), f"{where}: ingot gave {ours}, torch {theirs}"
        for key in ours:
            compare(ours[key], theirs[key], rtol, f"{where}[{key!r}]")
    elif isinstance(ours, (float, complex, np.ndarray)):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-14, err_msg=where)
    else:
        assert ours == theirs, f"{where}: ingot gave {ours!r}, torch {theirs!r}"


def is_error(value) -> bool:
    return isinstance(value, tuple) and value[0] == "raises"


class Table:
    """A module's scenarios: ``@table`` adds one, ``table.cases`` parametrizes the test."""

    def __init__(self):
        self.cases: list = []

    def __call__(self, scenario):
        self.cases.append(scenario)
        return scenario

    @property
    def names(self) -> list[str]:
        return [case.__name__ for case in self.cases]


def numbers(torch, *shape, start: float = 0.5, requires_grad: bool = True):
    """Distinct float64 values in a shape: start, start + 0.25, ..."""
    count = int(np.prod(shape))
    values = torch.tensor((start + 0.25 * np.arange(count)).tolist(), dtype=torch.float64).reshape(shape).clone()
    return values.requires_grad_(requires_grad)
