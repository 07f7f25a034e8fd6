"""Matrices with a structure, in the last two dimensions of an array: what ops of linear algebra ask for, and what troubles them.

("conditioned", decades)       any shape; singular values spread geometrically over that many decades, all different
("low rank", rank)             any shape; that many singular values of order 1, the others zero
("definite", decades)          Hermitian, positive eigenvalues spread over that many decades, all different
("hermitian",)                 Hermitian, eigenvalues of both signs, at least 0.5 apart
("separated",)                 square, not normal, eigenvalues at least 0.5 apart (real for real matrices)
("orthogonal",)                orthonormal columns
("triangular", upper, unit)    triangular with a diagonal away from zero, or of ones; zeros elsewhere
("special", name)              "hilbert", "jordan", "nilpotent", "identity", "zero", "exchange", "ones", "graded"
("pivots",)                    int: row exchanges as LAPACK counts them, along the last dimension

``definite`` and ``hermitian`` agree with their conjugate transpose bit for bit. Sources: Higham, "Accuracy and Stability of Numerical
Algorithms", 2nd ed., chapter 28 (a gallery of test matrices).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Random = np.random.Generator
Shape = tuple[int, ...]


def _gaussian(random: Random, shape: Shape, is_complex: bool) -> np.ndarray:
    drawn = random.standard_normal(shape)
    return drawn + 1j * random.standard_normal(shape) if is_complex else drawn


def _orthogonal(random: Random, shape: Shape, is_complex: bool) -> np.ndarray:
    rows, columns = shape[-2:]
    if not all(shape):
        return np.zeros(shape, complex if is_complex else float)
    if rows < columns:
        return _orthogonal(random, (*shape[:-2], columns, rows), is_complex).swapaxes(-1, -2)
    return np.linalg.qr(_gaussian(random, shape, is_complex))[0]


def _adjoint(matrix: np.ndarray) -> np.ndarray:
    return matrix.conj().swapaxes(-1, -2)


def _with_singular_values(random: Random, shape: Shape, is_complex: bool, singular: np.ndarray) -> np.ndarray:
    count = min(shape[-2:])
    left = _orthogonal(random, (*shape[:-1], count), is_complex)
    right = _orthogonal(random, (*shape[:-2], shape[-1], count), is_complex)
    return (left * singular) @ _adjoint(right)


def _spread(count: int, decades: float) -> np.ndarray:
    """``count`` different numbers from 2 down to 2 / (3 * 10**decades), evenly spaced on a logarithmic scale."""
    return 2.0 / 3.0 ** np.linspace(0.0, 1.0, count) / 10.0 ** np.linspace(0.0, decades, count)


def _conditioned(random: Random, shape: Shape, is_complex: bool, decades: float) -> np.ndarray:
    return _with_singular_values(random, shape, is_complex, _spread(min(shape[-2:]), decades))


def _low_rank(random: Random, shape: Shape, is_complex: bool, rank: int) -> np.ndarray:
    singular = np.where(np.arange(min(shape[-2:])) < rank, _spread(min(shape[-2:]), 0.0), 0.0)
    return _with_singular_values(random, shape, is_complex, singular)


def _from_eigenvalues(random: Random, shape: Shape, is_complex: bool, eigenvalues: np.ndarray) -> np.ndarray:
    basis = _orthogonal(random, shape, is_complex)
    made = (basis * eigenvalues) @ _adjoint(basis)
    return (made + _adjoint(made)) / 2


def _definite(random: Random, shape: Shape, is_complex: bool, decades: float) -> np.ndarray:
    return _from_eigenvalues(random, shape, is_complex, _spread(shape[-1], decades))


def _apart(count: int) -> np.ndarray:
    return (np.arange(count) - count / 2 + 0.3) * 0.75


def _hermitian(random: Random, shape: Shape, is_complex: bool) -> np.ndarray:
    return _from_eigenvalues(random, shape, is_complex, _apart(shape[-1]))


def _separated(random: Random, shape: Shape, is_complex: bool) -> np.ndarray:
    count = shape[-1]
    eigenvalues = _apart(count) * (np.exp(1j * np.arange(count)) if is_complex else 1.0)
    shear = np.triu(0.2 * _gaussian(random, shape, is_complex), 1) + np.eye(count)
    basis = _orthogonal(random, shape, is_complex) @ shear
    return (basis * eigenvalues) @ np.linalg.inv(basis)


def _triangular(random: Random, shape: Shape, is_complex: bool, upper: bool, unit: bool) -> np.ndarray:
    drawn = 0.7 * _gaussian(random, shape, is_complex)
    strict = np.triu(drawn, 1) if upper else np.tril(drawn, -1)
    diagonal = np.ones(shape[-1]) if unit else random.uniform(1.0, 2.0, (*shape[:-2], 1, shape[-1]))
    return strict + np.eye(shape[-2], shape[-1]) * diagonal


def _special(random: Random, shape: Shape, is_complex: bool, name: str) -> np.ndarray:
    return np.broadcast_to(GALLERY[name](*shape[-2:]), shape).copy()


GALLERY: dict[str, Callable[[int, int], np.ndarray]] = {
    "hilbert": lambda rows, columns: 1.0 / (np.arange(rows)[:, None] + np.arange(columns) + 1),
    "jordan": lambda rows, columns: np.eye(rows, columns) + np.eye(rows, columns, 1),
    "nilpotent": lambda rows, columns: np.eye(rows, columns, 1),
    "identity": lambda rows, columns: np.eye(rows, columns),
    "zero": lambda rows, columns: np.zeros((rows, columns)),
    "exchange": lambda rows, columns: np.fliplr(np.eye(rows, columns)),
    "ones": lambda rows, columns: np.ones((rows, columns)),
    "graded": lambda rows, columns: np.exp2(-4.0 * (np.arange(rows)[:, None] + np.arange(columns))),
}


def _pivots(random: Random, shape: Shape, is_complex: bool) -> np.ndarray:
    first = np.arange(shape[-1]) + 1
    return random.integers(first, shape[-1], shape, endpoint=True)


MATRICES: dict[str, Callable[..., np.ndarray]] = {
    "conditioned": _conditioned,
    "low rank": _low_rank,
    "definite": _definite,
    "hermitian": _hermitian,
    "separated": _separated,
    "orthogonal": _orthogonal,
    "triangular": _triangular,
    "special": _special,
    "pivots": _pivots,
}
"""Fill name -> function of the generator, the shape, whether the numbers are complex, and the fill's parameters."""
