"""Differences, derivatives and integrals of sampled functions."""

from __future__ import annotations

from ..core import dtype as dtypes
from ..core import promotion
from ..core.dtype import INTEGER
from ..core.errors import normalize_dim
from ..core.tensor import Tensor
from .declare import REGISTRY, composite
from .dispatch import admit


def _cat(tensors, dim):
    return REGISTRY["cat"].function(tensors, dim)


def _from(tensor, dim: int, start: int, stop: int | None = None):
    """``tensor[start:stop]`` along a dim."""
    return tensor[(*(slice(None),) * dim, slice(start, stop))]


def _check_tensor(name: str, value, argument: str = "input") -> None:
    if type(value) is not Tensor:
        admit(REGISTRY[name], argument, value)


# -- differences ------------------------------------------------------------------------------------------------------------------------------


@composite(method=True, out=True)
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """The ``n``-th differences of neighbours along a dim, ``prepend`` and ``append`` joined on before; exclusive or for bools.

    ``diff(tensor([1, 3, 2]))`` is ``[2, -1]``.
    """
    _check_tensor("diff", input)
    rank = input._array.ndim
    if not rank:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    place = normalize_dim(dim, rank)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    for name, extra in (("prepend", prepend), ("append", append)):
        if extra is None:
            continue
        if extra._array.ndim != rank:
            raise RuntimeError(
                f"diff expects prepend or append to be the same dimension as input, {name} has {extra._array.ndim} dims, input {rank}"
            )
        for at, (length, wanted) in enumerate(zip(extra._array.shape, input._array.shape, strict=True)):
            if at != place and length != wanted:
                raise RuntimeError(
                    f"diff expects the shape of tensor to prepend or append to match that of input except along the differencing dimension; "
                    f"input.size({at}) = {wanted}, but got {name}.size({at}) = {length}"
                )
    if n == 0:
        return input.clone()
    joined = (
        _cat([item for item in (prepend, input, append) if item is not None], place)
        if prepend is not None or append is not None
        else input
    )
    for _ in range(min(n, joined._array.shape[place])):
        later, earlier = _from(joined, place, 1), _from(joined, place, 0, -1)
        joined = later ^ earlier if joined._array.dtype.kind == "b" else later - earlier
    return joined


# -- derivatives ------------------------------------------------------------------------------------------------------------------------------


def _derivative(samples, dim: int, spacing, edge_order: int):
    """Second-order central differences inside, one-sided ones of order ``edge_order`` at the ends.

    ``spacing``: a number, or a vector of coordinates. Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids" (1988).
    """
    if isinstance(spacing, Tensor):
        shape = [-1 if at == dim else 1 for at in range(samples.ndim)]
        steps = (spacing[1:] - spacing[:-1]).reshape(shape)
        left, right = _from(steps, dim, 0, -1), _from(steps, dim, 1)
        ends = (
            (_from(steps, dim, 0, 1), _from(steps, dim, 1, 2)),
            (_from(steps, dim, -1), _from(steps, dim, -2, -1)),
        )
        before, here, behind = (
            -right / (left * (left + right)),
            (right - left) / (left * right),
            left / (right * (left + right)),
        )
        inside = (
            before * _from(samples, dim, 0, -2) + here * _from(samples, dim, 1, -1) + behind * _from(samples, dim, 2)
        )
    else:
        ends = ((spacing, spacing), (spacing, spacing))
        inside = (_from(samples, dim, 2) - _from(samples, dim, 0, -2)) / (2 * spacing)
    first, last = [_from(samples, dim, at, at + 1) for at in range(3)][: edge_order + 1], None
    length = samples._array.shape[dim]
    last = [_from(samples, dim, length - 1 - at, length - at) for at in range(edge_order + 1)]
    if edge_order == 1:
        edges = (first[1] - first[0]) / ends[0][0], (last[0] - last[1]) / ends[1][0]
    else:
        edges = _edge(first, *ends[0]), -_edge(last, *ends[1])
    return _cat((edges[0], inside, edges[1]), dim)


def _edge(values, near, far):
    """The one-sided second-order derivative at the first of three samples, ``near`` and ``far`` apart."""
    return (
        -(2 * near + far) / (near * (near + far)) * values[0]
        + (near + far) / (near * far) * values[1]
        - near / (far * (near + far)) * values[2]
    )


@composite()
def gradient(input, *, spacing=None, dim=None, edge_order=1):
    """Derivatives of samples along each of ``dim`` (an int, several, or all): a tuple of tensors of the input's shape.

    ``spacing``: a number for all dims, one number for each, or a vector of coordinates for each. ``gradient(tensor([1., 4., 9.]))[0]`` is ``[3., 4., 5.]``.
    """
    _check_tensor("gradient", input)
    rank = input._array.ndim
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    dims = list(range(rank)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    dims = [normalize_dim(item, rank) for item in dims]
    if len(set(dims)) != len(dims):
        raise RuntimeError(
            f"dim {next(item for item in dims if dims.count(item) > 1)} appears multiple times in the list of dims"
        )
    if spacing is None or not isinstance(spacing, (list, tuple)):
        if isinstance(spacing, Tensor):
            raise TypeError(
                "gradient(): argument 'spacing' must be a number, a sequence of numbers or a sequence of tensors, not Tensor"
            )
        spaces = [1 if spacing is None else spacing] * len(dims)
    else:
        spaces = list(spacing)
    if len(spaces) != len(dims):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar or a list of length equal to the number of dims, {len(dims)}, but got a list of "
            f"length {len(spaces)}"
        )
    for place, space in zip(dims, spaces, strict=True):
        length = input._array.shape[place] if rank else 1
        if length < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
        if isinstance(space, Tensor):
            if space._array.ndim != 1:
                raise RuntimeError(
                    "torch.gradient expected each element of spacing to have one dimension, but got an element with "
                    f"{space._array.ndim} dimensions!"
                )
            if space.numel() != length:
                raise RuntimeError(
                    f"torch.gradient expected each element of spacing to have as many elements as the dim it belongs to, {length}, but got {space.numel()}"
                )
    return [_derivative(input, place, space, edge_order) for place, space in zip(dims, spaces, strict=True)]


# -- integrals --------------------------------------------------------------------------------------------------------------------------------


def _trapezoids(name: str, y, x, dx, dim):
    """Areas of the trapezoids between neighbours along a dim, the dim, and the dtype of their sums.

    Samples are halved before they are added, so that sums overflow only where an area does; areas of integers are float64.
    """
    _check_tensor(name, y, "y")
    place = normalize_dim(dim, y._array.ndim)
    if isinstance(x, Tensor) and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: give coordinates x or a step dx")
    if not y._array.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if x is None:
        step = 1 if dx is None else dx
        if y._array.dtype.kind == "b":
            raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
        areas = _heights(y, place) * step
        whole = y.dtype.category == INTEGER and areas.dtype is dtypes.float64
        return areas, place, dtypes.get_default_dtype() if whole else areas.dtype
    if "b" in (y._array.dtype.kind, x._array.dtype.kind):
        raise RuntimeError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")
    if x._array.ndim == 1:
        if x._array.shape[0] != y._array.shape[place]:
            raise RuntimeError(
                f"{name}: There must be one `x` value for each sample point, got {x._array.shape[0]} for {y._array.shape[place]}"
            )
        x = x.reshape([-1 if at == place else 1 for at in range(y._array.ndim)])
        along = place
    else:
        x = x.reshape((1,) * (y._array.ndim - x._array.ndim) + tuple(x.shape)) if x._array.ndim < y._array.ndim else x
        along = place
    places = x.to(dtypes.float64) if x.dtype.category == INTEGER else x  # differences may not fit the integers
    areas = _heights(y, place) * (_from(places, along, 1) - _from(places, along, 0, -1))
    if INTEGER not in (y.dtype.category, x.dtype.category):
        return areas, place, areas.dtype
    found = promotion.promote_types(y.dtype, x.dtype)
    return areas, place, dtypes.get_default_dtype() if found.category == INTEGER else found


def _heights(y, dim: int):
    """The mean of neighbours along a dim; of integers in float64, from sums that are exact."""

    def pairs(x):
        return _from(x, dim, 1) + _from(x, dim, 0, -1)

    if y.dtype.category != INTEGER:
        return pairs(y / 2)
    y = y.to(dtypes.int64)
    return pairs(y >> 1).to(dtypes.float64) + pairs(y & 1).to(dtypes.float64) / 2


@composite(aliases=("trapz",))
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral of samples along a dim by the trapezoidal rule, at coordinates ``x`` or a step ``dx`` (1) apart.

    ``trapezoid(tensor([1., 5., 10.]))`` is 10.5.
    """
    if isinstance(y, Tensor) and y._array.ndim and y._array.shape[normalize_dim(dim, y._array.ndim)] == 0:
        place = normalize_dim(dim, y._array.ndim)
        return y.sum(place).new_zeros(y.sum(place).shape)
    areas, place, dtype = _trapezoids("trapezoid", y, x, dx, dim)
    return areas.sum(place).to(dtype)


@composite()
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """Running integrals of samples along a dim by the trapezoidal rule; one element shorter than ``y``."""
    areas, place, dtype = _trapezoids("cumulative_trapezoid", y, x, dx, dim)
    return areas.cumsum(place).to(dtype)
