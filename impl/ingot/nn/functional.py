"""``torch.nn.functional``: the functions that layers are made of. Each is declared in ``ops``; this module only gathers them."""

from __future__ import annotations

from ..ops import SPACES

globals().update(SPACES["nn.functional"])

__all__ = sorted(SPACES["nn.functional"])
