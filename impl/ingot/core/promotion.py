"""Type promotion: which dtype a computation on several operands has.

PyTorch ranks operands in three categories, a dimensioned tensor above a 0-d tensor above a Python number; a lower category decides only
where it brings a higher kind (bool < integer < float < complex) than all above it. https://docs.pytorch.org/docs/stable/tensor_attributes.html
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

from . import dtype as dtypes
from .dtype import BOOL, COMPLEX, FLOAT, INTEGER, dtype

_SIGNED = (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)
_BAREBONES = frozenset((dtypes.uint16, dtypes.uint32, dtypes.uint64))


def _unsupported(a: dtype, b: dtype) -> RuntimeError:
    return RuntimeError(
        "Promotion for uint16, uint32, uint64 types is not supported, "
        f"attempted to promote {a.legacy_name} and {b.legacy_name}"
    )


def _promote_integers(a: dtype, b: dtype) -> dtype:
    if a in _BAREBONES or b in _BAREBONES:
        raise _unsupported(a, b)
    if a is dtypes.uint8 or b is dtypes.uint8:
        signed = b if a is dtypes.uint8 else a
        return dtypes.int16 if signed is dtypes.int8 else signed
    return max(a, b, key=lambda item: item.itemsize)


def _promote_floats(a: dtype, b: dtype) -> dtype:
    if a in dtypes.FLOAT8 or b in dtypes.FLOAT8:
        raise RuntimeError(
            f"Promotion for Float8 Types is not supported, attempted to promote {a.legacy_name} and {b.legacy_name}"
        )
    if a.itemsize == b.itemsize:  # float16 with bfloat16: neither holds the other
        return dtypes.float32
    return max(a, b, key=lambda item: item.itemsize)


def _promote(a: dtype, b: dtype) -> dtype:
    if a is b:
        return a
    if a.category < b.category:
        a, b = b, a
    if b in _BAREBONES and a.category == COMPLEX:
        raise _unsupported(a, b)
    if a.category == COMPLEX:
        wide = dtypes.float64 in (a.to_real(), b.to_real())
        return dtypes.complex128 if wide else dtypes.complex64
    if a.category != b.category:
        if b is dtypes.bool_ and a in _BAREBONES:
            raise _unsupported(a, b)
        return a
    return _promote_floats(a, b) if a.category == FLOAT else _promote_integers(a, b)


_TABLE: dict[tuple[dtype, dtype], dtype] = {}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that both ``type1`` and ``type2`` promote to.

    >>> promote_types(dtypes.uint8, dtypes.int8)
    torch.int16
    """
    key = (type1, type2)
    found = _TABLE.get(key)
    if found is None:
        found = _TABLE[key] = _promote(type1, type2)
    return found


def number_dtype(value) -> dtype:
    """The dtype a bare Python number stands for: bool, int64, the default float, or its complex."""
    kind = type(value)
    if kind is bool:
        return dtypes.bool_
    if kind is int:
        return dtypes.int64
    if kind is float:
        return dtypes.get_default_dtype()
    return dtypes.get_default_dtype().to_complex()


def _fits(value, to: dtype) -> bool:
    """Whether a number survives a conversion: its size, NaN and an imaginary part. A negative integer may wrap around in an unsigned dtype."""
    if to.category == BOOL:
        return True
    if isinstance(value, complex):
        return all(_fits(part, to.to_real()) for part in (value.real, value.imag)) if to.is_complex else not value.imag
    if to.category == INTEGER:
        limits = np.iinfo(to.numpy)
        lowest = -int(limits.max) if not to.is_signed and isinstance(value, int) else int(limits.min)
        return lowest <= value <= int(limits.max)
    finite = value == value and value not in (float("inf"), float("-inf"))
    return not finite or abs(value) <= float(ml_dtypes.finfo(to.to_real().numpy).max)


def to_scalar(value, to: dtype) -> np.generic:
    """A Python number as a NumPy scalar of a dtype, rounded. RuntimeError where it does not fit, as in PyTorch.

    >>> to_scalar(300, dtypes.uint8)
    RuntimeError: value cannot be converted to type uint8 without overflow: 300
    """
    if not _fits(value, to):
        raise RuntimeError(f"value cannot be converted to type {to.name} without overflow: {value}")
    if isinstance(value, complex) and not to.is_complex:
        value = value.real
    if to.category == INTEGER and not isinstance(value, float) and value < 0 and not to.is_signed:
        value += 1 << 8 * to.itemsize
    return to.numpy.type(value)


def combine(dimensioned: dtype | None, zero_dim: dtype | None, number: dtype | None) -> dtype:
    """The result of the three categories' own promotions (None where a category is empty)."""
    result = dimensioned
    for lower in (zero_dim, number):
        if lower is None:
            continue
        if result is None:
            result = lower
        elif result.category == FLOAT:
            # Complex beside floats keeps their precision (float16 has no complex counterpart here, and goes to complex64).
            result = result.to_complex() if lower.category == COMPLEX else result
        elif result is dtypes.bool_:
            result = promote_types(result, lower)
        elif result.category == INTEGER and lower.category > INTEGER:
            result = lower
    assert result is not None, "at least one operand decides the dtype"
    return result


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of dtype ``from_`` may be written into a tensor of dtype ``to``: kinds may only rise.

    >>> can_cast(dtypes.float32, dtypes.int64)
    False
    """
    if from_.category == COMPLEX and to.category != COMPLEX:
        return False
    if from_.category == FLOAT and to.category in (BOOL, INTEGER):
        return False
    return not (from_.category == INTEGER and to.category == BOOL)
