"""Complex numbers: conjugates and angles. The parts themselves (``real``, ``imag``) are views.

A conjugate is computed, never a flag on the tensor: ``is_conj`` and ``is_neg`` are always false, and ``resolve_conj`` has nothing to do.
"""

from __future__ import annotations

import math

from ..core.dtype import BY_NUMPY
from ..core.tensor import Tensor
from .declare import EVERY, FLOATS, composite, pointwise, primitive


def conjugate(value):
    """The conjugate of a tensor or a Python number, which is the value itself where it is real. For gradient rules."""
    if isinstance(value, Tensor):
        return conj_physical(value) if value._array.dtype.kind == "c" else value
    return value.conjugate()


def _conj(xp, x):
    return xp.conjugate(x) if x.dtype.kind == "c" else x.copy()


conj_physical = pointwise(
    "conj_physical(input: Tensor)", _conj, fast=EVERY, holomorphic=False,
    input=lambda grad: conjugate(grad), jvp={"input": lambda tangent: conjugate(tangent)},
    doc="The complex conjugate, element by element: ``conj_physical(tensor([1 + 2j]))`` is ``[1 - 2j]``.",
)  # fmt: skip


@composite(method=True)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor itself. ``conj(tensor([1 + 2j]))`` is ``[1 - 2j]``.

    Unlike PyTorch's, the result of a complex input has its own memory.
    """
    return conj_physical(input) if input._array.dtype.kind == "c" else input


def _angle(xp, x):
    if x.dtype.kind == "c":
        return xp.arctan2(x.imag, x.real)
    return xp.where(x < 0, x.dtype.type(math.pi), xp.where(x == x, x.dtype.type(0), x))


def _square(z):
    return z.real * z.real + z.imag * z.imag


def _angle_rule(grad, input):
    """The gradient of atan2(b, a) is (-b, a) / (a² + b²); zero at the origin, as in PyTorch."""
    if not input.is_complex():
        return grad.new_zeros(grad.shape)
    square = _square(input)
    scale = (grad / square).where(square != 0, 0)
    return _complex(-input.imag * scale, input.real * scale)


def _angle_push(tangent, input):
    if not input.is_complex():
        return tangent.new_zeros(tangent.shape)
    square = _square(input)
    return ((input.real * tangent.imag - input.imag * tangent.real) / square).where(square != 0, 0)


angle = pointwise(
    "angle(input: Tensor)", _angle, promote="float", holomorphic=False, inplace=False,
    input=_angle_rule, jvp={"input": _angle_push},
    doc="The angle of each number in radians, real; pi for negative real numbers, NaN for NaN: ``angle(tensor([1j]))`` is ``[pi / 2]``.",
)  # fmt: skip


@primitive("_complex(real, imag)", half="native", node="ComplexBackward0")
def _complex(xp, real, imag):
    real, imag = xp.broadcast_arrays(real, imag)
    result = xp.empty(real.shape, BY_NUMPY[real.dtype].to_complex().numpy)
    result.real = real
    result.imag = imag
    return result


@_complex.backward("real")
def _(grad, real_shape):
    return grad.real.sum_to_size(real_shape)


@_complex.backward("imag")
def _(grad, imag_shape):
    return grad.imag.sum_to_size(imag_shape)


@composite("complex", out=True)
def complex_(real: Tensor, imag: Tensor) -> Tensor:
    """``real + 1j * imag`` from two broadcastable tensors of one float dtype: ``complex(tensor([1.]), tensor([2.]))`` is ``[1 + 2j]``.

    RuntimeError where the dtypes differ or are not float32 or float64.
    """
    return _complex(*_two_floats(real, imag))


@composite(out=True)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """``abs * e ** (1j * angle)`` from two broadcastable tensors of one float dtype: ``polar(tensor([2.]), tensor([0.]))`` is ``[2 + 0j]``.

    RuntimeError where the dtypes differ or are not float32 or float64.
    """
    abs, angle = _two_floats(abs, angle)
    return _complex(abs * angle.cos(), abs * angle.sin())


def _two_floats(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    for one in (a, b):
        if not isinstance(one, Tensor):
            raise TypeError(f"complex(): argument must be Tensor, not {type(one).__name__}")
    if a.dtype.name not in FLOATS or b.dtype.name not in FLOATS:
        raise RuntimeError(f"Expected both inputs to be Half, Float or Double tensors but got {a.dtype.legacy_name} and {b.dtype.legacy_name}")
    if a.dtype is not b.dtype:
        raise RuntimeError(f"Expected object of scalar type {a.dtype.legacy_name} but got scalar type {b.dtype.legacy_name} for second argument")
    return a, b


@composite(method=True)
def is_conj(input: Tensor) -> bool:
    """False: a conjugate is always computed here."""
    return False


@composite(method=True)
def is_neg(input: Tensor) -> bool:
    """False: a negative is always computed here."""
    return False


@composite(method=True)
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: a conjugate is always computed here."""
    return input


@composite(method=True)
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: a negative is always computed here."""
    return input

