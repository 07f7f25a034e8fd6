"""``x[...]`` and ``x[...] = value``.

Numbers, slices, None and Ellipsis are basic: together they are one view. Tensors, arrays, lists and masks are advanced: they are applied to that view, all at
once, and copy. So a number never counts as an advanced index, as it does in NumPy: ``x[0, :, [1, 2]]`` keeps the order of dims, as in PyTorch.
"""

from __future__ import annotations

import math

import numpy as np

from ..autograd.views import bump, check_writable
from ..backends import backend_of, namespace_of
from ..core import dtype as dtypes
from ..core.errors import index_of
from ..core.graph import thread
from ..core.tensor import Tensor, wrap
from .creation import array_from
from .declare import composite, primitive
from .dispatch import inplace
from .views import _basic, _select, slice_bounds

# -- advanced indices -----------------------------------------------------------------------------------------------------------------------


@primitive("_index(input, indices: tuple)", half="native", linear=("input",), node="IndexBackward0")
def _index(xp, input, indices):
    """``indices`` has an integer array per dim, or None for a whole dim."""
    return xp.ascontiguousarray(input[tuple(slice(None) if one is None else one for one in indices)])


@_index.backward("input")
def _(grad, input_shape, indices):
    return _index_sum(grad, input_shape, indices)


@primitive("_index_sum(input, shape: tuple, indices: tuple)", linear=("input",), node="IndexPutBackward0")
def _index_sum(xp, input, shape, indices):
    """Zeros of ``shape`` with ``input`` added at ``indices``, repeated ones adding up: the transpose of ``_index``."""
    result = xp.zeros(shape, input.dtype)
    _add_at_indices(xp, result, indices, input)
    return result


@_index_sum.backward("input")
def _(grad, indices):
    return _index(grad, indices)


def _add_at_indices(xp, target, indices, values) -> None:
    """Add ``values`` (laid out as ``target[indices]``) into ``target``: rows of a matrix whose columns are the whole dims behind the last index."""
    if not values.size:
        return
    last = max(dim for dim, one in enumerate(indices) if one is not None)
    columns = math.prod(target.shape[last + 1 :])
    # Dims before the last index that are taken whole become explicit index arrays, so that one flat row number remains.
    places = xp.arange(math.prod(target.shape[: last + 1])).reshape(target.shape[: last + 1])
    flat = places[tuple(slice(None) if one is None else one for one in indices[: last + 1])]
    rows = flat.reshape(-1)
    if columns == 1:
        backend_of(target).add_at(target.reshape(-1), rows, values.reshape(-1))
    else:
        backend_of(target).add_at(target.reshape(-1, columns), rows, values.reshape(rows.size, columns))


@primitive("_index_put(input, values, indices: tuple, accumulate: bool)", node="IndexPutBackward0")
def _index_put(xp, input, values, indices, accumulate):
    result = input.copy()
    key = tuple(slice(None) if one is None else one for one in indices)
    if not accumulate:
        result[key] = values
        return result
    _add_at_indices(xp, result, indices, xp.broadcast_to(values, result[key].shape))
    return result


@_index_put.backward("input")
def _(grad, indices, accumulate, values_shape):
    return grad if accumulate else _index_put(grad, grad.new_zeros(()), indices, False)


@_index_put.backward("values")
def _(grad, indices, values_shape):
    return _index(grad, indices).sum_to_size(values_shape)


# -- reading the key ------------------------------------------------------------------------------------------------------------------------


def _as_index(item, like: Tensor):
    """An advanced index as a tensor of integers or bools, None for what is none."""
    if isinstance(item, Tensor):
        found = item
    elif isinstance(item, (np.ndarray, np.generic)):
        found = wrap(np.asarray(item))
    elif isinstance(item, (list, tuple, range)):
        found = wrap(array_from(list(item), None)) if not _holds_tensors(item) else _stacked(item)
        if found._array.size == 0:
            found = found.to(dtypes.int64)
    else:
        return None
    if found.dtype.category > dtypes.INTEGER:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return found


def _holds_tensors(item) -> bool:
    return any(isinstance(one, Tensor) for one in item)


def _stacked(items):
    return wrap(array_from([one.tolist() if isinstance(one, Tensor) else one for one in items], None))


def _parse(tensor: Tensor, key):
    """(basic key, advanced indices of the dims that the basic view has; None per whole dim)."""
    parts = key if isinstance(key, tuple) else (key,)
    shape = tensor._array.shape
    specified = 0
    for part in parts:
        if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)):
            continue
        kind = getattr(part, "dtype", None)
        is_mask = kind is dtypes.bool_ or kind is dtypes.uint8 or (isinstance(part, np.ndarray) and part.dtype == bool)
        specified += part.ndim if is_mask else _mask_rank(part)
    if specified > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    basic: list = []
    advanced: list = []
    dim = 0
    ellipsis_met = False
    for part in parts:
        if part is Ellipsis:
            count = 0 if ellipsis_met else len(shape) - specified  # a second one stands for nothing
            ellipsis_met = True
            basic += [slice(None)] * count
            advanced += [None] * count
            dim += count
        elif part is None:
            basic.append(None)
            advanced.append(None)
        elif isinstance(part, (bool, np.bool_)):
            basic.append(None)
            advanced.append(np.asarray([0] if part else [], np.int64))
        elif isinstance(part, slice):
            basic.append(
                slice(*slice_bounds(_integer(part.start), _integer(part.stop), _integer(part.step), shape[dim]))
            )
            advanced.append(None)
            dim += 1
        else:
            number = _number_index(part)
            if number is not None:
                length = shape[dim]
                if not -length <= number < length:
                    raise IndexError(f"index {number} is out of bounds for dimension {dim} with size {length}")
                basic.append(number + length if number < 0 else number)
                dim += 1
                continue
            found = _as_index(part, tensor)
            if found is None:
                # To PyTorch a text is a sequence of indices: one with more letters than there are dims has too many.
                too_many = not isinstance(part, str) or (part is key and len(part) > len(shape))
                kind = IndexError if too_many else TypeError
                raise kind(
                    f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type(part).__name__})"
                )
            arrays = _index_arrays(tensor, found, dim)
            is_mask = found.dtype.name in ("bool", "uint8")
            # A 0-d mask takes no dim: it adds one, of length 1 or 0.
            basic += [None] if is_mask and not found._array.ndim else [slice(None)] * len(arrays)
            advanced += arrays
            dim += found._array.ndim if is_mask else 1
    return tuple(basic), advanced


def _mask_rank(part) -> int:
    """How many dims a part takes: a nested list of bools takes as many as it nests."""
    if isinstance(part, list) and part and isinstance(part[0], list):
        flat = np.asarray(part)
        return flat.ndim if flat.dtype == bool else 1
    return 1


def _integer(value):
    return None if value is None else index_of(value, "slice")


def _number_index(part):
    """The int that a part is (0-d integer tensors included), else None."""
    if type(part) is int:
        return part
    if isinstance(part, Tensor):
        return (
            int(part.item())
            if part._array.ndim == 0 and part.dtype.category == dtypes.INTEGER and part.dtype.name != "uint8"
            else None
        )
    if isinstance(part, np.ndarray):
        return int(part) if part.ndim == 0 and part.dtype.kind in "iu" else None
    if isinstance(part, (list, tuple, slice)) or not hasattr(part, "__index__"):
        return None
    return part.__index__()


def _index_arrays(tensor: Tensor, found: Tensor, dim: int) -> list:
    """Integer arrays for one advanced index: itself, or the places where a mask is true."""
    if found.dtype.name not in ("bool", "uint8"):
        array = found._array
        if type(array) is not type(tensor._array):
            array = backend_of(tensor._array).from_host(array)
        return [array]
    if found.dtype.name == "uint8":
        import warnings

        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
            UserWarning,
            stacklevel=4,
        )
    mask = found._array
    xp = namespace_of(mask)
    if mask.ndim == 0:
        return [xp.zeros((1,), np.int64) if bool(mask) else xp.zeros((0,), np.int64)]
    wanted = tensor._array.shape[dim : dim + mask.ndim]
    if mask.shape != wanted:
        place = next(i for i, (a, b) in enumerate(zip(mask.shape, wanted, strict=True)) if a != b)
        raise IndexError(
            f"The shape of the mask {list(mask.shape)} at index {place} does not match the shape of the indexed tensor {list(tensor.shape)} at index "
            f"{dim + place}"
        )
    places = xp.nonzero(mask)
    if type(mask) is not type(tensor._array):
        places = tuple(backend_of(tensor._array).from_host(one) for one in places)
    return list(places)


def _explained(error: IndexError, tensor: Tensor) -> IndexError:
    text = str(error)
    if "could not be broadcast" in text or "shape mismatch" in text:
        return IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {text.split('with shapes')[-1].strip()}"
        )
    return IndexError(text.replace("axis", "dimension"))


def _is_plain(part: slice) -> bool:
    """Whether NumPy reads a slice as PyTorch does: bounds that are ints or absent, a step that is positive."""
    start, stop, step = part.start, part.stop, part.step
    return (
        (start is None or type(start) is int)
        and (stop is None or type(stop) is int)
        and (step is None or (type(step) is int and step > 0))
    )


def _viewed(array, key: tuple):
    """``array[key]`` as a view for a key of ints, plain slices, None and ``...`` that is in range; None where there is more to it."""
    whole = False
    for part in key:
        kind = type(part)
        if kind is int or part is None:
            continue
        if part is Ellipsis:
            if whole:
                return None
            whole = True
        elif kind is not slice or not _is_plain(part):
            return None
    try:
        return array[key] if whole else array[(*key, ...)]
    except IndexError:
        return None


_basic_of = _basic.of

# -- the operators --------------------------------------------------------------------------------------------------------------------------


def getitem(self, key):
    """``self[key]``: a view for numbers, slices, None and ``...``; a copy for tensors, arrays, lists and masks. IndexError out of range."""
    kind = type(key)
    if kind is int:
        array = self._array
        if not array.ndim:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        length = array.shape[0]
        if not -length <= key < length:
            raise IndexError(f"index {key} is out of bounds for dimension 0 with size {length}")
        return _select(self, 0, key + length if key < 0 else key)
    if kind is slice:
        if _is_plain(key) and self._array.ndim:
            return _basic_of(self._array[key], self, (key,))
    elif kind is tuple:
        viewed = _viewed(self._array, key)
        if viewed is not None:
            return _basic_of(viewed, self, key)
    basic, advanced = _parse(self, key)
    viewed = self
    if any(part != slice(None) or type(part) is not slice for part in basic):
        viewed = _basic(self, (*basic, ...))
    elif not any(one is not None for one in advanced):
        viewed = _basic(self, (...,))
    if not any(one is not None for one in advanced):
        return viewed
    try:
        return _index(viewed, tuple(advanced))
    except IndexError as error:
        raise _explained(error, self) from None


def setitem(self, key, value) -> None:
    """``self[key] = value``: numbers and tensors that broadcast. TypeError for other values, IndexError out of range."""
    given = isinstance(value, Tensor)
    value = _assigned(self, value)
    if key is False:  # selects nothing
        return
    if key is True:
        key = None
    basic, advanced = _parse(self, key)
    if not any(one is not None for one in advanced):
        target = _basic(self, (*basic, ...))
        target.copy_(_without_leading_ones(value, target))
        return
    if given and value.dtype is not self.dtype and not (value._array.size == 1 and _only_masks(key)):
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {self.dtype.legacy_name} for the destination and "
            f"{value.dtype.legacy_name} for the source."
        )
    indices = tuple(advanced)
    whole = all(type(part) is slice and part == slice(None) for part in basic)
    target = self if whole else _basic(self, (*basic, ...))
    index_put_raw(target, indices, value.to(self.dtype), False)


def _only_masks(key) -> bool:
    """Whether all advanced indices of a key are masks: one value of any dtype may be written where they are true."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, (slice, bool))
        or getattr(part, "dtype", None) in (dtypes.bool_, dtypes.uint8, np.bool_)
        for part in parts
    )


def _assigned(tensor: Tensor, value) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (bool, int, float, complex, np.generic)):
        if isinstance(value, complex) and not tensor.is_complex():
            raise RuntimeError("value cannot be converted to type float without overflow")
        array = np.asarray(value).astype(tensor._array.dtype)
        return wrap(backend_of(tensor._array).from_host(array))
    raise TypeError(f"can't assign a {type(value).__name__} to a torch.{tensor.dtype.legacy_name}Tensor")


def _without_leading_ones(value: Tensor, target: Tensor) -> Tensor:
    extra = value._array.ndim - target._array.ndim
    if extra > 0 and all(length == 1 for length in value._array.shape[:extra]):
        return value.reshape(value._array.shape[extra:])
    return value


def index_put_raw(target: Tensor, indices: tuple, value: Tensor, accumulate: bool) -> Tensor:
    """Write ``value`` at advanced ``indices`` (arrays, None per whole dim) of ``target``, in place and recorded."""
    try:
        if (target._autograd is None and value._autograd is None) or not (thread.mode.enabled or thread.mode.level):
            check_writable(target, tracked=False)
            array = target._array
            key = tuple(slice(None) if one is None else one for one in indices)
            if accumulate:
                array[...] = _index_put.op.kernel(namespace_of(array), array, value._array, indices, True)
            else:
                array[key] = value._array
            bump(target)
            return target
        return inplace(
            _index_put.op,
            target,
            lambda before: _index_put(before, value, indices, accumulate),
            others=(value,),
            needs_old=False,
        )
    except IndexError as error:
        raise _explained(error, target) from None
    except ValueError:
        shape = _index(target.detach(), indices).shape
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing result of shape {list(shape)}"
        ) from None


def _given_indices(input: Tensor, indices) -> tuple:
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"index_put(): argument 'indices' must be tuple of Tensors, not {type(indices).__name__}")
    _, advanced = _parse(input, tuple(slice(None) if one is None else one for one in indices))
    return tuple(advanced)


@composite(method=True)
def index_put(input, indices, values, accumulate=False):
    """A copy with ``values`` written (or added) at ``indices``, a tuple of tensors."""
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.legacy_name} for the destination and {values.dtype.legacy_name} for the source."
        )
    try:
        return _index_put(input, values, _given_indices(input, indices), accumulate)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result"
        ) from None


@composite(method=True)
def index_put_(input, indices, values, accumulate=False):
    """``index_put`` into the tensor itself."""
    return index_put_raw(input, _given_indices(input, indices), values, accumulate)


Tensor.__getitem__, Tensor.__setitem__ = getitem, setitem  # type: ignore[attr-defined]
