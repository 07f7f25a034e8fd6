"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import math

import numpy as np

from .complex_numbers import conjugate
from .declare import COMPLEXES, FLOATS, pointwise


def _unary(name: str, ufunc, rule, doc: str, aliases: tuple[str, ...] = ()):
    """A function of one float or complex number; integers become the default float."""
    return pointwise(f"{name}(input: Tensor)", ufunc, promote="float", aliases=aliases, input=rule, doc=doc)


sin = _unary("sin", np.sin, lambda grad, input: grad * conjugate(cos(input)), "The sine of radians.")
cos = _unary("cos", np.cos, lambda grad, input: grad * -conjugate(sin(input)), "The cosine of radians.")
tan = _unary("tan", np.tan, lambda grad, result: grad * conjugate(result * result + 1), "The tangent of radians.")
asin = _unary(
    "asin", np.arcsin, lambda grad, input: grad * conjugate(_across(input).rsqrt()), "The angle in [-pi/2, pi/2] with that sine.", ("arcsin",),
)  # fmt: skip
acos = _unary(
    "acos", np.arccos, lambda grad, input: grad * -conjugate(_across(input).rsqrt()), "The angle in [0, pi] with that cosine.", ("arccos",),
)  # fmt: skip
atan = _unary(
    "atan", np.arctan, lambda grad, input: grad / conjugate(input * input + 1), "The angle in [-pi/2, pi/2] with that tangent.", ("arctan",),
)  # fmt: skip
sinh = _unary("sinh", np.sinh, lambda grad, input: grad * conjugate(cosh(input)), "The hyperbolic sine.")
cosh = _unary("cosh", np.cosh, lambda grad, input: grad * conjugate(sinh(input)), "The hyperbolic cosine.")
tanh = _unary("tanh", np.tanh, lambda grad, result: _tanh_backward(grad, result), "The hyperbolic tangent.")
asinh = _unary(
    "asinh",
    np.arcsinh,
    lambda grad, input: grad * conjugate((input * input + 1).rsqrt()),
    "The inverse of ``sinh``.",
    ("arcsinh",),
)
acosh = _unary(
    "acosh", np.arccosh, lambda grad, input: grad * conjugate((input + 1).rsqrt() * (input - 1).rsqrt()), "The inverse of ``cosh``; NaN below 1.", ("arccosh",),
)  # fmt: skip
atanh = _unary(
    "atanh", np.arctanh, lambda grad, input: grad / conjugate(_across(input)), "The inverse of ``tanh``; infinite at 1 and -1.", ("arctanh",),
)  # fmt: skip


def _across(x):
    """``1 - x²``, exact near 1 and -1."""
    return (1 - x) * (1 + x)


_tanh_backward = pointwise(
    "_tanh_backward(grad_output: Tensor, output: Tensor)", lambda xp, grad, output: grad * (1 - output * output).conj(), namespace="internal",
    holomorphic=False,
    grad_output=lambda grad, output: _tanh_backward(grad, conjugate(output)) if output.is_complex() else _tanh_backward(grad, output),
    output=lambda grad, grad_output, output: (
        conjugate(grad) * grad_output * output * -2 if grad.is_complex() else grad * grad_output * output * -2
    ),
)  # fmt: skip


def _quadrants(grad, own, other, sign: float):
    """``own * grad / (input² + other²)``, 0 at the origin, as in PyTorch."""
    square = own * own + other * other
    return (grad * own * sign / square).where(square != 0, 0)


atan2 = pointwise(
    "atan2(input: Tensor, other: Tensor)", np.arctan2, fast=FLOATS, promote="float", refuses=COMPLEXES, aliases=("arctan2",),
    input=lambda grad, input, other: _quadrants(grad, other, input, 1),
    other=lambda grad, input, other: _quadrants(grad, input, other, -1),
    doc="The angle of the point (other, input) in [-pi, pi].",
)  # fmt: skip


def _real_only(name: str):
    def check(dtype, input) -> None:
        if dtype.is_complex:
            raise RuntimeError(f"{name} is not supported for complex tensors.")

    return check


deg2rad = pointwise(
    "deg2rad(input: Tensor)", lambda xp, x: x * x.dtype.type(math.pi / 180), fast=FLOATS, promote="float", check=_real_only("deg2rad"),
    input=lambda grad: grad * (math.pi / 180), doc="Degrees as radians. RuntimeError for complex numbers.",
)  # fmt: skip
rad2deg = pointwise(
    "rad2deg(input: Tensor)", lambda xp, x: x * x.dtype.type(180 / math.pi), fast=FLOATS, promote="float", check=_real_only("rad2deg"),
    input=lambda grad: grad * (180 / math.pi), doc="Radians as degrees. RuntimeError for complex numbers.",
)  # fmt: skip
