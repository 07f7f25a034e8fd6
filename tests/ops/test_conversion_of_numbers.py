"""A Python number on its way into a tensor: what fits, what wraps around, what is refused."""

from __future__ import annotations

import pytest
import torch

import ingot
from ingot.core import dtype as dtypes
from ingot.core.promotion import to_scalar

REFUSED = [
    ("uint8", 300), ("uint8", -300), ("uint8", -1.5), ("int8", 200), ("int8", float("nan")), ("int32", 1e10), ("int64", 2**63), ("float32", 1e39),
    ("float16", 1e6), ("bfloat16", 1e39), ("float32", 1j), ("complex64", 1e39),
]  # fmt: skip
TAKEN = [
    ("uint8", -1), ("uint8", 255), ("int8", -128), ("int8", 1.75), ("float16", float("inf")), ("float32", float("nan")), ("bool", 5), ("float64", 1e300),
    ("complex64", 1 + 2j),
]  # fmt: skip
WAYS = {
    "full": lambda t, dtype, value: t.full((2,), value, dtype=dtype),
    "full_like": lambda t, dtype, value: t.full_like(t.zeros(2, dtype=dtype), value),
    "fill_": lambda t, dtype, value: t.zeros(2, dtype=dtype).fill_(value),
    "masked_fill": lambda t, dtype, value: t.zeros(2, dtype=dtype).masked_fill(t.ones(2, dtype=t.bool), value),
    "index_fill": lambda t, dtype, value: t.zeros(2, dtype=dtype).index_fill(0, t.tensor([0, 1]), value),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("dtype", "value"), REFUSED)
def test_what_does_not_fit_is_refused(way, dtype, value):
    for t in (torch, ingot):
        with pytest.raises(RuntimeError):
            WAYS[way](t, getattr(t, dtype), value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("dtype", "value"), TAKEN)
def test_what_fits_is_rounded_or_wraps_around(way, dtype, value):
    ours, theirs = (WAYS[way](t, getattr(t, dtype), value).tolist() for t in (ingot, torch))
    assert ours == theirs or value != value


def test_a_refused_fill_changes_nothing():
    x = ingot.ones(3, dtype=ingot.uint8)
    with pytest.raises(RuntimeError, match="300"):
        x.fill_(300)
    assert x.tolist() == [1, 1, 1] and x._version == 0


def test_arithmetic_with_a_number_overflows_quietly():
    assert (ingot.zeros(1, dtype=ingot.float16) + 70000.0).item() == float("inf")
    with pytest.raises(RuntimeError):
        ingot.zeros(1).clamp(1e39)


def test_to_scalar_keeps_the_type():
    assert to_scalar(3, dtypes.bfloat16).dtype == dtypes.bfloat16.numpy
    assert to_scalar(-1, dtypes.uint16) == 65535


@pytest.mark.parametrize("name", ["float_power_", "abs_"])
def test_an_in_place_form_that_would_have_to_cast_refuses(name):
    calls = {
        "float_power_": lambda t: t.ones(2).float_power_(2),
        "abs_": lambda t: t.ones(2, dtype=t.complex64).abs_(),
    }
    for t in (torch, ingot):
        with pytest.raises(RuntimeError):
            calls[name](t)
