"""``torch.Size``: the tuple that shapes are."""

from __future__ import annotations

import math


class Size(tuple[int, ...]):
    """A tensor's shape.

    >>> Size((2, 3)).numel()
    6
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    def __getitem__(self, key):  # type: ignore[override]
        item = tuple.__getitem__(self, key)
        return Size(item) if isinstance(key, slice) else item

    def __add__(self, other):  # type: ignore[override]
        return Size(tuple.__add__(self, tuple(other)))

    def __radd__(self, other):
        return Size(tuple(other) + tuple(self))

    def __mul__(self, count):  # type: ignore[override]
        return Size(tuple.__mul__(self, count))

    __rmul__ = __mul__  # type: ignore[assignment]

    def __reduce__(self):
        return Size, (tuple(self),)
