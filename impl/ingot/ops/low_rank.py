"""Approximate decompositions of matrices of low rank, by random projections.

Halko, Martinsson and Tropp, "Finding structure with randomness: probabilistic algorithms for constructing approximate matrix decompositions" (2011).
"""

from __future__ import annotations

from ..core.dtype import FLOAT, get_default_dtype
from .declare import composite
from .decompositions import _qr, _svd
from .linear import matmul
from .matrix_arguments import admit_tensor
from .random import randn


def _basis(A, q: int, niter: int, M=None):
    """Q (*, m, q) with orthonormal columns such that ``Q Q^H A`` is nearly A (less M): algorithm 4.4."""

    dtype = A.dtype if A.dtype.category >= FLOAT else get_default_dtype()
    # The projection is drawn as PyTorch draws it, one for the whole batch.
    random = randn(A._array.shape[-1], q, dtype=dtype, device=A.device)
    off = A if M is None else A - M
    basis = _qr(matmul(off, random), "reduced")[0]
    for _ in range(niter):
        basis = _qr(matmul(off.mH, basis), "reduced")[0]
        basis = _qr(matmul(off, basis), "reduced")[0]
    return basis


@composite()
def svd_lowrank(A, q=6, niter=2, M=None):
    """(U, S, V) with ``A`` (less M) nearly ``U diag(S) V^H``: q singular triples of matrices (*, m, n) that have about that rank.

    ``niter`` subspace iterations sharpen them. Random: ``manual_seed`` makes it repeatable. Algorithm 5.1 of Halko et al.
    """
    admit_tensor("svd_lowrank", "A", A)
    if A._array.ndim < 2:
        raise ValueError(
            f"svd_lowrank: expected a matrix or a batch of matrices, got a tensor of shape {list(A.shape)}"
        )
    rows, columns = A._array.shape[-2:]
    mean = None if M is None else M.expand(A.shape)
    if rows < columns:
        right, singular, left = _tall(A.mH, q, niter, None if mean is None else mean.mH)
        return left, singular, right
    return _tall(A, q, niter, mean)


def _tall(A, q, niter, M):
    basis = _basis(A, q, 2 if niter is None else niter, M)
    off = A if M is None else A - M
    left, singular, right = _svd(matmul(basis.mH, off), False)
    return matmul(basis, left), singular, right.mH.contiguous()


@composite()
def pca_lowrank(A, q=None, center=True, niter=2):
    """(U, S, V) of the rows of matrices (*, m, n), with ``center`` about their mean: q principal directions are the columns of V.

    q is min(6, m, n) by default. ValueError for another q than 0 ... min(m, n).
    """
    admit_tensor("pca_lowrank", "A", A)
    if A._array.ndim < 2:
        raise ValueError(
            f"pca_lowrank: expected a matrix or a batch of matrices, got a tensor of shape {list(A.shape)}"
        )
    rows, columns = A._array.shape[-2:]
    if q is None:
        q = min(6, rows, columns)
    elif not 0 <= q <= min(rows, columns):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(rows, columns)}")
    if not isinstance(niter, int) or niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
