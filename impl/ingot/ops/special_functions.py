"""Special functions: error functions, gammas, Bessel functions. Values come from SciPy (CuPy's copy of it on a GPU), loaded at the first call.

Formulas are those of the Digital Library of Mathematical Functions, https://dlmf.nist.gov.
"""

from __future__ import annotations

import math

from ..core import dtype as dtypes
from ..core.tensor import Tensor
from .complex_numbers import conjugate
from .declare import COMPLEXES, FLOATS, NOT_REAL_FLOAT, composite, pointwise


def functions_for(xp):
    """The special functions for arrays of a namespace."""
    if xp.__name__ == "cupy":
        from cupyx.scipy import special
    else:
        from scipy import special
    return special


def scipy_function(
    name: str, scipy_name: str, rule, doc: str, aliases: tuple[str, ...] = (), namespace: str = "torch", **more
):
    """A function of one real number that SciPy has; integers become the default float. ``rule`` is None where PyTorch has no derivative."""

    def kernel(xp, x):
        return getattr(functions_for(xp), scipy_name)(x)

    return pointwise(
        f"{name}(input: Tensor)", kernel, fast=FLOATS, promote="float", refuses=COMPLEXES, aliases=aliases, namespace=namespace, doc=doc,
        **({} if rule is None else {"input": rule}), **more,
    )  # fmt: skip


# -- error functions ------------------------------------------------------------------------------------------------------------------------

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)

erf = scipy_function(
    "erf",
    "erf",
    lambda grad, input: grad * (-input * input).exp() * _TWO_OVER_ROOT_PI,
    "The error function, DLMF 7.2.1.",
)
erfc = scipy_function(
    "erfc",
    "erfc",
    lambda grad, input: grad * (-input * input).exp() * -_TWO_OVER_ROOT_PI,
    "``1 - erf``, exact for large numbers.",
)
erfinv = scipy_function(
    "erfinv", "erfinv", lambda grad, result: grad * (result * result).exp() / _TWO_OVER_ROOT_PI, "The inverse of ``erf``; infinite at 1 and -1.",
)  # fmt: skip

# -- gammas ---------------------------------------------------------------------------------------------------------------------------------


def _lgamma(xp, x):
    """Infinite at minus infinity too, as C's lgamma has it; SciPy says minus infinity."""
    return xp.where(x == -math.inf, xp.asarray(math.inf, x.dtype), functions_for(xp).gammaln(x))


lgamma = pointwise(
    "lgamma(input: Tensor)", _lgamma, fast=FLOATS, promote="float", refuses=COMPLEXES, input=lambda grad, input: grad * digamma(input),
    doc="The logarithm of the absolute value of the gamma function.",
)  # fmt: skip


def _digamma(xp, x):
    """PyTorch's values at the poles: infinite with the opposite sign at zero, NaN at the negative integers."""
    value = functions_for(xp).digamma(x)
    value = xp.where(x == 0, xp.copysign(xp.asarray(math.inf, x.dtype), -x), value)
    return xp.where((x < 0) & (x == xp.floor(x)), xp.asarray(math.nan, x.dtype), value)


digamma = pointwise(
    "digamma(input: Tensor)", _digamma, fast=FLOATS, promote="float", refuses=COMPLEXES, input=lambda grad, input: grad * polygamma(1, input),
    doc="The derivative of ``lgamma``.",
)  # fmt: skip


def _polygamma(xp, x, n):
    """(-1)^(n+1) n! zeta(n+1, x), DLMF 5.15.1; Euler's reflection carries trigamma to the negative numbers, as in PyTorch."""
    special = functions_for(xp)
    if n == 0:
        return _digamma(xp, x)
    if n == 1:
        below = x < 0.5
        turned = xp.where(below, 1 - x, x)
        value = special.zeta(2.0, turned)
        return xp.where(below, xp.square(math.pi / xp.sin(math.pi * x)) - value, value).astype(x.dtype)
    sign = 1 if n % 2 else -1
    return (sign * math.factorial(n) * special.zeta(float(n + 1), x.astype(float))).astype(x.dtype)


_polygamma_op = pointwise(
    "_polygamma(input: Tensor, n: int)", _polygamma, fast=FLOATS, promote="float", refuses=COMPLEXES, namespace="internal", out=False,
    input=lambda grad, input, n: grad * _polygamma_op(input, n + 1),
)  # fmt: skip


@composite(out=True)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of ``digamma``. RuntimeError for a negative order: ``polygamma(1, tensor([1.]))`` is ``[1.6449]``."""
    if not isinstance(n, int):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return digamma(input) if n == 0 else _polygamma_op(input, n)


def _polygamma_method(self, n: int) -> Tensor:
    """The n-th derivative of ``digamma`` at the tensor."""
    return polygamma(n, self)


def _polygamma_method_(self, n: int) -> Tensor:
    """In-place version of ``polygamma``."""
    return self.copy_(polygamma(n, self))


Tensor.polygamma, Tensor.polygamma_ = _polygamma_method, _polygamma_method_  # type: ignore[attr-defined]


@composite(method=True, out=True, inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension ``p``: p(p-1)/4 log(pi) + sum over j < p of lgamma(input - j/2).

    DLMF 35.3.4. RuntimeError unless p >= 1.
    """
    if input.dtype.name == "bool":
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if input.dtype.category < dtypes.FLOAT:
        input = input.to(dtypes.get_default_dtype())
    halves = input.new_tensor([-j / 2 for j in range(p)])
    return lgamma(input.unsqueeze(-1) + halves).sum(-1) + p * (p - 1) / 4 * math.log(math.pi)


def no_derivative_by(name: str):
    """The rule of an input that PyTorch has no derivative by."""

    def rule(grad):
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return rule


def _gamma_density(grad, input, other):
    """x^(a-1) e^-x / gamma(a), DLMF 8.8.13, in the log domain."""
    return grad * ((input - 1) * other.log() - other - lgamma(input)).exp()


igamma = pointwise(
    "igamma(input: Tensor, other: Tensor)", lambda xp, a, x: functions_for(xp).gammainc(a, x), fast=FLOATS, refuses=NOT_REAL_FLOAT,
    input=no_derivative_by("igamma: input"), other=lambda grad, input, other: _gamma_density(grad, input, other),
    doc="The lower regularized incomplete gamma function P(input, other), DLMF 8.2.4.",
)  # fmt: skip
igammac = pointwise(
    "igammac(input: Tensor, other: Tensor)", lambda xp, a, x: functions_for(xp).gammaincc(a, x), fast=FLOATS, refuses=NOT_REAL_FLOAT,
    input=no_derivative_by("igammac: input"), other=lambda grad, input, other: -_gamma_density(grad, input, other),
    doc="The upper regularized incomplete gamma function Q(input, other), DLMF 8.2.4.",
)  # fmt: skip

# -- Bessel functions -------------------------------------------------------------------------------------------------------------------------


def _i1_rule(grad, input, result):
    """I1' = I0 - I1 / x, which is 1/2 at 0."""
    near = input.abs() < 1e-6
    safe = input.where(~near, 1)
    return grad * (i0(input) - (result / safe).where(~near, 0.5))


i0 = scipy_function(
    "i0", "i0", lambda grad, input: grad * i1(input), "The modified Bessel function of the first kind of order 0."
)
i1 = scipy_function(
    "i1", "i1", _i1_rule, "The modified Bessel function of the first kind of order 1.", namespace="special", method=False, inplace=False,
)  # fmt: skip

# -- sinc -----------------------------------------------------------------------------------------------------------------------------------


def _sinc(xp, x):
    turned = x * x.dtype.type(math.pi)
    safe = xp.where(turned == 0, 1, turned)
    return xp.where(turned == 0, 1, xp.sin(safe) / safe).astype(x.dtype)


_SINC_SERIES = tuple((-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 10))
"""The derivative of sin(t)/t is the sum over k of this times t^(2k-1)."""


def _sinc_rule(grad, input):
    """(t cos t - sin t) / t² with t = pi x; its power series where that cancels, which keeps every derivative right at 0."""
    t = input * math.pi
    near = t.abs() < 0.75
    square = (t * t).where(near, 0)
    series = square * _SINC_SERIES[-1] + _SINC_SERIES[-2]
    for coefficient in reversed(_SINC_SERIES[:-2]):
        series = series * square + coefficient
    far = t.where(~near, 1)
    slope = (t * series).where(near, (far * far.cos() - far.sin()) / (far * far))
    return grad * conjugate(slope * math.pi)


sinc = pointwise(
    "sinc(input: Tensor)", _sinc, promote="float", input=_sinc_rule, doc="``sin(pi x) / (pi x)``, 1 at 0.",
)  # fmt: skip
