"""Dropout: units, whole channels, and the self-normalising alpha form. The units dropped are PyTorch's very ones for one seed on the CPU."""

from __future__ import annotations

import warnings

from ..core import dtype as dtypes
from .creation import empty_like
from .declare import composite
from .dispatch import cast_error

NN = "nn.functional"


def _check(p) -> None:
    if p < 0 or p > 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _require_float(input) -> None:
    if not input.is_floating_point() and not input.is_complex():
        raise cast_error(dtypes.get_default_dtype(), input.dtype)


def _noise(input, p: float, feature: bool):
    """Ones with probability 1 - p, one per unit or per channel, drawn as PyTorch draws them."""
    if not feature:
        return empty_like(input).bernoulli_(1 - p)
    if input._array.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape = (*input._array.shape[:2], *(1,) * (input._array.ndim - 2))
    return input.new_empty(shape).bernoulli_(1 - p)


def _drop(input, p: float, training: bool, inplace: bool, feature: bool):
    _check(p)
    if input._array.size == 0 or p == 0 or not training:
        return input
    if p == 1:
        factor = input.new_zeros(())
    else:
        factor = _noise(input, p, feature).div_(1 - p)
    return input.mul_(factor) if inplace else input * factor


def _drop_alpha(input, p: float, training: bool, inplace: bool, feature: bool):
    """Klambauer et al. 2017, section 3: dropped units go to -lambda alpha, then an affine map restores mean 0 and variance 1."""
    _check(p)
    if input._array.size == 0 or p == 0 or not training:
        return input
    if p == 1:
        factor = input.new_zeros(())
        return input.mul_(factor) if inplace else input * factor
    _require_float(input)
    alpha = 1.7580993408473766
    scale = 1.0 / ((alpha * alpha * p + 1) * (1 - p)) ** 0.5
    noise = _noise(input, p, feature)
    shift = (noise - 1) * (alpha * scale) + alpha * scale * p
    factor = noise * scale
    return input.mul_(factor).add_(shift) if inplace else input * factor + shift


@composite(namespace=NN)
def dropout(input, p=0.5, training=True, inplace=False):
    """Zero each element with probability ``p`` and scale the rest by ``1 / (1 - p)``. ValueError outside [0, 1]."""
    return _drop(input, p, training, inplace, feature=False)


@composite(namespace=NN)
def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout that keeps the mean and variance of SELU activations."""
    return _drop_alpha(input, p, training, inplace, feature=False)


@composite(namespace=NN)
def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """``alpha_dropout`` of whole channels."""
    return _drop_alpha(input, p, training, inplace, feature=True)


@composite(namespace=NN)
def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels: (N, C, L) or (C, L)."""
    if input._array.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input._array.ndim}D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _unbatched(input, 3, p, training, inplace)


@composite(namespace=NN)
def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels: (N, C, H, W). A 3-D input is taken as (N, C, L), as in PyTorch."""
    _check(p)
    _warn_of_rank("dropout2d", input._array.ndim, (3, 4), 2)
    if input._array.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is interpreted as "
            "shape (N, C, L), where C is the channel dim. This behavior will change in a future release to interpret the input as one without a "
            "batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            UserWarning,
            stacklevel=2,
        )
    return _drop(input, p, training, inplace, feature=True)


@composite(namespace=NN)
def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels: (N, C, D, H, W) or (C, D, H, W)."""
    _check(p)
    _warn_of_rank("dropout3d", input._array.ndim, (4, 5), 3)
    return _unbatched(input, 5, p, training, inplace)


def _warn_of_rank(name: str, rank: int, expected: tuple[int, int], spatial: int) -> None:
    if rank not in expected:
        warnings.warn(
            f"{name}: Received a {rank}-D input to {name}, which is deprecated and will result in an error in a future release. To retain the "
            f"behavior and silence this warning, please use dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
            f"{spatial} spatial dimensions, a channel dimension, and an optional batch dimension (i.e. {expected[0]}D or {expected[1]}D inputs).",
            UserWarning,
            stacklevel=3,
        )


def _unbatched(input, rank: int, p, training, inplace):
    if input._array.ndim == rank:
        return _drop(input, p, training, inplace, feature=True)
    wide = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result = _drop(wide, p, training, inplace, feature=True)
    return result.squeeze_(0) if inplace else result.squeeze(0)


@composite("dropout")
def _torch_dropout(input, p, train):
    """``nn.functional.dropout`` with the argument names of ``torch.dropout``."""
    return _drop(input, p, train, False, feature=False)


@composite("alpha_dropout")
def _torch_alpha_dropout(input, p, train):
    """``nn.functional.alpha_dropout`` with the argument names of ``torch.alpha_dropout``."""
    return _drop_alpha(input, p, train, False, feature=False)


@composite("feature_dropout")
def _torch_feature_dropout(input, p, train):
    """Dropout of whole channels."""
    return _drop(input, p, train, False, feature=True)


@composite("feature_alpha_dropout")
def _torch_feature_alpha_dropout(input, p, train):
    """``alpha_dropout`` of whole channels."""
    return _drop_alpha(input, p, train, False, feature=True)


def _in_place(name: str, drop, feature: bool) -> None:
    def written(input, p, train):
        return drop(input, p, train, True, feature)

    written.__name__ = written.__qualname__ = name
    written.__doc__ = f"In-place version of ``{name[:-1]}``."
    composite(name)(written)


for _name, _function, _feature in (
    ("dropout_", _drop, False),
    ("alpha_dropout_", _drop_alpha, False),
    ("feature_dropout_", _drop, True),
    ("feature_alpha_dropout_", _drop_alpha, True),
):
    _in_place(_name, _function, _feature)


@composite()
def native_dropout(input, p, train):
    """(dropout, mask). RuntimeError for integers."""
    _require_float(input)
    if not train or input._array.size == 0:
        return input.clone(), input.new_ones(input.shape, dtype=dtypes.bool_)
    mask = empty_like(input, dtype=dtypes.bool_).bernoulli_(1 - p)
    scale = 0.0 if p == 1 else 1 / (1 - p)
    return input * mask * scale, mask


@composite()
def native_dropout_backward(grad_output, mask, scale):
    """The gradient of ``native_dropout``: ``grad * mask * scale``."""
    return grad_output * mask * scale
