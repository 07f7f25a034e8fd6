"""Exact values of pointwise and special functions by mpmath, at three times double precision, one element at a time.

``FORMULAS`` is a table: op name -> the mathematical definition, with the op's own parameter names. It is written from the definitions (DLMF and the
pages of PyTorch's documentation), not from anybody's implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import mpmath as mp
import numpy as np

from ..cases import Case, DType, TensorSpec, values
from ..cases.materialise import lay_out

PRECISION = 200
"""Bits; a double has 53."""


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def _log_sigmoid(x):
    return -mp.log1p(mp.exp(-x))


def _ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _gelu(input, approximate="none"):
    if approximate == "tanh":
        return input / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (input + mp.mpf("0.044715") * input**3)))
    return input * _ndtr(input)


def _softplus(input, beta=1, threshold=20):
    return input if input * beta > threshold else mp.log1p(mp.exp(input * beta)) / beta


def _digamma(input):
    return mp.digamma(input)


def _log_gamma(input):
    return mp.log(abs(mp.gamma(input)))


def _zeta(input, other):
    return mp.zeta(input, other)


def _xlogy(input, other):
    return mp.mpf(0) if input == 0 else input * mp.log(other)


def _entr(input):
    if input < 0:
        return -mp.inf
    return mp.mpf(0) if input == 0 else -input * mp.log(input)


def _erfinv(input):
    return mp.erfinv(input)


def _gamma_part(a, low, high):
    """The regularized incomplete gamma function, for a > 0 and x >= 0."""
    return mp.gammainc(a, low, high, regularized=True) if a > 0 and low >= 0 and high >= 0 else mp.nan


def _sinc(input):
    return mp.mpf(1) if input == 0 else mp.sin(mp.pi * input) / (mp.pi * input)


def _bessel(function: Callable, order: int, scale: Callable | None = None) -> Callable:
    return lambda input: function(order, input) * (scale(input) if scale else 1)


def _polynomial(function: Callable, shift: bool = False) -> Callable:
    """The library takes a degree that is a whole number; a negative one is 0."""
    return lambda input, n: mp.mpf(0) if n < 0 else function(int(n), 2 * input - 1 if shift else input)


def _chebyshev_v(n, x):
    angle = mp.acos(x)
    return mp.cos((n + mp.mpf(1) / 2) * angle) / mp.cos(angle / 2)


def _chebyshev_w(n, x):
    angle = mp.acos(x)
    return mp.sin((n + mp.mpf(1) / 2) * angle) / mp.sin(angle / 2)


def _log_add(base: Callable, inverse: Callable) -> Callable:
    return lambda input, other: inverse(base(input) + base(other))


def _tanhshrink(input):
    """x - tanh(x), with the digits that the difference cancels: twice those between x and 1."""
    if not input or not mp.isfinite(input):
        return input - mp.tanh(input)
    with mp.extradps(2 * max(-int(mp.floor(mp.log10(abs(input)))), 0)):
        return input - mp.tanh(input)


def _elu(input, alpha=1.0, inplace=False):
    return input if input > 0 else alpha * mp.expm1(input)


def _celu(input, alpha=1.0, inplace=False):
    return input if input > 0 else alpha * mp.expm1(input / alpha)


SELU_SCALE, SELU_ALPHA = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")

FORMULAS: dict[str, Callable] = {
    "acos": lambda input: mp.acos(input),
    "acosh": lambda input: mp.acosh(input),
    "add": lambda input, other, alpha=1: input + alpha * other,
    "addcdiv": lambda input, tensor1, tensor2, value=1: input + value * tensor1 / tensor2,
    "addcmul": lambda input, tensor1, tensor2, value=1: input + value * tensor1 * tensor2,
    "asin": lambda input: mp.asin(input),
    "asinh": lambda input: mp.asinh(input),
    "atan": lambda input: mp.atan(input),
    "atan2": lambda input, other: mp.atan2(input, other),
    "atanh": lambda input: mp.atanh(input),
    "cos": lambda input: mp.cos(input),
    "cosh": lambda input: mp.cosh(input),
    "deg2rad": lambda input: input * mp.pi / 180,
    "digamma": _digamma,
    "special.psi": _digamma,
    "erf": lambda input: mp.erf(input),
    "erfc": lambda input: mp.erfc(input),
    "erfinv": _erfinv,
    "exp": lambda input: mp.exp(input),
    "exp2": lambda input: mp.power(2, input),
    "expm1": lambda input: mp.expm1(input),
    "hypot": lambda input, other: mp.sqrt(input * input + other * other),
    "i0": _bessel(mp.besseli, 0),
    "igamma": lambda input, other: _gamma_part(input, 0, other),
    "igammac": lambda input, other: _gamma_part(input, other, mp.inf),
    "lerp": lambda input, end, weight: input + weight * (end - input),
    "lgamma": _log_gamma,
    "log": lambda input: mp.log(input),
    "log10": lambda input: mp.log(input) / mp.log(10),
    "log1p": lambda input: mp.log1p(input),
    "log2": lambda input: mp.log(input) / mp.log(2),
    "logaddexp": _log_add(mp.exp, mp.log),
    "logaddexp2": _log_add(lambda x: mp.power(2, x), lambda x: mp.log(x) / mp.log(2)),
    "logit": lambda input, eps=None: mp.log(input / (1 - input)) if eps is None else mp.nan,
    "mvlgamma": lambda input, p: (
        mp.mpf(p * (p - 1)) / 4 * mp.log(mp.pi) + sum(_log_gamma(input - mp.mpf(j) / 2) for j in range(int(p)))
    ),
    "mul": lambda input, other: input * other,
    "polygamma": lambda n, input: mp.psi(int(n), input),
    "pow": lambda input, exponent: mp.power(input, exponent),
    "float_power": lambda input, exponent: mp.power(input, exponent),
    "rad2deg": lambda input: input * 180 / mp.pi,
    "reciprocal": lambda input: 1 / input,
    "rsqrt": lambda input: 1 / mp.sqrt(input),
    "rsub": lambda input, other, alpha=1: other - alpha * input,
    "sigmoid": _sigmoid,
    "sin": lambda input: mp.sin(input),
    "sinc": _sinc,
    "sinh": lambda input: mp.sinh(input),
    "sqrt": lambda input: mp.sqrt(input),
    "square": lambda input: input * input,
    "sub": lambda input, other, alpha=1: input - alpha * other,
    "tan": lambda input: mp.tan(input),
    "tanh": lambda input: mp.tanh(input),
    "true_divide": lambda input, other: input / other,
    "xlogy": _xlogy,
    "special.airy_ai": lambda x: mp.airyai(x),
    "special.bessel_j0": _bessel(mp.besselj, 0),
    "special.bessel_j1": _bessel(mp.besselj, 1),
    "special.bessel_y0": _bessel(mp.bessely, 0),
    "special.bessel_y1": _bessel(mp.bessely, 1),
    "special.chebyshev_polynomial_t": _polynomial(mp.chebyt),
    "special.chebyshev_polynomial_u": _polynomial(mp.chebyu),
    "special.chebyshev_polynomial_v": _polynomial(_chebyshev_v),
    "special.chebyshev_polynomial_w": _polynomial(_chebyshev_w),
    "special.shifted_chebyshev_polynomial_t": _polynomial(mp.chebyt, True),
    "special.shifted_chebyshev_polynomial_u": _polynomial(mp.chebyu, True),
    "special.shifted_chebyshev_polynomial_v": _polynomial(_chebyshev_v, True),
    "special.shifted_chebyshev_polynomial_w": _polynomial(_chebyshev_w, True),
    "special.hermite_polynomial_h": _polynomial(mp.hermite),
    "special.hermite_polynomial_he": _polynomial(
        lambda n, x: mp.power(2, -mp.mpf(n) / 2) * mp.hermite(n, x / mp.sqrt(2))
    ),
    "special.laguerre_polynomial_l": _polynomial(lambda n, x: mp.laguerre(n, 0, x)),
    "special.legendre_polynomial_p": _polynomial(mp.legendre),
    "special.entr": _entr,
    "special.erfcx": lambda input: mp.exp(input * input) * mp.erfc(input),
    "special.i0e": _bessel(mp.besseli, 0, lambda x: mp.exp(-abs(x))),
    "special.i1": _bessel(mp.besseli, 1),
    "special.i1e": _bessel(mp.besseli, 1, lambda x: mp.exp(-abs(x))),
    "special.log_ndtr": lambda input: mp.log(_ndtr(input)),
    "special.modified_bessel_i0": _bessel(mp.besseli, 0),
    "special.modified_bessel_i1": _bessel(mp.besseli, 1),
    "special.modified_bessel_k0": _bessel(mp.besselk, 0),
    "special.modified_bessel_k1": _bessel(mp.besselk, 1),
    "special.scaled_modified_bessel_k0": _bessel(mp.besselk, 0, mp.exp),
    "special.scaled_modified_bessel_k1": _bessel(mp.besselk, 1, mp.exp),
    "special.ndtr": _ndtr,
    "special.ndtri": lambda input: mp.sqrt(2) * mp.erfinv(2 * input - 1),
    "special.polygamma": lambda n, input: mp.psi(int(n), input),
    "special.spherical_bessel_j0": lambda input: mp.mpf(1) if input == 0 else mp.sin(input) / input,
    "special.xlog1py": lambda input, other: mp.mpf(0) if input == 0 else input * mp.log1p(other),
    "special.zeta": _zeta,
    "nn.functional.celu": _celu,
    "nn.functional.elu": _elu,
    "nn.functional.gelu": _gelu,
    "nn.functional.logsigmoid": _log_sigmoid,
    "nn.functional.mish": lambda input, inplace=False: input * mp.tanh(mp.log1p(mp.exp(input))),
    "nn.functional.selu": lambda input, inplace=False: (
        SELU_SCALE * (input if input > 0 else SELU_ALPHA * mp.expm1(input))
    ),
    "nn.functional.silu": lambda input, inplace=False: input * _sigmoid(input),
    "nn.functional.softplus": _softplus,
    "nn.functional.softsign": lambda input: input / (1 + abs(input)),
    "nn.functional.tanhshrink": _tanhshrink,
}
"""Op name -> its value at one element."""


class Elements:
    """The arguments of a pointwise case, ready to be evaluated exactly at single elements."""

    def __init__(self, case: Case):
        self.formula = FORMULAS[case.op]
        self._args = [self._read(value) for value in case.args]
        self._kwargs = {
            {"self": "input"}.get(key, key): self._read(value)
            for key, value in case.kwargs
            if not isinstance(value, DType) and key != "out"
        }
        arrays = [each for each in (*self._args, *self._kwargs.values()) if isinstance(each, np.ndarray)]
        self.shape = np.broadcast_shapes(*[each.shape for each in arrays])
        numbers = (*self._args, *self._kwargs.values())
        self.real = not any(np.iscomplexobj(each) for each in numbers if not isinstance(each, str))

    @staticmethod
    def _read(value: Any) -> Any:
        return lay_out(values(value), value.layout) if isinstance(value, TensorSpec) else value

    def _at(self, value: Any, index: tuple[int, ...]) -> Any:
        if isinstance(value, np.ndarray):
            value = np.broadcast_to(value, self.shape)[index]
        return number(value)

    def arguments(self, index: tuple[int, ...]) -> tuple[list[Any], dict[str, Any]]:
        """The numbers that the formula is given at one element."""
        return [self._at(v, index) for v in self._args], {k: self._at(v, index) for k, v in self._kwargs.items()}

    def value(self, index: tuple[int, ...]) -> Any | None:
        """The exact value at one element; None where mpmath has none, or an argument is not finite."""
        args, kwargs = self.arguments(index)
        with mp.workprec(PRECISION):
            if not all(mp.isfinite(each) for each in (*args, *kwargs.values()) if isinstance(each, (mp.mpf, mp.mpc))):
                return None
            try:
                found = self.formula(*args, **kwargs)
            except (ValueError, ZeroDivisionError, ArithmeticError, TypeError, mp.libmp.NoConvergence):
                return None
            if mp.isnan(found) or (self.real and mp.im(found)):
                return None  # outside the real domain: the formula says nothing about real arguments here
            return +mp.re(found) if self.real else +found

    def derivative(self, argument: int, index: tuple[int, ...]) -> Any | None:
        """The exact derivative with respect to one positional argument at one element; None where there is none."""
        args, kwargs = self.arguments(index)
        with mp.workprec(PRECISION):
            try:
                return mp.diff(
                    lambda x: self.formula(*args[:argument], x, *args[argument + 1 :], **kwargs), args[argument]
                )
            except (ValueError, ZeroDivisionError, ArithmeticError, TypeError, mp.libmp.NoConvergence):
                return None


def number(value: Any) -> Any:
    """A NumPy or Python number as an mpmath number of the same value; anything else as it is."""
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return mp.mpf(int(value)) if not isinstance(value, (bool, np.bool_)) else mp.mpf(bool(value))
    if isinstance(value, (complex, np.complexfloating)):
        whole = complex(value)
        return mp.mpc(whole.real, whole.imag)
    if isinstance(value, (float, np.floating, ml_dtypes.bfloat16)):
        return mp.mpf(float(value))
    return value


def has_formula(case: Case) -> bool:
    """Whether ``FORMULAS`` defines the op of the case."""
    return case.op in FORMULAS


def distance(answer: Any, exact: Any) -> float:
    """|answer - exact| as a float. What lies beyond the largest number of the answer's dtype counts as infinite; inf where only one is finite."""
    largest = float(ml_dtypes.finfo(np.asarray(answer).dtype).max)
    with mp.workprec(PRECISION):
        given = mp.mpc(number(answer))
        parts = ((given.real, mp.re(exact)), (given.imag, mp.im(exact)))
        apart = [_apart(one, other, largest) for one, other in parts]
        return float(mp.sqrt(sum(each * each for each in apart)))


def _apart(one: Any, other: Any, largest: float) -> Any:
    if abs(other) > largest:
        other = mp.inf if other > 0 else -mp.inf
    if mp.isfinite(one) and mp.isfinite(other):
        return abs(one - other)
    return mp.mpf(0) if one == other else mp.inf
