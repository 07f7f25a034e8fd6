"""The frameworks that are compared: one small adapter each.

A case has programs in dialects ("torch", "numpy"); a subject speaks one, and runs that program on its own tensors. A new framework is a subclass of
``Subject`` named in ``BUILT_IN``, or in the entry point group ``duel.subjects``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

import numpy as np

from .block import Contender


class Subject:
    """Something that takes part in duels. The base class is plain Python: no tensors, nothing pending."""

    dialect = "python"
    module = ""  # what has to be importable
    namespace: Any = None

    def __init__(self, name: str):
        self.name = name

    def tensor(self, array: np.ndarray) -> Any:
        """The subject's tensor with an array's values and strides."""
        return array

    def read(self, result: Any) -> list[np.ndarray]:
        """The leaves of a result in host memory, computed and complete."""
        return [np.asarray(leaf) for leaf in _leaves(result)]

    def synchronize(self) -> None:
        """Wait for what is pending."""

    def compile(self, function: Callable) -> Callable:
        """``function`` as this subject runs it; eager subjects run it as it is."""
        return function

    def set_threads(self, count: int) -> None:
        """Give every thread pool that this subject uses ``count`` threads."""

    def contender(self, call: Callable[[], Any]) -> Contender:
        """``call`` under this subject's name."""
        return Contender(self.name, call, self.synchronize, self.read)


def _leaves(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [leaf for item in result for leaf in _leaves(item)]
    return [] if result is None else [result]


class TorchLike(Subject):
    """A framework with torch's names, reached through Assay's adapter for it."""

    dialect = "torch"

    def __init__(self, name: str):
        from assay import targets

        super().__init__(name)
        self.target = targets.load(self.module)
        self.namespace = self.target.namespace

    def tensor(self, array: np.ndarray) -> Any:
        return self.target.from_numpy(array)

    def read(self, result: Any) -> list[np.ndarray]:
        is_tensor, to_numpy = self.target.is_tensor, self.target.to_numpy
        return [to_numpy(leaf) if is_tensor(leaf) else np.asarray(leaf) for leaf in _leaves(result)]

    def set_threads(self, count: int) -> None:
        self.namespace.set_num_threads(count)


class Torch(TorchLike):
    """PyTorch, eager: the baseline."""

    module = "torch"


class TorchCompile(TorchLike):
    """PyTorch through ``torch.compile``, for the shapes at hand."""

    module = "torch"

    def compile(self, function: Callable) -> Callable:
        self.namespace._dynamo.reset()
        return self.namespace.compile(function, dynamic=False)


class Ingot(TorchLike):
    """Ingot, eager."""

    module = "ingot"


class NumPy(Subject):
    """NumPy, where it has the operation."""

    dialect = "numpy"
    module = "numpy"
    namespace = np

    def set_threads(self, count: int) -> None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(count)


class Jax(Subject):
    """JAX on the CPU, jitted; it runs the programs written for NumPy. Its thread pool is set by XLA_FLAGS before the process starts (``worker``)."""

    dialect = "numpy"
    module = "jax"

    def __init__(self, name: str):
        import jax

        super().__init__(name)
        jax.config.update("jax_enable_x64", True)
        self.jax, self.namespace = jax, jax.numpy

    def tensor(self, array: np.ndarray) -> Any:
        return self.jax.numpy.asarray(array)

    def compile(self, function: Callable) -> Callable:
        jitted = self.jax.jit(function)
        return lambda *arguments: self.jax.block_until_ready(jitted(*arguments))


BUILT_IN: dict[str, str] = {
    "torch": "duel.subjects:Torch",
    "torch.compile": "duel.subjects:TorchCompile",
    "ingot": "duel.subjects:Ingot",
    "numpy": "duel.subjects:NumPy",
    "jax": "duel.subjects:Jax",
}
"""Subject name -> "module:class" of its adapter."""


def _found() -> dict[str, str]:
    return BUILT_IN | {point.name: point.value for point in entry_points(group="duel.subjects")}


AGAIN = " again"
"""What is appended to a name for a second instance of a subject: a duel with itself."""


def _adapter(name: str) -> type[Subject]:
    module, _, attribute = _found()[name].partition(":")
    return getattr(import_module(module), attribute)


@cache
def load(name: str) -> Subject:
    """The subject called ``name``; "torch again" is another torch; a name that no adapter has is plain Python under that name."""
    kind = name.removesuffix(AGAIN)
    return _adapter(kind)(name) if kind in _found() else Subject(name)


def installed() -> list[str]:
    """The names of the frameworks that can take part here."""
    return [name for name in _found() if find_spec(_adapter(name).module or "sys")]
