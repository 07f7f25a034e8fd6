"""The roads that generated functions leave the straight line for: mixed dtypes, Python numbers, half types, subclasses, errors, writes."""

from __future__ import annotations

import warnings

import numpy as np

from ..autograd.forward import Dual, make_dual_tensor, primal_and_tangent, write_tangent
from ..autograd.views import View, bump, check_writable, rebase_history
from ..backends import NAMESPACES, backend_for
from ..core import dtype as dtypes
from ..core import layout, promotion
from ..core.dtype import BOOL, FLOAT, HALF_NUMPY
from ..core.errors import OutOfMemoryError, broadcast_mismatch
from ..core.graph import thread
from ..core.storage import storage_of
from ..core.tensor import Tensor, alias, wrap

NUMBERS = (bool, int, float, complex)


def array_of(value):
    """A kernel's result as an array: NumPy decays 0-d results to scalars."""
    return value.__array__() if isinstance(value, np.generic) else value  # half the time of np.asarray


def number_of(value):
    """A Python number for ``value`` if it is one (NumPy scalars included), else None."""
    kind = type(value)
    if kind in NUMBERS:
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return value.item()
    return None


def bad_argument(op, name: str, value) -> TypeError:
    """The error for an argument that is no tensor."""
    names = [item.name for item in op.parameters]
    position = names.index(name) + 1 if name in names else 1
    return TypeError(
        f"{op.name.strip('_')}(): argument '{name}' (position {position}) must be Tensor, not {type(value).__name__}"
    )


def admit(op, name: str, value) -> None:
    """TypeError unless ``value`` is a tensor (of a subclass)."""
    if not isinstance(value, Tensor):
        raise bad_argument(op, name, value)


def blame(name: str, arguments: dict, error: AttributeError) -> Exception:
    """The error to raise for an attribute that a composite missed: TypeError where an argument that is no tensor was used as one."""
    culprit = error.obj
    if isinstance(culprit, Tensor):
        return error
    for position, (argument, value) in enumerate(arguments.items(), 1):
        if value is culprit:
            return TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}"
            )
        if isinstance(value, (tuple, list)):
            for place, item in enumerate(value):
                if item is culprit:
                    return TypeError(
                        f"{name}(): expected Tensor as element {place} in argument {position - 1}, but got {type(item).__name__}"
                    )
    return error


def same_place(op, a, b) -> None:
    """RuntimeError unless two arrays live on one device; None is nowhere."""
    if a is not None and b is not None and NAMESPACES.get(type(a)) is not NAMESPACES.get(type(b)):
        raise different_devices(wrap(a), wrap(b))


def different_devices(a: Tensor, b: Tensor) -> RuntimeError:
    return RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {a.device} and {b.device}!"
    )


def explain(op, error: Exception, arguments: tuple) -> Exception:
    """What PyTorch would raise for an error that NumPy raised in a kernel."""
    tensors = [item for item in arguments if isinstance(item, Tensor)]
    for one in tensors[1:]:
        if type(one._array) is not type(tensors[0]._array):
            return different_devices(tensors[0], one)
    if isinstance(error, MemoryError):
        return OutOfMemoryError(
            f"DefaultCPUAllocator: can't allocate memory for the result of {op.name.strip('_')}(): {error}"
        )
    if isinstance(error, ValueError) and len(tensors) > 1:
        try:
            np.broadcast_shapes(*[one._array.shape for one in tensors])
        except ValueError:
            first = tensors[0]._array.shape
            for one in tensors[1:]:
                try:
                    first = np.broadcast_shapes(first, one._array.shape)
                except ValueError:
                    return broadcast_mismatch(first, one._array.shape)
    return error


def explain_write(op, error: Exception, arguments: tuple) -> Exception:
    """Like ``explain``, for a write into the first argument."""
    found = explain(op, error, arguments)
    if found is error and isinstance(error, ValueError):
        shapes = [one._array.shape for one in arguments if isinstance(one, Tensor)]
        return wrong_output_shape(shapes[0], np.broadcast_shapes(*shapes))
    return found


def wrong_output_shape(shape, broadcast) -> RuntimeError:
    return RuntimeError(f"output with shape {list(shape)} doesn't match the broadcast shape {list(broadcast)}")


def zeros_for(meta):
    """Zeros for an output that no gradient reached; ``meta`` is (shape, an array of the right kind)."""
    shape, like = meta
    return wrap(NAMESPACES[type(like)].zeros(shape, like.dtype))


def upcast(kernel, xp, arguments: tuple):
    """Run a kernel on float16 or bfloat16 arrays: compute in float32, round once."""
    half = None

    def up(value):
        nonlocal half
        if isinstance(value, (list, tuple)) and value and hasattr(value[0], "dtype"):
            return [up(item) for item in value]
        if getattr(value, "dtype", None) in HALF_NUMPY and hasattr(value, "astype"):
            half = value.dtype
            return value.astype(np.float32)
        return value

    raised = [up(item) for item in arguments]
    result = kernel(xp, *raised)

    def down(value):
        return value.astype(half) if value.dtype == np.float32 else value

    return tuple(down(item) for item in result) if isinstance(result, tuple) else down(result)


# -- pointwise ops with anything but plain tensors of one dtype -------------------------------------------------------------------------


def computation_dtype(op, values: tuple, statics: tuple = ()) -> dtypes.dtype:
    """The dtype that a pointwise op computes in, for tensors and Python numbers ``values``."""
    dimensioned = zero_dim = number = None
    for value in values:
        if isinstance(value, Tensor):
            found = value.dtype
            if value._array.ndim:
                dimensioned = (
                    found
                    if dimensioned is None or dimensioned is found
                    else promotion.promote_types(dimensioned, found)
                )
            else:
                zero_dim = found if zero_dim is None else promotion.promote_types(zero_dim, found)
        elif value is not None:
            found = promotion.number_dtype(value)
            number = found if number is None else promotion.promote_types(number, found)
    found = promotion.combine(dimensioned, zero_dim, number)
    promote = op.promote if type(op.promote) is str else op.promote(*statics)
    if promote == "float" and found.category < FLOAT:
        return dtypes.get_default_dtype()
    return found


def general(op, values: tuple, statics: tuple, out):
    """Any pointwise call: checks and promotes the arguments, computes, records, writes ``out``."""
    values = _operands(op, values)
    dtype = computation_dtype(op, values, statics)
    if op.check is not None:
        op.check(dtype, *values, *statics)
    if dtype.name in op.refuses:
        raise NotImplementedError(f"\"{op.name.strip('_')}_cpu\" not implemented for '{dtype.legacy_name}'")
    first = _common_device(values)
    tracked = False
    for place, value in enumerate(values):
        if isinstance(value, Tensor):
            moved = value
            if type(value._array) is not type(first._array):
                # A 0-d host tensor beside device tensors goes where they are; PyTorch allows that one crossing.
                moved = value.to(first.device)
            if value._autograd is not None:
                tracked = True
                if op.rules and moved._array.dtype != dtype.numpy:
                    moved = moved.to(dtype)
            if moved is not value:
                values = (*values[:place], moved, *values[place + 1 :])
    half = dtype.numpy in HALF_NUMPY and op.half == "upcast"
    compute = np.dtype(np.float32) if half else dtype.numpy
    arrays = [_operand_array(value, compute) for value in values]
    result = wrap(_compute(op, NAMESPACES[type(first._array)], arrays, statics, values))
    if half and result._array.dtype == compute:
        with np.errstate(all="ignore"):
            result._array = result._array.astype(dtype.numpy)
    if tracked and op.rules:
        result = _record_of(op)(result, *values, *statics)
    if out is None:
        return result
    if isinstance(out, Tensor):
        _check_partial_overlap(out, values)
    return write_out(op.name, out, result, op.out == "exact")


def _record_of(op):
    """The op's generated ``_record``: written now, if only operators of the op were called so far."""
    scope = op.function.__globals__
    if "_record" not in scope:
        scope["_materialise"]()
    return scope["_record"]


def operate(op, values: tuple, statics: tuple):
    """A Python operator: NotImplemented, so that Python asks the other operand, for what is neither tensor nor number."""
    for value in values:
        if not isinstance(value, Tensor) and number_of(value) is None:
            return NotImplemented
    return general(op, values, statics, None)


def _operands(op, values: tuple) -> tuple:
    """The arguments: tensors, Python numbers where the op takes them, None where it is optional. TypeError for anything else."""
    tensors = 0
    for place, (parameter, value) in enumerate(zip(op.tensors, values, strict=True)):
        if isinstance(value, Tensor):
            tensors += 1
            continue
        number = None if parameter.strict else number_of(value)
        if number is None and not (value is None and parameter.role == "optional"):
            raise bad_argument(op, parameter.name, value)
        if number is not value:
            values = (*values[:place], number, *values[place + 1 :])
    if tensors:
        return values
    if op.name not in BETWEEN_NUMBERS:
        raise bad_argument(op, op.tensors[0].name, values[0])
    dtype = promotion.number_dtype(values[0])
    return (wrap(np.asarray(values[0], dtype.numpy)), *values[1:])


BETWEEN_NUMBERS = frozenset(("add", "sub", "mul", "div", "true_divide", "floor_divide"))
"""Functions that PyTorch lets compute on two Python numbers."""


def _common_device(values) -> Tensor:
    tensors = [value for value in values if isinstance(value, Tensor)]
    first = tensors[0]
    kind = type(first._array)
    if all(type(one._array) is kind for one in tensors):
        return first
    chosen = max(tensors, key=lambda item: (item._array.ndim > 0, type(item._array) is not np.ndarray))
    for one in tensors:
        if type(one._array) is not type(chosen._array) and (one._array.ndim or type(one._array) is not np.ndarray):
            raise different_devices(first, one if one is not first else chosen)
    return chosen


def _operand_array(value, compute):
    """An argument in the computation's dtype. A number becomes a NumPy scalar, which device arrays take too."""
    if isinstance(value, Tensor):
        array = value._array
        return array if array.dtype == compute else array.astype(compute)
    if value is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(value).astype(compute)[()]
    except OverflowError:
        raise RuntimeError(f"value cannot be converted to type {compute} without overflow: {value}") from None


def _compute(op, xp, arrays: list, statics: tuple, values: tuple):
    from .generate import IGNORE_ERRORS, quiet, unquiet

    token = quiet(IGNORE_ERRORS)
    try:
        array_kernel = getattr(op, "array_kernel", None)
        if array_kernel is not None:
            return array_kernel(xp, *arrays, *statics)
        if isinstance(op.kernel, np.ufunc):
            kernel = op.kernel if xp is np else getattr(xp, op.kernel.__name__)
            return kernel(*arrays)
        return op.kernel(xp, *arrays, *statics)
    except (ValueError, TypeError, MemoryError) as error:
        raise explain(op, error, values) from None
    finally:
        unquiet(token)


# -- writes -----------------------------------------------------------------------------------------------------------------------------


def cast_error(from_: dtypes.dtype, to: dtypes.dtype) -> RuntimeError:
    return RuntimeError(f"result type {from_.legacy_name} can't be cast to the desired output type {to.legacy_name}")


def inplace(op, tensor, function, *, others: tuple = (), needs_old: bool = True):
    """Write ``function(tensor)`` into ``tensor``: checks, computes out of place, copies, bumps the version, rebases the history.

    ``function`` gets the tensor as it was. ``others`` are its other arguments; ``needs_old`` says whether a gradient rule may look at the
    old values, which are then copied. NOTE [Views and in-place]
    """
    if not isinstance(tensor, Tensor):
        raise bad_argument(op, "input", tensor)
    enabled = thread.mode.enabled
    if not enabled and not thread.mode.level:
        check_writable(tensor, tracked=False)
        _check_partial_overlap(tensor, others)
        result = function(tensor)
        _check_same_dtype(op, tensor, result)
        write(tensor, result)
        bump(tensor)
        return tensor
    check_writable(tensor, tracked=True)
    _check_partial_overlap(tensor, others)
    before = alias(tensor._array, None)
    history = tensor._autograd
    edge = None if history is None else history.edge(tensor)
    if needs_old and (edge is not None or _any_tracked(others)):
        # A rule that needs the old value must not see the new one; a copy is only made where history is kept at all.
        before._array = tensor._array.copy()
    before._autograd = edge
    level = thread.mode.level
    if level:
        tangent = primal_and_tangent(tensor, level)[1]
        if tangent is not None:
            before = make_dual_tensor(before, tangent.clone(), level)
    result = function(before)
    _check_same_dtype(op, tensor, result)
    write(tensor, result)
    bump(tensor)
    adopt(tensor, result)
    return tensor


def _check_same_dtype(op, tensor, result) -> None:
    """RuntimeError where an op that casts nothing would have to."""
    if op is not None and op.inplace == "exact" and result._array.dtype != tensor._array.dtype:
        raise RuntimeError(
            f"{op.name}_(): the result has dtype {result.dtype.name}, the tensor it is written to {tensor.dtype.name}"
        )


def adopt(tensor, result) -> None:
    """``tensor``, whose memory now holds the values of ``result``, takes over its history and its tangent."""
    level = thread.mode.level
    if level:
        result, tangent = primal_and_tangent(result, level)
        primal = tensor._autograd.primal if type(tensor._autograd) is Dual else tensor
        rebase_history(primal, cast_like(result, tensor))
        write_tangent(tensor, None if tangent is None else cast_like(tangent, tensor), level)
        return
    rebase_history(tensor, cast_like(result, tensor))
    _share_saved_result(tensor, result)


def _any_tracked(values) -> bool:
    """Whether a tensor among ``values`` (lists of tensors included) has a history."""
    return any(
        value._autograd is not None
        if isinstance(value, Tensor)
        else isinstance(value, (list, tuple)) and _any_tracked(value)
        for value in values
    )


def _share_saved_result(tensor, result) -> None:
    """A node that saved its result now saved what lies in ``tensor``; a later write must make it stale."""
    node = result._autograd
    if tensor._autograd is node and hasattr(node, "saved_result") and isinstance(node.saved_result, Tensor):
        storage = storage_of(tensor)
        node.saved_result = alias(tensor._array, storage)
        node.version_result = storage.version


def cast_like(result, tensor):
    """``result`` with the dtype of ``tensor``, keeping its history."""
    return result if result._array.dtype == tensor._array.dtype else result.to(tensor.dtype)


def write(tensor, result) -> None:
    """Copy values into a tensor's memory. RuntimeError where kind or shape do not allow it."""
    if not promotion.can_cast(result.dtype, tensor.dtype):
        raise cast_error(result.dtype, tensor.dtype)
    if result._array.shape != tensor._array.shape:
        raise wrong_output_shape(tensor._array.shape, result._array.shape)
    tensor._array[...] = result._array


def _check_partial_overlap(tensor, others) -> None:
    for other in others:
        if isinstance(other, Tensor) and overlaps_partly(tensor, other):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
                "location. Please clone() the tensor before performing the operation."
            )


def overlaps_partly(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors share memory without being the same elements in the same order."""
    if (
        a._storage is None
        or b._storage is None
        or a._storage.root is not b._storage.root
        or 0 in (a.numel(), b.numel())
    ):
        return False
    x, y = a._array, b._array
    if x.shape == y.shape and x.strides == y.strides and a.storage_offset() == b.storage_offset():
        return False
    first, second = a.storage_offset(), b.storage_offset()
    last_a = first + layout.span(x.shape, layout.strides(x))
    last_b = second + layout.span(y.shape, layout.strides(y))
    return first < last_b and second < last_a


def write_out(name: str, out, result, exact: bool = False):
    """Copy a result (or several) into ``out=``; returns ``out``. Resizes as PyTorch does, with its warning. ``exact``: casts nothing."""
    if isinstance(result, tuple):
        if not isinstance(out, (tuple, list)) or len(out) != len(result):
            raise TypeError(
                f"{name}(): argument 'out' must be tuple of Tensors with {len(result)} elements, not {type(out).__name__}"
            )
        filled = [write_out(name, one, value, exact) for one, value in zip(out, result, strict=True)]
        return type(result)(filled) if type(result) is tuple else type(result)(*filled)
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if thread.mode.enabled and (result.requires_grad or out.requires_grad):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        )
    if type(out._array) is not type(result._array):
        raise different_devices(out, result)
    if exact and result.dtype is not out.dtype and not (result.dtype is dtypes.bool_ and out.dtype is dtypes.uint8):
        raise RuntimeError(f"Expected out tensor to have dtype {result.dtype.name}, but got {out.dtype.name} instead")
    if not promotion.can_cast(result.dtype, out.dtype):
        raise cast_error(result.dtype, out.dtype)
    check_writable(out, tracked=False)
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not match the "
                f"required output shape {list(result.shape)}. This behavior is deprecated, and in a future PyTorch release outputs "
                "will not be resized unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, "
                "inplace, to zero elements with t.resize_(0).",
                UserWarning,
                stacklevel=3,
            )
        resize(out, result._array.shape)
    out._array[...] = result._array
    bump(out)
    return out


def resize(tensor: Tensor, shape) -> None:
    """Give a tensor a new shape, keeping its first elements in memory order; memory grows where it must."""
    storage = storage_of(tensor)
    array, root = tensor._array, storage.root
    count = int(np.prod(shape, dtype=np.int64))
    xp = NAMESPACES[type(array)]
    flat = root.reshape(-1) if root.flags.c_contiguous or root.flags.f_contiguous else None
    if flat is not None and not root.flags.c_contiguous:
        flat = root.T.reshape(-1)
    offset = tensor.storage_offset()
    if flat is None or offset + count > flat.size:
        grown = xp.empty(offset + count, array.dtype)
        if flat is not None:
            keep = min(flat.size, grown.size)
            grown[:keep] = flat[:keep]
        storage.root = flat = grown
    tensor._array = flat[offset : offset + count].reshape(shape)


def backend_of(tensor: Tensor):
    """The backend module of a tensor's device."""
    return backend_for(tensor.device.type)


__all__ = [
    "BOOL", "View", "admit", "array_of", "backend_of", "bad_argument", "bump", "cast_error", "cast_like", "explain", "general", "inplace",
    "number_of", "resize", "same_place", "upcast", "write", "write_out", "zeros_for",
]  # fmt: skip
