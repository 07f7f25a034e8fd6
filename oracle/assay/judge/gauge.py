"""Answers that are defined up to signs, phases or order, made unambiguous: the same function for every target, in the target's own ops.

A column of an eigenvector matrix may be multiplied by any phase; the projector v v^H may not. Each gauge maps the leaves of an answer to quantities
that every correct answer shares, differentiably, so that values and derivatives are compared through it alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..targets import Target
from .compare import flatten

Tensor = Any


def _outer(columns: Tensor, rows: Tensor) -> Tensor:
    """The rank-one matrices columns[:, k] rows[k, :], stacked before the last two dimensions."""
    return columns.mT.unsqueeze(-1) * rows.unsqueeze(-2)


def _projectors(vectors: Tensor) -> Tensor:
    return _outer(vectors, vectors.mT.conj())


def _eigenpairs(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """eigh: eigenvalues ascend, so each has its projector."""
    eigenvalues, vectors = leaves
    return [eigenvalues, _projectors(vectors)]


def _singular_triples(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """linalg.svd: U, S, Vh. Columns beyond the rank's count span the null spaces, which only their projector describes."""
    left, singular, right = leaves
    count = singular.shape[-1]
    return [singular, _outer(left[..., :count], right[..., :count, :])]


def _singular_triples_transposed(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """svd, svd_lowrank, pca_lowrank: U, S, V."""
    left, singular, right = leaves
    return _singular_triples(T, [left, singular, right.mT.conj()])


def _orthogonal_factor(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """qr: a column of Q and its row of R share a sign."""
    q, r = leaves
    if q.shape[-1] == 0:
        return [r.mT.conj() @ r]
    count = min(q.shape[-1], r.shape[-2])
    return [_outer(q[..., :count], r[..., :count, :])]


def _spectrum(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """eigvals: in no order; the power sums tr A^k are in none either."""
    (eigenvalues,) = leaves
    return [(eigenvalues**power).sum(-1) for power in range(1, eigenvalues.shape[-1] + 1)]


def _general_eigenpairs(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """eig: the sums over k of lambda_k^p times the projector of v_k, which neither order nor phase changes."""
    eigenvalues, vectors = leaves
    projectors = _projectors(vectors)
    weighted = [(eigenvalues**power).unsqueeze(-1).unsqueeze(-1) * projectors for power in range(3)]
    return [*_spectrum(T, [eigenvalues]), *[each.sum(-3) for each in weighted]]


def _first(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """Only the first leaf is determined."""
    return leaves[:1]


def _sorted_values(T: Any, leaves: list[Tensor]) -> list[Tensor]:
    """The values of the last dimension, in no order."""
    return [T.sort(leaf, dim=-1).values for leaf in leaves]


GAUGES: dict[str, Callable[[Any, list[Tensor]], list[Tensor]]] = {
    "eigh": _eigenpairs,
    "svd": _singular_triples,
    "svd_transposed": _singular_triples_transposed,
    "qr": _orthogonal_factor,
    "eigenvalues": _spectrum,
    "eigenvectors": _general_eigenpairs,
    "first": _first,
    "unordered": _sorted_values,
}
"""Name in ``Op.gauge`` -> (namespace, leaves of the answer) -> leaves that are defined."""


def leaves_of(target: Target, answer: Any, gauge: str | None = None) -> tuple[list[Any], str]:
    """The leaves of an answer, made unambiguous where the op has a gauge, and their structure."""
    leaves, structure = flatten(target, answer)
    if gauge is not None and leaves and all(target.is_tensor(leaf) for leaf in leaves):
        leaves = GAUGES[gauge](target.namespace, leaves)
    return leaves, structure
