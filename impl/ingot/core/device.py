"""``torch.device``: where a tensor's memory is."""

from __future__ import annotations

import re

_PATTERN = re.compile(r"(?P<type>[a-z]+)(?::(?P<index>\d+))?")
_KNOWN = ("cpu", "cuda", "meta")


class device:
    """A device type and an optional index: ``device("cuda:1")``, ``device("cuda", 1)``, ``device(1)``.

    Raises RuntimeError for a string that names no device.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type, index: int | None = None):
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int):
            type, index = "cuda", type
        else:
            match = _PATTERN.fullmatch(type)
            if match is None:
                raise RuntimeError(f"Invalid device string: '{type}'")
            if match["type"] not in _KNOWN:
                raise RuntimeError(
                    f"Expected one of {', '.join(_KNOWN)} device type at start of device string: {match['type']}"
                )
            if match["index"] is not None:
                if index is not None:
                    raise RuntimeError(
                        f"type (string) must not include an index because index was passed explicitly: {type}"
                    )
                index = int(match["index"])
            type = match["type"]
        object.__setattr__(self, "type", type)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name, value):
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __eq__(self, other) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self):
        return device, (self.type, self.index)


cpu = device("cpu")
meta = device("meta")
