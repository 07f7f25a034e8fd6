"""Memory shared with others: DLPack, CUDA array interface, pickling and copying."""

from __future__ import annotations

import pickle

import numpy as np

from ..backends import backend_of
from ..core import dtype as dtypes
from ..core import layout
from ..core.device import device as Device
from ..core.graph import Leaf
from ..core.storage import Storage, storage_of
from ..core.tensor import Tensor, wrap
from .declare import composite

_HOST = 1  # kDLCPU


def _dlpack(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """A DLPack capsule of the tensor's memory. BufferError for one that requires grad or has no memory (meta), AssertionError for a stream on the CPU."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if self.is_meta:
        raise BufferError("Cannot pack tensors on meta")
    given = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
    keywords = {name: value for name, value in given.items() if value is not None}
    if not isinstance(self._array, np.ndarray):
        return self._array.__dlpack__(stream=stream, **keywords)
    if stream is not None:
        raise AssertionError("stream should be None on cpu.")
    from .capsule import export

    return export(self._array, self.dtype, **keywords)


def _dlpack_device(self):
    """(device type, index) as DLPack numbers them: (1, 0) is the host. ValueError for a tensor without memory (meta)."""
    if self.is_meta:
        raise ValueError(f"Unknown device type {self.device.type} for Dlpack")
    return self._array.__dlpack_device__()


@composite()
def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor on the memory of anything that speaks DLPack (torch, NumPy, CuPy), or of a capsule: a write on either side is seen on the other.

    ``copy``: True for memory of its own. RuntimeError for a capsule that has been used, BufferError for tensors that require grad, ValueError for negative strides.
    """
    from .capsule import Exported, import_host

    if not hasattr(ext_tensor, "__dlpack_device__"):
        ext_tensor = Exported(ext_tensor)
    kind, _ = ext_tensor.__dlpack_device__()
    if kind == _HOST:
        made = wrap(import_host(_capsule(ext_tensor)))
    else:
        from ..backends import backend_for

        made = wrap(backend_for("cuda").xp.from_dlpack(ext_tensor))
    made._storage = Storage(made._array)
    moved = made if device is None else made.to(Device(device))
    return moved.clone() if copy and moved is made else moved


def _capsule(exporter):
    try:
        return exporter.__dlpack__(max_version=(1, 0))
    except TypeError:  # an exporter from before versions
        return exporter.__dlpack__()


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


def rebuild(kind, data, dtype: str, shape: tuple, steps: tuple, place, requires_grad: bool, attributes: dict) -> Tensor:
    """A tensor from its bytes: what a pickle calls. ``steps`` are the strides (in elements) of memory without gaps; ``data`` is None on "meta"."""
    of = dtypes.named(dtype)
    if data is None:
        from .creation import empty_strided

        made = empty_strided(shape, steps, dtype=of, device="meta")
    else:
        flat = np.frombuffer(data, of.numpy)
        flat = flat if flat.flags.writeable else flat.copy()
        made = wrap(np.ndarray(shape, of.numpy, flat, 0, [step * of.itemsize for step in steps])).to(place)
    if kind is not Tensor:
        plain, made = made, object.__new__(kind)
        made._array, made._storage, made._autograd = plain._array, plain._storage, None
    if requires_grad:
        made._autograd = Leaf(made)
    made.__dict__.update(attributes)
    return made


def _reduce_ex(self, protocol):
    """The tensor's own elements, not the rest of its storage, in the order in which they lie in memory; as a buffer beside the pickle from protocol 5 on."""
    attributes = (self.requires_grad, dict(self.__dict__))
    shape = tuple(self.shape)
    if self.is_meta:
        return rebuild, (type(self), None, self.dtype.name, shape, self.stride(), self.device, *attributes)
    array = self.detach().cpu()._array
    steps = layout.strides(array)
    if layout.span(shape, steps) != array.size or layout.overlaps_itself(shape, steps):
        array = array.copy("C")
        steps = layout.strides(array)
    flat = array.ravel("K").view(np.uint8)
    data = pickle.PickleBuffer(flat) if protocol >= 5 else flat.tobytes()
    return rebuild, (type(self), data, self.dtype.name, shape, steps, self.device, *attributes)


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
    made._array, made._storage = _copied_memory(self, memo)
    made._autograd = None
    memo[id(self)] = made
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    history = self._autograd
    if self.requires_grad or isinstance(history, Leaf):
        made._autograd = Leaf(made, self.requires_grad)
        if self.grad is not None:
            made._autograd.grad = copy.deepcopy(self.grad, memo)
    return made


def _copied_memory(tensor, memo):
    """(array, storage) on a copy of the tensor's storage, one copy per storage: views that are copied together stay views of one memory."""
    root = storage_of(tensor).root
    size = root.dtype.itemsize
    count = layout.span(root.shape, layout.strides(root))
    if tensor.is_meta or not count:
        return tensor._array.copy("K"), None
    backend = backend_of(root)
    copies = memo.setdefault("storages", {})
    if id(root) not in copies:
        # The root itself is kept too, so that its id stays its own.
        copies[id(root)] = Storage(backend.strided(root, (count,), (size,)).copy()), root
    storage, _ = copies[id(root)]
    flat = storage.root if root.dtype == tensor._array.dtype else storage.root.view(tensor._array.dtype)
    return backend.strided(flat[tensor.storage_offset() :], tensor._array.shape, tensor._array.strides), storage


def _shallow(self):
    made = object.__new__(type(self))
    made._array, made._storage, made._autograd = self._array, storage_of(self), None
    made.__dict__.update(self.__dict__)
    if self.requires_grad:
        made._autograd = Leaf(made)
    return made


def _array_wrap(self, array, context=None, return_scalar: bool = False):
    """What NumPy makes of a tensor with its own functions becomes a tensor again; bools become uint8, as in PyTorch."""
    from .creation import from_numpy

    array = np.asarray(array)
    return from_numpy(array.astype(np.uint8) if array.dtype == np.bool_ else array)


for _name, _function in {
    "__array_wrap__": _array_wrap, "__dlpack__": _dlpack, "__dlpack_device__": _dlpack_device, "__reduce_ex__": _reduce_ex, "__deepcopy__": _deepcopy, "__copy__": _shallow,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)
Tensor.__cuda_array_interface__ = property(_cuda_array_interface)  # type: ignore[attr-defined]
