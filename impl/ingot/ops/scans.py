"""Running sums, products and extrema along a dim.

NOTE [Linear recurrences]
The derivatives of running products and of running logsumexps are recurrences s[i] = term[i] + factor[i] * s[i-1]. ``_recurrence`` solves one in log2(n)
rounds of array arithmetic (Hillis and Steele's scan over affine maps) and its own derivatives are recurrences again, so every order is exact, also
where a factor is 0, and nothing is divided.
"""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import FLOAT
from ..core.errors import normalize_dim
from ..core.tensor import Tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .reductions import contiguous, divides_safely
from .return_types import return_type
from .sorting import back_to_places


def _place(name: str, input, dim) -> int:
    if type(input) is not Tensor:
        admit(REGISTRY[name], "input", input)
    return normalize_dim(dim, input._array.ndim)


def _accumulated(xp, ufunc, array, dim):
    """A running sum or product. float32 is accumulated in float64, as PyTorch does on the CPU: each element is rounded once."""
    wide = {np.dtype(np.float32): np.float64, np.dtype(np.complex64): np.complex128}.get(array.dtype, array.dtype)
    return contiguous(xp, ufunc.accumulate(array, axis=dim, dtype=wide).astype(array.dtype, copy=False))


def _as_accumulated(input, dtype):
    """``input`` in the dtype of its running sums: ``dtype`` if given, else int64 for integers and bools."""
    found = input.dtype
    wanted = dtypes.parse(dtype) if dtype is not None else dtypes.int64 if found.category < FLOAT else found
    return input if wanted is found else input.to(wanted)


# -- sums -------------------------------------------------------------------------------------------------------------------------------------


@primitive("_cumsum(input, dim: int)", linear=("input",), node="CumsumBackward0")
def _cumsum(xp, input, dim):
    return _accumulated(xp, xp.add, input, dim) if input.ndim else input.copy()


@_cumsum.backward("input")
def _(grad, dim):
    return _cumsum(grad.flip(dim), dim).flip(dim) if grad.ndim else grad


@composite(method=True, inplace=True, out=True)
def cumsum(input, dim, *, dtype=None):
    """Running sums along a dim; integers and bools in int64 unless ``dtype`` says otherwise. ``[1, 2, 3]`` gives ``[1, 3, 6]``."""
    place = _place("cumsum", input, dim)
    return _cumsum(_as_accumulated(input, dtype), place)


# -- linear recurrences -----------------------------------------------------------------------------------------------------------------------


@primitive("_recurrence(factors, terms, dim: int)", node="RecurrenceBackward0")
def _recurrence(xp, factors, terms, dim):
    """``s[i] = terms[i] + factors[i] * s[i-1]`` along a dim, ``s[-1]`` being 0. NOTE [Linear recurrences]"""
    factors, total = factors.copy(), terms.copy()
    head = (slice(None),) * dim
    step = 1
    while step < terms.shape[dim]:
        late, early = (*head, slice(step, None)), (*head, slice(None, -step))
        total[late] += factors[late] * total[early]
        factors[late] = factors[late] * factors[early]
        factors[(*head, slice(None, step))] = 0
        step *= 2
    return total


@_recurrence.backward("factors", "terms")
def _(grad, factors, result, dim, needs):
    back = _recurrence(_shifted(factors, dim, -1).flip(dim).conj(), grad.flip(dim), dim).flip(dim)
    return back * _shifted(result, dim, 1).conj() if needs[0] else None, back


def _shifted(tensor, dim: int, by: int, fill=0):
    """A tensor moved one place up (``by=1``) or down (-1) a dim, ``fill`` coming in."""
    length = tensor.shape[dim]
    if not length:
        return tensor
    edge = (
        tensor.narrow(dim, 0, 1).detach().new_full([1 if at == dim else n for at, n in enumerate(tensor.shape)], fill)
    )
    kept = tensor.narrow(dim, 0 if by > 0 else 1, length - 1)
    return REGISTRY["cat"].function((edge, kept) if by > 0 else (kept, edge), dim)


# -- products ---------------------------------------------------------------------------------------------------------------------------------


@primitive("_cumprod(input, dim: int)", node="CumprodBackward0")
def _cumprod(xp, input, dim):
    return _accumulated(xp, xp.multiply, input, dim) if input.ndim else input.copy()


@_cumprod.backward("input")
def _(grad, input, result, dim):
    if not input.ndim:
        return grad
    if divides_safely(result):
        return _cumsum((grad * result.conj()).flip(dim), dim).flip(dim) / input.conj()
    # d/dx[i] = (product before i) * (sum over j >= i of grad[j] * product of x[i+1..j]); the sum is a recurrence from the end.
    before = _shifted(_cumprod(input, dim), dim, 1, fill=1)
    later = _recurrence(_shifted(input, dim, -1).flip(dim).conj(), grad.flip(dim), dim).flip(dim)
    return before.conj() * later


@composite(method=True, inplace=True, out=True)
def cumprod(input, dim, *, dtype=None):
    """Running products along a dim; integers and bools in int64 unless ``dtype`` says otherwise. ``[1, 2, 3]`` gives ``[1, 2, 6]``.

    The derivative is exact where elements are 0.
    """
    place = _place("cumprod", input, dim)
    return _cumprod(_as_accumulated(input, dtype), place)


# -- logarithms of running sums ---------------------------------------------------------------------------------------------------------------


@primitive("_logcumsumexp(input, dim: int)", node="LogcumsumexpBackward0")
def _logcumsumexp(xp, input, dim):
    if not input.ndim or not input.size:
        return input.copy()
    if input.dtype.kind != "c":
        return contiguous(xp, xp.logaddexp.accumulate(input, axis=dim))
    # Complex numbers have no logaddexp: sums of exponentials, doubling in reach each round, each with its own shift.
    total, head, step = input.copy(), (slice(None),) * dim, 1
    while step < input.shape[dim]:
        late, early = total[(*head, slice(step, None))], total[(*head, slice(None, -step))]
        shift = xp.maximum(late.real, early.real)
        shift = xp.where(xp.isinf(shift), 0, shift).astype(shift.dtype)
        total[(*head, slice(step, None))] = xp.log(xp.exp(late - shift) + xp.exp(early - shift)) + shift
        step *= 2
    return contiguous(xp, total)


@_logcumsumexp.backward("input")
def _(grad, input, result, dim):
    if not input.ndim:
        return grad
    # d/dx[i] = exp(x[i] - r[i]) * (sum over j >= i of grad[j] * exp(r[i] - r[j])): a recurrence whose factors are at most 1.
    following = _shifted(result, dim, -1)
    factors = (result - following).exp().where(result != float("-inf"), 0)
    length = input.shape[dim]
    last = REGISTRY["arange"].function(length, device=input.device) == length - 1
    factors = factors.masked_fill(last.reshape([-1 if at == dim else 1 for at in range(input.ndim)]), 0)
    later = _recurrence(factors.flip(dim).conj(), grad.flip(dim), dim).flip(dim)
    return (input - result).exp().conj() * later


@composite(method=True, out=True)
def logcumsumexp(input, dim):
    """``log(cumsum(exp(input)))`` along a dim without overflow. NotImplementedError for integers.

    Of complex numbers it is the principal logarithm; PyTorch's may differ from it by multiples of 2 pi i.
    """
    place = _place("logcumsumexp", input, dim)
    if input.dtype.category < FLOAT:
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{input.dtype.legacy_name}'")
    return _logcumsumexp(input, place)


# -- extrema ----------------------------------------------------------------------------------------------------------------------------------


def _running(name: str, ufunc: str):
    @primitive(f"_{name}(input, dim: int)", outputs=("values", "indices"), node=f"{name.capitalize()}Backward0")
    def scan(xp, input, dim):
        if not input.ndim:
            return input.copy(), xp.zeros((), np.int64)
        values = getattr(xp, ufunc).accumulate(input, axis=dim)
        # The place moves to each element that equals the extreme so far, and to each NaN.
        taken = (input == values) | (input != input)
        shape = [-1 if at == dim else 1 for at in range(input.ndim)]
        places = xp.where(taken, xp.arange(input.shape[dim], dtype=np.int64).reshape(shape), 0)
        return contiguous(xp, values), contiguous(xp, xp.maximum.accumulate(places, axis=dim))

    @scan.backward("input")
    def _(grad, indices, input_shape, dim):
        return back_to_places(grad, indices, input_shape, dim) if input_shape else grad

    @scan.jvp("input")
    def _(tangent, indices, dim):
        return (tangent.gather(dim, indices) if tangent.ndim else tangent), None

    def function(input, dim):
        place = _place(name, input, dim)
        if input.is_complex():
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{input.dtype.legacy_name}'")
        return return_type(name, "values", "indices")(*scan(input, place))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"(values, indices) of the {'largest' if ufunc == 'maximum' else 'smallest'} element so far along a dim; of equal ones the last."
    return composite(name, method=True, out="exact")(function)


cummax, cummin = _running("cummax", "maximum"), _running("cummin", "minimum")
