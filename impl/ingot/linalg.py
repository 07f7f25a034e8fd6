"""``torch.linalg``: linear algebra. Each function is declared in ``ops``; this module only gathers them."""

from __future__ import annotations

from .ops import SPACES
from .ops.matrix_arguments import LinAlgError

globals().update(SPACES["linalg"])

__all__ = ["LinAlgError", *sorted(SPACES["linalg"])]
