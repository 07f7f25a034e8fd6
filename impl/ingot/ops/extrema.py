"""Largest and smallest elements, and where they are. NaN is the extreme of all it is among, as in PyTorch."""

from __future__ import annotations

import numpy as np

from ..core.dtype import HALF_NUMPY
from ..core.errors import index_of, normalize_dim
from ..core.tensor import Tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .reductions import contiguous, dims_of, restore_dims
from .return_types import return_type
from .sorting import back_to_places, share_among

# -- the value alone: gradients are shared among equal elements -------------------------------------------------------------------------------


def _extreme(name: str, ufunc: str, node: str):
    @primitive(f"_{name}(input, dims: tuple, keepdim: bool)", node=node)
    def reduce(xp, input, dims, keepdim):
        return contiguous(xp, getattr(xp, ufunc).reduce(input, axis=dims, keepdims=keepdim))

    @reduce.backward("input")
    def _(grad, input, result, dims, keepdim):
        grad, result = (restore_dims(one, input.shape, dims, keepdim) for one in (grad, result))
        return share_among(grad, input, result, dims)

    return reduce


_amax, _amin = _extreme("amax", "maximum", "AmaxBackward0"), _extreme("amin", "minimum", "AminBackward0")
_max_of_all, _min_of_all = (
    _extreme("max_of_all", "maximum", "MaxBackward1"),
    _extreme("min_of_all", "minimum", "MinBackward1"),
)


def _check_not_empty(name: str, input, dims, whole: bool, error=RuntimeError, advice: str = "") -> None:
    """An extreme of nothing does not exist."""
    shape = input._array.shape
    if 0 not in shape:
        return
    if whole:
        raise error(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.{advice}")
    for dim in dims:
        if shape[dim] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


_ADVICE = " Specify the reduction dim with the 'dim' argument."


def _refuse_complex(kernel: str, input) -> None:
    if input.is_complex():
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input.dtype.legacy_name}'")


def _value(name: str, input, dim, keepdim, reduce):
    dims = dims_of(name, input, dim)
    _refuse_complex(f"{name[1:]}_values_cpu" if name[0] == "a" else f"{name}_all", input)
    _check_not_empty(name, input, dims, dim is None or dim == () or dim == [], advice=_ADVICE)
    return reduce(input, dims, keepdim)


@composite(method=True, out="exact")
def amax(input, dim=(), keepdim=False):
    """The largest elements over ``dim`` (an int, several, or all). The gradient is shared evenly among equal ones (among the NaNs, if any)."""
    return _value("amax", input, dim, keepdim, _amax)


@composite(method=True, out="exact")
def amin(input, dim=(), keepdim=False):
    """The smallest elements over ``dim`` (an int, several, or all). The gradient is shared evenly among equal ones."""
    return _value("amin", input, dim, keepdim, _amin)


@composite(method=True, out="exact")
def aminmax(input, *, dim=None, keepdim=False):
    """(min, max) of all elements or along one dim, with gradients as of ``amin`` and ``amax``."""
    dims = dims_of("aminmax", input, dim)
    _refuse_complex("aminmax_cpu", input)
    if dim is None and input._array.size == 0:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    _check_not_empty("aminmax", input, dims, False)
    return return_type("aminmax", "min", "max")(_amin(input, dims, keepdim), _amax(input, dims, keepdim))


# -- value and place: the gradient goes to the place chosen -----------------------------------------------------------------------------------


def _select(name: str, search: str, ufunc: str):
    @primitive(
        f"_{name}(input, dim: int, keepdim: bool)", outputs=("values", "indices"), half="native", node=f"{name.capitalize()}Backward0"
    )  # fmt: skip
    def select(xp, input, dim, keepdim):
        # ml_dtypes' own search does not know NaN, and NumPy's of float16 is slow.
        wide = input.astype(np.float32) if input.dtype in HALF_NUMPY else input
        indices = getattr(wide, search)(axis=dim, keepdims=keepdim)
        values = getattr(xp, ufunc).reduce(wide, axis=dim, keepdims=keepdim)
        if wide is not input:
            values = values.astype(input.dtype)
        return (values, indices) if indices.ndim < 2 else (contiguous(xp, values), contiguous(xp, indices))

    @select.backward("input")
    def _(grad, indices, input_shape, dim, keepdim):
        return back_to_places(*_wide(keepdim, dim, grad, indices), input_shape, dim)

    @select.jvp("input")
    def _(tangent, indices, dim, keepdim):
        (wide,) = _wide(keepdim, dim, indices)
        picked = tangent.gather(dim, wide)
        return (picked if keepdim else picked.squeeze(dim)), None

    return select


def _wide(keepdim: bool, dim: int, *tensors):
    """Tensors with the reduced dim back in, at length 1."""
    return tensors if keepdim else tuple(one.unsqueeze(dim) for one in tensors)


_max, _min = _select("max", "argmax", "maximum"), _select("min", "argmin", "minimum")


def _along_one(name: str, input, dim, keepdim, select):
    """(values, indices) along a dim; a 0-d tensor counts as having one dim."""
    if input.is_complex():
        raise RuntimeError(f"{name}(): does not support complex input")
    rank = input._array.ndim
    place = normalize_dim(dim, rank)
    if not rank:
        values, indices = select(input.reshape(1), 0, False)
    else:
        _check_not_empty(name, input, (place,), False)
        values, indices = select(input, place, bool(keepdim))
    return return_type(name, "values", "indices")(values, indices)


def _extremum(name: str, reduce, select, elementwise: str, word: str):
    def function(input, dim=None, keepdim=False, *, other=None):
        if type(input) is not Tensor:
            admit(REGISTRY[name], "input", input)
        if isinstance(dim, Tensor):
            dim, other = None, dim
        if other is not None:
            return REGISTRY[elementwise].function(input, other)
        if dim is None:
            return _value(name, input, None, False, reduce)
        return _along_one(name, input, index_of(dim, "dim"), keepdim, select)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"``{name}(input)``: the {word} element. ``{name}(input, dim, keepdim=False)``: (values, indices) along a dim.\n"
        f"``{name}(input, other)``: elementwise, as ``{elementwise}``."
    )
    return composite(name, method=True, out="exact")(function)


max = _extremum("max", _max_of_all, _max, "maximum", "largest")
min = _extremum("min", _min_of_all, _min, "minimum", "smallest")


def _argument(name: str, input, dim, keepdim):
    if type(input) is not Tensor:
        admit(REGISTRY[name], "input", input)
    if input._array.dtype.kind in "cb":
        raise RuntimeError(
            f"{name}(): does not support {'bool' if input._array.dtype.kind == 'b' else 'complex'} input"
        )
    rank = input._array.ndim
    if dim is None:
        _check_not_empty(name, input, (), True, IndexError)
        found = _argument_place(input.reshape(-1), 0, False, name)
        return found.reshape((1,) * rank) if keepdim else found
    place = normalize_dim(dim, rank)
    if not rank:
        return _argument_place(input.reshape(1), 0, False, name)
    _check_not_empty(name, input, (place,), False)
    return _argument_place(input, place, bool(keepdim), name)


@primitive("_argument_place(input, dim: int, keepdim: bool, search: str)", differentiable=(), half="native")
def _argument_place(xp, input, dim, keepdim, search):
    # ml_dtypes' own search does not know NaN.
    wide = input.astype(np.float32) if input.dtype in HALF_NUMPY else input
    found = getattr(wide, search)(axis=dim, keepdims=keepdim)
    return found if found.ndim < 2 else contiguous(xp, found)


@composite(method=True, out="exact")
def argmax(input, dim=None, keepdim=False):
    """The place of the largest element along ``dim``, or among all in row-major order; of equal ones the first. int64."""
    return _argument("argmax", input, dim, keepdim)


@composite(method=True, out="exact")
def argmin(input, dim=None, keepdim=False):
    """The place of the smallest element along ``dim``, or among all in row-major order; of equal ones the first. int64."""
    return _argument("argmin", input, dim, keepdim)
