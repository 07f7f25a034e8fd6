"""Element types: one interned object per dtype, its NumPy storage type, and the process's default.

bfloat16 and float8 are ml_dtypes storage types. complex32 is left out: neither NumPy nor ml_dtypes can hold it.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

BOOL, INTEGER, FLOAT, COMPLEX = range(4)


class dtype:
    """An element type; compare with ``is`` or ``==``.

    Attributes: ``name`` ("float32"), ``numpy`` (its ``numpy.dtype``), ``itemsize`` (bytes), ``category`` (BOOL < INTEGER < FLOAT <
    COMPLEX), ``legacy_name`` ("Float", the word that PyTorch's error messages use).
    """

    __slots__ = (
        "category",
        "is_complex",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "legacy_name",
        "name",
        "numpy",
    )

    def __init__(self, name: str, storage, category: int, is_signed: bool, legacy_name: str):
        self.name = name
        self.numpy = np.dtype(storage)
        self.itemsize = self.numpy.itemsize
        self.category = category
        self.is_floating_point = category == FLOAT
        self.is_complex = category == COMPLEX
        self.is_signed = is_signed
        self.legacy_name = legacy_name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return named, (self.name,)

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this dtype (float32 -> complex64)."""
        if self.is_complex:
            return self
        return complex128 if self is float64 else complex64

    def to_real(self) -> dtype:
        """The dtype of the real part (complex64 -> float32)."""
        return {complex64: float32, complex128: float64}.get(self, self)


float64 = dtype("float64", np.float64, FLOAT, True, "Double")
float32 = dtype("float32", np.float32, FLOAT, True, "Float")
float16 = dtype("float16", np.float16, FLOAT, True, "Half")
bfloat16 = dtype("bfloat16", ml_dtypes.bfloat16, FLOAT, True, "BFloat16")
float8_e4m3fn = dtype("float8_e4m3fn", ml_dtypes.float8_e4m3fn, FLOAT, True, "Float8_e4m3fn")
float8_e5m2 = dtype("float8_e5m2", ml_dtypes.float8_e5m2, FLOAT, True, "Float8_e5m2")
float8_e4m3fnuz = dtype("float8_e4m3fnuz", ml_dtypes.float8_e4m3fnuz, FLOAT, True, "Float8_e4m3fnuz")
float8_e5m2fnuz = dtype("float8_e5m2fnuz", ml_dtypes.float8_e5m2fnuz, FLOAT, True, "Float8_e5m2fnuz")
float8_e8m0fnu = dtype("float8_e8m0fnu", ml_dtypes.float8_e8m0fnu, FLOAT, True, "Float8_e8m0fnu")
complex64 = dtype("complex64", np.complex64, COMPLEX, True, "ComplexFloat")
complex128 = dtype("complex128", np.complex128, COMPLEX, True, "ComplexDouble")
int8 = dtype("int8", np.int8, INTEGER, True, "Char")
int16 = dtype("int16", np.int16, INTEGER, True, "Short")
int32 = dtype("int32", np.int32, INTEGER, True, "Int")
int64 = dtype("int64", np.int64, INTEGER, True, "Long")
uint8 = dtype("uint8", np.uint8, INTEGER, False, "Byte")
uint16 = dtype("uint16", np.uint16, INTEGER, False, "UInt16")
uint32 = dtype("uint32", np.uint32, INTEGER, False, "UInt32")
uint64 = dtype("uint64", np.uint64, INTEGER, False, "UInt64")
bool_ = dtype("bool", np.bool_, BOOL, False, "Bool")

ALL = tuple(value for value in list(globals().values()) if isinstance(value, dtype))
BY_NAME = {item.name: item for item in ALL}
BY_NUMPY = {item.numpy: item for item in ALL}
ALIASES = {
    "double": float64,
    "float": float32,
    "half": float16,
    "cfloat": complex64,
    "cdouble": complex128,
    "short": int16,
    "int": int32,
    "long": int64,
}
FLOAT8 = frozenset(item for item in ALL if item.name.startswith("float8"))
HALF_NUMPY = frozenset((float16.numpy, bfloat16.numpy))
"""Storage types that are computed in float32 and rounded once."""

_default = float32


def named(name: str) -> dtype:
    """The dtype called ``name``; what a pickled dtype is rebuilt with."""
    return BY_NAME[name]


def of(storage: np.dtype) -> dtype:
    """The dtype stored as the NumPy type ``storage``.

    Raises TypeError for a NumPy type that no tensor can hold (strings, objects, records, longdouble, foreign byte order).
    """
    found = BY_NUMPY.get(storage)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type {storage}. The only supported types are: float64, float32, float16, "
            "complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


PYTHON_TYPES = {bool: bool_, int: int64, float: float64, complex: complex128}


def parse(value) -> dtype:
    """The dtype that a ``dtype=`` argument means: a dtype, or one of Python's own number types."""
    if type(value) is dtype:
        return value
    if value in PYTHON_TYPES:
        return PYTHON_TYPES[value]
    raise TypeError(f"dtype must be a torch.dtype or a Python number type, not {type(value).__name__}: {value!r}")


def get_default_dtype() -> dtype:
    """The dtype that Python floats become: float32 unless changed."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make ``d`` the dtype that Python floats become. Raises TypeError unless it is a floating point dtype."""
    global _default
    if not (isinstance(d, dtype) and d.is_floating_point):
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _default = d
