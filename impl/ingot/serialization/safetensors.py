"""The safetensors format: named dense tensors, a JSON header before their bytes, and nothing else.

    8 bytes            the header's length n, little endian
    n bytes            JSON: {name: {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {str: str}}
    the rest           the tensors' bytes, row by row, little endian

https://huggingface.co/docs/safetensors: the functions and their signatures are those of ``safetensors.torch``. The header is checked as that page demands: the tensors fill the
buffer without holes or overlaps, and sizes agree with shapes.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any

import numpy as np

from ..backends import backend_for
from ..core import dtype as dtypes
from ..core.storage import address, storage_of
from ..core.tensor import Tensor, wrap
from .archive import replacing

NAMES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32", "int64": "I64", "uint64": "U64",
    "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
    "float8_e8m0fnu": "F8_E8M0", "complex64": "C64",
}  # fmt: skip
"""dtype name -> its name in the format."""

_DTYPES = {written: dtypes.BY_NAME[name] for name, written in NAMES.items()}
_LONGEST_HEADER = 100_000_000
_ALIGNMENT = 8


class SafetensorError(ValueError):
    """Bytes that are no valid file of this format, or tensors that it cannot hold."""


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The tensors as the bytes of a file."""
    header, arrays = _prepared(tensors, metadata)
    return header + b"".join(array.tobytes() for array in arrays)


def save_file(tensors: dict[str, Tensor], filename: str | os.PathLike, metadata: dict[str, str] | None = None) -> None:
    """Write contiguous tensors to a file, which is replaced when it is complete.

    ``metadata`` maps strings to strings. RuntimeError where tensors share memory, ValueError where one is not contiguous or not dense.

    Example: ``save_file(model.state_dict(), "model.safetensors")``
    """
    header, arrays = _prepared(tensors, metadata)
    with replacing(os.fspath(filename)) as file:
        file.write(header)
        for array in arrays:
            file.write(memoryview(array))


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors in the bytes of a file."""
    return _tensors(np.frombuffer(bytearray(data), np.uint8))


def load_file(filename: str | os.PathLike, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors of a file. FileNotFoundError, or :class:`SafetensorError` for what is no such file."""
    found = _tensors(np.fromfile(filename, np.uint8))
    return {name: tensor.to(device) for name, tensor in found.items()}


def _prepared(tensors: dict[str, Tensor], metadata: dict[str, str] | None) -> tuple[bytes, list[np.ndarray]]:
    """The header and the tensors' bytes as uint8 arrays in file order: larger elements first, so that all stay aligned, then by name."""
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError(f"Key `{name}` is invalid, expected torch.Tensor but received {type(tensor)}")
        if tensor.dtype.name not in NAMES:
            raise SafetensorError(f"Key `{name}`: the format has no dtype for {tensor.dtype}")
        if not tensor.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed. Make it contiguous before saving."
            )
    _refuse_shared(tensors)
    if any(type(item) is not str for pair in (metadata or {}).items() for item in pair):
        raise TypeError("metadata must map strings to strings")
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    arrays, position = [], 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        host = backend_for(tensor.device.type).to_host(tensor.detach()._array)
        array = np.ascontiguousarray(host.astype(host.dtype.newbyteorder("<"), copy=False)).reshape(-1).view(np.uint8)
        entries[name] = {
            "dtype": NAMES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [position, position + array.size],
        }
        arrays.append(array)
        position += array.size
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text, arrays


def _refuse_shared(tensors: dict[str, Tensor]) -> None:
    by_memory: dict[Any, list[str]] = {}
    for name, tensor in tensors.items():
        if tensor.numel():
            root = storage_of(tensor).root
            by_memory.setdefault((str(tensor.device), address(root)), []).append(name)
    shared = [names for names in by_memory.values() if len(names) > 1]
    if shared:
        raise RuntimeError(
            f"Some tensors share memory, this will lead to duplicate memory on disk and potential differences when loading them again: {shared}. "
            "Clone them, or leave all but one out."
        )


def _tensors(data: np.ndarray) -> dict[str, Tensor]:
    entries, start = _header(data)
    buffer = data[start:]
    found: dict[str, Tensor] = {}
    end = 0
    for name, (of, shape, first, last) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if first != end:
            raise SafetensorError(
                f"invalid offsets for tensor `{name}`: it begins at {first}, the one before ends at {end}"
            )
        if math.prod(shape) * of.itemsize != last - first:
            raise SafetensorError(f"tensor `{name}` of shape {shape} and {of} does not have {last - first} bytes")
        end = last
        raw = np.array(buffer[first:last])  # memory of its own, aligned
        if of is dtypes.bool_:
            raw = raw != 0
        array = raw.view(of.numpy.newbyteorder("<")).astype(of.numpy, copy=False)
        found[name] = wrap(array.reshape(shape))
    if end != buffer.size:
        raise SafetensorError(f"the tensors take {end} bytes, but the file has {buffer.size} for them")
    return {name: found[name] for name in entries}


def _header(data: np.ndarray) -> tuple[dict[str, tuple[dtypes.dtype, tuple[int, ...], int, int]], int]:
    if data.size < 8:
        raise SafetensorError(f"header too small: a file has at least 8 bytes, this one {data.size}")
    length = int.from_bytes(data[:8].tobytes(), "little")
    if length > min(data.size - 8, _LONGEST_HEADER):
        raise SafetensorError(f"invalid header length {length} in a file of {data.size} bytes")
    try:
        header = json.loads(data[8 : 8 + length].tobytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SafetensorError(f"invalid JSON in header: {error}") from None
    if not isinstance(header, dict):
        raise SafetensorError("the header must be a JSON object")
    header.pop("__metadata__", None)
    entries = {}
    size = data.size - 8 - length
    for name, entry in header.items():
        try:
            of, shape, (first, last) = _DTYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
        except (KeyError, TypeError, ValueError):
            raise SafetensorError(f"invalid header entry for tensor `{name}`: {entry!r}") from None
        if any(type(number) is not int or number < 0 for number in (*shape, first, last)) or not first <= last <= size:
            raise SafetensorError(f"invalid shape or offsets for tensor `{name}`: {entry!r}")
        entries[name] = of, shape, first, last
    return entries, 8 + length
