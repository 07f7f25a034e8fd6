"""Ingot, eager, on the CPU."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

import ingot  # type: ignore[import-not-found,unused-ignore]

from .declarations import Declaration, Declared, Replacement
from .protocol import Tensor, TorchLike


class IngotTarget(TorchLike, Declared):
    """The adapter for Ingot. It reads the array behind a tensor, so that a wrong conversion op cannot hide a wrong value."""

    name = "ingot"
    namespace: Any = ingot

    def to_numpy(self, tensor: Tensor) -> np.ndarray:
        return np.array(tensor._array)

    def storage(self, tensor: Tensor) -> int | None:
        array = tensor._array
        if not array.size:
            return None
        # as_strided puts an object of its own between an array and the one whose memory it shows.
        while (base := getattr(array, "base", None)) is not None and hasattr(base, "__array_interface__"):
            array = base
        return array.__array_interface__["data"][0]

    # -- declarations ---------------------------------------------------------------------------------------------------------------

    def declarations(self) -> Sequence[Declaration]:
        return [
            Declaration(
                name, op.kind == "pointwise", tuple(op.rules), tuple(op.jvps), op.kind in ("pointwise", "primitive")
            )
            for name, op in _registry().items()
            if op.kind in ("pointwise", "primitive", "view")
        ]

    @contextmanager
    def replaced(self, name: str, replacement: Replacement) -> Iterator[None]:
        op = _registry()[name]
        before = op.kernel, op.array_kernel, dict(op.rules), dict(op.jvps)
        if replacement.kernel is not None:
            op.kernel = _with_namespace(op, replacement.kernel)
            op.array_kernel = None
        op.rules |= {inputs: _like(op.rules[inputs], change) for inputs, change in replacement.rules.items()}
        op.jvps |= {key: _like(op.jvps[key], change) for key, change in replacement.jvps.items()}
        _rewrite(op)
        try:
            yield
        finally:
            op.kernel, op.array_kernel, op.rules, op.jvps = before
            _rewrite(op)

    def traced(self, call: Callable[[], Any]) -> set[str]:
        names = {op.name: name for name, op in _registry().items() if op.kind != "composite"}
        found: set[str] = set()

        def look(frame: Any, event: str, argument: Any) -> None:
            file = frame.f_code.co_filename
            if event == "call" and file.startswith("<ingot op "):
                found.add(file[len("<ingot op ") :].split(":")[0])

        before = sys.getprofile()
        sys.setprofile(look)
        try:
            call()
        finally:
            sys.setprofile(before)
        return {names[name] for name in found if name in names}

    def array_module(self) -> Any:
        return np


def _registry() -> dict[str, Any]:
    from ingot.ops.declare import REGISTRY  # type: ignore[import-not-found,unused-ignore]

    return REGISTRY


def _with_namespace(op: Any, change: Callable) -> Callable:
    """A kernel that takes the array namespace first, as all but ufuncs do, made of one that does not."""
    kernel, array_kernel = op.kernel, op.array_kernel

    def healthy(*arguments: Any) -> Any:
        if array_kernel is not None:
            return array_kernel(np, *arguments)
        if isinstance(kernel, np.ufunc):
            return kernel(*arguments)
        return kernel(np, *arguments)

    faulty = change(healthy)
    return lambda xp, *arguments, **named: faulty(*arguments, **named)


def _like(rule: Callable, change: Callable[[Callable], Callable]) -> Callable:
    """The changed rule under the signature of the healthy one, which says what is saved for it."""
    return functools.wraps(rule)(change(rule))


def _rewrite(op: Any) -> None:
    """Have the source of every function of an op written anew, where it had been written."""
    places = [ingot, ingot.Tensor, ingot.nn.functional, ingot.special, ingot.linalg, ingot.fft]
    functions = {
        id(found): found for place in places for found in vars(place).values() if getattr(found, "op", None) is op
    }
    if op.function is not None:
        functions[id(op.function)] = op.function
    for function in functions.values():
        write = getattr(function, "__globals__", {}).get("_materialise")
        if write is not None and function.__code__.co_name != "stub":
            write()
