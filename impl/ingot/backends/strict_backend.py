"""A stand-in for CuPy that needs no GPU: NumPy arrays behind a class with CuPy's manners.

``install()`` makes it serve ``device="cuda"``. It computes with NumPy and refuses what CuPy refuses: implicit conversion to a host array
(``np.asarray(x)``, ``float(x)`` through ``__array__``), host arrays as operands (0-d ones too), and functions that CuPy lacks. A kernel that quietly moves data to the host, or mixes
devices, fails here as it would on a GPU. What it cannot show: speed, streams, and CuPy's own bugs.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..core.device import device

_DEVICE = device("cuda", 0)

LACKS = frozenset((
    "nextafter_inexact", "block", "einsum_path", "frompyfunc", "vectorize", "apply_over_axes", "fromiter", "nditer", "errstate",
    "unwrap_inexact", "sort_complex_inexact", "bmat", "busday_count", "char", "rec", "insert", "setdiff1d_inexact",
))  # fmt: skip
"""NumPy names that CuPy 14 has not; asking for one here raises AttributeError, as ``cupy.<name>`` does."""


class StrictArray:
    """An array "on the device"."""

    __slots__ = ("host",)
    __array_priority__ = 2000

    def __init__(self, host: np.ndarray):
        self.host = host

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    strides = property(lambda self: self.host.strides)
    flags = property(lambda self: self.host.flags)
    itemsize = property(lambda self: self.host.itemsize)
    nbytes = property(lambda self: self.host.nbytes)

    @property
    def data(self):
        return _Pointer(self.host.ctypes.data)

    def __len__(self) -> int:
        return len(self.host)

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        """``np.add(x, y)`` of device arrays runs on the device, as with CuPy; beside a host array it is refused."""
        return _guarded(getattr(ufunc, method))(*args, **kwargs)

    @property
    def __cuda_array_interface__(self) -> dict:
        host = self.host.__array_interface__
        return {name: host[name] for name in ("shape", "typestr", "strides", "data")} | {"version": 3}

    def get(self) -> np.ndarray:
        """A host copy."""
        return self.host.copy()

    def item(self):
        return self.host.item()

    def __getitem__(self, key):
        found = self.host[_inner(key)]
        return StrictArray(found if isinstance(found, np.ndarray) else np.asarray(found))

    def __setitem__(self, key, value):
        if isinstance(value, np.ndarray):
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        self.host[_inner(key)] = _inner(value)

    def __bool__(self) -> bool:
        return bool(self.host)

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = getattr(self.host, name)
        return _guarded(attribute) if callable(attribute) else _outer(attribute)


class _Pointer:
    """The address that ``array.data.ptr`` gives on device arrays."""

    def __init__(self, ptr: int):
        self.ptr = ptr


def _inner(value):
    """What NumPy may see of an argument: device arrays opened, host arrays refused."""
    if isinstance(value, StrictArray):
        return value.host
    if isinstance(value, (tuple, list)):
        return type(value)(_inner(item) for item in value)
    if isinstance(value, dict):
        return {key: _inner(item) for key, item in value.items()}
    return value


def _refuse_host(value) -> None:
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, (tuple, list)):
        for item in value:
            _refuse_host(item)


def _outer(value):
    if isinstance(value, np.ndarray):
        return StrictArray(value)
    if isinstance(value, np.generic):  # CuPy keeps 0-d results on the device
        return StrictArray(np.asarray(value))
    if isinstance(value, tuple):  # NumPy's named tuples (of ``linalg.svd``) too
        return tuple(_outer(item) for item in value)
    if type(value) is list:
        return [_outer(item) for item in value]
    return value


def _guarded(function):
    def call(*args, **kwargs):
        for item in (*args, *kwargs.values()):
            _refuse_host(item)
        return _outer(function(*_inner(args), **_inner(kwargs)))

    return call


def _operator(name: str):
    def apply(self, other):
        if isinstance(other, np.ndarray):
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        return _outer(getattr(self.host, name)(_inner(other)))

    return apply


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and",
    "or",
    "xor",
    "matmul",
    "lshift",
    "rshift",
):
    for _form in (f"__{_name}__", f"__r{_name}__", f"__i{_name}__"):
        setattr(StrictArray, _form, _operator(_form))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(StrictArray, f"__{_name}__", _operator(f"__{_name}__"))
for _name in ("neg", "invert", "abs", "pos"):
    setattr(StrictArray, f"__{_name}__", (lambda form: lambda self: _outer(getattr(self.host, form)()))(f"__{_name}__"))


class _Ufunc:
    """A NumPy ufunc that takes device arrays only."""

    def __init__(self, ufunc):
        self.ufunc = ufunc
        self.__name__ = ufunc.__name__

    def __call__(self, *args, **kwargs):
        for item in (*args, *kwargs.values()):
            _refuse_host(item)
        return _outer(self.ufunc(*_inner(args), **_inner(kwargs)))

    def __getattr__(self, name: str):
        return _guarded(getattr(self.ufunc, name))


class _Namespace:
    """NumPy's functions on device arrays."""

    ndarray = StrictArray

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name: str):
        if name in LACKS:
            raise AttributeError(f"module 'cupy' has no attribute '{name}'")
        found = getattr(self._module, name)
        if isinstance(found, np.ufunc):
            found = _Ufunc(found)
        elif isinstance(found, type(np)):
            found = _Namespace(found)
        elif callable(found) and not isinstance(found, type):
            found = _guarded(found)
        setattr(self, name, found)
        return found


xp = _Namespace(np)
xp.asarray = lambda value, *args, **kwargs: (
    value
    if isinstance(value, StrictArray) and not args and not kwargs
    else StrictArray(np.array(_inner(value), *args, **kwargs))
)
xp.array = lambda value, *args, **kwargs: StrictArray(np.array(_inner(value), *args, **kwargs))


def install() -> None:
    """Serve ``device="cuda"`` with this stand-in, in this process."""
    import sys

    from . import BACKENDS, adopt

    module = sys.modules[__name__]
    BACKENDS["cuda"] = module
    adopt(module)


def uninstall() -> None:
    """Leave "cuda" to CuPy again."""
    from . import BACKENDS

    BACKENDS.pop("cuda", None)


def device_count() -> int:
    """One."""
    return 1


def current_device() -> int:
    """The only one."""
    return 0


def set_device(index: int) -> None:
    """There is only one."""
    if index != 0:
        raise RuntimeError("CUDA error: invalid device ordinal")


def empty(shape, numpy_dtype, index=None):
    """Uninitialised "device" memory."""
    return StrictArray(np.empty(shape, numpy_dtype))


def from_host(array, index=None):
    """A "device" copy of a host array."""
    return StrictArray(np.array(array))


def to_host(array):
    """A host copy."""
    return array.get()


def synchronize(index=None) -> None:
    """NumPy computes before it returns; nothing is pending."""


def device_of(array):
    """``cuda:0``."""
    return _DEVICE


def strided(array, shape, byte_strides):
    """The memory under another shape and strides (bytes); the caller has checked the bounds."""
    return StrictArray(as_strided(array.host, shape, byte_strides))


def manual_seed(seed: int) -> None:
    """The stand-in draws its numbers on the host, from the default generator."""


def add_at(target, index, values) -> None:
    """``target[index[i]] += values[i]``, repeated indices adding up."""
    np.add.at(target.host, index.host, values.host)
