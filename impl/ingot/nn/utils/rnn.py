"""Batches of sequences of different lengths, under the name that PyTorch has for them."""

from __future__ import annotations

from ..packing import *  # noqa: F403
from ..packing import __all__  # noqa: F401
