"""``torch.fft``: discrete Fourier transforms. Each is declared in ``ops.fourier``; this module only gathers them."""

from __future__ import annotations

from .ops import SPACES

globals().update(SPACES["fft"])

__all__ = sorted(SPACES["fft"])
