"""From the list of a batch's samples to a batch."""

from __future__ import annotations

import collections.abc
import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.tensor import Tensor

_MESSAGE = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
_NOT_NUMBERS = "SUO"  # kinds of NumPy arrays that no tensor can hold


def default_convert(data: Any) -> Any:
    """A sample with its NumPy arrays and scalars turned into tensors, containers kept; what ``DataLoader(batch_size=None)`` does."""
    from ... import as_tensor

    if isinstance(data, (Tensor, str, bytes)):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in _NOT_NUMBERS else as_tensor(data)
    if isinstance(data, collections.abc.Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(item) for item in data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, collections.abc.Sequence):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def collate(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Any:
    """A list of samples as one batch: leaves by ``collate_fn_map`` (type -> function of the list and the map), containers element by element.

    Mappings, sequences and named tuples keep their type, tuples become lists. TypeError for samples of an unknown type, RuntimeError for sequences of different lengths.
    """
    elem = batch[0]
    functions = collate_fn_map or {}
    function = functions.get(type(elem)) or next(
        (found for kind, found in functions.items() if isinstance(elem, kind)), None
    )
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(elem, collections.abc.Mapping):
        return _like_mapping(
            elem, {key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map) for key in elem}
        )
    if not isinstance(elem, collections.abc.Sequence):
        raise TypeError(_MESSAGE.format(type(elem)))
    if isinstance(elem, tuple) and hasattr(elem, "_fields"):
        return type(elem)(*(collate(items, collate_fn_map=collate_fn_map) for items in zip(*batch, strict=False)))
    if any(len(sample) != len(elem) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    collated = [collate(items, collate_fn_map=collate_fn_map) for items in zip(*batch, strict=True)]
    return collated if isinstance(elem, tuple) else _like_sequence(elem, collated)


def _like_mapping(original: Any, values: dict) -> Any:
    """``values`` in a mapping of the original's type, with whatever else that carries; a dict where its type does not allow it."""
    try:
        if isinstance(original, collections.abc.MutableMapping):
            made = copy.copy(original)
            made.update(values)
            return made
        return type(original)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def _like_sequence(original: Any, values: list) -> Any:
    try:
        if isinstance(original, collections.abc.MutableSequence):
            made = copy.copy(original)
            for position, value in enumerate(values):
                made[position] = value
            return made
        return type(original)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def collate_tensor_fn(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Tensor:
    """Tensors of one shape, stacked."""
    from ... import stack

    return stack(tuple(batch), 0)


def collate_numpy_array_fn(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Any:
    """Arrays of one shape as a stacked tensor. TypeError for strings and objects."""
    from ... import as_tensor

    if batch[0].dtype.kind in _NOT_NUMBERS:
        raise TypeError(_MESSAGE.format(batch[0].dtype))
    return collate([as_tensor(item) for item in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Tensor:
    """NumPy scalars as a tensor of their dtype."""
    from ... import as_tensor

    return as_tensor(batch)


def collate_float_fn(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Tensor:
    """Python floats as a float64 tensor."""
    from ... import float64, tensor

    return tensor(batch, dtype=float64)


def collate_int_fn(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Tensor:
    """Python integers as an int64 tensor, bools as a bool one."""
    from ... import tensor

    return tensor(batch)


def collate_str_fn(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Any:
    """Strings as they are."""
    return batch


default_collate_fn_map: dict[Any, Callable] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
"""Type of a leaf -> how a list of them becomes a batch; yours to extend."""


def default_collate(batch: Any) -> Any:
    """A list of samples as one batch: tensors stacked, numbers and arrays as tensors, strings as they are, containers element by element.

    Example: ``default_collate([(x0, 1), (x1, 2)])`` is ``[stack([x0, x1]), tensor([1, 2])]``
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
