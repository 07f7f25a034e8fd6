"""Sizes given as an int or one int per dimension, and prefixes of state dict keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["consume_prefix_in_state_dict_if_present"]


def _ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A function that repeats a scalar ``n`` times and turns any other iterable into a tuple."""

    def to_tuple(x: Any) -> tuple[Any, ...]:
        return tuple(x) if isinstance(x, Iterable) else (x,) * n

    return to_tuple


_single = _ntuple(1)
_pair = _ntuple(2)
_triple = _ntuple(3)
_quadruple = _ntuple(4)


def _reverse_repeat_tuple(sizes: Iterable[int], n: int) -> tuple[int, ...]:
    """``(1, 2), 2 -> (2, 2, 1, 1)``: symmetric padding per dimension in the order ``F.pad`` takes it."""
    return tuple(size for size in reversed(tuple(sizes)) for _ in range(n))


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Strip ``prefix`` in place from the keys (and the metadata keys) of ``state_dict`` that start with it.

    Example: after loading a checkpoint of ``nn.DataParallel(model)``,
    ``consume_prefix_in_state_dict_if_present(state_dict, "module.")`` makes it fit ``model``.
    """
    for key in [key for key in state_dict if key.startswith(prefix)]:
        state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is None:
        return
    for key in [key for key in metadata if key and (key.startswith(prefix) or key == prefix.replace(".", ""))]:
        metadata[key[len(prefix) :]] = metadata.pop(key)
