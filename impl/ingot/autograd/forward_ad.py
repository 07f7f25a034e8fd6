"""``autograd.forward_ad``: dual numbers at one level, as PyTorch offers them.

>>> with dual_level():
...     x = make_dual(primal, tangent); y = (x * x).sum(); unpack_dual(y).tangent
"""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

from ..core.graph import thread
from ..core.tensor import Tensor
from .forward import make_dual_tensor, primal_and_tangent

_levels = count(1)
"""Every level has a number of its own, so that tangents of one that was closed are not taken for those of the next."""


class UnpackedDualTensor(NamedTuple):
    """``primal`` and ``tangent`` (None where there is none)."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open a forward-mode level. RuntimeError for a second one: use ``func.jvp`` to nest."""
    mode = thread.mode
    if mode.level:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    mode.level = next(_levels)
    mode.refresh()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level; tangents made at it are gone."""
    mode = thread.mode
    if not mode.level:
        raise RuntimeError("Trying to exit a forward AD level but no level is currently open")
    mode.level = 0
    mode.refresh()


class dual_level:
    """``with dual_level(): ...``: forward mode inside."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exception) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A view of ``tensor`` that carries ``tangent``. RuntimeError outside a level or where shapes differ; ValueError for integers."""
    current = thread.mode.level
    if not current:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if not (tensor.dtype.is_floating_point or tensor.dtype.is_complex):
        raise ValueError(f"Expected primal to be floating point or complex, but got: {tensor.dtype}")
    if not (tangent.dtype.is_floating_point or tangent.dtype.is_complex):
        raise ValueError(f"Expected tangent to be floating point or complex, but got: {tangent.dtype}")
    if tensor._array.shape != tangent._array.shape:
        raise RuntimeError(
            f"Expected tangent to have the same size as the primal: got {list(tangent.shape)} and {list(tensor.shape)}"
        )
    if primal_and_tangent(tensor, current)[1] is not None:
        raise RuntimeError("Cannot set a tangent on a tensor that already has one at this level")
    return make_dual_tensor(tensor, tangent.to(tensor.dtype), current)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal and the tangent of a dual tensor."""
    current = thread.mode.level
    return UnpackedDualTensor(*primal_and_tangent(tensor, current)) if current else UnpackedDualTensor(tensor, None)
