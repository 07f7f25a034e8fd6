"""Distances between tensors: p-norms of differences."""

from __future__ import annotations

import numpy as np

from ..core.errors import broadcast_mismatch
from ..core.tensor import Tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .norms import _vector_norm, norm_gradient, norm_of, vector_norm

_CHUNK = 1 << 17
"""How many differences are held in memory at once, in elements: what fits a processor's cache."""


@composite(method=True)
def dist(input, other, p=2):
    """The p-norm of ``input - other``: ``dist(tensor([1., 1.]), tensor([4., 5.]))`` is 5."""
    if type(input) is not Tensor:
        admit(REGISTRY["dist"], "input", input)
    difference = input - other
    return vector_norm("dist", difference, p, None, False)


@primitive("_cdist(x1, x2, p: float)", node="CdistBackward0")
def _cdist(xp, x1, x2, p):
    """Norms of all differences of rows; a few rows of ``x1`` at a time, so that the differences stay in cache."""
    *batch, rows, width = x1.shape
    others = x2.shape[-2]
    if not width:
        return xp.zeros((*batch, rows, others), x1.dtype)
    result = xp.empty((*batch, rows, others), x1.dtype)
    step = max(1, _CHUNK // max(1, int(np.prod(batch, dtype=np.int64)) * others * width))
    for start in range(0, rows, step):
        difference = x1[..., start : start + step, None, :] - x2[..., None, :, :]
        if p == 2 and xp is np:  # one pass, without the squares in memory
            norms = np.sqrt(np.einsum("...i,...i->...", difference, difference))
        else:
            norms = norm_of(xp, difference, p, (difference.ndim - 1,), False)
        result[..., start : start + step, :] = norms
    return result


@_cdist.backward("x1", "x2")
def _(grad, x1, x2, result, p, needs):
    if not x1.shape[-1]:
        return x1.new_zeros(x1.shape), x2.new_zeros(x2.shape)
    difference = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    pulled = norm_gradient(grad.unsqueeze(-1), difference, result.unsqueeze(-1), p, (difference.ndim - 1,))
    return pulled.sum(-2) if needs[0] else None, -pulled.sum(-3) if needs[1] else None


@composite()
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The p-norms between all rows of ``x1`` (..., P, M) and ``x2`` (..., R, M): (..., P, R).

    Differences are always taken before norms. PyTorch's ``compute_mode`` may use a matrix product instead, which cancels for close rows;
    it is accepted and checked.
    """
    for name, tensor in (("x1", x1), ("x2", x2)):
        if type(tensor) is not Tensor:
            admit(REGISTRY["cdist"], name, tensor)
    if compute_mode not in (
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    ):
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, tensor in (("X1", x1), ("X2", x2)):
        if not tensor.dtype.is_floating_point:
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {tensor.dtype.legacy_name}")
        if tensor._array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {tensor._array.ndim}D")
    if x1._array.shape[-1] != x2._array.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._array.shape[-1]} X2: {x2._array.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x1.dtype is not x2.dtype:
        raise RuntimeError(f"expected scalar type {x1.dtype.legacy_name} but found {x2.dtype.legacy_name}")
    try:
        batch = np.broadcast_shapes(x1._array.shape[:-2], x2._array.shape[:-2])
    except ValueError:
        raise broadcast_mismatch(x1._array.shape[:-2], x2._array.shape[:-2]) from None
    return _cdist(x1.expand(*batch, *x1.shape[-2:]), x2.expand(*batch, *x2.shape[-2:]), float(p))


def _pdist(name: str, input, p):
    if type(input) is not Tensor:
        admit(REGISTRY[name], "input", input)
    if input._array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input._array.ndim}D")
    if not input.dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    count = input._array.shape[0]
    first, second = REGISTRY["triu_indices"].function(count, count, 1, device=input.device)
    return _vector_norm(input.index_select(0, first) - input.index_select(0, second), float(p), (1,), False)


@composite(namespace="nn.functional")
def pdist(input, p=2):
    """The p-norms between all pairs of rows of a matrix (N, M), the upper triangle of ``cdist`` row by row: (N * (N - 1) / 2,)."""
    return _pdist("nn.functional.pdist", input, p)


@composite("pdist")
def _pdist_of_torch(input, p=2):
    """The p-norms between all pairs of rows of a matrix, as ``nn.functional.pdist``."""
    return _pdist("pdist", input, p)
