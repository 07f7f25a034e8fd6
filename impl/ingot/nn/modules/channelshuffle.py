"""Channels of groups interleaved."""

from __future__ import annotations

from ...core.tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """The channels of (N, C, *), in ``groups`` groups, taken one from each group in turn (Zhang et al., 2017).

    Example: ``nn.ChannelShuffle(2)(ingot.arange(4.0).reshape(1, 4, 1, 1))`` has channels ``0, 2, 1, 3``
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
