"""Elementwise arithmetic: sums, products, quotients, remainders, powers, magnitudes, signs, and integers' divisors."""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.tensor import Tensor
from .complex_numbers import conjugate
from .declare import (
    COMPLEXES,
    FLOATS,
    HALVES,
    INTEGERS,
    NOT_REAL_FLOAT,
    NUMBERS,
    UNSIGNED,
    composite,
    pointwise,
    primitive,
)
from .dispatch import number_of
from .return_types import return_type

NOT_INTEGER = FLOATS + HALVES + COMPLEXES + UNSIGNED + ("bool",)
"""What the integer functions refuse."""


def zeros_of(grad):
    """The gradient of a function that is constant almost everywhere."""
    return grad.new_zeros(grad.shape)


# -- sums and products --------------------------------------------------------------------------------------------------------------------


def _check_alpha(dtype, input, other, alpha) -> None:
    """RuntimeError for a factor that the result's dtype cannot hold."""
    if isinstance(alpha, bool) and dtype is not dtypes.bool_:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and dtype.category < dtypes.FLOAT:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and dtype.category < dtypes.COMPLEX:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")


def _is_bool(value) -> bool:
    return value.dtype is dtypes.bool_ if isinstance(value, Tensor) else isinstance(value, bool)


def _check_sub(dtype, input, other, alpha) -> None:
    if _is_bool(input) or _is_bool(other):
        if _is_bool(input) and _is_bool(other):
            raise RuntimeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
            )
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
            "`logical_not()` operator instead."
        )
    _check_alpha(dtype, input, other, alpha)


def _check_neg(dtype, input) -> None:
    if dtype is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
            "`logical_not()` operator instead."
        )


def _scaled(xp, x, alpha):
    return x if alpha == 1 else xp.multiply(x, np.asarray(alpha).astype(x.dtype)[()])


add = pointwise(
    "add(input, other, *, alpha=1)", np.add, fast=NUMBERS, refuses=UNSIGNED, check=_check_alpha,
    array=lambda xp, x, y, alpha: xp.add(x, _scaled(xp, y, alpha)),
    input=lambda grad: grad,
    other=lambda grad, alpha: grad if alpha == 1 else grad * conjugate(alpha),
    doc="``input + alpha * other``: ``add(tensor([1.]), tensor([2.]), alpha=10)`` is ``[21.]``.",
)  # fmt: skip
sub = pointwise(
    "sub(input, other, *, alpha=1)", np.subtract, fast=NUMBERS, refuses=UNSIGNED, check=_check_sub, aliases=("subtract",),
    array=lambda xp, x, y, alpha: xp.subtract(x, _scaled(xp, y, alpha)),
    input=lambda grad: grad,
    other=lambda grad, alpha: -grad if alpha == 1 else grad * -conjugate(alpha),
    doc="``input - alpha * other``. RuntimeError for bool operands.",
)  # fmt: skip
rsub = pointwise(
    "rsub(input, other, *, alpha=1)", lambda xp, x, y, alpha: xp.subtract(y, _scaled(xp, x, alpha)), fast=NUMBERS, refuses=UNSIGNED,
    check=_check_sub, inplace=False, out=False, method=False,
    input=lambda grad, alpha: -grad if alpha == 1 else grad * -conjugate(alpha),
    other=lambda grad: grad,
    doc="``other - alpha * input``.",
)  # fmt: skip
mul = pointwise(
    "mul(input, other)", np.multiply, fast=NUMBERS, aliases=("multiply",),
    input=lambda grad, other: grad * conjugate(other),
    other=lambda grad, input: grad * conjugate(input),
    doc="``input * other``.",
)  # fmt: skip
neg = pointwise(
    "neg(input: Tensor)", np.negative, out="exact", fast=NUMBERS + HALVES, half="native", refuses=UNSIGNED, check=_check_neg, aliases=("negative",), input=lambda grad: -grad,
    doc="``-input``. RuntimeError for a bool tensor.",
)  # fmt: skip


@composite(method=True)
def positive(input: Tensor) -> Tensor:
    """The tensor itself. RuntimeError for a bool tensor."""
    if input.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _check_value(name: str):
    def check(dtype, input, first, second, value) -> None:
        if isinstance(value, complex) and dtype.category < dtypes.COMPLEX:
            raise RuntimeError(f"value cannot be converted to type {dtype.numpy} without overflow")
        if dtype.category < dtypes.FLOAT and name == "addcdiv":
            raise RuntimeError(
                "Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a true division of "
                "tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / "
                "tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs."
            )

    return check


def _valued(xp, x, value):
    """``value * x`` in the dtype of ``x``; a float factor of integers is truncated first, as in PyTorch."""
    return x if value == 1 else xp.multiply(x, np.asarray(value).astype(x.dtype)[()])


addcmul = pointwise(
    "addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value=1)", lambda xp, x, y, z, value: xp.add(x, xp.multiply(_valued(xp, y, value), z)),
    fast=NUMBERS, refuses=UNSIGNED + ("bool",), check=_check_value("addcmul"),
    input=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * conjugate(tensor2 * value),
    tensor2=lambda grad, tensor1, value: grad * conjugate(tensor1 * value),
    doc="``input + value * tensor1 * tensor2``.",
)  # fmt: skip
addcdiv = pointwise(
    "addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value=1)", lambda xp, x, y, z, value: xp.add(x, xp.divide(_valued(xp, y, value), z)),
    check=_check_value("addcdiv"),
    input=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * conjugate(value / tensor2),
    tensor2=lambda grad, tensor1, tensor2, value: -grad * conjugate(value * tensor1 / (tensor2 * tensor2)),
    doc="``input + value * tensor1 / tensor2``. RuntimeError for integers.",
)  # fmt: skip


# -- quotients and remainders -------------------------------------------------------------------------------------------------------------


def _check_rounding(dtype, input, other, rounding_mode) -> None:
    if rounding_mode is not None and not isinstance(rounding_mode, str):
        raise TypeError(f"div(): argument 'rounding_mode' must be str, not {type(rounding_mode).__name__}")
    if rounding_mode not in (None, "trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    if rounding_mode is not None:
        _refuse_division(f"div_{rounding_mode}_cpu")(dtype, input, other)


def _refuse_division(name: str):
    """The check of a division without remainder, or of the remainder: real numbers only."""

    def check(dtype, input, other) -> None:
        if dtype.is_complex or dtype is dtypes.bool_ or dtype.name in UNSIGNED:
            raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.legacy_name}'")

    return check


def _refuse_zero(xp, divisor) -> None:
    if xp.any(divisor == 0):
        raise RuntimeError("ZeroDivisionError: integer division or remainder by zero")


def _divide(xp, x, y, rounding_mode):
    if rounding_mode is None:
        return xp.true_divide(x, y)
    return _floor_divide(xp, x, y) if rounding_mode == "floor" else _trunc_divide(xp, x, y)


def _floor_divide(xp, x, y):
    if x.dtype.kind in "iu":
        _refuse_zero(xp, y)
    return xp.floor_divide(x, y)


def _trunc_divide(xp, x, y):
    if x.dtype.kind not in "iu":
        return xp.trunc(xp.true_divide(x, y))
    _refuse_zero(xp, y)
    floor = xp.floor_divide(x, y)
    inexact_and_negative = xp.not_equal(floor * y, x) & ((x < 0) != (y < 0))
    return floor + inexact_and_negative.astype(x.dtype)


def _remainder(xp, x, y):
    """The sign is the divisor's. An exact zero keeps the dividend's sign, which NumPy's ``remainder`` does not."""
    if x.dtype.kind in "iu":
        _refuse_zero(xp, y)
        return xp.remainder(x, y)
    rest = xp.fmod(x, y)
    return xp.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


def _fmod(xp, x, y):
    if x.dtype.kind in "iu":
        _refuse_zero(xp, y)
    return xp.fmod(x, y)


div = pointwise(
    "div(input, other, *, rounding_mode=None)", np.true_divide, check=_check_rounding, aliases=("divide",),
    promote=lambda rounding_mode: "float" if rounding_mode is None else "same", array=_divide,
    input=lambda grad, other, rounding_mode: grad / conjugate(other) if rounding_mode is None else zeros_of(grad),
    other=lambda grad, input, other, rounding_mode: (
        -grad * conjugate((input / other) / other) if rounding_mode is None else zeros_of(grad)
    ),
    doc="""``input / other``; ``rounding_mode`` "floor" or "trunc" rounds the quotient and keeps integers integers.

    RuntimeError for a rounded division of integers by zero: ``div(tensor([7]), 2, rounding_mode="floor")`` is ``[3]``.
    """,
)  # fmt: skip


@composite(method=True, out=True, inplace=True)
def true_divide(input, other) -> Tensor:
    """``input / other``."""
    return div(input, other)


floor_divide = pointwise(
    "floor_divide(input, other)", _floor_divide, fast=FLOATS, check=_refuse_division("div_floor_cpu"),
    doc="The quotient rounded down, not differentiable. RuntimeError for integers divided by zero.",
)  # fmt: skip
remainder = pointwise(
    "remainder(input, other)", _remainder, fast=FLOATS, check=_refuse_division("remainder_cpu"),
    input=lambda grad: grad,
    other=lambda grad, input, other: -grad * floor_divide(input, other),
    doc="What Python's ``%`` gives, with the sign of ``other``: ``remainder(tensor([-3.]), 2)`` is ``[1.]``. RuntimeError for integers modulo zero.",
)  # fmt: skip
fmod = pointwise(
    "fmod(input, other)", _fmod, fast=FLOATS, check=_refuse_division("fmod_cpu"),
    input=lambda grad: grad,
    other=lambda grad, input, other: -grad * div(input, other, rounding_mode="trunc"),
    doc="What C's ``fmod`` gives, with the sign of ``input``: ``fmod(tensor([-3.]), 2)`` is ``[-1.]``. RuntimeError for integers modulo zero.",
)  # fmt: skip
reciprocal = pointwise(
    "reciprocal(input: Tensor)", np.reciprocal, promote="float", input=lambda grad, result: -grad * conjugate(result * result), doc="``1 / input``.",
)  # fmt: skip


# -- powers and roots ---------------------------------------------------------------------------------------------------------------------

_ROOTS_AND_SQUARES = {
    2: lambda xp, x: xp.multiply(x, x), 3: lambda xp, x: xp.multiply(xp.multiply(x, x), x), -1: lambda xp, x: xp.true_divide(1, x),
    -2: lambda xp, x: xp.true_divide(1, xp.multiply(x, x)), 0.5: lambda xp, x: xp.sqrt(x), -0.5: lambda xp, x: xp.true_divide(1, xp.sqrt(x)),
}  # fmt: skip
"""Exponents that PyTorch computes otherwise than by its power function (so the root of -inf is NaN)."""


def _pow(xp, x, y):
    if x.dtype.kind == "b":
        return x | ~np.bool_(y) if isinstance(y, bool) else x | ~y
    if not getattr(y, "ndim", 0) and type(y) is not np.ndarray and (isinstance(y, (int, float)) or y.dtype.kind != "c"):
        short = _ROOTS_AND_SQUARES.get(y.item() if isinstance(y, np.generic) else y)
        if short is not None:
            return short(xp, x)
    if getattr(x, "dtype", None) is not None and x.dtype.kind in "iu":
        return _integer_pow(xp, x, y)
    return xp.power(x, y)


def _integer_pow(xp, x, y):
    """A negative power of an integer is 0, unless the base is 1 or -1."""
    result = xp.power(x, xp.maximum(y, 0))
    if x.dtype.kind == "u":
        return result
    negative = xp.less(y, 0)
    if not xp.any(negative):
        return result
    unit = xp.where((x == 1) | (x == -1), xp.power(x, xp.bitwise_and(y, 1)), 0)
    return xp.where(negative, unit, result)


def _check_pow(dtype, input, exponent) -> None:
    if dtype is dtypes.bool_ and isinstance(exponent, Tensor):
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    if dtype.name in UNSIGNED and not (isinstance(exponent, (int, float)) and exponent in (0, 1)):
        raise NotImplementedError(f"\"pow\" not implemented for '{dtype.legacy_name}'")
    if dtype.category < dtypes.FLOAT and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _pow_input(grad, input, exponent):
    if not isinstance(exponent, Tensor):
        return zeros_of(grad) if exponent == 0 else grad * conjugate(input ** (exponent - 1) * exponent)
    return (grad * conjugate(exponent * input ** (exponent - 1))).where(exponent != 0, 0)


def _pow_exponent(grad, input, exponent, result):
    """0 to a power with a positive real part is 0 whatever the power, so its derivative is 0 and not 0 * log(0)."""
    base = input if isinstance(input, Tensor) else result.new_full((), input)
    real = exponent.real if exponent.is_complex() else exponent
    return (grad * conjugate(result * base.log())).where((base != 0) | (real < 0), 0)


pow = pointwise(
    "pow(input, exponent)", _pow, check=_check_pow, input=_pow_input, exponent=_pow_exponent,
    doc="""``input`` to the power of ``exponent``; one of them may be a number: ``pow(tensor([2.]), 3)`` is ``[8.]``.

    RuntimeError for integers to a negative number.
    """,
)  # fmt: skip


@composite(method=True, out=True, inplace="exact")
def float_power(input, exponent) -> Tensor:
    """``pow`` in double precision, complex where an operand is: ``float_power(tensor([4]), -0.5)`` is ``[0.5]`` in float64."""
    for one in (input, exponent):
        if not isinstance(one, Tensor) and number_of(one) is None:
            raise TypeError(f"float_power(): expected Tensor or Number, not {type(one).__name__}")
    complicated = any(
        isinstance(one, complex) or (isinstance(one, Tensor) and one.is_complex()) for one in (input, exponent)
    )
    wide = dtypes.complex128 if complicated else dtypes.float64
    return pow(*(one.to(wide) if isinstance(one, Tensor) else wide.numpy.type(one).item() for one in (input, exponent)))


square = pointwise(
    "square(input: Tensor)", np.square, fast=NUMBERS, refuses=UNSIGNED, node="PowBackward0",
    array=lambda xp, x: x.astype(np.int64) if x.dtype.kind == "b" else xp.square(x),
    input=lambda grad, input: grad * conjugate(input * 2),
    doc="``input * input``; a bool tensor becomes int64.",
)  # fmt: skip
sqrt = pointwise(
    "sqrt(input: Tensor)", np.sqrt, promote="float", input=lambda grad, result: grad / conjugate(result * 2),
    doc="The square root; NaN for negative real numbers.",
)  # fmt: skip
rsqrt = pointwise(
    "rsqrt(input: Tensor)", lambda xp, x: xp.true_divide(1, xp.sqrt(x)), promote="float",
    input=lambda grad, result: grad * conjugate(result * result * result) * -0.5,
    doc="``1 / sqrt(input)``.",
)  # fmt: skip


@composite(method=True, out=True, inplace=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2 ** other``: ``ldexp(tensor([1.]), tensor([3]))`` is ``[8.]``.

    For whole exponents the result is rounded once and keeps the dtype of a floating ``input``, whatever intermediate powers would do.
    """
    for position, (name, one) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(one, Tensor):
            raise TypeError(
                f"ldexp(): argument '{name}' (position {position}) must be Tensor, not {type(one).__name__}"
            )
    if input.dtype.category < dtypes.FLOAT or other.dtype.category >= dtypes.FLOAT:
        return mul(input, pow(2.0, other))
    exponent = other.to(dtypes.int64).clamp(-2200, 2200)  # beyond, every result is 0 or infinite
    half = div(exponent, 2, rounding_mode="floor")
    wide = dtypes.complex128 if input.is_complex() else dtypes.float64
    scaled = mul(input.to(wide), pow(2.0, half.to(dtypes.float64)))
    return mul(scaled, pow(2.0, (exponent - half).to(dtypes.float64))).to(input.dtype)


# -- magnitudes and signs -----------------------------------------------------------------------------------------------------------------

abs = pointwise(
    "abs(input: Tensor)", np.absolute, inplace="exact", fast=NUMBERS + HALVES, half="native", refuses=UNSIGNED + ("bool",), holomorphic=False, aliases=("absolute",),
    input=lambda grad, input: grad * sgn(input),
    jvp={"input": lambda tangent, input: (tangent * sgn(input).conj()).real if input.is_complex() else tangent * sgn(input)},
    doc="The absolute value, real for complex numbers. The derivative at 0 is 0.",
)  # fmt: skip


def _sign(xp, x):
    """NaN has sign 0, as in PyTorch."""
    return xp.subtract(x > 0, x < 0, dtype=x.dtype) if x.dtype.kind != "b" else x.copy()


def _sgn(xp, x):
    if x.dtype.kind != "c":
        return _sign(xp, x)
    size = xp.absolute(x)
    return xp.where(size == 0, 0, x / xp.where(size == 0, 1, size)).astype(x.dtype)


def _sgn_rule(grad, input, result):
    """The part of the gradient across the direction of z, over |z|; zero where z is."""
    if not input.is_complex():
        return zeros_of(grad)
    size = abs(input)
    along = (grad * result.conj()).real
    return ((grad - result * along) / size).where(size != 0, 0)


sign = pointwise(
    "sign(input: Tensor)", _sign, out="exact", fast=FLOATS + INTEGERS + HALVES, refuses=COMPLEXES + UNSIGNED, input=zeros_of,
    doc="-1, 0 or 1; 0 for NaN. NotImplementedError for complex numbers, which ``sgn`` takes.",
)  # fmt: skip
sgn = pointwise(
    "sgn(input: Tensor)", _sgn, out="exact", fast=NUMBERS + HALVES, refuses=UNSIGNED, holomorphic=False,
    input=_sgn_rule, jvp={"input": lambda tangent, input, result: _sgn_rule(tangent, input, result)},
    doc="``sign`` of real numbers; ``z / |z|`` of complex ones, 0 for 0.",
)  # fmt: skip


def _check_signbit(dtype, input) -> None:
    if dtype.is_complex:
        raise NotImplementedError("signbit is not implemented for complex tensors.")


signbit = pointwise(
    "signbit(input: Tensor)", lambda xp, x: xp.signbit(x) if x.dtype.kind not in "biu" else x < xp.zeros((), x.dtype), promote="bool",
    fast=FLOATS, check=_check_signbit, inplace=False, out="exact", doc="Whether the sign bit is set: true for -0., false for 0.",
)  # fmt: skip


def _copysign_input(grad, input, result):
    return (grad * result / input).where(input != 0, 0)


copysign = pointwise(
    "copysign(input, other)", np.copysign, fast=FLOATS, promote="float", refuses=COMPLEXES, input=_copysign_input, other=zeros_of,
    doc="The magnitude of ``input`` with the sign of ``other``: ``copysign(tensor([1.]), -0.)`` is ``[-1.]``.",
)  # fmt: skip
hypot = pointwise(
    "hypot(input: Tensor, other: Tensor)", np.hypot, fast=FLOATS, refuses=NOT_REAL_FLOAT,
    input=lambda grad, input, result: grad * (input / result), other=lambda grad, other, result: grad * (other / result),
    doc="``sqrt(input ** 2 + other ** 2)`` without overflow.",
)  # fmt: skip


nextafter = pointwise(
    "nextafter(input: Tensor, other: Tensor)", np.nextafter, fast=FLOATS + HALVES, half="native", refuses=NOT_REAL_FLOAT,
    input=lambda grad, input, other: grad.where(input != other, 0), other=lambda grad, input, other: grad.where(input == other, 0),
    doc="The next representable number after ``input`` towards ``other``.",
)  # fmt: skip


def _check_heaviside(dtype, input, values) -> None:
    if input.is_complex() or values.is_complex():
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


heaviside = pointwise(
    "heaviside(input: Tensor, values: Tensor)", lambda xp, x, values: xp.where(x == 0, values, xp.greater(x, 0).astype(x.dtype)),
    fast=FLOATS + INTEGERS + HALVES, refuses=UNSIGNED, check=_check_heaviside, out="exact",
    doc="0 below zero, ``values`` at zero, 1 above. RuntimeError for different or complex dtypes.",
)  # fmt: skip


@primitive("_frexp(input)", outputs=("mantissa", "exponent"))
def _frexp(xp, input):
    mantissa, exponent = xp.frexp(input)
    return mantissa, exponent.astype(np.int32)


@_frexp.backward("input")
def _(grad_mantissa, exponent):
    return grad_mantissa * pow(2.0, -exponent.to(grad_mantissa.dtype))


@composite(method=True, out="exact")
def frexp(input: Tensor):
    """(mantissa, exponent) with ``input == mantissa * 2 ** exponent`` and 0.5 <= |mantissa| < 1; the exponent is int32.

    RuntimeError for integers and complex numbers. ``frexp(tensor([8.]))`` is ``([0.5], [4])``.
    """
    if not input.is_floating_point():
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return return_type("frexp", "mantissa", "exponent")(*_frexp(input))


# -- divisors of integers -----------------------------------------------------------------------------------------------------------------

gcd = pointwise(
    "gcd(input: Tensor, other: Tensor)", np.gcd, fast=INTEGERS, refuses=NOT_INTEGER,
    doc="The greatest common divisor of integers, not negative; ``gcd(0, 0)`` is 0.",
)  # fmt: skip
lcm = pointwise(
    "lcm(input: Tensor, other: Tensor)", np.lcm, fast=INTEGERS, refuses=NOT_INTEGER, doc="The least common multiple of integers, not negative.",
)  # fmt: skip
