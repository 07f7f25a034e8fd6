"""How much an answer moves when its arguments move by one rounding: what an honest implementation cannot be asked to beat."""

from __future__ import annotations

import numpy as np

from ..cases import Case
from ..cases.domain import tangent
from ..cases.materialise import materialise
from ..targets import Target
from .arbiter import answers, wide_case
from .compare import eps, errors, inexact

DRAWS = 3
"""Perturbations tried."""


def sensitivity(oracle: Target, case: Case, leaf: int, like: np.ndarray, gauge: str | None = None) -> np.ndarray | None:
    """Per element, the largest change of the oracle's answer (in float64) over random perturbations of the arguments by one eps of their own dtype.

    None where the answer cannot be had in float64, or takes another shape there.
    """
    arguments = materialise(case, oracle)
    random = np.random.default_rng(case.seed)
    center = answers(oracle, case, wide_case(oracle, case, arguments), gauge)
    if center is None or leaf >= len(center) or center[leaf].shape != like.shape:
        return None
    moved = np.zeros(like.shape)
    for _ in range(DRAWS):
        changed = wide_case(
            oracle, case, arguments, change=lambda spec, array: _perturbed(spec, array, random, eps(like.dtype))
        )
        found = answers(oracle, case, changed, gauge)
        if found is None or found[leaf].shape != like.shape:
            return None
        moved = np.maximum(moved, errors(found[leaf], center[leaf]))
    return moved


def _perturbed(spec, array: np.ndarray, random: np.random.Generator, step: float) -> np.ndarray:
    """The array with every element moved by up to one ``step`` of it, inside its domain; integers stay."""
    if not inexact(array) or not spec.differentiable:
        return array
    noise = array * random.uniform(-1.0, 1.0, array.shape) * step
    return np.asarray(array + tangent(spec.domain, np.asarray(noise)).astype(array.dtype))
