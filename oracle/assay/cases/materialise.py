"""Turns a case into one target's own arguments: fresh memory each time, so that one call cannot disturb another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..targets.protocol import Target, Tensor
from .case import SPARSE_LAYOUTS, Case, DType, Function, ListOf, Made, SliceOf, TensorSpec
from .fill import values
from .functions import FUNCTIONS


@dataclass
class Arguments:
    """What a target is called with; ``tensors`` lists the tensors inside, beside their specs."""

    args: list[Any]
    kwargs: dict[str, Any]
    tensors: list[Tensor] = field(default_factory=list)
    specs: list[TensorSpec] = field(default_factory=list)

    def replacing(self, tensors: list[Tensor]) -> Arguments:
        """The same arguments with other tensors in their places."""
        given = dict(zip(map(id, self.tensors), tensors, strict=True))

        def swap(value: Any) -> Any:
            if id(value) in given:
                return given[id(value)]
            if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
                return type(value)(swap(item) for item in value)
            return value

        return Arguments(
            [swap(v) for v in self.args], {k: swap(v) for k, v in self.kwargs.items()}, list(tensors), self.specs
        )


def materialise(case: Case, target: Target, *, gradients: bool = False) -> Arguments:
    """The arguments of ``case`` as ``target``'s values; with ``gradients`` the differentiable tensors are leaves that want one."""
    made = Arguments([], {})

    def build(value: Any) -> Any:
        if isinstance(value, TensorSpec):
            one = tensor(value, target)
            if gradients and value.differentiable:
                one = target.require_grad(one)
            made.tensors.append(one)
            made.specs.append(value)
            return one
        if isinstance(value, tuple):
            return tuple(build(item) for item in value)
        if isinstance(value, ListOf):
            return [build(item) for item in value.items]
        if isinstance(value, DType):
            return target.dtype(value.name)
        if isinstance(value, SliceOf):
            return slice(value.start, value.stop, value.step)
        if isinstance(value, Function):
            return FUNCTIONS[value.name]
        if isinstance(value, Made):
            keywords = {key: build(item) for key, item in value.kwargs}
            return target.construct(value.name, [build(item) for item in value.args], keywords)
        return value

    made.args = [build(value) for value in case.args]
    made.kwargs = {key: build(value) for key, value in case.kwargs}
    return made


def tensor(spec: TensorSpec, target: Target) -> Tensor:
    """One tensor argument in its layout."""
    if spec.layout in SPARSE_LAYOUTS:
        return target.sparse(target.from_numpy(values(spec)), spec.layout)
    return target.from_numpy(lay_out(values(spec), spec.layout))


def lay_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same values in memory that is laid out as ``layout`` says (``TensorSpec``). An expanded array repeats its first slice."""
    if layout == "contiguous" or array.ndim == 0:
        return array
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "expanded":
        return (
            np.lib.stride_tricks.as_strided(array, array.shape, (0, *array.strides[1:]), writeable=True)
            if len(array)
            else array
        )
    room = np.zeros((*array.shape[:-1], 2 * array.shape[-1] + 3), array.dtype)
    held = room[..., 1 : array.shape[-1] + 1] if layout == "sliced" else room[..., 1 : 2 * array.shape[-1] + 1 : 2]
    held[...] = array
    return held
