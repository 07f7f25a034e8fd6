"""Tensors kept for backward: each remembers the version it had, and refuses to be used after a write.

A saved *input* is kept as the tensor itself. A saved *result* would make a cycle (tensor -> node -> tensor), so its array is kept, and the
tensor is made anew, pointing to the node, when a rule asks for it.
"""

from __future__ import annotations

from ..core.graph import Output, released_error, thread
from ..core.storage import storage_of
from ..core.tensor import alias


class Packed:
    """What ``saved_tensors_hooks`` made of a saved tensor."""

    __slots__ = ("content", "unpack")

    def __init__(self, content, unpack):
        self.content = content
        self.unpack = unpack


class Released:
    """Stands where a saved value was, after the graph was freed."""


RELEASED = Released()


def pack(tensor):
    """Apply the innermost ``saved_tensors_hooks`` to a tensor that is being saved."""
    if tensor is None:
        return None
    pack_hook, unpack_hook = thread.mode.saved_hooks[-1]
    detached = (
        alias(tensor._array, storage_of(tensor))
        if tensor._autograd is not None and tensor.grad_fn is not None
        else tensor
    )
    return Packed(pack_hook(detached), unpack_hook)


def unpack_input(saved, version: int):
    """The saved input; RuntimeError if it was written since, or if the graph was freed."""
    if saved is None:
        return None
    if type(saved) is Packed:
        return saved.unpack(saved.content)
    if saved is RELEASED:
        raise released_error()
    storage = saved._storage
    if storage is not None and storage.version != version:
        raise modified_error(saved._array, storage.version, version)
    return saved


def unpack_result(saved, version: int, node, number: int):
    """The saved result, a tensor whose history is ``node`` again."""
    if type(saved) is Packed:
        tensor = saved.unpack(saved.content)
        tensor = alias(tensor._array, storage_of(tensor))
    elif saved is RELEASED:
        raise released_error()
    else:
        if saved._storage.version != version:
            raise modified_error(saved._array, saved._storage.version, version)
        tensor = alias(saved._array, saved._storage)
    tensor._autograd = node if node.outputs == 1 else Output(node, number)
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
