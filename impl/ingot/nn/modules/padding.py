"""Padding at both ends of the last 1, 2 or 3 dimensions.

``padding`` is one int, or (left, right), (left, right, top, bottom), (left, right, top, bottom, front, back).
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.tensor import Tensor
from .. import functional as F
from .module import Module
from .utils import _ntuple

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Ints = int | Sequence[int]


class _PadNd(Module):
    """Padding that continues the input in some way; subclasses name the way and the number of dimensions."""

    dims: int
    mode: str

    def __init__(self, padding: Ints) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self.dims)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPadNd(_PadNd):
    mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """Signals (N, C, L) or (C, L) continued by their mirror image, without repeating the border.

    Example: ``nn.ReflectionPad1d(2)(ingot.arange(4.0).reshape(1, 4))`` is ``2 1 0 1 2 3 2 1``
    """

    dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Images (N, C, H, W) or (C, H, W) continued by their mirror image.

    Example: ``nn.ReflectionPad2d(2)(ingot.randn(1, 3, 4, 4)).shape == (1, 3, 8, 8)``
    """

    dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Volumes (N, C, D, H, W) or (C, D, H, W) continued by their mirror image.

    Example: ``nn.ReflectionPad3d(1)(ingot.randn(1, 3, 4, 4, 4)).shape == (1, 3, 6, 6, 6)``
    """

    dims = 3


class _ReplicationPadNd(_PadNd):
    mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """Signals (N, C, L) or (C, L) continued by their border values.

    Example: ``nn.ReplicationPad1d(2)(ingot.arange(3.0).reshape(1, 3))`` is ``0 0 0 1 2 2 2``
    """

    dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Images (N, C, H, W) or (C, H, W) continued by their border values.

    Example: ``nn.ReplicationPad2d(2)(ingot.randn(1, 3, 4, 4)).shape == (1, 3, 8, 8)``
    """

    dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Volumes (N, C, D, H, W) or (C, D, H, W) continued by their border values.

    Example: ``nn.ReplicationPad3d(1)(ingot.randn(1, 3, 4, 4, 4)).shape == (1, 3, 6, 6, 6)``
    """

    dims = 3


class _CircularPadNd(_PadNd):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        unbatched, batched = self.dims + 1, self.dims + 2
        if input.dim() not in (unbatched, batched):
            raise ValueError(f"expected {unbatched}D or {batched}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Signals (N, C, L) or (C, L) continued periodically.

    Example: ``nn.CircularPad1d(2)(ingot.arange(4.0).reshape(1, 4))`` is ``2 3 0 1 2 3 0 1``
    """

    dims = 1


class CircularPad2d(_CircularPadNd):
    """Images (N, C, H, W) or (C, H, W) continued periodically.

    Example: ``nn.CircularPad2d(2)(ingot.randn(1, 3, 4, 4)).shape == (1, 3, 8, 8)``
    """

    dims = 2


class CircularPad3d(_CircularPadNd):
    """Volumes (N, C, D, H, W) or (C, D, H, W) continued periodically.

    Example: ``nn.CircularPad3d(1)(ingot.randn(1, 3, 4, 4, 4)).shape == (1, 3, 6, 6, 6)``
    """

    dims = 3


class _ConstantPadNd(Module):
    """Padding with one value; negative padding crops."""

    dims: int

    def __init__(self, padding: Ints, value: float) -> None:
        super().__init__()
        self.value = value
        self.padding = _ntuple(2 * self.dims)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """The last dimension padded with ``value``.

    Example: ``nn.ConstantPad1d((0, 2), 3.5)(ingot.randn(1, 2, 4)).shape == (1, 2, 6)``
    """

    dims = 1


class ConstantPad2d(_ConstantPadNd):
    """The last two dimensions padded with ``value``.

    Example: ``nn.ConstantPad2d((3, 0, 2, 1), 3.5)(ingot.randn(1, 2, 2)).shape == (1, 5, 5)``
    """

    dims = 2


class ConstantPad3d(_ConstantPadNd):
    """The last three dimensions padded with ``value``.

    Example: ``nn.ConstantPad3d(1, 3.5)(ingot.randn(1, 2, 2, 2)).shape == (1, 4, 4, 4)``
    """

    dims = 3


class ZeroPad1d(ConstantPad1d):
    """The last dimension padded with zeros.

    Example: ``nn.ZeroPad1d(2)(ingot.randn(1, 2, 4)).shape == (1, 2, 8)``
    """

    def __init__(self, padding: Ints) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """The last two dimensions padded with zeros.

    Example: ``nn.ZeroPad2d((1, 1, 2, 0))(ingot.randn(1, 1, 3, 3)).shape == (1, 1, 5, 5)``
    """

    def __init__(self, padding: Ints) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """The last three dimensions padded with zeros.

    Example: ``nn.ZeroPad3d(1)(ingot.randn(1, 2, 2, 2)).shape == (1, 4, 4, 4)``
    """

    def __init__(self, padding: Ints) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"
