"""The "meta" device: tensors with shape, dtype and strides but no values.

Kernels are not written twice for it. A ``MetaArray`` wraps a real NumPy array whose memory is one element long, seen under the shape and strides that
the tensor claims (``ghost``); view kernels work on the ghost unchanged, since they never touch memory. Functions that would compute are answered by shape
rules, one per kind of function: elementwise, reduction, product, joining, selection. What depends on values (``nonzero``, ``item``) raises.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..core.device import meta


def _ghost(shape, dtype) -> np.ndarray:
    shape = tuple(int(length) for length in shape)
    size = np.dtype(dtype).itemsize
    steps, step = [], size
    for length in reversed(shape):
        steps.append(step)
        step *= max(length, 1)
    return as_strided(np.empty(1, dtype), shape, tuple(reversed(steps)))


class MetaArray:
    """Shape, dtype and strides of an array that is not there."""

    __slots__ = ("ghost",)
    __array_priority__ = 2000

    def __init__(self, ghost: np.ndarray):
        self.ghost = ghost

    shape = property(lambda self: self.ghost.shape)
    dtype = property(lambda self: self.ghost.dtype)
    ndim = property(lambda self: self.ghost.ndim)
    size = property(lambda self: self.ghost.size)
    strides = property(lambda self: self.ghost.strides)
    flags = property(lambda self: self.ghost.flags)
    itemsize = property(lambda self: self.ghost.itemsize)
    nbytes = property(lambda self: self.ghost.nbytes)
    T = property(lambda self: MetaArray(self.ghost.T))
    real = property(lambda self: MetaArray(self.ghost.real))
    imag = property(lambda self: MetaArray(self.ghost.imag))

    @property
    def data(self):
        return _Pointer(self.ghost.ctypes.data)

    def __len__(self) -> int:
        return len(self.ghost)

    # -- views: NumPy's own, on the ghost

    def transpose(self, *dims):
        return MetaArray(self.ghost.transpose(*dims))

    def swapaxes(self, a, b):
        return MetaArray(self.ghost.swapaxes(a, b))

    def view(self, dtype=None):
        return MetaArray(self.ghost.view() if dtype is None else self.ghost.view(dtype))

    def squeeze(self, axis=None):
        return MetaArray(self.ghost.squeeze(axis))

    def reshape(self, *shape):
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        known = math.prod(length for length in shape if length != -1)
        shape = tuple(self.size // max(known, 1) if length == -1 else length for length in shape)
        if math.prod(shape) != self.size:
            raise ValueError(f"cannot reshape array of size {self.size} into shape {shape}")
        try:
            view = self.ghost.view()
            view.shape = shape
            return MetaArray(view)
        except AttributeError:  # not a view: a copy, of which only the shape matters
            return MetaArray(_ghost(shape, self.dtype))

    def __getitem__(self, key):
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(part, (MetaArray, np.ndarray, list)) for part in parts):
            probe = tuple(
                np.broadcast_to(np.zeros((), part.dtype), part.shape) if isinstance(part, MetaArray) else part
                for part in parts
            )
            if any(isinstance(part, np.ndarray) and part.dtype.kind == "b" for part in probe):
                raise NotImplementedError("indexing a meta tensor with a mask has a shape that depends on values")
            return MetaArray(_ghost(np.broadcast_to(np.zeros((), self.dtype), self.shape)[probe].shape, self.dtype))
        view = self.ghost[key]
        return MetaArray(view if isinstance(view, np.ndarray) else _ghost((), self.dtype))

    # -- what would compute

    def __setitem__(self, key, value):
        """Nothing is stored; the shapes must fit."""
        target = self[key].shape
        np.broadcast_shapes(target, np.shape(value) if not isinstance(value, MetaArray) else value.shape)

    def astype(self, dtype, copy=True):
        return MetaArray(_ghost(self.shape, dtype))

    def copy(self, order="C"):
        return MetaArray(_ghost(self.shape, self.dtype))

    def fill(self, value) -> None:
        """Nothing is stored."""

    def item(self):
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")

    def __array__(self, dtype=None, copy=None):
        raise NotImplementedError("Cannot copy out of meta tensor; no data!")

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, axis=0, keepdims=False, dtype=None, **rest):
        if method == "reduce":
            shape = _reduced(inputs[0].shape, axis, keepdims)
            return MetaArray(_ghost(shape, dtype or _reduce_dtype(ufunc, inputs[0].dtype)))
        if method == "accumulate":
            return MetaArray(_ghost(inputs[0].shape, dtype or inputs[0].dtype))
        if method != "__call__":
            raise NotImplementedError(f"meta tensors have no shape rule for {ufunc.__name__}.{method}")
        if ufunc is np.matmul:
            return MetaArray(
                _ghost(
                    _matmul_shape(*(item.shape for item in inputs)), np.result_type(*(item.dtype for item in inputs))
                )
            )
        shape = np.broadcast_shapes(
            *(np.shape(item) if not isinstance(item, MetaArray) else item.shape for item in inputs)
        )
        kinds = tuple(item.dtype if hasattr(item, "dtype") else type(item) for item in inputs)
        found = ufunc.resolve_dtypes(kinds + (None,) * ufunc.nout)[ufunc.nin :]
        if out is not None:
            if shape != out[0].shape:
                raise ValueError(
                    f"non-broadcastable output operand with shape {out[0].shape} doesn't match the broadcast shape {shape}"
                )
            return out[0]
        results = tuple(MetaArray(_ghost(shape, one)) for one in found)
        return results[0] if len(results) == 1 else results

    def __array_function__(self, function, types, args, kwargs):
        rule = SHAPE_RULES.get(function)
        if rule is None:
            raise NotImplementedError(f"meta tensors have no shape rule for numpy.{function.__name__}")
        return rule(*args, **kwargs)


class _Pointer:
    """The address that ``array.data.ptr`` gives on device arrays."""

    def __init__(self, ptr: int):
        self.ptr = ptr


def _operator(ufunc, reflected=False):
    def apply(self, other):
        return ufunc(other, self) if reflected else ufunc(self, other)

    return apply


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide, "mod": np.remainder,
    "pow": np.power, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "matmul": np.matmul, "lshift": np.left_shift,
    "rshift": np.right_shift,
}.items():  # fmt: skip
    setattr(MetaArray, f"__{_name}__", _operator(_ufunc))
    setattr(MetaArray, f"__r{_name}__", _operator(_ufunc, reflected=True))
for _name, _ufunc in {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}.items():
    setattr(MetaArray, f"__{_name}__", _operator(_ufunc))
for _name, _ufunc in {"neg": np.negative, "invert": np.invert, "abs": np.absolute}.items():
    setattr(MetaArray, f"__{_name}__", (lambda ufunc: lambda self: ufunc(self))(_ufunc))
for _name in ("sum", "prod", "max", "min", "mean", "any", "all", "argmax", "argmin", "var", "std"):
    setattr(
        MetaArray, _name, (lambda name: lambda self, *args, **kwargs: getattr(np, name)(self, *args, **kwargs))(_name)
    )


def _reduced(shape, axis, keepdims) -> tuple[int, ...]:
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    gone = {one % len(shape) if shape else one for one in axes}
    if keepdims:
        return tuple(1 if dim in gone else length for dim, length in enumerate(shape))
    return tuple(length for dim, length in enumerate(shape) if dim not in gone)


def _reduce_dtype(ufunc, dtype):
    if ufunc in (np.logical_and, np.logical_or):
        return np.dtype(bool)
    return np.dtype(np.int64) if ufunc in (np.add, np.multiply) and dtype.kind in "bi" else dtype


def _matmul_shape(a, b) -> tuple[int, ...]:
    if a[-1] != (b[-2] if len(b) > 1 else b[0]):
        raise ValueError(f"matmul: shapes {a} and {b} do not fit")
    lead = np.broadcast_shapes(a[:-2], b[:-2])
    return (*lead, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def _same(a, *args, **kwargs):
    dtype = kwargs.get("dtype")
    return MetaArray(_ghost(a.shape, a.dtype if dtype is None else dtype))


def _reduction(dtype=None):
    def rule(a, axis=None, *args, keepdims=False, **kwargs):
        found = kwargs.get("dtype") or dtype or a.dtype
        return MetaArray(_ghost(_reduced(a.shape, axis, keepdims), found))

    return rule


def _as_meta(value):
    return value if isinstance(value, MetaArray) else MetaArray(_ghost(np.shape(value), np.asarray(value).dtype))


def _where(condition, *choices):
    if not choices:
        raise NotImplementedError("where(condition) of a meta tensor has a shape that depends on values")
    items = [_as_meta(item) for item in (condition, *choices)]
    return MetaArray(
        _ghost(
            np.broadcast_shapes(*(item.shape for item in items)), np.result_type(*(item.dtype for item in items[1:]))
        )
    )


def _concatenate(arrays, axis=0, **kwargs):
    shapes = [item.shape for item in arrays]
    axis %= len(shapes[0])
    total = sum(shape[axis] for shape in shapes)
    return MetaArray(
        _ghost((*shapes[0][:axis], total, *shapes[0][axis + 1 :]), np.result_type(*(item.dtype for item in arrays)))
    )


def _take(a, indices, axis=None, **kwargs):
    shape = np.shape(indices) if not isinstance(indices, MetaArray) else indices.shape
    return MetaArray(
        _ghost(shape if axis is None else (*a.shape[:axis], *shape, *a.shape[axis % a.ndim + 1 :]), a.dtype)
    )


def _by_ghost(function):
    return lambda a, *args, **kwargs: MetaArray(function(a.ghost, *args, **kwargs))


def _ghosts(a, *shapes, real=()):
    """Meta arrays of ``shapes`` after the batch of ``a``; those at the places in ``real`` hold real numbers."""
    parts = [
        MetaArray(_ghost((*a.shape[:-2], *shape), a.real.dtype if place in real else a.dtype))
        for place, shape in enumerate(shapes)
    ]
    return tuple(parts) if len(parts) > 1 else parts[0]


def _svd(a, full_matrices=True, compute_uv=True, **kwargs):
    rows, columns = a.shape[-2:]
    few = min(rows, columns)
    if not compute_uv:
        return _ghosts(a, (few,), real=(0,))
    left, right = (rows, columns) if full_matrices else (few, few)
    return _ghosts(a, (rows, left), (few,), (right, columns), real=(1,))


def _qr(a, mode="reduced"):
    rows, columns = a.shape[-2:]
    few = min(rows, columns)
    inner = rows if mode == "complete" else few
    if mode == "raw":
        return _ghosts(a, (columns, rows), (few,))
    return _ghosts(a, (few, columns)) if mode == "r" else _ghosts(a, (rows, inner), (inner, columns))


LINEAR_ALGEBRA = {
    np.linalg.inv: _same, np.linalg.cholesky: _same, np.linalg.det: lambda a: _ghosts(a, ()), np.linalg.svd: _svd, np.linalg.qr: _qr,
    np.linalg.slogdet: lambda a: _ghosts(a, (), (), real=(1,)), np.linalg.solve: lambda a, b: MetaArray(_ghost(b.shape, b.dtype)),
    np.linalg.eigh: lambda a, *args: _ghosts(a, a.shape[-1:], a.shape[-2:], real=(0,)),
    np.linalg.eigvalsh: lambda a, *args: _ghosts(a, a.shape[-1:], real=(0,)),
    np.linalg.eig: lambda a: _ghosts(a, a.shape[-1:], a.shape[-2:]), np.linalg.eigvals: lambda a: _ghosts(a, a.shape[-1:]),
}  # fmt: skip
"""Shape rules of ``numpy.linalg``."""

SHAPE_RULES = LINEAR_ALGEBRA | {
    np.where: _where, np.concatenate: _concatenate, np.take: _take, np.copy: _same, np.zeros_like: _same, np.ones_like: _same,
    np.empty_like: _same, np.full_like: _same, np.cumsum: _same, np.cumprod: _same, np.sort: _same, np.clip: _same, np.nan_to_num: _same,
    np.flip: _same, np.roll: _same, np.round: _same, np.tril: _same, np.triu: _same,
    np.argpartition: lambda a, kth, *args, **kwargs: MetaArray(_ghost(a.shape, np.int64)),
    np.argsort: lambda a, *args, **kwargs: MetaArray(_ghost(a.shape, np.int64)),
    np.sum: _reduction(), np.prod: _reduction(), np.max: _reduction(), np.min: _reduction(), np.mean: _reduction(), np.var: _reduction(),
    np.std: _reduction(), np.any: _reduction(np.dtype(bool)), np.all: _reduction(np.dtype(bool)), np.argmax: _reduction(np.dtype(np.int64)),
    np.argmin: _reduction(np.dtype(np.int64)), np.take_along_axis: lambda a, indices, axis: MetaArray(_ghost(indices.shape, a.dtype)),
    np.broadcast_to: _by_ghost(np.broadcast_to), np.moveaxis: _by_ghost(np.moveaxis), np.expand_dims: _by_ghost(np.expand_dims),
    np.swapaxes: _by_ghost(np.swapaxes), np.squeeze: _by_ghost(np.squeeze), np.diagonal: _by_ghost(np.diagonal),
    np.transpose: _by_ghost(np.transpose), np.ascontiguousarray: lambda a, *args: MetaArray(_ghost(a.shape, a.dtype)),
    np.matmul: lambda a, b: MetaArray(_ghost(_matmul_shape(a.shape, b.shape), np.result_type(a.dtype, b.dtype))),
    np.shape: lambda a: a.shape, np.ndim: lambda a: a.ndim, np.size: lambda a: a.size,
    np.pad: lambda a, widths, *args, **kwargs: MetaArray(_ghost([n + sum(w) for n, w in zip(a.shape, widths, strict=True)], a.dtype)),
    np.repeat: lambda a, n, axis: MetaArray(_ghost([m * n if d == axis else m for d, m in enumerate(a.shape)], a.dtype)),
    np.stack: lambda items, axis=0: MetaArray(
        _ghost((*items[0].shape[:axis], len(items), *items[0].shape[axis:]), np.result_type(*(item.dtype for item in items)))
    ),
}  # fmt: skip
"""NumPy function -> its shape rule."""


class _Namespace:
    """NumPy, with functions that create arrays creating meta ones."""

    ndarray = MetaArray

    def __getattr__(self, name: str):
        return getattr(np, name)

    @staticmethod
    def empty(shape, dtype=float):
        return MetaArray(_ghost((shape,) if isinstance(shape, int) else shape, dtype))

    zeros = ones = empty

    @staticmethod
    def asarray(value, dtype=None):
        """NumPy's own does not ask the argument's class."""
        if not isinstance(value, MetaArray):
            value = MetaArray(_ghost(np.shape(value), np.asarray(value).dtype))
        return value if dtype is None or value.dtype == dtype else value.astype(dtype)

    @staticmethod
    def ascontiguousarray(value, dtype=None):
        """As ``asarray``."""
        return MetaArray(_ghost(value.shape, dtype or value.dtype))

    @staticmethod
    def full(shape, value, dtype=None):
        return MetaArray(_ghost((shape,) if isinstance(shape, int) else shape, dtype or np.asarray(value).dtype))

    @staticmethod
    def arange(*args, dtype=None):
        return MetaArray(_ghost((len(range(*args)),), dtype or np.int64))


xp = _Namespace()


def empty(shape, numpy_dtype, index=None):
    """A meta array; nothing is allocated."""
    return MetaArray(_ghost(shape, numpy_dtype))


def from_host(array, index=None):
    """The shape, dtype and strides of a host array."""
    return (
        array
        if isinstance(array, MetaArray)
        else MetaArray(as_strided(np.empty(1, array.dtype), array.shape, array.strides))
    )


def to_host(array):
    """NotImplementedError: there is no data."""
    raise NotImplementedError("Cannot copy out of meta tensor; no data!")


def synchronize(index=None) -> None:
    """Nothing is ever pending."""


def device_of(array):
    """``meta``."""
    return meta


def strided(array: MetaArray, shape, byte_strides) -> MetaArray:
    """A meta array over the same (absent) memory under another shape and strides."""
    return MetaArray(as_strided(array.ghost, shape, byte_strides))


def add_at(target, index, values) -> None:
    """Nothing is stored."""
