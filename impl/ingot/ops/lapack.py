"""LAPACK on raw arrays: what NumPy's ``linalg`` has for whole batches, and what only SciPy has, a matrix at a time.

NOTE [One matrix at a time]
LAPACK factors one matrix per call. NumPy's ``linalg`` loops over a batch in C; SciPy's bindings do not, so the functions here loop in Python
where NumPy has no equivalent (LU, LDL, triangular and least-squares solvers) and where a matrix has failed, to find out which and why. On
device arrays everything goes through ``xp.linalg``, which is batched, or ``cupyx``; what neither has raises NotImplementedError.
"""

from __future__ import annotations

import math

import numpy as np


def bindings(*names: str, like):
    """SciPy's bindings of LAPACK routines for the dtype of ``like``; loaded at first use."""
    from scipy.linalg.lapack import get_lapack_funcs

    found = get_lapack_funcs(names, dtype=like.dtype)
    return found if len(names) > 1 else found[0]


def refuse_device(name: str) -> NotImplementedError:
    """The error for a function that is computed on the host alone."""
    return NotImplementedError(f"{name} is not implemented for device arrays: neither CuPy nor cuSOLVER offers it")


def _places(array):
    """The indices of the matrices of a batch; none where the matrices are empty."""
    return np.ndindex(array.shape[:-2]) if array.size else ()


def _no_failures(xp, array):
    return xp.zeros(array.shape[:-2], np.int32)


def _not_finite(xp, result):
    """1 for each matrix of ``result`` with an infinity or NaN: how a device's solver tells of a singular matrix."""
    return (~xp.isfinite(result)).any(axis=(-2, -1)).astype(np.int32)


# -- solvers --------------------------------------------------------------------------------------------------------------------------------


def inverse(xp, a):
    """(inverse, info); info is the index (from 1) of a zero pivot, or 0."""
    if xp is not np:
        result = xp.linalg.inv(a)
        return result, _not_finite(xp, result)
    try:
        return np.linalg.inv(a), _no_failures(np, a)
    except np.linalg.LinAlgError:
        return _solve_each(a, np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape))


def solve(xp, a, b):
    """(solution of ``A X = B``, info), for batches of one shape."""
    if xp is not np:
        result = xp.linalg.solve(a, b)
        return result, _not_finite(xp, result)
    try:
        return np.linalg.solve(a, b), _no_failures(np, a)
    except np.linalg.LinAlgError:
        return _solve_each(a, b)


def _solve_each(a, b):
    """As ``solve`` for a batch with singular matrices: divisions by zero in their solutions, the pivot's index in their info."""
    getrf, getrs = bindings("getrf", "getrs", like=a)
    result, info = np.empty(b.shape, b.dtype), np.zeros(a.shape[:-2], np.int32)
    for at in _places(a):
        factors, pivots, info[at] = getrf(a[at])
        result[at] = getrs(factors, pivots, b[at])[0]
    return result, info


def solve_triangular(xp, a, b, upper: bool, left: bool, unit: bool):
    """The solution of ``A X = B`` (``left``), or ``X A = B``, reading one triangle of A; a diagonal of ones with ``unit``."""
    if xp is not np:
        triangle = xp.triu(a, int(unit)) if upper else xp.tril(a, -int(unit))
        if unit:
            triangle = triangle + xp.eye(a.shape[-1], dtype=a.dtype)
        if left:
            return xp.linalg.solve(triangle, b)
        return xp.linalg.solve(triangle.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)
    from scipy.linalg.blas import get_blas_funcs

    trsm = get_blas_funcs("trsm", dtype=a.dtype)
    result = np.empty(b.shape, b.dtype)
    # BLAS divides by a zero diagonal, as PyTorch does; LAPACK's trtrs would refuse.
    for at in _places(b):
        result[at] = trsm(1.0, a[at], b[at], side=0 if left else 1, lower=not upper, diag=int(unit))
    return result


# -- factorisations -------------------------------------------------------------------------------------------------------------------------


def cholesky(xp, a):
    """(lower factor, info) reading the lower triangle; info is the order of the first minor that is not positive, or 0."""
    if xp is not np:
        result = xp.linalg.cholesky(a)
        return result, _not_finite(xp, result)
    try:
        return np.linalg.cholesky(a), _no_failures(np, a)
    except np.linalg.LinAlgError:
        potrf = bindings("potrf", like=a)
        result, info = np.zeros(a.shape, a.dtype), np.zeros(a.shape[:-2], np.int32)
        for at in _places(a):
            result[at], info[at] = potrf(a[at], lower=1, clean=1)
        return result, info


def lu_factor(xp, a):
    """(L and U in one matrix, pivots counted from 1, info), with partial pivoting."""
    few = min(a.shape[-2:])
    if xp is np:
        factors, pivots, info = a.copy(), np.zeros((*a.shape[:-2], few), np.int32), np.zeros(a.shape[:-2], np.int32)
        getrf = bindings("getrf", like=a)
        for at in _places(a):
            factors[at], found, info[at] = getrf(a[at])
            pivots[at] = found + 1
        return factors, pivots, info
    if xp.__name__ != "cupy":
        raise refuse_device("LU factorization")
    from cupyx.scipy.linalg import lu_factor as device_factor

    factors, pivots = a.copy(), xp.zeros((*a.shape[:-2], few), np.int32)
    for at in _places(a):
        factors[at], found = device_factor(a[at], check_finite=False)
        pivots[at] = found + 1
    zero = xp.diagonal(factors, axis1=-2, axis2=-1) == 0
    return factors, pivots, xp.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)


def ldl_factor(xp, a, hermitian: bool):
    """(L and D in one matrix, pivots as of LAPACK's sytrf, info) of symmetric (``hermitian``: Hermitian) matrices, by Bunch and Kaufman."""
    if xp is not np:
        raise refuse_device("LDL factorization")
    factors = np.empty(a.shape, a.dtype)
    pivots, info = np.zeros(a.shape[:-1], np.int32), np.zeros(a.shape[:-2], np.int32)
    sytrf = bindings("hetrf" if hermitian and a.dtype.kind == "c" else "sytrf", like=a)
    for at in _places(a):
        found, pivots[at], info[at] = sytrf(a[at], lower=1)
        factors[at] = np.tril(found)
    return factors, pivots, info


def ldl_solve(xp, factors, pivots, b, hermitian: bool):
    """The solution of ``A X = B`` from ``ldl_factor(A)``."""
    if xp is not np:
        raise refuse_device("LDL solving")
    sytrs = bindings("hetrs" if hermitian and factors.dtype.kind == "c" else "sytrs", like=factors)
    result = b.copy()
    for at in _places(b):
        result[at] = sytrs(factors[at], pivots[at], b[at], lower=1)[0]
    return result


def geqrf(xp, a):
    """(R above the reflectors, their scales): Householder's QR as LAPACK leaves it."""
    rows, columns = a.shape[-2:]
    if 0 in a.shape:
        return a.copy(), xp.zeros((*a.shape[:-2], min(rows, columns)), a.dtype)
    packed, tau = xp.linalg.qr(a, mode="raw")
    return xp.ascontiguousarray(packed.swapaxes(-1, -2)), tau


# -- least squares --------------------------------------------------------------------------------------------------------------------------


def least_squares(xp, a, b, rcond: float, driver: str):
    """(solution, rank, singular values) of least ``|A X - B|`` for batches of one shape, by a driver of LAPACK.

    ``gels`` takes A to have full rank; ``gelsy``, ``gelsd`` and ``gelss`` find its rank, with singular values below ``rcond`` times the largest
    taken for zero, and the last two return the singular values (zeros from the others).
    """
    rows, columns = a.shape[-2:]
    lead, few = a.shape[:-2], min(rows, columns)
    result = xp.zeros((*lead, columns, b.shape[-1]), a.dtype)
    rank, singular = xp.zeros(lead, np.int64), xp.zeros((*lead, few), a.real.dtype)
    if xp is not np:
        for at in _places(a):
            result[at], _, rank[at], singular[at] = xp.linalg.lstsq(a[at], b[at], rcond=rcond)
        return result, rank, singular
    if driver == "gels":
        gels = bindings("gels", like=a)
        for at in _places(a):
            padded = np.zeros((max(rows, columns), b.shape[-1]), a.dtype)
            padded[:rows] = b[at]
            result[at] = gels(a[at], padded)[1][:columns]
        return result, rank, singular
    from scipy.linalg import lstsq

    for at in _places(a) if b.shape[-1] else ():
        found = lstsq(a[at], b[at], cond=rcond, lapack_driver=driver, check_finite=False)
        result[at], rank[at] = found[0], found[2]
        if found[3] is not None:
            singular[at] = found[3]
    return result, rank, singular


# -- functions ------------------------------------------------------------------------------------------------------------------------------


def exponential(xp, a):
    """Matrix exponentials by scaling and squaring a Padé approximant (Al-Mohy and Higham, 2009)."""
    if 0 in a.shape:
        return a.copy()
    if xp is np:
        from scipy.linalg import expm

        return np.asarray(expm(a))
    if xp.__name__ != "cupy":
        raise refuse_device("the matrix exponential")
    from cupyx.scipy.linalg import expm as device_expm

    flat = a.reshape(math.prod(a.shape[:-2]), *a.shape[-2:])
    return xp.stack([device_expm(one) for one in flat]).reshape(a.shape)
