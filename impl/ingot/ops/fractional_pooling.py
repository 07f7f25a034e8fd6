"""Fractional max pooling: windows at pseudo-random steps, so that the output may be any size.

B. Graham, "Fractional max-pooling", arXiv:1412.6071 (2014). For a sample ``u`` in [0, 1) window ``i`` of ``o`` begins at ``trunc((i + u) a) - trunc(u a)`` with
``a = (n - k) / (o - 1)``, and the last one ends with the input. Each plane of a batch has samples of its own, one per dim.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.tensor import Tensor
from .convolution import per_dim
from .declare import composite, primitive
from .loss import NN
from .pooling import _batched, _maxima, _refuse, scatter_to
from .random import rand


@primitive(
    "_fractional_max_pool(input, samples, kernel: tuple, out: tuple)",
    outputs=("result", "indices"),
    half="native",
    node="FractionalMaxPoolBackward0",
)
def _fractional_max_pool(xp, input, samples, kernel, out):
    """Values and flat places of the maxima: input (N, C, *spatial), samples (N, C, dims), the last dim's sample first in two dims, the first's in three."""
    rank = len(kernel)
    size = input.shape[2:]
    # Flat places (N, C, *out, *kernel), one dim after the other.
    places = xp.zeros((1,) * (2 + 2 * rank), np.int64)
    for dim in range(rank):
        sample = samples[..., rank - 1 - dim if rank == 2 else dim]
        starts = _starts(xp, sample, size[dim], out[dim], kernel[dim])
        lines = starts[..., None] + xp.arange(kernel[dim])
        shape = [1] * (2 * rank)
        shape[dim], shape[rank + dim] = out[dim], kernel[dim]
        places = places * size[dim] + lines.reshape(*lines.shape[:2], *shape)
    places = places.reshape(*places.shape[: 2 + rank], math.prod(kernel))
    flat = input.reshape(*input.shape[:2], math.prod(size))
    view = xp.take_along_axis(flat, places.reshape(*input.shape[:2], math.prod(out + kernel)), axis=2).reshape(
        places.shape
    )
    values, best = _maxima(xp, xp.ascontiguousarray(view.transpose(2 + rank, *range(2 + rank))))
    return values, xp.take_along_axis(places, best[..., None].astype(np.int64), axis=-1)[..., 0]


def _starts(xp, sample, length: int, outputs: int, kernel: int):
    """Where each window begins: (N, C, outputs), computed in the precision of ``sample`` as PyTorch does."""
    real = sample.dtype.type
    last = xp.full((*sample.shape, 1), length - kernel, np.int64)
    if outputs == 1:
        return last
    step = real(length - kernel) / real(outputs - 1)
    steps = xp.arange(outputs - 1).astype(sample.dtype)
    begin = ((steps + sample[..., None]) * step).astype(np.int64) - (sample * step).astype(np.int64)[..., None]
    return xp.concatenate([begin, last], axis=-1)


@_fractional_max_pool.backward("input")
def _(grad, indices, input_shape):
    return scatter_to(grad, indices, input_shape)


@_fractional_max_pool.jvp("input")
def _(tangent, indices):
    return tangent.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape), None


def _output_size(name: str, input, rank: int, output_size, output_ratio) -> tuple[int, ...]:
    if output_size is not None:
        return per_dim(output_size, rank, "output_size")
    if output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    ratios = tuple(output_ratio) if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * rank
    if len(ratios) != rank:
        raise ValueError(f"{name} requires output_ratio to either be a single number or {rank} numbers.")
    return tuple(int(length * ratio) for length, ratio in zip(input.shape[-rank:], ratios, strict=True))


def _pooled(name: str, rank: int, input, kernel_size, output_size, output_ratio, samples):
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    kernel = per_dim(kernel_size, rank, "kernel_size")
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if samples is None and input.ndim <= rank:
        raise IndexError(f"{name}: expected an input of {rank + 1} or {rank + 2} dimensions, got {list(input.shape)}")
    x, batched = _batched(name, input, rank)
    out = _output_size(name, x, rank, output_size, output_ratio)
    _refuse(name, x, "cbiu")
    if samples is None:
        samples = rand(*x.shape[:2], rank, dtype=x.dtype, device=x.device)
    if samples.dtype is not x.dtype:
        raise RuntimeError(
            f"{name}: expected _random_samples to have the dtype of the input, {x.dtype}, got {samples.dtype}"
        )
    if tuple(samples.shape) != (*x.shape[:2], rank):
        raise RuntimeError(
            f"{name}: expected _random_samples of size {[*x.shape[:2], rank]}, one per sample, channel and dim, got {list(samples.shape)}"
        )
    for length, k, o in zip(x.shape[2:], kernel, out, strict=True):
        if k <= 0 or o <= 0:
            raise RuntimeError(
                f"{name}: kernel and output sizes should be greater than zero, got {list(kernel)} and {list(out)}"
            )
        if o + k - 1 > length:
            raise RuntimeError(
                f"{name}: {o} windows of {k} do not fit into an input of size {list(x.shape[2:])}: each must begin at a place of its own"
            )
    values, indices = _fractional_max_pool(x, samples, kernel, out)
    return (values, indices) if batched else (values.squeeze(0), indices.squeeze(0))


def _family(rank: int):
    name = f"fractional_max_pool{rank}d"

    def with_indices(
        input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
    ):
        return _pooled(name, rank, input, kernel_size, output_size, output_ratio, _random_samples)

    def pool(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
        found = _pooled(name, rank, input, kernel_size, output_size, output_ratio, _random_samples)
        return found if return_indices else found[0]

    pool.__doc__ = (
        f"The maximum of windows at pseudo-random steps over the last {rank} dims: (N, C, ...) or (C, ...), to ``output_size``, or to ``output_ratio`` times the input's; with "
        "``return_indices`` also where each was. ``_random_samples`` (N, C, dims) in [0, 1) fixes the windows; drawn from the default generator otherwise.\n\n"
        f"Example: ``{name}(x, 2, output_ratio=0.7)``"
    )
    with_indices.__doc__ = pool.__doc__ + " Always returns (values, indices)."
    pool.__name__ = pool.__qualname__ = name
    with_indices.__name__ = with_indices.__qualname__ = f"{name}_with_indices"
    composite(f"{name}_with_indices", namespace=NN)(with_indices)
    return composite(name, namespace=NN)(pool)


fractional_max_pool2d, fractional_max_pool3d = _family(2), _family(3)
