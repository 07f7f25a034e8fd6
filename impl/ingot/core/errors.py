"""Error classes and the sentences that several places share: what was given, what was expected."""

from __future__ import annotations

from collections.abc import Sequence


class OutOfMemoryError(RuntimeError):
    """An allocation that the device cannot serve."""


def not_implemented(kernel: str, dtype) -> NotImplementedError:
    """The error for a dtype that a kernel does not serve."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.legacy_name}'")


def broadcast_mismatch(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """The error for two shapes that do not broadcast, naming the first dimension (from the right) at fault."""
    rank = max(len(a), len(b))
    for dim in range(rank - 1, -1, -1):
        i, j = dim - rank + len(a), dim - rank + len(b)
        if i >= 0 and j >= 0 and a[i] != b[j] and 1 not in (a[i], b[j]):
            return RuntimeError(
                f"The size of tensor a ({a[i]}) must match the size of tensor b ({b[j]}) at non-singleton dimension {dim}"
            )
    raise AssertionError(f"shapes {tuple(a)} and {tuple(b)} do broadcast")


def normalize_dim(dim: int, rank: int) -> int:
    """``dim`` counted from 0; IndexError outside [-rank, rank - 1] (a 0-d tensor counts as having one dimension)."""
    limit = rank or 1
    if type(dim) is not int:
        dim = index_of(dim, "dim")
    if not -limit <= dim < limit:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but got {dim})")
    return dim + limit if dim < 0 else dim


def normalize_dims(dims, rank: int) -> tuple[int, ...]:
    """Several dims (an int, a sequence, or None for all), each counted from 0; RuntimeError where one comes twice."""
    if dims is None:
        return tuple(range(rank))
    if not isinstance(dims, (tuple, list)):
        return (normalize_dim(dims, rank),) if rank else (normalize_dim(dims, rank),)[:0]
    normal = [normalize_dim(dim, rank) for dim in dims]
    if len(set(normal)) != len(normal):
        twice = next(dim for dim in normal if normal.count(dim) > 1)
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return tuple(normal) if rank else ()


def index_of(value, name: str) -> int:
    """``value`` as a Python int (tensors and NumPy integers included); TypeError for what is no integer."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"argument '{name}' must be int, not {type(value).__name__}")
    return value.__index__()
