"""Images and volumes: resampling, padding and rearranging of channels and pixels."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, NO_BOOL, NO_COMPLEX, instead, longer, of_shape
from .record import EXACT, SCALED, family

OPS, op = family("vision")

UNIT = ("uniform", -2.0, 2.0)

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def image(d: Drawing, spatial: int, *, least: int = 1) -> tuple[int, ...]:
    """(batch, channels, spatial sizes...)."""
    most = 3 if d.smooth else {1: 17, 2: 9, 3: 5}[spatial]
    return (d.choice(1, 2), d.choice(1, 2, 3), *(d.integer(least, max(most, least)) for _ in range(spatial)))


def resized(d: Drawing, shape: tuple[int, ...]) -> dict[str, Any]:
    """The new size: as such, or as factors."""
    spatial = len(shape) - 2
    if d.flag():
        sizes = tuple(d.integer(1, 7) for _ in range(spatial))
        return {"size": d.choice(sizes, sizes[0])}
    factors = tuple(d.choice(2.0, 0.5, 1.5, 1.0, 2.6, 0.7) for _ in range(spatial))
    given = {"scale_factor": d.choice(factors, factors[0])}
    if any(int(length * factor) < 1 for length, factor in zip(shape[2:], factors, strict=True)):
        given = {"scale_factor": 2.0}
    if isinstance(given["scale_factor"], float) and any(int(length * factors[0]) < 1 for length in shape[2:]):
        given = {"scale_factor": 2.0}
    return given | d.keywords(recompute_scale_factor=d.flag)


def no_size(d: Drawing) -> Case:
    """Neither a size nor a factor, or both, or one for each of too many dimensions."""
    options: tuple[dict[str, Any], ...] = (
        {},
        {"size": 3, "scale_factor": 2.0},
        {"size": (1, 2, 3)},
        {"scale_factor": (2.0, 2.0, 2.0)},
    )
    return d.call(d.tensor((1, 2, 3, 4), UNIT), **d.choice(*options))


def no_mode(d: Drawing) -> Case:
    """A mode that is none, or that does not suit the rank of the image, or the corners of a mode that has none."""
    x = d.tensor((1, 2, 3, 4), UNIT)
    options: tuple[dict[str, Any], ...] = (
        {"mode": "cubic"},
        {"mode": "linear"},
        {"mode": "trilinear"},
        {"mode": "nearest", "align_corners": True},
    )
    return d.call(x, size=4, **d.choice(*options))


NO_IMAGE = (*FOREIGN, NO_COMPLEX, NO_BOOL, of_shape((3,), (2, 3)))


@op("nn.functional.interpolate", tolerance=SCALED, dtypes=("real", "half"), bad=(*NO_IMAGE, no_size, no_mode))
def interpolate(d: Drawing) -> Case:
    spatial = d.choice(2, 1, 3)
    shape = image(d, spatial)
    mode = d.choice(
        "nearest", LINEAR[spatial], "area", "nearest-exact", *(("bicubic", "lanczos") if spatial == 2 else ())
    )
    options = {**resized(d, shape), "mode": mode}
    if mode in ("linear", "bilinear", "trilinear", "bicubic"):
        options |= d.keywords(align_corners=d.flag)
    if mode == "lanczos" or (mode in ("bilinear", "bicubic") and d.flag()):
        options["antialias"] = True
    return d.call(d.tensor(shape, UNIT), **options)


@op("nn.functional.upsample_bilinear", tolerance=SCALED, bad=(*NO_IMAGE, no_size))
def upsample_bilinear(d: Drawing) -> Case:
    shape = image(d, 2)
    return d.call(
        d.tensor(shape, UNIT), **{k: v for k, v in resized(d, shape).items() if k != "recompute_scale_factor"}
    )


@op("nn.functional.upsample_nearest", tolerance=EXACT, bad=(*NO_IMAGE, no_size))
def upsample_nearest(d: Drawing) -> Case:
    shape = image(d, d.choice(2, 1, 3))
    return d.call(
        d.tensor(shape, UNIT), **{k: v for k, v in resized(d, shape).items() if k != "recompute_scale_factor"}
    )


@op(
    "nn.functional.grid_sample",
    tolerance=SCALED,
    bad=(
        *NO_IMAGE,
        longer(1, -1),
        longer(1, 0),
        instead(2, "mode", "linear", "area"),
        instead(3, "padding_mode", "circular"),
    ),
)
def grid_sample(d: Drawing) -> Case:
    """Points inside the image and beyond its border; in smooth cases away from the lines between pixels."""
    spatial = d.choice(2, 2, 3)
    shape = image(d, spatial, least=2)
    points = tuple(d.integer(1, 2 if d.smooth else 4) for _ in range(spatial))
    mode = d.choice("bilinear", "nearest", *(("bicubic",) if spatial == 2 else ()))
    align = d.flag()
    grid = (
        ("between pixels", *shape[2:], int(align))
        if d.smooth
        else d.choice(("uniform", -1.0, 1.0), ("uniform", -2.5, 2.5))
    )
    return d.call(
        d.tensor(shape, UNIT),
        d.tensor((shape[0], *points, spatial), grid),
        mode=mode,
        padding_mode=d.choice("zeros", "border", "reflection"),
        align_corners=align,
    )


@op(
    "nn.functional.pad",
    tolerance=EXACT,
    bad=(*FOREIGN, instead(1, "pad", (1,), (1, 1, 1), "wide"), instead(2, "mode", "mirror")),
)
def pad(d: Drawing) -> Case:
    mode = d.choice("constant", "constant", "reflect", "replicate", "circular")
    if mode == "constant" or d.dtype == "bool":
        shape = d.shape(1, 4)
        padded = d.integer(1, len(shape))
        widths = tuple(d.integer(-min(shape[-1 - i // 2] // 2, 2), 3) for i in range(2 * padded))
        value = d.keywords(value=lambda: d.real() if d.is_complex else d.number())
        return (
            d.either(d.tensor(shape), widths, mode="constant")
            if not value
            else d.call(d.tensor(shape), widths, **value)
        )
    spatial = d.choice(1, 2, 3)
    lead = d.choice((2, 1), (2,), (1, 3))
    sizes = tuple(d.integer(2, 3 if d.smooth else 6) for _ in range(spatial))
    most = {"reflect": -1, "circular": 0, "replicate": 2}[mode]
    widths = tuple(d.integer(0, sizes[-1 - i // 2] + most) for i in range(2 * spatial))
    return d.call(d.tensor((*lead, *sizes)), widths, mode=mode)


@op(
    "nn.functional.channel_shuffle",
    tolerance=EXACT,
    bad=(*FOREIGN, of_shape((3,), (2, 2)), instead(1, "groups", 0, -1, 7)),
)
def channel_shuffle(d: Drawing) -> Case:
    groups = d.integer(1, 4)
    return d.call(d.tensor((d.choice(1, 2), groups * d.integer(1, 3), *d.shape(1, 3))), groups)


def squares(d: Drawing) -> tuple[int, tuple[int, ...], int, int, int]:
    factor = d.integer(1, 3)
    return factor, d.choice((), (2,), (1, 2)), d.integer(1, 2), d.integer(1, 3), d.integer(1, 3)


@op(
    "nn.functional.pixel_shuffle",
    tolerance=EXACT,
    bad=(*FOREIGN, of_shape((3,), (2, 2)), instead(1, "upscale_factor", 0, -1, 7)),
)
def pixel_shuffle(d: Drawing) -> Case:
    factor, batch, channels, height, width = squares(d)
    return d.call(d.tensor((*batch, channels * factor**2, height, width)), factor)


@op(
    "nn.functional.pixel_unshuffle",
    tolerance=EXACT,
    bad=(*FOREIGN, of_shape((3,), (2, 2)), instead(1, "downscale_factor", 0, -1, 11)),
)
def pixel_unshuffle(d: Drawing) -> Case:
    factor, batch, channels, height, width = squares(d)
    return d.call(d.tensor((*batch, channels, height * factor, width * factor)), factor)
