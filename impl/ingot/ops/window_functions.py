"""Tapering windows for spectral analysis: one table, float64 arithmetic, rounded once to the dtype asked for.

Formulas: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978).
"""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.errors import index_of
from .creation import _placed, place_of
from .declare import composite


def _cosines(place, *weights):
    """``weights[0] - weights[1] cos(x) + weights[2] cos(2x) - ...`` at places in [0, 1] of the period."""
    return sum((-1) ** order * weight * np.cos(2 * np.pi * order * place) for order, weight in enumerate(weights))


def _kaiser(place, beta):
    return np.i0(beta * np.sqrt(np.maximum(1 - (2 * place - 1) ** 2, 0))) / np.i0(beta)


SHAPES = {
    "bartlett_window": ((), lambda place: 1 - np.abs(2 * place - 1), "A triangle"),
    "blackman_window": ((), lambda place: _cosines(place, 0.42, 0.5, 0.08), "``0.42 - 0.5 cos(x) + 0.08 cos(2x)``"),
    "hann_window": ((), lambda place: _cosines(place, 0.5, 0.5), "``0.5 - 0.5 cos(x)``"),
    "hamming_window": ((("alpha", 0.54), ("beta", 0.46)), _cosines, "``alpha - beta cos(x)``"),
    "kaiser_window": ((("beta", 12.0),), _kaiser, "``I0(beta * sqrt(1 - y ** 2)) / I0(beta)``, y from -1 to 1"),
}
"""Name -> (further parameters and their defaults, the shape as a function of places in [0, 1], what it is)."""


def _window(name: str, parameters, shape, what: str):
    def function(
        window_length, periodic=True, *args, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, **named
    ):  # fmt: skip
        length = index_of(window_length, "window_length")
        values = dict(parameters) | dict(zip([key for key, _ in parameters], args, strict=False)) | named
        if len(args) > len(parameters) or len(values) > len(parameters):
            raise TypeError(f"{name}() received an invalid combination of arguments")
        found = dtypes.get_default_dtype() if dtype is None else dtypes.parse(dtype)
        if found.is_complex:
            raise NotImplementedError(f"\"{name}\" not implemented for '{found.legacy_name}'")
        if not found.is_floating_point:
            raise RuntimeError(f"{name} expects floating point dtypes, got: {found}")
        if length < 0:
            raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
        # A periodic window is one period of a longer symmetric one, whose last point would begin the next period.
        last = max(length - (0 if periodic else 1), 1)
        places = np.arange(length) / last
        window = np.ones(length) if length == 1 else shape(places, *values.values())
        return _placed(window.astype(found.numpy), place_of(device), requires_grad)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{what}, over ``window_length`` points: one period, or symmetric with ``periodic=False``. Floating point dtypes only.\n\n"
        f"Further parameters: {', '.join(f'{key}={value}' for key, value in parameters) or 'none'}."
    )
    return composite(name)(function)


for _name, (_parameters, _shape, _what) in SHAPES.items():
    _window(_name, _parameters, _shape, _what)
