"""Learning rates as functions of time. Call ``scheduler.step()`` after ``optimizer.step()``."""

from __future__ import annotations

from .annealing import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .combined import ChainedScheduler, SequentialLR
from .cycle import CyclicLR, OneCycleLR
from .decay import ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, StepLR
from .plateau import ReduceLROnPlateau
from .rules import LambdaLR, MultiplicativeLR
from .scheduler import EPOCH_DEPRECATION_WARNING, LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class _LRScheduler(LRScheduler):
    """The name that ``LRScheduler`` had before PyTorch 2.0."""
