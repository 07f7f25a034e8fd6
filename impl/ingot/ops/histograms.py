"""Histograms over one dimension and over several."""

from __future__ import annotations

import numpy as np

from ..core.dtype import float32, float64
from ..core.tensor import Tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .return_types import return_type


def _check_points(name: str, points, weight) -> None:
    shape = points._array.shape
    if points.dtype not in (float32, float64):
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{points.dtype.legacy_name}'")
    if weight is not None and weight._array.shape != shape[:-1]:
        raise RuntimeError(
            f"torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, "
            f"but got input with shape {list(shape)} and weight with shape {list(weight._array.shape)}"
        )
    if weight is not None and weight.dtype is not points.dtype:
        raise RuntimeError(
            f"torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got input "
            f"{points.dtype.legacy_name} and weight {weight.dtype.legacy_name}"
        )


def _edges_of(name: str, points, dim: int, bins, limits):
    """The edges of one dimension's bins: those given, or ``bins`` equal ones over ``limits`` (the data's own range for None)."""
    if isinstance(bins, Tensor):
        if bins._array.ndim != 1:
            raise RuntimeError(
                f"torch.histogramdd: bins tensor should have one dimension, but got {bins._array.ndim} dimensions in the bins tensor for dimension {dim}"
            )
        if bins.dtype is not points.dtype:
            raise RuntimeError(
                f"torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype {points.dtype.legacy_name} "
                f"and bins for dimension {dim} with dtype {bins.dtype.legacy_name}"
            )
        if bins.numel() < 2:
            raise RuntimeError(f"torch.{name}(): bins must be > 0, but got {bins.numel() - 1} for dimension {dim}")
        return bins.clone() if name == "histogram" else bins
    if bins < 1:
        raise RuntimeError(f"torch.{name}(): bins must be > 0, but got {bins} for dimension {dim}")
    values = points._array[:, dim]
    if limits is not None:
        low, high = map(float, limits)
    elif values.size:
        low, high = float(values.min().item()), float(values.max().item())
    else:
        low, high = 0.0, 1.0
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension {dim}'s range [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low} max {high} for dimension {dim}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return REGISTRY["linspace"].function(low, high, bins + 1, dtype=points.dtype, device=points.device)


@primitive("_histogram(points, weight: Optional, edges: tuple, density: bool)")
def _counts(xp, points, weight, edges, density):
    """The histogram of rows (N, D): each dimension's bin is half open, but the last, which has its right edge too."""
    lengths = [len(edge) - 1 for edge in edges]
    place, inside = None, None
    for dim, sides in enumerate(edges):
        column = xp.ascontiguousarray(points[:, dim])
        found = xp.searchsorted(sides, column, side="right") - 1
        found = xp.where(column == sides[-1], lengths[dim] - 1, found)
        fits = (column >= sides[0]) & (column <= sides[-1])
        place = found if place is None else place * lengths[dim] + found
        inside = fits if inside is None else inside & fits
    weights = None if weight is None else weight.reshape(-1)[inside].astype(np.float64)
    counted = xp.bincount(place[inside], weights=weights, minlength=int(np.prod(lengths)))
    counts = counted.astype(np.float64).reshape(lengths)
    if density:
        counts = counts / counts.sum()
        for dim, edge in enumerate(edges):
            widths = xp.diff(edge.astype(np.float64))
            counts = counts / widths.reshape([-1 if at == dim else 1 for at in range(len(lengths))])
    return counts.astype(points.dtype)


@_counts.backward("points", "weight")
def _(grad):
    raise RuntimeError("derivative for histogram is not implemented")


@composite(method=True, out="exact")
def histogram(input, bins, *, range=None, weight=None, density=False):
    """(hist, bin_edges) of all elements: ``bins`` equal bins over ``range`` (low, high), or the bins between the edges that a vector gives.

    Bins are half open, but the last has its right edge too; what lies outside is left out. ``weight`` has the input's shape; ``density``
    makes the integral 1. float32 and float64. ``histogram(tensor([1., 2., 1.]), 2)`` has hist ``[2., 1.]``.
    """
    if type(input) is not Tensor:
        admit(REGISTRY["histogram"], "input", input)
    if isinstance(bins, Tensor) and range is not None:
        raise TypeError("histogram() received an invalid combination of arguments: bin edges and a range")
    points = input.reshape(-1, 1)
    weights = None if weight is None else weight.reshape(-1)
    _check_points("histogram", points, weights)
    edges = _edges_of("histogram", points, 0, bins, range)
    return return_type("histogram", "hist", "bin_edges")(
        _counts(points, weights, (edges._array,), bool(density)), edges
    )


@composite()
def histogramdd(input, bins, *, range=None, weight=None, density=False):
    """(hist, bin_edges) of points (..., D): ``bins`` is a number for all dimensions, one for each, or D vectors of edges.

    ``range`` has 2 * D numbers, low and high by turns. ``hist`` has D dimensions, ``bin_edges`` are D vectors. See ``histogram``.
    """
    if type(input) is not Tensor:
        admit(REGISTRY["histogramdd"], "input", input)
    if not input._array.ndim and isinstance(bins, int):
        raise IndexError("torch.histogramdd: input tensor should have at least 2 dimensions, but it has none")
    if input._array.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    size = input._array.shape[-1]
    each = [bins] * size if isinstance(bins, int) else list(bins)
    if len(each) != size:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    if range is not None and len(range) != 2 * size:
        raise RuntimeError(
            f"torch.histogramdd: for a {size}-dimensional histogram range should have {2 * size} elements, but got {len(range)}"
        )
    _check_points("histogramdd", input, weight)
    points = input.reshape(-1, size)
    limits = [None] * size if range is None else [range[2 * dim : 2 * dim + 2] for dim, _ in enumerate(each)]
    edges = [
        _edges_of("histogramdd", points, dim, one, limit)
        for dim, (one, limit) in enumerate(zip(each, limits, strict=True))
    ]
    counts = _counts(points, weight, tuple(edge._array for edge in edges), bool(density))
    return return_type("histogramdd", "hist", "bin_edges")(counts, tuple(edges))
