"""Draws from discrete distributions (Bernoulli, geometric, multinomial, Poisson, binomial), and gamma, which is drawn by the same kind of loop.

NOTE [Sampling by rejection]
Poisson, binomial and gamma numbers take as many uniform ones as it takes: where the second number begins in the stream is known only when the first is
drawn. These loops cannot be made vector operations without giving up PyTorch's stream; they run in Python, some microseconds per element.
"""

from __future__ import annotations

import math

import numpy as np

from ..backends import namespace_of
from ..core import dtype as dtypes
from ..core.generator import generator_for
from ..core.tensor import Tensor, wrap
from .creation import empty_like, finish
from .declare import composite
from .random_fill import (
    _redrawn,
    drawn,
    fill,
    in_memory_order,
    method,
    require,
    require_writable,
    rounded,
    sampler,
    unsupported,
)
from .random_normal import mapped, pairs

_SERVED = frozenset(("float64", "float32", "float16", "bfloat16", "bool", "uint8", "int8", "int16", "int32", "int64"))

# -- Bernoulli -------------------------------------------------------------------------------------------------------------------------------


@sampler
def _bernoulli(engine, count, dtype, contiguous, p):
    return (engine.doubles(count) < p).astype(dtype)


@method
def bernoulli_(self, p=0.5, *, generator=None):
    """Write ones with probability ``p`` (a number, or a tensor that broadcasts to this one's shape), else zeros.

    RuntimeError for a probability outside [0, 1].
    """
    require_writable(self, "bernoulli_")
    if isinstance(p, Tensor):
        return _bernoulli_of(self, p, generator)
    if self._array.size and self.dtype.name not in _SERVED:
        raise unsupported("bernoulli_scalar_cpu_", self.dtype)
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    return fill("bernoulli", self, generator, float(p))


def _bernoulli_of(self: Tensor, p: Tensor, generator) -> Tensor:
    if self.dtype.name not in _SERVED:
        raise unsupported("bernoulli_tensor_cpu_self_", self.dtype)
    if not p.is_floating_point():
        raise unsupported("bernoulli_tensor_cpu_p_", p.dtype)
    p = p.detach().expand(self.shape)
    if not p.is_meta and p._array.size and not bool(((p >= 0) & (p <= 1)).all()):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true: a probability lies outside of [0, 1]")
    if self.device.type == "meta":
        return fill("bernoulli", self, generator, 0.0)
    # The probabilities go with the elements in the order in which the drawn tensor lies in memory.
    array = self._array
    order = (
        sorted(range(array.ndim), key=lambda dim: -array.strides[dim])
        if not array.flags.c_contiguous
        else range(array.ndim)
    )
    return fill("bernoulli_each", self, generator, p._array.transpose(tuple(order)).reshape(-1))


@sampler
def _bernoulli_each(engine, count, dtype, contiguous, p):
    if p.dtype == np.float64:
        return (engine.doubles(count) < p).astype(dtype)
    numbers = (engine.words(count) & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)
    return (numbers < p.astype(np.float32)).astype(dtype)


@composite(method=True, out=True)
def bernoulli(input, p=None, *, generator=None):
    """Ones with the probabilities in ``input``, else zeros; with a number ``p`` that is the probability and ``input`` gives the shape only."""
    require(input, "bernoulli")
    made = bernoulli_(input.new_empty(input.shape), input if p is None else p, generator=generator)
    return _redrawn(input, made) if input.requires_grad else made


# -- geometric -------------------------------------------------------------------------------------------------------------------------------


@sampler
def _geometric(engine, count, dtype, contiguous, p):
    return rounded(np.ceil(mapped("log", engine.doubles(count)) / math.log1p(-p)), dtype)


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


@method
def geometric_(self, p, *, generator=None):
    """Write the numbers of trials up to the first success, each of probability ``p``, over a tensor. RuntimeError unless 0 < p < 1."""
    require_writable(self, "geometric_")
    if self._array.size and (self.dtype.name not in _SERVED or self.dtype.name == "bool"):
        raise unsupported("geometric_cpu", self.dtype)
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    return fill("geometric", self, generator, float(p))


# -- multinomial -----------------------------------------------------------------------------------------------------------------------------


@composite(method=True, out="exact")
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Places drawn with the (unnormalised) probabilities in the rows of ``input``: (n,) or (m, n) -> (num_samples,) or (m, num_samples), int64.

    Without replacement: the largest of probability / Exp(1) (Efraimidis and Spirakis 2006). RuntimeError for negative, infinite, NaN or all-zero rows, and where
    more places are asked for than there are.
    """
    require(input, "multinomial")
    rank = input.ndim
    if rank not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.is_floating_point():
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype.legacy_name}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    categories = input.shape[-1]
    if not replacement and num_samples > categories:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if categories > 1 << 24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    weights = input.detach()
    if input.is_meta or 0 in input.shape:
        return input.new_zeros((*input.shape[:-1], num_samples), dtype=dtypes.int64)
    if replacement and num_samples > 1:
        return _with_replacement(weights, num_samples, generator)
    if not bool(((weights >= 0) & (weights < math.inf)).all()):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if bool((weights.sum(-1) == 0).any()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    race = weights / empty_like(weights).exponential_(1, generator=generator)
    return race.argmax(-1, keepdim=True) if num_samples == 1 else race.topk(num_samples)[1]


def _with_replacement(weights: Tensor, count: int, generator) -> Tensor:
    array = weights._array
    if array.dtype in dtypes.HALF_NUMPY:
        array = array.astype(np.float32)
    rows = array.reshape(-1, array.shape[-1])
    if bool((rows < 0).any()):
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    place = weights.device
    if not bool((rows < math.inf).all()):
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    cumulative = rows.cumsum(-1, dtype=rows.dtype)
    total = cumulative[:, -1:].copy()
    if not bool((total > 0).all()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    cumulative /= total
    cumulative[:, -1] = 1
    numbers = drawn("uniform", (len(rows), count), dtypes.float64, place, generator, False, 0.0, 1.0)._array
    found = _places(cumulative.astype(np.float64), numbers)
    return wrap(found.reshape((*weights.shape[:-1], count)))


def _places(cumulative, numbers):
    """In each row the first place whose cumulative probability is not below the number, by bisection of all rows at once."""
    xp = namespace_of(cumulative)
    rows, categories = cumulative.shape
    low = xp.zeros(numbers.shape, np.int64)
    high = low + categories
    offsets = xp.arange(rows)[:, None] * categories
    flat = cumulative.reshape(-1)
    for _ in range(categories.bit_length()):
        middle = (low + high) >> 1
        open_ = low < high
        below = open_ & (flat[(offsets + middle * open_)] < numbers)
        low = low + below * (middle + 1 - low)
        high = high + (open_ & ~below) * (middle - high)
    return low


# -- by rejection: NOTE [Sampling by rejection] -------------------------------------------------------------------------------------------------


def _each(name: str, generator, like: Tensor, draw, *arrays) -> Tensor:
    """``draw(engine, *elements)`` for the elements of arrays laid out like the result, in the result's memory order."""
    if like.device.type == "cuda":
        raise NotImplementedError(f"{name}() draws on the host only; move its arguments to the CPU")
    source = generator_for(generator, like.device)
    if like.is_meta:
        return like.new_empty(like.shape)
    result = np.empty(like.shape, np.float64)
    columns = [in_memory_order(np.ascontiguousarray(one)).reshape(-1).astype(np.float64).tolist() for one in arrays]
    engine = source.engine
    result.reshape(-1)[...] = [draw(engine, *row) for row in zip(*columns, strict=True)]
    return finish(rounded(result, like._array.dtype), False)


@composite()
def poisson(input, generator=None):
    """Poisson numbers of the rates in ``input``. RuntimeError for a negative rate; NotImplementedError for integers.

    Below 10 by products of uniform numbers (Knuth), from 10 on by transformed rejection (Hoermann 1993, PTRS).
    """
    require(input, "poisson")
    if input.dtype.name not in ("float64", "float32", "float16", "bfloat16"):
        raise unsupported("poisson_cpu", input.dtype)
    if not input.is_meta and not bool((input.detach() >= 0).all()):
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    made = _each("poisson", generator, input.detach(), _poisson, input._array)
    return _redrawn(input, made) if input.requires_grad else made


def _poisson(engine, rate: float) -> float:
    if rate in (0, math.inf):
        return rate
    if rate < 10:
        limit, product, found = math.exp(-rate), 1.0, 0
        while True:
            product *= engine.double()
            if product <= limit:
                return found
            found += 1
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_accepted = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = engine.double() - 0.5, engine.double()
        distance = 0.5 - abs(u)
        found = math.floor((2 * a / distance + b) * u + rate + 0.43)
        if distance >= 0.07 and v <= v_accepted:
            return found
        if found < 0 or (distance < 0.013 and v > distance):
            continue
        bound = -rate + found * log_rate - math.lgamma(found + 1)
        if _log(v) + math.log(inverse_alpha) - math.log(a / (distance * distance) + b) <= bound:
            return found


@composite()
def binomial(count, prob, generator=None):
    """Numbers of successes in ``count`` trials of probability ``prob`` (float tensors that broadcast).

    Few expected successes: by geometric jumps; from 10 on: by transformed rejection (Hoermann 1993, BTRS).
    """
    require(count, "binomial")
    require(prob, "binomial")
    from .views import broadcast_tensors

    for name, one in (("count", count), ("prob", prob)):
        if not one.is_floating_point():
            raise ValueError(f"binomial only supports floating-point dtypes for {name}, got: {one.dtype.legacy_name}")
    if count.dtype is not prob.dtype:
        raise RuntimeError(f"Found dtype {prob.dtype.legacy_name} but expected {count.dtype.legacy_name}")
    if count.dtype.name not in ("float64", "float32"):
        raise unsupported("binomial_cpu", count.dtype)
    count, prob = broadcast_tensors(count.detach(), prob.detach())
    return _each("binomial", generator, count, _binomial, count._array, prob._array)


def _binomial(engine, count: float, p: float) -> float:
    if count <= 0 or p <= 0:
        return 0
    if p >= 1:
        return count
    if p > 0.5:
        return count - _binomial(engine, count, 1 - p)
    if math.isnan(p) or math.isnan(count):
        return math.nan
    return _binomial_by_rejection(engine, count, p) if count * p >= 10 else _binomial_by_jumps(engine, count, p)


def _binomial_by_jumps(engine, count: float, p: float) -> int:
    log_failure = math.log1p(-p)
    trials = successes = 0
    while True:
        trials += math.ceil(_log(engine.double()) / log_failure)
        if trials > count:
            return successes
        successes += 1


_STIRLING_TAILS = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211, 0.0138761288230707, 0.0118967099458917,
    0.010411265261972, 0.00925546218271273, 0.00833056343336287,
)  # fmt: skip
"""log k! - Stirling's formula, k = 0 .. 9."""


def _stirling_tail(k: float) -> float:
    if k <= 9:
        return _STIRLING_TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)


def _binomial_by_rejection(engine, count: float, p: float) -> float:
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = count * p + 0.5
    v_accepted = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * p)
    while True:
        u, v = engine.double() - 0.5, engine.double()
        distance = 0.5 - abs(u)
        found = math.floor((2 * a / distance + b) * u + c)
        if distance >= 0.07 and v <= v_accepted:
            return found
        if found < 0 or found > count:
            continue
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - found + 1))
            + (found + 0.5) * math.log(odds * (count - found + 1) / (found + 1))
            + _stirling_tail(mode)
            + _stirling_tail(count - mode)
            - _stirling_tail(found)
            - _stirling_tail(count - found)
        )
        if _log(v * alpha / (a / (distance * distance) + b)) <= bound:
            return found


@composite()
def _standard_gamma(input, generator=None):
    """Gamma numbers of the concentrations in ``input`` and rate 1, by rejection (Marsaglia and Tsang 2000). No gradient flows to ``input``."""
    require(input, "_standard_gamma")
    if input.dtype.name not in ("float64", "float32"):
        raise unsupported("gamma_cpu", input.dtype)
    if input.requires_grad:
        raise NotImplementedError("_standard_gamma() has no derivative here; draw from input.detach()")
    import ml_dtypes

    storage = input._array.dtype
    made = _each(
        "_standard_gamma", generator, input.detach(), lambda engine, alpha: _gamma(engine, alpha, storage), input._array
    )
    return (
        made.clamp_(min=float(ml_dtypes.finfo(storage).smallest_normal))
        if made._array.size and not made.is_meta
        else made
    )


def _gamma(engine, alpha: float, storage) -> float:
    number = np.float64 if storage == np.float64 else np.float32
    scale = 1.0
    if alpha < 1:
        if alpha == 0:
            return 0.0
        scale = math.pow(1 - engine.double(), float(number(1) / number(alpha)))
        alpha = float(number(alpha) + number(1))
    d = float(number(alpha) - number(np.float32(1) / np.float32(3)))
    c = 1 / math.sqrt(9 * d)
    while True:
        y = 0.0
        while y <= 0:
            x = float(pairs(engine, 1)[0])
            y = 1 + c * x
        v = y * y * y
        u = 1 - engine.double()
        square = x * x
        if u < 1 - float(np.float32(0.0331)) * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v
