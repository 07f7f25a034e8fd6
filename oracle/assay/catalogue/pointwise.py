"""Ops that work element by element: a table row a function, one draw function for every form of argument list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..cases import Case, TensorSpec
from .drawing import INTEGER, Drawing
from .errors import (
    FOREIGN,
    NO_BOOL,
    NO_COMPLEX,
    NO_FLOAT,
    NO_INTEGER,
    Bad,
    first_of_dtype,
    instead,
    no_argument,
    no_tensor,
    surplus_argument,
    unbroadcastable,
)
from .record import COMMUTATIVE, EVEN, EXACT, ODD, Law, Tolerance, family, homogeneous, ulp

OPS, op = family("pointwise")

FLOAT = ("real", "half")
FLOAT_OR_COMPLEX = ("real", "half", "complex")
INTEGERS = ("integer",)
BITS = ("integer", "bool")


@dataclass(frozen=True)
class Domain:
    """Where a function is smooth: an interval, and points inside it to keep away from."""

    low: float = -3.0
    high: float = 3.0
    avoid: tuple[float, ...] = ()

    def fill(self, d: Drawing, dtype: str | None = None) -> tuple:
        """A distribution: inside the domain for smooth cases; for others also all magnitudes and numbers with ties."""
        if d.smooth:
            return ("uniform", self.low, self.high)
        if (dtype or d.dtype) in INTEGER:
            return d.choice(("uniform", self.low, self.high), ("integers", 0, 4), ("integers", 0, 120))
        wide = ("uniform", -4.0, 4.0), ("log", -6.0, 4.0), ("integers", -3, 4)
        return d.choice(("uniform", self.low, self.high), *wide)

    def number(self, d: Drawing) -> Any:
        """A Python number: inside the domain for smooth cases."""
        if not d.smooth:
            return d.number()
        eighths = [step / 8 for step in range(round(self.low * 8), round(self.high * 8) + 1)]
        return d.choice(*[value for value in eighths if value not in self.avoid])


ANY = Domain()
CLOSE = ulp(4)
WHOLE = tuple(float(value) for value in range(-3, 4))
HALVES = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)
UNIT, POSITIVE, AWAY = Domain(-0.9, 0.9), Domain(0.2, 4.0), Domain(0.5, 3.0)


# -- one argument -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unary:
    """Functions of one tensor that share a domain and a tolerance."""

    names: tuple[str, ...]
    domain: Domain = ANY
    tolerance: Tolerance = CLOSE
    kinks: tuple[float, ...] = ()
    analytic: bool = True
    laws: tuple[Law, ...] = ()
    refused: tuple[Bad, ...] = ()


UNARY = (
    Unary(("asin", "atanh"), UNIT, laws=(ODD,)),
    Unary(("acos",), UNIT),
    Unary(("acosh",), Domain(1.1, 4.0)),
    Unary(("log", "log10", "log2"), POSITIVE),
    Unary(("rsqrt",), POSITIVE, laws=(homogeneous(-0.5),)),
    Unary(("sqrt",), POSITIVE, ulp(2)),
    Unary(("log1p",), Domain(-0.8, 4.0)),
    Unary(("asinh", "atan", "sin", "sinh", "tanh"), laws=(ODD,)),
    Unary(("cos", "cosh"), laws=(EVEN,)),
    Unary(("exp", "exp2", "expm1")),
    Unary(("tan",), Domain(-1.3, 1.3), laws=(ODD,)),
    Unary(("reciprocal",), POSITIVE, laws=(ODD, homogeneous(-1.0))),
    Unary(("square",), tolerance=ulp(2), laws=(EVEN, homogeneous(2.0))),
    Unary(("sigmoid",)),
    Unary(("sinc",), tolerance=ulp(8), laws=(EVEN,)),
    Unary(("deg2rad", "rad2deg"), tolerance=ulp(2), analytic=False, laws=(ODD,), refused=(NO_COMPLEX,)),
    Unary(("erf",), analytic=False, laws=(ODD,), refused=(NO_COMPLEX,)),
    Unary(("erfc",), analytic=False, refused=(NO_COMPLEX,)),
    Unary(("i0",), analytic=False, laws=(EVEN,), refused=(NO_COMPLEX,)),
    Unary(("erfinv",), UNIT, ulp(8), analytic=False, laws=(ODD,), refused=(NO_COMPLEX,)),
    Unary(("lgamma", "digamma"), Domain(0.3, 6.0), ulp(8), analytic=False, refused=(NO_COMPLEX,)),
    Unary(("abs",), tolerance=ulp(2), kinks=(0.0,), analytic=False, laws=(EVEN, homogeneous(1.0)), refused=(NO_BOOL,)),
    Unary(("sgn",), tolerance=ulp(4), kinks=(0.0,), analytic=False, laws=(ODD, homogeneous(0.0))),
    Unary(("angle",), tolerance=ulp(4), kinks=(0.0,), analytic=False),
    Unary(
        ("sign",), tolerance=EXACT, kinks=(0.0,), analytic=False, laws=(ODD, homogeneous(0.0)), refused=(NO_COMPLEX,)
    ),
    Unary(("floor", "ceil", "trunc"), tolerance=EXACT, kinks=WHOLE, analytic=False, refused=(NO_COMPLEX, NO_BOOL)),
    Unary(("neg",), tolerance=EXACT, laws=(ODD, homogeneous(1.0)), refused=(NO_BOOL,)),
    Unary(("positive",), tolerance=EXACT, laws=(ODD, homogeneous(1.0)), refused=(NO_BOOL,)),
    Unary(
        ("conj", "conj_physical", "resolve_conj", "resolve_neg"),
        tolerance=EXACT,
        analytic=False,
        laws=(homogeneous(1.0),),
    ),
    Unary(("isfinite", "isinf", "isnan", "isreal", "logical_not"), tolerance=EXACT, analytic=False),
    Unary(("isneginf", "isposinf", "signbit"), tolerance=EXACT, analytic=False, refused=(NO_COMPLEX,)),
)


def one_tensor(domain: Domain = ANY) -> Callable[[Drawing], Case]:
    """The draw function of a function of one tensor."""

    def draw(d: Drawing) -> Case:
        return d.call(d.tensor(d.shape(0, 5), domain.fill(d), avoid=domain.avoid))

    return draw


for _row in UNARY:
    op(
        *_row.names,
        tolerance=_row.tolerance,
        kinks=_row.kinks,
        analytic=_row.analytic,
        laws=_row.laws,
        core=(0,),
        bad=FOREIGN + _row.refused,
    )(one_tensor(_row.domain))

op("frac", dtypes=FLOAT, kinks=WHOLE, core=(0,), bad=(*FOREIGN, NO_INTEGER, NO_COMPLEX))(one_tensor())
op("real", core=(0,), bad=FOREIGN)(one_tensor())
op("imag", dtypes=("complex",), core=(0,), bad=(*FOREIGN, NO_FLOAT, NO_INTEGER))(one_tensor())
op("bitwise_not", dtypes=BITS, core=(0,), bad=(*FOREIGN, NO_FLOAT, NO_COMPLEX))(one_tensor(Domain(-1e9, 1e9)))


@op("round", kinks=HALVES, core=(0,), laws=(ODD,), bad=(*FOREIGN, NO_COMPLEX, NO_BOOL))
def rounded(d: Drawing) -> Case:
    if d.floating and d.flag():
        return d.call(d.tensor(d.shape(), ("uniform", -3.0, 3.0)), decimals=0 if d.smooth else d.integer(-3, 3))
    return d.call(d.tensor(d.shape(0, 5), ("uniform", -3.0, 3.0) if d.smooth else ("grid", 0.5, 0.0)))


@op("frexp", dtypes=FLOAT, smooth=False, core=(0,), bad=(*FOREIGN, NO_INTEGER, NO_COMPLEX))
def mantissa(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(), ("uniform", 1.1, 1.9) if d.smooth else ("log", -30.0, 30.0)))


@op("logit", tolerance=ulp(4), core=(0,), bad=(*FOREIGN, NO_COMPLEX))
def log_odds(d: Drawing) -> Case:
    fill = ("uniform", 0.15, 0.85) if d.smooth else d.choice(("uniform", 0.0, 1.0), ("uniform", -2.0, 2.0))
    x = d.tensor(d.shape(), fill)
    return d.either(x, eps=d.choice(0.1, 1e-3, 0.0, 0.4)) if d.flag() else d.call(x)


@op("nan_to_num", core=(0,), bad=FOREIGN)
def finite_numbers(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 5)), **d.keywords(nan=d.real, posinf=d.real, neginf=d.real))


@op("polygamma", tolerance=ulp(64), core=(0,), bad=(no_argument, no_tensor, surplus_argument, NO_COMPLEX))
def polygamma(d: Drawing) -> Case:
    x = d.tensor(
        d.shape(), ("uniform", 0.5, 5.0) if d.smooth else d.choice(("uniform", 0.5, 9.0), ("uniform", -4.0, 4.0))
    )
    return d.call(d.integer(0, 4), x)


@op("mvlgamma", tolerance=ulp(32), core=(0,), bad=(*FOREIGN, NO_COMPLEX, NO_BOOL, instead(1, "p", 0, -1, "one")))
def multivariate(d: Drawing) -> Case:
    p = d.integer(1, 4)
    low = (p - 1) / 2 + 0.6
    return d.either(
        d.tensor(d.shape(), ("uniform", low, 9.0) if d.inexact else ("integers", 3, 9), specials=False), p=p
    )


# -- two arguments ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Binary:
    """Functions of two arguments that share domains and a tolerance.

    ``number``: the second may be a Python number. ``mixed``: the two may differ in dtype. ``divisor``: which argument (0 or 1) divides, so that a
    whole zero is refused.
    """

    names: tuple[str, ...]
    left: Domain = ANY
    right: Domain = ANY
    tolerance: Tolerance = EXACT
    number: bool = True
    mixed: bool = True
    divisor: int | None = None
    dtypes: tuple[str, ...] | None = None
    analytic: bool = False
    laws: tuple[Law, ...] = ()
    refused: tuple[Bad, ...] = ()


NUMERATOR, DENOMINATOR = Domain(4.1, 4.9), Domain(2.0, 2.0)
"""Quotients in (2.05, 2.45): floored and truncated divisions are smooth there."""

LOW, HIGH = Domain(-3.0, -0.1), Domain(0.1, 3.0)

BINARY = (
    Binary(("mul",), tolerance=ulp(2), analytic=True, laws=(COMMUTATIVE, homogeneous(1.0, 0), homogeneous(1.0, 1))),
    Binary(("__rmul__",), tolerance=ulp(2), analytic=True),
    Binary(("__rdiv__",), AWAY, ANY, ulp(4), analytic=True),
    Binary(("pow",), POSITIVE, ANY, ulp(4), analytic=True),
    Binary(("__rpow__",), ANY, POSITIVE, ulp(4), analytic=True, refused=()),
    Binary(("float_power",), POSITIVE, ANY, ulp(4), analytic=True),
    Binary(("fmod", "remainder", "floor_divide"), NUMERATOR, DENOMINATOR, divisor=1, refused=(NO_COMPLEX,)),
    Binary(("__rmod__",), DENOMINATOR, NUMERATOR, divisor=0),
    Binary(("xlogy",), ANY, POSITIVE, ulp(4), refused=(NO_COMPLEX,)),
    Binary(("copysign",), Domain(avoid=(0.0,)), AWAY, refused=(NO_COMPLEX,)),
    Binary(("eq", "ne")),
    Binary(("lt", "le", "gt", "ge"), refused=(NO_COMPLEX,)),
    Binary(("logical_and", "logical_or", "logical_xor"), number=False, laws=(COMMUTATIVE,)),
    Binary(("maximum", "minimum", "fmax", "fmin"), LOW, HIGH, number=False, laws=(COMMUTATIVE,), refused=(NO_COMPLEX,)),
    Binary(("atan2",), POSITIVE, AWAY, ulp(4), number=False, refused=(NO_COMPLEX,)),
    Binary(
        ("hypot",),
        POSITIVE,
        AWAY,
        ulp(4),
        number=False,
        mixed=False,
        dtypes=FLOAT,
        laws=(COMMUTATIVE, homogeneous(1.0, 0, 1)),
        refused=(NO_COMPLEX, NO_INTEGER),
    ),
    Binary(("nextafter",), number=False, mixed=False, dtypes=FLOAT, refused=(NO_COMPLEX, NO_INTEGER)),
    Binary(
        ("logaddexp",),
        tolerance=ulp(4),
        number=False,
        mixed=False,
        dtypes=FLOAT_OR_COMPLEX,
        analytic=True,
        laws=(COMMUTATIVE,),
        refused=(NO_INTEGER, NO_BOOL),
    ),
    Binary(
        ("logaddexp2",),
        tolerance=ulp(4),
        number=False,
        mixed=False,
        dtypes=FLOAT,
        laws=(COMMUTATIVE,),
        refused=(NO_INTEGER, NO_COMPLEX),
    ),
    Binary(
        ("heaviside",),
        Domain(avoid=(0.0,)),
        POSITIVE,
        number=False,
        mixed=False,
        refused=(NO_COMPLEX, first_of_dtype("float32", "int64")),
    ),
    Binary(
        ("igamma", "igammac"), AWAY, POSITIVE, ulp(64), number=False, mixed=False, dtypes=FLOAT, refused=(NO_COMPLEX,)
    ),
    Binary(("gcd",), number=False, dtypes=INTEGERS, laws=(COMMUTATIVE,), refused=(NO_FLOAT, NO_BOOL)),
    Binary(("bitwise_and", "bitwise_or", "bitwise_xor"), dtypes=BITS, laws=(COMMUTATIVE,), refused=(NO_FLOAT,)),
    Binary(("__rand__", "__ror__", "__rxor__"), dtypes=BITS, refused=(NO_FLOAT,)),
)


@op(
    "lcm",
    dtypes=INTEGERS,
    specials=False,
    core=(0, 0),
    laws=(COMMUTATIVE,),
    bad=(*FOREIGN, unbroadcastable, NO_FLOAT, NO_BOOL),
)
def multiple(d: Drawing) -> Case:
    # No extremes: PyTorch's division of the least integer by -1 ends the process.
    one, two = d.broadcastable(2)
    return d.call(d.tensor(one, ("uniform", -60.0, 60.0)), d.tensor(two, ("uniform", -60.0, 60.0)))


METHODS_OF_NUMBERS = (no_argument, unbroadcastable)
"""What the reflected operators refuse: others answer NotImplemented or convert."""


def two_arguments(row: Binary) -> Callable[[Drawing], Case]:
    """The draw function of a row of ``BINARY``."""

    def draw(d: Drawing) -> Case:
        one, two = d.broadcastable(2, 5)
        x = divisor(d, one) if row.divisor == 0 else d.tensor(one, row.left.fill(d), avoid=row.left.avoid)
        if row.number and d.integer(0, 3) == 3:
            number = row.right.number(d)
            return d.call(x, 2 if row.divisor == 1 and number in (0, -1) else number)
        other = d.partner() if row.mixed else d.dtype
        if row.dtypes in (INTEGERS, BITS) and other not in INTEGER and other != "bool":
            other = d.dtype
        if row.dtypes == INTEGERS and other == "bool":
            other = d.dtype
        if (NO_COMPLEX in row.refused) and other.startswith("complex"):
            other = d.dtype
        if row.divisor == 1:
            return d.call(x, divisor(d, two, other))
        return d.call(x, d.tensor(two, row.right.fill(d, other), other, avoid=row.right.avoid))

    return draw


def divisor(d: Drawing, shape: tuple[int, ...], dtype: str | None = None) -> TensorSpec:
    """What something is divided by: mostly no zero where numbers are whole, and never -1, by which PyTorch cannot divide the least integer alive."""
    if d.smooth or (dtype or d.dtype) not in INTEGER or not d.integer(0, 7):
        return d.tensor(shape, DENOMINATOR.fill(d, dtype), dtype)
    return d.tensor(
        shape,
        d.choice(("integers", 1, 9), ("integers", -9, -1) if "uint8" not in (dtype, d.dtype) else ("integers", 1, 200)),
        dtype,
        specials=False,
    )


for _pair in BINARY:
    for _name in _pair.names:
        op(
            _name,
            tolerance=_pair.tolerance,
            dtypes=_pair.dtypes,
            analytic=_pair.analytic,
            laws=_pair.laws,
            core=(0, 0),
            bad=(METHODS_OF_NUMBERS if _name.startswith("__") else (*FOREIGN, unbroadcastable)) + _pair.refused,
        )(two_arguments(_pair))


def mixed_pair(d: Drawing, left: Domain = ANY, right: Domain = ANY) -> tuple[Any, Any]:
    """Two arguments of any dtypes: tensors that broadcast, or a tensor and a number."""
    one, two = d.broadcastable(2)
    other = d.partner()
    x = d.tensor(one, left.fill(d), avoid=left.avoid)
    if d.integer(0, 3) == 3:
        return x, right.number(d)
    return x, d.tensor(two, right.fill(d, other), other, avoid=right.avoid)


PLAIN_SUM = (*FOREIGN, unbroadcastable)


@op("add", tolerance=ulp(2), core=(0, 0), analytic=True, bad=PLAIN_SUM, laws=(homogeneous(1.0, 0, 1),))
@op("__radd__", tolerance=ulp(2), core=(0, 0), analytic=True, bad=METHODS_OF_NUMBERS)
@op("sub", "rsub", tolerance=ulp(2), core=(0, 0), analytic=True, bad=(*PLAIN_SUM, NO_BOOL))
@op("__rsub__", tolerance=ulp(2), core=(0, 0), analytic=True, bad=(*METHODS_OF_NUMBERS, NO_BOOL))
def sums(d: Drawing) -> Case:
    x, y = mixed_pair(d)
    if "bool" in (d.dtype, getattr(y, "dtype", "")) or isinstance(y, bool):
        x, y = d.tensor(d.shape()), d.number()
        if d.name not in ("add", "__radd__"):
            y = d.tensor(x.shape, dtype="int32")
    if d.name.startswith("__") or d.dtype == "bool" or d.flag():
        return d.call(x, y)
    whole = not d.inexact or (not isinstance(y, float) and getattr(y, "dtype", "int64") in INTEGER)
    return d.call(x, y, alpha=d.integer(0, 3) if whole or d.flag() else d.choice(0.5, -1.25, 2.0))


@op(
    "div", "true_divide", tolerance=ulp(4), core=(0, 0), analytic=True, laws=(homogeneous(1.0, 0), homogeneous(-1.0, 1)),
    bad=(*FOREIGN, unbroadcastable, instead(2, "rounding_mode", "up", "", 3)),
)  # fmt: skip
def quotient(d: Drawing) -> Case:
    if d.name == "true_divide" or d.is_complex or d.flag():
        return d.call(*mixed_pair(d, ANY, AWAY))
    x, y = mixed_pair(d, NUMERATOR, DENOMINATOR)
    if getattr(y, "dtype", "").startswith("complex") or isinstance(y, complex):
        y = d.tensor(x.shape, DENOMINATOR.fill(d))
    if isinstance(y, TensorSpec):
        y = divisor(d, y.shape, "int64" if y.dtype == "bool" else y.dtype)
    elif y in (0, -1):
        y = 2
    return d.call(x, y, rounding_mode=d.choice(None, "floor", "trunc"))


@op(
    "bitwise_left_shift", "bitwise_right_shift", dtypes=INTEGERS, core=(0, 0),
    bad=(*FOREIGN, unbroadcastable, NO_FLOAT, NO_COMPLEX),
)  # fmt: skip
def shifted(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    most = {"int64": 63, "int32": 31, "int16": 15}.get(d.dtype, 7)
    x = d.tensor(one, ("uniform", -1e4, 1e4))
    if d.flag():
        return d.call(x, d.integer(0, most))
    return d.call(x, d.tensor(two, ("integers", 0, most + 1), specials=False))


@op("ldexp", tolerance=ulp(2), core=(0, 0), bad=(*FOREIGN, unbroadcastable), laws=(homogeneous(1.0, 0),))
def scaled_by_power(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    x = d.tensor(one, ANY.fill(d))
    exponent = "int64" if d.smooth else d.choice("int64", "int32", "int8", "float32")
    return d.call(x, d.tensor(two, ("integers", -9, 9), exponent, constant=True, specials=False))


@op("isclose", "allclose", core=None, bad=(*FOREIGN, unbroadcastable, first_of_dtype("int32", "float64", "complex64")))
def near(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    x, y = d.tensor(one, ("integers", -2, 3)), d.tensor(two, d.choice(("integers", -2, 3), ("uniform", -2.0, 2.0)))
    if d.name == "allclose" and d.flag():
        y = x
    tolerances = d.keywords(rtol=lambda: d.choice(0.0, 0.1, 1e-5), atol=lambda: d.choice(0.0, 0.5, 1e-8))
    if d.integral or d.dtype == "bool":
        tolerances = {}
    return d.call(x, y, **tolerances, **d.keywords(equal_nan=d.flag))


@op("equal", bad=FOREIGN)
def same(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    x = d.tensor(one, ("integers", -2, 3))
    return d.call(x, x if d.flag() else d.tensor(d.choice(one, two), ("integers", -2, 3)))


# -- three arguments --------------------------------------------------------------------------------------------------------------


@op("clamp", kinks=(-1.0, 1.0), core=(0, 0, 0), bad=(*FOREIGN, NO_COMPLEX))
def clamped(d: Drawing) -> Case:
    shape, low, high = d.broadcastable(3)
    x = d.tensor(shape, ANY.fill(d))
    if d.flag():
        return d.call(x, **({"min": -1.0, "max": 1.0} if d.smooth else bounds(d)))
    if d.smooth:
        return d.call(x, d.tensor(low, ("uniform", -5.0, -3.5)), d.tensor(high, ("uniform", 3.5, 5.0)))
    return d.call(x, d.tensor(low, ("uniform", -2.0, 1.0)), d.tensor(high, ("uniform", -1.0, 2.0), d.dtype))


def bounds(d: Drawing) -> dict[str, Any]:
    """One bound or two, in any order."""
    lower, upper = d.choice((True, True), (True, False), (False, True))
    number = lambda: d.real() if d.floating and d.flag() else d.integer(0 if d.dtype == "uint8" else -2, 2)  # noqa: E731
    return ({"min": number()} if lower else {}) | ({"max": number()} if upper else {})


@op("clamp_min", "clamp_max", core=(0, 0), bad=(*FOREIGN, NO_COMPLEX))
def clamped_once(d: Drawing) -> Case:
    shape, other = d.broadcastable(2)
    x = d.tensor(shape, Domain(-3.0, 3.0, (0.0, 1.0)).fill(d), avoid=(0.0, 1.0))
    if d.dtype != "bool" and d.flag():
        return d.call(x, d.choice(0, 1) if d.smooth else d.number())
    return d.call(x, d.tensor(other, ("uniform", -5.0, -3.5) if d.smooth else ("integers", -1, 3)))


@op(
    "lerp",
    tolerance=ulp(8),
    dtypes=FLOAT_OR_COMPLEX,
    analytic=True,
    core=(0, 0, 0),
    bad=(*FOREIGN, unbroadcastable, NO_INTEGER),
)
def between(d: Drawing) -> Case:
    one, two, three = d.broadcastable(3)
    x, y = d.tensor(one), d.tensor(two)
    return d.call(x, y, d.real(0, 1) if d.flag() else d.tensor(three, ("uniform", 0.0, 0.9)))


@op("addcmul", tolerance=ulp(8), analytic=True, core=(0, 0, 0), bad=(*FOREIGN, unbroadcastable))
@op(
    "addcdiv",
    tolerance=ulp(8),
    analytic=True,
    dtypes=FLOAT_OR_COMPLEX,
    core=(0, 0, 0),
    bad=(*FOREIGN, unbroadcastable, NO_INTEGER),
)
def combined(d: Drawing) -> Case:
    one, two, three = d.broadcastable(3)
    last = AWAY.fill(d) if d.name == "addcdiv" else ANY.fill(d)
    call = d.tensor(one), d.tensor(two), d.tensor(three, last)
    return d.call(*call, value=d.number()) if d.flag() else d.call(*call)


@op(
    "where",
    core=(0, 0, 0),
    bad=(no_argument, surplus_argument, instead(1, "input", "one"), first_of_dtype("float32", "int64")),
)
def chosen(d: Drawing) -> Case:
    one, two, three = d.broadcastable(3)
    form = d.choice("tensors", "tensors", "numbers", "tensor and number", "number and tensor")
    mask = d.mask(one)
    if form == "numbers":
        return d.call(mask, d.number(), d.number())
    x, y = d.tensor(two), d.tensor(three, dtype=d.partner())
    return d.call(
        mask, d.number() if form == "number and tensor" else x, d.number() if form == "tensor and number" else y
    )


@op(
    "complex",
    dtypes=("real",),
    core=(0, 0),
    bad=(*FOREIGN, unbroadcastable, NO_INTEGER, NO_COMPLEX, first_of_dtype("float32", "float64")),
)
def of_parts(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    return d.call(d.tensor(one), d.tensor(two))


@op("polar", dtypes=("real",), tolerance=ulp(4), core=(0, 0), bad=(*FOREIGN, unbroadcastable, NO_INTEGER, NO_COMPLEX))
def of_angle(d: Drawing) -> Case:
    one, two = d.broadcastable(2)
    return d.call(d.tensor(one, ("uniform", 0.2, 3.0)), d.tensor(two))
