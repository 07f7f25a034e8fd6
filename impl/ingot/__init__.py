"""Ingot: tensors, derivatives and neural networks with PyTorch's names, on NumPy and CuPy.

    import ingot as torch

The core and all ops load at once; ``nn``, ``optim``, ``utils``, ``cuda``, serialization and the like load when first named (PEP 562).
"""

from __future__ import annotations

import math as _math
from importlib import import_module as _import_module

from . import autograd
from .autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .core import dtype as _dtypes
from .core.device import device
from .core.dtype import dtype, get_default_dtype, set_default_dtype
from .core.errors import OutOfMemoryError
from .core.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from .core.promotion import can_cast, promote_types
from .core.size import Size
from .core.tensor import Tensor
from .ops import SPACES as _SPACES
from .ops.creation import from_numpy, get_default_device, set_default_device

__version__ = "0.1.0"

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None

globals().update(_dtypes.BY_NAME)
globals().update(_dtypes.ALIASES)
globals().update(_SPACES["torch"])

_MODULES = frozenset(
    ("cuda", "fft", "linalg", "masked", "nn", "optim", "random", "serialization", "signal", "special", "utils")
)
_ELSEWHERE = {
    "Generator": "core.generator",
    "default_generator": "core.generator",
    "fork_rng": "random",
    "get_printoptions": "core.printing",
    "get_rng_state": "random",
    "initial_seed": "random",
    "load": "serialization",
    "manual_seed": "random",
    "save": "serialization",
    "seed": "random",
    "set_printoptions": "core.printing",
    "set_rng_state": "random",
}
"""Names of this namespace -> the submodule that has them, loaded on first use."""


def __getattr__(name: str):
    if name in _MODULES:
        return _import_module(f".{name}", __name__)
    if name in _ELSEWHERE:
        found = globals()[name] = getattr(_import_module(f".{_ELSEWHERE[name]}", __name__), name)
        return found
    raise AttributeError(f"module 'ingot' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_ELSEWHERE})


def is_tensor(obj) -> bool:
    """Whether ``obj`` is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether a tensor's dtype is a floating point one."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether a tensor's dtype is complex."""
    return input.is_complex()


def is_nonzero(input: Tensor) -> bool:
    """``bool`` of a tensor with one element."""
    return bool(input)


def numel(input: Tensor) -> int:
    """The number of elements of a tensor."""
    return input.numel()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return input.shape == other.shape


def broadcast_shapes(*shapes) -> Size:
    """The shape that several shapes broadcast to. RuntimeError where they do not."""
    import builtins

    import numpy as np

    given = [(item,) if isinstance(item, builtins.int) else tuple(item) for item in shapes]
    try:
        return Size(np.broadcast_shapes(*given))
    except ValueError:
        raise RuntimeError(f"Shape mismatch: objects cannot be broadcast to a single shape: {given}") from None


def set_default_tensor_type(t) -> None:
    """Make a legacy tensor type (``torch.DoubleTensor``) or its name the default float type."""
    name = t if isinstance(t, str) else t.__name__
    kind = name.rsplit(".", 1)[-1].removesuffix("Tensor")
    found = next((item for item in _dtypes.ALL if item.legacy_name == kind), None)
    if found is None:
        raise TypeError(f"invalid type name {name!r}")
    set_default_dtype(found)


def result_type(tensor, other) -> dtype:
    """The dtype of arithmetic on two operands (tensors or Python numbers)."""
    from .core.promotion import combine, number_dtype

    ranked: list = [None, None, None]
    for value in (tensor, other):
        rank, found = (0 if value.ndim else 1, value.dtype) if isinstance(value, Tensor) else (2, number_dtype(value))
        ranked[rank] = found if ranked[rank] is None else promote_types(ranked[rank], found)
    return combine(*ranked)


def get_num_threads() -> int:
    """How many threads CPU kernels may use."""
    from .backends.numpy_backend import thread_count

    return thread_count()


def set_num_threads(count: int) -> None:
    """Set how many threads CPU kernels (NumPy's BLAS) may use."""
    from .backends.numpy_backend import set_thread_count

    set_thread_count(count)


class finfo:
    """Limits of a floating point dtype: ``eps``, ``max``, ``min``, ``tiny``, ``smallest_normal``, ``resolution``, ``bits``."""

    def __init__(self, type: dtype | None = None):
        import ml_dtypes

        found = get_default_dtype() if type is None else type
        if found.category < _dtypes.FLOAT:
            raise TypeError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{found.name}'"
            )
        limits = ml_dtypes.finfo(found.to_real().numpy)
        self.dtype = found.to_real().name
        self.bits = found.to_real().itemsize * 8
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.smallest_normal)
        self.resolution = float(limits.resolution)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: ``min``, ``max``, ``bits``."""

    def __init__(self, type: dtype):
        import numpy as np

        if type.category != _dtypes.INTEGER:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type.name}'")
        limits = np.iinfo(type.numpy)
        self.min, self.max, self.bits, self.dtype = int(limits.min), int(limits.max), limits.bits, type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


__all__ = [
    "OutOfMemoryError", "Size", "Tensor", "autograd", "can_cast", "channels_last", "channels_last_3d", "contiguous_format", "device", "dtype", "enable_grad",
    "finfo", "from_numpy", "get_default_device", "get_default_dtype", "iinfo", "inference_mode", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_grad_enabled",
    "is_inference_mode_enabled", "layout", "memory_format", "no_grad", "preserve_format", "promote_types", "set_default_device",
    "set_default_dtype", "set_grad_enabled", "strided", *_dtypes.BY_NAME, *_dtypes.ALIASES, *_SPACES["torch"],
]  # fmt: skip
