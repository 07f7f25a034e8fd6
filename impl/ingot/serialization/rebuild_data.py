"""What ``load(weights_only=False)`` builds beyond tensors: plain data of the standard library, NumPy arrays, and modules of ``ingot.nn``.

All of it is data. NumPy arrays are made from their bytes after a check of dtype and size; a module is made without its constructor and given its attributes.
"""

from __future__ import annotations

import datetime
import decimal
import math
import pathlib
import types
from collections import defaultdict, deque
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .unpickling import refuse

# -- NumPy ---------------------------------------------------------------------------------------------------------------------------------


class _Name:
    """Something that a file may mention and not call."""

    def __init__(self, value: Any):
        self.value = value


def _numpy_dtype(code: Any, align: Any = False, copy: Any = True) -> np.dtype:
    if type(code) is not str or code[:1] not in tuple("fiubc") or not code[1:].isdigit():
        raise UnpicklingError(f"NumPy arrays of type {code!r} cannot be loaded: only numbers and bools can")
    return np.dtype(code, False, True)  # type: ignore[call-overload]  # a copy, whose byte order the state may set


def _set_numpy_dtype(target: np.dtype, state: Any) -> None:
    if type(state) is not tuple or state[1] not in tuple("<>|=") or state[2:] != (None, None, None, -1, -1, 0):
        raise UnpicklingError(f"NumPy arrays of a structured type cannot be loaded: {state!r}")
    target.__setstate__(state)


def _numpy_scalar(of: Any, data: Any) -> np.generic:
    if not isinstance(of, np.dtype) or type(data) is not bytes or len(data) != of.itemsize:
        raise UnpicklingError("malformed NumPy scalar")
    return np.frombuffer(data, of)[0]


def _numpy_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    if not isinstance(kind, _Name) or kind.value is not np.ndarray or shape != (0,):
        raise UnpicklingError("malformed NumPy array")
    return np.empty(0, np.int8)


def _set_numpy_array(target: np.ndarray, state: Any) -> None:
    _, shape, of, fortran, data = state
    if not isinstance(of, np.dtype) or type(data) is not bytes or any(type(length) is not int for length in shape):
        raise UnpicklingError("malformed NumPy array")
    if any(length < 0 for length in shape) or math.prod(shape) * of.itemsize != len(data):
        raise UnpicklingError(f"a NumPy array of shape {shape} and type {of} does not have {len(data)} bytes")
    target.__setstate__((1, shape, of, bool(fortran), data))


# -- the standard library ------------------------------------------------------------------------------------------------------------------


def _default_dict(factory: Any = None) -> defaultdict:
    return defaultdict(factory.value if isinstance(factory, _Name) else None)


def _of(kind: type, *accepted: type) -> Any:
    """A builder that passes short arguments of the accepted types on to ``kind``."""

    def build(*arguments: Any) -> Any:
        for value in arguments:
            if (value is not None and type(value) not in accepted) or (type(value) is str and len(value) > 4096):
                raise UnpicklingError(f"{kind.__name__} cannot be made of {type(value).__name__}")
        return kind(*arguments)

    return build


DATA_BUILDERS: dict[str, Any] = {
    "numpy.ndarray": _Name(np.ndarray),
    "numpy.dtype": _numpy_dtype,
    "numpy.core.multiarray.scalar": _numpy_scalar,
    "numpy._core.multiarray.scalar": _numpy_scalar,
    "numpy.core.multiarray._reconstruct": _numpy_array,
    "numpy._core.multiarray._reconstruct": _numpy_array,
    "collections.defaultdict": _default_dict,
    "collections.deque": deque,
    "builtins.list": _Name(list),
    "builtins.dict": _Name(dict),
    "builtins.int": _Name(int),
    "builtins.float": _Name(float),
    "builtins.range": _of(range, int),
    "builtins.slice": _of(slice, int),
    "datetime.date": _of(datetime.date, bytes, int),
    "datetime.datetime": _of(datetime.datetime, bytes, int),
    "datetime.timedelta": _of(datetime.timedelta, int),
    "decimal.Decimal": _of(decimal.Decimal, str),
    "types.SimpleNamespace": types.SimpleNamespace,
    **{f"pathlib.{name}": _of(pathlib.Path, str) for name in ("Path", "PosixPath", "WindowsPath")},
}
"""As ``rebuild.BUILDERS``: full name in a file -> value or checking function."""

STATE_SETTERS: dict[type, Any] = {np.dtype: _set_numpy_dtype, np.ndarray: _set_numpy_array}
"""Type -> what sets the state that a file gives for an instance of it."""


def resolve_module(full: str) -> Any:
    """The class of ``ingot.nn`` that a file names, by lookup among its public modules; nothing is imported."""
    from .. import nn

    package, _, name = full.rpartition(".")
    found = getattr(nn, name, None)
    if isinstance(found, type) and issubclass(found, nn.Module) and found.__module__ == package:
        return found
    return refuse(full)
