"""Channels that trade places: with space (pixel shuffles) and with each other."""

from __future__ import annotations

from ..core.tensor import Tensor
from .declare import composite


def _admit(name: str, input, factor, what: str, least: int) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if isinstance(factor, bool) or not hasattr(factor, "__index__"):
        raise TypeError(f"{name}(): argument '{what}' (position 2) must be int, not {type(factor).__name__}")
    if input.ndim < least:
        raise RuntimeError(
            f"{name} expects input to have at least {least} dimensions, but got input with {input.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {what}, but got {factor}")


def _copied(turned, input, shape):
    """``turned`` in another shape, in memory of its own also where nothing moves."""
    result = turned.reshape(shape)
    return result.clone() if result._storage is not None and result._storage is input._storage else result


@composite()
def pixel_shuffle(input, upscale_factor):
    """(*, C r², H, W) -> (*, C, H r, W r), r = ``upscale_factor`` (Shi et al. 2016). RuntimeError unless r² divides the channels."""
    _admit("pixel_shuffle", input, upscale_factor, "upscale_factor", 3)
    r = int(upscale_factor)
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)="
            f"{channels} is not divisible by {r * r}"
        )
    rank = len(lead)
    split = input.reshape(*lead, channels // (r * r), r, r, height, width)
    turned = split.permute(*range(rank), rank, rank + 3, rank + 1, rank + 4, rank + 2)
    return _copied(turned, input, (*lead, channels // (r * r), height * r, width * r))


@composite()
def pixel_unshuffle(input, downscale_factor):
    """(*, C, H r, W r) -> (*, C r², H, W), r = ``downscale_factor``: the inverse of ``pixel_shuffle``. RuntimeError unless r divides H and W."""
    _admit("pixel_unshuffle", input, downscale_factor, "downscale_factor", 3)
    r = int(downscale_factor)
    *lead, channels, height, width = input.shape
    for place, length, name in ((-2, height, "height"), (-1, width, "width")):
        if length % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({place})={length} is not divisible by {r}"
            )
    rank = len(lead)
    split = input.reshape(*lead, channels, height // r, r, width // r, r)
    turned = split.permute(*range(rank), rank, rank + 2, rank + 4, rank + 1, rank + 3)
    return _copied(turned, input, (*lead, channels * r * r, height // r, width // r))


@composite(aliases=("native_channel_shuffle",))
def channel_shuffle(input, groups):
    """(N, C, *): channel i of group g goes to place i * groups + g (Zhang et al. 2018). RuntimeError unless ``groups`` divides C."""
    _admit("channel_shuffle", input, groups, "groups", 3)
    channels = input.shape[1]
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    split = input.reshape(input.shape[0], groups, channels // groups, *input.shape[2:])
    return split.transpose(1, 2).reshape(input.shape)


ALSO = {"nn.functional": ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle")}
