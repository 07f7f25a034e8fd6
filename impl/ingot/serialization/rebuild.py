"""From what a file says to tensors: storages, where they go, and the builders that a pickle may name.

A builder checks what it is given before it makes anything: shapes and strides must lie inside their storage, numbers must be numbers. So nothing outside a storage's
bytes can be read, whatever the file claims.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..backends import backend_for, backend_of
from ..core import dtype as dtypes
from ..core import layout
from ..core.device import device
from ..core.memory_format import strided
from ..core.size import Size
from ..core.storage import Storage
from ..core.tensor import Tensor, alias
from .archive import ArchiveReader
from .pickling import STORAGE_CLASSES

_STORAGE_DTYPES = {storage: dtypes.BY_NAME[name] for name, storage in STORAGE_CLASSES.items()}
_LONGEST = sys.maxsize


class StorageKind:
    """A storage class as a file names it; ``dtype`` is None for untyped bytes."""

    def __init__(self, dtype: dtypes.dtype | None):
        self.dtype = dtype


class LoadedStorage:
    """The bytes of one storage and the device they are on: what a callable ``map_location(storage, location)`` gets, and returns."""

    def __init__(self, data: Any, place: device):
        self.data, self.device = data, place  # data: a 1-d uint8 array of the device's backend; None on "meta"
        self.roots: dict[dtypes.dtype, Storage] = {}

    def nbytes(self) -> int:
        """The size in bytes."""
        return 0 if self.data is None else self.data.size

    def to(self, place: Any) -> LoadedStorage:
        """The storage on another device; itself where it is there."""
        place = device(place)
        if place.type == self.device.type and place.index in (None, self.device.index):
            return self
        if place.type == "meta":
            return LoadedStorage(None, place)
        _check_available(place)
        host = backend_of(self.data).to_host(self.data)
        moved = backend_for(place.type).from_host(host, place.index)
        return LoadedStorage(moved, device(place.type, place.index))

    def cpu(self) -> LoadedStorage:
        """The storage in host memory."""
        return self.to("cpu")

    def cuda(self, index: int | None = None) -> LoadedStorage:
        """The storage on a CUDA device."""
        return self.to(device("cuda", index))

    def root(self, of: dtypes.dtype) -> Storage:
        """The memory as elements of one dtype, shared by all tensors on it."""
        found = self.roots.get(of)
        if found is None:
            usable = self.data.size // of.itemsize * of.itemsize
            found = self.roots[of] = Storage(self.data[:usable].view(of.numpy))
        return found


class TypedStorage:
    """A storage with the dtype under which the pickle mentions it."""

    def __init__(self, storage: LoadedStorage, dtype: dtypes.dtype | None):
        self.storage, self.dtype = storage, dtype


def _check_available(place: device) -> None:
    if place.type != "cuda":
        return
    from .. import cuda

    if not cuda.is_available():
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only machine, "
            "please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
        )
    if (place.index or 0) >= cuda.device_count():
        raise RuntimeError(
            f"Attempting to deserialize object on CUDA device {place.index} but torch.cuda.device_count() is {cuda.device_count()}. "
            "Please use torch.load with map_location to map your storages to an existing device."
        )


def placement(map_location: Any) -> Callable[[LoadedStorage, str], LoadedStorage]:
    """How ``map_location`` (None, a device or its name, a dict of names, a function) moves a storage tagged with a location."""
    if map_location is None:
        return lambda storage, location: storage.to(location)
    if isinstance(map_location, Mapping):
        return lambda storage, location: storage.to(map_location.get(location, location))
    if isinstance(map_location, (str, device)):
        place = device(map_location)
        return lambda storage, location: storage.to(place)
    if not callable(map_location):
        raise TypeError(
            f"map_location must be a device, its name, a dict or a function, got {type(map_location).__name__}"
        )

    def place_by_function(storage: LoadedStorage, location: str) -> LoadedStorage:
        placed = map_location(storage, location)
        return storage.to(location) if placed is None else placed

    return place_by_function


class StorageLoader:
    """Answers a pickle's persistent ids with the storages of one archive; each record is read once."""

    def __init__(self, archive: ArchiveReader, map_location: Any):
        self.archive = archive
        self.place = placement(map_location)
        self.skip = isinstance(map_location, (str, device)) and device(map_location).type == "meta"
        order = archive.read("byteorder") if "byteorder" in archive else b"little"
        if order not in (b"little", b"big"):
            raise ValueError(f"Unknown endianness type: {order.decode('ascii', 'replace')}")
        self.swap = order.decode() != sys.byteorder
        self.loaded: dict[str, LoadedStorage] = {}

    def __call__(self, identity: tuple) -> TypedStorage:
        _, kind, key, location, count = identity
        location = location.decode("ascii") if isinstance(location, bytes) else location
        if not (isinstance(kind, StorageKind) and type(key) is str and type(location) is str and type(count) is int):
            raise UnpicklingError(f"malformed storage reference {identity!r}")
        record = f"data/{key}"
        of = kind.dtype or dtypes.uint8
        size = self.archive.size(record)
        if count * of.itemsize != size:
            raise RuntimeError(
                f"storage {key!r} is said to hold {count} elements of {of} ({count * of.itemsize} bytes), but its record has {size} bytes"
            )
        if key not in self.loaded:
            self.loaded[key] = self._load(record, of, location)
        return TypedStorage(self.loaded[key], kind.dtype)

    def _load(self, record: str, of: dtypes.dtype, location: str) -> LoadedStorage:
        if self.skip:
            return LoadedStorage(None, device("meta"))
        data = self.archive.read_array(record)
        if self.swap:
            width = of.to_real().itemsize
            data.view(f"u{width}").byteswap(inplace=True)
        if of is dtypes.bool_:
            # Any nonzero byte is True to PyTorch; NumPy knows only 0 and 1.
            np.not_equal(data, 0, out=data.view(np.bool_))
        return self.place(LoadedStorage(data, device("cpu")), location)


# -- builders: what a pickle may name ------------------------------------------------------------------------------------------------------


def _lengths(values: Any, what: str) -> tuple[int, ...]:
    if type(values) not in (tuple, list, Size) or any(type(value) is not int for value in values):
        raise RuntimeError(f"a tensor's {what} must be a tuple of integers, got {values!r}")
    if any(value < 0 for value in values):
        raise RuntimeError(f"a tensor's {what} must not be negative, got {tuple(values)}")
    return tuple(values)


def _view(typed: Any, of: dtypes.dtype | None, offset: Any, size: Any, stride: Any) -> Tensor:
    """The tensor at ``offset`` of a storage. RuntimeError unless it lies inside."""
    if not isinstance(typed, TypedStorage) or not isinstance(of, dtypes.dtype):
        raise UnpicklingError(f"a tensor needs a storage and a dtype, got {type(typed).__name__} and {of!r}")
    shape, steps = _lengths(size, "size"), _lengths(stride, "stride")
    (start,) = _lengths((offset,), "storage offset")
    if len(shape) != len(steps):
        raise RuntimeError(f"a tensor's size and stride must have the same length, got {shape} and {steps}")
    storage = typed.storage
    count = 1
    for length in shape:
        count *= max(length, 1)
    needed = (start + layout.span(shape, steps)) * of.itemsize
    if count * of.itemsize > _LONGEST or (needed > _LONGEST):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(steps)}")
    if storage.device.type == "meta":
        return _meta_tensor(of, shape, steps)
    if 0 not in shape and needed > storage.nbytes():
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(steps)}, storage offset {start}, and itemsize {of.itemsize} requiring a storage "
            f"size of {needed} are out of bounds for storage of size {storage.nbytes()}"
        )
    root = storage.root(of)
    array = root.root[min(start, root.root.size) :]
    array = array[:0].reshape(shape) if 0 in shape else _under(array, shape, [step * of.itemsize for step in steps])
    return alias(array, root)


def _under(array: Any, shape: tuple[int, ...], byte_strides: list[int]) -> Any:
    return backend_of(array).strided(array, shape, tuple(byte_strides))


def _meta_tensor(of: Any, size: Any, stride: Any, requires_grad: Any = False) -> Tensor:
    from ..ops.creation import empty_strided

    if not isinstance(of, dtypes.dtype):
        raise UnpicklingError(f"a tensor needs a dtype, got {of!r}")
    made = empty_strided(_lengths(size, "size"), _lengths(stride, "stride"), dtype=of, device="meta")
    return made.requires_grad_(requires_grad is True)


def _finish(tensor: Tensor, requires_grad: Any, metadata: Any) -> Tensor:
    if metadata:
        if type(metadata) is not dict or not metadata.keys() <= {"conj", "neg"}:
            raise RuntimeError(f"unknown tensor metadata {metadata!r}")
        # Lazily conjugated memory does not exist here: the values are computed, into memory of their own.
        tensor = tensor.conj() if metadata.get("conj") else tensor
        tensor = tensor.neg() if metadata.get("neg") else tensor
    return tensor.requires_grad_() if requires_grad is True else tensor


def _tensor(storage, offset, size, stride, requires_grad=False, hooks=None, metadata=None) -> Tensor:
    return _finish(_view(storage, getattr(storage, "dtype", None), offset, size, stride), requires_grad, metadata)


def _tensor_of_dtype(storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None) -> Tensor:
    return _finish(_view(storage, dtype, offset, size, stride), requires_grad, metadata)


def _parameter(data: Any, requires_grad: Any = True, hooks: Any = None, state: Any = None) -> Tensor:
    from ..nn.parameter import Parameter

    if not isinstance(data, Tensor):
        raise UnpicklingError(f"a Parameter needs a tensor, got {type(data).__name__}")
    return _with_state(Parameter(data, requires_grad is True), state)


def _with_state(tensor: Tensor, state: Any) -> Tensor:
    if type(state) is tuple and len(state) == 2 and not state[1]:
        state = state[0]  # (__dict__, slots)
    if state and (type(state) is not dict or any(type(name) is not str for name in state)):
        raise UnpicklingError(f"a tensor's attributes must be a dict, got {type(state).__name__}")
    tensor.__dict__.update(state or {})
    return tensor


def _from_type(rebuild: Any, kind: Any, arguments: Any, state: Any) -> Tensor:
    from ..nn.parameter import Buffer

    if rebuild not in (_tensor, _tensor_of_dtype, _meta_tensor, _parameter):
        raise UnpicklingError("a tensor can only be rebuilt from its storage")
    tensor = rebuild(*arguments)
    state = dict(state) if type(state) is dict else state
    if type(state) is dict and state.pop("_is_buffer", False) is True:
        return _with_state(Buffer(tensor, persistent=state.pop("persistent", True) is True), state)
    if isinstance(kind, type) and issubclass(kind, Tensor) and kind is not Tensor:
        # A subclass that the user vouched for; only its name is used, its constructor does not run.
        made = object.__new__(kind)
        made._array, made._storage, made._autograd = tensor._array, tensor._storage, tensor._autograd
        tensor = made
    return _with_state(tensor, state)


def _bytes(text: Any, encoding: Any) -> bytes:
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise UnpicklingError("_codecs.encode serves only for bytes written as latin1 text")
    return text.encode("latin1")


def _bytearray(*arguments: Any) -> bytearray:
    # A number would ask for that much memory.
    if any(not isinstance(value, (bytes, list)) for value in arguments) or len(arguments) > 1:
        raise UnpicklingError("bytearray takes bytes")
    return bytearray(*arguments)


def _set(items: Any = ()) -> set:
    from .unpickling import key

    return {key(item) for item in _sequence(items, "set")}


def _frozenset(items: Any = ()) -> frozenset:
    return frozenset(_set(items))


def _ordered_dict(items: Any = ()) -> OrderedDict:
    from .unpickling import key

    pairs = items.items() if type(items) is dict else _sequence(items, "OrderedDict")
    return OrderedDict((key(name), value) for name, value in pairs)


def _counter(items: Any = ()) -> Counter:
    if items != () and type(items) is not dict:
        raise UnpicklingError("Counter takes a dict")
    return Counter(dict(items))


def _sequence(items: Any, what: str) -> Any:
    if type(items) not in (list, tuple):
        raise UnpicklingError(f"{what} takes a list, got {type(items).__name__}")
    return items


def _complex(real: Any, imag: Any = 0.0) -> complex:
    if type(real) not in (int, float) or type(imag) not in (int, float):
        raise UnpicklingError("complex takes two numbers")
    return complex(real, imag)


def _size(items: Any = ()) -> Size:
    return Size(_lengths(items, "size"))


def _device(type: Any, index: Any = None) -> device:
    if not isinstance(type, str) or not (index is None or isinstance(index, int)):
        raise UnpicklingError(f"device takes a name and a number, got {type!r} and {index!r}")
    return device(type, index)


def _layout(name: Any) -> Any:
    if name != "torch.strided":
        raise UnpicklingError(f"tensors of layout {name!r} cannot be loaded: only dense (strided) ones can")
    return strided


def _no_sparse(*arguments: Any) -> Any:
    raise UnpicklingError(
        "this file holds sparse, quantized or nested tensors, which cannot be loaded; save them as dense ones"
    )


BUILDERS: dict[str, Any] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_dtype,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta_tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.Tensor": Tensor,
    "torch.Size": _size,
    "torch.device": _device,
    "torch.serialization._get_layout": _layout,
    "torch.storage.UntypedStorage": StorageKind(None),
    "collections.OrderedDict": _ordered_dict,
    "collections.Counter": _counter,
    "_codecs.encode": _bytes,
    "builtins.bytearray": _bytearray,
    "builtins.set": _set,
    "builtins.frozenset": _frozenset,
    "builtins.complex": _complex,
    **{f"torch.{storage}": StorageKind(of) for storage, of in _STORAGE_DTYPES.items()},
    **{f"torch.{of.name}": of for of in dtypes.ALL},
    **{
        f"torch._utils._rebuild_{kind}": _no_sparse
        for kind in ("sparse_tensor", "sparse_csr_tensor", "qtensor", "nested_tensor", "wrapper_subclass")
    },
}
"""Full name in a file -> what it stands for: a value, or a function that checks its arguments."""
