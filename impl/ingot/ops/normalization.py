"""Normalisations: batch, instance, layer, group, RMS, local response, and to unit norm.

All but the last two are one computation: subtract the mean over some dims, divide by the standard deviation. ``_standardize`` does it in one kernel and keeps
(mean, 1/std); its rule works from those, or, where a derivative of the derivative is wanted, computes them again as differentiable ops.
"""

from __future__ import annotations

import math

from ..core.graph import thread
from ..core.tensor import Tensor
from .declare import composite, primitive
from .reductions import add_up


def _total(xp, array, dims):
    """The sum over ``dims``, which stay as 1. Last dims that are all summed count as one: their rows are then as long as can be."""
    first = array.ndim
    while first - 1 in dims:
        first -= 1
    merged = array.reshape(*array.shape[:first], math.prod(array.shape[first:])) if first < array.ndim else array
    kept = tuple(dim for dim in dims if dim < first)
    total = add_up(xp, merged, kept if first == array.ndim else (*kept, first), True)
    return total.reshape(*total.shape[:first], *(1,) * (array.ndim - first))


@primitive(
    "_standardize(input, dims: tuple, eps: float, centered: bool)",
    outputs=("result", "mean", "scale"),
    node="NativeLayerNormBackward0",
)
def _standardize(xp, input, dims, eps, centered):
    """(x - mean) / sqrt(var + eps) over ``dims``; without ``centered``, x / sqrt(mean(x²) + eps)."""
    count = math.prod(input.shape[dim] for dim in dims)
    mean = _total(xp, input, dims)
    mean /= max(count, 1)
    shifted = input - mean if centered else input
    square = xp.square(xp.abs(shifted) if input.dtype.kind == "c" else shifted)
    variance = _total(xp, square, dims)
    variance /= max(count, 1)
    variance += eps
    scale = 1 / xp.sqrt(variance)
    return shifted * scale, mean, scale


@primitive("_standardize_backward(grad_output, input, mean, scale, dims: tuple, centered: bool)")
def _standardize_backward(xp, grad_output, input, mean, scale, dims, centered):
    """d/dx: scale * (g - mean(g) - y mean(g y)), y the result (Ioffe and Szegedy 2015, section 3); RMS lacks the second term."""
    share = 1 / max(math.prod(input.shape[dim] for dim in dims), 1)
    slope = (input - mean if centered else input) * scale
    product = grad_output * slope
    slope *= _total(xp, product, dims) * -share
    slope += grad_output
    if centered:
        slope -= _total(xp, grad_output, dims) * share
    slope *= scale
    return slope


@_standardize.backward("input")
def _(grad, input, mean, scale, dims, eps, centered):
    if not (thread.mode.watched or input.is_complex()):
        return _standardize_backward(grad, input, mean, scale, dims, centered)
    mean = input.mean(dims, keepdim=True)
    shifted = input - mean if centered else input
    square = (shifted * shifted.conj()).real if input.is_complex() else shifted * shifted
    scale = (square.mean(dims, keepdim=True) + eps).rsqrt()
    result = shifted * scale
    product = grad * result.conj() if input.is_complex() else grad * result
    along = product.mean(dims, keepdim=True)
    slope = grad - result * (along.real if input.is_complex() else along)
    if centered:
        slope = slope - grad.mean(dims, keepdim=True)
    return slope * scale


def standardize(input, dims, eps, centered=True):
    """The first result of ``_standardize``."""
    return _standardize(input, dims, eps, centered)[0]


def _affine(result, weight, bias, shape):
    if weight is not None:
        result = result * (weight if shape is None else weight.reshape(shape))
    if bias is not None:
        result = result + (bias if shape is None else bias.reshape(shape))
    return result


def _check_tensor(name: str, input) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def _check_floats(name: str, input) -> None:
    """TypeError for what is no tensor, NotImplementedError for whole numbers and booleans."""
    _check_tensor(name, input)
    if input._array.dtype.kind in "biu":
        raise NotImplementedError(f"\"{name}\" not implemented for '{input.dtype.legacy_name}'")


def _check_size(name: str, value, expected: int, argument: str) -> None:
    if value is not None and value.numel() != expected:
        raise RuntimeError(f"{argument} should contain {expected} elements not {value.numel()}")


@composite("batch_norm", namespace="nn.functional")
def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05):
    """Normalise each channel (dim 1) over batch and space; in training with the batch's own statistics, which also move the running ones.

    ``running = (1 - momentum) * running + momentum * batch``, the variance unbiased.
    """
    _check_floats("batch_norm", input)
    if input._array.ndim < 2:
        raise RuntimeError(
            f"batch_norm expects an input of at least 2 dimensions (N, C, ...), but got {list(input.shape)}"
        )
    if training:
        count = math.prod(input._array.shape[:1] + input._array.shape[2:])
        if count == 1:
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    rank = input._array.ndim
    channels = input._array.shape[1]
    for value, argument in (
        (running_mean, "running_mean"),
        (running_var, "running_var"),
        (weight, "weight"),
        (bias, "bias"),
    ):
        _check_size("batch_norm", value, channels, argument)
    shape = (1, channels, *(1,) * (rank - 2))
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        scale = (running_var + eps).rsqrt()
        scale = scale if weight is None else scale * weight
        if input.dtype is not scale.dtype:
            shift = -running_mean * scale
            shift = shift if bias is None else shift + bias
            return (input * scale.reshape(shape) + shift.reshape(shape)).to(input.dtype)
        centered = input - running_mean.reshape(shape)
        result = centered * scale.reshape(shape)
        return result if bias is None else result + bias.reshape(shape)
    dims = (0, *range(2, rank))
    result, mean, scale = _standardize(input, dims, eps, True)
    if running_mean is not None or running_var is not None:
        _move_statistics(
            running_mean, running_var, mean, scale, momentum, eps, math.prod(input._array.shape[dim] for dim in dims)
        )
    return _affine(result, weight, bias, shape)


def _move_statistics(running_mean, running_var, mean, scale, momentum, eps, count) -> None:
    """Exponential moving averages of the batch's mean and unbiased variance, written into the running ones."""
    from ..autograd.grad_mode import no_grad

    with no_grad():
        mean, scale = mean.detach().reshape(-1), scale.detach().reshape(-1)
        if running_mean is not None:
            running_mean.mul_(1 - momentum).add_(mean.to(running_mean.dtype) * momentum)
        if running_var is not None:
            variance = (scale.pow(-2) - eps) * (count / max(count - 1, 1))
            running_var.mul_(1 - momentum).add_(variance.to(running_var.dtype) * momentum)


@composite("batch_norm")
def _torch_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled):
    """``nn.functional.batch_norm`` with the argument order of ``torch.batch_norm``."""
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


@composite()
def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    """(batch_norm, mean, 1/std); the statistics are empty outside training."""
    result = _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if not training:
        return result, input.new_empty((0,)), input.new_empty((0,))
    dims = (0, *range(2, input._array.ndim))
    _, mean, scale = _standardize(input.detach(), dims, eps, True)
    return result, mean.reshape(-1), scale.reshape(-1)


@composite("instance_norm", namespace="nn.functional")
def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05
):
    """Normalise each channel of each sample over space; running statistics are those of the batch's mean."""
    _check_tensor("instance_norm", input)
    shape = input._array.shape
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    _check_floats("instance_norm", input)
    if not use_input_stats:
        return _batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps)
    dims = tuple(range(2, len(shape)))
    result, mean, scale = _standardize(input, dims, eps, True)
    if running_mean is not None or running_var is not None:
        from ..autograd.grad_mode import no_grad

        count = math.prod(shape[2:])
        with no_grad():
            if running_mean is not None:
                running_mean.mul_(1 - momentum).add_(mean.detach().reshape(shape[:2]).mean(0) * momentum)
            if running_var is not None:
                variance = (scale.detach().pow(-2) - eps).reshape(shape[:2]).mean(0) * (count / max(count - 1, 1))
                running_var.mul_(1 - momentum).add_(variance * momentum)
    return _affine(result, weight, bias, (1, shape[1], *(1,) * len(dims)))


def _normalized_dims(name: str, input, normalized_shape, weight, bias) -> tuple[int, ...]:
    if isinstance(normalized_shape, str):
        raise TypeError(f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not str")
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    rank = input._array.ndim
    if not shape:
        raise RuntimeError(
            f"Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = {list(shape)}"
        )
    for value, argument in ((weight, "weight"), (bias, "bias")):
        if value is not None and tuple(value.shape) != shape:
            raise RuntimeError(
                f"Expected {argument} to be of same shape as normalized_shape, but got {argument} of shape {list(value.shape)} and normalized_shape = {list(shape)}"
            )
    if rank < len(shape) or tuple(input._array.shape[rank - len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    return tuple(range(rank - len(shape), rank))


@composite("layer_norm", namespace="nn.functional")
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05):
    """Normalise over the last dims, those of ``normalized_shape``; then ``* weight + bias``."""
    _check_floats("layer_norm", input)
    dims = _normalized_dims("layer_norm", input, normalized_shape, weight, bias)
    return _affine(standardize(input, dims, eps), weight, bias, None)


@composite("layer_norm")
def _torch_layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True):
    """``nn.functional.layer_norm``."""
    return layer_norm(input, normalized_shape, weight, bias, eps)


@composite()
def native_layer_norm(input, normalized_shape, weight, bias, eps):
    """(layer_norm, mean, 1/std)."""
    dims = _normalized_dims("native_layer_norm", input, normalized_shape, weight, bias)
    result, mean, scale = _standardize(input, dims, eps, True)
    return _affine(result, weight, bias, None), mean, scale


@composite("rms_norm", namespace="nn.functional")
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide by the root of the mean square over the last dims; ``eps`` is the dtype's epsilon unless given."""
    from ml_dtypes import finfo

    _check_tensor("rms_norm", input)
    dims = _normalized_dims("rms_norm", input, normalized_shape, weight, None)
    small = float(finfo(input.dtype.to_real().numpy).eps) if eps is None else eps
    if input._array.dtype.kind == "c":
        # The formula squares the numbers, not their magnitudes.
        return _affine(input * (input.square().mean(dims, keepdim=True) + small).rsqrt(), weight, None, None)
    return _affine(standardize(input, dims, small, centered=False), weight, None, None)


@composite("group_norm", namespace="nn.functional")
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05):
    """Normalise each group of channels of each sample: (N, C, *). ZeroDivisionError without groups, RuntimeError where they do not divide C."""
    if num_groups == 0:
        raise ZeroDivisionError("group_norm(): num_groups must be greater than 0, but got 0")
    return _group_norm(input, num_groups, weight, bias, eps)


def _group_norm(input, num_groups, weight, bias, eps):
    _check_floats("group_norm", input)
    if input._array.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input._array.ndim}")
    shape = input._array.shape
    if num_groups <= 0 or shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(shape)} and num_groups={num_groups}"
        )
    for value, argument in ((weight, "weight"), (bias, "bias")):
        if value is not None and tuple(value.shape) != (shape[1],):
            raise RuntimeError(
                f"Expected {argument} to be a vector of size equal to the number of channels in input, but got {argument} of shape {list(value.shape)} and input of shape {list(shape)}"
            )
    if math.prod(shape[:1] + shape[2:]) * shape[1] // num_groups == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {[shape[0] * shape[1] // num_groups, num_groups, *shape[2:]]}"
        )
    grouped = input.reshape(shape[0], num_groups, math.prod(shape[1:]) // num_groups)
    result = standardize(grouped, (2,), eps).reshape(shape)
    return _affine(result, weight, bias, (1, shape[1], *(1,) * (len(shape) - 2)))


@composite("group_norm")
def _torch_group_norm(input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True):
    """``nn.functional.group_norm``."""
    return _group_norm(input, num_groups, weight, bias, eps)


@composite()
def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    """(group_norm, mean, 1/std), the statistics (N, groups)."""
    grouped = input.reshape(N, group, C // group * HxW)
    result, mean, scale = _standardize(grouped, (2,), eps, True)
    shaped = _affine(result.reshape(input.shape), weight, bias, (1, C, *(1,) * (input._array.ndim - 2)))
    return shaped, mean.reshape(N, group), scale.reshape(N, group)


@composite("local_response_norm", namespace="nn.functional")
def local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0):
    """``x / (k + alpha * mean of x² over neighbouring channels) ** beta`` (Krizhevsky et al. 2012, section 3.3)."""
    if input._array.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input._array.ndim} dimensions)")
    if input.numel() == 0:
        return input
    if size <= 0:
        raise RuntimeError(f"local_response_norm(): size must be greater than zero, but got {size}")
    from .padding import constant_pad_nd
    from .pooling import _window_sum

    shape = input._array.shape
    square = (input * input).reshape(shape[0], 1, shape[1], -1)
    wide = constant_pad_nd(square, (0, 0, size // 2, (size - 1) // 2))
    mean = _window_sum(wide, (size, 1), (1, 1), (0, 0), (shape[1], wide._array.shape[3]))
    mean = mean.div(size, rounding_mode="trunc") if input._array.dtype.kind in "iu" else mean / size
    return input / (mean.reshape(shape) * alpha + k).pow(beta)


@composite("normalize", namespace="nn.functional", out=True)
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """``x / max(‖x‖_p, eps)`` along ``dim``."""
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
