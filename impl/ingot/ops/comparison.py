"""Comparisons and tests of single numbers."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor
from .declare import COMPLEXES, EVERY, UNSIGNED, composite, pointwise

_ORDERED = tuple(name for name in EVERY if name not in COMPLEXES + UNSIGNED)


def _compare(name: str, ufunc, doc: str, aliases: tuple[str, ...], ordered: bool = True):
    return pointwise(
        f"{name}(input: Tensor, other)", ufunc, fast=_ORDERED if ordered else EVERY, promote="bool", half="native",
        refuses=COMPLEXES + UNSIGNED if ordered else (), aliases=aliases, doc=f"``{doc}``, a bool tensor. NaN compares unequal to everything.",
    )  # fmt: skip


eq = _compare("eq", np.equal, "input == other", (), ordered=False)
ne = _compare("ne", np.not_equal, "input != other", ("not_equal",), ordered=False)
lt = _compare("lt", np.less, "input < other", ("less",))
le = _compare("le", np.less_equal, "input <= other", ("less_equal",))
gt = _compare("gt", np.greater, "input > other", ("greater",))
ge = _compare("ge", np.greater_equal, "input >= other", ("greater_equal",))


def _test(name: str, kernel, doc: str, **more):
    return pointwise(
        f"{name}(input: Tensor)", kernel, fast=EVERY, promote="bool", half="native", inplace=False, out=more.pop("out", False), doc=doc, **more,
    )  # fmt: skip


def _real_only(name: str):
    def check(dtype, input) -> None:
        if dtype.is_complex:
            raise RuntimeError(f"{name} does not support complex inputs.")

    return check


_REAL = tuple(name for name in EVERY if name not in COMPLEXES)
isnan = _test("isnan", np.isnan, "Whether a number is NaN; of a complex one, whether a part is.")
isinf = _test("isinf", np.isinf, "Whether a number is infinite.")
isfinite = _test("isfinite", np.isfinite, "Whether a number is neither infinite nor NaN.")
isposinf = pointwise(
    "isposinf(input: Tensor)", lambda xp, x: xp.isinf(x) & (x > 0), fast=_REAL, promote="bool", half="native", inplace=False,
    check=_real_only("isposinf"), out="exact", doc="Whether a number is +inf. RuntimeError for complex numbers.",
)  # fmt: skip
isneginf = pointwise(
    "isneginf(input: Tensor)", lambda xp, x: xp.isinf(x) & (x < 0), fast=_REAL, promote="bool", half="native", inplace=False,
    check=_real_only("isneginf"), out="exact", doc="Whether a number is -inf. RuntimeError for complex numbers.",
)  # fmt: skip
isreal = _test(
    "isreal",
    lambda xp, x: x.imag == 0 if x.dtype.kind == "c" else xp.ones(x.shape, bool),
    "Whether the imaginary part is 0.",
)


def _isclose(xp, x, y, rtol, atol, equal_nan):
    close = x == y
    if equal_nan:
        close = close | ((x != x) & (y != y))
    if rtol == 0 and atol == 0:
        return close
    if x.dtype.kind in "biu":
        x, y = x.astype(np.float64), y.astype(np.float64)
    distance = xp.absolute(x - y)
    return close | (xp.isfinite(distance) & (distance <= atol + xp.absolute(rtol * y)))


def _check_isclose(dtype, input, other, rtol, atol, equal_nan) -> None:
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype.legacy_name} did not match {other.dtype.legacy_name}")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value}")


isclose = pointwise(
    "isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False)", _isclose, fast=(), promote="bool",
    inplace=False, out=False, check=_check_isclose,
    doc="""Whether ``|input - other| <= atol + rtol * |other|``; infinities are close to themselves, NaN too with ``equal_nan``.

    RuntimeError for different dtypes or a negative tolerance.
    """,
)  # fmt: skip


@composite(method=True)
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, see ``isclose``: ``allclose(ones(2), ones(2) + 1e-9)`` is True."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


@composite(method=True)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and equal elements. NaN equals nothing. RuntimeError for different devices or dtypes."""
    for number, one in enumerate((input, other), 1):
        if not isinstance(one, Tensor):
            raise TypeError(
                f"equal(): argument '{('input', 'other')[number - 1]}' (position {number}) must be Tensor, not {type(one).__name__}"
            )
    if input.dtype is not other.dtype:
        raise RuntimeError(
            f"Expected object of data type {input.dtype} but got data type {other.dtype} for argument 'other' in call to equal"
        )
    return input._array.shape == other._array.shape and bool(eq(input, other).all())
