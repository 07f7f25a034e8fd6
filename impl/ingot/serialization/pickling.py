"""Objects to bytes: a pickle in which tensors, dtypes, shapes and devices stand under PyTorch's names, and storages outside."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np

from ..backends import backend_of
from ..core import layout
from ..core.device import device
from ..core.dtype import dtype
from ..core.memory_format import layout as Layout
from ..core.size import Size
from ..core.storage import address, storage_of
from ..core.tensor import Tensor

STORAGE_CLASSES = {
    "float64": "DoubleStorage", "float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage", "int64": "LongStorage",
    "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage", "uint8": "ByteStorage", "bool": "BoolStorage",
    "complex128": "ComplexDoubleStorage", "complex64": "ComplexFloatStorage",
}  # fmt: skip
"""dtype name -> the class that names it in a file; younger dtypes are written as untyped bytes beside their own name."""


class Global:
    """A name of PyTorch's that a file refers to; nothing here is called."""

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name

    def __call__(self) -> None:
        raise TypeError(f"{self.module}.{self.name} is only a name in a file")


REBUILD_TENSOR = Global("torch._utils", "_rebuild_tensor_v2")
REBUILD_TENSOR_OF_DTYPE = Global("torch._utils", "_rebuild_tensor_v3")
REBUILD_META_TENSOR = Global("torch._utils", "_rebuild_meta_tensor_no_storage")
REBUILD_PARAMETER = Global("torch._utils", "_rebuild_parameter")
REBUILD_PARAMETER_WITH_STATE = Global("torch._utils", "_rebuild_parameter_with_state")
REBUILD_FROM_TYPE = Global("torch._tensor", "_rebuild_from_type_v2")
TENSOR = Global("torch", "Tensor")
SIZE = Global("torch", "Size")
DEVICE = Global("torch", "device")
GET_LAYOUT = Global("torch.serialization", "_get_layout")
UNTYPED_STORAGE = Global("torch.storage", "UntypedStorage")
_STORAGE_GLOBALS = {name: Global("torch", storage) for name, storage in STORAGE_CLASSES.items()}


class StorageReference:
    """A storage as the pickle mentions it; its bytes are record ``data/<key>``."""

    def __init__(self, kind: Global, key: str, location: str, count: int):
        self.kind, self.key, self.location, self.count = kind, key, location, count


class TensorPickler(pickle._Pickler):  # type: ignore[name-defined]
    """The pickler of the standard library in Python, whose way of naming globals can be changed, with storages collected in ``storages``."""

    def __init__(self, file: io.BytesIO, protocol: int):
        super().__init__(file, protocol)
        self.storages: dict[str, tuple[Any, int]] = {}  # key -> (root array, bytes)
        self._keys: dict[tuple[str, int, int], str] = {}
        self._dtypes: dict[str, dtype] = {}

    def persistent_id(self, obj: Any) -> tuple | None:
        if type(obj) is not StorageReference:
            return None
        return ("storage", obj.kind, obj.key, obj.location, obj.count)

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return self._reduce_tensor(obj)
        if type(obj) is Size:
            return SIZE, (tuple(obj),)
        if type(obj) is device:
            return DEVICE, (obj.type,) if obj.index is None else (obj.type, obj.index)
        if type(obj) is Layout:
            return GET_LAYOUT, (repr(obj),)
        return NotImplemented

    def _save_named(self, obj: Any) -> None:
        module, name = ("torch", obj.name) if type(obj) is dtype else (obj.module, obj.name)
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    dispatch = pickle._Pickler.dispatch | {Global: _save_named, dtype: _save_named}  # type: ignore[attr-defined]

    # -- tensors

    def _reduce_tensor(self, tensor: Tensor) -> tuple:
        from ..nn.parameter import Buffer, Parameter, is_lazy

        if is_lazy(tensor):
            return tensor.__reduce_ex__(self.proto)
        state = dict(tensor.__dict__)
        if type(tensor) is Parameter:
            arguments = (tensor.detach(), tensor.requires_grad, OrderedDict())
            return (REBUILD_PARAMETER_WITH_STATE, (*arguments, state)) if state else (REBUILD_PARAMETER, arguments)
        rebuild, arguments = self._rebuilding(tensor)
        if type(tensor) is Tensor and not state:
            return rebuild, arguments
        if type(tensor) is Buffer:
            state["_is_buffer"] = True
        kind = TENSOR if type(tensor) in (Tensor, Buffer) else type(tensor)
        return REBUILD_FROM_TYPE, (rebuild, kind, arguments, state)

    def _rebuilding(self, tensor: Tensor) -> tuple[Global, tuple]:
        shape, steps, of = tuple(tensor.shape), tensor.stride(), tensor.dtype
        if tensor.is_meta:
            return REBUILD_META_TENSOR, (of, shape, steps, tensor.requires_grad)
        arguments = (
            self._reference(tensor),
            tensor.storage_offset(),
            shape,
            steps,
            tensor.requires_grad,
            OrderedDict(),
        )
        if of.name in STORAGE_CLASSES:
            return REBUILD_TENSOR, arguments
        return REBUILD_TENSOR_OF_DTYPE, (*arguments, of)

    def _reference(self, tensor: Tensor) -> StorageReference:
        root, of = storage_of(tensor).root, tensor.dtype
        size = root.dtype.itemsize
        count = layout.span(root.shape, [step // size for step in root.strides]) * size
        location = str(tensor.device)
        # Tensors share a storage where they share its memory, whichever array object stands for it.
        place = (location, address(root), count) if count else (location, id(root), 0)
        key = self._keys.setdefault(place, str(len(self._keys)))
        if count and self._dtypes.setdefault(key, of) is not of:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different types: "
                f"{self._dtypes[key]} and {of}. Clone one of them first."
            )
        self.storages[key] = root, count
        typed = _STORAGE_GLOBALS.get(of.name)
        if typed is None:
            return StorageReference(UNTYPED_STORAGE, key, location, count)
        return StorageReference(typed, key, location, count // of.itemsize)


def storage_bytes(root: Any, count: int) -> np.ndarray:
    """The ``count`` bytes of memory that a storage's root spans, as a uint8 array on the host; a view where it lies there."""
    if count == 0:
        return np.empty(0, np.uint8)
    backend = backend_of(root)
    size = root.dtype.itemsize
    flat = backend.to_host(backend.strided(root, (count // size,), (size,)))
    return flat.view(np.uint8)
