"""Generators of random bits: the streams that PyTorch's own generators give for the same seed, and its very state bytes.

On the CPU it is MT19937 (Matsumoto and Nishimura 1998) seeded by one 32-bit word, 64-bit draws being two words, the high one first; on CUDA
Philox4x32-10 (Salmon et al. 2011), of which a generator holds the key (the seed) and how far the counter has advanced.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from .device import cpu, device
from .tensor import Tensor, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SEED = 67280421310721
"""The seed of a new ``Generator``."""

_WORDS = 624
_LEGACY = struct.Struct("<QiiQ")  # initial seed, words left in the block, seeded, place of the next word
_NORMAL = struct.Struct(
    "<dddi4xf?3x"
)  # unused, cached normal, unused, whether there is one; the same in float, of which no op makes use
_STATE_BYTES = _LEGACY.size + 8 * _WORDS + _NORMAL.size
_PHILOX = struct.Struct("<QQ")  # seed, offset
_FEW = 200
"""Up to so many words NumPy's ``random_raw`` is faster than ``integers``, which has the faster loop."""


class MersenneTwister:
    """MT19937 with PyTorch's seeding: NumPy's bit generator, and what NumPy does not keep."""

    __slots__ = ("_bits", "_fresh", "_integers", "_raw", "next_normal", "seed")

    _bits: Any
    _integers: Callable[..., Any]
    _raw: Callable[..., Any]

    def __init__(self, seed: int):
        from numpy.random import MT19937
        from numpy.random import Generator as Numbers

        self._bits = MT19937(0)
        self._raw, self._integers = self._bits.random_raw, Numbers(self._bits).integers
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Begin the stream of ``seed`` (its low 32 bits)."""
        self._bits._legacy_seeding(seed & 0xFFFFFFFF)
        self.seed = seed
        self._fresh = True
        self.next_normal: float | None = None
        """The second value of a Box-Muller pair, kept for the next draw of a single normal number."""

    def words(self, count: int) -> np.ndarray:
        """The next ``count`` 32-bit words, uint32."""
        if count == 0:
            return np.empty(0, np.uint32)
        self._fresh = False
        if count <= _FEW:
            return self._raw(count).astype(np.uint32)
        return self._integers(0, 1 << 32, count, np.uint32)

    def long_words(self, count: int) -> np.ndarray:
        """The next ``count`` 64-bit words, uint64, each made of two 32-bit ones, high before low."""
        pairs = self.words(2 * count).astype(np.uint64)
        return pairs[0::2] << np.uint64(32) | pairs[1::2]

    def doubles(self, count: int) -> np.ndarray:
        """The next ``count`` numbers of U[0, 1) with 53 bits, float64."""
        return (self.long_words(count) & np.uint64((1 << 53) - 1)) * 2.0**-53

    def double(self) -> float:
        """The next number of U[0, 1) with 53 bits."""
        self._fresh = False
        raw = self._raw
        return ((raw() << 32 | raw()) & ((1 << 53) - 1)) * 2.0**-53

    def state(self) -> np.ndarray:
        """The 5056 bytes of PyTorch's state."""
        inner = self._bits.state["state"]
        place = inner["pos"]
        # A new generator makes its first block when it is first asked; PyTorch's counters say so, NumPy's do not tell it from a used-up one.
        left, following = (1, 0) if self._fresh and place == _WORDS else (_WORDS + 1 - place, place)
        normal = self.next_normal
        head = _LEGACY.pack(self.seed, left, 1, following)
        tail = _NORMAL.pack(0.0, 0.0 if normal is None else normal, 0.0, normal is not None, 0.0, False)
        return np.frombuffer(bytearray(head + inner["key"].astype("<u8").tobytes() + tail), np.uint8)

    def restore(self, state: np.ndarray) -> None:
        """Go on where ``state`` stood. RuntimeError where these bytes are no state."""
        if state.size != _STATE_BYTES:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE_BYTES} but found the input RNG state size to be {state.size}"
            )
        data = state.tobytes()
        seed, left, seeded, following = _LEGACY.unpack_from(data)
        fresh = (left, following) == (1, 0)
        if not seeded or not (fresh or (1 <= left <= _WORDS and left + following == _WORDS + 1)):
            raise RuntimeError("Invalid mt19937 state")
        key = np.frombuffer(data, "<u8", _WORDS, _LEGACY.size).astype(np.uint32)
        _, normal, _, cached, _, _ = _NORMAL.unpack_from(data, _LEGACY.size + 8 * _WORDS)
        place = _WORDS if fresh else following
        self._bits.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": place}}
        self.seed, self._fresh, self.next_normal = seed, fresh, normal if cached else None


class Philox:
    """The seed and the counter of Philox4x32-10; ``ops.philox`` computes the words where the tensor lies."""

    __slots__ = ("offset", "seed")

    def __init__(self, seed: int):
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Begin the stream of ``seed``."""
        self.seed, self.offset = seed, 0

    def advance(self, count: int) -> int:
        """Reserve ``count`` (rounded up to a multiple of 4) words per thread; returns where they begin."""
        begin = self.offset
        self.offset += -(-count // 4) * 4
        return begin

    def state(self) -> np.ndarray:
        """The 16 bytes of PyTorch's state."""
        return np.frombuffer(bytearray(_PHILOX.pack(self.seed, self.offset)), np.uint8)

    def restore(self, state: np.ndarray) -> None:
        """Go on where ``state`` stood. RuntimeError where these bytes are no state."""
        if state.size not in (8, _PHILOX.size):
            raise RuntimeError(f"RNG state is wrong size: expected {_PHILOX.size} bytes, but got {state.size}")
        seed, offset = _PHILOX.unpack(state.tobytes().ljust(_PHILOX.size, b"\0"))
        if offset % 4:
            raise RuntimeError(f"offset must be a multiple of 4, but got {offset}")
        self.seed, self.offset = seed, offset


class Generator:
    """A stream of random numbers with its own state: ``Generator().manual_seed(0)``.

    ``device``: "cpu" (MT19937) or "cuda" (Philox). Ops take it as ``generator=``; it must be on the device of their tensor.
    """

    __slots__ = ("__weakref__", "_engine", "_first_seed", "device")

    def __init__(self, device="cpu"):
        place = _device(device)
        if place.type not in ("cpu", "cuda"):
            raise RuntimeError(f"Device type {place.type} is not supported for torch.Generator() api.")
        if place.type == "cuda" and place.index is None:
            place = _device("cuda", 0)
        self.device = place
        self._engine: Any = None
        self._first_seed: int | None = DEFAULT_SEED

    @property
    def engine(self):
        """The source of bits, made when it is first asked for (NumPy's generators take a while to load)."""
        found = self._engine
        if found is None:
            seed = _random_seed() if self._first_seed is None else self._first_seed
            found = self._engine = (MersenneTwister if self.device.type == "cpu" else Philox)(seed)
        return found

    def manual_seed(self, seed: int) -> Generator:
        """Begin anew from ``seed``, an integer of [-2**63, 2**64); ValueError outside."""
        self.engine.reseed(seed_word(seed))
        return self

    def seed(self) -> int:
        """Begin anew from a number that the system gives, and return it."""
        found = _random_seed()
        self.engine.reseed(found)
        return found

    def initial_seed(self) -> int:
        """The seed that the stream began from."""
        return self.engine.seed

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor: PyTorch's very bytes (5056 on the CPU, 16 on CUDA)."""
        return wrap(self.engine.state())

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on where a state taken by ``get_state`` (PyTorch's too) stood.

        TypeError for what is no uint8 tensor on the CPU, RuntimeError for bytes that are no state.
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if not isinstance(new_state._array, np.ndarray) or new_state._array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self.engine.restore(np.ascontiguousarray(new_state._array).reshape(-1))
        return self

    def clone_state(self) -> Generator:
        """A new generator that stands where this one stands."""
        return Generator(self.device).set_state(self.get_state())

    def graphsafe_get_state(self) -> Generator:
        """A new generator that stands where this one stands."""
        return self.clone_state()

    def graphsafe_set_state(self, state: Generator) -> Generator:
        """Stand where another generator stands."""
        return self.set_state(state.get_state())

    def get_offset(self) -> int:
        """How far a CUDA generator's counter has advanced. RuntimeError on the CPU."""
        return self._counted().offset

    def set_offset(self, offset: int) -> Generator:
        """Set the counter of a CUDA generator, a multiple of 4. RuntimeError on the CPU."""
        engine = self._counted()
        if offset % 4:
            raise RuntimeError(f"offset must be a multiple of 4, but got {offset}")
        engine.offset = offset
        return self

    def _counted(self) -> Philox:
        if self.device.type == "cpu":
            raise RuntimeError("CPU Generator does not use offset")
        return self.engine

    def __reduce__(self):
        return _rebuild, (self.device, self.get_state()._array.tobytes())

    def __repr__(self) -> str:
        return f"<torch.Generator on {self.device}>"


_device = device


def _rebuild(place, state: bytes) -> Generator:
    return Generator(place).set_state(wrap(np.frombuffer(bytearray(state), np.uint8)))


def _random_seed() -> int:
    import secrets

    return secrets.randbits(53)


def seed_word(seed) -> int:
    """``seed`` as the 64-bit word that PyTorch makes of it. RuntimeError for what is no integer, ValueError outside [-2**63, 2**64)."""
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
    number = seed.__index__()
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError(f"Overflow when unpacking long long: a seed lies in [-2**63, 2**64), not {number}")
    return number % (1 << 64)


default_generator = Generator()
default_generator._first_seed = None
"""What ops on CPU tensors draw from unless told otherwise; its first seed is the system's."""

_OF_CUDA: dict[int, Generator] = {}


def default_for(place: device) -> Generator:
    """The default generator of a device."""
    if place.type != "cuda":
        return default_generator
    index = place.index or 0
    if index not in _OF_CUDA:
        _OF_CUDA[index] = Generator(_device("cuda", index))
        _OF_CUDA[index]._first_seed = None
    return _OF_CUDA[index]


def seed_everything(word: int) -> None:
    """Seed the default generators of all devices, those not used yet too."""
    default_generator.engine.reseed(word)
    for made in _OF_CUDA.values():
        made.engine.reseed(word)


def generator_for(generator: Generator | None, place: device) -> Generator:
    """The generator that an op on ``place`` draws from. TypeError for what is none, RuntimeError for one of another device."""
    if generator is None:
        return default_generator if place is cpu else default_for(place)
    if not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be torch.Generator, not {type(generator).__name__}")
    if generator.device.type != place.type and place.type != "meta":
        raise RuntimeError(f"Expected a '{place.type}' device type for generator but found '{generator.device.type}'")
    return generator
