"""What is inside a DLPack capsule: the dtype and the device, read and set where NumPy's own importer and exporter do not know them.

Layout of the structs: https://dmlc.github.io/dlpack/latest/c_api.html
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ..core import dtype as dtypes

CODES = {
    dtypes.bfloat16: 4, dtypes.float8_e4m3fn: 10, dtypes.float8_e4m3fnuz: 11, dtypes.float8_e5m2: 12, dtypes.float8_e5m2fnuz: 13, dtypes.float8_e8m0fnu: 14,
}  # fmt: skip
"""DLDataTypeCode of the dtypes that NumPy has not."""

_UNSIGNED = 1  # kDLUInt
_CARRIERS = {1: np.dtype(np.uint8), 2: np.dtype(np.uint16)}  # itemsize -> the NumPy type that carries the bits


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_OFFSETS = {b"dltensor": 0, b"dltensor_versioned": 32}
"""Capsule name -> where the DLTensor begins in the managed struct (version, context, deleter and flags come before it in the younger one)."""


def _content(capsule: Any) -> _DLTensor:
    """The DLTensor of an unused capsule. RuntimeError for a used one, or for what is no capsule."""
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    name = api.PyCapsule_GetName(capsule) if type(capsule).__name__ == "PyCapsule" else None
    if name not in _OFFSETS:
        raise RuntimeError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have already constructed a "
            "tensor from it once."
        )
    return _DLTensor.from_address(api.PyCapsule_GetPointer(capsule, name) + _OFFSETS[name])


class Exported:
    """A capsule as an object with the two methods that importers ask for."""

    def __init__(self, capsule: Any):
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        content = _content(self.capsule)
        return content.device_type, content.device_id


def export(array: np.ndarray, dtype: dtypes.dtype, **keywords: Any) -> Any:
    """A capsule of a host array's memory, whatever its dtype."""
    if dtype not in CODES:
        return array.__dlpack__(**keywords)
    capsule = array.view(_CARRIERS[dtype.itemsize]).__dlpack__(**keywords)
    _content(capsule).code = CODES[dtype]
    return capsule


def import_host(capsule: Any) -> np.ndarray:
    """A writable array on the host memory of a capsule, which is used up. ValueError for negative strides, BufferError for dtypes that no tensor has."""
    content = _content(capsule)
    if content.strides and any(content.strides[dim] < 0 for dim in range(content.ndim)):
        raise ValueError("from_dlpack(): tensors with negative strides are not supported; copy the array first")
    found = next((of for of, code in CODES.items() if code == content.code and content.bits == of.itemsize * 8), None)
    if found is not None:
        content.code = _UNSIGNED
    array = np.from_dlpack(Exported(capsule))
    return _writable(array if found is None else array.view(found.numpy))


def _writable(array: np.ndarray) -> np.ndarray:
    """The array without the mark that NumPy puts on imports. The memory is the exporter's, and tensors have no read-only memory."""
    if array.flags.writeable or array.size == 0:
        return array
    reach = sum((length - 1) * step for length, step in zip(array.shape, array.strides, strict=True))
    memory = (ctypes.c_char * (reach + array.itemsize)).from_address(array.ctypes.data)
    memory.owner = array  # type: ignore[attr-defined]  # keeps the exporter's memory alive
    return np.ndarray(array.shape, array.dtype, memory, 0, array.strides)
