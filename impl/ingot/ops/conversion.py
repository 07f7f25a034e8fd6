"""Copies, casts and moves: clone, contiguous, to, numpy, item, DLPack."""

from __future__ import annotations

import numpy as np

from ..autograd.views import bump, check_history_writable, check_no_shared_memory
from ..backends import backend_for, backend_of
from ..core import dtype as dtypes
from ..core import layout
from ..core.device import device as Device
from ..core.errors import broadcast_mismatch
from ..core.graph import Leaf, thread
from ..core.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
    preserve_format,
)
from ..core.promotion import to_scalar
from ..core.storage import storage_of
from ..core.tensor import Tensor, alias, wrap
from .creation import shape_of
from .creation import tensor as new_tensor
from .declare import composite, primitive
from .dispatch import adopt, number_of, resize, wrong_output_shape
from .views import restride


@primitive("_clone(input, format: memory_format)", linear=("input",), half="native", node="CloneBackward0")
def _clone(xp, input, format):
    if format is preserve_format:
        dense = input.flags.c_contiguous or not layout.overlaps_itself(input.shape, layout.strides(input))
        return input.copy("K") if dense else input.copy("C")
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
    if input.dtype.kind == "c" and target.kind not in "cb":  # an imaginary number is true, though its real part is 0
        input = input.real
    return input.astype(target)


@_cast.backward("input")
def _(grad, input_dtype):
    return _cast(grad, input_dtype)


def _converted(input, dtype: dtypes.dtype) -> Tensor:
    """``input`` in another dtype. Integers and bools have no derivative, so that their history ends here."""
    return _cast(input if dtype.category >= dtypes.FLOAT or input._autograd is None else input.detach(), dtype)


@primitive("_move(input, device: device)", half="native", node="ToCopyBackward0", linear=("input",))
def _move(xp, input, device):
    source, target = backend_of(input), backend_for(device.type)
    return target.from_host(input if device.type == "meta" else source.to_host(input), device.index)


@_move.backward("input")
def _(grad, input):
    return _move(grad, input.device)


def _moved(self, place: Device):
    """The tensor on another device, itself where it is there. RuntimeError where there is no such device."""
    here = self.device
    if place.type == here.type and place.index in (None, here.index):
        return self
    if here.type == "meta":
        raise NotImplementedError("Cannot copy out of meta tensor; no data!")
    return _move(self, place)


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
        result = _moved(result, Device(device))
    if dtype is not None:
        dtype = dtypes.parse(dtype)
        if dtype.numpy != result._array.dtype:
            result = _converted(result, dtype)
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
    if self.dtype is dtypes.bfloat16 or self.dtype in dtypes.FLOAT8:
        raise TypeError(f"Got unsupported ScalarType {self.dtype.legacy_name}")
    return self._array.view()


def _array_protocol(self, dtype=None, copy=None):
    """What ``np.asarray(tensor)`` calls. ValueError where ``copy=False`` and the dtype differs."""
    array = _numpy(self)
    if copy is False and dtype is not None and array.dtype != dtype:
        raise ValueError(
            f"Unable to avoid copy while creating an array of {np.dtype(dtype)} from a tensor of {self.dtype}"
        )
    return array.astype(array.dtype if dtype is None else dtype, copy=bool(copy))


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
    check_no_shared_memory(self)
    return _copy_values(self, src)


def _copy_values(self, src: Tensor) -> Tensor:
    if src.device.type != self.device.type:
        src = src.to(self.device)
    check_history_writable(self, tracked=thread.mode.enabled and (src.requires_grad or self.requires_grad))
    try:
        source = src.expand(self.shape) if src._array.shape != self._array.shape else src
    except RuntimeError:
        raise _does_not_fit(self._array.shape, src._array.shape) from None
    array = source._array
    before = None
    if src._autograd is None and self.requires_grad and thread.mode.enabled and not thread.mode.level:
        # A constant: the tensor stays a result of what it held, with a gradient of zeros, and still requires grad, as in PyTorch.
        before = alias(self._array, None)
        before._autograd = self._autograd.edge(self)
    self._array[...] = array.real if array.dtype.kind == "c" and self._array.dtype.kind != "c" else array
    bump(self)
    if self._autograd is not None or src._autograd is not None:
        if before is not None:
            source = _copied(before, source)
        elif type(source._autograd) is Leaf:
            source = source.clone()  # what is copied from a leaf is no leaf, and has no part in its .grad
        adopt(self, source)
    return self


def _does_not_fit(shape, given) -> RuntimeError:
    try:
        return wrong_output_shape(shape, np.broadcast_shapes(shape, given))
    except ValueError:
        return broadcast_mismatch(shape, given)


def _fill_into(self, value) -> Tensor:
    """Set every element to ``value`` (a number or a 0-d tensor), also where several elements share memory."""
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
            )
        return _copy_values(self, value)
    number = number_of(value)
    if number is None:
        raise TypeError(f"fill_(): argument 'value' must be Number, not {type(value).__name__}")
    return _copy_values(self, wrap(np.asarray(to_scalar(number, self.dtype))))


def _zero_(self) -> Tensor:
    """Set every element to zero."""
    return _fill_into(self, 0)


_CASTS = {
    "double": dtypes.float64, "float": dtypes.float32, "half": dtypes.float16, "bfloat16": dtypes.bfloat16, "cdouble": dtypes.complex128,
    "cfloat": dtypes.complex64, "long": dtypes.int64, "int": dtypes.int32, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
    "bool": dtypes.bool_,
}  # fmt: skip
"""Methods that cast. ``chalf`` is not among them: nothing here can hold complex32."""


def _cast_method(name: str, target: dtypes.dtype):
    def cast(self, memory_format=preserve_format):
        return self if self._array.dtype == target.numpy else _converted(self, target)

    cast.__doc__ = f"The tensor as {target!r}; itself where it is."
    return cast


def _cpu(self, memory_format=preserve_format) -> Tensor:
    """The tensor in host memory; itself where it is there."""
    return _moved(self, Device("cpu"))


def _cuda(self, device=None, non_blocking: bool = False, memory_format=preserve_format) -> Tensor:
    """The tensor on a CUDA device. RuntimeError where there is none."""
    return _moved(self, Device("cuda") if device is None else Device(device))


def _type(self, dtype=None, non_blocking: bool = False):
    """The legacy name of the type ("torch.FloatTensor"), or the tensor cast to ``dtype`` (which may be such a name)."""
    if dtype is None:
        where = "torch.cuda" if self.is_cuda else "torch"
        return f"{where}.{self.dtype.legacy_name}Tensor"
    if isinstance(dtype, str):
        kind = dtype.rsplit(".", 1)[-1].removesuffix("Tensor")
        found = next((item for item in dtypes.ALL if item.legacy_name == kind), None)
        if found is None:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = found
    return _to(self, dtype=dtypes.parse(dtype))


def _type_as(self, other) -> Tensor:
    """The tensor with the dtype and device of another."""
    return _to(self, other)


def _is_contiguous(self, memory_format: memory_format = contiguous_format) -> bool:
    """Whether the elements follow each other in memory as ``memory_format`` says."""
    return is_laid_out(self._array, memory_format)


def _detach_(self) -> Tensor:
    """Cut the tensor off from its history, in place. RuntimeError for a view."""
    if self._base is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    self._autograd = None
    return self


def _resize_(self, *sizes, memory_format=contiguous_format) -> Tensor:
    """Another shape over the same memory, which grows (uninitialised) where it must. RuntimeError where grad is required."""
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    resize(self, shape_of(sizes))
    return self


def _resize_as_(self, other, memory_format=preserve_format) -> Tensor:
    """``resize_`` to another tensor's shape."""
    return _resize_(self, other.shape)


def _set_(self, source=None, storage_offset=0, size=None, stride=None) -> Tensor:
    """Take over the memory of another tensor."""
    if source is None:
        source = self.new_empty((0,))
    view = (
        source if size is None else source.as_strided(size, stride or layout.contiguous_strides(size), storage_offset)
    )
    self._array, self._storage = view._array, storage_of(view)
    return self


def _is_set_to(self, tensor) -> bool:
    """Whether two tensors see the same memory under the same shape and strides."""
    return (
        storage_of(self).root is storage_of(tensor).root
        and self.storage_offset() == tensor.storage_offset()
        and self.shape == tensor.shape
        and self.stride() == tensor.stride()
    )


for _name, _function in {
    "contiguous": _contiguous, "to": _to, "item": _item, "tolist": _tolist, "numpy": _numpy, "__array__": _array_protocol,
    "copy_": _copy_, "fill_": _fill_into, "zero_": _zero_, "cpu": _cpu, "cuda": _cuda, "type": _type, "type_as": _type_as,
    "is_contiguous": _is_contiguous, "detach_": _detach_, "resize_": _resize_, "resize_as_": _resize_as_, "set_": _set_, "is_set_to": _is_set_to,
    **{name: _cast_method(name, target) for name, target in _CASTS.items()},
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)


@composite()
def fill(input, value):
    """A tensor like ``input`` of one value (a number or 0-d tensor)."""
    return _copied(input, value.to(input.dtype) if isinstance(value, Tensor) else input.new_full((), value))
