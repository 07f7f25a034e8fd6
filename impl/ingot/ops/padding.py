"""Padding: constant, reflected, replicated and circular edges."""

from __future__ import annotations

import numpy as np

from ..backends import namespace_of
from ..core.errors import not_implemented
from ..core.promotion import to_scalar
from ..core.tensor import wrap
from .declare import composite, primitive
from .windows import padded


@primitive("_pad(input, widths: tuple, value: Number)", half="native", node="ConstantPadNdBackward0")
def _pad(xp, input, widths, value):
    result = padded(xp, input, widths, value)
    return result.copy() if result is input else result


@_pad.backward("input")
def _(grad, widths):
    return _pad(grad, tuple((-before, -after) for before, after in widths), 0)


@_pad.jvp("input")
def _(tangent, widths):
    return _pad(tangent, widths, 0)


def _pairs(pad) -> list[tuple[int, int]]:
    """(before, after) per dim, last dim first, as ``pad=`` lists them."""
    pad = [int(width) for width in pad]
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    return [(pad[place], pad[place + 1]) for place in range(0, len(pad), 2)]


@composite(method=False)
def constant_pad_nd(input, pad, value=0):
    """Edges of one value; ``pad`` lists (before, after) from the last dim on, negative widths crop."""
    pairs = _pairs(pad)
    rank = input._array.ndim
    if len(pairs) > rank:
        raise RuntimeError(
            f"Length of pad should be no more than twice the number of dimensions of the input. Pad length is {len(pad)} while the input has "
            f"{rank} dimensions."
        )
    for place, (before, after) in enumerate(pairs):
        length = input._array.shape[rank - 1 - place]
        if length + before + after < 0:
            raise RuntimeError(
                f"The input size {length}, plus negative padding {before} and {after} resulted in a negative output size, which is invalid. "
                f"Check dimension {rank - 1 - place} of your input."
            )
    return _pad(input, tuple(reversed(pairs)), to_scalar(value, input.dtype))


def _edge_indices(mode: str, length: int, before: int, after: int) -> np.ndarray:
    """Which element each place of a padded dim shows."""
    places = np.arange(-before, length + after)
    if mode == "replicate":
        return np.clip(places, 0, length - 1)
    if mode == "circular":
        return places % length
    period = 2 * (length - 1)
    places = np.abs(places) % period if period else places * 0
    return np.where(places >= length, period - places, places)


def _check_edges(input, mode: str, pairs) -> None:
    rank, count = input._array.ndim, len(pairs)
    if rank not in (count + 1, count + 2):
        raise NotImplementedError(
            f"Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now; got {rank}D input and {2 * count} widths"
        )
    for place, (before, after) in enumerate(pairs):
        dim = rank - 1 - place
        length = input._array.shape[dim]
        if mode == "reflect" and (before >= length or after >= length):
            raise RuntimeError(
                f"Argument #4: Padding size should be less than the corresponding input dimension, but got: padding ({before}, {after}) at "
                f"dimension {dim} of input {list(input.shape)}"
            )
        if mode == "circular" and (before > length or after > length):
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if length == 0:
            raise RuntimeError(f"Expected non-empty dimensions for input, but got: {list(input.shape)}")
        if length + before + after <= 0:
            raise RuntimeError(
                f"input (length: {length}) is too small. Calculated output length: {length + before + after}"
            )


@composite("pad", namespace="nn.functional")
def pad(input, pad, mode="constant", value=None):
    """Edges around the last dims; ``pad`` lists (before, after) from the last dim on. ``mode``: constant, reflect, replicate, circular."""
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    pairs = _pairs(pad)
    _check_edges(input, mode, pairs)
    if mode != "circular" and input._array.dtype.kind == "b":
        kernel = "reflection" if mode == "reflect" else "replication"
        raise not_implemented(f"{kernel}_pad{len(pairs)}d", input.dtype)
    xp = namespace_of(input._array)
    result = input
    for place, (before, after) in enumerate(pairs):
        if before == 0 and after == 0:
            continue
        dim = input._array.ndim - 1 - place
        places = _edge_indices(mode, input._array.shape[dim], before, after)
        result = result.index_select(dim, wrap(xp.asarray(places)))
    return result if result is not input else input.clone()
