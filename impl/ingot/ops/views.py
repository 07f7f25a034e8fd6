"""Views: other shapes and strides over the same memory."""

from __future__ import annotations

import inspect
import math

import numpy as np

from ..autograd.forward import Dual
from ..autograd.views import View
from ..backends import backend_of, namespace_of
from ..backends.numpy_backend import strided
from ..core import dtype as dtypes
from ..core import layout
from ..core.errors import broadcast_mismatch, index_of, normalize_dim, normalize_dims
from ..core.graph import thread
from ..core.memory_format import contiguous_format
from ..core.storage import address, storage_of
from ..core.storage import storage_offset as offset_of
from ..core.tensor import Tensor, wrap
from .declare import composite, primitive, view


def _ints(values, name: str = "size") -> tuple[int, ...]:
    """Sizes from ``f(2, 3)`` or ``f((2, 3))``."""
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = values[0]
    for item in values:
        if type(item) is not int:
            return tuple([index_of(one, name) for one in values])
    return tuple(values)


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


def _shares(reshaped, array) -> bool:
    """Whether a reshaped array shows the memory of ``array``, and is no copy."""
    if type(array) is np.ndarray:
        base = reshaped.base
        if base is array or (base is not None and base is array.base):
            return True
    return array.size == 0 or address(reshaped) == address(array)


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
        inverse[dim] = place  # a negative dim is its own place counted from the end
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
    return (
        backend_of(array).strided(array, shape, byte_strides)
        if type(array) is not np.ndarray
        else strided(array, shape, byte_strides)
    )


@view("_select(input, dim: int, index: int)", node="SelectBackward0")
def _select(array, dim, index):
    # The ellipsis makes NumPy return a 0-d view where plain indexing would return a scalar.
    return array[(slice(None),) * dim + (index, ...)]


@_select.backward("input")
def _(grad, input_shape, dim, index):
    return _embed(grad, input_shape, (slice(None),) * dim + (index,))


@view("_slice(input, dim: int, start: int, stop: int, step: int)", node="SliceBackward0")
def _slice(array, dim, start, stop, step):
    return array[(slice(None),) * dim + (slice(start, stop, step),)]


@_slice.backward("input")
def _(grad, input_shape, dim, start, stop, step):
    return _embed(grad, input_shape, (slice(None),) * dim + (slice(start, stop, step),))


@view("_basic(input, key: tuple)", node="SliceBackward0")
def _basic(array, key):
    return array[key] if Ellipsis in key else array[(*key, ...)]


@_basic.backward("input")
def _(grad, input_shape, key):
    return _embed(grad, input_shape, key)


@primitive("_embed(input, shape: tuple, key: tuple)", linear=("input",), half="native", node="SliceBackward0")
def _embed(xp, input, shape, key):
    """Zeros of ``shape`` with ``input`` at a basic index."""
    result = xp.zeros(shape, input.dtype)
    result[key] = input
    return result


@_embed.backward("input")
def _(grad, key):
    return _basic(grad, (*key, ...) if Ellipsis not in key else key)


@view("_squeeze(input, dims: tuple)", node="SqueezeBackward0")
def _squeeze(array, dims):
    if dims:
        return array.squeeze(dims)
    return array[...]


@_squeeze.backward("input")
def _(grad, input_shape):
    return grad.reshape(input_shape)


@view("_unsqueeze(input, dim: int)", node="UnsqueezeBackward0")
def _unsqueeze(array, dim):
    return array[(slice(None),) * dim + (None,)]


@_unsqueeze.backward("input")
def _(grad, dim):
    return _squeeze(grad, (dim,))


@view(
    "_as_strided(input, root: Array, origin: tuple, shape: tuple, steps: tuple, offset: int)", node="AsStridedBackward0"
)
def _as_strided(array, root, origin, shape, steps, offset):
    """``root`` is the storage's whole memory; ``origin`` the input's own (shape, steps, offset) in it, which the rules need."""
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
def _(grad, origin, shape, steps, offset):
    return _gather_strided(grad, *origin, shape, steps, offset)


@_as_strided.jvp("input")
def _(tangent, origin, shape, steps, offset):
    """The tangent is laid out as the input is, so that the same strides find the same elements."""
    base_shape, base_steps, base_offset = origin
    low = min(base_offset, offset)
    length = max(base_offset + layout.span(base_shape, base_steps), offset + layout.span(shape, steps)) - low
    memory = tangent.new_zeros((max(length, 0),))
    memory.as_strided(base_shape, base_steps, base_offset - low).copy_(tangent)
    return memory.as_strided(shape, steps, offset - low)


def _gather_strided(grad, base_shape, base_steps, base_offset, shape, steps, offset):
    """The transpose of as_strided: what each element of the base got from all the places of the view that show it."""
    low = min(base_offset, offset)
    length = max(base_offset + layout.span(base_shape, base_steps), offset + layout.span(shape, steps)) - low
    memory = grad.new_zeros((max(length, 0),))
    if grad.numel():
        xp = namespace_of(grad._array)
        places = _positions(xp, shape, steps, offset - low)
        memory = memory.index_add(0, wrap(places.reshape(-1)), grad.reshape(-1))
    result = memory.as_strided(base_shape, base_steps, base_offset - low)
    if layout.overlaps_itself(base_shape, base_steps):
        # Several indices of the base name one memory cell, whose gradient they share.
        xp = namespace_of(grad._array)
        counts = xp.bincount(
            _positions(xp, base_shape, base_steps, base_offset - low).reshape(-1), minlength=max(length, 1)
        )
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


@view("_diagonal(input, offset: int, dim1: int, dim2: int)", node="DiagonalBackward0")
def _diagonal(array, offset, dim1, dim2):
    rows, columns = array.shape[dim1], array.shape[dim2]
    length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    rest = [dim for dim in range(array.ndim) if dim not in (dim1, dim2)]
    corner = [slice(None)] * array.ndim
    if length:
        corner[dim1], corner[dim2] = slice(max(-offset, 0), None), slice(max(offset, 0), None)
    steps = [array.strides[dim] for dim in rest] + [array.strides[dim1] + array.strides[dim2]]
    return restride(array[tuple(corner)], [*(array.shape[dim] for dim in rest), length], steps)


@_diagonal.backward("input")
def _(grad, input_shape, offset, dim1, dim2):
    return grad.new_zeros(input_shape).diagonal_scatter(grad, offset, dim1, dim2)


@view("_unfold(input, dim: int, size: int, step: int)", node="UnfoldBackward0")
def _unfold(array, dim, size, step):
    count = (array.shape[dim] - size) // step + 1
    shape = [*array.shape, size]
    shape[dim] = count
    steps = [*array.strides, array.strides[dim]]
    steps[dim] *= step
    return restride(array, shape, steps)


@_unfold.backward("input")
def _(grad, input_shape, dim, size, step):
    xp = namespace_of(grad._array)
    count = grad._array.shape[dim]
    places = (xp.arange(count)[:, None] * step + xp.arange(size)).reshape(-1)
    rank = len(input_shape)
    order = [*range(dim + 1), rank, *range(dim + 1, rank)]
    flat = grad.permute(order).reshape([*input_shape[:dim], count * size, *input_shape[dim + 1 :]])
    return grad.new_zeros(input_shape).index_add(dim, wrap(places), flat)


@view("_unbind(input, dim: int)", multiple=True, node="UnbindBackward0")
def _unbind(array, dim):
    lead = (slice(None),) * dim
    return [array[(*lead, place, ...)] for place in range(array.shape[dim])]


@_unbind.backward("input")
def _(grad, dim):
    return grad[0]._stacked(grad, dim) if grad else None


@view("_split(input, sizes: tuple, dim: int)", multiple=True, node="SplitBackward0")
def _split(array, sizes, dim):
    lead, parts, start = (slice(None),) * dim, [], 0
    for size in sizes:
        parts.append(array[(*lead, slice(start, start + size))])
        start += size
    return parts


@_split.backward("input")
def _(grad, dim):
    return grad[0]._joined(grad, dim)


@view("_view_as_real(input)", node="ViewAsRealBackward0")
def _view_as_real(array):
    # The real parts of a single number span the first of its two parts only.
    parts = array.reshape(1).view(array.real.dtype) if array.size == 1 else array.real
    return backend_of(array).strided(parts, (*array.shape, 2), (*array.strides, array.dtype.itemsize // 2))


@_view_as_real.backward("input")
def _(grad):
    return _view_as_complex(grad.contiguous())


@view("_view_as_complex(input)", node="ViewAsComplexBackward0")
def _view_as_complex(array):
    target = np.result_type(array.dtype, np.complex64)
    if array.flags.c_contiguous:
        return array.view(target)[..., 0]
    return _recast(array, target, array.shape[:-1], array.strides[:-1])


def _recast(array, dtype, shape, steps):
    """Strided memory read as another dtype: its storage's span is dense, so it is recast and strided anew."""
    size = array.dtype.itemsize
    span = layout.span(array.shape, [step // size for step in array.strides])
    flat = restride(array, (span,), (size,)).view(dtype)
    return restride(flat, shape, steps)


@_view_as_complex.backward("input")
def _(grad):
    return _view_as_real(grad.contiguous())


@view("_real(input)", node="RealBackward0")
def _real(array):
    return array.real


@_real.backward("input")
def _(grad, input_dtype):
    return grad.to(input_dtype)


@view("_imag(input)", node="ImagBackward0")
def _imag(array):
    return array.imag


@_imag.backward("input")
def _(grad, input_dtype):
    return grad.to(input_dtype) * 1j


@view("_alias(input)", node="AliasBackward0")
def _alias(array):
    return array.view() if isinstance(array, np.ndarray) else array[...]


@_alias.backward("input")
def _(grad):
    return grad


@view("_view_dtype(input, dtype: dtype)", node="ViewDtypeBackward0")
def _view_dtype(array, dtype):
    return array.view(dtype.numpy)


# -- the public functions -----------------------------------------------------------------------------------------------------------------


def infer_shape(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """``shape`` with its -1 filled in; RuntimeError where it does not hold ``count`` elements."""
    known = math.prod(shape)
    if known == count and (not shape or min(shape) >= 0):
        return shape
    if -1 in shape:
        if shape.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        if known == 0:
            if count == 0:
                raise RuntimeError(
                    f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can be any "
                    "value and is ambiguous"
                )
        elif known < 0 and count % -known == 0:
            return tuple(count // -known if length == -1 else length for length in shape)
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    if any(length < 0 for length in shape):
        raise RuntimeError(f"invalid shape dimension {min(shape)}")
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")


_view_of, _permute_of = _view.of, _permute.of


def _reshaped(input, shape):
    """The array of a contiguous tensor under ``shape`` as the user gave it, if NumPy and PyTorch read it alike; None where not."""
    if type(input) is not Tensor or not shape:
        return None
    array = input._array
    if type(array) is not np.ndarray or not array.flags.c_contiguous:
        return None
    try:
        viewed = array.reshape(*shape)
    except (TypeError, ValueError):
        return None
    if len(shape) == 1 and type(shape[0]) is not int:
        shape = shape[0]
    # NumPy takes any negative number for "the rest".
    return viewed if viewed.shape == shape or (-1 in shape and min(shape) == -1) else None


@composite(method=True)
def reshape(input, *shape):
    """The same elements under another shape: a view where strides allow it, else a copy. ``x.reshape(2, -1)``."""
    viewed = _reshaped(input, shape)
    if viewed is not None:
        return _view_of(viewed, input, viewed.shape)
    shape = infer_shape(_ints(shape, "shape"), input._array.size)
    array = input._array
    viewed = array.reshape(shape)
    if array.flags.c_contiguous or _shares(viewed, array):
        return _view_of(viewed, input, shape)
    return _view(input.clone(memory_format=contiguous_format), shape)


@composite(method=True)
def reshape_as(input, other):
    """``input.reshape(other.shape)``."""
    return reshape(input, other.shape)


def view_method(self, *shape, dtype=None):
    """The same memory under another shape (RuntimeError where strides do not allow it) or read as another dtype."""
    viewed = None if dtype is not None else _reshaped(self, shape)
    if viewed is not None:
        return _view_of(viewed, self, viewed.shape)
    if len(shape) == 1 and type(shape[0]) is dtypes.dtype:
        dtype = shape[0]
    if dtype is not None:
        return _as_dtype(self, dtypes.parse(dtype))
    return _view(self, infer_shape(_ints(shape), self._array.size))


def _as_dtype(self, dtype):
    old, new = self._array.dtype.itemsize, dtype.itemsize
    if old != new:
        if self._array.ndim == 0:
            raise RuntimeError(f"self.dim() cannot be 0 to view {self.dtype} as {dtype} (different element sizes)")
        if self.stride(-1) != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {self.dtype} as {dtype} (different element sizes), but got {self.stride(-1)}"
            )
        if old < new and self._array.shape[-1] % (new // old):
            raise RuntimeError(
                f"self.size(-1) must be divisible by {new // old} to view {self.dtype} as {dtype} (different element sizes), but got "
                f"{self._array.shape[-1]}"
            )
    return _view_dtype(self, dtype)


def view_as(self, other):
    """``self.view(other.shape)``."""
    return view_method(self, other.shape)


@composite(method=True, aliases=("swapaxes", "swapdims"))
def transpose(input, dim0, dim1):
    """The view with two dims exchanged."""
    rank = input._array.ndim
    if not (type(dim0) is type(dim1) is int and 0 <= dim0 < rank and 0 <= dim1 < rank):
        dim0, dim1 = normalize_dim(dim0, rank), normalize_dim(dim1, rank)
        if not rank:
            return _alias(input)
    return _transpose(input, dim0, dim1)


@composite(method=True)
def t(input):
    """The transpose of a matrix; vectors and scalars as they are. RuntimeError above two dims."""
    rank = input._array.ndim
    if rank > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {rank}D")
    return _transpose(input, 0, 1) if rank == 2 else _alias(input)


@composite(method=True)
def permute(input, *dims):
    """The view with dims in another order: ``x.permute(2, 0, 1)``."""
    if type(input) is Tensor and dims and type(dims[0]) is int:
        try:
            return _permute_of(input._array.transpose(*dims), input, dims)
        except (TypeError, ValueError):
            pass  # PyTorch's sentences follow
    dims = _ints(dims, "dims")
    rank = input._array.ndim
    if len(dims) != rank:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions "
            f"i.e. input.dim() = {rank} is not equal to len(dims) = {len(dims)}"
        )
    normal = tuple([normalize_dim(dim, rank) for dim in dims])
    if len(set(normal)) != rank:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permute(input, normal)


@composite(method=True, aliases=("moveaxis",))
def movedim(input, source, destination):
    """The view with dims moved from places ``source`` to places ``destination``; the others keep their order."""
    rank = input._array.ndim
    if isinstance(source, int) is not isinstance(destination, int):
        raise TypeError(
            f"movedim() takes two ints or two sequences, but got {type(source).__name__} and {type(destination).__name__}"
        )
    source = (source,) if isinstance(source, int) else tuple(source)
    destination = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number of dims as "
            f"destination ({list(destination)} dims)"
        )
    origin, target = [normalize_dim(one, rank) for one in source], [normalize_dim(one, rank) for one in destination]
    for what, dims in (("source", origin), ("destination", target)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(
                f"movedim: repeated dim in `{what}` ({list(source if what == 'source' else destination)})"
            )
    if not rank:
        return _alias(input)
    order: list = [None] * rank
    for one, place in zip(origin, target, strict=True):
        order[place] = one
    rest = iter([dim for dim in range(rank) if dim not in origin])
    return _permute(input, tuple(next(rest) if one is None else one for one in order))


@composite(method=True)
def adjoint(input):
    """The conjugate transpose of the last two dims."""
    flipped = input.transpose(-2, -1) if input._array.ndim else input
    return flipped.conj() if flipped.is_complex() else flipped


def expand(self, *sizes, implicit=False):
    """The view in which length-1 dims are repeated to ``sizes`` (-1 keeps a length), new dims in front."""
    sizes = _ints(sizes)
    shape = self._array.shape
    lead = len(sizes) - len(shape)
    if not shape and sizes and min(sizes) >= 0:
        return _expand(self, sizes)
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


def expand_as(self, other):
    """``self.expand(other.shape)``."""
    return expand(self, other.shape)


@composite(method=True)
def broadcast_to(input, size):
    """``input.expand(size)``."""
    return expand(input, size)


@composite()
def broadcast_tensors(*tensors):
    """Views of all tensors under the shape they broadcast to."""
    tensors = tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = common_shape([one._array.shape for one in tensors])
    return tuple(expand(one, shape) for one in tensors)


def common_shape(shapes) -> tuple[int, ...]:
    """The shape that ``shapes`` broadcast to; RuntimeError where they do not."""
    found: tuple[int, ...] = ()
    for shape in shapes:
        try:
            found = np.broadcast_shapes(found, shape)
        except ValueError:
            raise broadcast_mismatch(found, shape) from None
    return found


@composite(method=True)
def select(input, dim, index):
    """The view at one index of a dim, which goes: ``x.select(0, 1)`` is ``x[1]``."""
    rank = input._array.ndim
    if rank == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = normalize_dim(dim, rank)
    length = input._array.shape[dim]
    if type(index) is not int:
        index = index_of(index, "index")
    if not -length <= index < length:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {dim}"
        )
    return _select(input, dim, index + length if index < 0 else index)


@composite(method=True)
def narrow(input, dim, start, length):
    """The view of ``length`` elements of a dim from ``start`` on."""
    if input._array.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    dim = normalize_dim(dim, input._array.ndim)
    if isinstance(start, Tensor):
        if start._array.ndim or start._array.dtype.kind not in "iu":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start.item())
    size = input._array.shape[dim]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return _slice(input, dim, start, start + length, 1)


def slice_bounds(start, stop, step, size: int) -> tuple[int, int, int]:
    """Non-negative bounds of a slice over a dim of ``size``; ValueError for a step that is not positive."""
    if step is None:
        step = 1
    if step <= 0:
        raise ValueError("step must be greater than zero")
    start, stop, step = slice(start, stop, step).indices(size)
    return start, max(stop, start), step


@composite("slice")
def slice_(input, dim=0, start=None, end=None, step=1):
    """The view of every ``step``-th element of a dim from ``start`` to ``end``."""
    dim = normalize_dim(dim, input._array.ndim)
    return _slice(input, dim, *slice_bounds(start, end, step, input._array.shape[dim]))


@composite(method=True)
def squeeze(input, dim=None):
    """The view without dims of length 1: all of them, or those in ``dim``."""
    shape = input._array.shape
    dims = tuple(range(len(shape))) if dim is None else normalize_dims(dim, len(shape))
    return _squeeze(input, tuple([one for one in dims if shape[one] == 1]))


@composite(method=True)
def unsqueeze(input, dim):
    """The view with a dim of length 1 put in before ``dim``."""
    return _unsqueeze(input, normalize_dim(dim, input._array.ndim + 1))


@composite(method=True)
def flatten(input, start_dim=0, end_dim=-1):
    """Dims from ``start_dim`` to ``end_dim`` as one."""
    rank = input._array.ndim
    start, end = normalize_dim(start_dim, rank), normalize_dim(end_dim, rank)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    shape = input._array.shape
    if rank == 0:
        return reshape(input, 1)
    if start == 0 and end == rank - 1 and rank > 1:
        return reshape(input, input._array.size)
    if start == end:
        return input
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@composite(method=True)
def unflatten(input, dim, sizes):
    """One dim as several, of lengths ``sizes`` (one may be -1)."""
    dim = normalize_dim(dim, input._array.ndim)
    shape = input._array.shape
    sizes = _ints((sizes,), "sizes")
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        sizes = infer_shape(sizes, shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the input tensor"
        ) from None
    return reshape(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


@composite(method=True)
def ravel(input):
    """All elements in one dim, contiguous: a view only where the tensor is."""
    return reshape(input.contiguous(), -1)


@composite(method=True)
def diagonal(input, offset=0, dim1=0, dim2=1):
    """The view of the diagonal of two dims, put last."""
    rank = input._array.ndim
    dim1, dim2 = normalize_dim(dim1, rank), normalize_dim(dim2, rank)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal(input, offset, dim1, dim2)


def unfold(self, dimension, size, step):
    """All windows of ``size`` along a dim, ``step`` apart, as a view with the window in a new last dim."""
    dim = normalize_dim(dimension, self._array.ndim)
    length = self._array.shape[dim] if self._array.ndim else 1
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return _unfold(self, dim, size, step) if self._array.ndim else _view(self, (size,))


@composite(method=True)
def unbind(input, dim=0):
    """The views at each index of a dim."""
    if input._array.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return _unbind(input, normalize_dim(dim, input._array.ndim))


@composite("split", method=True)
def split(tensor, split_size_or_sections, dim=0):
    """Views of consecutive parts of a dim: of one size (the last may be shorter), or of the sizes listed."""
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size = split_size_or_sections
    if tensor._array.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = normalize_dim(dim, tensor._array.ndim)
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    length = tensor._array.shape[dim]
    if size == 0 and length:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
    count = max(-(-length // size), 1) if size else 1
    sizes = [size] * (count - 1) + [length - size * (count - 1)]
    return _split(tensor, tuple(sizes), dim)


@composite(method=True)
def split_with_sizes(input, split_sizes, dim=0):
    """Views of consecutive parts of a dim, of the sizes listed. RuntimeError unless they add up to its length."""
    if input._array.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = normalize_dim(dim, input._array.ndim)
    sizes = tuple(split_sizes)
    if any(size < 0 for size in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != input._array.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input._array.shape[dim]} (input tensor's size at dimension {dim}), but got "
            f"split_sizes={list(sizes)}"
        )
    return _split(input, sizes, dim)


@composite(method=True)
def chunk(input, chunks, dim=0):
    """Views of at most ``chunks`` parts of a dim, of equal size but for the last."""
    if input._array.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = normalize_dim(dim, input._array.ndim)
    length = input._array.shape[dim]
    if length == 0:
        return _split(input, (0,) * chunks, dim)
    return split(input, -(-length // chunks), dim)


@composite(method=True)
def unsafe_chunk(input, chunks, dim=0):
    """``chunk``, whose parts may be written independently."""
    return tuple(part.clone() for part in chunk(input, chunks, dim))


@composite(method=True)
def unsafe_split(tensor, split_size, dim=0):
    """``split``, whose parts may be written independently."""
    return tuple(part.clone() for part in split(tensor, split_size, dim))


@composite(method=True)
def unsafe_split_with_sizes(input, split_sizes, dim=0):
    """``split_with_sizes``, whose parts may be written independently."""
    return tuple(part.clone() for part in split_with_sizes(input, split_sizes, dim))


@composite(method=True)
def tensor_split(input, indices_or_sections, dim=0):
    """Views of parts of a dim: that many nearly equal ones, or parts that begin at the indices listed."""
    rank = input._array.ndim
    if rank == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = normalize_dim(dim, rank)
    length = input._array.shape[dim]
    if isinstance(indices_or_sections, Tensor):
        if indices_or_sections.dtype.name != "int64" or indices_or_sections._array.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional long tensor"
            )
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {indices_or_sections}")
        small, more = divmod(length, indices_or_sections)
        return _split(input, (small + 1,) * more + (small,) * (indices_or_sections - more), dim)
    parts, start = [], 0
    for stop in [*indices_or_sections, length]:
        parts.append(_slice(input, dim, *slice_bounds(start, stop, 1, length)))
        start = stop
    return tuple(parts)


def _nd_split(name: str, least: int, dim_of):
    def function(input, indices_or_sections):
        rank = input._array.ndim
        if rank < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension{'s' if least > 1 else ''}, but got a tensor with {rank} dimensions!"
            )
        dim = dim_of(rank)
        length = input._array.shape[dim]
        if isinstance(indices_or_sections, int) and (indices_or_sections <= 0 or length % indices_or_sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {length} is not divisible by the split_size "
                f"{indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``tensor_split`` along dim {dim_of(3)} (of at least {least})."
    return composite(name, method=True)(function)


hsplit = _nd_split("hsplit", 1, lambda rank: 0 if rank == 1 else 1)
vsplit = _nd_split("vsplit", 2, lambda rank: 0)
dsplit = _nd_split("dsplit", 3, lambda rank: 2)


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
    if any(length < 0 for length in size):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    root = storage_of(input).root
    length = layout.span(root.shape, layout.strides(root)) if root.size else 0
    if offset + layout.span(size, stride) > length:
        width = input._array.dtype.itemsize
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {width} requiring a storage size "
            f"of {(offset + layout.span(size, stride)) * width} are out of bounds for storage of size {length * width}"
        )
    return _as_strided(
        input, root, (input._array.shape, layout.strides(input._array), offset_of(input)), size, stride, offset
    )


@composite(method=True)
def view_as_real(input):
    """A complex tensor's memory as pairs of real numbers, in a new last dim."""
    if not input.is_complex():
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return _view_as_real(input)


@composite(method=True)
def view_as_complex(input):
    """Memory of pairs (last dim of length 2) as complex numbers."""
    if input.dtype.name not in ("float32", "float64"):
        raise RuntimeError(
            f"view_as_complex is only supported for float and double tensors, but got a tensor of scalar type: {input.dtype.legacy_name}"
        )
    if input._array.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input._array.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if input.stride(-1) != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(step % 2 for step in input.stride()[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return _view_as_complex(input)


@composite()
def real(input):
    """The real parts, a view; a real tensor itself."""
    return _real(input) if input.is_complex() else input


@composite()
def imag(input):
    """The imaginary parts, a view. RuntimeError for a real tensor."""
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _imag(input)


@composite(out="exact", aliases=("detach_copy",))
def alias_copy(input):
    """A copy."""
    return input.clone()


def _atleast(name: str, wider):
    def function(*tensors):
        listed = len(tensors) == 1 and isinstance(tensors[0], (tuple, list))
        given = tensors[0] if listed else tensors
        for place, one in enumerate(given):
            if not isinstance(one, Tensor):
                raise TypeError(f"{name}(): expected Tensor as element {place}, but got {type(one).__name__}")
        results = tuple(wider(one) for one in given)
        return results[0] if len(results) == 1 and not listed else results

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Views with at least {name[-2]} dim(s)."
    return composite(name)(function)


def _wider_3d(one):
    rank = one._array.ndim
    if rank == 0:
        return reshape(one, (1, 1, 1))
    return one.unsqueeze(0).unsqueeze(-1) if rank == 1 else one.unsqueeze(-1) if rank == 2 else one


atleast_1d = _atleast("atleast_1d", lambda one: one if one._array.ndim else reshape(one, (1,)))
atleast_2d = _atleast(
    "atleast_2d",
    lambda one: reshape(one, (1, 1)) if one._array.ndim == 0 else one.unsqueeze(0) if one._array.ndim == 1 else one,
)
atleast_3d = _atleast("atleast_3d", _wider_3d)


def _copies() -> None:
    """``<view>_copy``: the view function followed by a copy."""
    for name, function in {
        "as_strided": as_strided, "diagonal": diagonal, "expand": expand, "narrow": narrow, "permute": permute, "select": select, "slice": slice_,
        "split": split, "split_with_sizes": split_with_sizes, "squeeze": squeeze, "t": t, "transpose": transpose, "unbind": unbind,
        "unfold": unfold, "unsqueeze": unsqueeze, "view": view_method, "view_as_complex": view_as_complex, "view_as_real": view_as_real,
    }.items():  # fmt: skip

        def copied(input, *args, _function=function, **kwargs):
            found = _function(input, *args, **kwargs)
            return (
                tuple(one.clone() for one in found)
                if isinstance(found, tuple)
                else found.clone(memory_format=contiguous_format)
            )

        copied.__name__ = copied.__qualname__ = f"{name}_copy"
        copied.__doc__ = f"A copy of what ``{name}`` shows."
        copied.__wrapped__ = inspect.unwrap(function)  # whose signature it has
        composite(f"{name}_copy", method=name == "narrow", out="exact")(copied)


_copies()


# -- written into a copy: the inverse of a view -------------------------------------------------------------------------------------------


def _scattered(input, src, take):
    """A copy of ``input`` whose view ``take(copy)`` holds ``src``."""
    result = input.clone()
    target = take(result)
    if target._array.shape != src._array.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = {list(target.shape)}"
        )
    target.copy_(src)
    return result


@composite(method=True)
def select_scatter(input, src, dim, index):
    """A copy with ``src`` at one index of a dim."""
    return _scattered(input, src, lambda result: select(result, dim, index))


@composite(method=True, out="exact")
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """A copy with ``src`` in a slice of a dim."""
    if step <= 0:
        raise RuntimeError(f"slice step must be positive, but got {step}")
    return _scattered(input, src, lambda result: slice_(result, dim, start, end, step))


@composite(method=True)
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy with ``src`` on a diagonal."""
    return _scattered(input, src, lambda result: diagonal(result, offset, dim1, dim2))


@composite(method=True)
def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy with ``src`` where ``as_strided`` looks; the copy has the input's own layout."""
    offset = offset_of(input) if storage_offset is None else storage_offset
    result = input.new_empty_strided(input.shape, layout.strides(input._array)).copy_(input)
    target = as_strided(result, size, stride, offset - offset_of(input))
    if target._array.shape != src._array.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = {list(target.shape)}"
        )
    target.copy_(src)
    return result


# -- views in place: the tensor itself gets another shape ----------------------------------------------------------------------------------


def _reshaped_in_place(name: str, function):
    def written(self, *args, **kwargs):
        if self._autograd is not None and thread.mode.enabled and self.requires_grad and self.is_leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        changed = function(self, *args, **kwargs)
        storage = storage_of(self)
        storage.version += 1
        self._array = changed._array
        history = self._autograd
        if type(history) is View:
            origin = changed._autograd.origin
            history.origin, history.version = origin, storage.version
        elif type(history) is Dual:
            self._autograd = changed._autograd
        elif history is not None:
            self._autograd = changed._autograd.origin
        return self

    written.__name__ = written.__qualname__ = name
    written.__doc__ = f"The tensor itself under the shape that ``{name[:-1]}`` gives."
    return written


for _name, _function in {
    "squeeze_": squeeze, "unsqueeze_": unsqueeze, "transpose_": transpose, "swapaxes_": transpose, "swapdims_": transpose, "t_": t,
    "as_strided_": as_strided,
}.items():  # fmt: skip
    setattr(Tensor, _name, _reshaped_in_place(_name, _function))

for _name, _function in {
    "view": view_method, "view_as": view_as, "expand": expand, "expand_as": expand_as, "unfold": unfold,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)


def _transposed_last(self):
    return _transpose(self, self._array.ndim - 2, self._array.ndim - 1)


def _all_reversed(self):
    """All dims in reverse order (matrices only, without a warning)."""
    if self._array.ndim == 2:
        return _permute_of(self._array.T, self, (1, 0))
    return _permute(self, tuple(reversed(range(self._array.ndim))))


def _matrix_only(name: str):
    def read(self):
        if self._array.ndim < 2:
            raise RuntimeError(
                f"tensor.{name} is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
            )
        flipped = _transposed_last(self)
        return flipped.conj() if name == "mH" and self.is_complex() else flipped

    return property(read, doc="The (conjugate) transpose of the last two dims.")


def _hermitian(self):
    """The conjugate transpose of a matrix."""
    if self._array.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor.")
    return adjoint(self) if self._array.ndim else self


Tensor.T = property(_all_reversed)  # type: ignore[attr-defined]
Tensor.H = property(_hermitian)  # type: ignore[attr-defined]
Tensor.mT, Tensor.mH = _matrix_only("mT"), _matrix_only("mH")  # type: ignore[attr-defined]
Tensor.real = property(real, lambda self, value: real(self).copy_(value))  # type: ignore[attr-defined]
Tensor.imag = property(imag, lambda self, value: imag(self).copy_(value))  # type: ignore[attr-defined]
