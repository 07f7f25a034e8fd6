"""Variances, covariances and quantiles."""

from __future__ import annotations

import warnings

import numpy as np

from ..core.dtype import FLOAT, float32, float64, int64
from ..core.errors import normalize_dim
from ..core.tensor import Tensor
from .declare import REGISTRY, composite, primitive
from .dispatch import admit
from .reductions import add_up, count_of, dims_of, mean, restore_dims

# -- variance -------------------------------------------------------------------------------------------------------------------------------


def _squares_about_mean(xp, input, dims, keepdim):
    """Sum of squared distances from the mean: two passes, less what the mean's own rounding adds (Chan, Golub, LeVeque 1983, 1.7)."""
    count = count_of(input.shape, dims)
    off = input - add_up(xp, input, dims, True) / input.dtype.type(count)
    drift = add_up(xp, off, dims, keepdim)
    squares = off.real * off.real + off.imag * off.imag if input.dtype.kind == "c" else off * off
    drift = drift.real * drift.real + drift.imag * drift.imag if input.dtype.kind == "c" else drift * drift
    total = add_up(xp, squares, dims, keepdim) - drift / squares.dtype.type(count)
    wide = _WIDER.get(input.dtype.name)
    if xp is np and wide and not np.isfinite(total).all() and np.isfinite(input).all():
        # The squares overflow float32, their root does not. PyTorch's CPU kernels always add in float64.
        return _squares_about_mean(xp, input.astype(wide), dims, keepdim)
    return total


_WIDER = {"float32": np.float64, "complex64": np.complex128}


def _degrees(shape, dims, correction) -> float:
    return max(count_of(shape, dims) - correction, 0)


@primitive("_var(input, dims: tuple, correction: float, keepdim: bool)", node="VarBackward0")
def _var(xp, input, dims, correction, keepdim):
    total = _squares_about_mean(xp, input, dims, keepdim)
    return (total / total.dtype.type(_degrees(input.shape, dims, correction))).astype(input.real.dtype)


@primitive("_std(input, dims: tuple, correction: float, keepdim: bool)", node="StdBackward0")
def _std(xp, input, dims, correction, keepdim):
    total = _squares_about_mean(xp, input, dims, keepdim)
    return xp.sqrt(total / total.dtype.type(_degrees(input.shape, dims, correction))).astype(input.real.dtype)


def _var_gradient(grad, input, dims, correction, keepdim):
    grad = restore_dims(grad, input.shape, dims, keepdim)
    off = input - mean(input, dims, True) if dims else input - input
    degrees = _degrees(input.shape, dims, correction)
    if degrees == 0:
        return grad * off.new_full(off.shape, float("inf")).where(off != 0, float("nan"))
    return grad * (2 / degrees) * off


_var.op.rules[("input",)] = lambda grad, input, dims, correction, keepdim: _var_gradient(
    grad, input, dims, correction, keepdim
)
# Where all elements are equal the deviation has no derivative; 0 is its subgradient, as in PyTorch.
_std.op.rules[("input",)] = lambda grad, input, result, dims, correction, keepdim: _var_gradient(
    (grad / (result * 2).masked_fill(result == 0, 1)).masked_fill(result == 0, 0), input, dims, correction, keepdim
)


def _spread_arguments(name: str, input, args, dim, unbiased, correction, keepdim):
    """(dims, correction, keepdim) of ``name(input, unbiased)``, ``name(input, dim, unbiased, keepdim)``, ``name(input, dim, *, correction, keepdim)``."""
    given = list(args)
    if given and isinstance(given[0], bool):
        unbiased = given.pop(0)
    elif given:
        dim = given.pop(0)
        unbiased = given.pop(0) if given else unbiased
        keepdim = given.pop(0) if given else keepdim
    if given or (unbiased is not None and (correction is not None or not isinstance(unbiased, bool))):
        raise TypeError(f"{name}() received an invalid combination of arguments")
    dims = dims_of(name, input, dim)
    if input.dtype.category < FLOAT:
        raise RuntimeError(
            f"{name.split('_')[0]}: std and var only support floating point and complex dtypes, got {input.dtype.legacy_name}"
        )
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if count_of(input._array.shape, dims) - correction <= 0 and 0 not in [
        length for at, length in enumerate(input._array.shape) if at not in dims
    ]:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel divided by output numel).",
            UserWarning,
            stacklevel=3,
        )
    return dims, correction, bool(keepdim)


@composite(method=True, out=True)
def var(input, *args, dim=None, unbiased=None, correction=None, keepdim=False):
    """``var(input, dim=None, *, correction=1, keepdim=False)``: the variance over ``dim`` (an int, several, or all).

    The sum of squares is divided by ``count - correction``; the older ``unbiased`` means correction 1 or 0. NaN, with a warning, where that is not
    positive. RuntimeError for integers. ``var(tensor([1., 3.]))`` is 2.
    """
    return _var(input, *_spread_arguments("var", input, args, dim, unbiased, correction, keepdim))


@composite(method=True, out=True)
def std(input, *args, dim=None, unbiased=None, correction=None, keepdim=False):
    """The standard deviation: the square root of ``var``, with the same arguments. Its derivative is 0 where all elements are equal."""
    return _std(input, *_spread_arguments("std", input, args, dim, unbiased, correction, keepdim))


@composite(out=True)
def var_mean(input, *args, dim=None, unbiased=None, correction=None, keepdim=False):
    """(variance, mean), with the arguments of ``var``."""
    found = _spread_arguments("var_mean", input, args, dim, unbiased, correction, keepdim)
    return _var(input, *found), mean(input, found[0], found[2]) if found[0] else input.clone()


@composite(out=True)
def std_mean(input, *args, dim=None, unbiased=None, correction=None, keepdim=False):
    """(standard deviation, mean), with the arguments of ``var``."""
    found = _spread_arguments("std_mean", input, args, dim, unbiased, correction, keepdim)
    return _std(input, *found), mean(input, found[0], found[2]) if found[0] else input.clone()


# -- covariance -------------------------------------------------------------------------------------------------------------------------------


def _check_weights(kind: str, weights, observations: int, category_ok: bool, wanted: str) -> None:
    if weights._array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {kind} to have one or fewer dimensions but got {kind} with {weights._array.ndim} dimensions"
        )
    if not category_ok:
        raise RuntimeError(
            f"cov(): expected {kind} to have {wanted} dtype but got {kind} with {weights.dtype.legacy_name} dtype"
        )
    if weights.numel() != observations:
        raise RuntimeError(
            f"cov(): expected {kind} to have the same numel as there are observations in the input but got {weights.numel()} != {observations}"
        )
    if bool((weights < 0).any()):
        raise RuntimeError(f"cov(): {kind} cannot be negative")


@composite(method=True)
def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariance matrix of the rows (variables) of a matrix whose columns are observations; of a vector, its variance.

    ``fweights`` (integers) say how often each observation counts, ``aweights`` how much. ``sum(w * (x - mean) * (y - mean)) / (sum(w) - correction)``,
    with ``correction * sum(w * aweights) / sum(w)`` in its place where ``aweights`` are given. NaN or inf, with a warning, where that is not positive.
    """
    if type(input) is not Tensor:
        admit(REGISTRY["cov"], "input", input)
    if input._array.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input._array.ndim} dimensions"
        )
    if input._array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = input.reshape(1, -1) if input._array.ndim < 2 else input
    observations = rows._array.shape[1]
    weights = None
    if fweights is not None:
        category = fweights.dtype.category
        _check_weights(
            "fweights", fweights, observations, category < FLOAT and fweights._array.dtype.kind != "b", "integral"
        )
        weights = fweights
    if aweights is not None:
        _check_weights("aweights", aweights, observations, aweights.dtype.is_floating_point, "floating point")
        weights = aweights if weights is None else weights * aweights
    total = observations if weights is None else weights.sum()
    if weights is not None and observations and bool(total == 0):
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    average = (rows if weights is None else rows * weights).sum(1) / total
    if weights is None or aweights is None or correction == 0:
        degrees = total - correction
    else:
        degrees = total - correction * (weights * aweights).sum() / total
    if float(degrees) <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            UserWarning,
            stacklevel=3,
        )
        degrees = 0
    off = rows - average.unsqueeze(1)
    weighted = off if weights is None else off * weights
    return (off @ weighted.t().conj() / degrees).squeeze()


@composite(method=True)
def corrcoef(input):
    """Pearson's correlation coefficients of the rows of a matrix whose columns are observations; 1 for a vector. Within [-1, 1]."""
    if type(input) is not Tensor:
        admit(REGISTRY["corrcoef"], "input", input)
    if input._array.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input._array.ndim} dimensions"
        )
    covariance = cov(input)
    if not covariance._array.ndim:
        return covariance / covariance
    deviation = covariance.diagonal().sqrt()
    found = covariance / deviation.unsqueeze(1) / deviation.unsqueeze(0)
    if found.is_complex():
        return REGISTRY["complex"].function(found.real.clamp(-1, 1), found.imag.clamp(-1, 1))
    return found.clamp(-1, 1)


# -- quantiles --------------------------------------------------------------------------------------------------------------------------------

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check_quantile(name: str, input, q, interpolation):
    """``q`` as a tensor of the input's dtype, or the RuntimeError that PyTorch raises."""
    if type(input) is not Tensor:
        admit(REGISTRY[name], "input", input)
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
        q = input.new_tensor(float(q)) if input.dtype.is_floating_point else q
    if input._array.size == 0:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if input.dtype not in (float32, float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q._array.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if q.dtype is not input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            f"quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if q._array.size and q.device.type != "meta" and not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def _quantile(name: str, input, q, dim, keepdim, interpolation, ignore_nan: bool):
    q = _check_quantile(name, input, q, interpolation)
    rank = input._array.ndim
    if dim is None:
        rows, shape = input.reshape(-1), (1,) * rank
    else:
        place = normalize_dim(dim, rank)
        rows = input.reshape(1) if not rank else input.movedim(place, -1)
        shape = tuple(1 if at == place else length for at, length in enumerate(input._array.shape))
    ordered = rows.sort(-1).values
    last = ordered._array.shape[-1] - 1
    levels = q.reshape(-1)
    if ignore_nan:
        # NaN sorts to the end; the levels are spread over the elements before it.
        ranks = (levels * ((~ordered.isnan()).sum(-1, keepdim=True) - 1)).clamp(min=0)
    else:
        ranks = (levels * last).expand(*ordered.shape[:-1], levels.numel())
        ranks = ranks.masked_fill(ordered.isnan().any(-1, keepdim=True), last)
    if interpolation in ("lower", "higher", "nearest"):
        ranks = {"lower": ranks.floor, "higher": ranks.ceil, "nearest": ranks.round}[interpolation]()
    below = ranks.floor()
    found = ordered.gather(-1, below.to(int64))
    if interpolation in ("linear", "midpoint"):
        weight = (ranks - below).detach() if interpolation == "linear" else ranks.new_full(ranks.shape, 0.5)
        if q.requires_grad and interpolation == "linear":
            weight = ranks - below
        found = found.lerp(ordered.gather(-1, ranks.ceil().to(int64)), weight)
    found = found.movedim(-1, 0)
    if keepdim:
        found = found.reshape(-1, *shape)
    return found if q._array.ndim else found.squeeze(0)


@composite(method=True, out="exact")
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The quantiles ``q`` (a number or a vector in [0, 1]) of all elements or along a dim; a vector's come as the result's first dim.

    Between two elements: ``interpolation`` "linear", "lower", "higher", "midpoint" or "nearest". A row with a NaN has NaN.
    ``quantile(tensor([0., 1., 2.]), 0.25)`` is 0.5. float32 and float64 only.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@composite(method=True, out="exact")
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """``quantile`` of what is not NaN; NaN where all is."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
