"""Ops whose results PyTorch lays out in row-major memory do so here, whatever the input's strides: programs call ``view`` on them."""

from __future__ import annotations

import pytest
import torch

import ingot

ROW_MAJOR = {
    "cumsum": lambda t, x: t.cumsum(x, 0),
    "cumprod": lambda t, x: t.cumprod(x, 1),
    "cummax": lambda t, x: t.cummax(x, 0).values,
    "logcumsumexp": lambda t, x: t.logcumsumexp(x, 0),
    "softmax": lambda t, x: t.softmax(x, 0),
    "log_softmax": lambda t, x: t.log_softmax(x, 1),
    "cat": lambda t, x: t.cat([x, x]),
    "stack": lambda t, x: t.stack([x, x]),
    "masked_fill": lambda t, x: x.masked_fill(x > 3, 0),
    "gather": lambda t, x: t.gather(x, 0, t.zeros_like(x, dtype=t.int64)),
    "roll": lambda t, x: t.roll(x, 1, 0),
    "tril": lambda t, x: t.tril(x),
}


@pytest.mark.parametrize("order", [(2, 1, 0), (0, 2, 1), (1, 0, 2)], ids=str)
@pytest.mark.parametrize("name", ROW_MAJOR)
def test_row_major(name, order):
    ours, theirs = (ROW_MAJOR[name](t, t.arange(24.0).reshape(2, 3, 4).permute(order)) for t in (ingot, torch))
    assert theirs.is_contiguous()
    assert ours.stride() == theirs.stride()


def test_cat_keeps_channels_last():
    for t in (torch, ingot):
        x = t.ones(2, 3, 4, 5).contiguous(memory_format=t.channels_last)
        assert t.cat([x, x], 1).is_contiguous(memory_format=t.channels_last)


def test_samplers_refuse_integers_before_shared_memory():
    for t in (torch, ingot):
        shared = t.zeros(1, 1, dtype=t.int64).expand(2, 2)
        for name in ("uniform_", "normal_"):
            with pytest.raises(NotImplementedError):
                getattr(shared, name)()
