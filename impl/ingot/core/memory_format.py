"""``torch.memory_format`` and ``torch.layout``: names of how elements are laid out."""

from __future__ import annotations


class _Named:
    """An interned constant that prints as ``torch.<name>``."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name


class memory_format(_Named):
    """How the dims of a dense tensor follow each other in memory."""

    __slots__ = ()


class layout(_Named):
    """Dense (``strided``) or one of the sparse forms."""

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
strided = layout("strided")
