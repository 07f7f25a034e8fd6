"""Random integers and permutations."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np

from ..backends import backend_of
from ..core import dtype as dtypes
from ..core.errors import index_of
from ..core.generator import generator_for
from ..core.tensor import Tensor
from .creation import allocate, finish, place_of, shape_of
from .declare import composite
from .permutation import shuffled
from .random import dtypes_max, into, like
from .random_fill import drawn, fill, method, require_writable, rounded, sampler, unsupported

_DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""The bits of a significand: up to 2**digits every integer is a number of the dtype."""

_WIDE = 1 << 28
"""From so many possible values on, a draw takes 64 bits instead of 32: the remainder would favour small values by more than 5 %."""

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_SERVED = frozenset((*_DIGITS, "bool", "uint8", "int8", "int16", "int32", "int64"))
_HUGE_PERMUTATION = ((1 << 32) - 1) // 20
"""From so many elements on, PyTorch draws 64 bits per element and shuffles inside out."""


def _as_signed(words: np.ndarray, dtype: np.dtype) -> np.ndarray:
    numbers = words.view(np.int64)
    return numbers.astype(np.float32).astype(dtype) if dtype in dtypes.HALF_NUMPY else numbers.astype(dtype)


@sampler
def _integers(engine, count, dtype, contiguous, base, width):
    """Integers of [base, base + width)."""
    if width >= _WIDE:
        words = engine.long_words(count)
        words = words % np.uint64(width) if width < 1 << 64 else words
    else:
        words = engine.words(count)
        words = (words - words // np.uint32(width) * np.uint32(width)).astype(np.uint64)
    return _as_signed(words + np.uint64(base % (1 << 64)), dtype)


@sampler
def _whole_range(engine, count, dtype, contiguous, name):
    """What ``random_()`` draws: a dtype's nonnegative integers, or those that a float holds exactly."""
    if name == "bool":
        return (engine.words(count) & 1).astype(bool)
    width = (1 << _DIGITS[name]) + 1 if name in _DIGITS else int(np.iinfo(dtype).max) + 1
    words = engine.long_words(count) if name in ("float64", "int64") else engine.words(count)
    return _as_signed(words.astype(np.uint64) % np.uint64(width), dtype)


@method
def random_(self, *args, generator=None, **bounds):
    """Write integers over a tensor: ``random_()`` of the dtype's nonnegative ones, ``random_(to)`` of [0, to), ``random_(from, to)``.

    ``to=None`` reaches to the dtype's last (a float's last exact) integer. RuntimeError for an empty range and for bounds that the dtype cannot hold.
    """
    require_writable(self, "random_")
    if len(args) > 2:
        raise TypeError(f"random_() takes at most 2 positional arguments, got {len(args)}")
    names = ("to",) if len(args) == 1 and "from" not in bounds and "to" not in bounds else ("from", "to")
    given = {**dict(zip(names, args, strict=False)), **bounds}
    if set(given) - {"from", "to"}:
        raise TypeError(f"random_() got an unexpected keyword argument '{next(iter(set(given) - {'from', 'to'}))}'")
    dtype = self.dtype
    if not given:
        if dtype.name not in _SERVED and self._array.size:
            raise unsupported("random_kernel_cpu", dtype)
        return fill("whole_range", self, generator, dtype.name)
    low = index_of(given.get("from", 0), "from")
    high = None if given.get("to") is None else index_of(given["to"], "to")
    return fill("integers", self, generator, *_range(dtype, low, high, bool(self._array.size)))


def _range(dtype: dtypes.dtype, low: int, high: int | None, wanted: bool) -> tuple[int, int]:
    """The first integer and the number of integers that a draw of [low, high) is from; ``wanted``: something will be drawn."""
    if high is not None and not low < high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if high is None and low == _LEAST:
        if not wanted:
            return 0, 1 << 64
        if dtype.name not in _SERVED or dtype.name in ("bool", "float16"):
            raise unsupported("random_full_64_bits_range_kernel_cpu", dtype)
        if dtype.name not in ("int64", "float64", "float32", "bfloat16"):
            raise RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16")
        return 0, 1 << 64
    if dtype.name not in _SERVED:
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    digits = _DIGITS.get(dtype.name)
    if high is None:
        high = (1 << digits) + 1 if digits else 2 if dtype.name == "bool" else int(np.iinfo(dtype.numpy).max) + 1
        if digits:
            low = _representable_from(low, dtype, digits)
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' to be less than or equal to 'to_inc', but got from={low} > to_inc={high - 1}"
            )
    elif digits:
        low, high = _representable_from(low, dtype, digits), _representable_to(high, dtype, digits)
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from={low} >= to={high}"
            )
    _require_within(dtype, low, "from")
    _require_within(dtype, high - 1, "to - 1")
    return low, high - low


def _cast(value: int, dtype: dtypes.dtype) -> int:
    with np.errstate(all="ignore"):
        found = float(
            np.asarray(float(value), np.float64)
            .astype(np.float32 if dtype.name != "float64" else np.float64)
            .astype(dtype.numpy)
        )
    return value if found in (float("inf"), float("-inf")) else int(found)


def _representable_from(low: int, dtype: dtypes.dtype, digits: int) -> int:
    """The first bound, moved up where the dtype's next number below it would be drawn."""
    after = _cast(low + 1, dtype)
    if after < low:
        low = after + (1 << (abs(low + 1).bit_length() - 1 - digits + 1))
    return low


def _representable_to(high: int, dtype: dtypes.dtype, digits: int) -> int:
    """The last bound, moved down where the dtype rounds the last integer up to it."""
    last = _cast(high - 1, dtype)
    if last >= high:
        high = last - (1 << (abs(high - 1).bit_length() - 1 - digits + 1))
    return high


_C_NAMES = {"uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long", "bool": "bool"}  # fmt: skip


@cache
def _limits(dtype: dtypes.dtype) -> tuple[float, float]:
    """The least and the greatest number of a dtype that holds integers."""
    if dtype.name in _DIGITS:
        return -dtypes_max(dtype), dtypes_max(dtype)
    if dtype.name == "bool":
        return 0, 1
    limits = np.iinfo(dtype.numpy)
    return int(limits.min), int(limits.max)


def _require_within(dtype: dtypes.dtype, value: int, name: str) -> None:
    """RuntimeError where the dtype cannot hold a bound; a warning where a float no longer holds every integer up to it."""
    least, most = _limits(dtype)
    if not least <= value <= most:
        raise RuntimeError(f"{name} is out of bounds for {_C_NAMES.get(dtype.name, dtype.name)}")
    digits = _DIGITS.get(dtype.name)
    if digits and abs(value) > 1 << digits:
        warnings.warn(
            f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {dtype.name} can support discrete uniform "
            "distribution only within this range. This warning will become an error in version 1.7 release, please fix the code in advance",
            UserWarning,
            stacklevel=5,
        )


def _bounds(name: str, args: tuple, low, high, size) -> tuple[int, int, tuple]:
    """low, high and the rest of ``f(high, size)`` or ``f(low, high, size)``, by place or by name."""
    args = list(args)
    numbers = [args.pop(0) for _ in range(min(2, len(args))) if not isinstance(args[0], (tuple, list))]
    if high is None:
        if not numbers:
            raise TypeError(f"{name}() missing the argument 'high'")
        high = numbers.pop()
    if low is None:
        low = numbers.pop() if numbers else 0
    if numbers:
        raise TypeError(f"{name}() received an invalid combination of arguments")
    low, high = (one.item() if isinstance(one, Tensor) else one for one in (low, high))
    return index_of(low, "low"), index_of(high, "high"), tuple(args)


@composite()
def randint(
    *args, low=None, high=None, size=None, generator=None, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):  # fmt: skip
    """Integers of [low, high): ``randint(10, (2, 3))``, ``randint(5, 10, (2, 3))``. int64 unless ``dtype`` says otherwise."""
    low, high, rest = _bounds("randint", args, low, high, size)
    if size is None and (len(rest) != 1 or not isinstance(rest[0], (tuple, list))):
        got = type(rest[0]).__name__ if rest else "nothing"
        raise TypeError(f"randint(): argument 'size' must be tuple of ints, not {got}")
    shape = shape_of((rest[0] if size is None else size,))
    if out is not None:
        return into("randint", out, shape, dtype, lambda tensor: random_(tensor, low, high, generator=generator))
    found = dtypes.int64 if dtype is None else dtypes.parse(dtype)
    return drawn(
        "integers", shape, found, place_of(device), generator, requires_grad, *_range(found, low, high, 0 not in shape)
    )


@composite()
def randint_like(
    input, *args, low=None, high=None, generator=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None
):  # fmt: skip
    """Integers of [low, high) with another tensor's shape, dtype, device and strides: ``randint_like(x, 10)``, ``randint_like(x, 5, 10)``."""
    low, high, rest = _bounds("randint_like", args, low, high, None)
    if rest:
        raise TypeError("randint_like() received an invalid combination of arguments")
    return finish(
        random_(like(input, dtype, device, memory_format), low, high, generator=generator)._array, requires_grad
    )


@composite()
def randperm(
    n, *, generator=None, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):  # fmt: skip
    """The integers 0 .. n - 1 in random order (Fisher and Yates; NOTE [Shuffling without a loop]).

    int64 unless ``dtype`` says otherwise. RuntimeError for a negative n, or one that the dtype cannot count to.
    """
    count = index_of(n.item() if isinstance(n, Tensor) else n, "n")
    if count < 0:
        raise RuntimeError(f"n must be non-negative, got {count}")
    found = out.dtype if isinstance(out, Tensor) else dtypes.int64 if dtype is None else dtypes.parse(dtype)
    if found.is_complex or found.name == "bool":
        raise unsupported("randperm", found)
    most = _most_permuted(found)
    if count > most:
        raise RuntimeError(f"n cannot be greater than {most} for {found.legacy_name} type, got {count}")

    def draw(tensor):
        place = tensor.device
        source = generator_for(generator, place)
        if place.type == "cpu":
            tensor._array[...] = rounded_order(permutation(source.engine, count), found.numpy)
        elif place.type != "meta":
            from . import philox

            tensor._array[...] = philox.permutation(backend_of(tensor._array), source.engine, count).astype(found.numpy)
        return tensor

    if out is not None:
        return into("randperm", out, (count,), dtype, draw)
    return finish(draw(finish(allocate((count,), found, place_of(device)), False))._array, requires_grad)


def _most_permuted(dtype: dtypes.dtype) -> int:
    """How many integers from 0 on a dtype can count; PyTorch lets bfloat16 round them."""
    if dtype.name == "bfloat16":
        return _MOST
    return (1 << _DIGITS[dtype.name]) + 1 if dtype.name in _DIGITS else int(np.iinfo(dtype.numpy).max) + 1


def rounded_order(order: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A permutation in the dtype asked for."""
    return rounded(order.astype(np.float64), dtype) if dtype in dtypes.HALF_NUMPY else order.astype(dtype, copy=False)


def permutation(engine, count: int) -> np.ndarray:
    """0 .. count - 1 in the order in which PyTorch's CPU shuffle leaves them."""
    if count == 0:
        return np.empty(0, np.int64)
    if count >= _HUGE_PERMUTATION:
        return _inside_out(engine, count)
    targets = np.arange(count)
    lengths = np.arange(count, 1, -1, dtype=np.uint32)
    targets[:-1] += engine.words(count - 1) % lengths
    return shuffled(targets)


def _inside_out(engine, count: int) -> np.ndarray:
    """The shuffle that puts element i at a place t <= i and what lay there at i: element by element, as each step needs the one before."""
    order = np.arange(count)
    for begin in range(0, count, 1 << 20):
        steps = np.arange(begin, min(begin + (1 << 20), count), dtype=np.uint64)
        targets = engine.long_words(len(steps)) % (steps + np.uint64(1))
        for place, target in enumerate(targets.tolist(), begin):
            order[place] = order[target]
            order[target] = place
    return order
