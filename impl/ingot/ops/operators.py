"""Python's operators on tensors."""

from __future__ import annotations

from ..core.tensor import Tensor
from . import arithmetic

Tensor.__add__ = Tensor.__radd__ = arithmetic.add
Tensor.__sub__ = arithmetic.sub
Tensor.__mul__ = Tensor.__rmul__ = arithmetic.mul
Tensor.__neg__ = arithmetic.neg
