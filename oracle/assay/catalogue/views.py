"""Ops that show the elements of one tensor in another arrangement, as a view or as a copy."""

from __future__ import annotations

import math
from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import (
    FOREIGN,
    instead,
    no_argument,
    no_such_dim,
    no_tensor,
    of_dtype,
    of_shape,
    repeated_dim,
    surplus_argument,
    unknown_keyword,
)
from .record import SUM, family

OPS, op = family("views")

VARIADIC = (no_tensor, no_argument, unknown_keyword)
"""Faults of the call of a method that takes any number of sizes or dimensions."""


def sizes(d: Drawing, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Sizes as one tuple argument, or spread over the call."""
    return given if given and d.flag() else (given,)


def factored(d: Drawing, count: int, most: int = 4) -> tuple[int, ...]:
    """A shape with ``count`` elements."""
    if not count:
        return tuple(d.integer(0, 5) for _ in range(d.integer(0, 2))) + (0,)
    shape: list[int] = []
    left = count
    while left > 1 and len(shape) < most - 1:
        divisors = [divisor for divisor in range(1, min(left, 40) + 1) if left % divisor == 0]
        shape.append(d.choice(*divisors[:8]))
        left //= shape[-1]
    if left > 1 or d.flag():
        shape.append(left)
    return tuple(shape)


def with_unknown(d: Drawing, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape, perhaps with one length left to be inferred."""
    if not shape or 0 in shape or not d.flag():
        return shape
    place = d.integer(0, len(shape) - 1)
    return (*shape[:place], -1, *shape[place + 1 :])


# -- other shapes -----------------------------------------------------------------------------------------------------------------

WRONG_COUNT = of_shape((7, 11), (13,))


@op("reshape", bad=(*VARIADIC, instead(1, "shape", (7, 11, 13), (-1, -1))))
def reshaped(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    wanted = with_unknown(d, factored(d, math.prod(shape)))
    return d.call(d.tensor(shape), wanted)


@op("view", bad=(*VARIADIC, instead(1, "size", (7, 11, 13), (-1, -1))))
@op("view_copy", bad=(*FOREIGN, instead(1, "size", (7, 11, 13), (-1, -1))))
def viewed(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    layout = d.choice("contiguous", "contiguous", "contiguous", "sliced") if shape else "contiguous"
    wanted = with_unknown(d, factored(d, math.prod(shape)))
    if layout == "sliced":  # rows stay whole
        wanted = (math.prod(shape[:-1]), shape[-1])
    if d.name == "view" and wanted and d.flag():
        return d.call(d.tensor(shape, layout=layout), *wanted)
    return d.call(d.tensor(shape, layout=layout), wanted)


@op("view_as", "reshape_as", bad=FOREIGN)
def shaped_like(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    return d.call(d.tensor(shape, layout="contiguous"), d.tensor(factored(d, math.prod(shape)), constant=True))


@op("resize_", bad=(*VARIADIC, instead(1, "size", (-1, 2), "shape")), smooth=False)
def resized(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    return d.call(d.tensor(shape, layout="contiguous"), factored(d, math.prod(shape)))


@op("resize_as_", bad=FOREIGN, smooth=False)
def resized_like(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    return d.call(d.tensor(shape, layout="contiguous"), d.tensor(factored(d, math.prod(shape)), layout="contiguous"))


@op("ravel", bad=FOREIGN)
def raveled(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 5)))


@op("flatten", bad=(*FOREIGN, no_such_dim(1, "start_dim"), no_such_dim(2, "end_dim")))
def flattened(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    x = d.tensor(shape)
    if not shape or d.flag():
        return d.call(x)
    start = d.integer(0, len(shape) - 1)
    end = d.integer(start, len(shape) - 1)
    return d.either(x, start_dim=start, end_dim=end - len(shape) if d.flag() else end)


@op("unflatten", bad=(*FOREIGN, no_such_dim(), instead(2, "sizes", (7, 11, 13), (-1, -1), ())))
def unflattened(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=1)
    dim = d.dim(shape)
    parts = factored(d, shape[dim], 3) or (1,)
    return d.either(d.tensor(shape), dim=dim, sizes=with_unknown(d, parts))


@op("squeeze", "squeeze_copy", bad=(*FOREIGN, no_such_dim(), repeated_dim()))
def squeezed(d: Drawing) -> Case:
    shape = tuple(d.choice(1, 1, side) for side in d.shape(0, 5))
    x = d.tensor(shape)
    form = d.choice("all", "one", "some")
    if form == "all":
        return d.call(x)
    return d.either(x, dim=d.dim(shape) if form == "one" else d.dims(shape))


@op("unsqueeze", "unsqueeze_copy", bad=(*FOREIGN, instead(1, "dim", 9, -9, 0.5)))
def unsqueezed(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    return d.either(d.tensor(shape), dim=d.integer(-len(shape) - 1, len(shape)))


@op("atleast_1d", "atleast_2d", "atleast_3d", bad=(no_tensor, unknown_keyword))
def at_least(d: Drawing) -> Case:
    form = d.choice("one", "several", "sequence")
    tensors = tuple(d.tensor(d.shape(0, 4)) for _ in range(1 if form == "one" else d.integer(1, 3)))
    return d.call(tensors) if form == "sequence" else d.call(*tensors)


@op("alias_copy", "clone", "contiguous", bad=FOREIGN)
def copied(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 5)))


# -- larger shapes ----------------------------------------------------------------------------------------------------------------


def expansion(d: Drawing) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A shape, and one that it expands to."""
    wanted = d.shape(0, 5)
    kept = tuple(1 if d.flag() else side for side in wanted[d.integer(0, len(wanted)) :]) if wanted else ()
    return kept, wanted


@op("expand", bad=(*VARIADIC, instead(1, "size", (3, -4), "shape")))
@op("expand_copy", bad=(*FOREIGN, instead(1, "size", (3, -4), "shape")))
@op("broadcast_to", bad=(*FOREIGN, instead(1, "size", (3, -4), "shape")))
def expanded(d: Drawing) -> Case:
    shape, wanted = expansion(d)
    x = d.tensor(shape)
    lead = len(wanted) - len(shape)
    kept = tuple(-1 if axis >= lead and d.integer(0, 5) == 5 else side for axis, side in enumerate(wanted))
    if d.name == "expand" and kept and d.flag():
        return d.call(x, *kept)
    return d.call(x, kept)


@op("expand_as", bad=FOREIGN)
def expanded_like(d: Drawing) -> Case:
    shape, wanted = expansion(d)
    return d.call(d.tensor(shape), d.tensor(wanted, constant=True))


@op("sum_to_size", tolerance=SUM, bad=(*VARIADIC, instead(1, "size", (7, 11), "shape")))
def summed_to(d: Drawing) -> Case:
    shape, wanted = expansion(d)
    return d.call(d.tensor(wanted), shape)


@op("broadcast_tensors", bad=(no_tensor, unknown_keyword))
def broadcast_together(d: Drawing) -> Case:
    return d.call(*[d.tensor(shape, dtype=d.partner()) for shape in d.broadcastable(d.integer(1, 4))])


@op("broadcast_shapes", dtypes=("real",), smooth=False, bad=(instead(0, "shapes", (7, 3, 2), "shape"), unknown_keyword))
def broadcast_shapes(d: Drawing) -> Case:
    shapes = d.broadcastable(d.integer(2, 4))
    if d.choice("shapes", "number") == "shapes" or not shapes[0]:
        return d.call((1, 3, 1), *shapes[1:2], (3, 1)) if len(shapes[1]) < 1 else d.call(*shapes)
    return d.call(*shapes)


@op("repeat", bad=(*VARIADIC, instead(1, "repeats", (-1, 2), "twice")))
def repeated(d: Drawing) -> Case:
    shape = d.shape(0, 3)
    times = tuple(d.integer(0 if not d.smooth else 1, 3) for _ in range(len(shape) + d.integer(0, 2)))
    return d.call(d.tensor(shape), *sizes(d, times))


@op("tile", bad=(*FOREIGN, instead(1, "dims", (-1, 2), "twice")))
def tiled(d: Drawing) -> Case:
    times = tuple(d.integer(0 if not d.smooth else 1, 3) for _ in range(d.integer(0, 4)))
    return d.call(d.tensor(d.shape(0, 3)), times)


@op("repeat_interleave", bad=(no_tensor, no_argument, unknown_keyword, instead(1, "repeats", -1), no_such_dim(2)))
def repeated_each(d: Drawing) -> Case:
    shape = d.shape(0, 3, side=1)
    x = d.tensor(shape)
    if not shape:
        return d.call(x, d.integer(0, 3))
    if d.flag():
        return d.either(x, repeats=d.integer(0, 3), dim=d.dim(shape)) if d.flag() else d.call(x, d.integer(0, 3))
    dim = d.dim(shape)
    count = shape[dim]
    times = d.tensor(d.choice((count,), (1,)), ("integers", 0, 4), "int64", constant=True, specials=False)
    return d.call(x, times, dim)


@op("constant_pad_nd", bad=(*FOREIGN, instead(1, "pad", (1,), (1, 2, 3), (-99, 0))))
def padded(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=3)
    edges = tuple(d.integer(-1, 3) for _ in range(2 * d.integer(1, len(shape))))
    x = d.tensor(shape)
    return d.call(x, edges, d.number()) if d.flag() else d.call(x, edges)


# -- other orders -----------------------------------------------------------------------------------------------------------------


@op("permute", bad=(*VARIADIC, instead(1, "dims", (0, 0), (0, 9), (0,) * 7)))
@op("permute_copy", bad=(*FOREIGN, instead(1, "dims", (0, 0), (0, 9), (0,) * 7)))
def permuted(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    order = d.dims(shape, least=len(shape))
    return d.call(d.tensor(shape), order)


@op("transpose", "transpose_copy", bad=(*FOREIGN, no_such_dim(1, "dim0"), no_such_dim(2, "dim1")))
def transposed(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    return d.either(d.tensor(shape), dim0=d.dim(shape), dim1=d.dim(shape))


@op("movedim", bad=(*FOREIGN, no_such_dim(1, "source"), instead(2, "destination", 99, (0, 1, 2, 3, 4, 5, 6))))
def moved(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    if not shape or d.flag():
        return d.either(d.tensor(shape), source=d.dim(shape), destination=d.dim(shape))
    count = d.integer(1, len(shape))
    return d.call(d.tensor(shape), d.dims(shape, least=count, most=count), d.dims(shape, least=count, most=count))


NOT_A_MATRIX = of_shape((2, 2, 2), (1, 2, 3, 1))


@op("t", "t_copy", bad=(*FOREIGN, NOT_A_MATRIX))
def matrix_transposed(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 2)))


@op("T", bad=(no_argument, surplus_argument))
@op("mT", "mH", bad=(no_argument, surplus_argument, of_shape((3,))))
@op("H", bad=(no_argument, surplus_argument, of_shape((3,), (2, 2, 2))))
def transposed_property(d: Drawing) -> Case:
    shape = d.shape(2, 4) if d.name.startswith("m") else d.choice(d.shape(2, 2), d.shape(2, 2), ())
    return d.call(d.tensor(shape))


@op("flip", bad=(no_tensor, no_argument, unknown_keyword, no_such_dim(1, "dims"), repeated_dim(1, "dims")))
def flipped(d: Drawing) -> Case:
    shape = d.shape(0, 5)
    return d.call(d.tensor(shape), d.dims(shape))


@op("fliplr", bad=(*FOREIGN, of_shape((3,), ())))
@op("flipud", bad=(*FOREIGN, of_shape(())))
def mirrored(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(2, 4)))


@op("rot90", bad=(*FOREIGN, instead(2, "dims", (0, 0), (0, 9), (0,))))
def rotated(d: Drawing) -> Case:
    shape = d.shape(2, 4)
    x = d.tensor(shape)
    return d.either(x, k=d.integer(-5, 5), dims=d.dims(shape, least=2, most=2)) if d.flag() else d.call(x)


@op("roll", bad=(*FOREIGN, no_such_dim(2, "dims"), instead(1, "shifts", (1, 2, 3, 4, 5, 6), "one")))
def rolled(d: Drawing) -> Case:
    shape = d.shape(0, 4)
    x = d.tensor(shape)
    form = d.choice("flat", "one", "several")
    if form == "flat" or not shape:
        return d.call(x, d.integer(-70, 70))
    if form == "one":
        return d.either(x, shifts=d.integer(-9, 9), dims=d.dim(shape))
    dims = d.dims(shape, least=1)
    return d.call(x, tuple(d.integer(-9, 9) for _ in dims), dims)


# -- diagonals and triangles ------------------------------------------------------------------------------------------------------


@op("diagonal", "diagonal_copy", bad=(*FOREIGN, no_such_dim(2, "dim1"), no_such_dim(3, "dim2"), of_shape((3,), ())))
def diagonal(d: Drawing) -> Case:
    shape = d.shape(2, 5)
    x = d.tensor(shape)
    if d.flag():
        return d.call(x, offset=d.integer(-3, 3)) if d.flag() else d.call(x)
    one, two = d.dims(shape, least=2, most=2)
    return d.either(x, offset=d.integer(-3, 3), dim1=one, dim2=two)


@op("diag", bad=(*FOREIGN, of_shape((2, 2, 2), ())))
def diag(d: Drawing) -> Case:
    x = d.tensor(d.shape(1, 2))
    return d.call(x, d.integer(-3, 3)) if d.flag() else d.call(x)


@op("diagflat", bad=FOREIGN)
def diagflat(d: Drawing) -> Case:
    x = d.tensor((d.side(0, 9),) if d.flag() else (d.side(1, 3), d.side(1, 3)))
    return d.call(x, d.integer(-3, 3)) if d.flag() else d.call(x)


@op("diag_embed", bad=(*FOREIGN, instead(2, "dim1", 9, -9), of_shape(())))
def diag_embed(d: Drawing) -> Case:
    shape = tuple(min(side, 9) for side in d.shape(1, 3))
    x = d.tensor(shape)
    if d.flag():
        return d.call(x, offset=d.integer(-3, 3))
    one, two = d.dims((*shape, 0), least=2, most=2)
    return d.either(x, offset=d.integer(-3, 3), dim1=one, dim2=two)


@op("tril", "triu", core=(2,), bad=(*FOREIGN, of_shape((3,), ())))
def triangle(d: Drawing) -> Case:
    x = d.tensor(d.shape(2, 4))
    return d.either(x, diagonal=d.integer(-4, 4)) if d.flag() else d.call(x)


# -- parts ------------------------------------------------------------------------------------------------------------------------


@op("select", bad=(*FOREIGN, no_such_dim(), instead(2, "index", 99, -99), of_shape(())))
def selected(d: Drawing) -> Case:
    shape = d.shape(1, 5, side=1)
    dim = d.dim(shape)
    return d.either(d.tensor(shape), dim=dim, index=d.integer(-shape[dim], shape[dim] - 1))


def interval(d: Drawing, length: int) -> tuple[int, int]:
    """Start and length of a part of ``length`` elements."""
    start = d.integer(0, length)
    return start, d.integer(0, length - start)


@op("narrow", "narrow_copy", bad=(*FOREIGN, no_such_dim(), instead(3, "length", 99, -1), instead(2, "start", 99, -99)))
def narrowed(d: Drawing) -> Case:
    shape = d.shape(1, 5)
    dim = d.dim(shape)
    start, length = interval(d, shape[dim])
    if start and d.flag() and start < shape[dim]:
        start -= shape[dim]
    return d.either(d.tensor(shape), dim=dim, start=start, length=length)


@op("unbind", "unbind_copy", bad=(*FOREIGN, no_such_dim(), of_shape(())))
def unbound(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    return d.either(d.tensor(shape), dim=d.dim(shape)) if d.flag() else d.call(d.tensor(shape))


@op("chunk", "unsafe_chunk", bad=(*FOREIGN, no_such_dim(2), instead(1, "chunks", 0, -1), of_shape(())))
def chunked(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    return d.either(d.tensor(shape), chunks=d.integer(1, 9), dim=d.dim(shape))


def partition(d: Drawing, length: int) -> tuple[int, ...]:
    """Lengths that sum to ``length``."""
    parts: list[int] = []
    left = length
    while left and len(parts) < 4:
        parts.append(d.integer(0, left))
        left -= parts[-1]
    return (*parts, left) if left or not parts else tuple(parts)


@op("split", "unsafe_split", bad=(*FOREIGN, no_such_dim(2, "dim"), instead(1, "split_size", -1, "two"), of_shape(())))
def split(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    dim = d.dim(shape)
    size = d.integer(1, 9)
    parts: Any = size if d.flag() or d.name == "unsafe_split" else partition(d, shape[dim])
    return d.call(d.tensor(shape), parts, dim)


@op(
    "split_with_sizes",
    "split_with_sizes_copy",
    bad=(*FOREIGN, no_such_dim(2, "dim"), instead(1, "split_sizes", (99,), (-1, 1), 3), of_shape(())),
)
def split_into(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    dim = d.dim(shape)
    return d.either(d.tensor(shape), split_sizes=partition(d, shape[dim]), dim=dim)


@op("tensor_split", bad=(*FOREIGN, no_such_dim(2, "dim"), instead(1, "indices_or_sections", 0, -2), of_shape(())))
def split_tensor(d: Drawing) -> Case:
    shape = d.shape(1, 4)
    dim = d.dim(shape)
    where: Any = d.integer(1, 7) if d.flag() else tuple(d.integer(-5, 9) for _ in range(d.integer(0, 3)))
    return d.call(d.tensor(shape), where, dim)


LEAST_RANK = {"hsplit": 1, "vsplit": 2, "dsplit": 3}


@op("hsplit", bad=(*FOREIGN, of_shape(()), instead(1, "sections", 0, 97)))
@op("vsplit", bad=(*FOREIGN, of_shape((4,)), instead(1, "sections", 0, 97)))
@op("dsplit", bad=(*FOREIGN, of_shape((4, 4)), instead(1, "sections", 0, 97)))
def split_along(d: Drawing) -> Case:
    shape = d.shape(LEAST_RANK[d.name], 4, side=1)
    axis = {"hsplit": min(1, len(shape) - 1), "vsplit": 0, "dsplit": 2}[d.name]
    divisors = [part for part in range(1, shape[axis] + 1) if shape[axis] % part == 0]
    where: Any = d.choice(*divisors) if d.flag() else tuple(d.integer(0, 5) for _ in range(d.integer(0, 3)))
    return d.call(d.tensor(shape), where)


@op("unfold", "unfold_copy", bad=(*FOREIGN, no_such_dim(), instead(2, "size", 999, -1), instead(3, "step", 0, -1)))
def unfolded(d: Drawing) -> Case:
    shape = d.shape(0, 3, side=1)
    dim = d.dim(shape)
    size = d.integer(1, shape[dim] if shape else 1)
    return d.call(d.tensor(shape), dim, size, d.integer(1, 4))


# -- by strides -------------------------------------------------------------------------------------------------------------------


def strided(d: Drawing) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]:
    """A shape, and size, stride and offset of a window into its elements; the elements of a window do not coincide."""
    shape = d.shape(1, 3, side=2)
    count = math.prod(shape)
    offset = d.integer(0, count // 2)
    size, stride, step = [], [], 1
    for _ in range(d.integer(0, 3)):
        room = (count - offset - 1) // step
        side = d.integer(1, max(1, min(room, 4)))
        size.append(side)
        stride.append(step)
        step *= side
        if step * 2 > count - offset:
            break
    return shape, tuple(reversed(size)), tuple(reversed(stride)), offset


BAD_STRIDES = (instead(1, "size", (99999,) * 2, (-1,)), instead(2, "stride", (1, 1, 1, 1, 1, 1), (-1,)))


@op("as_strided", "as_strided_copy", bad=(*FOREIGN, *BAD_STRIDES, instead(3, "storage_offset", 9999, -1)))
def by_strides(d: Drawing) -> Case:
    shape, size, stride, offset = strided(d)
    x = d.tensor(shape, layout="contiguous")
    return d.call(x, size, stride, offset) if offset or d.flag() else d.call(x, size, stride)


@op(
    "as_strided_scatter",
    bad=(*FOREIGN, instead(2, "size", (99999,) * 2, (-1,)), instead(4, "storage_offset", 9999, -1)),
)
def scattered_by_strides(d: Drawing) -> Case:
    shape, size, stride, offset = strided(d)
    x = d.tensor(shape, layout="contiguous")
    return d.call(x, d.tensor(size), size, stride, offset)


# -- complex numbers as pairs of real ones ----------------------------------------------------------------------------------------


@op("view_as_real", dtypes=("complex",), bad=(*FOREIGN, of_dtype("float32", "int64", "bool")))
def as_real(d: Drawing) -> Case:
    return d.call(d.tensor(d.shape(0, 4)))


@op(
    "view_as_complex",
    dtypes=("real",),
    bad=(*FOREIGN, of_shape((3,), (), (2, 3)), of_dtype("int64", "complex64", "bfloat16")),
)
def as_complex(d: Drawing) -> Case:
    return d.call(d.tensor((*d.shape(0, 3), 2), layout="contiguous"))
