"""``torch.masked`` against PyTorch: every op, with masks that broadcast, leave all, leave some, leave none."""

from __future__ import annotations

import math

import pytest
import torch

from .against_torch import agree, tensor

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin", "var", "std", "logsumexp", "norm")
ALONG = ("cumsum", "cumprod", "softmax", "log_softmax", "softmin")
MASKS = {
    "none": None,
    "some": tensor(3, 4, dtype=torch.bool, seed=3),
    "row": torch.tensor([True, False, True, True]),
    "column": torch.tensor([[True], [True], [False]]),
    "integers": torch.tensor([1, 0, 1, 1]),
}
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.int32, torch.uint8)


def masked(t, name):
    return getattr(t.masked, name)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, mask):
    before = (2.0,) if name == "norm" else ()
    full = MASKS["some"] if mask == "none" else MASKS[mask]
    for dim in (None, 1, (0, -1)):
        # A slice of which nothing is left has no derivative in most.
        smooth = bool(full.bool().broadcast_to(3, 4).any(1).all()) and mask != "some"
        agree(
            lambda t, x, m, dim=dim: masked(t, name)(x, *before, dim, keepdim=True, mask=m),
            tensor(3, 4, seed=1),
            MASKS[mask],
            gradients=smooth,
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_dtypes(name, dtype):
    before = (2.0,) if name == "norm" else ()
    for asked in (None, torch.float64):
        agree(
            lambda t, x, m, d: masked(t, name)(x, *before, -1, mask=m, dtype=d),
            tensor(3, 4, dtype=dtype),
            MASKS["some"],
            asked,
            gradients=False,
            # PyTorch computes in the dtype of the input, and casts its answer to that asked for.
            **({"rtol": 1e-6 if dtype is not torch.bfloat16 else 1.6e-2, "atol": 1e-7} if name == "logsumexp" else {}),
        )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", ["argmax", "argmin", "median"])
def test_selections(name, mask, dtype):
    for dim in (0, 1) if name == "median" else (None, 0, 1):
        agree(
            lambda t, x, m, dim=dim: masked(t, name)(x, dim, keepdim=True, mask=m),
            tensor(3, 4, dtype=dtype),
            MASKS[mask],
            second=False,
            forward=False,
        )


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", ALONG)
def test_normalisations(name, mask):
    smooth = mask in ("none", "row") or name.startswith("cum")
    agree(lambda t, x, m: masked(t, name)(x, 1, mask=m), tensor(3, 4), MASKS[mask], gradients=smooth)
    agree(lambda t, x, m: masked(t, name)(x, 0, mask=m, dtype=t.float64), tensor(3, 4, dtype=torch.int16), MASKS[mask])


@pytest.mark.parametrize("order", [2.0, 1.0, 3.0, math.inf, -math.inf, 0.0])
def test_orders_of_norms(order):
    agree(lambda t, x, m: masked(t, "norm")(x, order, 1, mask=m), tensor(3, 4), MASKS["row"], gradients=order != 0)
    agree(lambda t, x, m: masked(t, "normalize")(x, order, 1, mask=m, eps=0.5), tensor(3, 4), MASKS["row"])


@pytest.mark.parametrize("options", [{"unbiased": False}, {"unbiased": True}, {"correction": 0}, {"correction": 2}])
def test_corrections(options):
    agree(lambda t, x, m: masked(t, "var")(x, 1, mask=m, **options), tensor(3, 4), MASKS["row"], forward=False)
    agree(lambda t, x, m: masked(t, "std")(x, **options), tensor(3, 4, dtype=torch.complex64), None)


def test_logaddexp():
    agree(
        lambda t, x, y, m: masked(t, "logaddexp")(x, y, input_mask=m, other_mask=~m),
        tensor(3, 4),
        tensor(3, 4, seed=2),
        MASKS["some"],
        second=False,  # NaN in PyTorch where one term is -inf; the answer is linear in the other there
    )


def test_scalars():
    for name in ("sum", "mean", "amax", "argmax", "logsumexp", "var", "norm"):
        agree(lambda t, x, name=name: masked(t, name)(x), tensor(), gradients=name != "norm" and name != "var")


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: masked(t, "sum")(x, mask=t.ones(2, 3, 4)),
        lambda t, x: masked(t, "sum")(x, mask=t.ones(3, dtype=t.bool)),
        lambda t, x: masked(t, "sum")(x, 2),
        lambda t, x: masked(t, "sum")(x, (0, 0)),
        lambda t, x: masked(t, "mean")(x.long()),
        lambda t, x: masked(t, "mean")(x, dtype=t.int32),
        lambda t, x: masked(t, "amax")(x > 0, mask=x > 0),
        lambda t, x: masked(t, "median")(x.long(), 1, mask=x > 99),
        lambda t, x: masked(t, "var")(x, unbiased=True, correction=1),
    ],
)
def test_bad_arguments(call):
    agree(call, tensor(3, 4))
