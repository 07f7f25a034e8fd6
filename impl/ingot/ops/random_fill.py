"""How random numbers get into tensors: which stream, in which order, with which history.

NOTE [Draw order]
A draw fills memory in the order in which it lies, whatever the order of the dims: the numbers of ``empty(2, 3).t().uniform_()`` are those of
``empty(2, 3).uniform_().t()``. That is PyTorch's order, and the state of the generator afterwards is PyTorch's too. A draw that is refused leaves the
generator as it was.

A *sampler* makes the numbers of one distribution on the host: ``sampler(engine, count, dtype, contiguous, *parameters)`` returns ``count`` numbers of the
NumPy type ``dtype``. CUDA tensors are served by the sampler of the same name in ``philox``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..autograd.views import bump, check_writable
from ..backends import backend_of
from ..core import dtype as dtypes
from ..core.device import device
from ..core.generator import Generator, generator_for
from ..core.tensor import Tensor, wrap
from .creation import allocate, finish
from .declare import FLOATS, HALVES, primitive
from .dispatch import inplace

SAMPLERS: dict[str, Callable] = {}
"""Distribution -> its sampler on the host."""

FLOATING = frozenset((*FLOATS, *HALVES))


def sampler(function):
    """Decorator: enter a host sampler under the name of its distribution."""
    SAMPLERS[function.__name__.strip("_")] = function
    return function


def method(function):
    """Decorator: make an in-place draw a method of Tensor."""
    setattr(Tensor, function.__name__, function)
    return function


@primitive("_redrawn(input, values)")
def _redrawn(xp, input, values):
    """The values, which depend on nothing: what was written over gets a gradient of zero."""
    return values.copy()


@_redrawn.backward("input")
def _(grad):
    return grad.new_zeros(grad.shape)


_redrawn.jvp("input")(lambda tangent: tangent.new_zeros(tangent.shape))


def require(tensor, name: str) -> None:
    """TypeError unless ``tensor`` is one."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(tensor).__name__}")


def require_writable(tensor, name: str) -> None:
    """TypeError or RuntimeError unless ``tensor`` is a tensor that may be written in place."""
    require(tensor, name)
    check_writable(tensor, tracked=True)


def unsupported(kernel: str, dtype: dtypes.dtype) -> NotImplementedError:
    """The error for a dtype that a distribution does not serve."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.legacy_name}'")


def require_real_float(dtype: dtypes.dtype, kernel: str) -> None:
    """NotImplementedError unless ``dtype`` is a real floating point one of 16 bits or more."""
    if dtype.name not in FLOATING:
        raise unsupported(kernel, dtype)


def require_float(dtype: dtypes.dtype, kernel: str) -> None:
    """NotImplementedError unless ``dtype`` is a floating point or complex one of 16 bits or more."""
    require_real_float(dtype.to_real(), kernel)


def fill(name: str, tensor: Tensor, generator: Generator | None, *parameters) -> Tensor:
    """Write draws of the distribution ``name`` over a tensor that may be written. NOTE [Draw order]"""
    array = tensor._array
    place = tensor.device
    source = generator_for(generator, place)
    if place.type == "meta" or not array.size:
        bump(tensor)
        return tensor
    values = _values(name, source, array.size, tensor.dtype, place, array.flags.c_contiguous, parameters, array)
    if tensor._autograd is None:
        in_memory_order(array)[...] = values.reshape(in_memory_order(array).shape)
        bump(tensor)
        return tensor
    laid_out = wrap(_as_laid_out(values, array))
    return inplace(None, tensor, lambda before: _redrawn(before, laid_out))


def in_memory_order(array):
    """The array with its dims in the order in which they lie in memory, outermost first."""
    if array.flags.c_contiguous:
        return array
    return array.transpose(_order(array))


def _order(array) -> list[int]:
    return sorted(range(array.ndim), key=lambda dim: -array.strides[dim])


def _as_laid_out(values, array):
    order = _order(array)
    return values.reshape([array.shape[dim] for dim in order]).transpose(
        [order.index(dim) for dim in range(array.ndim)]
    )


def drawn(
    name: str,
    shape,
    dtype: dtypes.dtype,
    place: device,
    generator: Generator | None,
    requires_grad: bool,
    *parameters,
) -> Tensor:
    """A new contiguous tensor of draws of the distribution ``name``."""
    source = generator_for(generator, place)
    count = 1
    for length in shape:
        count *= length
    if place.type == "cpu" and 0 < count < 1 << 31:
        return finish(_host_values(name, source, count, dtype, True, parameters).reshape(shape), requires_grad)
    array = allocate(shape, dtype, place)
    if place.type != "meta" and count:
        array[...] = _values(name, source, count, dtype, place, True, parameters, array).reshape(shape)
    return finish(array, requires_grad)


def _values(name, source, count, dtype, place, contiguous, parameters, like):
    if place.type == "cpu":
        return _host_values(name, source, count, dtype, contiguous, parameters)
    from . import philox

    backend = backend_of(like)
    return philox.sample(name, backend, source.engine, count, dtype.numpy, parameters)


def _host_values(name, source, count, dtype, contiguous, parameters) -> np.ndarray:
    storage = dtype.numpy
    if storage.kind == "c":  # the real and imaginary parts are drawn in turn
        parts = SAMPLERS[name](source.engine, 2 * count, dtype.to_real().numpy, contiguous, *parameters)
        return parts.view(storage)
    return SAMPLERS[name](source.engine, count, storage, contiguous, *parameters)


def rounded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """float64 numbers in the type of a tensor, 16-bit ones by way of float32 as in PyTorch."""
    if dtype == values.dtype:
        return values
    with np.errstate(all="ignore"):
        if dtype in dtypes.HALF_NUMPY:
            values = values.astype(np.float32)
        elif dtype.kind in "iu":
            values = values.astype(np.int64)
        return values.astype(dtype)
