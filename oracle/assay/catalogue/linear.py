"""Products of vectors and matrices, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import (
    FOREIGN,
    NO_BOOL,
    Bad,
    first_of_dtype,
    instead,
    no_argument,
    no_tensor,
    of_shape,
    unknown_keyword,
)
from .record import SUM, Tolerance, family, homogeneous, ulp

OPS, op = family("linear")

SCALED_SUM = Tolerance("scaled", 32.0)

BILINEAR = (homogeneous(1.0, 0), homogeneous(1.0, 1))
MIXED = first_of_dtype("float32", "float64", "int32")


def mismatched(one: tuple[int, ...], two: tuple[int, ...]) -> Bad:
    """Two tensors whose inner dimensions differ."""

    def shapes_apart(d: Drawing) -> Case:
        return d.call(d.tensor(one), d.tensor(two))

    return shapes_apart


def length(d: Drawing) -> int:
    """The length of a dimension of a matrix."""
    return d.side(0, 33)


FACTORS: dict[str, Callable[[int, int, int], tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "mm": lambda n, k, m: ((n, k), (k, m)),
    "mv": lambda n, k, m: ((n, k), (k,)),
    "dot": lambda n, k, m: ((k,), (k,)),
    "vdot": lambda n, k, m: ((k,), (k,)),
    "outer": lambda n, k, m: ((n,), (m,)),
}
"""Op -> shapes of its two factors, from three lengths."""


@op(
    "mm",
    tolerance=SUM,
    analytic=True,
    core=(2, 2),
    laws=BILINEAR,
    bad=(*FOREIGN, MIXED, NO_BOOL, mismatched((2, 3), (4, 2)), of_shape((3,), (2, 2, 2))),
)
@op(
    "mv",
    tolerance=SUM,
    analytic=True,
    core=(2, 1),
    laws=BILINEAR,
    bad=(*FOREIGN, MIXED, NO_BOOL, mismatched((2, 3), (4,)), of_shape((3,), (2, 2, 2))),
)
@op(
    "dot",
    tolerance=SUM,
    analytic=True,
    core=(1, 1),
    laws=BILINEAR,
    bad=(*FOREIGN, MIXED, NO_BOOL, mismatched((3,), (4,)), of_shape((), (2, 2))),
)
@op("vdot", tolerance=SUM, core=(1, 1), bad=(*FOREIGN, MIXED, NO_BOOL, mismatched((3,), (4,)), of_shape((), (2, 2))))
@op("outer", tolerance=ulp(2), analytic=True, core=(1, 1), laws=BILINEAR, bad=(*FOREIGN, of_shape((), (2, 2))))
def product(d: Drawing) -> Case:
    one, two = FACTORS[d.name](length(d), length(d), length(d))
    return d.call(d.tensor(one), d.tensor(two))


@op(
    "bmm",
    tolerance=SUM,
    analytic=True,
    laws=BILINEAR,
    bad=(*FOREIGN, MIXED, NO_BOOL, mismatched((2, 2, 3), (3, 3, 2)), of_shape((3,), (2, 2))),
)
def batched_product(d: Drawing) -> Case:
    batch, n, k, m = d.integer(0, 4), d.side(0, 17), d.side(0, 17), d.side(0, 17)
    return d.call(d.tensor((batch, n, k)), d.tensor((batch, k, m)))


@op(
    "matmul",
    tolerance=SUM,
    analytic=True,
    laws=BILINEAR,
    bad=(*FOREIGN, MIXED, NO_BOOL, mismatched((2, 3), (4, 2)), of_shape(())),
)
@op(
    "__rmatmul__",
    tolerance=SUM,
    analytic=True,
    bad=(no_argument, MIXED, NO_BOOL, mismatched((2, 3), (4, 5)), of_shape(())),
)
def matrix_product(d: Drawing) -> Case:
    n, k, m = d.side(0, 17), d.side(0, 17), d.side(0, 17)
    left, right = d.integer(1, 4), d.integer(1, 4)
    batch = d.shape(2, 2)
    one = (k,) if left == 1 else (*d.narrower(batch)[: left - 2], n, k) if left > 2 else (n, k)
    two = (k,) if right == 1 else (*batch[2 - (right - 2) :], k, m) if right > 2 else (k, m)
    if left > 2 and right > 2:
        one = (*(1 if d.flag() else side for side in batch[2 - (left - 2) :]), n, k)
    pair = d.tensor(one), d.tensor(two)
    return d.call(*(reversed(pair) if d.name == "__rmatmul__" else pair))


@op("inner", tolerance=SUM, analytic=True, laws=BILINEAR, bad=(*FOREIGN, MIXED, mismatched((2, 3), (2, 4))))
def inner(d: Drawing) -> Case:
    k = d.side(0, 33)
    one, two = (*(d.shape(0, 2)), k), (*(d.shape(0, 2)), k)
    if not d.integer(0, 5):
        return d.call(d.tensor(()), d.tensor(two))
    return d.call(
        d.tensor(tuple(min(side, 17) for side in one[:-1]) + (k,)),
        d.tensor(tuple(min(side, 17) for side in two[:-1]) + (k,)),
    )


@op(
    "tensordot",
    tolerance=SUM,
    analytic=True,
    bad=(*FOREIGN, MIXED, mismatched((2, 3), (4, 5)), instead(2, "dims", 9, ((0,), (9,)))),
)
def tensordot(d: Drawing) -> Case:
    shared = tuple(d.side(0, 7) for _ in range(d.integer(0, 2)))
    one, two = (d.side(0, 5),) * d.integer(0, 2), (d.side(0, 5),) * d.integer(0, 2)
    if d.flag():
        return d.call(d.tensor((*one, *shared)), d.tensor((*shared, *two)), dims=len(shared))
    axes = tuple(range(len(shared))), tuple(len(two) + axis for axis in range(len(shared)))
    return d.call(d.tensor((*shared, *one)), d.tensor((*two, *shared)), dims=axes)


@op("kron", tolerance=ulp(2), analytic=True, laws=BILINEAR, bad=FOREIGN)
def kronecker(d: Drawing) -> Case:
    small = lambda: tuple(min(side, 5) for side in d.shape(0, 3))  # noqa: E731
    # PyTorch wants to view its arguments in another shape: a layout that allows it, most of the time.
    layout = "contiguous" if d.smooth or d.integer(0, 3) else None
    return d.call(d.tensor(small(), layout=layout), d.tensor(small(), layout=layout))


def parallel(d: Drawing) -> Case:
    """A cross product along a dimension that is not 3 long."""
    return d.call(d.tensor((2, 4)), d.tensor((2, 4)), d.choice(0, 1, 7))


@op("cross", tolerance=ulp(16), analytic=True, bad=(*FOREIGN, parallel))
def cross(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    axis = d.integer(0, len(shape))
    whole = (*shape[:axis], 3, *shape[axis:])
    return d.either(d.tensor(whole), d.tensor(whole), dim=axis - len(whole) if d.flag() else axis)


# -- with something added ---------------------------------------------------------------------------------------------------------


def weights(d: Drawing) -> dict[str, Any]:
    """The factors ``beta`` and ``alpha``; 0 makes ``input`` not count, NaN or not."""
    number = lambda: d.choice(0, 1, 2, -1) if d.integral or d.flag() else d.choice(0.5, -1.25)  # noqa: E731
    if d.dtype in ("uint8", "bool"):
        number = lambda: d.choice(0, 1) if d.dtype == "bool" else d.choice(0, 1, 2)  # noqa: E731
    if d.dtype == "bool":
        number = d.flag
    return d.keywords(beta=number, alpha=number)


SUMMED: dict[str, Callable[..., tuple[tuple[int, ...], ...]]] = {
    "addmm": lambda b, n, k, m: ((n, m), (n, k), (k, m)),
    "addmv": lambda b, n, k, m: ((n,), (n, k), (k,)),
    "addr": lambda b, n, k, m: ((n, m), (n,), (m,)),
    "addbmm": lambda b, n, k, m: ((n, m), (b, n, k), (b, k, m)),
    "baddbmm": lambda b, n, k, m: ((b, n, m), (b, n, k), (b, k, m)),
}
"""Op -> shapes of the summand and of the two factors, from batch and three lengths."""


def summand_apart(d: Drawing) -> Case:
    """A summand that does not broadcast to the product."""
    shapes = SUMMED[d.name](2, 3, 4, 5)
    return d.call(d.tensor((7, 7)), *[d.tensor(shape) for shape in shapes[1:]])


def factors_apart(d: Drawing) -> Case:
    """Factors of the wrong rank."""
    shapes = SUMMED[d.name](2, 3, 4, 5)
    return d.call(d.tensor(shapes[0]), d.tensor(shapes[1]), d.tensor((*shapes[2], 2)))


for _name in SUMMED:

    @op(
        _name,
        tolerance=SUM if _name != "addr" else ulp(8),
        analytic=True,
        bad=(*FOREIGN, summand_apart, factors_apart) + ((MIXED,) if _name != "addr" else ()),
    )
    def sum_of_product(d: Drawing) -> Case:
        n, k, m = (d.side(0, 17) for _ in range(3))
        summand, one, two = SUMMED[d.name](d.integer(0, 3), n, k, m)
        return d.call(d.tensor(d.narrower(summand)), d.tensor(one), d.tensor(two), **weights(d))


# -- einsum -----------------------------------------------------------------------------------------------------------------------

EQUATIONS = (
    "ij,jk->ik", "ij,jk", "bij,bjk->bik", "i,i->", "i,j->ij", "ij->ji", "ii->i", "ii", "ij->", "ij->i", "...ij,...jk->...ik",
    "ijk,ilm,njm,nlk->", "bn,anm,bm->ba", "ij,ij->ij", "...i,...i->...", "a b , b -> a", "ij,kj->ik", "i->", "ijj->ij",
)  # fmt: skip
"""Contractions, traces, diagonals, outer products, transposes and ellipses."""


def unequal_labels(d: Drawing) -> Case:
    """One label for two lengths."""
    return d.call("ij,jk->ik", d.tensor((2, 3)), d.tensor((4, 5)))


def bad_equation(d: Drawing) -> Case:
    """An equation that is none, or that has other operands."""
    return d.call(d.choice("ij->k", "ij,jk->ik", "i1->i", "ijk->i", "ij->ii", "i->j->i", "...->."), d.tensor((2, 2)))


@op("einsum", tolerance=SUM, analytic=True, bad=(no_argument, no_tensor, unknown_keyword, unequal_labels, bad_equation))
def einsum(d: Drawing) -> Case:
    equation = d.choice(*EQUATIONS)
    lengths: dict[str, int] = {}
    batch = tuple(d.side(0, 3) for _ in range(d.integer(0, 2)))
    operands = []
    for labels in equation.replace(" ", "").partition("->")[0].split(","):
        tail = labels.rpartition("...")[2]
        for label in tail:
            lengths.setdefault(label, d.side(0 if not d.smooth else 1, 5))
        rest = tuple(lengths[label] for label in tail)
        operands.append(d.tensor((*batch, *rest) if "..." in labels else rest))
    return d.call(equation, *operands)
