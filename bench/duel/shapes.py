"""Fuzzed shapes: the smallest shape at which a subject is k times slower than the baseline.

Shapes are drawn, most of them small and awkward; one that is slow beyond doubt (the interval's lower end is above k) is shrunk: dimensions are dropped, cut down
and decremented as long as the slowness stays. Overhead alone may be found: then the smallest shape has one element, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from assay.cases import Case as OpCase
from assay.cases import TensorSpec

from .statistics import Paired
from .suites.case import Case

Shape = tuple[int, ...]

AWKWARD = (1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 127, 129, 255, 257, 1000, 1024, 1025)


@dataclass(frozen=True)
class Slow:
    """What was found: the smallest shape that is slow, its comparison, and how many shapes were tried."""

    shape: Shape
    paired: Paired
    tried: int


def draw(random: np.random.Generator, ranks: tuple[int, int], most: int) -> Shape:
    """A shape of a rank within ``ranks`` and at most ``most`` elements."""
    rank = int(random.integers(ranks[0], ranks[1] + 1))
    sizes: list[int] = []
    for _ in range(rank):
        room = max(most // max(math.prod(sizes), 1), 1)
        fitting = [size for size in AWKWARD if size <= room]
        sizes.append(int(random.choice(fitting)))
    return tuple(int(size) for size in random.permutation(sizes)) if sizes else ()


def smaller(shape: Shape, least: int) -> Iterator[Shape]:
    """Simpler shapes, the boldest steps first; of at least ``least`` dimensions."""
    if len(shape) > least:
        for place in range(len(shape)):
            yield shape[:place] + shape[place + 1 :]
    for place, size in enumerate(shape):
        for less in dict.fromkeys((1, size // 4, size // 2, size - size // 4, size - 1)):
            if 1 <= less < size:
                yield (*shape[:place], less, *shape[place + 1 :])


def smallest_slow(
    measure: Callable[[Shape], Paired],
    factor: float,
    *,
    ranks: tuple[int, int] = (1, 3),
    most: int = 1 << 18,
    draws: int = 12,
    tries: int = 60,
    seed: int = 0,
) -> Slow | None:
    """The smallest shape at which ``measure`` finds a ratio above ``factor``; None where none of ``draws`` shapes is that slow.

    ``tries`` bounds how often ``measure`` is asked in all.
    """
    random = np.random.default_rng(seed)
    measured = cache(measure)
    asked: set[Shape] = set()

    def slow(shape: Shape) -> bool:
        asked.add(shape)
        return measured(shape).low > factor

    drawn = (draw(random, ranks, most) for _ in range(draws))
    shape = next((each for each in drawn if slow(each)), None)
    if shape is None:
        return None
    while len(asked) < tries:
        simpler = next(
            (each for each in smaller(shape, ranks[0]) if each not in asked and len(asked) < tries and slow(each)), None
        )
        if simpler is None:
            break
        shape = simpler
    return Slow(shape, measured(shape), len(asked))


@dataclass(frozen=True)
class Row:
    """``arguments(shape)`` of ``op``; ``ranks`` that it takes."""

    op: str
    arguments: Callable[[Shape], tuple]
    ranks: tuple[int, int] = (1, 3)


def _tensor(shape: Shape, seed: int = 0) -> TensorSpec:
    return TensorSpec(shape, "float32", seed=seed)


ROWS = {
    row.op: row
    for row in (
        Row("add", lambda shape: (_tensor(shape, 1), _tensor(shape[-1:], 2))),
        Row("tanh", lambda shape: (_tensor(shape),)),
        Row("sum", lambda shape: (_tensor(shape), -1)),
        Row("softmax", lambda shape: (_tensor(shape), -1)),
        Row("matmul", lambda shape: (_tensor(shape, 1), _tensor((shape[-1], 32), 2)), (2, 2)),
        Row("cumsum", lambda shape: (_tensor(shape), 0)),
        Row("sort", lambda shape: (_tensor(shape), -1)),
        Row("nn.functional.layer_norm", lambda shape: (_tensor(shape), shape[-1:]), (2, 3)),
    )
}  # fmt: skip
"""The ops whose shapes are drawn."""


def case(name: str) -> Case:
    """The case "softmax-3x5" of the suite ``shapes``. LookupError for an op without a row."""
    from .suites.ops import run_op

    op, _, sizes = name.rpartition("-")
    if op not in ROWS:
        raise LookupError(f"suite 'shapes' has no op '{op}'; it has {', '.join(ROWS)}")
    shape = tuple(int(size) for size in sizes.split("x") if size)
    call = OpCase(op, ROWS[op].arguments(shape))
    parameters = {"op": op, "n": math.prod(shape), "shape": list(shape), "dtype": "float32"}
    return Case(
        "shapes",
        name,
        {"torch": partial(run_op, call)},
        tuple(call.tensors()),
        parameters,
        op=call,
        subjects=("torch", "ingot"),
        traffic=False,
    )
