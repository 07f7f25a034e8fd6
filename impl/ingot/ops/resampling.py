"""Signals, images and volumes at another size: ``interpolate`` and the ``upsample`` functions.

NOTE [Taps]
Every mode but "area" is a linear map along each spatial dim in turn: output ``j`` is a weighted sum of a few inputs, its taps. ``Taps`` is that map as two tables,
places and weights, both (outputs, taps). Its transpose, which gradients need, is such a map again (of how many outputs an input is a tap, padded to the widest). So
``_resample`` is closed under differentiation, and no loop runs over elements.
"""

from __future__ import annotations

import math
import warnings
from functools import cached_property, lru_cache

import numpy as np

from ..core.tensor import Tensor
from .declare import HALVES, composite, primitive
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

NN = "nn.functional"


class Taps:
    """A sparse linear map of ``inputs`` numbers to ``len(places)`` numbers. ``absent`` marks padding, None where there is none."""

    def __init__(self, inputs: int, places: np.ndarray, weights: np.ndarray, absent: np.ndarray | None = None):
        self.inputs = inputs
        self.places = places
        self.weights = weights
        self.absent = absent

    @cached_property
    def transposed(self) -> Taps:
        """The transpose: for each input the outputs that it is a tap of."""
        outputs, taps = self.places.shape
        rows = np.repeat(np.arange(outputs), taps)
        columns, weights = self.places.ravel(), self.weights.ravel()
        if self.absent is not None:
            kept = ~self.absent.ravel()
            rows, columns, weights = rows[kept], columns[kept], weights[kept]
        order = np.argsort(columns, kind="stable")
        rows, columns, weights = rows[order], columns[order], weights[order]
        counts = np.bincount(columns, minlength=self.inputs)
        widest = max(int(counts.max(initial=0)), 1)
        slot = np.arange(columns.size) - np.repeat(np.cumsum(counts) - counts, counts)
        shape = (self.inputs, widest)
        places, table, absent = np.zeros(shape, np.int64), np.zeros(shape, self.weights.dtype), np.ones(shape, bool)
        places[columns, slot], table[columns, slot], absent[columns, slot] = rows, weights, False
        found = Taps(outputs, places, table, absent if absent.any() else None)
        found.__dict__["transposed"] = self
        return found


@primitive("_resample(input, dim: int, taps: Taps)", linear=("input",), node="UpsampleBackward0")
def _resample(xp, input, dim, taps):
    """``taps`` applied along ``dim``."""
    outputs, count = taps.places.shape
    picked = xp.take(input, xp.asarray(taps.places.ravel()), axis=dim)
    if count == 1 and taps.absent is None and (taps.weights == 1).all():
        return picked
    shape = [1] * (input.ndim + 1)
    shape[dim], shape[dim + 1] = outputs, count
    split = picked.reshape(*input.shape[:dim], outputs, count, *input.shape[dim + 1 :])
    product = split * xp.asarray(taps.weights.astype(input.dtype).reshape(shape))
    if taps.absent is not None:
        product = xp.where(xp.asarray(taps.absent.reshape(shape)), xp.zeros((), input.dtype), product)
    return xp.add.reduce(product, axis=dim + 1)


@_resample.backward("input")
def _(grad, dim, taps):
    return _resample(grad, dim, taps.transposed)


# -- the maps -----------------------------------------------------------------------------------------------------------------------------
#
# Places and weights are computed in the precision that PyTorch uses: float32 for everything but float64.


def _scale(real: type, inputs: int, outputs: int, align_corners: bool, factor: float | None):
    """Inputs per output."""
    if align_corners:
        return real(inputs - 1) / real(outputs - 1) if outputs > 1 else real(0)
    return real(1.0 / factor) if factor is not None and factor > 0 else real(inputs) / real(outputs)


def _sources(real: type, inputs: int, outputs: int, align_corners: bool, factor: float | None) -> np.ndarray:
    """The place in the input that the middle of each output falls on."""
    scale = _scale(real, inputs, outputs, align_corners, factor)
    steps = np.arange(outputs, dtype=real)
    return scale * steps if align_corners else scale * (steps + real(0.5)) - real(0.5)


def _nearest(real: type, inputs: int, outputs: int, exact: bool, factor: float | None) -> Taps:
    scale = _scale(real, inputs, outputs, False, factor)
    steps = np.arange(outputs, dtype=real)
    source = np.floor(scale * (steps + real(0.5))) if exact else np.floor(scale * steps)
    places = np.minimum(source.astype(np.int64), inputs - 1)
    return Taps(inputs, places[:, None], np.ones((outputs, 1), real))


def _linear(real: type, inputs: int, outputs: int, align_corners: bool, factor: float | None) -> Taps:
    source = np.maximum(_sources(real, inputs, outputs, align_corners, factor), real(0))
    first = np.minimum(np.floor(source).astype(np.int64), inputs - 1)
    second = np.minimum(first + 1, inputs - 1)
    part = np.clip(source - first.astype(real), real(0), real(1))
    return Taps(inputs, np.stack([first, second], 1), np.stack([real(1) - part, part], 1))


KEYS = -0.75
"""The free parameter of Keys' cubic convolution kernel (1981), the value that PyTorch uses; -0.5 where it averages."""


def keys_near(distance, a: float = KEYS):
    """Keys' kernel at distances up to 1, of an array or a tensor."""
    return ((a + 2) * distance - (a + 3)) * distance * distance + 1


def keys_far(distance, a: float = KEYS):
    """Keys' kernel at distances of 1 to 2, of an array or a tensor."""
    return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a


def _keys(distance: np.ndarray, a: float = KEYS) -> np.ndarray:
    """Keys' kernel at distances from 0 on; 0 from 2 on."""
    far = np.where(distance < 2, keys_far(distance, a), distance.dtype.type(0))
    return np.where(distance <= 1, keys_near(distance, a), far)


def _cubic(real: type, inputs: int, outputs: int, align_corners: bool, factor: float | None) -> Taps:
    source = _sources(real, inputs, outputs, align_corners, factor)
    first = np.floor(source)
    part = (source - first)[:, None]
    distances = np.concatenate([part + 1, part, 1 - part, 2 - part], 1)
    places = np.clip(first.astype(np.int64)[:, None] + np.arange(-1, 3), 0, inputs - 1)
    return Taps(inputs, places, _keys(distances).astype(real))


def _lanczos(distance: np.ndarray) -> np.ndarray:
    """Lanczos's kernel of order 3, ``sinc(x) sinc(x / 3)`` at distances below 3 (Duchon 1979)."""
    return np.where(distance < 3, np.sinc(distance) * np.sinc(distance / 3), 0).astype(distance.dtype)


WIDE_KERNELS = {
    "bilinear": (1, lambda distance: np.maximum(1 - distance, distance.dtype.type(0))),
    "bicubic": (2, lambda distance: _keys(distance, -0.5)),
    "lanczos": (3, _lanczos),
}
"""Mode with antialiasing -> (how far the kernel reaches, the kernel as a function of distances from 0 on)."""


def _antialiased(real: type, inputs: int, outputs: int, align_corners: bool, factor: float | None, mode: str) -> Taps:
    """The kernel stretched over as many inputs as an output covers, its weights made to sum to 1."""
    scale = _scale(real, inputs, outputs, align_corners, factor)
    stretch = max(scale, real(1))
    reach, kernel = WIDE_KERNELS[mode]
    support = real(reach) * stretch
    middle = scale * (np.arange(outputs, dtype=real) + real(0.5))
    start = np.maximum((middle - support + real(0.5)).astype(np.int64), 0)
    end = np.minimum((middle + support + real(0.5)).astype(np.int64), inputs)
    places = start[:, None] + np.arange(max(int((end - start).max(initial=1)), 1))
    absent = places >= end[:, None]
    distances = np.abs((places.astype(real) - middle[:, None] + real(0.5)) / stretch)
    weights = np.where(absent, real(0), kernel(distances))
    total = weights.sum(1, keepdims=True)
    weights = (weights / np.where(total == 0, real(1), total)).astype(real)
    return Taps(inputs, np.minimum(places, inputs - 1), weights, absent if absent.any() else None)


@lru_cache(maxsize=256)
def taps_of(
    mode: str, double: bool, inputs: int, outputs: int, align_corners: bool, factor: float | None, antialias: bool
) -> Taps:
    """The map of one dim."""
    real = np.float64 if double else np.float32
    if antialias:
        return _antialiased(real, inputs, outputs, align_corners, factor, mode)
    if mode in ("nearest", "nearest-exact"):
        return _nearest(real, inputs, outputs, mode == "nearest-exact", factor)
    return (_cubic if mode == "bicubic" else _linear)(real, inputs, outputs, align_corners, factor)


# -- public functions ---------------------------------------------------------------------------------------------------------------------

MODES = {
    "nearest": (3, 4, 5), "nearest-exact": (3, 4, 5), "area": (3, 4, 5), "linear": (3,), "bilinear": (4,), "bicubic": (4,), "lanczos": (4,), "trilinear": (5,),
}  # fmt: skip
"""Mode -> the ranks of input that it takes."""


def _per_dim(value, rank: int, name: str, dims: int):
    if isinstance(value, (tuple, list)):
        if len(value) != dims:
            raise ValueError(
                f"Input and {name} must have the same number of spatial dimensions, but got input with spatial dimensions of {dims} and "
                f"{name} of {value}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and {name} in (d1, d2, ...,dK) format."
            )
        return list(value)
    return [value] * dims


@composite(namespace=NN)
def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """(N, C, *spatial) resized to ``size`` or by ``scale_factor``, in one to three spatial dims.

    ``mode``: "nearest", "nearest-exact", "linear" (3-D input), "bilinear", "bicubic" (4-D), "trilinear" (5-D), "area", "lanczos" (4-D, with ``antialias`` only).
    ``align_corners`` puts the first and last samples onto each other; ``antialias`` (bilinear, bicubic, lanczos) averages over what an output covers. ValueError for arguments that do not go together,
    NotImplementedError for a mode that the input's rank has not.
    ``interpolate(x, scale_factor=2)`` doubles every side.
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"interpolate(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
            )
    elif align_corners is None:
        align_corners = False
    dims = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    factors: list = [None] * dims
    if size is not None:
        sizes = [int(length) for length in _per_dim(size, input.ndim, "output size", dims)]
    elif scale_factor is not None:
        factors = [float(factor) for factor in _per_dim(scale_factor, input.ndim, "scale_factor", dims)]
        sizes = [math.floor(length * factor) for length, factor in zip(input.shape[2:], factors, strict=True)]
    else:
        raise ValueError("either size or scale_factor should be defined")
    if recompute_scale_factor is not None and recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if mode == "area" or recompute_scale_factor:
        factors = [None] * dims
    if antialias and not (mode in WIDE_KERNELS and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if input.ndim not in MODES.get(mode, ()):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | "
            f"nearest-exact (got {mode})"
        )
    if mode == "lanczos" and align_corners:
        raise ValueError("Lanczos mode does not support align_corners=True")
    if mode == "lanczos" and not antialias:
        raise ValueError("Lanczos mode requires antialias=True")
    if any(length <= 0 for length in (*sizes, *input.shape[2:])):
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(input.shape[2:])} and output {sizes}"
        )
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[dims - 1](input, sizes)
    return _resized(input, sizes, mode, bool(align_corners), factors, antialias)


def _resized(input, sizes, mode: str, align_corners: bool, factors, antialias: bool):
    if antialias:
        if list(input.shape[2:]) == list(sizes):
            return input.clone()  # also of the dtypes below, and whatever the scale
        if input.dtype.name in HALVES:
            raise NotImplementedError(
                f"\"compute_index_ranges_weights\" not implemented for '{input.dtype.legacy_name}'"
            )
    if input.dtype.category < 2 and input.dtype.name != "uint8":
        raise NotImplementedError(f"\"upsample_{mode}\" not implemented for '{input.dtype.legacy_name}'")
    if input.dtype.is_complex:
        raise NotImplementedError(f"\"upsample_{mode}\" not implemented for '{input.dtype.legacy_name}'")
    exact = input if input.dtype.name != "uint8" or mode.startswith("nearest") else input.float()
    double = input.dtype.name == "float64"
    # The last dim first: the order in which PyTorch's nested sums add up.
    for place in reversed(range(len(sizes))):
        length = input.shape[2 + place]
        if length == sizes[place] and (mode.startswith("nearest") or factors[place] in (None, 1.0)):
            continue
        taps = taps_of(mode, double, length, sizes[place], align_corners, factors[place], antialias)
        exact = _resample(exact, 2 + place, taps)
    if exact is input:
        return input.clone()
    return exact if exact.dtype is input.dtype else exact.round().clamp(0, 255).to(input.dtype)


@composite(namespace=NN)
def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """``interpolate`` under its old name; warns."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


@composite(namespace=NN)
def upsample_nearest(input, size=None, scale_factor=None):
    """``interpolate`` in mode "nearest"; warns that it is the old name."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode="nearest")


@composite(namespace=NN)
def upsample_bilinear(input, size=None, scale_factor=None):
    """``interpolate`` in mode "bilinear" with aligned corners; warns that it is the old name."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
