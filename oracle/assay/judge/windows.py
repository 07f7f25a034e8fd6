"""Window functions in extended precision, from their definitions (Harris 1978; the pages of ``torch.signal.windows``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

PI = np.longdouble("3.14159265358979323846264338327950288")


def _places(M: int, sym: bool) -> tuple[np.ndarray, np.longdouble]:
    """0 ... M - 1 and the length of a period: M - 1 for a symmetric window, M for a periodic one."""
    period = np.longdouble(M - 1 if sym or M == 1 else M)
    return np.arange(M, dtype=np.longdouble), period


def _cosines(M: int, *, a: Sequence[Any], sym: bool = True, dtype: Any = None) -> np.ndarray:
    """sum over k of (-1)^k a_k cos(2 pi k n / period)."""
    if M == 1:
        return np.ones(1, np.longdouble)
    places, period = _places(M, sym)
    angles = 2 * PI * places / period
    terms = [(-1) ** k * np.longdouble(each) * np.cos(k * angles) for k, each in enumerate(a)]
    return np.sum(terms, axis=0) if terms else np.zeros(M, np.longdouble)


def _of_cosines(*coefficients: str) -> Callable[..., np.ndarray]:
    return lambda M, *, sym=True, dtype=None: _cosines(M, a=[np.longdouble(each) for each in coefficients], sym=sym)


def _general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None) -> np.ndarray:
    return _cosines(M, a=[np.longdouble(alpha), 1 - np.longdouble(alpha)], sym=sym)


def _bartlett(M: int, *, sym: bool = True, dtype: Any = None) -> np.ndarray:
    if M == 1:
        return np.ones(1, np.longdouble)
    places, period = _places(M, sym)
    return 1 - np.abs(2 * places / period - 1)


def _cosine(M: int, *, sym: bool = True, dtype: Any = None) -> np.ndarray:
    if M == 1:
        return np.ones(1, np.longdouble)
    places, _ = _places(M, sym)
    return np.sin(PI * (places + np.longdouble(0.5)) / (M if sym else M + 1))


def _gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None) -> np.ndarray:
    places, period = _places(M, sym)
    return np.exp(-(((places - period / 2) / np.longdouble(std)) ** 2) / 2)


def _exponential(M: int, *, center: Any = None, tau: float = 1.0, sym: bool = True, dtype: Any = None) -> np.ndarray:
    places, period = _places(M, sym)
    middle = period / 2 if center is None else np.longdouble(center)
    return np.exp(-np.abs(places - middle) / np.longdouble(tau))


WINDOWS: dict[str, Callable[..., np.ndarray]] = {
    "signal.windows.bartlett": _bartlett,
    "signal.windows.blackman": _of_cosines("0.42", "0.5", "0.08"),
    "signal.windows.cosine": _cosine,
    "signal.windows.exponential": _exponential,
    "signal.windows.gaussian": _gaussian,
    "signal.windows.general_cosine": _cosines,
    "signal.windows.general_hamming": _general_hamming,
    "signal.windows.hamming": _of_cosines("0.54", "0.46"),
    "signal.windows.hann": _of_cosines("0.5", "0.5"),
    "signal.windows.nuttall": _of_cosines("0.3635819", "0.4891775", "0.1365995", "0.0106411"),
}
"""Op name -> its value."""
