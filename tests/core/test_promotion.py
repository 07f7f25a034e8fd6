# ruff: noqa: B023 - the functions are called within the iteration that makes them
"""Dtype promotion, casting and ``out=``: the whole table of dtype pairs and operand categories against PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import ingot

NAMES = (
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "complex128",
    "complex64",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
)
PYTHON_NUMBERS = {"bool": True, "int": 2, "float": 2.5, "complex": 1 + 2j}

OPS = {
    "add": lambda t, a, b: t.add(a, b),
    "mul": lambda t, a, b: a * b,
    "sub": lambda t, a, b: t.sub(a, b),
    "div": lambda t, a, b: t.div(a, b),
    "floor_divide": lambda t, a, b: t.floor_divide(a, b),
    "remainder": lambda t, a, b: t.remainder(a, b),
    "pow": lambda t, a, b: t.pow(a, b),
    "lt": lambda t, a, b: t.lt(a, b),
    "eq": lambda t, a, b: t.eq(a, b),
    "bitwise_and": lambda t, a, b: t.bitwise_and(a, b),
    "bitwise_or": lambda t, a, b: a | b,
    "lshift": lambda t, a, b: a << b,
    "logical_and": lambda t, a, b: t.logical_and(a, b),
    "maximum": lambda t, a, b: t.maximum(a, b),
    "atan2": lambda t, a, b: t.atan2(a, b),
    "where": lambda t, a, b: t.where(t.tensor([True, False]), a, b),
}
"""Functions of two operands; numbers go to those that take them."""
ONLY_TENSORS = {"maximum", "atan2", "logical_and"}


def operand(framework, category: str, name: str):
    if category == "number":
        return PYTHON_NUMBERS[name]
    values = [1, 2] if category == "tensor" else 2
    return framework.tensor(values, dtype=framework.int64).to(getattr(framework, name))


def outcome(framework, call):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call(framework)
    except Exception as error:
        return type(error).__name__
    plain = result.detach().to(framework.complex128).numpy()
    return str(result.dtype), tuple(result.shape), plain


def agree(call, where: str) -> None:
    ours, theirs = outcome(ingot, call), outcome(torch, call)
    if theirs[0] == "torch.complex32":  # which neither NumPy nor ml_dtypes can hold: Ingot goes on in complex64
        theirs = ("torch.complex64", *theirs[1:])
    if "float16" in where and "bfloat16" not in where and "complex" in where and theirs == "NotImplementedError":
        return  # PyTorch refuses complex32, Ingot computes in complex64
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs, f"{where}: ingot {ours}, torch {theirs}"
        return
    assert ours[:2] == theirs[:2], f"{where}: ingot {ours[:2]}, torch {theirs[:2]}"
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-2 if "16" in ours[0] else 1e-6, err_msg=where)


PAIRS = [
    ("tensor", "tensor"),
    ("tensor", "scalar"),
    ("scalar", "scalar"),
    ("tensor", "number"),
    ("scalar", "number"),
    ("number", "tensor"),
]


@pytest.mark.parametrize("categories", PAIRS, ids="-".join)
@pytest.mark.parametrize("op", OPS)
def test_every_pair_of_dtypes(op, categories):
    if op in ONLY_TENSORS and "number" in categories:
        return
    names = [PYTHON_NUMBERS if category == "number" else NAMES for category in categories]
    failures = []
    for first in names[0]:
        for second in names[1]:

            def call(t, first=first, second=second):
                return OPS[op](t, operand(t, categories[0], first), operand(t, categories[1], second))

            try:
                agree(call, f"{op}({categories[0]} {first}, {categories[1]} {second})")
            except AssertionError as error:
                failures.append(str(error).strip().splitlines()[0])
    assert not failures, "\n".join(failures)


def test_tables():
    for first in NAMES:
        for second in NAMES:
            for function in ("promote_types", "can_cast"):

                def call(t, function=function, first=first, second=second):
                    return getattr(t, function)(getattr(t, first), getattr(t, second))

                ours, theirs = (attempt_text(lambda t=t: call(t)) for t in (ingot, torch))
                assert ours == theirs.replace("complex32", "complex64"), (function, first, second, ours, theirs)


def attempt_text(call) -> str:
    try:
        return str(call())
    except Exception as error:
        return type(error).__name__


@pytest.mark.parametrize("name", NAMES)
def test_result_type(name):
    for category in ("tensor", "scalar"):
        for number in PYTHON_NUMBERS.values():
            ours, theirs = (str(t.result_type(operand(t, category, name), number)) for t in (ingot, torch))
            assert ours == theirs.replace("complex32", "complex64"), (category, name, number)


@pytest.mark.parametrize("name", NAMES)
def test_cat_promotes(name):
    for other in NAMES:
        agree(lambda t: t.cat([operand(t, "tensor", name), operand(t, "tensor", other)]), f"cat {name} {other}")


@pytest.mark.parametrize("name", NAMES)
def test_out_takes_what_may_be_cast(name):
    for target in NAMES:
        agree(
            lambda t: t.mul(operand(t, "tensor", name), 1, out=t.empty(2, dtype=getattr(t, target))),
            f"mul of {name} into {target}",
        )


@pytest.mark.parametrize("name", NAMES)
def test_in_place_keeps_its_dtype(name):
    for other in NAMES:
        agree(lambda t: operand(t, "tensor", name).mul_(operand(t, "tensor", other)), f"{name}.mul_({other})")
    for number in PYTHON_NUMBERS:
        agree(lambda t: operand(t, "tensor", name).add_(PYTHON_NUMBERS[number]), f"{name}.add_({number})")


@pytest.mark.parametrize("default", ["float64", "float16"])
def test_default_dtype_decides_for_python_floats(default):
    def call(t):
        before = t.get_default_dtype()
        t.set_default_dtype(getattr(t, default))
        try:
            return t.tensor([1, 2]) / t.tensor([1.5, 2.5]) + 0.5
        finally:
            t.set_default_dtype(before)

    agree(call, default)
