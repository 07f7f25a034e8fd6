"""A framework once more, in double precision on the very same numbers: who is off when two lower-precision answers differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..cases import Arguments, Case, DType, TensorSpec, values
from ..cases.materialise import lay_out, materialise
from ..targets import Target
from .compare import inexact, wide
from .gauge import leaves_of
from .outcome import invoke

WIDER = {"float32": "float64", "float16": "float64", "bfloat16": "float64", "complex64": "complex128"}


def wide_answer(
    framework: Target, case: Case, *, absolute: bool = False, gauge: str | None = None
) -> list[np.ndarray] | None:
    """The leaves of the framework's answer in float64 (complex128), None where it has no answer there.

    The arguments have the values that their narrow dtypes hold. ``absolute``: of absolute values, which bounds the rounding error of sums.
    """
    return answers(framework, case, wide_case(framework, case, change=_absolute if absolute else _unchanged), gauge)


def _unchanged(spec: TensorSpec, array: np.ndarray) -> np.ndarray:
    return array


def _absolute(spec: TensorSpec, array: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(array)).astype(array.dtype) if inexact(array) else array


def wide_case(
    framework: Target,
    case: Case,
    arguments: Arguments | None = None,
    *,
    change: Callable[[TensorSpec, np.ndarray], np.ndarray] = _unchanged,
) -> Arguments:
    """The arguments of a case with every inexact tensor in double precision and then ``change``d, dtype arguments too."""
    arguments = materialise(case, framework) if arguments is None else arguments
    tensors = [framework.from_numpy(change(spec, _wide_values(spec))) for spec in arguments.specs]
    widened = arguments.replacing(tensors)
    given = dict(case.kwargs)
    widened.kwargs = {key: _wide_dtype(framework, value, given[key]) for key, value in widened.kwargs.items()}
    return widened


def answers(framework: Target, case: Case, arguments: Arguments, gauge: str | None = None) -> list[np.ndarray] | None:
    """The leaves of an answer as arrays, made unambiguous by the gauge; None where the call raises."""
    try:
        leaves, _ = leaves_of(framework, invoke(framework, case, arguments), gauge)
    except Exception:
        return None
    return [framework.to_numpy(leaf) if framework.is_tensor(leaf) else np.asarray(leaf) for leaf in leaves]


def _wide_values(spec: TensorSpec) -> np.ndarray:
    array = lay_out(values(spec), spec.layout)
    return wide(array) if inexact(array) else array


def _wide_dtype(framework: Target, value: Any, given: Any) -> Any:
    return framework.dtype(WIDER.get(given.name, given.name)) if isinstance(given, DType) else value
