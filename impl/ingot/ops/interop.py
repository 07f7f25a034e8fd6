"""Memory shared with others: DLPack, CUDA array interface, pickling and copying.

NumPy speaks DLPack itself, so a tensor's capsule is its array's; bfloat16 and float8, which NumPy's exporter does not know, are refused with a sentence.
"""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.graph import Leaf
from ..core.storage import Storage, storage_of
from ..core.tensor import Tensor, wrap
from .declare import composite


def _dlpack(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """A DLPack capsule of the tensor's memory. BufferError for one that requires grad or has a dtype that DLPack exporters here do not know."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if isinstance(self._array, np.ndarray):
        if self._array.dtype.kind == "V" or self.dtype.name in ("bfloat16",) or self.dtype in dtypes.FLOAT8:
            raise BufferError(f"NumPy cannot export {self.dtype} through DLPack")
        keywords = {} if max_version is None else {"max_version": max_version}
        if dl_device is not None:
            keywords["dl_device"] = dl_device
        if copy is not None:
            keywords["copy"] = copy
        return self._array.__dlpack__(**keywords)
    return self._array.__dlpack__(stream=stream)


def _dlpack_device(self):
    """(device type, index) as DLPack numbers them: (1, 0) is the host."""
    return self._array.__dlpack_device__()


@composite()
def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor on the memory of anything that speaks DLPack (torch, NumPy, CuPy): a write on either side is seen on the other."""
    if isinstance(ext_tensor, Tensor):
        return ext_tensor.detach()
    if not hasattr(ext_tensor, "__dlpack_device__"):
        raise TypeError(
            f"from_dlpack(): expected an object with __dlpack__ and __dlpack_device__, got {type(ext_tensor).__name__}"
        )
    kind, _ = ext_tensor.__dlpack_device__()
    if kind == 1:
        array = np.from_dlpack(ext_tensor)
        if not array.flags.writeable:
            # NumPy marks imports without a version as read-only; the exporter's memory is writable all the same.
            array = np.ndarray(array.shape, array.dtype, _Memory(array), 0, array.strides)
        if any(step < 0 for step in array.strides):
            raise ValueError("from_dlpack(): tensors with negative strides are not supported; copy the array first")
        made = wrap(array)
    else:
        from ..backends import backend_for

        made = wrap(backend_for("cuda").xp.from_dlpack(ext_tensor))
    made._storage = Storage(made._array)
    return made if device is None else made.to(device)


class _Memory:
    """An array's memory as a writable NumPy array interface; keeps the array alive."""

    def __init__(self, array: np.ndarray):
        self.array = array
        span = (
            sum((length - 1) * step for length, step in zip(array.shape, array.strides, strict=True)) + array.itemsize
            if array.size
            else 0
        )
        self.__array_interface__ = {
            "shape": (span,),
            "typestr": "|u1",
            "data": (array.ctypes.data, False),
            "version": 3,
        }

    def __buffer__(self, flags):
        return memoryview(np.asarray(self))


def _cuda_array_interface(self):
    """The ``__cuda_array_interface__`` of device memory. AttributeError on the CPU, RuntimeError where grad is required."""
    if not self.is_cuda:
        raise AttributeError(
            f"Can't get __cuda_array_interface__ on non-CUDA tensor type: {self.type()} If CUDA data is required use tensor.cuda() to copy tensor to device memory."
        )
    if self.requires_grad:
        raise RuntimeError(
            "Can't get __cuda_array_interface__ on Variable that requires grad. If gradients aren't required, use var.detach() to get Variable that doesn't require grad."
        )
    return self._array.__cuda_array_interface__


# -- pickling and copying -------------------------------------------------------------------------------------------------------------------


def rebuild(kind, data: bytes, dtype: str, shape: tuple, requires_grad: bool, attributes: dict) -> Tensor:
    """A tensor from its bytes: what a pickle calls."""
    array = np.frombuffer(bytearray(data), dtypes.named(dtype).numpy).reshape(shape)
    made = wrap(array)
    if kind is not Tensor:
        from ..nn.parameter import Parameter

        made = Parameter(made, requires_grad) if kind is Parameter else made
    elif requires_grad:
        made.requires_grad_()
    made.__dict__.update(attributes)
    return made


def _reduce_ex(self, protocol):
    array = self.detach().cpu()._array
    return rebuild, (
        type(self),
        array.tobytes(),
        self.dtype.name,
        tuple(array.shape),
        self.requires_grad,
        dict(self.__dict__),
    )


def _deepcopy(self, memo):
    """A copy with memory of its own. RuntimeError for a tensor with history."""
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you were attempting to deepcopy a "
            "module, this may be because of a torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
        )
    import copy

    made = object.__new__(type(self))
    made._array, made._storage, made._autograd = _copied_array(self, memo), None, None
    memo[id(self)] = made
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    history = self._autograd
    if self.requires_grad or isinstance(history, Leaf):
        made._autograd = Leaf(made, self.requires_grad)
        if self.grad is not None:
            made._autograd.grad = copy.deepcopy(self.grad, memo)
    return made


def _copied_array(tensor, memo):
    """A copy of the array; views of one storage that are copied together stay views of one copy."""
    root = storage_of(tensor).root
    if root is tensor._array:
        found = memo.get(id(root))
        if found is None:
            found = memo[id(root)] = root.copy("K")
        return found
    return tensor._array.copy("K")


def _shallow(self):
    made = object.__new__(type(self))
    made._array, made._storage, made._autograd = self._array, storage_of(self), None
    made.__dict__.update(self.__dict__)
    if self.requires_grad:
        made._autograd = Leaf(made)
    return made


for _name, _function in {
    "__dlpack__": _dlpack, "__dlpack_device__": _dlpack_device, "__reduce_ex__": _reduce_ex, "__deepcopy__": _deepcopy, "__copy__": _shallow,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)
Tensor.__cuda_array_interface__ = property(_cuda_array_interface)  # type: ignore[attr-defined]
