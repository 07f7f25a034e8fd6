"""Draws from continuous distributions: uniform, normal, exponential, Cauchy, log-normal, and the tensors made of them.

On the CPU every number is PyTorch's, to the last bit, and so is the state of the generator afterwards (docs/randomness.md). Logarithms, sines and the like
of float64 numbers are the C library's (``random_normal.mapped``).
"""

from __future__ import annotations

import math

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import HALF_NUMPY
from ..core.errors import broadcast_mismatch
from ..core.tensor import Tensor
from .creation import empty_like, finish, place_of, shape_of, sized
from .declare import composite
from .dispatch import number_of, write_out
from .random_fill import (
    _redrawn,
    drawn,
    fill,
    method,
    require,
    require_float,
    require_real_float,
    require_writable,
    rounded,
    sampler,
)
from .random_normal import BLOCK, blocks32, blocks64, fma32, fma64, mapped, pairs, scaled64

# -- samplers on the host ------------------------------------------------------------------------------------------------------------------


def unit(engine, count: int, dtype: np.dtype) -> np.ndarray:
    """Numbers of U[0, 1): for float64 of 53 bits of two words, else float32 numbers of the low 24 bits of a word."""
    if dtype == np.float64:
        return engine.doubles(count)
    return (engine.words(count) & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)


@sampler
def _uniform(engine, count, dtype, contiguous, low, high):
    numbers = unit(engine, count, dtype)
    if (low, high) == (0, 1) and dtype.itemsize > 2:
        return numbers
    if dtype == np.float64:
        numbers = fma64(numbers, high - low, low)
    else:
        bottom = np.float32(low)
        numbers = fma32(numbers, np.float32(high) - bottom, bottom).astype(dtype, copy=False)
    numbers[numbers >= dtype.type(high)] = low  # what rounding took out of the half-open interval
    return numbers


@sampler
def _normal(engine, count, dtype, contiguous, mean, std):
    if count < BLOCK or not contiguous:
        return rounded(scaled64(pairs(engine, count), mean, std), dtype)
    blocks = blocks64 if dtype == np.float64 else blocks32
    whole = count - count % BLOCK
    numbers = unit(engine, whole if dtype in HALF_NUMPY else count, dtype)[:whole]
    if whole == count:
        return blocks(numbers, mean, std).astype(dtype, copy=False)
    made = blocks(np.concatenate((numbers, unit(engine, BLOCK, dtype))), mean, std)
    return np.concatenate((made[: count - BLOCK], made[whole:])).astype(dtype, copy=False)


@sampler
def _exponential(engine, count, dtype, contiguous, rate):
    return rounded(mapped("log1p", -engine.doubles(count)) * (-1.0 / rate), dtype)


@sampler
def _cauchy(engine, count, dtype, contiguous, median, sigma):
    tangents = mapped("tan", (engine.doubles(count) - 0.5) * math.pi)
    return rounded(fma64(tangents, sigma, median), dtype)


@sampler
def _log_normal(engine, count, dtype, contiguous, mean, std):
    return rounded(mapped("exp", scaled64(pairs(engine, count), mean, std)), dtype)


# -- in place ------------------------------------------------------------------------------------------------------------------------------


@method
def uniform_(self, from_=0.0, to=1.0, *, generator=None, **bounds):
    """Write numbers of U[``from``, ``to``) over a tensor. RuntimeError unless from <= to; NotImplementedError for integers."""
    require(self, "uniform_")
    require_float(self.dtype, "check_uniform_bounds")
    require_writable(self, "uniform_")
    low, high = float(bounds.pop("from", from_)), float(to)
    if bounds:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(bounds))}'")
    dtype = self.dtype
    limit = dtypes_max(dtype.to_real())
    for bound, value in (("from", low), ("to", high)):
        if not -limit <= value <= limit:
            raise RuntimeError(f"{bound} is out of bounds for {dtype.name}: {value}")
    if not low <= high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{dtype.name}>::max(), but found to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )
    return fill("uniform", self, generator, low, high)


def dtypes_max(dtype: dtypes.dtype) -> float:
    """The largest number of a real floating point dtype."""
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype.numpy).max)


@method
def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """Write numbers of N(``mean``, ``std``^2) over a tensor. RuntimeError for a negative std; NotImplementedError for integers."""
    require(self, "normal_")
    if self._array.size:
        require_float(self.dtype, "normal_kernel_cpu")
    require_writable(self, "normal_")
    _require_std(std)
    return fill("normal", self, generator, float(mean), _std_for(self.dtype, std))


def _require_std(std) -> None:
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def _std_for(dtype: dtypes.dtype, std) -> float:
    """The deviation of each part of a complex number is a sqrt(2)th of the whole's."""
    return float(std) / math.sqrt(2) if dtype.is_complex else float(std)


@method
def exponential_(self, lambd=1, *, generator=None):
    """Write numbers of density ``lambd * exp(-lambd * x)`` over a tensor. RuntimeError unless lambd > 0 and the dtype is a float."""
    require_writable(self, "exponential_")
    if self._array.size and not self.dtype.is_floating_point:
        raise RuntimeError(
            f"Exponential distribution is a continuous probability distribution. dtype must be a floating point but you specified {self.dtype.legacy_name}"
        )
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    if self._array.size:
        require_real_float(self.dtype, "exponential_cpu")
    return fill("exponential", self, generator, float(lambd))


@method
def cauchy_(self, median=0, sigma=1, *, generator=None):
    """Write numbers of a Cauchy distribution over a tensor. RuntimeError unless sigma > 0 and the dtype is a float."""
    require(self, "cauchy_")
    if not self.dtype.is_floating_point:
        raise RuntimeError(
            f"Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified {self.dtype.name}"
        )
    require_writable(self, "cauchy_")
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    require_real_float(self.dtype, "cauchy_cpu")
    return fill("cauchy", self, generator, float(median), float(sigma))


@method
def log_normal_(self, mean=1, std=2, *, generator=None):
    """Write numbers whose logarithm is N(``mean``, ``std``^2) over a tensor. RuntimeError unless std > 0."""
    require_writable(self, "log_normal_")
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    if self._array.size:
        require_real_float(self.dtype, "log_normal_cpu")
    return fill("log_normal", self, generator, float(mean), float(std))


# -- new tensors -----------------------------------------------------------------------------------------------------------------------------


def into(name: str, out, shape, dtype, draw) -> Tensor:
    """Draw into ``out=``, in its own dtype; ``draw(tensor)`` fills a tensor. RuntimeError where ``dtype=`` says another."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if dtype is not None and dtypes.parse(dtype) is not out.dtype:
        raise RuntimeError(f"dtype {dtypes.parse(dtype)} does not match dtype of out parameter ({out.dtype})")
    if out._array.shape == tuple(shape):
        return draw(out)
    return write_out(name, out, draw(out.new_empty(shape)))


def _float_or(dtype) -> dtypes.dtype:
    return dtypes.get_default_dtype() if dtype is None else dtypes.parse(dtype)


@composite()
def rand(
    *args, size=None, generator=None, names=None, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):  # fmt: skip
    """Numbers of U[0, 1): ``rand(2, 3)``. With ``out`` they are drawn in its dtype."""
    shape = sized("rand", args, size)
    if out is not None:
        return into("rand", out, shape, dtype, lambda tensor: uniform_(tensor, generator=generator))
    found = _float_or(dtype)
    require_float(found, "check_uniform_bounds")
    return drawn("uniform", shape, found, place_of(device), generator, requires_grad, 0.0, 1.0)


@composite()
def randn(
    *args, size=None, generator=None, names=None, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):  # fmt: skip
    """Numbers of N(0, 1): ``randn(2, 3)``. With ``out`` they are drawn in its dtype."""
    shape = sized("randn", args, size)
    if out is not None:
        return into("randn", out, shape, dtype, lambda tensor: normal_(tensor, generator=generator))
    found = _float_or(dtype)
    if 0 not in shape:
        require_float(found, "normal_kernel_cpu")
    return drawn("normal", shape, found, place_of(device), generator, requires_grad, 0.0, _std_for(found, 1.0))


def like(input, dtype, device, memory_format) -> Tensor:
    """Uninitialised memory shaped and laid out like ``input``."""
    made = empty_like(input, dtype=dtype, device=device)
    if memory_format is not None and repr(memory_format) == "torch.contiguous_format":
        return made if made._array.flags.c_contiguous else made.new_empty(made.shape)
    return made


@composite()
def rand_like(
    input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None
):  # fmt: skip
    """Numbers of U[0, 1) with another tensor's shape, dtype, device and strides."""
    return finish(uniform_(like(input, dtype, device, memory_format), generator=generator)._array, requires_grad)


@composite()
def randn_like(
    input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None
):  # fmt: skip
    """Numbers of N(0, 1) with another tensor's shape, dtype, device and strides."""
    return finish(normal_(like(input, dtype, device, memory_format), generator=generator)._array, requires_grad)


@composite()
def normal(
    mean, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):  # fmt: skip
    """Numbers of N(``mean``, ``std``^2), the parameters being tensors that broadcast, or numbers with a ``size``.

    RuntimeError for a negative deviation. A gradient with respect to the parameters is zero, as in PyTorch.
    """
    given = [one for one in (mean, std) if isinstance(one, Tensor)]
    for name, one in (("mean", mean), ("std", std)):
        if not isinstance(one, Tensor) and number_of(one) is None:
            raise TypeError(f"normal(): argument '{name}' must be Tensor or a number, not {type(one).__name__}")
    if given:
        if size is not None:
            raise TypeError("normal(): a size goes with numbers, not with tensors")
        return _normal_of_tensors(mean, std, generator, out)
    if size is None:
        raise TypeError("normal(): two numbers need a size")
    _require_std(std)
    shape = shape_of((size,))
    if out is not None:
        return into("normal", out, shape, dtype, lambda tensor: normal_(tensor, mean, std, generator=generator))
    found = _float_or(dtype)
    if 0 not in shape:
        require_float(found, "normal_kernel_cpu")
    return drawn("normal", shape, found, place_of(device), generator, requires_grad, float(mean), _std_for(found, std))


def _normal_of_tensors(mean, std, generator, out) -> Tensor:
    if isinstance(std, Tensor):
        if std.is_complex():
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if std._array.size and not std.is_meta and bool((std.detach() < 0).any()):
            raise RuntimeError("normal expects all elements of std >= 0.0")
    else:
        _require_std(std)
    shape = _common_shape(mean, std)
    model = (mean if isinstance(mean, Tensor) else std).detach()

    def draw(tensor):
        normal_(tensor, 0, std if not isinstance(std, Tensor) else 1, generator=generator)
        if isinstance(std, Tensor):
            tensor.mul_(std.detach())
        return tensor.add_(mean.detach() if isinstance(mean, Tensor) else mean)

    if out is not None:
        return into("normal", out, shape, None, draw)
    numbers = draw(model.new_empty(shape))
    for one in (mean, std):
        if isinstance(one, Tensor) and one.requires_grad:
            numbers = _redrawn(one.expand(shape), numbers)
    return numbers


def _common_shape(mean, std):
    shapes = [one._array.shape for one in (mean, std) if isinstance(one, Tensor)]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise broadcast_mismatch(*shapes) from None
