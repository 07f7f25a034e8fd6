"""Tensors kept for backward: each remembers the version it had, and refuses to be used after a write.

A saved *input* is kept as the tensor itself. A saved *result* would make a cycle (tensor -> node -> tensor), so its array is kept, and the
tensor is made anew, pointing to the node, when a rule asks for it.
"""

from __future__ import annotations

from typing import Any

from ..core.graph import Leaf, Node, Output, released_error, thread
from ..core.storage import storage_of
from ..core.tensor import Tensor, alias


class Packed:
    """What ``saved_tensors_hooks`` made of a saved tensor, and the graph's end that belongs to it."""

    __slots__ = ("content", "edge", "hook")

    def __init__(self, content, hook, edge):
        self.content = content
        self.hook = hook
        self.edge = edge

    def unpack(self):
        """The tensor again, with its history. TypeError where the hook returns something else."""
        tensor = self.hook(self.content)
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(tensor).__name__}"
            )
        if self.edge is not None and (tensor._autograd is None or tensor._autograd is not self.edge):
            tensor = alias(tensor._array, storage_of(tensor))
            tensor._autograd = self.edge
        return tensor


class RecordedNode(Node):
    """The node of a declared op. ``node._saved_other`` is what it saved under that name; PyTorch calls the first tensor ``self``."""

    __slots__ = ()

    def __getattr__(self, name: str):
        slot = name.removeprefix("_saved_")
        slot = "input" if slot == "self" else slot
        if slot == name or not hasattr(type(self), f"saved_{slot}"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        saved = getattr(self, f"saved_{slot}", None)
        version: Any = getattr(self, f"version_{slot}", None)
        if slot in type(self).results:
            return unpack_result(saved, version, self, type(self).results.index(slot))
        if isinstance(saved, tuple) and isinstance(version, tuple):
            return tuple(unpack_input(one, number) for one, number in zip(saved, version, strict=True))
        if saved is None or isinstance(saved, (Tensor, Packed, Released)):
            return unpack_input(saved, 0 if version is None else version)
        return saved


class Released:
    """Stands where a saved value was, after the graph was freed."""


RELEASED = Released()


def pack(tensor):
    """Apply the innermost ``saved_tensors_hooks`` to a tensor that is being saved."""
    if tensor is None:
        return None
    pack_hook, unpack_hook = thread.mode.saved_hooks[-1]
    history = tensor._autograd
    edge = None if history is None else history.edge(tensor)
    detached = alias(tensor._array, storage_of(tensor)) if edge is not None and not isinstance(edge, Leaf) else tensor
    enabled, thread.mode.enabled = thread.mode.enabled, False
    try:
        return Packed(pack_hook(detached), unpack_hook, edge)
    finally:
        thread.mode.enabled = enabled


def unpack_input(saved, version: int):
    """The saved input; RuntimeError if it was written since, or if the graph was freed."""
    if saved is None:
        return None
    if type(saved) is Packed:
        return saved.unpack()
    if saved is RELEASED:
        raise released_error()
    storage = saved._storage
    if storage is not None and storage.version != version:
        raise modified_error(saved._array, storage.version, version)
    return saved


def unpack_result(saved, version: int, node, number: int):
    """The saved result, a tensor whose history is ``node`` again; without history where nothing is recorded."""
    if (
        type(saved) is Tensor
        and (storage := saved._storage) is not None
        and storage.version == version
        and saved._autograd is None
        and not thread.mode.enabled
    ):
        return saved
    if type(saved) is Packed:
        tensor = saved.unpack()
        tensor = alias(tensor._array, storage_of(tensor))
    elif saved is RELEASED:
        raise released_error()
    else:
        if saved._storage.version != version:
            raise modified_error(saved._array, saved._storage.version, version)
        tensor = alias(saved._array, saved._storage)
    history = node if node.outputs == 1 else Output(node, number)
    dual = saved._autograd if isinstance(saved, Tensor) else None
    if dual is None:
        tensor._autograd = history
        return tensor
    primal = alias(tensor._array, tensor._storage)
    primal._autograd = history
    tensor._autograd = type(dual)(dual.level, primal, dual.tangent)  # forward over reverse: the result had a tangent
    return tensor


def modified_error(array, found: int, expected: int) -> RuntimeError:
    from ..core.dtype import of

    kind = of(array.dtype).legacy_name
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{kind}Tensor {list(array.shape)}] is at version {found}; expected version {expected} instead. "
        "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True)."
    )
