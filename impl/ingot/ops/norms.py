"""p-norms over dims, with subgradients where a norm has no derivative."""

from __future__ import annotations

import math

from ..core import dtype as dtypes
from ..core.dtype import FLOAT
from ..core.errors import normalize_dim
from ..core.promotion import promote_types
from ..core.tensor import Tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .reductions import add_up, contiguous, dims_of, restore_dims


@primitive("_vector_norm(input, p: float, dims: tuple, keepdim: bool)", node="LinalgVectorNormBackward0")
def _vector_norm(xp, input, p, dims, keepdim):
    return contiguous(xp, norm_of(xp, input, p, dims, keepdim))


def norm_of(xp, array, p, dims, keepdim):
    """The p-norm of an array: real, ``(sum |x| ** p) ** (1 / p)``; the number of non-zeros for 0, extremes of ``|x|`` for +-inf."""
    real = array.real.dtype
    if p == 2:
        if array.dtype.kind == "c":
            return xp.sqrt(add_up(xp, array.real * array.real + array.imag * array.imag, dims, keepdim))
        if len(dims) == array.ndim > 0 and not keepdim and array.flags.c_contiguous:
            flat = array.reshape(-1)
            return xp.sqrt(xp.matmul(flat, flat))
        return xp.sqrt(add_up(xp, array * array, dims, keepdim))
    if p == 0:
        return add_up(xp, (array != 0).astype(real), dims, keepdim)
    magnitude = xp.abs(array)
    if p == 1:
        return add_up(xp, magnitude, dims, keepdim)
    if math.isinf(p):
        return (xp.maximum if p > 0 else xp.minimum).reduce(magnitude, axis=dims, keepdims=keepdim)
    return add_up(xp, magnitude ** real.type(p), dims, keepdim) ** real.type(1 / p)


def norm_gradient(grad, input, result, p, dims):
    """The gradient of a p-norm; ``grad`` and ``result`` keep the reduced dims. 0 where the input is 0, spread evenly among equal extremes."""
    if p == 0:
        return input.new_zeros(input.shape)
    if p == 1:
        return grad * input.sgn()
    # A division by 0 that is masked afterwards would still be NaN in the next derivative: what is masked divides by 1.
    vanished = result == 0
    divisor = result.masked_fill(vanished, 1)
    if p == 2:
        return grad * (input / divisor).masked_fill(vanished, 0)
    magnitude = input.abs()
    if math.isinf(p):
        equal = (magnitude == result) | (magnitude.isnan() & result.isnan())
        return (grad / equal.sum(dims, keepdim=True)) * input.sgn().masked_fill(~equal, 0)
    if p < 1:
        scaled = (input.sgn() * magnitude ** (p - 1)).masked_fill(input == 0, 0)
        return scaled * (grad * result ** (1 - p))
    scaled = input.sgn() * magnitude ** (p - 1) if p < 2 else input * magnitude ** (p - 2)
    return scaled * (grad / divisor ** (p - 1)).masked_fill(vanished, 0)


@_vector_norm.backward("input")
def _(grad, input, result, p, dims, keepdim):
    grad, result = (restore_dims(one, input.shape, dims, keepdim) for one in (grad, result))
    return norm_gradient(grad, input, result, p, dims)


def vector_norm(name: str, input, p, dim, keepdim, dtype=None):
    """The p-norm over ``dim`` with PyTorch's checks, for the public functions that are norms."""
    dims = dims_of(name, input, dim)
    if dtype is not None:
        wanted = dtypes.parse(dtype)
        if wanted.category < FLOAT or input.is_complex() != wanted.is_complex:
            raise RuntimeError(
                f"linalg.vector_norm: dtype should be real for real inputs and complex for complex ones, but got {wanted.legacy_name}"
            )
        if promote_types(input.dtype.to_real(), wanted.to_real()) is not wanted.to_real():
            raise RuntimeError(
                f"linalg.vector_norm: the dtype of the input ({input.dtype.legacy_name}) should be convertible without narrowing to the specified "
                f"dtype ({wanted.legacy_name})"
            )
        input = input.to(wanted)
    if input.dtype.category < FLOAT:
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {input.dtype.legacy_name}"
        )
    p = float(p)
    if (p < 0 or math.isinf(p)) and input._array.size == 0:
        if dim is None:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p} norm on an empty tensor because the operation does not have an identity"
            )
        for place in dims:
            if input._array.shape[place] == 0:
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {p} norm on the dimension {place} because this dimension is empty and the operation "
                    "does not have an identity"
                )
    return _vector_norm(input, p, dims, bool(keepdim))


@composite(method=True, out="exact")
def norm(input, p="fro", dim=None, keepdim=False, *, dtype=None):
    """The p-norm of all elements, or over ``dim`` (an int or several): any number, infinities included, or "fro", which is 2.

    "nuc" is the sum of singular values over two dims. ``dtype`` is what is computed in. ``norm(tensor([3., 4.]))`` is 5.
    RuntimeError for integers.
    """
    if type(input) is not Tensor:
        admit(REGISTRY["norm"], "input", input)
    if isinstance(p, str):
        if p == "nuc":
            if "linalg.matrix_norm" not in REGISTRY:
                raise NotImplementedError("norm(p='nuc') needs singular values, which Ingot does not differentiate yet")
            return REGISTRY["linalg.matrix_norm"].function(
                input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype
            )
        if p != "fro":
            raise RuntimeError(f"Unknown norm: {p}")
        p = 2
    return vector_norm("norm", input, 2 if p is None else p, dim, keepdim, dtype)


@composite()
def norm_except_dim(v, pow=2, dim=0):
    """The norms of the slices along ``dim``, which stays (the others have length 1); of everything for -1. What weight normalisation divides by."""
    if dim == -1:
        return norm(v, pow)
    rank = v._array.ndim
    place = normalize_dim(dim, rank)
    return vector_norm("norm_except_dim", v, pow, [at for at in range(rank) if at != place], True)


@composite(method=True, inplace=True, out="exact")
def renorm(input, p, dim, maxnorm):
    """Each slice along ``dim`` scaled down to p-norm ``maxnorm`` where its norm is greater."""
    if type(input) is not Tensor:
        admit(REGISTRY["renorm"], "input", input)
    rank = input._array.ndim
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if rank < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {rank} dimensions")
    place = normalize_dim(dim, rank)
    lengths = vector_norm("renorm", input, p, tuple(at for at in range(rank) if at != place), True)
    # PyTorch's margin against a division that rounds up.
    return input * (maxnorm / (lengths + 1e-7)).where(lengths > maxnorm, 1)
