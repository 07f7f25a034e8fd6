"""JAX on the CPU, for the ops that it has: a framework that shares no code with torch or Ingot, and so an independent witness.

JAX is functional, the harness wants tensors with gradients, so this adapter is a little tape: an op that is called on tensors that want a gradient keeps JAX's pullback, and a pullback is itself called as
an op, which gives every order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .jax_names import EXACTLY, FLOAT
from .protocol import Target

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


@dataclass(eq=False)
class Call:
    """One recorded call: the function of arrays, the tensors it was given, how many outputs it has."""

    function: Callable[..., tuple]
    inputs: list[JaxTensor]
    outputs: list[JaxTensor]


class JaxTensor:
    """An array, whether it wants a gradient, and the call that made it."""

    def __init__(self, array: Any, requires_grad: bool = False, call: Call | None = None):
        self.array, self.requires_grad, self.call = array, requires_grad, call

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    def detach(self) -> JaxTensor:
        return JaxTensor(self.array)

    def clone(self) -> JaxTensor:
        return record(lambda x: (x,), [self])[0] if self.requires_grad else JaxTensor(self.array)

    def __mul__(self, other: Any) -> JaxTensor:
        return record(lambda x: (x * other,), [self])[0]


def record(function: Callable[..., tuple], tensors: list[JaxTensor]) -> list[JaxTensor]:
    """Call a function of arrays on tensors, and remember it where a gradient is wanted."""
    found = function(*[each.array for each in tensors])
    wanted = any(each.requires_grad for each in tensors)
    call = Call(function, tensors, []) if wanted else None
    outputs = [JaxTensor(x, wanted and jnp.issubdtype(x.dtype, jnp.inexact), call) for x in found]
    if call is not None:
        call.outputs = outputs
    return outputs


class JaxTarget(Target):
    """The adapter for JAX. Its arrays cannot be written to, its errors are its own, and it has no in-place forms: none of that is judged."""

    name = "jax"
    namespace = jnp
    unpromised = ("errors", "forms", "randomness", "modules", "optimizers", "schedulers")

    def from_numpy(self, array: np.ndarray) -> JaxTensor:
        return JaxTensor(jnp.array(array))

    def to_numpy(self, tensor: JaxTensor) -> np.ndarray:
        return np.array(tensor.array)

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, JaxTensor)

    def dtype(self, name: str) -> Any:
        return np.dtype(getattr(jnp, name))

    def dtype_name(self, dtype: Any) -> str | None:
        return dtype.name if isinstance(dtype, np.dtype) else None

    def storage(self, tensor: JaxTensor) -> int | None:
        return None

    def device(self, tensor: JaxTensor) -> str:
        return "cpu"

    def manual_seed(self, seed: int) -> None:
        """JAX's functions take their randomness as an argument."""

    def no_grad(self) -> AbstractContextManager:
        return nullcontext()

    def function(self, name: str) -> Callable | None:
        for table, prepare in ((FLOAT, _floated), (EXACTLY, _as_it_is)):
            if name in table:
                path, renamed = table[name]
                return _op(_imported(path), renamed, prepare)
        return None

    def method(self, name: str) -> Callable | None:
        return None

    def constructor(self, name: str) -> Any:
        return None

    # -- derivatives ----------------------------------------------------------------------------------------------------------------

    def require_grad(self, tensor: JaxTensor) -> JaxTensor:
        return JaxTensor(tensor.array, True, tensor.call)

    def grad(
        self,
        outputs: Sequence[JaxTensor],
        inputs: Sequence[JaxTensor],
        cotangents: Sequence[JaxTensor],
        *,
        create_graph: bool = False,
    ) -> list[JaxTensor | None]:
        held: dict[int, JaxTensor] = {id(out): ct for out, ct in zip(outputs, cotangents, strict=True)}
        for call in _latest_first(outputs):
            received = [held.get(id(out)) for out in call.outputs]
            if all(each is None for each in received):
                continue
            filled = [
                JaxTensor(jnp.zeros_like(out.array)) if got is None else got
                for out, got in zip(call.outputs, received, strict=True)
            ]
            for one, gradient in zip(call.inputs, self._pulled(call, filled, create_graph), strict=True):
                if one.requires_grad:
                    before = held.get(id(one))
                    held[id(one)] = gradient if before is None else record(lambda a, b: (a + b,), [before, gradient])[0]
        return [held.get(id(one)) for one in inputs]

    def _pulled(self, call: Call, cotangents: list[JaxTensor], create_graph: bool) -> list[JaxTensor]:
        count = len(call.inputs)

        def pull(*arrays: Any) -> tuple:
            # torch's gradients are the conjugates of JAX's.
            _, back = jax.vjp(call.function, *arrays[:count])
            given = tuple(_cotangent(out, ct) for out, ct in zip(call.outputs, arrays[count:], strict=True))
            return tuple(jnp.conj(each) if jnp.iscomplexobj(each) else each for each in map(_plain, back(given)))

        if create_graph:
            return record(pull, [*call.inputs, *cotangents])
        return [JaxTensor(x) for x in pull(*[each.array for each in [*call.inputs, *cotangents]])]

    def jvp(
        self, function: Callable[..., list[JaxTensor]], primals: Sequence[JaxTensor], tangents: Sequence[JaxTensor]
    ) -> tuple[list[JaxTensor], list[JaxTensor | None]]:
        wanted = [each.requires_grad for each in primals]

        def arrays(*given: Any) -> list[Any]:
            found = function(*[JaxTensor(x, want) for x, want in zip(given, wanted, strict=True)])
            return [each.array for each in found]

        values, moved = jax.jvp(arrays, [p.array for p in primals], [t.array for t in tangents])
        return [JaxTensor(x) for x in values], [JaxTensor(x) for x in map(_plain, moved)]

    def second_jvp(
        self, function: Callable[..., list[JaxTensor]], primals: Sequence[JaxTensor], tangents: Sequence[JaxTensor]
    ) -> list[JaxTensor]:
        along = tuple(t.array for t in tangents)

        def slope(*given: Any) -> list[Any]:
            return jax.jvp(lambda *x: [o.array for o in function(*map(JaxTensor, x))], given, along)[1]

        return [JaxTensor(x) for x in jax.jvp(slope, tuple(p.array for p in primals), along)[1]]


def _plain(array: Any) -> Any:
    """Gradients of whole numbers come as float0: zeros."""
    return jnp.zeros(array.shape) if array.dtype == jax.dtypes.float0 else array


def _cotangent(output: JaxTensor, cotangent: Any) -> Any:
    if not jnp.issubdtype(output.dtype, jnp.inexact):
        return np.zeros(output.shape, jax.dtypes.float0)
    return jnp.conj(cotangent) if jnp.iscomplexobj(output.array) else cotangent


def _latest_first(outputs: Sequence[JaxTensor]) -> list[Call]:
    """The calls behind tensors, each before those that made its inputs."""
    ordered: list[Call] = []
    seen: set[int] = set()

    def visit(call: Call | None) -> None:
        if call is not None and id(call) not in seen:
            seen.add(id(call))
            for each in call.inputs:
                visit(each.call)
            ordered.append(call)

    for each in outputs:
        visit(each.call)
    return ordered[::-1]


def _imported(path: str) -> Callable:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _as_it_is(array: Any) -> Any:
    return array


def _floated(array: Any) -> Any:
    return array if jnp.issubdtype(array.dtype, jnp.inexact) else array.astype(jnp.float32)


def _op(function: Callable, renamed: dict[str, str], prepare: Callable[[Any], Any]) -> Callable:
    """A JAX function that takes and answers ``JaxTensor``s, with torch's keywords."""

    def called(*args: Any, **kwargs: Any) -> Any:
        tensors = [each for each in args if isinstance(each, JaxTensor)]
        named = {renamed.get(key, key): value for key, value in kwargs.items()}
        single = [True]

        def arrays(*given: Any) -> tuple:
            left = iter(given)
            answer = function(*[prepare(next(left)) if isinstance(each, JaxTensor) else each for each in args], **named)
            single[0] = not isinstance(answer, (tuple, list))
            return (answer,) if single[0] else tuple(answer)

        found = record(arrays, tensors)
        return found[0] if single[0] else tuple(found)

    return called
