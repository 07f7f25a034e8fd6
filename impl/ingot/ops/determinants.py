"""Determinants and their logarithms, with derivatives that hold at singular matrices too.

NOTE [Determinants of singular matrices]
The derivative of det A is the matrix of cofactors. Where A is regular that is det(A) A^-T, but it is as smooth at singular matrices, where this formula
divides by zero. With A = U S V^H the cofactors are det(U) det(V^H) conj(U) G V^T, where G is diagonal and G_ii the product of the other singular values
(Stewart, "On the adjugate matrix", 1998): no division, any rank. The second derivative is as explicit: for a diagonal S and a direction M,
cofactors change by diag(P diag(M)) - P * M^T, where P_ij is the product of the singular values other than i and j. The third derivative uses inverses, so it
exists for regular matrices only. All of this is holomorphic: the gradient of complex matrices is its conjugate.
"""

from __future__ import annotations

from .complex_numbers import conjugate
from .declare import composite, primitive
from .matrix_arguments import check_floating, check_square
from .return_types import return_type
from .solvers import inverse_of


def _svd_and_sign(xp, a):
    """(U, S, V^H, det(U) det(V^H))."""
    left, singular, right = xp.linalg.svd(a)
    return left, singular, right, (xp.linalg.det(left) * xp.linalg.det(right))[..., None, None]


def _products_without(xp, values, pairs: bool):
    """Products of all ``values`` but one (..., n), or with ``pairs`` but two (..., n, n) with zeros on the diagonal; no division."""
    count = values.shape[-1]
    one = xp.ones((*values.shape[:-1], 1), values.dtype)
    before = xp.concatenate([one, xp.cumprod(values[..., :-1], -1)], -1)
    after = xp.concatenate([one, xp.cumprod(values[..., :0:-1], -1)], -1)[..., ::-1]
    if not pairs:
        return before * after
    upper = xp.triu(xp.ones((count, count), bool), 1)
    # Row i: the products of what stands between i and j, for j = i + 1, i + 2, ...
    between = xp.cumprod(xp.where(upper, values[..., None, :], values.dtype.type(1)), -1)
    between = xp.concatenate([xp.ones_like(between[..., :1]), between[..., :-1]], -1)
    half = xp.where(upper, before[..., :, None] * between * after[..., None, :], values.dtype.type(0))
    return half + half.swapaxes(-1, -2)


@primitive("_det(input)", node="LinalgDetBackward0")
def _det(xp, input):
    return xp.linalg.det(input)


@_det.backward("input")
def _(grad, input):
    return _restored(grad) * conjugate(_cofactors(input))


def _restored(scalars):
    return scalars.unsqueeze(-1).unsqueeze(-1)


@primitive("_cofactors(input)", node="LinalgDetBackward1")
def _cofactors(xp, input):
    """d det(A) / dA. NOTE [Determinants of singular matrices]"""
    if 0 in input.shape:
        return input.copy()
    left, singular, right, sign = _svd_and_sign(xp, input)
    others = _products_without(xp, singular, False)
    return sign * ((xp.conj(left) * others[..., None, :]) @ xp.conj(right))


@_cofactors.backward("input")
def _(grad, input):
    return conjugate(_second_derivative(input, conjugate(grad)))


@primitive("_second_derivative(input, direction)", node="LinalgDetBackward2", linear=("direction",))
def _second_derivative(xp, input, direction):
    """The derivative of the cofactors of A along a direction: a symmetric bilinear form, so its own transpose."""
    if 0 in input.shape:
        return input.copy()
    left, singular, right, sign = _svd_and_sign(xp, input)
    moved = xp.conj(left).swapaxes(-1, -2) @ direction @ xp.conj(right).swapaxes(-1, -2)
    others = _products_without(xp, singular, True)
    change = -others * moved.swapaxes(-1, -2)
    diagonal = (others @ xp.diagonal(moved, axis1=-2, axis2=-1)[..., None])[..., 0]
    change = change + diagonal[..., None] * xp.eye(input.shape[-1], dtype=input.dtype)
    return sign * (xp.conj(left) @ change @ xp.conj(right))


@_second_derivative.backward("input")
def _(grad, input, direction):
    return conjugate(_third_derivative(input, direction, conjugate(grad)))


@_second_derivative.backward("direction")
def _(grad, input):
    return conjugate(_second_derivative(input, conjugate(grad)))


def _third_derivative(a, m, n):
    """The derivative along N of ``_second_derivative(A, M)`` = det(A) (tr(B M) B - B M B)^T, where B is the inverse of A."""
    b = inverse_of(a)
    bm, bn = b @ m, b @ n
    trace_m, trace_n = (_restored(one.diagonal(0, -2, -1).sum(-1)) for one in (bm, bn))
    second = trace_m * b - bm @ b
    along = -_restored((bn @ bm).diagonal(0, -2, -1).sum(-1)) * b - trace_m * (bn @ b) + bn @ bm @ b + bm @ bn @ b
    return (_restored(_det(a)) * (trace_n * second + along)).mT


@composite(namespace="linalg", method=True, out="exact")
def det(A):
    """The determinant of square matrices (*, n, n) -> (*), float or complex; 1 for empty ones.

    The gradient is the matrix of cofactors, right at singular matrices too, where PyTorch's is perturbed. ``det(eye(2) * 3)`` is 9. RuntimeError
    for a matrix that is not square.
    """
    check_square("linalg.det", A)
    check_floating("linalg.det", A, kernel="lu_cpu")
    return _det(A)


@primitive(
    "_slogdet(input)",
    outputs=("sign", "logabsdet"),
    differentiable=("sign", "logabsdet"),
    node="LinalgSlogdetBackward0",
)
def _slogdet(xp, input):
    sign, logarithm = xp.linalg.slogdet(input)
    return sign, logarithm.astype(input.real.dtype)


@_slogdet.backward("input")
def _(grad_sign, grad_logabsdet, input, sign):
    # d log|det A| = Re tr(A^-1 dA), d sign = i sign Im tr(A^-1 dA).
    turned = grad_logabsdet
    if sign.is_complex():
        turned = grad_logabsdet - (conjugate(grad_sign) * sign).imag * 1j
    return _restored(turned) * inverse_of(input).mH


def _logarithm(name: str, A):
    check_square(name, A)
    check_floating(name, A)
    return _slogdet(A)


@composite(namespace="linalg", out="exact")
def slogdet(A):
    """(sign, log|det A|) of square matrices: what the determinant would overflow to, or vanish to. (0, -inf) for a singular matrix.

    For complex matrices the sign is a number of modulus 1. ``det(A)`` is ``sign * exp(logabsdet)``.
    """
    return return_type("linalg_slogdet", "sign", "logabsdet")(*_logarithm("linalg.slogdet", A))


@composite("slogdet", method=True, out="exact")
def _slogdet_of_torch(input):
    """Alias of ``linalg.slogdet``."""
    return return_type("slogdet", "sign", "logabsdet")(*_logarithm("linalg.slogdet", input))


@composite(method=True)
def logdet(input):
    """The logarithm of the determinant of square matrices; NaN where a real determinant is negative, -inf where it is 0."""
    sign, logarithm = _logarithm("logdet", input)
    if sign.is_complex():
        return sign.log() + logarithm
    return logarithm.masked_fill(sign < 0, float("nan"))


ALSO = {"torch": ["linalg.det"]}
