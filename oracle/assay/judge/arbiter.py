"""The oracle once more, in double precision on the very same numbers: who is off when two lower-precision answers differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Arguments, Case, DType, values
from ..cases.materialise import lay_out, materialise
from ..targets import Target
from .compare import flatten, inexact, wide
from .outcome import invoke

WIDER = {"float32": "float64", "float16": "float64", "bfloat16": "float64", "complex64": "complex128"}


def wide_answer(oracle: Target, case: Case, *, absolute: bool = False) -> list[np.ndarray] | None:
    """The leaves of the oracle's answer in float64 (complex128), None where it has no answer there.

    The arguments have the values that their narrow dtypes hold. ``absolute``: of absolute values, which bounds the rounding error of sums.
    """
    arguments = materialise(case, oracle)
    tensors = [oracle.from_numpy(_wide_values(spec, absolute)) for spec in arguments.specs]
    widened = arguments.replacing(tensors)
    widened.kwargs = {key: _wide_dtype(oracle, value, dict(case.kwargs)[key]) for key, value in widened.kwargs.items()}
    return _answers(oracle, case, widened)


def _answers(oracle: Target, case: Case, arguments: Arguments) -> list[np.ndarray] | None:
    try:
        leaves, _ = flatten(oracle, invoke(oracle, case, arguments))
    except Exception:
        return None
    return [oracle.to_numpy(leaf) if oracle.is_tensor(leaf) else np.asarray(leaf) for leaf in leaves]


def _wide_values(spec: Any, absolute: bool) -> np.ndarray:
    array = lay_out(values(spec), spec.layout)
    if not inexact(array):
        return array
    array = wide(array)
    return np.abs(array).astype(array.dtype) if absolute else array


def _wide_dtype(oracle: Target, value: Any, given: Any) -> Any:
    return oracle.dtype(WIDER.get(given.name, given.name)) if isinstance(given, DType) else value
