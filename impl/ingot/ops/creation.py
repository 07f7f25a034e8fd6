"""New tensors from numbers, sequences, arrays and shapes."""

from __future__ import annotations

import numpy as np

from ..backends import backend_for, namespace_of
from ..core import dtype as dtypes
from ..core.device import cpu, device
from ..core.errors import OutOfMemoryError, index_of
from ..core.promotion import to_scalar
from ..core.storage import Storage
from ..core.tensor import Tensor, wrap
from .declare import composite, pointwise
from .dispatch import NUMBERS, number_of

_default_device = [cpu]


def get_default_device() -> device:
    """Where new tensors go unless told otherwise."""
    return _default_device[0]


def set_default_device(place) -> None:
    """Make ``place`` the device of new tensors."""
    _default_device[0] = cpu if place is None else device(place)


def place_of(place) -> device:
    """The device that a ``device=`` argument means."""
    if place is None:
        return _default_device[0]
    return place if type(place) is device else device(place)


def shape_of(size: tuple, name: str = "size") -> tuple[int, ...]:
    """A shape from ``f(2, 3)`` or ``f((2, 3))``; RuntimeError for a negative length."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    shape = tuple(item if type(item) is int else index_of(item, name) for item in size)
    if any(length < 0 for length in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def sized(name: str, size: tuple, keyword) -> tuple[int, ...]:
    """A shape from ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``; TypeError for none."""
    if keyword is not None:
        if size:
            raise TypeError(f"{name}() got multiple values for argument 'size'")
        size = (keyword,)
    if not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    return shape_of(size)


def allocate(shape, dtype: dtypes.dtype, place: device):
    """Uninitialised memory; RuntimeError where there is not so much of it."""
    try:
        return backend_for(place.type).empty(shape, dtype.numpy, place.index)
    except (MemoryError, ValueError, OverflowError):
        count = 1
        for length in shape:
            count *= length
        if count * dtype.itemsize >= 1 << 63:
            raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}") from None
        raise OutOfMemoryError(
            f"[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate {count * dtype.itemsize} bytes."
        ) from None


def finish(array, requires_grad: bool) -> Tensor:
    """Wrap a new array, as a leaf where a gradient is asked for."""
    tensor = wrap(array)
    if requires_grad:
        tensor.requires_grad_(True)
    return tensor


def filled(shape, value, dtype: dtypes.dtype, place: device, requires_grad: bool = False) -> Tensor:
    """A tensor of one value. TypeError for a value that is no number."""
    number = number_of(value)
    if number is None:
        raise TypeError(f"a fill value must be Number, not {type(value).__name__}")
    array = allocate(shape, dtype, place)
    array.fill(to_scalar(number, dtype))
    return finish(array, requires_grad)


def _float_or(dtype) -> dtypes.dtype:
    return dtypes.get_default_dtype() if dtype is None else dtypes.parse(dtype)


@composite(out=True)
def zeros(*shape, size=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Zeros of shape ``size``: ``zeros(2, 3)``."""
    return filled(sized("zeros", shape, size), 0, _float_or(dtype), place_of(device), requires_grad)


@composite(out=True)
def ones(*shape, size=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Ones of shape ``size``: ``ones(2, 3)``."""
    return filled(sized("ones", shape, size), 1, _float_or(dtype), place_of(device), requires_grad)


@composite(out=True)
def empty(
    *shape, size=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None
):
    """Uninitialised memory of shape ``size``: ``empty(2, 3)``."""
    return finish(allocate(sized("empty", shape, size), _float_or(dtype), place_of(device)), requires_grad)


@composite()
def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor from numbers, nested sequences, arrays or tensors; always a copy: ``tensor([[1, 2], [3, 4]])``.

    The dtype is inferred: bool, int64, the default float (or its complex), or the array's own. ValueError for ragged sequences, TypeError for what
    holds no numbers, RuntimeError for values that do not fit.
    """
    if isinstance(data, Tensor):
        copied = data.detach().clone()
        copied = copied if dtype is None and device is None else copied.to(device or data.device, dtype or data.dtype)
        return copied.requires_grad_(requires_grad)
    array = array_from(data, None if dtype is None else dtypes.parse(dtype))
    place = place_of(device)
    if place.type != "cpu":
        array = backend_for(place.type).from_host(array, place.index)
    return finish(array, requires_grad)


def array_from(data, dtype: dtypes.dtype | None) -> np.ndarray:
    """A new host array holding ``data``, with the dtype that PyTorch infers (or ``dtype``)."""
    if isinstance(data, np.ndarray):
        _check_readable(data)
        return _convert(np.array(data, order="C"), dtype.numpy if dtype else data.dtype)
    if isinstance(data, np.generic):
        return array_from(np.asarray(data), dtype)
    number = number_of(data)
    if number is not None:
        found = dtype or _number_dtype(number)
        return _from_numbers(number, (), found)
    if isinstance(data, str) or not hasattr(data, "__len__"):
        if hasattr(data, "__array_interface__") or hasattr(data, "__array__"):
            return array_from(np.asarray(data), dtype)
        if isinstance(data, str):
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    if not isinstance(data, (list, tuple)) and (hasattr(data, "__array_interface__") or hasattr(data, "__array__")):
        return array_from(np.asarray(data), dtype)
    return _from_sequence(data, dtype)


def _number_dtype(number) -> dtypes.dtype:
    from ..core.promotion import number_dtype

    return number_dtype(number)


def _from_sequence(data, dtype: dtypes.dtype | None) -> np.ndarray:
    shape = _shape_of_sequence(data)
    leaves: list = []
    _flatten(data, shape, 0, leaves)
    if dtype is None:
        dtype = _infer(leaves)
    if leaves and any(isinstance(leaf, (Tensor, np.generic)) for leaf in leaves):
        leaves = [leaf.item() if isinstance(leaf, (Tensor, np.generic)) else leaf for leaf in leaves]
    return _from_numbers(leaves, shape, dtype)


def _shape_of_sequence(data) -> tuple[int, ...]:
    shape = []
    while isinstance(data, (list, tuple)) or (hasattr(data, "shape") and len(data.shape)):
        if hasattr(data, "shape"):
            shape.extend(data.shape)
            break
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _flatten(data, shape, depth: int, leaves: list) -> None:
    if depth == len(shape):
        if number_of(data) is None and not (isinstance(data, Tensor) and data._array.size == 1):
            if isinstance(data, (list, tuple)):
                raise ValueError(f"expected sequence of length 1 at dim {depth} (got {len(data)})")
            if isinstance(data, str):
                raise ValueError("too many dimensions 'str': a tensor holds numbers, and text is none")
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        leaves.append(data)
        return
    if hasattr(data, "shape") and not isinstance(data, (list, tuple)):
        if tuple(data.shape) != tuple(shape[depth:]):
            raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
        leaves.extend((data.detach()._array if isinstance(data, Tensor) else np.asarray(data)).ravel())
        return
    if not isinstance(data, (list, tuple)):
        raise TypeError(f"not a sequence: {type(data).__name__} at dim {depth}")
    if len(data) != shape[depth]:
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
    if depth == len(shape) - 1 and all(type(item) in NUMBERS for item in data):
        leaves.extend(data)
        return
    for item in data:
        _flatten(item, shape, depth + 1, leaves)


def _infer(leaves: list) -> dtypes.dtype:
    from ..core.promotion import promote_types

    if not leaves:
        return dtypes.get_default_dtype()
    found = None
    for kind in {type(leaf) if type(leaf) in NUMBERS else leaf.dtype for leaf in leaves}:
        if isinstance(kind, type):  # not "in NUMBERS": NumPy's dtype("float64") equals float
            one = _number_dtype(kind(0))
        else:
            one = kind if isinstance(kind, dtypes.dtype) else dtypes.of(kind)
        found = one if found is None else promote_types(found, one)
    assert found is not None
    return found


def _from_numbers(numbers, shape, dtype: dtypes.dtype) -> np.ndarray:
    target = dtype.numpy
    try:
        if target.kind in "iu":
            wide = np.array(numbers)
            if wide.dtype == object or (wide.dtype == np.uint64 and target != np.uint64):
                raise OverflowError
            if wide.dtype.kind == "c":
                raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")
            if wide.size and wide.dtype.kind in "iu" and wide.dtype.itemsize > target.itemsize:
                for extreme in (wide.min(), wide.max()):
                    to_scalar(extreme.item(), dtype)
            with np.errstate(all="ignore"):
                return _convert(wide, target).reshape(shape)
        if target.kind == "b":
            return np.array(numbers).astype(bool).reshape(shape)
        if target.kind == "c":
            return np.array(numbers, np.complex128).astype(target).reshape(shape)
        with np.errstate(all="ignore"):
            return np.array(numbers, np.float64).astype(target).reshape(shape)
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long long: a number does not fit into 64 bits") from None


def _convert(array: np.ndarray, target: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        if array.dtype.kind == "c" and target.kind != "c":
            array = array.real
        return array.astype(target, copy=False)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor on the memory of a NumPy array: a write on either side is seen on the other.

    TypeError for what is no array or has a dtype that no tensor holds; ValueError for negative strides.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    _check_readable(ndarray)
    if not ndarray.flags.writeable:
        import warnings

        warnings.warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to this "
            "tensor will result in undefined behavior. You may want to copy the array to protect its data or make it writable before "
            "converting it to a tensor.",
            UserWarning,
            stacklevel=2,
        )
    made = wrap(ndarray.view(np.ndarray))
    made._storage = Storage(made._array)
    return made


def _check_readable(ndarray: np.ndarray) -> None:
    """TypeError for a dtype that no tensor holds; ValueError for a foreign byte order, and for strides that no tensor has."""
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is currently not supported."
        )
    dtypes.of(ndarray.dtype)
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
            "supported. (You can probably work around this by making a copy of your array with array.copy().)"
        )
    if any(step % ndarray.itemsize for step in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the memory."
        )


# -- like another tensor ------------------------------------------------------------------------------------------------------------------


def _new_like(self, shape, value, dtype, device, requires_grad):
    return filled(
        shape,
        value,
        self.dtype if dtype is None else dtypes.parse(dtype),
        self.device if device is None else place_of(device),
        requires_grad,
    )


def _new_zeros(self, *size, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Zeros with this tensor's dtype and device."""
    return _new_like(self, shape_of(size), 0, dtype, device, requires_grad)


def _new_ones(self, *size, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Ones with this tensor's dtype and device."""
    return _new_like(self, shape_of(size), 1, dtype, device, requires_grad)


def _new_full(self, size, fill_value, *, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """A tensor of one value with this tensor's dtype and device."""
    return _new_like(self, shape_of((size,)), fill_value, dtype, device, requires_grad)


def _new_empty(self, *size, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False):
    """Uninitialised memory with this tensor's dtype and device."""
    found, place = (
        self.dtype if dtype is None else dtypes.parse(dtype),
        self.device if device is None else place_of(device),
    )
    return finish(allocate(shape_of(size), found, place), requires_grad)


def _new_empty_strided(
    self, size, stride, *, dtype=None, device=None, layout=None, pin_memory=False, requires_grad=False
):
    """Uninitialised memory under a given shape and strides (elements)."""
    from ..core.layout import span
    from .views import restride

    found, place = (
        self.dtype if dtype is None else dtypes.parse(dtype),
        self.device if device is None else place_of(device),
    )
    size, stride = shape_of((size,)), shape_of((stride,), "stride")
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})"
        )
    memory = allocate((span(size, stride),), found, place)
    made = finish(restride(memory, size, [step * found.itemsize for step in stride]), requires_grad)
    made._storage = Storage(memory)
    return made


def _new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor from ``data`` with this tensor's dtype and device unless given."""
    return tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


for _name, _function in {
    "new_zeros": _new_zeros, "new_ones": _new_ones, "new_full": _new_full, "new_empty": _new_empty,
    "new_empty_strided": _new_empty_strided, "new_tensor": _new_tensor,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)


# -- ranges, constants, likes -------------------------------------------------------------------------------------------------------------


def _numbers(*values):
    """Python numbers of numbers or 0-d tensors."""
    return tuple(value.item() if isinstance(value, Tensor) else value for value in values)


def _placed(array, place: device, requires_grad: bool) -> Tensor:
    return finish(
        array if place.type == "cpu" else backend_for(place.type).from_host(array, place.index), requires_grad
    )


@composite(out=True)
def arange(
    *args, start=0, end=None, step=1, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):
    """Numbers from ``start`` up to (not including) ``end`` in steps: ``arange(5)``, ``arange(1, 2, 0.5)``. int64 unless a bound is a float."""
    if len(args) > 3:
        raise TypeError(f"arange() takes from 1 to 3 positional arguments but {len(args)} were given")
    if len(args) == 1 and end is None:
        end = args[0]
    elif args:
        start, end, step = (*args, *(end, step)[len(args) - 1 :])
    start, end, step = _numbers(start, end, step)
    for value in (start, end, step):
        if number_of(value) is None:
            raise TypeError(f"arange(): argument must be Number, not {type(value).__name__}")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    for value in (start, end):
        if value != value or value in (float("inf"), float("-inf")):
            raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: {start} -> {end} step {step}")
    integral = all(isinstance(value, int) for value in (start, end, step))
    found = dtypes.parse(dtype) if dtype is not None else dtypes.int64 if integral else dtypes.get_default_dtype()
    if found.category == dtypes.INTEGER:
        start, end, step = int(start), int(end), int(step)
        count = max(-(-(end - start) // step), 0)
        values = np.arange(count, dtype=np.int64) * step + start
    else:
        count = max(int(np.ceil((end - start) / step)), 0)
        values = start + np.arange(count, dtype=np.float64) * step
    return _placed(values.astype(found.numpy), place_of(device), requires_grad)


@composite("range", out=True)
def range_(start=0, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """``arange`` that includes ``end`` (deprecated in PyTorch)."""
    start, end = (0, start) if end is None else (start, end)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    found = dtypes.get_default_dtype() if dtype is None else dtypes.parse(dtype)
    count = int((end - start) / step) + 1
    return _placed(
        (start + np.arange(count, dtype=np.float64) * step).astype(found.numpy), place_of(device), requires_grad
    )


def _steps(steps) -> int:
    steps = index_of(_numbers(steps)[0], "steps")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return steps


def _ends(name: str, *ends):
    """The two ends of a line as Python numbers; RuntimeError for a tensor with dims, TypeError for what is no number."""
    for value in ends:
        if isinstance(value, Tensor):
            if value._array.ndim:
                raise RuntimeError(
                    f"{name} only supports 0-dimensional start and end tensors, but got {value._array.ndim} dims"
                )
        elif number_of(value) is None:
            raise TypeError(f"{name}(): 'start' and 'end' must be numbers or tensors, not {type(value).__name__}")
    return _numbers(*ends)


def _line(start, end, steps: int, found: dtypes.dtype) -> np.ndarray:
    """Equal steps, the upper half counted from ``end`` so that both ends are exact, each element one multiply-add in the dtype as PyTorch's."""
    if found.category == dtypes.INTEGER:
        # PyTorch truncates both ends, and then each element of the line, towards zero.
        start, end = int(start), int(end)
        step = (float(end) - float(start)) / max(steps - 1, 1)
        places = np.arange(steps)
        half = places < max(steps // 2, 1)
        return np.trunc(np.where(half, start + step * places, end - step * (steps - 1 - places))).astype(found.numpy)
    work = np.dtype(np.float32) if found.numpy in dtypes.HALF_NUMPY else found.numpy
    kind = work.type
    step = kind((kind(end) - kind(start)) / kind(max(steps - 1, 1)))
    places = np.arange(steps)
    wide = np.complex128 if work.kind == "c" else np.float64 if work == np.float32 else kind
    low = wide(kind(start)) + wide(step) * places
    high = wide(kind(end)) - wide(step) * (steps - 1 - places)
    values = np.where(places < steps // 2, low, high).astype(work)
    if steps == 1:
        values[0] = start
    return values.astype(found.numpy)


@composite(out=True)
def linspace(start, end, steps, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """``steps`` numbers from ``start`` to ``end``, both included, equally far apart."""
    start, end = _ends("linspace", start, end)
    found = dtypes.parse(dtype) if dtype is not None else _line_dtype(start, end)
    with np.errstate(all="ignore"):
        return _placed(_line(start, end, _steps(steps), found), place_of(device), requires_grad)


def _line_dtype(*ends) -> dtypes.dtype:
    default = dtypes.get_default_dtype()
    return default.to_complex() if any(isinstance(one, complex) for one in ends) else default


@composite(out=True)
def logspace(
    start, end, steps, base=10.0, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):
    """``base`` to the powers of a ``linspace``."""
    start, end = _ends("logspace", start, end)
    found = dtypes.parse(dtype) if dtype is not None else _line_dtype(start, end)
    steps = _steps(steps)
    with np.errstate(all="ignore"):
        exact = dtypes.float64 if found.category == dtypes.INTEGER else found
        work = dtypes.float32 if found.numpy in dtypes.HALF_NUMPY else exact
        powers = np.power(work.numpy.type(base), _line(start, end, steps, work))
        return _placed(powers.astype(found.numpy), place_of(device), requires_grad)


@composite(out=True)
def eye(n, m=None, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """The identity matrix of ``n`` rows and ``m`` (or ``n``) columns."""
    m = n if m is None else m
    if n < 0 or m < 0:
        raise RuntimeError(f"{'n' if n < 0 else 'm'} must be greater or equal to 0, got {n if n < 0 else m}")
    return _placed(np.eye(n, m, dtype=_float_or(dtype).numpy), place_of(device), requires_grad)


@composite(out=True)
def full(size, fill_value, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """A tensor of one value; the dtype is the value's own unless given."""
    (value,) = _numbers(fill_value)
    if number_of(value) is None:
        raise TypeError(f"full(): argument 'fill_value' (position 2) must be Number, not {type(fill_value).__name__}")
    found = dtypes.parse(dtype) if dtype is not None else _number_dtype(value)
    return filled(shape_of((size,)), value, found, place_of(device), requires_grad)


@composite()
def scalar_tensor(s, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """A 0-d tensor of one number, of the default float dtype unless given."""
    return filled((), s, _float_or(dtype), place_of(device), requires_grad)


@composite()
def empty_strided(size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Uninitialised memory under a given shape and strides (elements)."""
    like = finish(allocate((), _float_or(dtype), place_of(device)), False)
    return _new_empty_strided(like, size, stride, requires_grad=requires_grad)


@composite()
def empty_permuted(
    size, physical_layout, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """Uninitialised memory whose dims lie in memory in the order ``physical_layout``, outermost first."""
    size = shape_of((size,))
    if sorted(physical_layout) != list(range(len(size))):
        raise RuntimeError(
            f"Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = {len(size)} is not equal to len(physical_layout) = {len(physical_layout)}"
            if len(size) != len(physical_layout)
            else "Duplicate dim not allowed"
        )
    made = allocate([size[dim] for dim in physical_layout], _float_or(dtype), place_of(device))
    inverse = [list(physical_layout).index(dim) for dim in range(len(size))]
    return finish(made.transpose(inverse), requires_grad)


def _like_dtype(input, dtype):
    return input.dtype if dtype is None else dtypes.parse(dtype)


def _like_place(input, place):
    return input.device if place is None else place_of(place)


@composite()
def empty_like(
    input, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False
):
    """Uninitialised memory with another tensor's shape, dtype, device and (dense) strides."""
    from ..core.layout import overlaps_itself, strides

    found, place = _like_dtype(input, dtype), _like_place(input, device)
    array = input._array
    if array.flags.c_contiguous or overlaps_itself(array.shape, strides(array)):
        return finish(allocate(array.shape, found, place), requires_grad)
    order = sorted(range(array.ndim), key=lambda dim: -array.strides[dim])
    made = allocate([array.shape[dim] for dim in order], found, place)
    return finish(made.transpose([order.index(dim) for dim in range(array.ndim)]), requires_grad)


@composite()
def full_like(
    input,
    fill_value,
    *,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    memory_format=None,
    pin_memory=False,
):
    """A tensor of one value with another tensor's shape, dtype and device."""
    made = empty_like(input, dtype=dtype, device=device)
    value = number_of(*_numbers(fill_value))
    if value is None:
        raise TypeError(f"full_like(): argument 'fill_value' must be Number, not {type(fill_value).__name__}")
    made._array.fill(to_scalar(value, made.dtype))
    return made.requires_grad_(requires_grad) if requires_grad else made


@composite()
def zeros_like(
    input, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False
):
    """Zeros with another tensor's shape, dtype and device."""
    if dtype is None and device is None and isinstance(input, Tensor) and input._array.flags.c_contiguous:
        array = input._array
        return finish(namespace_of(array).zeros(array.shape, array.dtype), requires_grad)
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


@composite()
def ones_like(
    input, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False
):
    """Ones with another tensor's shape, dtype and device."""
    if dtype is None and device is None and isinstance(input, Tensor) and input._array.flags.c_contiguous:
        array = input._array
        return finish(namespace_of(array).ones(array.shape, array.dtype), requires_grad)
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


# -- from what others hold ----------------------------------------------------------------------------------------------------------------


@composite()
def as_tensor(data, dtype=None, device=None):
    """A tensor on the memory of ``data`` where that is possible (tensors, NumPy arrays), else a copy."""
    if isinstance(data, Tensor):
        return data.to(data.device if device is None else device, data.dtype if dtype is None else dtypes.parse(dtype))
    if isinstance(data, np.ndarray):
        made = from_numpy(data)
        return made.to(place_of(device), made.dtype if dtype is None else dtypes.parse(dtype))
    return tensor(data, dtype=dtype, device=device)


@composite()
def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """A tensor of anything that holds numbers: shares memory unless ``copy``. ValueError where sharing (``copy=False``) is impossible."""
    if isinstance(obj, Tensor):
        found = obj.detach() if not requires_grad or obj.grad_fn is None else obj
    elif isinstance(obj, np.ndarray):
        found = from_numpy(obj)
    elif hasattr(obj, "__dlpack__"):
        from .interop import from_dlpack

        found = from_dlpack(obj)
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        found = frombuffer(obj, dtype=_float_or(dtype))
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence, it has to be copied: set copy=True or None")
        found, copy = tensor(obj, dtype=dtype, device=device), None
    moved = found.to(found.device if device is None else device, found.dtype if dtype is None else dtypes.parse(dtype))
    if copy is False and moved is not found:
        raise ValueError("can't alias tensor with another dtype or device: set copy=True or None")
    moved = moved.clone() if copy and moved is found else moved
    return moved.requires_grad_(requires_grad) if requires_grad else moved


@composite()
def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A vector on the memory of a Python buffer. ValueError where the buffer is too short."""
    found = dtypes.parse(dtype)
    try:
        view = memoryview(buffer)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    if view.readonly:
        import warnings

        warnings.warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can write to the underlying "
            "(supposedly non-writable) buffer using the tensor. You may want to copy the buffer to protect its data or make it writable before "
            "converting it to a tensor.",
            UserWarning,
            stacklevel=2,
        )
    if view.nbytes <= 0 and count != 0:
        raise ValueError(f"both buffer length ({view.nbytes}) and count ({count}) must not be 0")
    if not 0 <= offset < view.nbytes:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({view.nbytes} bytes) minus 1"
        )
    room = view.nbytes - offset
    if count < 0:
        if room % found.itemsize:
            raise ValueError(
                f"buffer length ({room} bytes) after offset ({offset} bytes) must be a multiple of element size ({found.itemsize})"
            )
        count = room // found.itemsize
    elif count * found.itemsize > room:
        raise ValueError(
            f"requested buffer length ({count} * {found.itemsize} bytes) after offset ({offset} bytes) must not be greater than actual buffer length ({view.nbytes} bytes)"
        )
    array = np.frombuffer(buffer, np.uint8, count * found.itemsize, offset).view(found.numpy)
    made = wrap(array)
    made._storage = Storage(array)
    return made.requires_grad_(requires_grad) if requires_grad else made


@composite("complex", out=True)
def complex_(real, imag):
    """Complex numbers of their real and imaginary parts."""
    return _complex_of("complex", real, imag, _complex)


@composite(out=True)
def polar(abs, angle):
    """Complex numbers of their magnitudes and angles (radians)."""
    return _complex_of("polar", abs, angle, lambda size, turn: _complex(size * turn.cos(), size * turn.sin()))


def _complex_of(name: str, first, second, build):
    for one in (first, second):
        if one.dtype.name not in ("float32", "float64"):
            raise RuntimeError(
                f"Expected both inputs to be Half, Float or Double tensors but got {first.dtype.legacy_name} and {second.dtype.legacy_name}"
            )
    if first.dtype is not second.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {first.dtype.legacy_name} but got scalar type {second.dtype.legacy_name} for second argument"
        )
    return build(first, second)


def _complex_kernel(xp, real, imag):
    result = xp.empty(np.broadcast_shapes(real.shape, imag.shape), np.result_type(real.dtype, np.complex64))
    result.real, result.imag = real, imag
    return result


_complex = pointwise(
    "_complex(real, imag)", _complex_kernel, namespace="internal", method=False, inplace=False, out=False, node="ComplexBackward0", holomorphic=False,
    real=lambda grad: grad.real,
    imag=lambda grad: grad.imag,
    jvp={"real": lambda tangent, imag: _complex(tangent, imag * 0), "imag": lambda tangent, real: _complex(real * 0, tangent)},
)  # fmt: skip


def _legacy_new(cls, *args, device=None):
    """``Tensor(2, 3)``: uninitialised float memory; ``Tensor([1, 2])``: those numbers as floats."""
    if len(args) == 1 and not isinstance(args[0], int):
        if isinstance(args[0], Tensor):
            return args[0].detach()
        return tensor(args[0], dtype=dtypes.get_default_dtype())
    return empty(*args) if args else empty(0)


Tensor._legacy_new = classmethod(_legacy_new)  # type: ignore[attr-defined]
