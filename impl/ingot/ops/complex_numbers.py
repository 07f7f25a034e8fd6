"""Complex numbers: conjugates and angles. The parts themselves (``real``, ``imag``) are views.

A conjugate is computed, never a flag on the tensor: ``is_conj`` and ``is_neg`` are always false, and ``resolve_conj`` has nothing to do.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.tensor import Tensor
from .creation import _complex as complex_of
from .declare import COMPLEXES, REGISTRY, composite, pointwise
from .dispatch import admit


def conjugate(value):
    """The conjugate of a tensor or a Python number, which is the value itself where it is real. For gradient rules."""
    if type(value) is Tensor or isinstance(value, Tensor):
        return _conj_physical(value) if value._array.dtype.kind == "c" else value
    return value.conjugate()


_conj_physical = pointwise(
    "_conj_physical(input: Tensor)", np.conjugate, fast=COMPLEXES, holomorphic=False, inplace=False, out=False, method=False,
    namespace="internal", node="ConjPhysicalBackward0",
    input=lambda grad: conjugate(grad), jvp={"input": lambda tangent: conjugate(tangent)},
)  # fmt: skip


@composite(method=True, inplace=True, out="exact")
def conj_physical(input):
    """The complex conjugate, element by element; a real tensor itself. ``conj_physical(tensor([1 + 2j]))`` is ``[1 - 2j]``."""
    return _conj_physical(input) if input._array.dtype.kind == "c" else input


@composite(method=True)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor itself. ``conj(tensor([1 + 2j]))`` is ``[1 - 2j]``.

    Unlike PyTorch's, the result of a complex input has its own memory.
    """
    return _conj_physical(input) if input._array.dtype.kind == "c" else input


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
    return complex_of(-input.imag * scale, input.real * scale)


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
    admit(REGISTRY["resolve_conj"], "input", input)
    return input


@composite(method=True)
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: a negative is always computed here."""
    admit(REGISTRY["resolve_neg"], "input", input)
    return input
