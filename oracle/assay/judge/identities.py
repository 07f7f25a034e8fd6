"""Linear algebra is judged by identities: how well an answer solves the problem that it was set, instead of how near it lies to another answer.

Each entry of ``IDENTITIES`` maps (arguments, leaves of an answer) to pairs (residual, scale). An answer is backward stable, and right, when every residual is below
``ROOM`` * n * eps * scale. Products are taken in extended precision. See Higham, Accuracy and Stability of Numerical Algorithms, chapters 9, 10, 14, 19.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..cases import Case, TensorSpec, values
from ..cases.materialise import lay_out
from .compare import eps, inexact

ROOM = 40.0
"""Units of n * eps that a backward stable algorithm may leave; the textbook constants are small multiples of n."""

Pairs = list[tuple[np.ndarray, np.ndarray]]


def _h(a: np.ndarray) -> np.ndarray:
    return np.swapaxes(a, -1, -2).conj()


def _norm(a: np.ndarray) -> np.ndarray:
    return np.sqrt((np.abs(a) ** 2).sum((-1, -2))) if a.ndim > 1 else np.abs(a)


def _orthonormal(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gram = _h(q) @ q
    return _norm(gram - np.eye(q.shape[-1])), np.ones(())


def _product(a: np.ndarray, rebuilt: np.ndarray, scale: Any = None) -> tuple[np.ndarray, np.ndarray]:
    return _norm(rebuilt - a), _norm(a) if scale is None else scale


def _inverse(a, *rest, leaves, **_) -> Pairs:
    x = leaves[0]
    return [(_norm(a @ x - np.eye(a.shape[-1])), _norm(a) * _norm(x))]


def _solution(a, b, *rest, leaves, left=True, **_) -> Pairs:
    x = leaves[0]
    if b.ndim == a.ndim - 1:
        b, x = b[..., None], x[..., None]
    residual = (a @ x if left else x @ a) - b
    return [(_norm(residual), _norm(a) * _norm(x) + _norm(b))]


def _triangle(a, b, *rest, leaves, upper=False, left=True, unitriangular=False, **_) -> Pairs:
    t = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        t = t - t * np.eye(a.shape[-1]) + np.eye(a.shape[-1])
    return _solution(t, b, leaves=leaves, left=left)


def _cholesky(a, *rest, leaves, upper=False, **_) -> Pairs:
    factor = leaves[0]
    return [_product(a, _h(factor) @ factor if upper else factor @ _h(factor))]


def _qr(a, *rest, leaves, **_) -> Pairs:
    q, r = leaves
    return [_product(a, q @ r), _orthonormal(q)] if q.size else []


def _svd(a, *rest, leaves, **_) -> Pairs:
    u, s, vh = leaves
    k = s.shape[-1]
    return [_product(a, (u[..., :k] * s[..., None, :]) @ vh[..., :k, :]), _orthonormal(u), _orthonormal(_h(vh))]


def _svd_transposed(a, *rest, leaves, **_) -> Pairs:
    u, s, v = leaves
    return _svd(a, leaves=[u, s, _h(v)])


def _eigh(a, *rest, leaves, UPLO="L", **_) -> Pairs:
    w, v = leaves
    half = np.tril(a) if UPLO == "L" else np.triu(a)
    diagonal = np.real(a * np.eye(a.shape[-1]))
    whole = half + _h(half) - half * np.eye(a.shape[-1])
    whole = whole - whole * np.eye(a.shape[-1]) + diagonal
    return [_product(whole, (v * w[..., None, :]) @ _h(v)), _orthonormal(v)]


def _eig(a, *rest, leaves, **_) -> Pairs:
    w, v = leaves
    return [(_norm(a @ v - v * w[..., None, :]), _norm(a) * _norm(v))]


def _permuted(a, leaves, pivot=True) -> Pairs:
    p, lower, upper = leaves
    product = lower @ upper
    return [_product(a, p @ product if pivot else product, _norm(lower) * _norm(upper))]


IDENTITIES: dict[str, Callable[..., Pairs]] = {
    "inverse": _inverse,
    "linalg.inv": _inverse,
    "linalg.inv_ex": _inverse,
    "linalg.solve": _solution,
    "linalg.solve_ex": _solution,
    "linalg.solve_triangular": _triangle,
    "cholesky": _cholesky,
    "linalg.cholesky": _cholesky,
    "linalg.cholesky_ex": _cholesky,
    "qr": _qr,
    "linalg.qr": _qr,
    "svd": _svd_transposed,
    "linalg.svd": _svd,
    "linalg.eigh": _eigh,
    "linalg.eig": _eig,
    "linalg.lu": lambda a, leaves, pivot=True, **_: _permuted(a, leaves, pivot),
}
"""Op name -> (arguments, leaves of the answer) -> residuals and their scales."""


def residual(case: Case, leaves: list[np.ndarray]) -> float | None:
    """The largest residual of an answer in units of n * eps * scale; None where the op has no identity or the answer does not fit it."""
    identity = IDENTITIES.get(case.op)
    if identity is None or not leaves or not inexact(leaves[0]):
        return None
    unit = eps(leaves[0].dtype)
    try:
        with np.errstate(all="ignore"):
            args = [_extended(value) for value in case.args]
            keywords = {key: _extended(value) for key, value in case.kwargs}
            pairs = identity(*args, leaves=[_extended(leaf) for leaf in leaves], **keywords)
            side = max([max(leaf.shape[-2:], default=1) for leaf in leaves])
            ratios = [np.max(found / np.maximum(scale, 1e-300), initial=0.0) for found, scale in pairs]
    except (TypeError, ValueError, IndexError):
        return None
    worst = max((float(ratio) for ratio in ratios), default=0.0) / (side * unit)
    return float("inf") if np.isnan(worst) else worst


def _extended(value: Any) -> Any:
    array = lay_out(values(value), value.layout) if isinstance(value, TensorSpec) else value
    if isinstance(array, np.ndarray) and inexact(array):
        return array.astype(np.clongdouble if array.dtype.kind == "c" else np.longdouble)
    return array
