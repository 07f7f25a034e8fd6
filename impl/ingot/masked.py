"""``torch.masked``: ops over the elements that a mask leaves. Each is declared in ``ops.masked``; this module only gathers them."""

from __future__ import annotations

from .ops import SPACES

globals().update(SPACES["masked"])

__all__ = sorted(SPACES["masked"])
