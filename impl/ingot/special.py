"""``torch.special``: special functions. Each is declared in ``ops``; this module only gathers them."""

from __future__ import annotations

from .ops import SPACES

globals().update(SPACES["special"])

__all__ = sorted(SPACES["special"])
