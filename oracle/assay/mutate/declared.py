"""The faults of declarations: kernels and derivative rules of a target that tells how its ops are declared (``targets.declarations``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..targets.declarations import Declaration, Replacement

Applies = Callable[[Declaration], bool]


@dataclass(frozen=True)
class DeclaredOperator:
    """One kind of fault. ``replacement(target, declaration)`` says what takes the place of which part."""

    name: str
    title: str
    applies: Applies
    replacement: Callable[[Any, Declaration], Replacement]


# -- kernels --------------------------------------------------------------------------------------------------------------------------


def kernel(change: Callable[[Any], Any]) -> Callable[[Any, Declaration], Replacement]:
    """Every array that the kernel answers is changed."""

    def each(found: Any) -> Any:
        if isinstance(found, (tuple, list)):
            return type(found)(each(item) for item in found)
        return change(found) if isinstance(found, (np.ndarray, np.generic)) else found

    def replacement(target: Any, declaration: Declaration) -> Replacement:
        return Replacement(kernel=lambda healthy: lambda *args, **named: each(healthy(*args, **named)))

    return replacement


def _inexact(array: Any) -> bool:
    return array.dtype.kind in "fc"


def _scaled(error: float) -> Callable[[np.ndarray], Any]:
    return lambda x: (x * x.dtype.type(1 + error)) if _inexact(x) else x


def _without_nan(x: Any) -> Any:
    return np.where(np.isnan(x), x.dtype.type(0), x) if _inexact(x) else x


def _narrow(x: Any) -> Any:
    narrow = {"float64": "float32", "float32": "float16", "complex128": "complex64"}.get(x.dtype.name)
    return x.astype(narrow).astype(x.dtype) if narrow else x


def _first_off(x: Any) -> Any:
    """The first element alone is off: a loop that starts at 1."""
    if not _inexact(x) or not np.ndim(x) or not x.size:
        return x
    found = np.array(x)
    found.reshape(-1)[0] *= x.dtype.type(1.01)
    return found


def _conjugated(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


def writes_argument(target: Any, declaration: Declaration) -> Replacement:
    """The kernel uses its first argument's memory as scratch."""

    def change(healthy: Callable) -> Callable:
        def faulty(*args: Any, **named: Any) -> Any:
            answer = healthy(*args, **named)
            first = next((a for a in args if isinstance(a, np.ndarray) and a.size and a.dtype.kind in "fciu"), None)
            if first is not None and first.flags.writeable:
                first[(0,) * first.ndim] += 1
            return answer

        return faulty

    return Replacement(kernel=change)


# -- rules ----------------------------------------------------------------------------------------------------------------------------


def rule(change: Callable[[Any], Any], which: int = 0) -> Callable[[Any, Declaration], Replacement]:
    """The gradient rule numbered ``which`` answers something else."""

    def each(found: Any) -> Any:
        if found is None:
            return None
        return type(found)(each(item) for item in found) if isinstance(found, (tuple, list)) else change(found)

    def replacement(target: Any, declaration: Declaration) -> Replacement:
        inputs = declaration.rules[which]
        return Replacement(rules={inputs: lambda healthy: lambda *args, **named: each(healthy(*args, **named))})

    return replacement


def jvp(change: Callable[[Any], Any]) -> Callable[[Any, Declaration], Replacement]:
    """The first forward rule answers something else."""

    def replacement(target: Any, declaration: Declaration) -> Replacement:
        name = declaration.jvps[0]

        def each(found: Any) -> Any:
            if found is None:
                return None
            return type(found)(each(item) for item in found) if isinstance(found, (tuple, list)) else change(found)

        return Replacement(jvps={name: lambda healthy: lambda *args, **named: each(healthy(*args, **named))})

    return replacement


def _moved(grad: Any) -> Any:
    sides = [place for place, side in enumerate(grad.shape) if side > 1]
    return grad.flip(sides[0]) if sides else grad


def _has_rule(declaration: Declaration) -> bool:
    return bool(declaration.rules)


def _has_kernel(declaration: Declaration) -> bool:
    return declaration.has_kernel and bool(declaration.rules)


DECLARED: tuple[DeclaredOperator, ...] = (
    DeclaredOperator("kernel off 1e-3", "a kernel is off by 1e-3", _has_kernel, kernel(_scaled(1e-3))),
    DeclaredOperator("kernel off 1e-5", "a kernel is off by 1e-5", _has_kernel, kernel(_scaled(1e-5))),
    DeclaredOperator("kernel swallows NaN", "a kernel answers 0 for NaN", lambda d: d.elementwise and _has_rule(d), kernel(_without_nan)),
    DeclaredOperator("kernel rounds", "a kernel's answer went through a narrower dtype", _has_kernel, kernel(_narrow)),
    DeclaredOperator("kernel's first element", "a kernel's first element is off", _has_kernel, kernel(_first_off)),
    DeclaredOperator("kernel writes", "a kernel writes into its argument", _has_kernel, writes_argument),
    DeclaredOperator("rule's sign", "the first gradient rule has the wrong sign", _has_rule, rule(lambda g: -g)),
    DeclaredOperator("rule's sign, second", "the second gradient rule has the wrong sign", lambda d: len(d.rules) > 1, rule(lambda g: -g, 1)),
    DeclaredOperator("rule off 1e-6", "a gradient rule is off by 1e-6", _has_rule, rule(lambda g: g * 1.000001)),
    DeclaredOperator("rule dropped", "a gradient rule answers nothing", _has_rule, rule(lambda g: g * 0)),
    DeclaredOperator("rule without second order", "a gradient rule is a constant to the second derivative", _has_rule, rule(lambda g: g.detach())),
    DeclaredOperator("rule without conj", "a gradient rule forgets to conjugate", lambda d: d.elementwise and _has_rule(d), rule(lambda g: g.conj() if g.is_complex() else g)),
    DeclaredOperator("rule's axis", "a gradient rule puts its answer in the wrong places", _has_rule, rule(_moved)),
    DeclaredOperator("forward rule's sign", "a forward rule has the wrong sign", lambda d: bool(d.jvps), jvp(lambda t: -t)),
    DeclaredOperator("forward rule off 1e-6", "a forward rule is off by 1e-6", lambda d: bool(d.jvps), jvp(lambda t: t * 1.000001)),
)  # fmt: skip
