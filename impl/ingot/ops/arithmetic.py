"""Elementwise arithmetic."""

from __future__ import annotations

import numpy as np

from .declare import NUMBERS, pointwise

add = pointwise(
    "add(input, other, *, alpha=1)", np.add, fast=NUMBERS,
    array=lambda xp, x, y, alpha: xp.add(x, y) if alpha == 1 else xp.add(x, xp.multiply(y, np.asarray(alpha).astype(y.dtype))),
    input=lambda grad: grad,
    other=lambda grad, alpha: grad if alpha == 1 else grad * _conjugate(alpha),
    doc="``input + alpha * other``.",
)  # fmt: skip
sub = pointwise(
    "sub(input, other, *, alpha=1)", np.subtract, fast=NUMBERS, refuses=("bool",), aliases=("subtract",),
    array=lambda xp, x, y, alpha: xp.subtract(x, y) if alpha == 1 else xp.subtract(x, xp.multiply(y, np.asarray(alpha).astype(y.dtype))),
    input=lambda grad: grad,
    other=lambda grad, alpha: -grad if alpha == 1 else grad * -_conjugate(alpha),
    doc="``input - alpha * other``.",
)  # fmt: skip
mul = pointwise(
    "mul(input, other)", np.multiply, fast=NUMBERS, aliases=("multiply",),
    input=lambda grad, other: grad * _conjugate(other),
    other=lambda grad, input: grad * _conjugate(input),
    doc="``input * other``.",
)  # fmt: skip
neg = pointwise("neg(input)", np.negative, fast=NUMBERS, refuses=("bool",), aliases=("negative",), input=lambda grad: -grad, doc="``-input``.")
exp = pointwise("exp(input)", np.exp, promote="float", input=lambda grad, result: grad * _conjugate(result), doc="``e ** input``.")


def _conjugate(value):
    """The conjugate of a tensor or number; itself where it is real."""
    if isinstance(value, (int, float)):
        return value
    return value.conj() if isinstance(value, complex) or value.dtype.is_complex else value
