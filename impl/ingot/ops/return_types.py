"""The named tuples that functions with several results return; they print as PyTorch's do."""

from __future__ import annotations

from collections import namedtuple

_MADE: dict[str, type] = {}


def return_type(name: str, *fields: str) -> type:
    """The named tuple class of function ``name``; one class per name."""
    made = _MADE.get(name)
    if made is None:
        base = namedtuple(name, fields)

        def shown(self) -> str:
            lines = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
            return f"torch.return_types.{name}(\n{lines})"

        made = _MADE[name] = type(
            name, (base,), {"__slots__": (), "__repr__": shown, "__module__": "torch.return_types"}
        )
    return made
