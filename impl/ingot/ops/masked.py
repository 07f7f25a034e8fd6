"""``torch.masked``: reductions and normalisations over the elements that a mask leaves.

A masked op is the plain op on an input whose masked-out elements are the op's identity: 0 in a sum, 1 in a product, -inf (or the smallest integer) in a maximum, NaN in a
median that passes over NaN. ``mask`` is True where an element counts and broadcasts to the input; None means all. Where no element of a slice counts, a sum is 0,
a product 1, a maximum the identity, and a mean, a variance or a median NaN. Definitions: https://pytorch.org/docs/stable/masked.html
"""

from __future__ import annotations

import math

import numpy as np

from ..core import dtype as dtypes
from ..core.tensor import Tensor
from . import reductions, scans
from .activation import log_softmax as plain_log_softmax
from .activation import softmax as plain_softmax
from .declare import REGISTRY, composite
from .loss import NN
from .norms import norm

SPACE = "masked"

IDENTITIES = {
    "sum": lambda found: 0,
    "prod": lambda found: 1,
    "amax": lambda found: _lowest(found),
    "amin": lambda found: _highest(found),
    "logsumexp": lambda found: complex(-math.inf, 0) if found.is_complex else _lowest(found),
    "median": lambda found: math.nan,
}
"""What a masked-out element is replaced by, as a function of the input's dtype; None where the dtype has none."""


def _lowest(found):
    if found.is_floating_point:
        return -math.inf
    return int(np.iinfo(found.numpy).min) if found.category == dtypes.INTEGER else None


def _highest(found):
    if found.is_floating_point:
        return math.inf
    return int(np.iinfo(found.numpy).max) if found.category == dtypes.INTEGER else None


def _require_tensor(name: str, value, argument: str = "input") -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}")


def _spread_mask(input, mask):
    """The mask as a bool tensor of the input's shape. IndexError if it has more dims."""
    if mask.shape != input.shape:
        if mask.ndim > input.ndim:
            raise IndexError(
                f"expected a mask that broadcasts to the input, got a mask of {mask.ndim} dimensions for an input of {input.ndim}"
            )
        mask = mask.broadcast_to(input.shape)
    return mask.bool()


def _filled(name: str, input, mask, kind: str):
    """``input`` with masked-out elements replaced by the identity of ``kind``."""
    _require_tensor(name, input)
    if mask is None:
        return input
    _require_tensor(name, mask, "mask")
    spread = _spread_mask(input, mask)
    identity = IDENTITIES[kind](input.dtype)
    if identity is None:
        raise NotImplementedError(f"identity of {name} on {input.dtype} input")
    return input.masked_fill(~spread, identity)


def _dims(dim, rank: int) -> tuple[int, ...]:
    """Sorted dims, counted from the first; all of them for None and ()."""
    if dim is None or dim == ():
        return tuple(range(rank))
    rank = max(rank, 1)
    found: list[int] = []
    for one in (dim,) if isinstance(dim, int) else dim:
        if one in found:
            raise RuntimeError(f"dim={one} appears multiple times in the list of dims")
        if not -rank <= one < rank:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {one})"
            )
        found.append(one % rank)
    return tuple(sorted(found))


def _one_dim(dim, rank: int) -> int:
    return _dims(dim, rank)[0]


def _sum_dtype(input, dtype):
    """The dtype of a sum or product: that asked for, else the input's, int64 for narrower integers and bools."""
    if dtype is not None:
        return dtype
    return input.dtype if input.dtype.category >= dtypes.FLOAT else dtypes.int64


@composite("sum", namespace=SPACE)
def masked_sum(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The sum over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves: ``masked.sum(x, 1, mask=x > 0)``."""
    filled = _filled("sum", input, mask, "sum")
    return reductions.sum(filled, _dims(dim, input.ndim), bool(keepdim), dtype=_sum_dtype(input, dtype))


@composite("prod", namespace=SPACE)
def masked_prod(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The product over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves."""
    result = _filled("prod", input, mask, "prod").to(_sum_dtype(input, dtype))
    for one in reversed(_dims(dim, input.ndim)):
        result = result.prod(one, bool(keepdim))
    return result


def _extreme(name: str, what: str):
    def function(input, dim=None, *, keepdim=False, dtype=None, mask=None):
        filled = _filled(name, input, mask, name)
        found = REGISTRY[name].function(filled, _dims(dim, filled.ndim), bool(keepdim))
        return found.to(input.dtype if dtype is None else dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {what} over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves."
    return composite(name, namespace=SPACE)(function)


masked_amax, masked_amin = _extreme("amax", "maximum"), _extreme("amin", "minimum")


def _place_of_extreme(name: str, kind: str, what: str):
    def function(input, dim=None, *, keepdim=False, dtype=None, mask=None):
        filled = _filled(name, input, mask, kind)
        found = REGISTRY[name].function(filled, dim, bool(keepdim))
        return found.to(input.dtype if dtype is None else dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Where the {what} along ``dim`` (None: in the flattened input) is, among the elements that ``mask`` leaves; in the input's dtype unless ``dtype`` is given."
    return composite(name, namespace=SPACE)(function)


masked_argmax = _place_of_extreme("argmax", "amax", "maximum")
masked_argmin = _place_of_extreme("argmin", "amin", "minimum")


def _count(input, dim, keepdim: bool, mask):
    """How many elements of each slice count: int64."""
    counted = input.new_ones(input.shape, dtype=dtypes.int64) if mask is None else _spread_mask(input, mask)
    return reductions.sum(counted, _dims(dim, input.ndim), keepdim, dtype=dtypes.int64)


@composite("mean", namespace=SPACE)
def masked_mean(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The mean over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves. ValueError unless the dtype is floating or complex."""
    _require_tensor("mean", input)
    found = input.dtype if dtype is None else dtype
    if found.category < dtypes.FLOAT:
        source = "Input" if dtype is None else "Optional"
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex dtype. Got: {found}"
        )
    total = masked_sum(input, dim, keepdim=keepdim, dtype=found, mask=mask)
    return total / _count(input, dim, bool(keepdim), mask)


@composite("median", namespace=SPACE)
def masked_median(input, dim=-1, *, keepdim=False, dtype=None, mask=None):
    """The lower median along ``dim`` of the elements that ``mask`` leaves. ValueError for integers where a slice has none left."""
    _require_tensor("median", input)
    floating = input.dtype.is_floating_point
    filled = _filled("median", input if floating else input.float(), mask, "median")
    values = REGISTRY["nanmedian"].function(filled, _one_dim(dim, input.ndim), keepdim)[0]
    if floating:
        return values
    if bool(values.isnan().any()):
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return values.to(input.dtype if dtype is None else dtype)


@composite("logsumexp", namespace=SPACE)
def masked_logsumexp(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """``log(sum(exp(x)))`` over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves."""
    filled = _filled("logsumexp", input, mask, "logsumexp")
    # Computed in the dtype asked for, as documented. PyTorch computes in the input's and casts the answer.
    wider = filled if dtype is None or dtype.category < dtypes.FLOAT else filled.to(dtype)
    found = REGISTRY["logsumexp"].function(wider, _dims(dim, input.ndim), keepdim)
    return found.to(input.dtype if dtype is None else dtype)


@composite("logaddexp", namespace=SPACE)
def masked_logaddexp(input, other, *, dtype=None, input_mask=None, other_mask=None):
    """``log(exp(input) + exp(other))``, masked-out elements counting as -inf."""
    first = _filled("logaddexp", input, input_mask, "amax")
    second = _filled("logaddexp", other, other_mask, "amax")
    return REGISTRY["logaddexp"].function(first, second).to(input.dtype if dtype is None else dtype)


@composite("norm", namespace=SPACE)
def masked_norm(input, ord=2.0, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The vector norm of order ``ord`` over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves."""
    _require_tensor("norm", input)
    if mask is not None and ord == -math.inf and not input.dtype.is_floating_point:
        raise AssertionError(f"input must be floating point, got {input.dtype}")
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"masked norm expects a floating point or complex tensor, got {input.dtype}")
    filled = _filled("norm", input, mask, "amin" if ord == -math.inf else "sum")
    order = 2.0 if ord is None else ord
    return norm(filled, order, _dims(dim, input.ndim), bool(keepdim), dtype=dtype)


def _spread(name: str, take_root: bool, what: str):
    def function(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
        _require_tensor(name, input)
        if unbiased is not None and correction is not None:
            raise AssertionError("Only one of unbiased and correction may be given")
        freedom = float(correction if correction is not None else unbiased is not False)
        found = input.dtype if dtype is None else dtype
        if dtype is None and found.category < dtypes.FLOAT:
            found = dtypes.float32
        compute = found if found.category >= dtypes.FLOAT else dtypes.float32
        count = _count(input, dim, True, mask)
        centred = input - masked_sum(input, dim, keepdim=True, dtype=found, mask=mask) / count
        total = masked_sum(centred * centred.conj(), dim, keepdim=keepdim, dtype=compute, mask=mask)
        if not keepdim:
            count = count.reshape(total.shape)
        if freedom:
            count = (count.to(compute.to_real()) - freedom).clamp_min(0)
        result = (total / count).to(found)
        return result.sqrt() if take_root else result

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {what} over ``dim`` (int, tuple, None for all) of the elements that ``mask`` leaves; their number less ``correction`` divides (1; 0 with ``unbiased=False``)."
    return composite(name, namespace=SPACE)(function)


masked_var, masked_std = _spread("var", False, "variance"), _spread("std", True, "standard deviation")


def _cumulative(name: str, kind: str, what: str):
    def function(input, dim, *, dtype=None, mask=None):
        filled = _filled(name, input, mask, kind)
        found = input.dtype if dtype is None else dtype
        return getattr(scans, name)(filled, _one_dim(dim, input.ndim), dtype=found).to(found)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The cumulative {what} along ``dim`` of the elements that ``mask`` leaves."
    return composite(name, namespace=SPACE)(function)


masked_cumsum, masked_cumprod = _cumulative("cumsum", "sum", "sum"), _cumulative("cumprod", "prod", "product")


@composite("softmax", namespace=SPACE)
def masked_softmax(input, dim, *, dtype=None, mask=None):
    """``exp(x) / sum(exp(x))`` along ``dim``, over the elements that ``mask`` leaves; 0 for the others."""
    filled = _filled("softmax", input, mask, "amax")
    return plain_softmax(filled, _one_dim(dim, input.ndim), dtype=input.dtype if dtype is None else dtype)


@composite("log_softmax", namespace=SPACE)
def masked_log_softmax(input, dim, *, dtype=None, mask=None):
    """``x - log(sum(exp(x)))`` along ``dim``, over the elements that ``mask`` leaves; -inf for the others."""
    filled = _filled("log_softmax", input, mask, "amax")
    return plain_log_softmax(filled, _one_dim(dim, input.ndim), dtype=input.dtype if dtype is None else dtype)


@composite("softmin", namespace=SPACE)
def masked_softmin(input, dim, *, dtype=None, mask=None):
    """``softmax(-x)`` along ``dim``, over the elements that ``mask`` leaves; 0 for the others."""
    filled = _filled("softmin", input, mask, "amin")
    found = input.dtype if dtype is None else dtype
    return REGISTRY[f"{NN}.softmin"].function(filled, _one_dim(dim, input.ndim), dtype=found)


@composite("normalize", namespace=SPACE)
def masked_normalize(input, ord, dim, *, eps=1e-12, dtype=None, mask=None):
    """``x / max(norm(x), eps)`` along ``dim``, over the elements that ``mask`` leaves; 0 for the others."""
    filled = _filled("normalize", input, mask, "sum")
    size = masked_norm(input, ord, dim, keepdim=True, dtype=input.dtype if dtype is None else dtype, mask=mask)
    return filled / size.maximum(size.new_full((), eps))
