"""How arguments are drawn: structure from a source of choices, numbers (later) by NumPy from a seed.

The source (``cases.source``) is a pseudo-random one, whose choices are remembered and can be shrunk, or hypothesis. A ``Drawing`` is handed to a record's ``draw`` function. It knows the dtype that the case is about and whether the case must be
smooth: for derivatives the numbers stay away from kinks and special values, and tensors are small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..cases import Case, StatefulCase, TensorSpec
from ..cases.case import COMPLEX, FLOATING, Made
from ..cases.source import HypothesisSource, RandomSource, Source
from .record import Record

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

GROUPS: dict[str, tuple[str, ...]] = {
    "real": ("float32", "float64"),
    "half": ("bfloat16", "float16"),
    "complex": ("complex64", "complex128"),
    "integer": ("int64", "int32", "int16", "int8", "uint8"),
    "int64": ("int64",),
    "bool": ("bool",),
    "float32": ("float32",),
    "smooth": ("float64",),
    "smooth-complex": ("complex128",),
}
"""dtype group -> its dtypes, the simplest first."""

EVERY_DTYPE = tuple(name for group in ("real", "half", "complex", "integer", "bool") for name in GROUPS[group])

SIDES = (2, 3, 1, 5, 0, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65)
"""Lengths of a dimension: small ones, none, and those around the widths of vector registers."""

MOST_ELEMENTS = {False: 2048, True: 48}
"""Elements of one tensor, by whether the case is smooth."""

TINY, HUGE = 1e-42, 3e38
SPECIALS: tuple[tuple[float, ...], ...] = (
    (),
    (),
    (math.nan,),
    (math.inf, -math.inf),
    (0.0, -0.0),
    (TINY, -TINY, HUGE, -HUGE),
    (math.nan, math.inf, -math.inf, 0.0, -0.0),
)

INTEGER = frozenset(GROUPS["integer"])

DOMAINS = {"definite": "hermitian", "hermitian": "hermitian"}
"""Fill of a matrix -> the domain that it lives in."""


class Drawing:
    """One case in the making. ``dtype`` is what it is about, ``name`` the op's name."""

    def __init__(self, source: Source, op: Record, dtype: str, smooth: bool):
        self._source = source
        self._op = op
        self._tensors = 0
        self.name = op.name
        self.dtype = dtype
        self.smooth = smooth
        self.seed = source.integer(0, 9999)

    # -- what the dtype is --------------------------------------------------------------------------------------------------------

    @property
    def floating(self) -> bool:
        return self.dtype in FLOATING

    @property
    def is_complex(self) -> bool:
        return self.dtype in COMPLEX

    @property
    def integral(self) -> bool:
        return self.dtype in INTEGER

    @property
    def inexact(self) -> bool:
        return self.floating or self.is_complex

    # -- scalars ------------------------------------------------------------------------------------------------------------------

    def integer(self, low: int, high: int) -> int:
        """An integer, ``low`` and ``high`` included."""
        return self._source.integer(low, high) if low < high else low

    def choice(self, *values: T) -> T:
        """One of the values; failing cases move to the first."""
        return values[self.integer(0, len(values) - 1)]

    def flag(self) -> bool:
        """True or False; failing cases move to False."""
        return self.integer(0, 1) == 1

    def maybe(self, make: Callable[[], T]) -> T | None:
        """None, or what ``make`` draws."""
        return make() if self.flag() else None

    def real(self, low: float = -3.0, high: float = 3.0) -> float:
        """A Python float with few digits."""
        return self.integer(math.ceil(low * 8), math.floor(high * 8)) / 8

    def number(self, low: int = -3, high: int = 3) -> Any:
        """A Python number that suits the dtype: of its own kind most of the time."""
        kinds: tuple[str, ...] = ("float", "int") if self.floating else ("int",)
        if self.is_complex:
            kinds = ("float", "int", "complex")
        if self.dtype == "bool":
            kinds = ("bool", "int")
        kind = kinds[0] if self.smooth else self.choice(*kinds)
        if kind == "bool":
            return self.flag()
        if kind == "int":
            return self.integer(max(low, 0) if self.dtype == "uint8" else low, high)
        return complex(self.real(low, high), self.real(low, high)) if kind == "complex" else self.real(low, high)

    def keywords(self, **options: Callable[[], Any]) -> dict[str, Any]:
        """Keyword arguments, each given or left out."""
        return {name: make() for name, make in options.items() if self.flag()}

    def dim(self, shape: Sequence[int], *, at_least: int = 0) -> int:
        """A dimension of ``shape``, counted from either end; 0 or -1 for a 0-d tensor."""
        rank = max(len(shape), 1)
        found = self.integer(at_least, rank - 1)
        return found - rank if self.flag() else found

    def dims(self, shape: Sequence[int], *, least: int = 0, most: int | None = None) -> tuple[int, ...]:
        """Distinct dimensions of ``shape``."""
        rank = len(shape)
        top = rank if most is None else min(rank, most)
        left, found = list(range(rank)), []
        for _ in range(self.integer(min(least, top), top)):
            found.append(left.pop(self.integer(0, len(left) - 1)))
        return tuple(item - rank if item % 2 else item for item in found)

    # -- shapes -------------------------------------------------------------------------------------------------------------------

    def side(self, least: int = 0, most: int = 65) -> int:
        """The length of a dimension."""
        fitting = [side for side in ((2, 3, 1, 4) if self.smooth else SIDES) if least <= side <= most]
        return self.choice(*(fitting or [least]))

    def shape(self, least: int = 0, most: int = 4, *, side: int = 0) -> tuple[int, ...]:
        """A shape with ``least`` to ``most`` dimensions, each at least ``side`` long."""
        rank = self.integer(least, max(least, min(most, 3) if self.smooth else most))
        room, sides = MOST_ELEMENTS[self.smooth], []
        for _ in range(rank):
            found = self.side(side, max(room, side, 1))
            room //= max(found, 1)
            sides.append(found)
        return tuple(sides)

    def narrower(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts to ``shape``."""
        if not shape or not self.flag():
            return shape
        kept = shape[self.integer(0, len(shape)) :]
        return tuple(1 if self.flag() else length for length in kept)

    def broadcastable(self, count: int, most: int = 4) -> list[tuple[int, ...]]:
        """``count`` shapes that broadcast together."""
        shape = self.shape(0, most)
        return [self.narrower(shape) for _ in range(count)]

    # -- tensors ------------------------------------------------------------------------------------------------------------------

    def tensor(
        self,
        shape: tuple[int, ...],
        fill: tuple = ("uniform", -4.0, 4.0),
        dtype: str | None = None,
        *,
        avoid: tuple[float, ...] = (),
        constant: bool = False,
        specials: bool = True,
        layout: str | None = None,
        domain: str = "",
    ) -> TensorSpec:
        """A tensor argument. ``avoid`` (and the op's kinks, for the first tensor) count in smooth cases only, ``specials`` in the others only.

        ``domain``: the set that values and tangents stay in (``TensorSpec.domain``).
        """
        kinks = self._op.kinks if not self._tensors else ()
        self._tensors += 1
        inexact = (dtype or self.dtype) in FLOATING + COMPLEX
        scattered: tuple[float, ...] = ()
        if not self.smooth and specials and self._op.specials and (inexact or self.integral) and 0 not in shape:
            scattered = self.choice(*SPECIALS)
        return TensorSpec(
            shape,
            dtype or self.dtype,
            fill,
            layout or self.layout(shape),
            scattered,
            (*avoid, *kinks) if self.smooth else (),
            self.seed + 7919 * self._tensors,
            constant,
            domain,
        )

    def layout(self, shape: tuple[int, ...]) -> str:
        """How a tensor of this shape lies in memory."""
        if math.prod(shape) < 2:
            return "contiguous"
        choices = ["contiguous", "contiguous", "sliced", "strided"]
        if len(shape) > 1:
            choices[2:2] = ["transposed"]
        if not self.smooth:
            choices.append("expanded")
        return self.choice(*choices)

    def distinct(self, shape: tuple[int, ...], phase: float = 0.0, *, constant: bool = False) -> TensorSpec:
        """A tensor without ties in smooth cases (phases keep two such tensors apart), with ties in others."""
        if self.smooth:
            return self.tensor(shape, ("grid", 0.25, phase), constant=constant)
        fill = self.choice(("uniform", -4.0, 4.0), ("integers", -2, 3))
        if self.dtype == "uint8":
            fill = ("uniform", 0.0, 4.0)
        return self.tensor(shape, fill, constant=constant)

    def matrix(self, shape: tuple[int, ...], *fill: Any, constant: bool = False) -> TensorSpec:
        """A tensor of matrices with the structure ``fill`` (``cases.matrices``), which its tangents keep and no layout breaks."""
        domain = DOMAINS.get(fill[0], "")
        if fill[0] == "triangular":
            domain = ("unit_" if fill[2] else "") + ("upper" if fill[1] else "lower")
        layout = self.layout(shape)
        if layout == "expanded" and len(shape) < 3:
            layout = "contiguous"
        return self.tensor(shape, fill, constant=constant, specials=False, layout=layout, domain=domain)

    def indices(self, shape: tuple[int, ...], size: int, *, negative: bool = False, dtype: str = "int64") -> TensorSpec:
        """A tensor of indices into a dimension of length ``size``."""
        return self.tensor(shape, ("integers", -size if negative else 0, size), dtype, constant=True, specials=False)

    def mask(self, shape: tuple[int, ...]) -> TensorSpec:
        """A tensor of booleans."""
        return self.tensor(shape, ("boolean", 0.5), "bool", constant=True)

    def dtype_argument(self) -> str:
        """A dtype that the answer is asked for: of any kind, or one that keeps the case smooth."""
        return self.dtype if self.smooth else self.choice(*EVERY_DTYPE)

    def partner(self) -> str:
        """The dtype of a further argument: mostly the case's own, else any, so that every pair meets."""
        return self.dtype if self.smooth or self.integer(0, 2) else self.choice(*EVERY_DTYPE)

    def good(self) -> Case:
        """A call that the record's own ``draw`` makes: what a bad call starts from."""
        return self._op.draw(self)

    def call(self, *args: Any, **kwargs: Any) -> Case:
        """The case: the op called with these arguments."""
        return Case(self.name, args, tuple(kwargs.items()), self.seed)

    def either(self, *args: Any, **named: Any) -> Case:
        """The op called with ``args``, and with ``named`` (in the order of its signature) as keywords or, up to some point, by position."""
        by_position = self.integer(0, len(named)) if named else 0
        items = list(named.items())
        given = (*args, *(value for _, value in items[:by_position]))
        return self.call(*given, **dict(items[by_position:]))

    def stateful(self, *args: Any, inputs: tuple = (), steps: int = 1, **kwargs: Any) -> StatefulCase:
        """The case of a module, optimizer or scheduler constructed with these arguments."""
        return StatefulCase(self.name, args, tuple(kwargs.items()), self.seed, inputs, steps)

    def made(self, name: str, *args: Any, **kwargs: Any) -> Made:
        """An argument that the target's constructor ``name`` makes: a module or scheduler inside another."""
        return Made(name, args, tuple(kwargs.items()))


Draw = Callable[[Drawing], Case]


def one_case(record: Record, group: str, source: Source, draw: Draw | None = None) -> Case:
    """A case of a record for a dtype group of ``GROUPS``, by these choices; by ``draw`` instead of the record's own where given."""
    dtypes = GROUPS[group]
    dtype = dtypes[source.integer(0, len(dtypes) - 1) if len(dtypes) > 1 else 0]
    return (draw or record.draw)(Drawing(source, record, dtype, group.startswith("smooth")))


def cases(record: Record, group: str, draw: Draw | None = None) -> SearchStrategy[Case]:
    """The cases of a record for a dtype group, as a hypothesis strategy."""
    from hypothesis import strategies as st

    return st.composite(lambda choose: one_case(record, group, HypothesisSource(choose), draw))()


def sample(record: Record, group: str, count: int, seed: int = 0, draw: Draw | None = None) -> Iterator[Case]:
    """``count`` cases of a record, the same ones for the same seed."""
    source = RandomSource(f"{record.name} {group} {seed}")
    for _ in range(count):
        yield one_case(record, group, source, draw)
