"""Householder reflectors: what LAPACK's QR leaves, the orthonormal matrix they make, and products with it.

NOTE [Compact WY]
The product of reflectors ``(I - t_1 v_1 v_1^H) ... (I - t_k v_k v_k^H)`` is ``I - V T V^H`` with an upper triangular T (Schreiber and Van Loan, "A
storage-efficient WY representation for products of Householder transformations", 1989). With D = diag(t), ``T = (I + D triu(V^H V, 1))^-1 D``, which needs
no ``t_i`` to differ from 0. Three products and a triangular solve for a whole batch, differentiable to any order.
"""

from __future__ import annotations

from . import lapack
from .creation import eye
from .declare import composite, primitive
from .matrix_arguments import admit_tensor, check_served
from .return_types import return_type
from .triangular import identity_like, solve_with_triangle


@primitive("_geqrf(input)", outputs=("a", "tau"), differentiable=("a", "tau"), node="GeqrfBackward0")
def _geqrf(xp, input):
    return lapack.geqrf(xp, input)


@_geqrf.backward("input")
def _(grad_a, grad_tau):
    raise NotImplementedError("the derivative for 'geqrf' is not implemented.")


@composite(method=True, out=True)
def geqrf(input):
    """(a, tau) of matrices (*, m, n): R on and above the diagonal of a, Householder vectors below it, and their scales tau.

    ``linalg.householder_product(a, tau)`` is Q. No derivative: use ``linalg.qr``.
    """
    admit_tensor("geqrf", "input", input)
    if input._array.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    check_served("geqrf_cpu", input)
    return return_type("geqrf", "a", "tau")(*_geqrf(input))


def _vectors(packed, count: int):
    """The reflectors' vectors as columns: ones on the diagonal, zeros above it."""
    rows = packed._array.shape[-2]
    below = packed.narrow(-1, 0, count).tril(-1)
    return below + eye(rows, count, dtype=packed.dtype, device=packed.device)


def _middle(vectors, tau):
    """T of ``I - V T V^H``. NOTE [Compact WY]"""
    products = (vectors.mH @ vectors).triu(1)
    scales = tau.unsqueeze(-1)
    diagonal = scales * identity_like(products)
    return solve_with_triangle(scales * products, diagonal, upper=True, unitriangular=True)


@composite("householder_product", namespace="linalg", out=True)
def householder_product(A, tau):
    """The first n columns of the product of k reflectors: A is (*, m, n) with their vectors below the diagonal, tau (*, k), k <= n <= m. As of ``geqrf``."""
    name = "torch.linalg.householder_product"
    admit_tensor("linalg_householder_product", "input", A)
    admit_tensor("linalg_householder_product", "tau", tau, 2)
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    rows, columns = A._array.shape[-2:]
    if rows < columns:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if tau._array.ndim == 0 or columns < tau._array.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    _check_scales(name, A, tau)
    check_served("orgqr_cpu", A)
    count = tau._array.shape[-1]
    vectors = _vectors(A, count)
    corner = eye(rows, columns, dtype=A.dtype, device=A.device)
    return corner - vectors @ (_middle(vectors, tau) @ vectors.narrow(-2, 0, columns).mH)


def _check_scales(name: str, matrix, tau) -> None:
    """RuntimeError unless ``tau`` has the batch and the dtype of the reflectors."""
    if tau._array.ndim != matrix._array.ndim - 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau._array.ndim} and input.ndim is equal to "
            f"{matrix._array.ndim}"
        )
    if tau.shape[:-1] != matrix.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}"
        )
    if tau.dtype is not matrix.dtype:
        raise RuntimeError(
            f"{name}: tau dtype {tau.dtype.legacy_name} does not match input dtype {matrix.dtype.legacy_name}"
        )


@composite("orgqr", method=True, out=True)
def orgqr(input, tau):
    """Alias of ``linalg.householder_product``."""
    return householder_product(input, tau)


@composite(method=True, out="exact")
def ormqr(input, tau, other, left=True, transpose=False):
    """``Q @ other``, or ``other @ Q`` where not ``left``, with ``transpose`` by Q^H, for the m x m matrix Q that reflectors make. As of ``geqrf``."""
    name = "torch.ormqr"
    for place, (argument, value) in enumerate((("input", input), ("tau", tau), ("other", other)), 1):
        admit_tensor("ormqr", argument, value, place)
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if other._array.ndim < 2:
        raise RuntimeError(f"{name}: other must have at least 2 dimensions.")
    place = -2 if left else -1
    size, count = other._array.shape[place], input._array.shape[-1]
    if tau._array.ndim == 0 or tau._array.shape[-1] != min(size, count):
        raise RuntimeError(f"{name}: tau.shape[-1] must be equal to min(other.shape[{place}], input.shape[-1])")
    if size != input._array.shape[-2]:
        raise RuntimeError(f"{name}: other.shape[{place}] must be equal to input.shape[-2]")
    _check_scales(name, input, tau)
    if other._array.ndim != input._array.ndim:
        raise RuntimeError(
            f"{name}: Expected other to have the same number of dimensions as input, but got other.ndim equal to {other._array.ndim} and "
            f"input.ndim is equal to {input._array.ndim}"
        )
    if other.shape[:-2] != input.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of other to be equal to input.shape[:-2], but got {list(other.shape[:-2])}"
        )
    if other.dtype is not input.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but input has dtype {input.dtype.legacy_name} and other has dtype "
            f"{other.dtype.legacy_name}"
        )
    check_served("ormqr_cpu", input)
    vectors = _vectors(input, tau._array.shape[-1])
    middle = _middle(vectors, tau)
    if transpose:
        middle = middle.mH
    if left:
        return other - vectors @ (middle @ (vectors.mH @ other))
    return other - ((other @ vectors) @ middle) @ vectors.mH
