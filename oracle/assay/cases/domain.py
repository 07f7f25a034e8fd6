"""The sets that a constrained argument lives in, as projections of arrays: of values, and of tangents, which must not leave the set either."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def _transposed(array: np.ndarray) -> np.ndarray:
    return np.swapaxes(array, -1, -2)


def _diagonal(array: np.ndarray) -> np.ndarray:
    return array * np.eye(array.shape[-2], array.shape[-1], dtype=array.dtype)


TANGENTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "": lambda tangent: tangent,
    "symmetric": lambda tangent: (tangent + _transposed(tangent)) / 2,
    "hermitian": lambda tangent: (tangent + _transposed(tangent).conj()) / 2,
    "lower": np.tril,
    "upper": np.triu,
    "unit_lower": lambda tangent: np.tril(tangent, -1),
    "unit_upper": lambda tangent: np.triu(tangent, 1),
    "diagonal": _diagonal,
    "simplex": lambda tangent: tangent - tangent.mean(-1, keepdims=True),
}
"""Domain of ``TensorSpec`` -> the orthogonal projection onto its tangents. Gradients are projected too, before they are compared."""


def tangent(domain: str, array: np.ndarray) -> np.ndarray:
    """The part of ``array`` that is tangent to the domain. KeyError for a domain that has no entry."""
    return TANGENTS[domain](array) if array.size else array
