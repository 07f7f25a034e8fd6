"""Ops that make one tensor of several, or every combination of several."""

from __future__ import annotations

from typing import Any

from ..cases import Case, TensorSpec
from .drawing import Drawing
from .errors import Bad, among, no_argument, unknown_keyword
from .record import family

OPS, op = family("joining")


def several(d: Drawing, least: int = 1, most: int = 4) -> int:
    """How many tensors are joined."""
    return d.integer(least, most)


def no_tensors(d: Drawing) -> Case:
    """An empty sequence."""
    return d.call(())


def a_number(d: Drawing) -> Case:
    """Numbers instead of tensors."""
    return d.call((1.0, 2.0))


def tensors_apart(d: Drawing) -> Case:
    """Two tensors that fit along no dimension."""
    return d.call((d.tensor((2, 3, 4)), d.tensor((5, 6, 7))))


def beyond(d: Drawing) -> Case:
    """A dimension that is not there."""
    return d.call((d.tensor((2, 3)), d.tensor((2, 3))), d.choice(3, -4, 9))


SEQUENCE: tuple[Bad, ...] = (no_argument, unknown_keyword, no_tensors, a_number)


@op("cat", bad=(*SEQUENCE, tensors_apart, beyond, among(0, "tensors", 3)))
def concatenated(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    dim = d.dim(shape)
    axis = dim % len(shape)
    pieces = tuple(
        d.tensor((*shape[:axis], d.side(0, 9), *shape[axis + 1 :]), dtype=d.partner()) for _ in range(several(d))
    )
    if not d.smooth and not d.integer(0, 7):
        pieces = (d.tensor((0,)), *pieces)
    return d.either(pieces, dim=dim)


@op("stack", bad=(*SEQUENCE, tensors_apart, beyond, among(0, "tensors", None)))
def stacked(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    pieces = tuple(d.tensor(shape, dtype=d.partner()) for _ in range(several(d)))
    return d.either(pieces, dim=d.integer(-len(shape) - 1, len(shape)))


@op("hstack", "vstack", "dstack", "column_stack", bad=(*SEQUENCE, tensors_apart))
def side_by_side(d: Drawing) -> Case:
    rank = d.integer(0, 3)
    shape = d.shape(rank, rank)
    axis = {"hstack": 0 if rank < 2 else 1, "vstack": 0, "dstack": 2, "column_stack": 1}[d.name]
    free = axis < rank and (d.name != "vstack" or rank > 1)
    pieces = [
        d.tensor((*shape[:axis], d.side(0, 9), *shape[axis + 1 :]) if free else shape, dtype=d.partner())
        for _ in range(several(d))
    ]
    return d.call(tuple(pieces))


@op("block_diag", bad=(unknown_keyword,))
def blocks(d: Drawing) -> Case:
    return d.call(*[d.tensor(tuple(min(side, 9) for side in d.shape(0, 2))) for _ in range(several(d))])


@op("cartesian_prod", bad=(unknown_keyword,))
def products(d: Drawing) -> Case:
    return d.call(*[d.tensor((d.side(0, 5),)) for _ in range(several(d, 1, 3))])


def negative_length(d: Drawing) -> Case:
    """Combinations of fewer than no elements."""
    return d.call(d.tensor((4,)), -1)


def of_matrix(d: Drawing) -> Case:
    """Combinations of the elements of a matrix."""
    return d.call(d.tensor((2, 2)), 2)


@op("combinations", bad=(no_argument, unknown_keyword, negative_length, of_matrix))
def combinations(d: Drawing) -> Case:
    return d.either(d.tensor((d.side(0, 7),)), r=d.integer(1, 3), with_replacement=d.flag())


def unknown_indexing(d: Drawing) -> Case:
    """An order of axes that there is not."""
    return d.call(d.tensor((2,)), d.tensor((3,)), indexing="yx")


def of_matrices(d: Drawing) -> Case:
    """A grid of something that is no vector."""
    return d.call(d.tensor((2, 3)), d.tensor((3,)), indexing="ij")


@op("meshgrid", bad=(unknown_keyword, unknown_indexing, of_matrices))
def grids(d: Drawing) -> Case:
    lengths: list[TensorSpec] = [d.tensor((d.side(1, 9),) if d.integer(0, 5) else ()) for _ in range(several(d, 1, 3))]
    given: tuple[Any, ...] = (tuple(lengths),) if d.flag() else tuple(lengths)
    return d.call(*given, indexing=d.choice("ij", "xy"))
