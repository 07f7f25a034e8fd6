"""Choosing between values: ``where``, extrema of pairs, clamping, interpolation, replacing NaN."""

from __future__ import annotations

import warnings

import numpy as np

from ..core import dtype as dtypes
from ..core.promotion import to_scalar
from ..core.tensor import Tensor, wrap
from .complex_numbers import conjugate
from .declare import COMPLEXES, EVERY, FLOATS, HALVES, INTEGERS, UNSIGNED, composite, pointwise, primitive
from .dispatch import computation_dtype, explain, number_of

_ORDERED = FLOATS + INTEGERS + ("bool",)
_UNORDERED = COMPLEXES + UNSIGNED

# -- where --------------------------------------------------------------------------------------------------------------------------------


@primitive("_where(condition, input, other)", half="native", node="WhereBackward0")
def _where(xp, condition, input, other):
    return xp.where(condition, input, other)


def _zero(tensor: Tensor) -> Tensor:
    return tensor.new_zeros(())


@_where.backward("input")
def _(grad, condition, input_shape):
    return _where(condition, grad, _zero(grad)).sum_to_size(input_shape)


@_where.backward("other")
def _(grad, condition, other_shape):
    return _where(condition, _zero(grad), grad).sum_to_size(other_shape)


@_where.jvp("input")
def _(tangent, condition, result):
    return _where(condition, tangent, _zero(tangent)).expand(result.shape)


@_where.jvp("other")
def _(tangent, condition, result):
    return _where(condition, _zero(tangent), tangent).expand(result.shape)


@composite(out="exact")
def where(condition: Tensor, input=None, other=None):
    """``input`` where ``condition`` is true, else ``other``; all three broadcast, and ``input`` and ``other`` promote.

    With a condition alone, the indices where it is true, a tuple of one int64 vector per dim. RuntimeError for a condition that is not bool.

    >>> where(tensor([True, False]), tensor([1., 2.]), 0.)
    tensor([1., 0.])
    """
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition._array.dtype.kind != "b":
        condition = _as_condition(condition)
    if type(input) is not Tensor or type(other) is not Tensor or input._array.dtype != other._array.dtype:
        input, other = _promoted(condition, input, other)
    try:
        return _where(condition, input, other)
    except ValueError as error:
        raise explain(_where.op, error, (condition, input, other)) from None


def _as_condition(condition: Tensor) -> Tensor:
    if condition.dtype is not dtypes.uint8:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.legacy_name}"
        )
    warnings.warn(
        "where received a uint8 condition tensor. This behavior is deprecated. Use a bool condition instead.",
        UserWarning,
        stacklevel=4,
    )
    return condition.to(dtypes.bool_)


def _promoted(condition: Tensor, *values) -> list[Tensor]:
    """The two choices as tensors of one dtype on the condition's device."""
    found = []
    for name, value in zip(("input", "other"), values, strict=True):
        number = value if isinstance(value, Tensor) else number_of(value)
        if number is None:
            raise TypeError(f"where(): argument '{name}' must be Tensor or a number, not {type(value).__name__}")
        found.append(number)
    dtype = computation_dtype(_where.op, tuple(found))
    place = next(
        (one.device for one in (*found, condition) if isinstance(one, Tensor) and one._array.ndim), condition.device
    )
    made = []
    for value in found:
        if isinstance(value, Tensor):
            made.append(value.to(dtype) if value._array.ndim else value.to(place, dtype))
        else:
            with np.errstate(all="ignore"):
                made.append(wrap(np.asarray(value).astype(dtype.numpy)).to(place))
    return made


def _where_method(self, condition, other) -> Tensor:
    """The tensor where ``condition`` is true, else ``other``; see ``where``."""
    return where(condition, self, other)


_where_method.__name__ = _where_method.__qualname__ = "where"
Tensor.where = _where_method  # type: ignore[attr-defined]

# -- extrema of pairs ---------------------------------------------------------------------------------------------------------------------


def _share_larger(grad, own, other):
    """All of the gradient to the larger, half to each of two equals; both get all of it where one is NaN, as in PyTorch."""
    return grad.where(own != other, grad / 2).where(~(own < other), 0)


def _share_smaller(grad, own, other):
    return grad.where(own != other, grad / 2).where(~(own > other), 0)


def _extremum(name: str, ufunc, input_rule, other_rule, doc: str):
    def check(dtype, *operands) -> None:
        if dtype.is_complex:
            raise RuntimeError(f"{name} not implemented for complex tensors.")

    return pointwise(
        f"{name}(input: Tensor, other: Tensor)", ufunc, fast=_ORDERED + HALVES, half="native", refuses=_UNORDERED, check=check, inplace=False,
        input=input_rule, other=other_rule, doc=doc,
    )  # fmt: skip


maximum = _extremum(
    "maximum", np.maximum, lambda grad, input, other: _share_larger(grad, input, other), lambda grad, input, other: _share_larger(grad, other, input),
    "The larger of two; NaN where one is NaN.",
)  # fmt: skip
minimum = _extremum(
    "minimum", np.minimum, lambda grad, input, other: _share_smaller(grad, input, other), lambda grad, input, other: _share_smaller(grad, other, input),
    "The smaller of two; NaN where one is NaN.",
)  # fmt: skip
fmax = _extremum(
    "fmax", np.fmax,
    lambda grad, input, other: grad.where((input >= other) | other.isnan(), 0),
    lambda grad, input, other: grad.where(~((input >= other) | other.isnan()), 0),
    "The larger of two; the other one where one is NaN.",
)  # fmt: skip
fmin = _extremum(
    "fmin", np.fmin,
    lambda grad, input, other: grad.where((input <= other) | other.isnan(), 0),
    lambda grad, input, other: grad.where(~((input <= other) | other.isnan()), 0),
    "The smaller of two; the other one where one is NaN.",
)  # fmt: skip

# -- clamping -----------------------------------------------------------------------------------------------------------------------------


def _clamp(xp, x, low, high):
    if low is not None:
        x = xp.maximum(x, low)
    return x if high is None else xp.minimum(x, high)


def _inside(input, min, max):
    """Where the input passes through a clamp."""
    if min is None:
        return input <= max
    return input >= min if max is None else (input >= min) & (input <= max)


def _clamp_min_rule(grad, input, min, max):
    """A lower bound shows where the input is below it and the upper bound is not below it too."""
    shows = input < min
    return grad.where(shows if max is None else shows & (min < max), 0)


def _clamp_max_rule(grad, input, min, max):
    shows = input > max
    return grad.where(shows if min is None else shows | (max < min), 0)


def _check_clamp(dtype, input, min, max) -> None:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None and max is not None and isinstance(min, Tensor) is not isinstance(max, Tensor):
        raise TypeError("clamp(): 'min' and 'max' must be both tensors or both numbers")
    _check_real(dtype, input, min, max)


def _check_real(dtype, input, *bounds) -> None:
    if dtype.is_complex:
        raise NotImplementedError("clamp is not supported for complex types")
    for bound in bounds:
        if bound is not None and not isinstance(bound, Tensor):
            to_scalar(bound, dtype)
    if input.dtype.name == "bool" and any(bound is not None and not isinstance(bound, Tensor) for bound in bounds):
        raise NotImplementedError("\"clamp_scalar_cpu\" not implemented for 'Bool'")


clamp = pointwise(
    "clamp(input: Tensor, min: Optional = None, max: Optional = None)", _clamp, fast=FLOATS + INTEGERS, refuses=UNSIGNED + ("bool",),
    check=_check_clamp, aliases=("clip",),
    input=lambda grad, input, min, max: grad.where(_inside(input, min, max), 0), min=_clamp_min_rule, max=_clamp_max_rule,
    doc="""``minimum(maximum(input, min), max)``; the bounds are numbers or tensors, and one may be None.

    NaN stays NaN, and a bound that is NaN makes NaN. RuntimeError without a bound: ``clamp(tensor([-2., 2.]), -1, 1)`` is ``[-1., 1.]``.
    """,
)  # fmt: skip
clamp_min = pointwise(
    "clamp_min(input: Tensor, min)", lambda xp, x, low: xp.maximum(x, low), fast=FLOATS + INTEGERS, refuses=UNSIGNED, check=_check_real,
    input=lambda grad, input, min: grad.where(input >= min, 0), min=lambda grad, input, min: grad.where(input < min, 0),
    doc="``maximum(input, min)``.",
)  # fmt: skip
clamp_max = pointwise(
    "clamp_max(input: Tensor, max)", lambda xp, x, high: xp.minimum(x, high), fast=FLOATS + INTEGERS, refuses=UNSIGNED, check=_check_real,
    input=lambda grad, input, max: grad.where(input <= max, 0), max=lambda grad, input, max: grad.where(input > max, 0),
    doc="``minimum(input, max)``.",
)  # fmt: skip

# -- interpolation and replacement ----------------------------------------------------------------------------------------------------------


def _check_lerp(dtype, input, end, weight) -> None:
    if input.dtype.category < dtypes.FLOAT:
        raise NotImplementedError(f"\"lerp_cpu\" not implemented for '{input.dtype.legacy_name}'")
    for name, one in (("end", end), ("weight", weight)):
        if isinstance(one, Tensor) and one.dtype is not input.dtype:
            raise RuntimeError(f"expected dtype {input.dtype.name} for `{name}` but got dtype {one.dtype.name}")


def _lerp(xp, start, end, weight):
    """From the nearer end, so that a weight of 0 or 1 is exact."""
    near = xp.absolute(weight) < 0.5
    step = end - start
    return xp.where(near, start + weight * step, end - step * (1 - weight))


lerp = pointwise(
    "lerp(input: Tensor, end: Tensor, weight)", _lerp, refuses=INTEGERS + UNSIGNED + ("bool",), check=_check_lerp,
    input=lambda grad, weight: grad * conjugate(1 - weight),
    end=lambda grad, weight: grad * conjugate(weight),
    weight=lambda grad, input, end: grad * conjugate(end - input),
    doc="``input + weight * (end - input)``: ``lerp(tensor([0.]), tensor([10.]), 0.3)`` is ``[3.]``. RuntimeError for different dtypes.",
)  # fmt: skip


def _nan_to_num(xp, x, nan, posinf, neginf):
    if x.dtype.kind in "biu":
        return x.copy()
    if x.dtype.kind == "c":
        result = xp.empty(x.shape, x.dtype)
        result.real = _nan_to_num(xp, x.real, nan, posinf, neginf)
        result.imag = _nan_to_num(xp, x.imag, nan, posinf, neginf)
        return result
    from ml_dtypes import finfo

    limits = finfo(x.dtype)
    of = x.dtype.type
    infinite = xp.isinf(x)
    x = xp.where(xp.isnan(x), of(0 if nan is None else nan), x)
    x = xp.where(infinite & (x > 0), of(limits.max if posinf is None else posinf), x)
    return xp.where(infinite & (x < 0), of(limits.min if neginf is None else neginf), x)


nan_to_num = pointwise(
    "nan_to_num(input: Tensor, nan: float = None, posinf: float = None, neginf: float = None)", _nan_to_num, fast=EVERY, half="native", out="exact",
    input=lambda grad, input: grad.where(input.isfinite(), 0),
    doc="NaN replaced by ``nan`` (0), the infinities by ``posinf`` and ``neginf`` (the largest and the lowest finite number).",
)  # fmt: skip
