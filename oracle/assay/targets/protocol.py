"""What the harness needs of a framework, and the adapter for one whose namespace looks like torch's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import Any

import numpy as np

Tensor = Any
"""A tensor of whichever framework; the harness looks inside only through a ``Target``."""


class Target(ABC):
    """A framework: how its tensors are made, read and differentiated.

    ``namespace`` is the torch-like module in which ops are looked up. ``grad`` and ``jvp`` work on the framework's own tensors.
    """

    name: str
    namespace: Any
    unpromised: tuple[str, ...] = ()
    """Properties that the framework does not promise, so that they are not held against it: a functional one has no in-place forms, say."""

    @abstractmethod
    def from_numpy(self, array: np.ndarray) -> Tensor:
        """A tensor on the array's memory, keeping its strides (bfloat16 as ``ml_dtypes.bfloat16``)."""

    @abstractmethod
    def to_numpy(self, tensor: Tensor) -> np.ndarray:
        """The values of a tensor as an array that later writes do not change."""

    @abstractmethod
    def is_tensor(self, value: Any) -> bool:
        """Whether ``value`` is a tensor of this framework."""

    @abstractmethod
    def dtype(self, name: str) -> Any:
        """The framework's dtype called ``name`` ("float32")."""

    @abstractmethod
    def dtype_name(self, dtype: Any) -> str | None:
        """The name of one of the framework's dtypes, None for anything else."""

    @abstractmethod
    def storage(self, tensor: Tensor) -> int | None:
        """A number that two tensors share exactly when they share memory; None for an empty tensor."""

    def strides(self, tensor: Tensor) -> tuple[int, ...] | None:
        """The strides of a tensor in elements; None where the framework has none."""
        return None

    def device(self, tensor: Tensor) -> str | None:
        """The kind of device that a tensor lies on ("cpu"); None where the framework has one only."""
        return None

    def sparse(self, tensor: Tensor, layout: str) -> Tensor:
        """The tensor with its zeros left out: "sparse_coo" or "sparse_csr". NotImplementedError where a framework has no sparse tensors."""
        raise NotImplementedError(f"target '{self.name}' has no {layout} tensors")

    @abstractmethod
    def manual_seed(self, seed: int) -> None:
        """Seed the framework's generator."""

    @abstractmethod
    def require_grad(self, tensor: Tensor) -> Tensor:
        """``tensor`` as a leaf that wants a gradient."""

    @abstractmethod
    def grad(
        self,
        outputs: Sequence[Tensor],
        inputs: Sequence[Tensor],
        cotangents: Sequence[Tensor],
        *,
        create_graph: bool = False,
    ) -> list[Tensor | None]:
        """The vector-Jacobian product; None for an input that the outputs do not depend on."""

    @abstractmethod
    def jvp(
        self, function: Callable[..., list[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor | None]]:
        """Outputs and their tangents by forward mode; None for an output without a tangent."""

    def second_jvp(
        self, function: Callable[..., list[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
    ) -> list[Tensor] | None:
        """The second derivative of the outputs along ``tangents`` by forward mode over forward mode; None where that does not nest."""
        return None

    @abstractmethod
    def no_grad(self) -> AbstractContextManager:
        """A context in which no history is recorded."""

    def resolve(self, name: str) -> Callable | None:
        """The callable for an op's name: a function of the namespace, else a method (or property) of its tensors; None if missing.

        A name that only exists in place (``uniform``) resolves to the method with an underscore.
        """
        return self.function(name) or self.method(name) or self.method(f"{name}_")

    def function(self, name: str) -> Callable | None:
        """The function ``name`` ("nn.functional.relu") of the namespace, None if missing."""
        found = self._named(name.removeprefix("torch."))
        return found if callable(found) and self.dtype_name(found) is None else None

    def constructor(self, name: str) -> Callable | None:
        """The class ``name`` ("nn.Linear", "optim.SGD") of the namespace, None if missing."""
        return self._named(name)

    def _named(self, name: str) -> Any:
        """What the namespace has by a dotted name, None if nothing. A part that does not import is not there."""
        found: Any = self.namespace
        for part in name.split("."):
            try:
                found = getattr(found, part, None)
            except ImportError:
                return None
        return found

    def construct(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """An object of the class ``name``. LookupError if the target has none."""
        made = self.constructor(name)
        if made is None:
            raise LookupError(f"{self.name} has no '{name}'")
        return made(*args, **kwargs)

    def method(self, name: str) -> Callable | None:
        """The method or property ``name`` of tensors as a function whose first argument is the tensor, None if missing."""
        found = getattr(self.namespace.Tensor, name, None)
        if found is None:
            return None
        return found if callable(found) else attrgetter(name)


class TorchLike(Target):
    """The adapter for a namespace with torch's names; a subclass sets ``name`` and ``namespace``."""

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.namespace.Tensor)

    def from_numpy(self, array: np.ndarray) -> Tensor:
        return self.namespace.from_numpy(array)

    def dtype(self, name: str) -> Any:
        return getattr(self.namespace, name)

    def dtype_name(self, dtype: Any) -> str | None:
        return str(dtype).removeprefix("torch.") if isinstance(dtype, self.namespace.dtype) else None

    def storage(self, tensor: Tensor) -> int | None:
        return tensor.untyped_storage().data_ptr() if tensor.numel() else None

    def strides(self, tensor: Tensor) -> tuple[int, ...] | None:
        strided = getattr(self.namespace, "strided", None)
        return tuple(tensor.stride()) if getattr(tensor, "layout", strided) is strided else None

    def device(self, tensor: Tensor) -> str | None:
        return tensor.device.type

    def sparse(self, tensor: Tensor, layout: str) -> Tensor:
        convert = getattr(tensor, "to_sparse" if layout == "sparse_coo" else "to_sparse_csr", None)
        return super().sparse(tensor, layout) if convert is None else convert()

    def manual_seed(self, seed: int) -> None:
        self.namespace.manual_seed(seed)

    def require_grad(self, tensor: Tensor) -> Tensor:
        return tensor.requires_grad_()

    def grad(
        self,
        outputs: Sequence[Tensor],
        inputs: Sequence[Tensor],
        cotangents: Sequence[Tensor],
        *,
        create_graph: bool = False,
    ) -> list[Tensor | None]:
        return list(
            self.namespace.autograd.grad(
                list(outputs), list(inputs), list(cotangents), create_graph=create_graph, allow_unused=True
            )
        )

    def jvp(
        self, function: Callable[..., list[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor | None]]:
        forward = self.namespace.autograd.forward_ad
        with forward.dual_level():
            outputs = function(*[forward.make_dual(p, t) for p, t in zip(primals, tangents, strict=True)])
            pairs = [forward.unpack_dual(output) for output in outputs]
            return [pair.primal for pair in pairs], [pair.tangent for pair in pairs]

    def second_jvp(
        self, function: Callable[..., list[Tensor]], primals: Sequence[Tensor], tangents: Sequence[Tensor]
    ) -> list[Tensor] | None:
        transforms = getattr(self.namespace, "func", None)
        if transforms is None:
            return None
        given = tuple(tangents)

        def slope(*points: Tensor) -> tuple[Tensor, ...]:
            return transforms.jvp(lambda *x: tuple(function(*x)), points, given)[1]

        return list(transforms.jvp(slope, tuple(primals), given)[1])

    def no_grad(self) -> AbstractContextManager:
        return self.namespace.no_grad()
