"""Bessel and Airy functions of ``torch.special``. Values come from SciPy (CuPy's copy of it on a GPU), loaded at the first call."""

from __future__ import annotations

from .declare import COMPLEXES, FLOATS, pointwise
from .special_functions import functions_for, scipy_function

_FORM = {"namespace": "special", "method": False, "inplace": False}


def _without_derivative(name: str, scipy_name: str, doc: str) -> None:
    scipy_function(name, scipy_name, None, doc, **_FORM)


for _name, _scipy_name, _doc in (
    ("bessel_j0", "j0", "The Bessel function of the first kind of order 0, DLMF 10.2.2."),
    ("bessel_j1", "j1", "The Bessel function of the first kind of order 1."),
    ("bessel_y0", "y0", "The Bessel function of the second kind of order 0, DLMF 10.2.3."),
    ("bessel_y1", "y1", "The Bessel function of the second kind of order 1."),
    ("modified_bessel_i0", "i0", "The modified Bessel function of the first kind of order 0, DLMF 10.25.2."),
    ("modified_bessel_i1", "i1", "The modified Bessel function of the first kind of order 1."),
    ("modified_bessel_k0", "k0", "The modified Bessel function of the second kind of order 0, DLMF 10.27.4."),
    ("modified_bessel_k1", "k1", "The modified Bessel function of the second kind of order 1."),
    (
        "scaled_modified_bessel_k0",
        "k0e",
        "``exp(x)`` times the modified Bessel function of the second kind of order 0.",
    ),
    (
        "scaled_modified_bessel_k1",
        "k1e",
        "``exp(x)`` times the modified Bessel function of the second kind of order 1.",
    ),
):
    _without_derivative(_name, _scipy_name, _doc)

AIRY_UNDERFLOW = 110.0
"""From here on Ai is less than the least float64. SciPy answers 0 as far as 1e5 or so, and NaN beyond."""


def _airy_ai(xp, x):
    vanished = x > AIRY_UNDERFLOW
    value = functions_for(xp).airy(xp.where(vanished, xp.zeros((), x.dtype), x))[0]
    return xp.where(vanished, xp.zeros((), x.dtype), value)


airy_ai = pointwise(
    "airy_ai(input: Tensor)", _airy_ai, fast=FLOATS, promote="float", refuses=COMPLEXES, **_FORM,
    doc="The Airy function Ai, DLMF 9.2.",
)  # fmt: skip


def _spherical_j0(xp, x):
    """sin(x) / x, a quotient of two exact to the last bit; 1 at 0 and 0 at infinity."""
    usual = (x != 0) & ~xp.isinf(x)
    safe = xp.where(usual, x, 1)
    return xp.where(usual, xp.sin(safe) / safe, xp.where(x == 0, 1, 0)).astype(x.dtype)


spherical_bessel_j0 = pointwise(
    "spherical_bessel_j0(input: Tensor)", _spherical_j0, fast=FLOATS, promote="float", refuses=COMPLEXES, **_FORM,
    doc="The spherical Bessel function of the first kind of order 0, ``sin(x) / x``, DLMF 10.49.3.",
)  # fmt: skip


def _i0e_rule(grad, input, result):
    return grad * (i1e(input) - input.sgn() * result)


def _i1e_rule(grad, input, result):
    """I1e' = I0e - I1e (sgn x + 1 / x), which is 1/2 at 0."""
    near = input.abs() < 1e-6
    safe = input.where(~near, 1)
    return grad * (i0e(input) - result * (input.sgn() + 1 / safe)).where(~near, 0.5)


i0e = scipy_function("i0e", "i0e", _i0e_rule, "``exp(-|x|)`` times ``i0``.", **_FORM)
i1e = scipy_function("i1e", "i1e", _i1e_rule, "``exp(-|x|)`` times ``special.i1``.", **_FORM)

ALSO = {"special": ("i0",)}
