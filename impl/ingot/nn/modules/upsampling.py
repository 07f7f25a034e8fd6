"""Resizing of signals, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]

Size = int | Sequence[int] | None
Scale = float | tuple[float, ...] | None


class Upsample(Module):
    """(N, C, *) resized to ``size`` or by ``scale_factor``.

    ``mode`` is nearest, linear, bilinear, bicubic or trilinear; ``align_corners`` keeps the corner values.

    Example: ``nn.Upsample(scale_factor=2)(ingot.randn(1, 3, 4, 4)).shape == (1, 3, 8, 8)``
    """

    def __init__(
        self,
        size: Size = None,
        scale_factor: Scale = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Scale = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"recompute_scale_factor": True, **state})

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """:class:`Upsample` of images by their nearest neighbours.

    Example: ``nn.UpsamplingNearest2d(scale_factor=2)(ingot.randn(1, 3, 4, 4)).shape == (1, 3, 8, 8)``
    """

    def __init__(self, size: Size = None, scale_factor: Scale = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """:class:`Upsample` of images by bilinear interpolation that keeps the corner values.

    Example: ``nn.UpsamplingBilinear2d(size=(8, 9))(ingot.randn(1, 3, 4, 4)).shape == (1, 3, 8, 9)``
    """

    def __init__(self, size: Size = None, scale_factor: Scale = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
