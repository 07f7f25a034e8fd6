"""The numbers of a tensor argument, drawn by NumPy from the seed of its spec.

("uniform", low, high)         reals (or integers) of an interval; complex: both parts
("log", low, high)             magnitudes 10**low ... 10**high with random signs
("grid", step, phase)          shuffled distinct multiples of ``step``, shifted by ``phase`` steps: no ties, known gaps
("integers", low, high)        whole numbers low <= x < high
("permutation",)               0 ... n-1 in random order along the last dimension
("sorted", low, high)          reals, ascending along the last dimension
("simplex",)                   positive, summing to 1 along the last dimension
("boolean", p)                 true with probability p
("values", ...)                exactly these numbers
("signs",)                     -1 or 1
("integers or", low, high, x)  whole numbers low <= x < high, some of them replaced by ``x``
("distinct", k, n)             whole numbers below ``n``, all different within the last ``k`` dimensions
("choice", n, axis)            whole numbers below ``n``, all different along one dimension (counted from the end; the last, if not given)
("labels",)                    class indices, all different along the last dimension, ended by -1 where they are fewer than the classes
("log simplex",)               logarithms of positive numbers that sum to 1 along the last dimension
("between pixels", ..., align) sampling points of ``grid_sample``: away from pixels and from their borders; "..." the sizes of the image

Matrices with a structure: see ``cases.matrices``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import ml_dtypes
import numpy as np

from .case import TensorSpec
from .matrices import MATRICES

MARGIN = 0.05
"""How far numbers stay from the points of ``TensorSpec.avoid``."""

NUMPY = {"bfloat16": np.dtype(ml_dtypes.bfloat16)}
"""dtype name -> NumPy type, where NumPy does not know the name."""


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy type that stores the dtype ``name``."""
    return NUMPY.get(name) or np.dtype(name)


def _uniform(random: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    return random.uniform(low, high, shape)


def _log(random: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    return 10 ** random.uniform(low, high, shape) * random.choice((-1.0, 1.0), shape)


def _grid(random: np.random.Generator, shape: tuple[int, ...], step: float, phase: float) -> np.ndarray:
    count = math.prod(shape)
    return ((random.permutation(count) - count // 2 + phase) * step).reshape(shape)


def _integers(random: np.random.Generator, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    return random.integers(low, max(high, low + 1), shape)


def _permutation(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.permuted(np.broadcast_to(np.arange(shape[-1] if shape else 1), shape or (1,)), axis=-1).reshape(shape)


def _sorted(random: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    drawn = random.uniform(low, high, shape)
    return np.sort(drawn, axis=-1) if shape else drawn


def _simplex(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    drawn = random.uniform(0.2, 1.0, shape)
    return drawn / drawn.sum(axis=-1, keepdims=True) if shape else np.ones(())


def _boolean(random: np.random.Generator, shape: tuple[int, ...], p: float) -> np.ndarray:
    return random.uniform(size=shape) < p


def _values(random: np.random.Generator, shape: tuple[int, ...], *numbers: float) -> np.ndarray:
    return np.array(numbers).reshape(shape)


def _signs(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.choice((-1.0, 1.0), shape)


def _integers_or(random: np.random.Generator, shape: tuple[int, ...], low: int, high: int, other: int) -> np.ndarray:
    return np.where(random.uniform(size=shape) < 0.3, other, random.integers(low, high, shape))


def _distinct(random: np.random.Generator, shape: tuple[int, ...], dims: int, below: int) -> np.ndarray:
    lead, inner = shape[: len(shape) - dims], math.prod(shape[len(shape) - dims :])
    rows = random.permuted(np.broadcast_to(np.arange(below), (*lead, below)), axis=-1)
    return rows[..., :inner].reshape(shape)


def _labels(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    order = _permutation(random, shape)
    used = random.integers(0, shape[-1] + 1, (*shape[:-1], 1))
    return np.where(np.arange(shape[-1]) < used, order, -1)


def _log_simplex(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.log(_simplex(random, shape))


def _between_pixels(random: np.random.Generator, shape: tuple[int, ...], *sizes: int) -> np.ndarray:
    lengths, align = np.array(sizes[:-1][::-1]), sizes[-1]
    pixel = np.floor(random.uniform(-1.0, lengths, shape))
    place = pixel + random.uniform(0.15, 0.4, shape) + random.choice((0.0, 0.45), shape)
    return 2 * place / (lengths - 1) - 1 if align else (2 * place + 1) / lengths - 1


def _choice(random: np.random.Generator, shape: tuple[int, ...], count: int, axis: int = -1) -> np.ndarray:
    lead = (*shape[:axis], *shape[len(shape) + axis + 1 :])
    order = random.permuted(np.broadcast_to(np.arange(count), (*lead, count)), axis=-1)
    return np.moveaxis(order[..., : shape[axis]], -1, axis)


FILLS: dict[str, Callable[..., np.ndarray]] = {
    "uniform": _uniform,
    "log": _log,
    "grid": _grid,
    "integers": _integers,
    "permutation": _permutation,
    "sorted": _sorted,
    "simplex": _simplex,
    "boolean": _boolean,
    "choice": _choice,
    "values": _values,
    "signs": _signs,
    "integers or": _integers_or,
    "distinct": _distinct,
    "labels": _labels,
    "log simplex": _log_simplex,
    "between pixels": _between_pixels,
}


def values(spec: TensorSpec) -> np.ndarray:
    """The contiguous array that ``spec`` stands for (its layout is applied by ``materialise``)."""
    random = np.random.default_rng(spec.seed)
    dtype = numpy_dtype(spec.dtype)
    drawn = _draw(random, spec, dtype)
    for point in spec.avoid:
        distance = drawn - point
        near = np.abs(distance) < MARGIN
        drawn = np.where(near, point + np.where(distance < 0, distance - MARGIN, distance + MARGIN), drawn)
    with np.errstate(all="ignore"):
        made = np.asarray(drawn).astype(dtype)
        if spec.specials and made.size:
            places = random.choice(
                made.size, size=min(made.size, max(len(spec.specials), made.size // 4)), replace=False
            )
            made.reshape(-1)[places] = np.resize(_representable(spec.specials, dtype), places.size)
    return made


def _draw(random: np.random.Generator, spec: TensorSpec, dtype: np.dtype) -> np.ndarray:
    name, *parameters = spec.fill
    if name in MATRICES:
        return MATRICES[name](random, spec.shape, dtype.kind == "c", *parameters)
    if dtype.kind == "b" and name not in ("boolean", "values"):
        return random.uniform(size=spec.shape) < 0.5
    if dtype.kind in "iu" and name in ("uniform", "sorted"):
        low, high = _integer_interval(dtype, *parameters)
        drawn = random.integers(low, high, spec.shape, endpoint=True)
        return np.sort(drawn, axis=-1) if name == "sorted" and spec.shape else drawn
    if dtype.kind in "iu" and name in ("grid", "log"):
        info = np.iinfo(dtype)
        return random.permutation(math.prod(spec.shape)).reshape(spec.shape) % info.max
    drawn = FILLS[name](random, spec.shape, *parameters)
    if dtype.kind == "c" and name != "values":
        return drawn + 1j * FILLS[name](random, spec.shape, *parameters)
    return drawn


def _integer_interval(dtype: np.dtype, low: float, high: float) -> tuple[int, int]:
    info = np.iinfo(dtype)
    first, last = max(math.ceil(low), int(info.min)), min(math.floor(high), int(info.max))
    return (first, last) if first <= last else (max(int(info.min), 0), 1)


def _representable(specials: tuple[float, ...], dtype: np.dtype) -> np.ndarray:
    """The special values as ``dtype`` holds them: an integer dtype has its extremes instead."""
    if dtype.kind == "b":
        return np.array([True, False])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array([info.min, info.max, 0], dtype)
    if dtype.kind == "c":
        return np.array(
            [complex(special, 0.0) for special in specials] + [complex(1.0, special) for special in specials]
        ).astype(dtype)
    return np.array(specials, np.float64).astype(dtype)
