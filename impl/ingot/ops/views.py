"""Views: other shapes and strides over the same memory."""

from __future__ import annotations

import math

import numpy as np

from ..backends import backend_of, namespace_of
from ..backends.numpy_backend import strided
from ..core import layout
from ..core.errors import index_of, normalize_dim, normalize_dims
from ..core.storage import storage_offset as offset_of
from ..core.storage import storage_of
from ..core.tensor import Tensor
from .declare import composite, view


def _ints(values, name: str = "size") -> tuple[int, ...]:
    """Sizes from ``f(2, 3)`` or ``f((2, 3))``."""
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = values[0]
    return tuple([item if type(item) is int else index_of(item, name) for item in values])


# -- the kernels, each with the rule that undoes it ---------------------------------------------------------------------------------------


@view("_view(input, shape: tuple)", node="ViewBackward0")
def _view(array, shape):
    if array.flags.c_contiguous:
        return array.reshape(shape)
    viewed = array.reshape(shape)
    if viewed.base is None or not _shares(viewed, array):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous "
            "subspaces). Use .reshape(...) instead."
        )
    return viewed


def _shares(a, b) -> bool:
    return a.size == 0 or (a.ctypes.data == b.ctypes.data if hasattr(a, "ctypes") else a.data.ptr == b.data.ptr)


@_view.backward("input")
def _(grad, input_shape):
    return grad.reshape(input_shape)


@view("_permute(input, dims: tuple)", node="PermuteBackward0")
def _permute(array, dims):
    return array.transpose(dims)


@_permute.backward("input")
def _(grad, dims):
    inverse = [0] * len(dims)
    for place, dim in enumerate(dims):
        inverse[dim] = place
    return _permute(grad, tuple(inverse))


@view("_transpose(input, dim0: int, dim1: int)", node="TransposeBackward0")
def _transpose(array, dim0, dim1):
    return array.swapaxes(dim0, dim1)


@_transpose.backward("input")
def _(grad, dim0, dim1):
    return _transpose(grad, dim0, dim1)


@view("_expand(input, shape: tuple)", node="ExpandBackward0")
def _expand(array, shape):
    lead = len(shape) - array.ndim
    steps = [0] * lead + [
        0 if length == 1 and wanted != 1 else step
        for length, wanted, step in zip(array.shape, shape[lead:], array.strides, strict=True)
    ]
    return restride(array, shape, steps)


@_expand.backward("input")
def _(grad, input_shape):
    return grad.sum_to_size(input_shape)


def restride(array, shape, byte_strides):
    """``array``'s memory under another shape and strides (bytes), on any backend; the caller has checked the bounds."""
    return backend_of(array).strided(array, shape, byte_strides) if type(array) is not np.ndarray else strided(array, shape, byte_strides)


@view("_select(input, dim: int, index: int)", node="SelectBackward0")
def _select(array, dim, index):
    # The ellipsis makes NumPy return a 0-d view where plain indexing would return a scalar.
    return array[(slice(None),) * dim + (index, ...)]


@_select.backward("input")
def _(grad, input_shape, dim, index):
    return grad.new_zeros(input_shape).select_scatter(grad, dim, index)


@view("_slice(input, dim: int, start: int, stop: int, step: int)", node="SliceBackward0")
def _slice(array, dim, start, stop, step):
    return array[(slice(None),) * dim + (slice(start, stop, step),)]


@_slice.backward("input")
def _(grad, input_shape, dim, start, stop, step):
    return grad.new_zeros(input_shape).slice_scatter(grad, dim, start, stop, step)


@view("_squeeze(input, dims: tuple)", node="SqueezeBackward0")
def _squeeze(array, dims):
    return array.reshape([length for dim, length in enumerate(array.shape) if dim not in dims]) if _dense(array) else restride(
        array,
        [length for dim, length in enumerate(array.shape) if dim not in dims],
        [step for dim, step in enumerate(array.strides) if dim not in dims],
    )


def _dense(array) -> bool:
    return array.flags.c_contiguous


@_squeeze.backward("input")
def _(grad, input_shape):
    return grad.reshape(input_shape)


@view("_unsqueeze(input, dim: int)", node="UnsqueezeBackward0")
def _unsqueeze(array, dim):
    return array[(slice(None),) * dim + (None,)]


@_unsqueeze.backward("input")
def _(grad, dim):
    return _squeeze(grad, (dim,))


@view("_as_strided(input, root: Array, shape: tuple, steps: tuple, offset: int)", node="AsStridedBackward0")
def _as_strided(array, root, shape, steps, offset):
    size = array.dtype.itemsize
    flat = _whole(root)
    if 0 in shape:
        return flat[:0].reshape(shape)
    return restride(flat[offset:], shape, [step * size for step in steps])


def _whole(root):
    """The memory of a storage as a 1-d array."""
    if root.flags.c_contiguous:
        return root.reshape(-1)
    order = sorted(range(root.ndim), key=lambda dim: -root.strides[dim])
    flat = root.transpose(order)
    if flat.flags.c_contiguous:
        return flat.reshape(-1)
    steps = layout.strides(root)
    return restride(root, (layout.span(root.shape, steps),), (root.dtype.itemsize,))


@_as_strided.backward("input")
def _(grad, input, shape, steps, offset):
    return _gather_strided(grad, input.shape, layout.strides(input._array), offset_of(input), shape, steps, offset)


def _gather_strided(grad, base_shape, base_steps, base_offset, shape, steps, offset):
    """The transpose of as_strided: what each element of the base got from all the places of the view that show it."""
    low = min(base_offset, offset)
    length = max(base_offset + layout.span(base_shape, base_steps), offset + layout.span(shape, steps)) - low
    memory = grad.new_zeros((max(length, 0),))
    if grad.numel():
        xp = namespace_of(grad._array)
        places = _positions(xp, shape, steps, offset - low)
        from ..core.tensor import wrap

        memory = memory.index_add(0, wrap(places.reshape(-1)), grad.reshape(-1))
    result = memory.as_strided(base_shape, base_steps, base_offset - low)
    if layout.overlaps_itself(base_shape, base_steps):
        # Several indices of the base name one memory cell, whose gradient they share.
        xp = namespace_of(grad._array)
        counts = xp.bincount(_positions(xp, base_shape, base_steps, base_offset - low).reshape(-1), minlength=max(length, 1))
        from ..core.tensor import wrap

        shares = wrap(counts.astype(grad._array.real.dtype)).as_strided(base_shape, base_steps, base_offset - low)
        result = result / shares
    return result.contiguous() if result is not memory else result


def _positions(xp, shape, steps, offset):
    """Where in memory each element of a strided tensor lies."""
    places = xp.full((1,) * len(shape), offset, dtype=np.int64)
    for dim, (length, step) in enumerate(zip(shape, steps, strict=True)):
        line = (xp.arange(length, dtype=np.int64) * step).reshape([-1 if i == dim else 1 for i in range(len(shape))])
        places = places + line
    return places


# -- the public functions -----------------------------------------------------------------------------------------------------------------


def infer_shape(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """``shape`` with its -1 filled in; RuntimeError where it does not hold ``count`` elements."""
    if -1 in shape:
        if shape.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        known = -math.prod(shape)
        if known == 0:
            if count == 0:
                raise RuntimeError(
                    f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can be any "
                    "value and is ambiguous"
                )
        elif known > 0 and count % known == 0:
            return tuple(count // known if length == -1 else length for length in shape)
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    if any(length < 0 for length in shape):
        raise RuntimeError(f"invalid shape dimension {min(shape)}")
    if math.prod(shape) != count:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return shape


@composite(method=True)
def reshape(input, *shape):
    """The same elements under another shape: a view where strides allow it, else a copy. ``x.reshape(2, -1)``."""
    shape = infer_shape(_ints(shape, "shape"), input._array.size)
    array = input._array
    if array.flags.c_contiguous or _shares(array.reshape(shape), array):
        return _view(input, shape)
    return _view(input.clone(memory_format=_contiguous_format()), shape)


def _contiguous_format():
    from ..core.memory_format import contiguous_format

    return contiguous_format


def _view_method(self, *shape, dtype=None):
    """The same memory under another shape (RuntimeError where strides do not allow it) or read as another dtype."""
    if dtype is None and len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)) and not hasattr(shape[0], "__index__"):
        dtype = shape[0]
    if dtype is not None:
        return self._view_dtype(dtype)
    return _view(self, infer_shape(_ints(shape), self._array.size))


_view_method.__name__ = "view"
Tensor.view = _view_method  # type: ignore[attr-defined]


@composite(method=True, aliases=("swapaxes", "swapdims"))
def transpose(input, dim0, dim1):
    """The view with two dims exchanged."""
    rank = input._array.ndim
    dim0, dim1 = normalize_dim(dim0, rank), normalize_dim(dim1, rank)
    return _transpose(input, dim0, dim1) if rank else _view(input, ())


@composite(method=True)
def permute(input, *dims):
    """The view with dims in another order: ``x.permute(2, 0, 1)``."""
    dims = _ints(dims, "dims")
    rank = input._array.ndim
    if len(dims) != rank:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(dims)}"
        )
    normal = normalize_dims(dims, rank)
    return _permute(input, normal)


def _expand_method(self, *sizes, implicit=False):
    """The view in which length-1 dims are repeated to ``sizes`` (-1 keeps a length), new dims in front."""
    sizes = _ints(sizes)
    shape = self._array.shape
    lead = len(sizes) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{self.dtype.legacy_name}Tensor{{{list(shape)}}}, size={list(sizes)}): the number of sizes provided "
            f"({len(sizes)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    wanted = []
    for dim, length in enumerate(sizes):
        if length == -1:
            if dim < lead:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {dim}"
                )
            length = shape[dim - lead]
        elif length < 0:
            raise RuntimeError(f"The expanded size of the tensor ({length}) must be non-negative")
        if dim >= lead and shape[dim - lead] not in (1, length):
            raise RuntimeError(
                f"The expanded size of the tensor ({length}) must match the existing size ({shape[dim - lead]}) at non-singleton "
                f"dimension {dim}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(shape)}"
            )
        wanted.append(length)
    return _expand(self, tuple(wanted))


_expand_method.__name__ = "expand"
Tensor.expand = _expand_method  # type: ignore[attr-defined]


@composite(method=True)
def select(input, dim, index):
    """The view at one index of a dim, which goes: ``x.select(0, 1)`` is ``x[1]``."""
    rank = input._array.ndim
    if rank == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = normalize_dim(dim, rank)
    length = input._array.shape[dim]
    index = index_of(index, "index")
    if not -length <= index < length:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {dim}")
    return _select(input, dim, index + length if index < 0 else index)


@composite(method=True)
def squeeze(input, dim=None):
    """The view without dims of length 1: all of them, or those in ``dim``."""
    shape = input._array.shape
    dims = tuple(range(len(shape))) if dim is None else normalize_dims(dim, len(shape))
    return _squeeze(input, tuple(one for one in dims if shape[one] == 1))


@composite(method=True)
def unsqueeze(input, dim):
    """The view with a dim of length 1 put in before ``dim``."""
    return _unsqueeze(input, normalize_dim(dim, input._array.ndim + 1))


@composite(method=True)
def as_strided(input, size, stride, storage_offset=None):
    """The storage seen under any shape, strides and offset (elements). RuntimeError outside the storage or for negative strides."""
    size, stride = _ints((size,)), _ints((stride,), "stride")
    offset = offset_of(input) if storage_offset is None else index_of(storage_offset, "storage_offset")
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(step < 0 for step in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    root = storage_of(input).root
    length = layout.span(root.shape, layout.strides(root)) if root.size else 0
    if offset + layout.span(size, stride) > length:
        width = input._array.dtype.itemsize
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {width} requiring a storage size "
            f"of {(offset + layout.span(size, stride)) * width} are out of bounds for storage of size {length * width}"
        )
    return _as_strided(input, root, size, stride, offset)
