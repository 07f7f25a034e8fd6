"""Convolutions, their transposes, and the sliding blocks behind them: one draw per direction, for every number of spatial dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, NO_BOOL, Bad, instead, longer, of_shape
from .record import EXACT, SUM, family

OPS, op = family("convolutions")

UNIT = ("uniform", -1.0, 1.0)


@dataclass(frozen=True)
class Geometry:
    """The spatial part of a convolution, one entry per spatial dimension."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def spans(self) -> tuple[int, ...]:
        """How far each dilated kernel reaches."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))


def per_dimension(d: Drawing, spatial: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(d.integer(low, high) for _ in range(spatial))


def geometry(d: Drawing, spatial: int) -> Geometry:
    """Kernels of 1 to 4, often all 1, with strides, padding and dilation."""
    most = 2 if d.smooth and spatial > 1 else 4 if spatial < 3 else 3
    pointwise = d.integer(0, 5) == 0
    return Geometry(
        (1,) * spatial if pointwise else per_dimension(d, spatial, 1, most),
        per_dimension(d, spatial, 1, 3),
        per_dimension(d, spatial, 0, 2),
        per_dimension(d, spatial, 1, 2),
    )


def short(d: Drawing, values: tuple[int, ...]) -> Any:
    """A tuple of one entry per dimension as a person might write it: an int where all are the same."""
    return values[0] if len(set(values)) == 1 and d.flag() else values


def sizes(d: Drawing, spatial: int, least: tuple[int, ...]) -> tuple[int, ...]:
    """Spatial sizes, each at least so long; small in smooth cases and in volumes."""
    room = 2 if d.smooth else {1: 32, 2: 9, 3: 4}[spatial]
    return tuple(max(low, 1) + d.integer(0, room) for low in least)


def channels(d: Drawing) -> tuple[int, int, int]:
    """Channels of input and output, and groups; depthwise now and then."""
    groups = d.choice(1, 1, 2, 3)
    most = 1 if d.smooth else 3
    per_group = d.choice(1, most)
    return groups * per_group, groups * d.integer(1, most + 1), groups


def lead(d: Drawing) -> tuple[int, ...]:
    """The batch part of a shape: absent, or 1 to 3 samples, now and then none."""
    return d.choice((2,), (), (1,), (3,), *(((0,),) if not d.smooth else ()))


def convolve(spatial: int):
    def draw(d: Drawing) -> Case:
        form = geometry(d, spatial)
        inputs, outputs, groups = channels(d)
        padding: Any = short(d, form.padding)
        stride = form.stride
        border = form.padding
        if d.integer(0, 3) == 0:
            padding = d.choice("same", "valid")
            border = (0,) * spatial
            stride = (1,) * spatial if padding == "same" else stride
        least = tuple(1 if padding == "same" else span - 2 * pad for span, pad in zip(form.spans, border, strict=True))
        x = d.tensor((*lead(d), inputs, *sizes(d, spatial, least)), UNIT)
        weight = d.tensor((outputs, inputs // groups, *form.kernel), UNIT, specials=False)
        bias = d.maybe(lambda: d.tensor((outputs,), UNIT, specials=False))
        named = {"stride": short(d, stride), "padding": padding, "dilation": short(d, form.dilation), "groups": groups}
        if groups == 1 and d.flag():
            return d.call(x, weight, bias, **{key: value for key, value in named.items() if key != "groups"})
        return d.either(x, weight, bias=bias, **named)

    return draw


def transpose(spatial: int):
    def draw(d: Drawing) -> Case:
        form = geometry(d, spatial)
        inputs, outputs, groups = channels(d)
        extra = tuple(d.integer(0, max(s, dil) - 1) for s, dil in zip(form.stride, form.dilation, strict=True))
        least = tuple(
            (2 * pad - span - more) // s + 2
            for pad, span, more, s in zip(form.padding, form.spans, extra, form.stride, strict=True)
        )
        x = d.tensor((*lead(d), inputs, *sizes(d, spatial, least)), UNIT)
        weight = d.tensor((inputs, outputs // groups, *form.kernel), UNIT, specials=False)
        bias = d.maybe(lambda: d.tensor((outputs,), UNIT, specials=False))
        return d.either(
            x,
            weight,
            bias=bias,
            stride=short(d, form.stride),
            padding=short(d, form.padding),
            output_padding=short(d, extra),
            groups=groups,
            dilation=short(d, form.dilation),
        )

    return draw


NO_IMAGE: tuple[Bad, ...] = (of_shape((3,), (), (1, 2, 2, 2, 2, 2)), NO_BOOL)
"""Inputs with too few dimensions or too many, and of booleans."""

FLOATS = ("real", "half", "complex", "int64")
"""Of the whole numbers, CPU kernels take 64 bits only."""

COMMON: tuple[Bad, ...] = (*FOREIGN, *NO_IMAGE, instead(3, "stride", 0, -1, "two", (1, 1, 1, 1)))

CONVOLUTION = (
    *COMMON,
    longer(1, 1),
    instead(4, "padding", -1, "valids"),
    instead(6, "groups", 0, -1, 7),
    instead(5, "dilation", 0, -1),
)
TRANSPOSED = (
    *COMMON,
    longer(1, 0),
    instead(4, "padding", -1, "same"),
    instead(5, "output_padding", 9, -1),
    instead(7, "dilation", -1),
)

for dimensions in (1, 2, 3):
    op(f"nn.functional.conv{dimensions}d", tolerance=SUM, dtypes=FLOATS, bad=CONVOLUTION)(convolve(dimensions))
    op(f"nn.functional.conv_transpose{dimensions}d", tolerance=SUM, dtypes=FLOATS, bad=TRANSPOSED)(
        transpose(dimensions)
    )


@op(
    "nn.functional.unfold",
    tolerance=EXACT,
    bad=(
        *FOREIGN,
        of_shape((3,), (2, 3)),
        instead(1, "kernel_size", 0, 99),
        instead(4, "stride", 0),
        instead(2, "dilation", 0),
    ),
)
def unfold(d: Drawing) -> Case:
    form = geometry(d, 2)
    least = tuple(span - 2 * pad for span, pad in zip(form.spans, form.padding, strict=True))
    x = d.tensor((*lead(d), d.integer(1, 3), *sizes(d, 2, least)))
    return d.either(
        x,
        short(d, form.kernel),
        dilation=short(d, form.dilation),
        padding=short(d, form.padding),
        stride=short(d, form.stride),
    )
