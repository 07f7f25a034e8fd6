"""Exponentials, logarithms, and sums in the log domain."""

from __future__ import annotations

import math

import numpy as np

from ..core.tensor import Tensor
from .complex_numbers import conjugate
from .declare import COMPLEXES, FLOATS, NOT_REAL_FLOAT, pointwise

LN2, LN10 = math.log(2), math.log(10)

exp = pointwise(
    "exp(input: Tensor)", np.exp, promote="float", input=lambda grad, result: grad * conjugate(result), doc="``e ** input``.",
)  # fmt: skip
exp2 = pointwise(
    "exp2(input: Tensor)", np.exp2, promote="float", input=lambda grad, result: grad * conjugate(result) * LN2, doc="``2 ** input``.",
)  # fmt: skip
expm1 = pointwise(
    "expm1(input: Tensor)", np.expm1, promote="float", input=lambda grad, result: grad * conjugate(result + 1),
    doc="``e ** input - 1``, exact near 0.",
)  # fmt: skip
log = pointwise(
    "log(input: Tensor)", np.log, promote="float", input=lambda grad, input: grad / conjugate(input),
    doc="The natural logarithm; -inf for 0, NaN for negative real numbers.",
)  # fmt: skip
log2 = pointwise(
    "log2(input: Tensor)", np.log2, promote="float", input=lambda grad, input: grad / (conjugate(input) * LN2), doc="The logarithm to base 2.",
)  # fmt: skip
log10 = pointwise(
    "log10(input: Tensor)", np.log10, promote="float", input=lambda grad, input: grad / (conjugate(input) * LN10), doc="The logarithm to base 10.",
)  # fmt: skip


def _log1p(xp, x):
    """Of complex numbers near 0 by way of |1 + z|² - 1 = a (2 + a) + b², which keeps the digits of the real part."""
    if x.dtype.kind != "c":
        return xp.log1p(x)
    a, b = x.real, x.imag
    result = xp.empty(x.shape, x.dtype)
    result.real = xp.where(xp.hypot(a, b) < 0.5, xp.log1p(a * (2 + a) + b * b) / 2, xp.log(xp.hypot(1 + a, b)))
    result.imag = xp.arctan2(b, 1 + a)
    return result


log1p = pointwise(
    "log1p(input: Tensor)", np.log1p, array=_log1p, fast=FLOATS, promote="float", input=lambda grad, input: grad / conjugate(input + 1), doc="``log(1 + input)``, exact near 0.",
)  # fmt: skip


def _sigmoid(xp, x):
    return xp.reciprocal(xp.add(xp.exp(xp.negative(x)), 1))


_sigmoid_backward = pointwise(
    "_sigmoid_backward(grad_output: Tensor, output: Tensor)", lambda xp, grad, output: grad * ((1 - output) * output).conj(), namespace="internal",
    grad_output=lambda grad, output: _sigmoid_backward(grad, output),
    output=lambda grad, grad_output, output: grad * conjugate(grad_output) * conjugate(1 - 2 * output) if not grad.is_complex() else (
        conjugate(grad) * grad_output * (1 - 2 * output)
    ),
    holomorphic=False,
)  # fmt: skip
sigmoid = pointwise(
    "sigmoid(input: Tensor)", _sigmoid, promote="float", input=lambda grad, result: _sigmoid_backward(grad, result),
    doc="``1 / (1 + e ** -input)``: ``sigmoid(tensor([0.]))`` is ``[0.5]``.",
)  # fmt: skip


def _logit(xp, x, eps):
    if eps is not None:
        x = xp.clip(x, eps, 1 - eps)
    return xp.log(x / (1 - x))


def _logit_rule(grad, input, eps):
    low, high = (0, 1) if eps is None else (eps, 1 - eps)
    outside = math.nan if eps is None else 0
    return (grad / (input * (1 - input))).where((input >= low) & (input <= high), outside)


logit = pointwise(
    "logit(input: Tensor, eps: float = None)", _logit, fast=FLOATS, promote="float", refuses=COMPLEXES, input=_logit_rule,
    doc="``log(input / (1 - input))``, of ``input`` clamped to [eps, 1 - eps] where ``eps`` is given; NaN outside [0, 1].",
)  # fmt: skip


def _logaddexp(xp, x, y):
    """The larger and log1p of e to the difference. Complex numbers are ordered by their real parts."""
    if x.dtype.kind != "c":
        return xp.logaddexp(x, y)
    swap = x.real < y.real
    large, small = xp.where(swap, y, x), xp.where(swap, x, y)
    infinite = xp.isinf(large.real) & (large.real == small.real)
    return xp.where(infinite, large, large + _log1p(xp, xp.exp(small - large)))


def _share(grad, own, other, scale: float = 1):
    """The gradient of log(e^own + e^other) is the softmax of the two. Written with the sigmoid it neither overflows nor cancels."""
    return grad * conjugate(sigmoid((own - other) * scale if scale != 1 else own - other))


logaddexp = pointwise(
    "logaddexp(input: Tensor, other: Tensor)", _logaddexp, refuses=tuple(name for name in NOT_REAL_FLOAT if name not in COMPLEXES), inplace=False,
    input=lambda grad, input, other: _share(grad, input, other),
    other=lambda grad, input, other: _share(grad, other, input),
    doc="``log(e ** input + e ** other)`` without overflow.",
)  # fmt: skip
logaddexp2 = pointwise(
    "logaddexp2(input: Tensor, other: Tensor)", np.logaddexp2, fast=FLOATS, refuses=NOT_REAL_FLOAT, inplace=False,
    input=lambda grad, input, other: _share(grad, input, other, LN2),
    other=lambda grad, input, other: _share(grad, other, input, LN2),
    doc="``log2(2 ** input + 2 ** other)`` without overflow.",
)  # fmt: skip


def _xlogy(xp, x, y):
    return xp.where((x == 0) & ~xp.isnan(y), 0, x * xp.log(y))


def _not_below_or_zero(value):
    return ~(value <= 0) if isinstance(value, Tensor) else not value <= 0


xlogy = pointwise(
    "xlogy(input, other)", _xlogy, fast=FLOATS, promote="float", refuses=COMPLEXES,
    input=lambda grad, input, other: xlogy(grad, other).where((input != 0) | _not_below_or_zero(other), 0),
    other=lambda grad, input, other: grad * input / other,
    doc="``input * log(other)``, 0 where ``input`` is 0 (unless ``other`` is NaN).",
)  # fmt: skip
