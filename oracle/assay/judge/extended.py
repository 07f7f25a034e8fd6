"""Reductions and products once more, by NumPy in extended precision (``np.longdouble``: 64 bits of mantissa on x86, 113 on AArch64).

``EXTENDED`` is a table: op name -> the definition with the op's own parameter names, on arrays of ``longdouble`` (``clongdouble``). It shares no code with
any target: sums are NumPy's pairwise sums, matrix products its plain loops (there is no BLAS for this type).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..cases import Case, DType, ListOf, TensorSpec, values
from ..cases.case import leaves
from ..cases.fill import numpy_dtype
from ..cases.materialise import lay_out
from .compare import eps, inexact, wide
from .windows import WINDOWS


def _axes(dim: Any) -> Any:
    return dim if dim is None or isinstance(dim, int) or dim else None


def _reduction(function: Callable) -> Callable:
    def reduced(input, dim=None, keepdim=False, dtype=None):
        return function(input, axis=_axes(dim) if input.ndim else None, keepdims=keepdim)

    return reduced


def _softmax(input, dim, dtype=None):
    if not input.ndim:
        return np.ones_like(input)
    raised = np.exp(input - input.max(axis=dim, keepdims=True))
    return raised / raised.sum(axis=dim, keepdims=True)


def _logsumexp(input, dim, keepdim=False):
    dim = _axes(dim) if input.ndim else None
    top = input.real.max(axis=dim, keepdims=True)
    found = np.log(np.exp(input - top).sum(axis=dim, keepdims=True)) + top
    return found if keepdim else found.squeeze(dim)


def _log_softmax(input, dim, dtype=None):
    return input - _logsumexp(input, dim, True) if input.ndim else np.zeros_like(input)


def _variance(input, dim=None, *, correction=1, keepdim=False):
    if isinstance(dim, bool):
        raise TypeError("the old signature: the second argument is `unbiased`")
    axes = _axes(dim) if input.ndim else None
    mean = input.mean(axis=axes, keepdims=True)
    square = (np.abs(input - mean) ** 2).sum(axis=axes, keepdims=keepdim)
    count = input.size / max(mean.size, 1)
    return square / max(count - correction, 0)


def _deviation(input, dim=None, *, correction=1, keepdim=False):
    return np.sqrt(_variance(input, dim, correction=correction, keepdim=keepdim))


def _addmm(input, mat1, mat2, *, beta=1, alpha=1):
    return (beta * input if beta else 0) + alpha * (mat1 @ mat2)


def _linear(input, weight, bias=None):
    found = input @ np.swapaxes(weight, -1, -2) if weight.ndim > 1 else input @ weight
    return found if bias is None else found + bias


def _layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(-len(normalized_shape), 0))
    mean = input.mean(axis=axes, keepdims=True)
    scaled = (input - mean) / np.sqrt(((input - mean) ** 2).mean(axis=axes, keepdims=True) + np.longdouble(eps))
    return scaled * (1 if weight is None else weight) + (0 if bias is None else bias)


def _trapezoid(y, x=None, *, dx=1, dim=-1):
    steps = dx if x is None else np.diff(x, axis=dim if x.ndim > 1 else -1)
    if x is not None and x.ndim == 1:
        steps = steps.reshape([-1 if place == dim % y.ndim else 1 for place in range(y.ndim)])
    places = np.arange(y.shape[dim])
    ahead, behind = np.take(y, places[1:], axis=dim), np.take(y, places[:-1], axis=dim)
    return (steps * (ahead + behind) / 2).sum(axis=dim)


def _mean_square(input, target, reduction="mean"):
    apart = (input - target) ** 2
    return apart if reduction == "none" else (apart.sum() if reduction == "sum" else apart.mean())


EXTENDED: dict[str, Callable] = {
    "sum": _reduction(np.sum),
    "mean": _reduction(np.mean),
    "nansum": _reduction(np.nansum),
    "nanmean": _reduction(np.nanmean),
    "prod": _reduction(np.prod),
    "cumsum": lambda input, dim, dtype=None: np.cumsum(input, axis=dim) if input.ndim else input,
    "cumprod": lambda input, dim, dtype=None: np.cumprod(input, axis=dim) if input.ndim else input,
    "trace": np.trace,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "nn.functional.softmax": _softmax,
    "nn.functional.log_softmax": _log_softmax,
    "nn.functional.softmin": lambda input, dim, dtype=None: _softmax(-input, dim),
    "logsumexp": _logsumexp,
    "var": _variance,
    "std": _deviation,
    "dot": lambda input, tensor: (input * tensor).sum(),
    "vdot": lambda input, tensor: (input.conj() * tensor).sum(),
    "inner": np.inner,
    "outer": lambda input, vec2: np.multiply.outer(input, vec2),
    "mm": lambda input, mat2: input @ mat2,
    "mv": lambda input, vec: input @ vec,
    "bmm": lambda input, mat2: input @ mat2,
    "matmul": lambda input, other: input @ other,
    "__rmatmul__": lambda input, other: other @ input,
    "addmm": _addmm,
    "addmv": _addmm,
    "baddbmm": _addmm,
    "kron": np.kron,
    "nn.functional.linear": _linear,
    "nn.functional.layer_norm": _layer_norm,
    "nn.functional.mse_loss": _mean_square,
    "trapezoid": _trapezoid,
    "trapz": _trapezoid,
    "masked.sum": _reduction(np.sum),
    "masked.mean": _reduction(np.mean),
    "masked.prod": _reduction(np.prod),
    "masked.logsumexp": lambda input, dim, keepdim=False, dtype=None: _logsumexp(input, dim, keepdim),
    "masked.softmax": _softmax,
    "masked.log_softmax": _log_softmax,
    "masked.softmin": lambda input, dim, dtype=None: _softmax(-input, dim),
    **WINDOWS,
}
"""Op name -> its value, leaf 0 only. Those of ``masked`` know calls without a mask."""


def extended_answer(case: Case) -> np.ndarray | None:
    """The answer in extended precision; None where the table has no entry, or the entry does not know these arguments.

    Nor does it know arguments that a narrower ``dtype`` rounds first. What becomes of arguments that are not finite is told only where it is finite.
    """
    definition = EXTENDED.get(case.op)
    if definition is None or any(_narrows(leaf, case) for leaf in leaves((case.args, case.kwargs))):
        return None
    try:
        with np.errstate(all="ignore"):
            keywords = {{"self": "input"}.get(key, key): _read(value) for key, value in case.kwargs}
            return np.asarray(definition(*[_read(value) for value in case.args], **keywords))
    except (TypeError, ValueError, IndexError, AttributeError):
        return None


def finite(case: Case) -> bool:
    """Whether all numbers of a case are."""
    return all(not inexact(array) or bool(np.isfinite(wide(array)).all()) for array in map(values, case.tensors()))


def _narrows(leaf: Any, case: Case) -> bool:
    """Whether a dtype argument cannot hold the numbers of the tensors exactly."""
    if not isinstance(leaf, DType):
        return False
    wanted, given = numpy_dtype(leaf.name), [numpy_dtype(spec.dtype) for spec in case.tensors()]
    if not inexact(np.empty(0, wanted)) or any(each.kind in "iu" and each.itemsize > 2 for each in given):
        return True
    return any(each.kind == "c" != wanted.kind or _digits(each) > _digits(wanted) for each in given)


def _digits(dtype: np.dtype) -> float:
    """The binary digits of a dtype's numbers; a bfloat16 has the fewest, and float16 is counted with it, for neither holds the other."""
    return -np.log2(eps(dtype)) if inexact(np.empty(0, dtype)) else 0.0


def _read(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        array = lay_out(values(value), value.layout)
        if inexact(array):
            return array.astype(np.clongdouble if array.dtype.kind == "c" else np.longdouble)
        return array.astype(np.longdouble) if array.dtype.kind in "iub" else array
    if isinstance(value, ListOf):
        return [_read(item) for item in value.items]
    return None if isinstance(value, DType) else value
