"""Functions of probability in ``torch.special``: the normal distribution's, entropy terms, the scaled error function, Hurwitz's zeta."""

from __future__ import annotations

import math

from ..core.tensor import Tensor
from .declare import COMPLEXES, FLOATS, pointwise
from .exponential import log1p
from .special_functions import functions_for, no_derivative_by, scipy_function

_FORM = {"namespace": "special", "method": False, "inplace": False}
_ROOT_TWO_PI = math.sqrt(2 * math.pi)


def _density(input):
    return (-0.5 * input * input).exp() / _ROOT_TWO_PI


ndtr = scipy_function(
    "ndtr",
    "ndtr",
    lambda grad, input: grad * _density(input),
    "The standard normal distribution function, DLMF 7.17.1.",
    **_FORM,
)
ndtri = scipy_function(
    "ndtri",
    "ndtri",
    lambda grad, result: grad / _density(result),
    "The quantile function of the standard normal distribution.",
    **_FORM,
)
erfcx = scipy_function(
    "erfcx", "erfcx", lambda grad, input, result: grad * (2 * input * result - 2 / math.sqrt(math.pi)), "``exp(x²) erfc(x)``, DLMF 7.2.3.", **_FORM,
)  # fmt: skip
log_ndtr = scipy_function(
    "log_ndtr", "log_ndtr", lambda grad, input: grad * (math.sqrt(2 / math.pi) / erfcx(input * -math.sqrt(0.5))),
    "The logarithm of the standard normal distribution function, exact in its lower tail.", **_FORM,
)  # fmt: skip


def _entr(xp, x):
    safe = xp.where(x > 0, x, 1)
    value = xp.where(x > 0, -x * xp.log(safe), xp.where(x == 0, xp.zeros((), x.dtype), xp.asarray(-math.inf, x.dtype)))
    return xp.where(xp.isnan(x), x, value).astype(x.dtype)


entr = pointwise(
    "entr(input: Tensor)", _entr, fast=FLOATS, promote="float", refuses=COMPLEXES, input=lambda grad, input: grad * (-input.log() - 1), **_FORM,
    doc="The entropy term ``-x log(x)``: 0 at 0, -inf below.",
)  # fmt: skip


def _xlog1py(xp, x, y):
    value = x * xp.log1p(y)
    return xp.where(xp.isnan(y), y, xp.where(x == 0, xp.zeros((), value.dtype), value))


def _xlog1py_input(grad, input, other):
    """log1p(y), and 0 where x is 0 and y at most -1: the value is 0 all along there."""
    rate = log1p(other) if isinstance(other, Tensor) else math.log1p(other)
    at_zero = (input == 0) & (other <= -1)
    return (grad * rate).masked_fill(at_zero, 0)


xlog1py = pointwise(
    "xlog1py(input, other)", _xlog1py, fast=FLOATS, promote="float", refuses=COMPLEXES, **_FORM,
    input=_xlog1py_input, other=lambda grad, input, other: grad * input / (other + 1),
    doc="``input * log1p(other)``, 0 where ``input`` is.",
)  # fmt: skip


zeta = pointwise(
    "zeta(input, other)", lambda xp, x, q: functions_for(xp).zeta(x, q), fast=FLOATS, promote="float", refuses=COMPLEXES, **_FORM,
    input=no_derivative_by("zeta"), other=lambda grad, input, other: grad * -input * zeta(input + 1, other),
    doc="Hurwitz's zeta function: the sum of ``(k + other) ** -input`` over k >= 0, DLMF 25.11.1.",
)  # fmt: skip

ALSO = {
    "special": (
        "digamma", "digamma as psi", "erf", "erfc", "erfinv", "exp2", "expm1", "igamma as gammainc", "igammac as gammaincc", "lgamma as gammaln", "log1p",
        "log_softmax", "logit", "logsumexp", "mvlgamma as multigammaln", "polygamma", "sigmoid as expit", "sinc", "softmax", "xlogy",
    ),
}  # fmt: skip
