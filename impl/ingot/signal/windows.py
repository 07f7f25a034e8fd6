"""``torch.signal.windows``: tapering windows. Each is declared in ``ops.signal_windows``; this module only gathers them."""

from __future__ import annotations

from ..ops import SPACES

globals().update(SPACES["signal.windows"])

__all__ = sorted(SPACES["signal.windows"])
