"""Two arrays, two answers: where they differ and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from ..targets import Target


@dataclass(frozen=True)
class Difference:
    """The worst difference of two arrays, as a sentence and as numbers."""

    what: str
    index: tuple[int, ...] = ()
    ulp: float = float("nan")


def flatten(target: Target, answer: Any) -> tuple[list[Any], str]:
    """The leaves of an answer and its structure, written with one letter a leaf: "(TT)" is a pair of tensors."""
    if target.is_tensor(answer):
        return [answer], "T"
    if isinstance(answer, (list, tuple)):
        parts = [flatten(target, item) for item in answer]
        return [leaf for leaves, _ in parts for leaf in leaves], f"({''.join(structure for _, structure in parts)})"
    if isinstance(answer, dict):
        return flatten(target, [answer[key] for key in sorted(answer)])
    return [answer], "." if answer is None else "s"


def inexact(array: np.ndarray) -> bool:
    """Whether the array holds floating point or complex numbers (bfloat16 too)."""
    return array.dtype.kind in "fc" or array.dtype == ml_dtypes.bfloat16


def eps(dtype: np.dtype) -> float:
    """The distance from 1 to the next number of ``dtype``; of the parts, for a complex one."""
    return float(ml_dtypes.finfo(dtype).eps)


def spacing(array: np.ndarray) -> np.ndarray:
    """One unit in the last place of each number, at its own dtype; the smallest subnormal for zero."""
    info = ml_dtypes.finfo(array.dtype)
    size = np.abs(wide(array)).real.astype(np.float64)
    with np.errstate(all="ignore"):
        exponent = np.floor(np.log2(np.where(size > 0, size, 1.0)))
        exponent = np.maximum(np.where(size > 0, exponent, -np.inf), np.log2(float(info.smallest_normal)))
        return np.exp2(exponent) * float(info.eps)


def wide(array: np.ndarray) -> np.ndarray:
    """The same numbers as float64 or complex128."""
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays hold the same bits; any NaN equals any NaN, zero has a sign."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if not inexact(one):
        return bool(np.array_equal(one, other))
    for left, right in _parts(one, other):
        equal = (left == right) & (np.signbit(left) == np.signbit(right)) | (np.isnan(left) & np.isnan(right))
        if not equal.all():
            return False
    return True


def _parts(one: np.ndarray, other: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(one.real, other.real), (one.imag, other.imag)] if one.dtype.kind == "c" else [(one, other)]


def errors(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Absolute differences in float64: 0 where both are NaN or the same infinity, inf where only one is."""
    with np.errstate(all="ignore"):
        found = np.zeros(one.shape)
        for left, right in _parts(wide(one), wide(other)):
            apart = np.abs(left - right)
            alike = (left == right) | (np.isnan(left) & np.isnan(right))
            apart = np.where(alike, 0.0, np.where(np.isfinite(left) & np.isfinite(right), apart, np.inf))
            found = np.hypot(found, apart)
        return found


def compare(one: np.ndarray, other: np.ndarray, bound: np.ndarray | float) -> Difference | None:
    """None where ``one`` lies within ``bound`` of ``other`` everywhere; else the element that is worst, in multiples of the bound."""
    apart = errors(one, other)
    allowed = np.broadcast_to(np.where(np.isnan(bound), 0.0, bound), apart.shape)
    outside = apart > allowed
    if not outside.any():
        return None
    with np.errstate(all="ignore"):
        excess = np.where(outside, apart / np.maximum(allowed, 1e-300), 0.0)
        units = apart / spacing(other) if inexact(other) else apart
    index = tuple(int(part) for part in np.unravel_index(int(np.argmax(excess)), apart.shape))
    where = f" at {list(index)}" if index else ""
    count = f"{int(outside.sum())} of {apart.size} elements differ; worst{where}: " if apart.size > 1 else ""
    size = f"{units[index]:.3g} ulp" if np.isfinite(units[index]) else "not finite in one"
    return Difference(f"{count}{one[index]} against {other[index]} ({size})", index, float(units[index]))
