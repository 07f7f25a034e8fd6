"""Pooling: the maximum, the mean or the p-norm of windows, and its inverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.tensor import Tensor
from .. import functional as F
from .module import Module
from .utils import _pair, _single, _triple

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]

Ints = int | Sequence[int]
OptionalInts = int | None | Sequence[int | None]


class _MaxPoolNd(Module):
    """The arguments of max pooling; ``stride`` is the kernel size if None."""

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )

    def _arguments(self) -> dict[str, Any]:
        return {
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "ceil_mode": self.ceil_mode,
            "return_indices": self.return_indices,
        }


class MaxPool1d(_MaxPoolNd):
    """The maximum of windows of signals: (N, C, L) or (C, L) -> the same with L'.

    L' = (L + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1, rounded down, or up with ``ceil_mode``.
    With ``return_indices`` also the positions of the maxima, for :class:`MaxUnpool1d`.

    Example: ``nn.MaxPool1d(3, stride=2)(ingot.randn(20, 16, 50)).shape == (20, 16, 24)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(input, **self._arguments())


class MaxPool2d(_MaxPoolNd):
    """The maximum of windows of images: (N, C, H, W) or (C, H, W); sizes as in :class:`MaxPool1d`, per dimension.

    Example: ``nn.MaxPool2d(2)(ingot.randn(1, 16, 28, 28)).shape == (1, 16, 14, 14)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(input, **self._arguments())


class MaxPool3d(_MaxPoolNd):
    """The maximum of windows of volumes: (N, C, D, H, W) or (C, D, H, W); sizes as in :class:`MaxPool1d`.

    Example: ``nn.MaxPool3d(2)(ingot.randn(1, 3, 4, 6, 8)).shape == (1, 3, 2, 3, 4)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(input, **self._arguments())


class _MaxUnpoolNd(Module):
    """How unpooling layers print."""

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts maxima back where :class:`MaxPool1d` found them, zero elsewhere: (N, C, L) or (C, L).

    Example: ``values, indices = nn.MaxPool1d(2, return_indices=True)(x); nn.MaxUnpool1d(2)(values, indices)``
    """

    def __init__(self, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts maxima back where :class:`MaxPool2d` found them, zero elsewhere: (N, C, H, W) or (C, H, W).

    Example: ``values, indices = nn.MaxPool2d(2, return_indices=True)(x); nn.MaxUnpool2d(2)(values, indices)``
    """

    def __init__(self, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0) -> None:
        super().__init__()
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride if stride is not None else kernel_size)
        self.padding = _pair(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts maxima back where :class:`MaxPool3d` found them, zero elsewhere: (N, C, D, H, W) or (C, D, H, W).

    Example: ``values, indices = nn.MaxPool3d(2, return_indices=True)(x); nn.MaxUnpool3d(2)(values, indices)``
    """

    def __init__(self, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0) -> None:
        super().__init__()
        self.kernel_size = _triple(kernel_size)
        self.stride = _triple(stride if stride is not None else kernel_size)
        self.padding = _triple(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class _AvgPoolNd(Module):
    """How average pooling layers print."""

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of windows of signals: (N, C, L) or (C, L) -> the same with L'.

    L' = (L + 2 * padding - kernel_size) / stride + 1, rounded down, or up with ``ceil_mode``. Padding counts in the
    mean unless ``count_include_pad`` is False.

    Example: ``nn.AvgPool1d(3, stride=2)(ingot.randn(20, 16, 50)).shape == (20, 16, 24)``
    """

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolWithDivisor(_AvgPoolNd):
    """The arguments of average pooling over 2 and 3 dimensions."""

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def _arguments(self) -> tuple[Any, ...]:
        return (
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPoolWithDivisor):
    """The mean of windows of images: (N, C, H, W) or (C, H, W); sizes as in :class:`AvgPool1d`, per dimension.

    ``divisor_override`` replaces the number of elements that sums are divided by.

    Example: ``nn.AvgPool2d(2)(ingot.randn(1, 16, 28, 28)).shape == (1, 16, 14, 14)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, *self._arguments())


class AvgPool3d(_AvgPoolWithDivisor):
    """The mean of windows of volumes: (N, C, D, H, W) or (C, D, H, W); sizes as in :class:`AvgPool1d`.

    ``divisor_override`` replaces the number of elements that sums are divided by.

    Example: ``nn.AvgPool3d(2)(ingot.randn(1, 3, 4, 6, 8)).shape == (1, 3, 2, 3, 4)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(input, *self._arguments())


class _FractionalMaxPoolNd(Module):
    """The arguments of fractional max pooling: the output's size, or its ratio to the input's."""

    _per_dimension = staticmethod(_pair)

    def __init__(
        self,
        kernel_size: Ints,
        output_size: Ints | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = self._per_dimension(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = self._per_dimension(output_size) if output_size is not None else None
        self.output_ratio = self._per_dimension(output_ratio) if output_ratio is not None else None
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The maximum of windows at pseudo-random steps: (N, C, H, W) or (C, H, W) (Graham, 2014).

    Example: ``nn.FractionalMaxPool2d(3, output_ratio=0.5)(ingot.randn(20, 16, 50, 32)).shape == (20, 16, 25, 16)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool2d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The maximum of windows at pseudo-random steps: (N, C, D, H, W) or (C, D, H, W) (Graham, 2014).

    Example: ``nn.FractionalMaxPool3d(3, output_size=(5, 6, 7))(ingot.randn(2, 3, 20, 20, 20)).shape[2:] == (5, 6, 7)``
    """

    _per_dimension = staticmethod(_triple)

    def __init__(
        self,
        kernel_size: Ints,
        output_size: Ints | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        if any(size <= 0 for size in _triple(kernel_size)):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        super().__init__(kernel_size, output_size, output_ratio, return_indices, _random_samples)

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool3d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class _LPPoolNd(Module):
    """The arguments of power-average pooling."""

    def __init__(
        self, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """The p-norm, p = ``norm_type``, of windows of signals: (N, C, L) or (C, L).

    Example: ``nn.LPPool1d(2, 3, stride=2)(ingot.randn(20, 16, 50)).shape == (20, 16, 24)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    """The p-norm, p = ``norm_type``, of windows of images: (N, C, H, W) or (C, H, W).

    Example: ``nn.LPPool2d(1.2, (3, 2), stride=(2, 1))(ingot.randn(20, 16, 50, 32)).shape == (20, 16, 24, 31)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """The p-norm, p = ``norm_type``, of windows of volumes: (N, C, D, H, W) or (C, D, H, W).

    Example: ``nn.LPPool3d(2, 2)(ingot.randn(1, 3, 4, 6, 8)).shape == (1, 3, 2, 3, 4)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class _AdaptiveMaxPoolNd(Module):
    """The arguments of adaptive max pooling."""

    def __init__(self, output_size: OptionalInts, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maximum of as many windows as ``output_size`` says: (N, C, L) or (C, L).

    Example: ``nn.AdaptiveMaxPool1d(5)(ingot.randn(1, 64, 8)).shape == (1, 64, 5)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maximum of as many windows as ``output_size`` says (None: as in the input): (N, C, H, W) or (C, H, W).

    Example: ``nn.AdaptiveMaxPool2d((5, None))(ingot.randn(1, 64, 8, 9)).shape == (1, 64, 5, 9)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maximum of as many windows as ``output_size`` says: (N, C, D, H, W) or (C, D, H, W).

    Example: ``nn.AdaptiveMaxPool3d(2)(ingot.randn(1, 64, 8, 9, 10)).shape == (1, 64, 2, 2, 2)``
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class _AdaptiveAvgPoolNd(Module):
    """The argument of adaptive average pooling."""

    def __init__(self, output_size: OptionalInts) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The mean of as many windows as ``output_size`` says: (N, C, L) or (C, L).

    Example: ``nn.AdaptiveAvgPool1d(5)(ingot.randn(1, 64, 8)).shape == (1, 64, 5)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The mean of as many windows as ``output_size`` says (None: as in the input): (N, C, H, W) or (C, H, W).

    Example: ``nn.AdaptiveAvgPool2d(1)(ingot.randn(1, 64, 8, 9)).shape == (1, 64, 1, 1)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The mean of as many windows as ``output_size`` says: (N, C, D, H, W) or (C, D, H, W).

    Example: ``nn.AdaptiveAvgPool3d(2)(ingot.randn(1, 64, 8, 9, 10)).shape == (1, 64, 2, 2, 2)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)
