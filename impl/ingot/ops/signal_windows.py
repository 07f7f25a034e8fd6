"""The windows of ``torch.signal.windows``: one table, float64 arithmetic, rounded once to the dtype asked for.

They differ from ``hann_window`` and its kin in their arguments: symmetric unless ``sym=False``, everything but the length by keyword, float32 or float64 only.
Formulas: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978); A. Nuttall, "Some windows with very good
sidelobe behavior", IEEE Trans. ASSP 29 (1981).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..core import dtype as dtypes
from ..core.errors import index_of
from ..core.memory_format import strided
from .creation import _placed, place_of
from .declare import composite


def _points(length: int, sym: bool) -> tuple[np.ndarray, float]:
    """The sample numbers and the period, in samples: a periodic window is a longer symmetric one without its last point."""
    return np.arange(length, dtype=np.float64), float(length - 1 if sym else length)


def _sum_of_cosines(length: int, sym: bool, coefficients) -> np.ndarray:
    """``a[0] - a[1] cos(x) + a[2] cos(2x) - ...`` over one period of ``x``.

    At its ends a good window is a small difference of large terms: where the machine has a longer double, they are added in it.
    """
    points, period = _points(length, sym)
    turn = 8 * np.arctan(np.longdouble(1)) / np.longdouble(period)
    total = np.zeros(length, np.longdouble)
    for order, weight in enumerate(coefficients):
        # Whole turns are taken away while angles are whole numbers, and exact.
        total += np.longdouble((-1) ** order * weight) * np.cos(turn * (order * points % period))
    return total


def _general_cosine(length: int, sym: bool, a) -> np.ndarray:
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    coefficients = [float(weight) for weight in a]
    if not coefficients:
        raise ValueError("Coefficients cannot be empty")
    return _sum_of_cosines(length, sym, coefficients)


def _bartlett(length: int, sym: bool) -> np.ndarray:
    points, period = _points(length, sym)
    return 1 - np.abs(2 * points / period - 1)


def _cosine(length: int, sym: bool) -> np.ndarray:
    return np.sin(np.pi / (length if sym or length == 1 else length + 1) * (np.arange(length) + 0.5))


def _exponential(length: int, sym: bool, center, tau) -> np.ndarray:
    points, period = _points(length, sym or length == 1)
    return np.exp(-np.abs(points - (period / 2 if center is None else center)) / tau)


def _gaussian(length: int, sym: bool, std) -> np.ndarray:
    points, period = _points(length, sym or length == 1)
    return np.exp(-(((points - period / 2) / std) ** 2) / 2)


def _kaiser(length: int, sym: bool, beta) -> np.ndarray:
    points, period = _points(length, sym)
    return np.i0(beta * np.sqrt(np.maximum(1 - (2 * points / period - 1) ** 2, 0))) / np.i0(beta)


def _check_exponential(sym: bool, center, tau) -> None:
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")


def _check_gaussian(sym: bool, std) -> None:
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")


def _check_kaiser(sym: bool, beta) -> None:
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")


REQUIRED = object()
"""The default of a parameter that has none."""

SHAPES = {
    "bartlett": ({}, _bartlett, None, "A triangle, ``1 - |2n / N - 1|``"),
    "blackman": ({}, lambda length, sym: _sum_of_cosines(length, sym, (0.42, 0.5, 0.08)), None, "``0.42 - 0.5 cos(x) + 0.08 cos(2x)``"),
    "cosine": ({}, _cosine, None, "``sin(pi (n + 0.5) / M)``"),
    "exponential": ({"center": None, "tau": 1.0}, _exponential, _check_exponential, "``exp(-|n - center| / tau)``"),
    "gaussian": ({"std": 1.0}, _gaussian, _check_gaussian, "``exp(-((n - N / 2) / std)² / 2)``"),
    "general_cosine": ({"a": REQUIRED}, _general_cosine, None, "``a[0] - a[1] cos(x) + a[2] cos(2x) - ...``"),
    "general_hamming": (
        {"alpha": 0.54}, lambda length, sym, alpha: _sum_of_cosines(length, sym, (alpha, 1 - alpha)), None, "``alpha - (1 - alpha) cos(x)``",
    ),
    "hamming": ({}, lambda length, sym: _sum_of_cosines(length, sym, (0.54, 1 - 0.54)), None, "``0.54 - 0.46 cos(x)``"),
    "hann": ({}, lambda length, sym: _sum_of_cosines(length, sym, (0.5, 0.5)), None, "``0.5 - 0.5 cos(x)``"),
    "kaiser": ({"beta": 12.0}, _kaiser, _check_kaiser, "``I0(beta sqrt(1 - (2n / N - 1)²)) / I0(beta)``"),
    "nuttall": (
        {}, lambda length, sym: _sum_of_cosines(length, sym, (0.3635819, 0.4891775, 0.1365995, 0.0106411)), None,
        "Nuttall's four-term window with least sidelobes, a sum of cosines",
    ),
}  # fmt: skip
"""Name -> (keywords and their defaults, the shape as a function of length, symmetry and keywords, a check of the keywords, what it is)."""

NOT_ONE_AT_ONE = frozenset({"cosine", "exponential", "gaussian"})
"""Whose single point follows from the formula; all others are a lone 1."""


def _window(name: str, keywords: dict, shape, check, what: str):
    def function(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False, **named):
        unknown = [key for key in named if key not in keywords]
        missing = [key for key, default in keywords.items() if default is REQUIRED and key not in named]
        if unknown:
            raise TypeError(f"{name}() got an unexpected keyword argument '{unknown[0]}'")
        if missing:
            raise TypeError(f"{name}() missing 1 required keyword-only argument: '{missing[0]}'")
        length = index_of(M, "M")
        found = dtypes.get_default_dtype() if dtype is None else dtypes.parse(dtype)
        if length < 0:
            raise ValueError(f"{name} requires non-negative window length, got M={length}")
        if layout is not strided:
            raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
        if found.name not in ("float32", "float64"):
            raise ValueError(f"{name} expects float32 or float64 dtypes, got: {found}")
        values = [named.get(key, default) for key, default in keywords.items()]
        if check is not None:
            check(sym, *values)
        plain = length == 0 or (length == 1 and name not in NOT_ONE_AT_ONE)
        window = np.ones(length) if plain else shape(length, sym, *values)
        return _placed(window.astype(found.numpy), place_of(device), requires_grad)

    function.__name__ = function.__qualname__ = name
    listed = ", ".join(key if default is REQUIRED else f"{key}={default}" for key, default in keywords.items())
    function.__doc__ = (
        f"{what}, over ``M`` points of one period: symmetric with N = M - 1 (``sym=True``), or periodic with N = M.\n\n"
        f"Keywords beside ``sym``, ``dtype`` (float32 or float64), ``device`` and ``requires_grad``: {listed or 'none'}. ValueError for a negative length or "
        f"another dtype.\n\nExample: ``signal.windows.{name}(8{', a=[0.5, 0.5]' if listed == 'a' else ''}).shape == (8,)``"
    )
    return composite(name, namespace="signal.windows")(function)


for _name, _described in SHAPES.items():
    _window(_name, *_described)
