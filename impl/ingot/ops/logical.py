"""Logical and bitwise operations, and shifts."""

from __future__ import annotations

import numpy as np

from .declare import COMPLEXES, EVERY, FLOATS, HALVES, INTEGERS, UNSIGNED, pointwise

_NOT_LOGICAL = UNSIGNED
_NOT_BITS = FLOATS + HALVES + COMPLEXES
_BITS = (*INTEGERS, "bool")
_LOGICAL = tuple(name for name in EVERY if name not in UNSIGNED)


def _logical(name: str, ufunc, operands: str, doc: str):
    return pointwise(
        f"{name}({operands})", ufunc, fast=_LOGICAL, promote="bool", half="native", refuses=_NOT_LOGICAL, doc=doc
    )


logical_and = _logical(
    "logical_and", np.logical_and, "input: Tensor, other: Tensor", "Whether both are true; zero is false, NaN is true."
)
logical_or = _logical("logical_or", np.logical_or, "input: Tensor, other: Tensor", "Whether one is true.")
logical_xor = _logical("logical_xor", np.logical_xor, "input: Tensor, other: Tensor", "Whether exactly one is true.")
logical_not = _logical("logical_not", np.logical_not, "input: Tensor", "Whether it is false.")


def _bitwise(name: str, ufunc, doc: str):
    return pointwise(f"{name}(input, other)", ufunc, fast=_BITS + UNSIGNED, refuses=_NOT_BITS, doc=doc)


bitwise_and = _bitwise(
    "bitwise_and", np.bitwise_and, "The bits set in both; ``&`` of bools. NotImplementedError for floats."
)
bitwise_or = _bitwise(
    "bitwise_or", np.bitwise_or, "The bits set in one or both; ``|`` of bools. NotImplementedError for floats."
)
bitwise_xor = _bitwise(
    "bitwise_xor", np.bitwise_xor, "The bits set in exactly one; ``^`` of bools. NotImplementedError for floats."
)
bitwise_not = pointwise(
    "bitwise_not(input: Tensor)", np.invert, fast=_BITS, refuses=_NOT_BITS + UNSIGNED, out="exact",
    doc="Every bit turned; ``not`` of bools. NotImplementedError for floats.",
)  # fmt: skip


def _within(xp, x, shift):
    """Where a shift is one that the dtype's width allows; elsewhere NumPy (and C) promise nothing."""
    return (shift >= 0) & (shift < x.dtype.itemsize * 8)


def _left_shift(xp, x, shift):
    allowed = _within(xp, x, shift)
    return xp.where(allowed, xp.left_shift(x, xp.where(allowed, shift, 0)), xp.zeros((), x.dtype))


def _right_shift(xp, x, shift):
    """A shift out of range leaves the sign: 0 or -1."""
    last = x.dtype.itemsize * 8 - 1
    if x.dtype.kind == "u":
        allowed = _within(xp, x, shift)
        return xp.where(allowed, xp.right_shift(x, xp.where(allowed, shift, 0)), xp.zeros((), x.dtype))
    return xp.right_shift(x, xp.where((shift >= 0) & (shift <= last), shift, last))


bitwise_left_shift = pointwise(
    "bitwise_left_shift(input, other)", _left_shift, fast=INTEGERS, refuses=_NOT_BITS + UNSIGNED + ("bool",),
    doc="``input << other``; 0 where ``other`` is negative or not below the number of bits.",
)  # fmt: skip
bitwise_right_shift = pointwise(
    "bitwise_right_shift(input, other)", _right_shift, fast=INTEGERS, refuses=_NOT_BITS + UNSIGNED + ("bool",),
    doc="``input >> other`` with the sign kept; 0 or -1 where ``other`` is negative or not below the number of bits.",
)  # fmt: skip
