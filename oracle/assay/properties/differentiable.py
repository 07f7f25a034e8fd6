"""A case as a differentiable function of its float tensors, in one framework: values along a line, vjp, jvp, second and third derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..cases import Case, materialise
from ..cases.domain import tangent
from ..catalogue.record import Op
from ..judge import invoke, leaves_of
from ..targets import Target
from ..targets.protocol import Tensor

Arrays = list[np.ndarray]


class Differentiable:
    """The map from the differentiable tensors of a case to the differentiable leaves of its answer.

    ``argnums`` are the positions of the former among the case's tensors; ``leaves`` (known after the first ``vjp``) those of the latter.
    """

    def __init__(self, framework: Target, op: Op, case: Case):
        self.framework, self.op, self.case = framework, op, case
        self.arguments = materialise(case, framework)
        self.argnums = [place for place, spec in enumerate(self.arguments.specs) if spec.differentiable]
        self.specs = [self.arguments.specs[place] for place in self.argnums]
        self.primals = [self.arguments.tensors[place] for place in self.argnums]
        self.leaves: list[int] | None = None
        in_place = framework.function(op.name) is None and framework.method(op.name) is None
        self._copies = in_place or op.name.endswith("_")

    def outputs(self, *tensors: Tensor) -> list[Tensor]:
        """The leaves that are differentiated (all of them, until a vjp has told which)."""
        given = list(self.arguments.tensors)
        for place, tensor in zip(self.argnums, tensors, strict=True):
            given[place] = tensor.clone() if self._copies else tensor
        answer = invoke(self.framework, self.case, self.arguments.replacing(given))
        leaves, _ = leaves_of(self.framework, answer, self.op.gauge)
        return leaves if self.leaves is None else [leaves[k] for k in self.leaves]

    def at(self, arrays: Arrays) -> Arrays:
        """The values at other points, without history."""
        with self.framework.no_grad():
            found = self.outputs(*map(self.framework.from_numpy, arrays))
        return [self.framework.to_numpy(leaf) for leaf in found]

    def tensors(self, arrays: Sequence[np.ndarray]) -> list[Tensor]:
        return [self.framework.from_numpy(np.array(array)) for array in arrays]

    def values(self) -> Arrays:
        """The point at which the case differentiates."""
        return [self.framework.to_numpy(tensor) for tensor in self.primals]

    def forward(self) -> tuple[list[Tensor], list[Tensor]]:
        """(leaves that want a gradient, outputs that have a history)."""
        inputs = [self.framework.require_grad(tensor.clone()) for tensor in map(_detached, self.primals)]
        found = self.outputs(*inputs)
        if self.leaves is None:
            self.leaves = [k for k, leaf in enumerate(found) if self.framework.is_tensor(leaf) and leaf.requires_grad]
            found = [found[k] for k in self.leaves]
        return inputs, found

    def vjp(
        self, cotangents: Arrays | None, *, random: np.random.Generator | None = None
    ) -> tuple[Arrays, Arrays, Arrays]:
        """(outputs, cotangents, gradients). Cotangents are drawn from ``random`` where None is given; a missing gradient is zero."""
        inputs, found = self.forward()
        if cotangents is None:
            assert random is not None
            cotangents = [drawn(random, self.framework.to_numpy(leaf)) for leaf in found]
        gradients = self.framework.grad(found, inputs, self.tensors(cotangents)) if found else [None] * len(inputs)
        return [self.framework.to_numpy(leaf) for leaf in found], cotangents, self._arrays(gradients, inputs)

    def jvp(self, tangents: Arrays) -> Arrays:
        """Tangents of the outputs by forward mode; a missing one is zero."""
        found, moved = self.framework.jvp(self.outputs, [_detached(p) for p in self.primals], self.tensors(tangents))
        return self._arrays(moved, found)

    def _arrays(self, found: Sequence[Tensor | None], like: Sequence[Tensor]) -> Arrays:
        return [
            np.zeros(tuple(one.shape), self.framework.to_numpy(one).dtype)
            if each is None
            else self.framework.to_numpy(each)
            for each, one in zip(found, like, strict=True)
        ]

    # -- second and third order -----------------------------------------------------------------------------------------------------

    def gradients(self, inputs: list[Tensor], cotangents: list[Tensor]) -> list[Tensor]:
        """The vjp with a history of its own, for further derivatives."""
        found = self.outputs(*inputs)
        return self._filled(self.framework.grad(found, inputs, cotangents, create_graph=True), inputs)

    def reverse_over_reverse(self, cotangents: Arrays, tangents: Arrays, *, order: int = 2) -> list[Arrays]:
        """[H v] and, for order 3, [H v, (D H v) v]: the second derivative of <cotangents, f> along ``tangents``, by reverse mode alone."""
        inputs, _ = self.forward()
        along = self.tensors(tangents)
        current, found = self.gradients(inputs, self.tensors(cotangents)), []
        for step in range(2, order + 1):
            attached = [(g, v) for g, v in zip(current, along, strict=True) if g.requires_grad]
            if not attached:
                current = [tensor.detach() * 0 for tensor in inputs]
            else:
                graph = step < order
                outputs, vectors = [g for g, _ in attached], [v for _, v in attached]
                moved = self.framework.grad(outputs, inputs, vectors, create_graph=graph)
                current = self._filled(moved, inputs)
            found.append([self.framework.to_numpy(each) for each in current])
        return found

    def forward_over_reverse(self, cotangents: Arrays, tangents: Arrays) -> Arrays:
        """H v, by forward mode through the vjp."""
        weights = self.tensors(cotangents)

        def gradients(*inputs: Tensor) -> list[Tensor]:
            return self.gradients(list(inputs), weights)

        primals = [self.framework.require_grad(_detached(tensor).clone()) for tensor in self.primals]
        found, moved = self.framework.jvp(gradients, primals, self.tensors(tangents))
        return self._arrays(moved, found)

    def forward_over_forward(self, tangents: Arrays) -> Arrays | None:
        """The second derivative of every output along ``tangents`` twice; None where the framework does not nest forward mode."""
        found = self.framework.second_jvp(self.outputs, [_detached(p) for p in self.primals], self.tensors(tangents))
        return None if found is None else [self.framework.to_numpy(each) for each in found]

    def _filled(self, gradients: Sequence[Tensor | None], inputs: list[Tensor]) -> list[Tensor]:
        return [one.detach() * 0 if each is None else each for each, one in zip(gradients, inputs, strict=True)]


def _detached(tensor: Tensor) -> Any:
    return tensor.detach()


def drawn(random: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """Numbers of [-1, 1] in the shape and dtype of an array: cotangents and tangents."""
    found = random.uniform(-1.0, 1.0, like.shape)
    if like.dtype.kind == "c":
        found = found + 1j * random.uniform(-1.0, 1.0, like.shape)
    return np.asarray(found).astype(like.dtype)


def directions(random: np.random.Generator, function: Differentiable) -> Arrays:
    """One tangent for every differentiable argument, inside its domain."""
    return [
        tangent(spec.domain, drawn(random, value)).astype(value.dtype)
        for spec, value in zip(function.specs, function.values(), strict=True)
    ]


def projected(function: Differentiable, gradients: Arrays) -> Arrays:
    """The parts of gradients that tangents can see: beyond its domain a function has no derivative to disagree about."""
    return [tangent(spec.domain, each) for spec, each in zip(function.specs, gradients, strict=True)]


def inner(one: Arrays, other: Arrays) -> float:
    """Re <one, other>, summed over all arrays."""
    return float(sum(np.vdot(left, right).real for left, right in zip(one, other, strict=True)))


def size(one: Arrays, other: Arrays) -> float:
    """The sum of |one| |other|: what the rounding error of ``inner`` is measured by."""
    return float(sum(np.vdot(np.abs(left), np.abs(right)).real for left, right in zip(one, other, strict=True)))
