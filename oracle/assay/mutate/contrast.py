"""Two published comparison rules, set on the same faults: what the harness is measured against.

``assert_close``: torch.testing.assert_close with its default tolerances and NaN equal to NaN, on values and on first-order gradients, as framework tests use it.
``quarter``: 25 % relative or 1.0 absolute error is admitted, as array-api-tests do for special functions and sums; dtype and shape must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..cases import Case
from ..catalogue.record import Op
from ..judge import run
from ..judge.compare import flatten, inexact
from ..properties.differentiable import Differentiable

Rule = Callable[[np.ndarray, np.ndarray], bool]
"""Whether two arrays pass."""

CLOSE: dict[str, tuple[float, float]] = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
"""dtype -> (rtol, atol): the defaults documented at torch.testing.assert_close."""


def assert_close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return False
    rtol, atol = CLOSE.get(ours.dtype.name, (0.0, 0.0))
    return _allclose(ours, theirs, rtol, atol)


def quarter(ours: np.ndarray, theirs: np.ndarray) -> bool:
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return False
    if not inexact(ours):
        return bool(np.array_equal(ours, theirs))
    return _allclose(ours, theirs, 0.25, 0.0) or _allclose(ours, theirs, 0.0, 1.0)


def _allclose(ours: np.ndarray, theirs: np.ndarray, rtol: float, atol: float) -> bool:
    if not inexact(ours):
        return bool(np.array_equal(ours, theirs))
    wide = np.complex128 if ours.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        return bool(np.allclose(ours.astype(wide), theirs.astype(wide), rtol, atol, equal_nan=True))


RULES: dict[str, Rule] = {"assert_close": assert_close, "25 % or 1.0": quarter}


def failing(op: Op, case: Case, target: Any, oracle: Any, *, gradients: bool) -> set[str]:
    """The rules that the case fails: by its values, or by its first-order gradients."""
    pairs = _gradients(op, case, target, oracle) if gradients else _values(case, target, oracle)
    if pairs is None:
        return set(RULES)
    return {name for name, rule in RULES.items() if not all(rule(mine, other) for mine, other in pairs)}


def _values(case: Case, target: Any, oracle: Any) -> list[tuple[np.ndarray, np.ndarray]] | None:
    ours, theirs = run(target, case), run(oracle, case)
    if (ours.error is None) != (theirs.error is None):
        return None
    if ours.error is not None:
        return []
    left, shape = flatten(target, ours.result)
    right, other = flatten(oracle, theirs.result)
    if shape != other:
        return None
    return [
        (target.to_numpy(mine), oracle.to_numpy(its))
        for mine, its in zip(left, right, strict=True)
        if target.is_tensor(mine) and oracle.is_tensor(its)
    ]


def _gradients(op: Op, case: Case, target: Any, oracle: Any) -> list[tuple[np.ndarray, np.ndarray]] | None:
    try:
        _, cotangents, theirs = Differentiable(oracle, op, case).vjp(None, random=np.random.default_rng(case.seed))
    except Exception:
        return []
    try:
        _, _, ours = Differentiable(target, op, case).vjp(cotangents)
    except Exception:
        return None
    return list(zip(ours, theirs, strict=True))
