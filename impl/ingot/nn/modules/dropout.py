"""Dropout: zeroing at random in training, identity in evaluation."""

from __future__ import annotations

from ...core.tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    """The arguments of dropout: the probability of being zeroed, and whether the input is overwritten."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zeroes elements with probability ``p``, scales the others by 1 / (1 - p) (Hinton et al., 2012).

    Example: ``nn.Dropout(0.2)(ingot.randn(20, 16)).shape == (20, 16)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Zeroes whole channels of (N, C, L) or (C, L).

    Example: ``nn.Dropout1d(0.2)(ingot.randn(20, 16, 32)).shape == (20, 16, 32)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Zeroes whole channels of (N, C, H, W).

    Example: ``nn.Dropout2d(0.2)(ingot.randn(20, 16, 32, 32)).shape == (20, 16, 32, 32)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W).

    Example: ``nn.Dropout3d(0.2)(ingot.randn(20, 16, 4, 32, 32)).shape == (20, 16, 4, 32, 32)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean and variance, to go with :class:`SELU` (Klambauer et al., 2017).

    Example: ``nn.AlphaDropout(0.2)(ingot.randn(20, 16)).shape == (20, 16)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """:class:`AlphaDropout` of whole channels of (N, C, *).

    Example: ``nn.FeatureAlphaDropout(0.2)(ingot.randn(20, 16, 4)).shape == (20, 16, 4)``
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
