"""Special functions: the intervals on which they are defined, their singular points and their tails."""

from __future__ import annotations

from dataclasses import dataclass

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, NO_COMPLEX, unbroadcastable
from .record import EVEN, Law, Tolerance, family, ulp

OPS, op = family("special")

FLOATS = ("real", "integer", "bool")
"""CPU kernels of most special functions do not take half types."""


WITHIN_32 = ulp(32)


@dataclass(frozen=True)
class Special:
    """A function of one number: where it is smooth, and where else it is worth asking."""

    name: str
    smooth: tuple[float, float] = (-4.0, 4.0)
    regions: tuple[tuple, ...] = (("uniform", -30.0, 30.0), ("log", -6.0, 2.0))
    tolerance: Tolerance = WITHIN_32
    half: bool = False
    avoid: tuple[float, ...] = ()
    laws: tuple[Law, ...] = ()


POSITIVE = (("uniform", 0.1, 30.0), ("log", -6.0, 2.0))
UNIT = (("uniform", 0.0, 1.0), ("uniform", -0.5, 1.5))

SPECIALS = (
    Special("airy_ai", (-4.0, 4.0)),
    Special("bessel_j0", (-9.0, 9.0), laws=(EVEN,)),
    Special("bessel_j1", (-9.0, 9.0)),
    Special("bessel_y0", (0.25, 9.0), POSITIVE),
    Special("bessel_y1", (0.25, 9.0), POSITIVE),
    Special("entr", (0.1, 4.0), (("uniform", 0.0, 4.0), ("log", -6.0, 2.0)), ulp(8), half=True),
    Special("erfcx", (-3.0, 6.0)),
    Special("i0e", (-6.0, 6.0), half=True),
    Special("i1", (-6.0, 6.0)),
    Special("i1e", (-6.0, 6.0)),
    Special("log_ndtr", (-6.0, 6.0)),
    Special("modified_bessel_i0", (-6.0, 6.0), laws=(EVEN,)),
    Special("modified_bessel_i1", (-6.0, 6.0)),
    Special("modified_bessel_k0", (0.25, 6.0), POSITIVE),
    Special("modified_bessel_k1", (0.25, 6.0), POSITIVE),
    Special("ndtr", (-4.0, 4.0)),
    Special("ndtri", (0.05, 0.95), UNIT),
    Special("scaled_modified_bessel_k0", (0.25, 6.0), POSITIVE),
    Special("scaled_modified_bessel_k1", (0.25, 6.0), POSITIVE),
    Special("spherical_bessel_j0", (-9.0, 9.0), laws=(EVEN,)),
)

BAD = (*FOREIGN, NO_COMPLEX)


def unary(entry: Special):
    """The ``draw`` function of one row."""

    def draw(d: Drawing) -> Case:
        inside = ("uniform", *entry.smooth)
        fill = inside if d.smooth else d.choice(inside, *entry.regions)
        return d.call(d.tensor(d.shape(), fill, avoid=entry.avoid))

    return draw


for entry in SPECIALS:
    op(
        f"special.{entry.name}",
        tolerance=entry.tolerance,
        dtypes=(*FLOATS, "half") if entry.half else FLOATS,
        bad=BAD,
        laws=entry.laws,
        core=(0,),
    )(unary(entry))


# -- polynomials -------------------------------------------------------------------------------------------------------------------

KINDS = {
    "chebyshev_polynomial": (-1.0, 1.0, "tuvw"),
    "shifted_chebyshev_polynomial": (0.0, 1.0, "tuvw"),
    "hermite_polynomial": (-3.0, 3.0, ("h", "he")),
    "laguerre_polynomial": (0.0, 6.0, "l"),
    "legendre_polynomial": (-1.0, 1.0, "p"),
}
"""Family -> the interval of orthogonality and its members."""


def polynomial(low: float, high: float):
    """Degrees as tensors and as numbers, those below zero too; arguments inside the interval, at its ends and beyond."""

    def draw(d: Drawing) -> Case:
        x, n = d.broadcastable(2)
        fill = d.choice(
            ("uniform", low, high), ("integers", int(low), int(high) + 1), ("uniform", 2 * low - 1, 2 * high + 1)
        )
        argument = d.tensor(x, fill)
        degrees = d.tensor(n, d.choice(("integers", 0, 8), ("integers", -2, 25)), constant=True, specials=False)
        form = d.choice("tensors", "degree", "argument")
        if form == "degree":
            return d.call(argument, d.integer(-1, 12))
        if form == "argument":
            return d.call(d.real(low, high), degrees)
        return d.call(argument, degrees)

    return draw


for stem, (low, high, members) in KINDS.items():
    for member in members:
        op(
            f"special.{stem}_{member}",
            tolerance=ulp(64),
            dtypes=FLOATS,
            smooth=False,
            bad=(*BAD, unbroadcastable),
        )(polynomial(low, high))


# -- two arguments -----------------------------------------------------------------------------------------------------------------


@op("special.xlog1py", tolerance=ulp(16), dtypes=(*FLOATS, "half"), bad=(*BAD, unbroadcastable))
def xlog1py(d: Drawing) -> Case:
    left, right = d.broadcastable(2)
    x = d.tensor(left, ("uniform", 0.25, 3.0) if d.smooth else d.choice(("uniform", -3.0, 3.0), ("integers", -1, 2)))
    y = d.tensor(right, ("uniform", -0.75, 3.0) if d.smooth else d.choice(("uniform", -1.5, 3.0), ("log", -9.0, 2.0)))
    form = "tensors" if d.smooth else d.choice("tensors", "number first", "number second")
    return {
        "tensors": lambda: d.call(x, y),
        "number first": lambda: d.call(d.number(), y),
        "number second": lambda: d.call(x, d.number(0, 3)),
    }[form]()


@op("special.zeta", tolerance=ulp(32), dtypes=FLOATS, smooth=False, bad=(*BAD, unbroadcastable))
def zeta(d: Drawing) -> Case:
    left, right = d.broadcastable(2)
    order = d.tensor(left, d.choice(("uniform", 1.1, 9.0), ("integers", 1, 6), ("uniform", -1.0, 2.0)))
    start = d.tensor(right, d.choice(("uniform", 0.25, 9.0), ("integers", 1, 6), ("uniform", -2.0, 2.0)))
    form = d.choice("tensors", "number first", "number second")
    return {
        "tensors": lambda: d.call(order, start),
        "number first": lambda: d.call(d.choice(2.0, 3, 1.5), start),
        "number second": lambda: d.call(order, d.choice(1.0, 2, 0.5)),
    }[form]()


def negative_order(d: Drawing) -> Case:
    return d.call(-1, d.tensor((3,), ("uniform", 0.5, 3.0)))


@op("special.polygamma", tolerance=ulp(64), dtypes=(*FLOATS, "half"), bad=(negative_order,))
def polygamma(d: Drawing) -> Case:
    fill = (
        ("uniform", 0.5, 6.0)
        if d.smooth
        else d.choice(("uniform", 0.25, 9.0), ("uniform", -3.0, 3.0), ("log", -3.0, 2.0))
    )
    return d.call(d.integer(0, 4), d.tensor(d.shape(), fill))
