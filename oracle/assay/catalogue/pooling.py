"""Pooling: windows, adaptive and fractional regions, and the unpooling that undoes them."""

from __future__ import annotations

from typing import Any

from ..cases import Case, TensorSpec
from . import record
from .convolutions import lead, per_dimension, short, sizes
from .drawing import Drawing
from .errors import FOREIGN, NO_BOOL, NO_COMPLEX, Bad, instead, longer, of_shape
from .record import EXACT, SUM, family

OPS, op = family("pooling")


def regions(d: Drawing, spatial: int, *, dilated: bool) -> tuple[dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Kernel, stride, padding (at most half a kernel) and dilation of a window, with the least input sizes that it fits on."""
    most = 2 if d.smooth and spatial > 1 else 3
    kernel = per_dimension(d, spatial, 1, most)
    form = {
        "kernel_size": kernel,
        "stride": per_dimension(d, spatial, 1, 3),
        "padding": tuple(d.integer(0, length // 2) for length in kernel),
    }
    if dilated:
        form["dilation"] = per_dimension(d, spatial, 1, 2)
    spans = [step * (length - 1) + 1 for length, step in zip(kernel, form.get("dilation", (1,) * spatial), strict=True)]
    # A dilated window may step over an input shorter than its gap: all of it is padding then, and PyTorch's index lies outside the input.
    gaps = form.get("dilation", (1,) * spatial)
    return form, tuple(
        max(span - 2 * pad, gap if pad else 1) for span, pad, gap in zip(spans, form["padding"], gaps, strict=True)
    )


def batched(d: Drawing, spatial: int, least: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an input: perhaps a batch, channels, spatial sizes."""
    return (*lead(d), d.integer(1, 2 if d.smooth else 4), *sizes(d, spatial, least))


def window(d: Drawing, form: dict[str, tuple[int, ...]]) -> tuple[Any, dict[str, Any]]:
    """The kernel size and the keywords of a window, a default stride left out now and then."""
    options = {name: short(d, values) for name, values in form.items() if name != "kernel_size"}
    if d.integer(0, 3) == 0:
        del options["stride"]
    return short(d, form["kernel_size"]), options


def average(spatial: int):
    def draw(d: Drawing) -> Case:
        form, least = regions(d, spatial, dilated=False)
        kernel, options = window(d, form)
        least = form["kernel_size"] if spatial == 3 else least
        options |= d.keywords(ceil_mode=d.flag, count_include_pad=d.flag)
        if spatial > 1:
            options |= d.keywords(divisor_override=lambda: d.integer(1, 5))
        return d.call(d.tensor(batched(d, spatial, least), ("uniform", -2.0, 2.0)), kernel, **options)

    return draw


def greatest(spatial: int):
    def draw(d: Drawing) -> Case:
        form, least = regions(d, spatial, dilated=True)
        kernel, options = window(d, form)
        options |= d.keywords(ceil_mode=d.flag, return_indices=d.flag)
        return d.call(d.distinct(batched(d, spatial, least)), kernel, **options)

    return draw


def output_size(d: Drawing, spatial: int, shape: tuple[int, ...]) -> Any:
    """Output sizes: one for all, one each, None for "as it is", larger than the input now and then."""
    if spatial > 1 and d.flag():
        return d.integer(1, 4)
    wanted = tuple(d.integer(1, 5) for _ in range(spatial))
    if spatial == 1:
        return d.choice(wanted[0], wanted)
    return tuple(None if d.integer(0, 3) == 0 else size for size in wanted)


def adaptive(spatial: int, *, greatest_value: bool):
    def draw(d: Drawing) -> Case:
        shape = batched(d, spatial, (1,) * spatial)
        made = d.distinct(shape) if greatest_value else d.tensor(shape)
        options = d.keywords(return_indices=d.flag) if greatest_value else {}
        return d.call(made, output_size(d, spatial, shape), **options)

    return draw


def unpool(spatial: int):
    def draw(d: Drawing) -> Case:
        kernel = per_dimension(d, spatial, 1, 3)
        stride = tuple(d.integer(length, 3) for length in kernel)
        padding = tuple(d.integer(0, min(length // 2, 1)) for length in kernel)
        lower = tuple(2 if pad else 1 for pad in padding)
        shape = batched(d, spatial, lower)
        spread = tuple(
            (size - 1) * step - 2 * pad + length
            for size, step, pad, length in zip(shape[-spatial:], stride, padding, kernel, strict=True)
        )
        named: dict[str, Any] = {"stride": short(d, stride), "padding": short(d, padding)}
        if d.flag():
            named["output_size"] = spread
        return d.either(d.tensor(shape), places(d, shape, spread), short(d, kernel), **named)

    return draw


def places(d: Drawing, shape: tuple[int, ...], spread: tuple[int, ...]) -> TensorSpec:
    """Indices into the unpooled plane, all different within a channel."""
    cells, room = 1, 1
    for size, larger in zip(shape[-len(spread) :], spread, strict=True):
        cells, room = cells * size, room * larger
    return d.tensor(shape, ("distinct", len(spread), max(cells, room)), "int64", constant=True, specials=False)


def fractional(spatial: int):
    def draw(d: Drawing) -> Case:
        kernel = per_dimension(d, spatial, 1, 2)
        shape = batched(d, spatial, tuple(length + 3 for length in kernel))
        options: dict[str, Any] = d.keywords(return_indices=d.flag)
        if d.flag():
            options["output_ratio"] = tuple(d.choice(0.5, 0.625, 0.75) for _ in range(spatial))
        else:
            options["output_size"] = short(
                d,
                tuple(d.integer(1, size - length) for size, length in zip(shape[-spatial:], kernel, strict=True)),
            )
        if d.flag():
            samples = d.tensor(
                (shape[0] if len(shape) == spatial + 2 else 1, shape[-spatial - 1], spatial),
                ("uniform", 0.05, 0.95),
                constant=True,
                specials=False,
            )
            options["_random_samples"] = samples
        return d.call(d.distinct(shape), short(d, kernel), **options)

    return draw


NO_PLANES: tuple[Bad, ...] = (of_shape((), (3,), (1, 1, 2, 2, 2, 2)), NO_COMPLEX, NO_BOOL)
NO_WINDOW: tuple[Bad, ...] = (
    *FOREIGN,
    instead(1, "kernel_size", 0, -1, 99, (1, 1, 1, 1)),
    instead(2, "stride", 0, -1),
    instead(3, "padding", -1, 50),
)
NO_SIZE: tuple[Bad, ...] = (*FOREIGN, instead(1, "output_size", -1, "three", (1, 1, 1, 1)))

for dimensions in (1, 2, 3):
    name = f"nn.functional.{{}}{dimensions}d".format
    values = {"points": record.spatial(dimensions), "tolerance": EXACT}
    floats = ("real", "int64") if dimensions == 3 else ("real", "half", "int64")
    op(name("avg_pool"), tolerance=SUM, dtypes=floats, bad=(*NO_WINDOW, *NO_PLANES))(average(dimensions))
    op(name("max_pool"), **values, bad=(*NO_WINDOW, *NO_PLANES))(greatest(dimensions))
    op(name("max_unpool"), tolerance=EXACT, bad=(*FOREIGN, longer(1, -1)))(unpool(dimensions))
    op(name("adaptive_avg_pool"), tolerance=SUM, bad=(*NO_SIZE, of_shape((), (3,)), NO_BOOL))(
        adaptive(dimensions, greatest_value=False)
    )
    op(name("adaptive_max_pool"), **values, bad=(*NO_SIZE, *NO_PLANES))(adaptive(dimensions, greatest_value=True))
for dimensions in (2, 3):
    op(
        f"nn.functional.fractional_max_pool{dimensions}d",
        random=True,
        points=record.spatial(dimensions),
        bad=(*FOREIGN, *NO_PLANES, instead(1, "kernel_size", 99)),
    )(fractional(dimensions))
