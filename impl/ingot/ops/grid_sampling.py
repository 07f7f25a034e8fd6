"""Images and volumes read at given places: ``affine_grid`` and ``grid_sample`` (Jaderberg et al. 2015), made of differentiable ops."""

from __future__ import annotations

import itertools
import warnings

from ..core.tensor import Tensor
from .creation import linspace
from .declare import composite
from .joining import stack
from .resampling import NN, keys_far, keys_near
from .selection import where

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def _to_pixels(places, length: int, align_corners: bool):
    """Places from [-1, 1] as pixel coordinates."""
    return (places + 1) * ((length - 1) / 2) if align_corners else (places + 1) * (length / 2) - 0.5


def _folded(places, twice_low: int, twice_high: int):
    """Coordinates reflected at two edges until they lie between them (edges in half pixels)."""
    if twice_low == twice_high:
        return places * 0
    low, span = twice_low / 2, (twice_high - twice_low) / 2
    away = (places - low).abs()
    turns = (away / span).floor()
    rest = away - turns.detach() * span
    return where(turns % 2 == 0, rest + low, span - rest + low)


def _inside(places, length: int, padding: str, align_corners: bool, rank: int):
    """Coordinates moved into the image as ``padding`` says; zeros padding leaves those far outside just outside, where weights are finite.

    What is no place, a NaN or an infinity reflected, goes where PyTorch puts it: to the first pixel of an image, to the last of a volume, and with zeros padding
    outside of a volume. In an image it stays NaN then.
    """
    if padding == "zeros":
        near = places.clamp(-2, length + 1)
        return near if rank == 2 else near.masked_fill(near.isnan(), -2)
    if padding == "reflection":
        places = _folded(places, 0, 2 * (length - 1)) if align_corners else _folded(places, -1, 2 * length - 1)
    return places.masked_fill(places.isnan(), 0 if rank == 2 else length - 1).clamp(0, length - 1)


def _look_up(flat, size, pixels):
    """Values at integer coordinates, one tensor (N, *out) per spatial dim; zero outside. (N, C, prod(size)) -> (N, C, prod(out))."""
    place, valid = 0, True
    for pixel, length in zip(pixels, size, strict=True):
        valid = (pixel >= 0) & (pixel < length) & valid
        place = place * length + pixel.clamp(0, length - 1)
    flat_place = place.flatten(1).unsqueeze(1)
    values = flat.gather(2, flat_place.expand(-1, flat.shape[1], -1))
    return values.masked_fill(~valid.flatten(1).unsqueeze(1), 0)


def _bilinear(flat, size, coordinates):
    """The 2 ** dims corners around each place, weighted by how near they are."""
    total = None
    floors = [one.detach().floor() for one in coordinates]
    for corner in itertools.product((0, 1), repeat=len(size)):
        weight, pixels = 1, []
        for one, floor, side in zip(coordinates, floors, corner, strict=True):
            weight = weight * ((one - floor) if side else (floor + 1 - one))
            pixels.append((floor + side).long())
        term = _look_up(flat, size, pixels) * weight.flatten(1).unsqueeze(1)
        total = term if total is None else total + term
    return total


def _cubic_weights(part):
    """The weights of the four taps around a place, ``part`` behind the second."""
    return keys_far(part + 1), keys_near(part), keys_near(1 - part), keys_far(2 - part)


def _bicubic(flat, size, coordinates, padding: str, align_corners: bool):
    floors = [one.detach().floor() for one in coordinates]
    weights = [_cubic_weights(one - floor) for one, floor in zip(coordinates, floors, strict=True)]
    total = None
    for taps in itertools.product(range(4), repeat=len(size)):
        weight, pixels = 1, []
        for floor, tap, length, own in zip(floors, taps, size, weights, strict=True):
            pixels.append(_inside(floor + (tap - 1), length, padding, align_corners, 2).long())
            weight = weight * own[tap]
        term = _look_up(flat, size, pixels) * weight.flatten(1).unsqueeze(1)
        total = term if total is None else total + term
    return total


def _corners(align_corners) -> bool:
    """``align_corners``; False where it is left out, with PyTorch's warning to the caller of the public function."""
    if align_corners is not None:
        return align_corners
    warnings.warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True if the "
        "old behavior is desired. See the documentation of grid_sample for details.",
        stacklevel=3,
    )
    return False


def _sampled(name: str, input, grid, mode: str, padding: str, align_corners: bool):
    for argument, one in (("input", input), ("grid", grid)):
        if not isinstance(one, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(one).__name__}")
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"{name}(): expected input and grid to have same dtype, but input has {input.dtype.name} and grid has {grid.dtype.name}"
        )
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise RuntimeError(
            f"{name}(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes {list(input.shape)} and grid "
            f"with sizes {list(grid.shape)}"
        )
    if input.is_complex():
        raise NotImplementedError(
            f"\"grid_sampler_{input.ndim - 2}d_cpu\" not implemented for '{input.dtype.legacy_name}'"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"{name}(): expected grid and input to have same batch size, but got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    size = tuple(input.shape[2:])
    if grid.shape[-1] != len(size):
        raise RuntimeError(
            f"{name}(): expected grid to have size {len(size)} in last dimension, but got grid with sizes {list(grid.shape)}"
        )
    if 0 in size:
        raise RuntimeError(
            f"{name}(): expected input to have non-empty spatial dimensions, but input has sizes {list(input.shape)} with a dimension being empty"
        )
    if mode == "bicubic" and input.ndim == 5:
        raise RuntimeError(f"{name}(): bicubic interpolation only supports 4D input")
    # The grid lists x first; the dims of an image list it last.
    coordinates = [
        _to_pixels(one, length, align_corners) for one, length in zip(grid.unbind(-1)[::-1], size, strict=True)
    ]
    flat = input.flatten(2)
    if mode == "bicubic":
        values = _bicubic(flat, size, coordinates, padding, align_corners)
    else:
        moved = [
            _inside(one, length, padding, align_corners, len(size))
            for one, length in zip(coordinates, size, strict=True)
        ]
        values = _bilinear(flat, size, moved) if mode == "bilinear" else _nearest(flat, size, moved)
    return values.reshape(*input.shape[:2], *grid.shape[1:-1])


def _nearest(flat, size, coordinates):
    values = _look_up(flat, size, [one.detach().round().long() for one in coordinates])
    # The grid's gradient is zero, not absent, in PyTorch.
    return (
        values + sum(one.flatten(1).unsqueeze(1) * 0 for one in coordinates)
        if any(one.requires_grad for one in coordinates)
        else values
    )


@composite(namespace=NN)
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """(N, C, H, W) read at ``grid`` (N, H', W', 2), (x, y) in [-1, 1] from edge to edge -> (N, C, H', W'); volumes with (x, y, z) likewise.

    ``mode``: "bilinear", "nearest", "bicubic" (images). ``padding_mode`` outside: "zeros", "border", "reflection". ``align_corners``: -1 and 1 mean the
    centres of the corner pixels, else their outer edges. ValueError for other modes.
    """
    if mode not in MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            f"nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'"
        )
    align_corners = _corners(align_corners)
    return _sampled("grid_sampler", input, grid, mode, padding_mode, align_corners)


def _numbered(name: str, rank: int):
    def sample(input, grid, interpolation_mode, padding_mode, align_corners):
        if isinstance(input, Tensor) and input.ndim != rank:
            raise RuntimeError(
                f"{name}(): expected {rank}D input and grid, but got input with sizes {list(input.shape)}"
            )
        return _sampled(name, input, grid, MODES[interpolation_mode], PADDINGS[padding_mode], align_corners)

    sample.__name__ = sample.__qualname__ = name
    sample.__doc__ = "``nn.functional.grid_sample`` with its modes as numbers: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border, 2 reflection."
    return composite()(sample)


grid_sampler_2d, grid_sampler_3d = _numbered("grid_sampler_2d", 4), _numbered("grid_sampler_3d", 5)


@composite()
def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """``grid_sampler_2d`` of images, ``grid_sampler_3d`` of volumes."""
    return _sampled("grid_sampler", input, grid, MODES[interpolation_mode], PADDINGS[padding_mode], align_corners)


@composite(namespace=NN)
def affine_grid(theta, size, align_corners=None):
    """The grid of places that affine maps ``theta`` (N, 2, 3) send an image of ``size`` (N, C, H, W) to: (N, H, W, 2); (N, 3, 4) for volumes."""
    align_corners = _corners(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    rank = len(size) - 2
    if rank not in (2, 3):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {size}."
        )
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (rank, rank + 1):
        raise ValueError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size {size}. Got {theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    spatial = list(size[2:])
    axes = []
    for place, length in enumerate(spatial):
        line = linspace(-1, 1, length, dtype=theta.dtype, device=theta.device) if length > 1 else theta.new_zeros((1,))
        line = line if align_corners else line * ((length - 1) / length)
        axes.append(line.reshape([-1 if dim == place else 1 for dim in range(rank)]).expand(spatial))
    base = stack([*reversed(axes), theta.new_ones(spatial)], -1).reshape(1, -1, rank + 1)
    return base.matmul(theta.transpose(1, 2)).reshape(theta.shape[0], *spatial, rank)
