"""New tensors from numbers, sequences, arrays and shapes."""

from __future__ import annotations

import numpy as np

from ..backends import backend_for
from ..core import dtype as dtypes
from ..core.device import cpu, device
from ..core.errors import OutOfMemoryError, index_of
from ..core.storage import Storage
from ..core.tensor import Tensor, wrap
from .declare import composite
from .dispatch import NUMBERS, number_of

_default_device = [cpu]


def get_default_device() -> device:
    """Where new tensors go unless told otherwise."""
    return _default_device[0]


def set_default_device(place) -> None:
    """Make ``place`` the device of new tensors."""
    _default_device[0] = cpu if place is None else device(place)


def place_of(place) -> device:
    """The device that a ``device=`` argument means."""
    if place is None:
        return _default_device[0]
    return place if type(place) is device else device(place)


def shape_of(size: tuple, name: str = "size") -> tuple[int, ...]:
    """A shape from ``f(2, 3)`` or ``f((2, 3))``; RuntimeError for a negative length."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    shape = tuple(item if type(item) is int else index_of(item, name) for item in size)
    if any(length < 0 for length in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def allocate(shape, dtype: dtypes.dtype, place: device):
    """Uninitialised memory; RuntimeError where there is not so much of it."""
    try:
        return backend_for(place.type).empty(shape, dtype.numpy, place.index)
    except (MemoryError, ValueError, OverflowError):
        count = 1
        for length in shape:
            count *= length
        if count * dtype.itemsize >= 1 << 63:
            raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}") from None
        raise OutOfMemoryError(
            f"[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate {count * dtype.itemsize} bytes."
        ) from None


def finish(array, requires_grad: bool) -> Tensor:
    """Wrap a new array, as a leaf where a gradient is asked for."""
    tensor = wrap(array)
    if requires_grad:
        tensor.requires_grad_(True)
    return tensor


def filled(shape, value, dtype: dtypes.dtype, place: device, requires_grad: bool = False) -> Tensor:
    """A tensor of one value."""
    array = allocate(shape, dtype, place)
    array.fill(np.asarray(value).astype(dtype.numpy).item())
    return finish(array, requires_grad)


def _float_or(dtype) -> dtypes.dtype:
    return dtypes.get_default_dtype() if dtype is None else dtypes.parse(dtype)


@composite(out=True)
def zeros(*size, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Zeros of shape ``size``: ``zeros(2, 3)``."""
    return filled(shape_of(size), 0, _float_or(dtype), place_of(device), requires_grad)


@composite(out=True)
def ones(*size, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Ones of shape ``size``: ``ones(2, 3)``."""
    return filled(shape_of(size), 1, _float_or(dtype), place_of(device), requires_grad)


@composite(out=True)
def empty(*size, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None):
    """Uninitialised memory of shape ``size``: ``empty(2, 3)``."""
    return finish(allocate(shape_of(size), _float_or(dtype), place_of(device)), requires_grad)


@composite()
def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor from numbers, nested sequences, arrays or tensors; always a copy: ``tensor([[1, 2], [3, 4]])``.

    The dtype is inferred: bool, int64, the default float (or its complex), or the array's own. ValueError for ragged sequences, TypeError for what
    holds no numbers, RuntimeError for values that do not fit.
    """
    if isinstance(data, Tensor):
        copied = data.detach().clone()
        copied = copied if dtype is None and device is None else copied.to(device or data.device, dtype or data.dtype)
        return copied.requires_grad_(requires_grad)
    array = array_from(data, None if dtype is None else dtypes.parse(dtype))
    place = place_of(device)
    if place.type != "cpu":
        array = backend_for(place.type).from_host(array, place.index)
    return finish(array, requires_grad)


def array_from(data, dtype: dtypes.dtype | None) -> np.ndarray:
    """A new host array holding ``data``, with the dtype that PyTorch infers (or ``dtype``)."""
    if isinstance(data, np.ndarray):
        dtypes.of(data.dtype.newbyteorder("="))
        array = np.array(data, order="C")
        target = dtype.numpy if dtype else array.dtype.newbyteorder("=")
        return _convert(array, target)
    if isinstance(data, np.generic):
        return array_from(np.asarray(data), dtype)
    number = number_of(data)
    if number is not None:
        found = dtype or _number_dtype(number)
        return _from_numbers(number, (), found)
    if isinstance(data, str) or not hasattr(data, "__len__"):
        if hasattr(data, "__array_interface__") or hasattr(data, "__array__"):
            return array_from(np.asarray(data), dtype)
        if isinstance(data, str):
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    if not isinstance(data, (list, tuple)) and (hasattr(data, "__array_interface__") or hasattr(data, "__array__")):
        return array_from(np.asarray(data), dtype)
    return _from_sequence(data, dtype)


def _number_dtype(number) -> dtypes.dtype:
    from ..core.promotion import number_dtype

    return number_dtype(number)


def _from_sequence(data, dtype: dtypes.dtype | None) -> np.ndarray:
    shape = _shape_of_sequence(data)
    leaves: list = []
    _flatten(data, shape, 0, leaves)
    if dtype is None:
        dtype = _infer(leaves)
    if leaves and any(isinstance(leaf, (Tensor, np.generic)) for leaf in leaves):
        leaves = [leaf.item() if isinstance(leaf, (Tensor, np.generic)) else leaf for leaf in leaves]
    return _from_numbers(leaves, shape, dtype)


def _shape_of_sequence(data) -> tuple[int, ...]:
    shape = []
    while isinstance(data, (list, tuple)) or (hasattr(data, "shape") and len(data.shape)):
        if hasattr(data, "shape"):
            shape.extend(data.shape)
            break
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _flatten(data, shape, depth: int, leaves: list) -> None:
    if depth == len(shape):
        if number_of(data) is None and not (isinstance(data, Tensor) and data._array.size == 1):
            if isinstance(data, (list, tuple)):
                raise ValueError(f"expected sequence of length 1 at dim {depth} (got {len(data)})")
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        leaves.append(data)
        return
    if hasattr(data, "shape") and not isinstance(data, (list, tuple)):
        if tuple(data.shape) != tuple(shape[depth:]):
            raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
        leaves.extend((data.detach()._array if isinstance(data, Tensor) else np.asarray(data)).ravel())
        return
    if not isinstance(data, (list, tuple)):
        raise TypeError(f"not a sequence: {type(data).__name__} at dim {depth}")
    if len(data) != shape[depth]:
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
    if depth == len(shape) - 1 and all(type(item) in NUMBERS for item in data):
        leaves.extend(data)
        return
    for item in data:
        _flatten(item, shape, depth + 1, leaves)


def _infer(leaves: list) -> dtypes.dtype:
    from ..core.promotion import promote_types

    if not leaves:
        return dtypes.get_default_dtype()
    found = None
    for kind in {type(leaf) if type(leaf) in NUMBERS else leaf.dtype for leaf in leaves}:
        if kind in NUMBERS:
            one = _number_dtype(kind(0))
        else:
            one = kind if isinstance(kind, dtypes.dtype) else dtypes.of(kind)
        found = one if found is None else promote_types(found, one)
    assert found is not None
    return found


def _from_numbers(numbers, shape, dtype: dtypes.dtype) -> np.ndarray:
    target = dtype.numpy
    try:
        if target.kind in "iu":
            wide = np.array(numbers)
            if wide.dtype == object or (wide.dtype == np.uint64 and target != np.uint64):
                raise OverflowError
            if wide.dtype.kind == "c":
                raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")
            with np.errstate(all="ignore"):
                return _convert(wide, target).reshape(shape)
        if target.kind == "b":
            return np.array(numbers).astype(bool).reshape(shape)
        if target.kind == "c":
            return np.array(numbers, np.complex128).astype(target).reshape(shape)
        with np.errstate(all="ignore"):
            return np.array(numbers, np.float64).astype(target).reshape(shape)
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long long: a number does not fit into 64 bits") from None


def _convert(array: np.ndarray, target: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        if array.dtype.kind == "c" and target.kind != "c":
            array = array.real
        return array.astype(target, copy=False)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor on the memory of a NumPy array: a write on either side is seen on the other.

    TypeError for what is no array or has a dtype that no tensor holds; ValueError for negative strides.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.of(ndarray.dtype)
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
            "supported. (You can probably work around this by making a copy of your array with array.copy().)"
        )
    if any(step % ndarray.itemsize for step in ndarray.strides):
        raise ValueError("given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the memory.")
    if not ndarray.flags.writeable:
        import warnings

        warnings.warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to this "
            "tensor will result in undefined behavior. You may want to copy the array to protect its data or make it writable before "
            "converting it to a tensor.",
            UserWarning,
            stacklevel=2,
        )
    made = wrap(ndarray.view(np.ndarray))
    made._storage = Storage(made._array)
    return made


# -- like another tensor ------------------------------------------------------------------------------------------------------------------


def _new_like(self, shape, value, dtype, device, requires_grad):
    return filled(
        shape, value, self.dtype if dtype is None else dtypes.parse(dtype), self.device if device is None else place_of(device), requires_grad
    )


def _new_zeros(self, *size, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Zeros with this tensor's dtype and device."""
    return _new_like(self, shape_of(size), 0, dtype, device, requires_grad)


def _new_ones(self, *size, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Ones with this tensor's dtype and device."""
    return _new_like(self, shape_of(size), 1, dtype, device, requires_grad)


def _new_full(self, size, fill_value, *, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """A tensor of one value with this tensor's dtype and device."""
    return _new_like(self, shape_of((size,)), fill_value, dtype, device, requires_grad)


def _new_empty(self, *size, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Uninitialised memory with this tensor's dtype and device."""
    found, place = self.dtype if dtype is None else dtypes.parse(dtype), self.device if device is None else place_of(device)
    return finish(allocate(shape_of(size), found, place), requires_grad)


def _new_empty_strided(self, size, stride, *, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Uninitialised memory under a given shape and strides (elements)."""
    from ..core.layout import span
    from .views import restride

    found, place = self.dtype if dtype is None else dtypes.parse(dtype), self.device if device is None else place_of(device)
    size, stride = shape_of((size,)), shape_of((stride,), "stride")
    if len(size) != len(stride):
        raise RuntimeError(f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})")
    memory = allocate((span(size, stride),), found, place)
    made = finish(restride(memory, size, [step * found.itemsize for step in stride]), requires_grad)
    made._storage = Storage(memory)
    return made


def _new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor from ``data`` with this tensor's dtype and device unless given."""
    return tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


for _name, _function in {
    "new_zeros": _new_zeros, "new_ones": _new_ones, "new_full": _new_full, "new_empty": _new_empty,
    "new_empty_strided": _new_empty_strided, "new_tensor": _new_tensor,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)
