"""Copies, casts and moves: clone, contiguous, to, numpy, item, DLPack."""

from __future__ import annotations

import numpy as np

from ..autograd.views import bump, check_writable, rebase_history
from ..backends import NAMESPACES, backend_for
from ..core import dtype as dtypes
from ..core import layout
from ..core.device import device as Device
from ..core.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
    preserve_format,
)
from ..core.tensor import Tensor
from .creation import tensor as new_tensor
from .declare import composite, primitive
from .views import restride


@primitive("_clone(input, format: memory_format)", linear=("input",), half="native", node="CloneBackward0")
def _clone(xp, input, format):
    if format is preserve_format:
        return input.copy("K") if layout.overlaps_itself(input.shape, layout.strides(input)) is False else input.copy("C")
    if format is contiguous_format:
        return input.copy("C")
    result = like_strided(xp, input, layout.channels_last_strides(input.shape))
    result[...] = input
    return result


@_clone.backward("input")
def _(grad):
    return grad


def like_strided(xp, array, steps):
    """Uninitialised memory with the array's shape and dtype and the given strides (elements)."""
    memory = xp.empty(layout.span(array.shape, steps), array.dtype)
    return restride(memory, array.shape, [step * array.dtype.itemsize for step in steps])


@composite(method=True)
def clone(input, *, memory_format=preserve_format):
    """A copy with history."""
    return _clone(input, memory_format)


def _contiguous(self, memory_format: memory_format = contiguous_format) -> Tensor:
    """The tensor itself where it is laid out so already, else a copy that is."""
    return self if is_laid_out(self._array, memory_format) else _clone(self, memory_format)


def is_laid_out(array, format: memory_format) -> bool:
    """Whether an array's elements follow each other as ``format`` says."""
    if format in (channels_last, channels_last_3d):
        if array.ndim != (4 if format is channels_last else 5):
            return False
        return array.transpose(0, *range(2, array.ndim), 1).flags.c_contiguous
    return array.flags.c_contiguous


@primitive("_cast(input, dtype: dtype)", half="native", node="ToCopyBackward0", linear=("input",))
def _cast(xp, input, dtype):
    target = dtype.numpy
    if input.dtype.kind == "c" and target.kind != "c":
        input = input.real
    return input.astype(target)


@_cast.backward("input")
def _(grad, input_dtype):
    return _cast(grad, input_dtype)


@primitive("_move(input, device: device)", half="native", node="ToCopyBackward0", linear=("input",))
def _move(xp, input, device):
    source, target = backend_of_namespace(xp), backend_for(device.type)
    return target.from_host(source.to_host(input).copy(), device.index)


@_move.backward("input")
def _(grad, input):
    return _move(grad, input.device)


def backend_of_namespace(xp):
    """The backend whose namespace is ``xp``."""
    for kind in ("cpu", "cuda", "meta"):
        backend = backend_for(kind) if NAMESPACES.get(np.ndarray) is xp and kind == "cpu" else None
        if backend is not None:
            return backend
    from ..backends import BACKENDS

    return next(backend for backend in BACKENDS.values() if backend.xp is xp)


def _to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=preserve_format) -> Tensor:
    """The tensor with another dtype or device: ``x.to(float64)``, ``x.to("cuda")``, ``x.to(other)``; itself where nothing changes."""
    for item in args[:2]:
        if isinstance(item, dtypes.dtype):
            dtype = item
        elif isinstance(item, Tensor):
            dtype, device = item.dtype, item.device
        elif isinstance(item, (Device, str, int)) and not isinstance(item, bool):
            device = item
        elif item is not None and not isinstance(item, bool):
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(item).__name__})")
    if len(args) > 2:
        copy = bool(args[-1])
    result = self
    if device is not None:
        place = Device(device)
        if place.type != self.device.type:
            result = _move(result, place)
    if dtype is not None:
        dtype = dtypes.parse(dtype)
        if dtype.numpy != result._array.dtype:
            result = _cast(result, dtype)
    if memory_format is not preserve_format and not is_laid_out(result._array, memory_format):
        result = _clone(result, memory_format)
    return _clone(result, preserve_format) if copy and result is self else result


def _item(self):
    """The only element as a Python number. RuntimeError where there is not exactly one."""
    array = self._array
    if array.size != 1:
        raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
    value = array.item()
    return value if type(value) in (bool, int, float, complex) else float(value)


def _tolist(self):
    """The elements as nested lists of Python numbers."""
    array = backend_for(self.device.type).to_host(self._array)
    return (array.astype(np.float32) if array.dtype.kind == "V" else array).tolist()


def _numpy(self, *, force: bool = False) -> np.ndarray:
    """A NumPy array on the same memory. RuntimeError for a tensor that requires grad, TypeError for one not on the CPU; ``force`` detaches and copies."""
    if force:
        return self.detach().cpu()._array
    if self.device.type != "cpu":
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
        )
    if self.requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    if self._array.dtype.kind == "V" or self.dtype is dtypes.bfloat16:
        raise TypeError(f"Got unsupported ScalarType {self.dtype.legacy_name}")
    return self._array.view()


def _array_protocol(self, dtype=None, copy=None):
    array = _numpy(self)
    return array if dtype is None else array.astype(dtype, copy=False)


@primitive("_copied(input, source)", half="native", node="CopyBackwards")
def _copied(xp, input, source):
    return xp.broadcast_to(source, input.shape).astype(input.dtype)


@_copied.backward("source")
def _(grad, source_shape, source_dtype):
    return grad.sum_to_size(source_shape).to(source_dtype)


@_copied.backward("input")
def _(grad):
    return grad.new_zeros(grad.shape)


def _copy_(self, src, non_blocking: bool = False) -> Tensor:
    """Copy the values of ``src`` (broadcast, cast) into this tensor. RuntimeError where shapes do not broadcast."""
    if not isinstance(src, Tensor):
        src = new_tensor(src)
    if src.device.type != self.device.type:
        src = src.to(self.device)
    check_writable(self, tracked=src.requires_grad or self.requires_grad)
    try:
        source = src.expand(self.shape) if src._array.shape != self._array.shape else src
    except RuntimeError:
        from .dispatch import wrong_output_shape
        from ..core.errors import broadcast_mismatch

        try:
            raise broadcast_mismatch(self._array.shape, src._array.shape) from None
        except AssertionError:
            raise wrong_output_shape(self._array.shape, src._array.shape) from None
    array = source._array
    self._array[...] = array.real if array.dtype.kind == "c" and self._array.dtype.kind != "c" else array
    bump(self)
    if self._autograd is not None or src._autograd is not None:
        rebase_history(self, source.to(self.dtype))
    return self


def _fill_into(self, value) -> Tensor:
    """Set every element to ``value`` (a number or a 0-d tensor)."""
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
            )
        return _copy_(self, value)
    return _copy_(self, new_tensor(value))


def _zero_(self) -> Tensor:
    """Set every element to zero."""
    return _fill_into(self, 0)


for _name, _function in {
    "contiguous": _contiguous, "to": _to, "item": _item, "tolist": _tolist, "numpy": _numpy, "__array__": _array_protocol,
    "copy_": _copy_, "fill_": _fill_into, "zero_": _zero_,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)

