"""Convolutions and transposed convolutions over 1 to 3 spatial dims, unfold and fold.

NOTE [Three products]
A convolution is bilinear in (input, weight). Its two gradients are bilinear again, and the gradients of those are the same three products in other roles:
``_convolution(x, w)``, ``_conv_input(g, w)`` (also the transposed convolution), ``_conv_weight(x, g)``. So derivatives of any order close on three kernels,
and those on two products of a window view with a matrix: ``_correlate`` and ``_correlation_with``.

NOTE [Two layouts of windows]
A window view is copied once, into a matrix. With channels last a copy moves runs of ``kernel width * channels`` elements, with channels first runs of one output
row. So channels go last where there are several of them; with few, or with groups, they stay first. Either way the result is contiguous, as PyTorch's is.
"""

from __future__ import annotations

import math

import numpy as np

from ..backends.numpy_backend import touch_packing_memory
from ..core.tensor import Tensor
from .declare import composite, primitive
from .windows import output_length, padded, spread, windows

# -- the three products -------------------------------------------------------------------------------------------------------------------

SHORTEST_RUN = 24
"""Elements in a run from which on channels go last (measured on runs of 3 to 600 float32)."""


def _columns(array, kernel, stride, dilation, out, groups):
    """Windows of (N, C, *padded) as (N, groups, C/groups * prod(kernel), prod(out)): one copy."""
    n, channels = array.shape[:2]
    rank = len(kernel)
    view = windows(array, kernel, stride, dilation, out)
    order = (0, 1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank))
    return view.transpose(order).reshape(n, groups, channels // groups * math.prod(kernel), math.prod(out))


def _rows(xp, array, kernel, stride, dilation, out):
    """Windows of (N, C, *padded) as (N * prod(out), prod(kernel) * C): one copy, after one that puts channels last."""
    n, channels = array.shape[:2]
    rank = len(kernel)
    last = xp.ascontiguousarray(array.transpose(0, *range(2, 2 + rank), 1)).transpose(0, 1 + rank, *range(1, 1 + rank))
    view = windows(last, kernel, stride, dilation, out)
    order = (0, *range(2, 2 + 2 * rank), 1)
    return view.transpose(order).reshape(n * math.prod(out), math.prod(kernel) * channels)


def _channels_last(channels: int, kernel, groups: int) -> bool:
    return groups == 1 and channels * kernel[-1] >= SHORTEST_RUN


def _correlate(xp, array, weight, bias, stride, dilation, out, groups):
    """(N, C, *padded) and (O, C/groups, *kernel) to (N, O, *out): windows times weights."""
    n, channels = array.shape[:2]
    outputs, kernel = weight.shape[0], weight.shape[2:]
    rank = len(kernel)
    if _channels_last(channels, kernel, groups):
        matrix = weight.transpose(*range(2, 2 + rank), 1, 0).reshape(-1, outputs)
        result = xp.matmul(_rows(xp, array, kernel, stride, dilation, out), matrix)
        if bias is not None:
            result += bias
        return xp.ascontiguousarray(result.reshape(n, *out, outputs).transpose(0, 1 + rank, *range(1, 1 + rank)))
    matrix = weight.reshape(groups, outputs // groups, -1)
    result = xp.matmul(matrix, _columns(array, kernel, stride, dilation, out, groups)).reshape(n, outputs, *out)
    if bias is not None:
        result += bias.reshape(-1, *(1,) * rank)
    return result


def _correlation_with(xp, array, grad_output, kernel, stride, dilation, groups):
    """(N, C, *padded) and (N, O, *out) to (O, C/groups, *kernel): the windows times what became of them, summed over batch and space."""
    n, channels = array.shape[:2]
    outputs, out = grad_output.shape[1], grad_output.shape[2:]
    rank = len(kernel)
    if _channels_last(channels, kernel, groups):
        rows = _rows(xp, array, kernel, stride, dilation, out)
        grads = grad_output.transpose(0, *range(2, 2 + rank), 1).reshape(-1, outputs)
        product = xp.matmul(rows.T, grads).reshape(*kernel, channels, outputs)
        return xp.ascontiguousarray(product.transpose(1 + rank, rank, *range(rank)))
    columns = _columns(array, kernel, stride, dilation, out, groups)
    rows = grad_output.reshape(n, groups, outputs // groups, math.prod(out))
    product = xp.add.reduce(xp.matmul(rows, columns.swapaxes(-1, -2)), axis=0)
    return product.reshape(outputs, channels // groups, *kernel)


def _widths(padding):
    return [(one, one) for one in padding]


@primitive(
    "_convolution(input, weight, bias: Optional, stride: tuple, padding: tuple, dilation: tuple, groups: int)",
    node="ConvolutionBackward0",
)
def _convolution(xp, input, weight, bias, stride, padding, dilation, groups):
    if xp is np:
        touch_packing_memory()
    out = tuple(
        output_length(n, k, hop, pad, pad, gap)
        for n, k, hop, pad, gap in zip(input.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    )
    return _correlate(xp, padded(xp, input, _widths(padding)), weight, bias, stride, dilation, out, groups)


@primitive(
    "_conv_input(grad_output, weight, size: tuple, stride: tuple, padding: tuple, dilation: tuple, groups: int)",
    node="ConvolutionBackward0",
)
def _conv_input(xp, grad_output, weight, size, stride, padding, dilation, groups):
    """The flipped kernel slides over the outputs, set ``stride`` apart; input and output channels change roles within each group."""
    kernel = weight.shape[2:]
    rank = len(kernel)
    wide = spread(xp, grad_output, kernel, stride, padding, dilation, size)
    flipped = weight[(slice(None), slice(None), *(slice(None, None, -1),) * rank)]
    per_group = flipped.reshape(groups, weight.shape[0] // groups, weight.shape[1], *kernel).swapaxes(1, 2)
    turned = per_group.reshape(groups * weight.shape[1], weight.shape[0] // groups, *kernel)
    return _correlate(xp, wide, turned, None, (1,) * rank, dilation, size, groups)


@primitive(
    "_conv_weight(input, grad_output, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, groups: int)",
    node="ConvolutionBackward0",
)
def _conv_weight(xp, input, grad_output, kernel, stride, padding, dilation, groups):
    return _correlation_with(xp, padded(xp, input, _widths(padding)), grad_output, kernel, stride, dilation, groups)


def _first_windows(result, shape):
    """As many windows as ``shape`` has: an output padding of a stride or more makes room for further ones, which nothing came from."""
    if tuple(result.shape) == tuple(shape):
        return result
    return result[(..., *(slice(0, length) for length in shape[2:]))]


def _conj(tensor):
    return tensor.conj() if tensor._array.dtype.kind == "c" else tensor


@_convolution.backward("input")
def _(grad, weight, input_shape, stride, padding, dilation, groups):
    return _conv_input(grad, _conj(weight), input_shape[2:], stride, padding, dilation, groups)


@_convolution.backward("weight")
def _(grad, input, weight_shape, stride, padding, dilation, groups):
    return _conv_weight(_conj(input), grad, weight_shape[2:], stride, padding, dilation, groups)


@_convolution.backward("bias")
def _(grad):
    return grad.sum([0, *range(2, grad._array.ndim)])


@_conv_input.backward("grad_output")
def _(grad, grad_output_shape, weight, stride, padding, dilation, groups):
    return _first_windows(_convolution(grad, _conj(weight), None, stride, padding, dilation, groups), grad_output_shape)


@_conv_input.backward("weight")
def _(grad, grad_output, weight_shape, stride, padding, dilation, groups):
    return _conv_weight(grad, _conj(grad_output), weight_shape[2:], stride, padding, dilation, groups)


@_conv_weight.backward("input")
def _(grad, grad_output, input_shape, stride, padding, dilation, groups):
    return _conv_input(_conj(grad_output), grad, input_shape[2:], stride, padding, dilation, groups)


@_conv_weight.backward("grad_output")
def _(grad, grad_output_shape, input, stride, padding, dilation, groups):
    return _first_windows(_convolution(_conj(input), grad, None, stride, padding, dilation, groups), grad_output_shape)


@_convolution.jvp("input")
def _(tangent, weight, stride, padding, dilation, groups):
    return _convolution(tangent, weight, None, stride, padding, dilation, groups)


@_convolution.jvp("weight")
def _(tangent, input, stride, padding, dilation, groups):
    return _convolution(input, tangent, None, stride, padding, dilation, groups)


@_convolution.jvp("bias")
def _(tangent, result):
    return tangent.reshape(-1, *(1,) * (result._array.ndim - 2)).expand(result.shape)


# -- public functions ---------------------------------------------------------------------------------------------------------------------


def per_dim(value, rank: int, name: str) -> tuple[int, ...]:
    """An int for every spatial dim, or one int per dim. RuntimeError for another count, TypeError for what is no int."""
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            value = tuple(value) * rank
        if len(value) != rank:
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {rank} values to match the convolution dimensions, but got {name}={list(value)}"
            )
        return tuple(int(one) for one in value)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"argument '{name}' must be tuple of ints, not {type(value).__name__}")
    return (value.__index__(),) * rank


def _check(name: str, input, weight, bias, rank: int) -> bool:
    """RuntimeError or TypeError unless the tensors fit each other; returns whether the input has a batch dim."""
    for argument, one in (("input", input), ("weight", weight)):
        if not isinstance(one, Tensor):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {1 if argument == 'input' else 2}) must be Tensor, not {type(one).__name__}"
            )
    if weight._array.ndim != rank + 2:
        raise RuntimeError(
            f"weight should have {rank + 2} dimensions for {name}, but got weight of size {list(weight.shape)}"
        )
    if input._array.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {name}, but got input of size: {list(input.shape)}"
        )
    if input._array.dtype != weight._array.dtype:
        raise RuntimeError(
            f"Input type ({input.dtype.legacy_name}) and weight type ({weight.dtype.legacy_name}) should be the same"
        )
    _no_bool(input)
    if bias is not None and bias._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"Input type ({input.dtype.legacy_name}) and bias type ({bias.dtype.legacy_name}) should be the same"
        )
    if type(input._array) is not type(weight._array):
        raise RuntimeError(
            f"Input type ({input.device}) and weight type ({weight.device}) should be on the same device"
        )
    return input._array.ndim == rank + 2


def _checked_geometry(stride, dilation, groups, rank: int, padding=None) -> None:
    if any(one <= 0 for one in stride):
        raise RuntimeError("non-positive stride is not supported")
    if any(one <= 0 for one in dilation):
        raise RuntimeError("dilation should be greater than zero")
    if padding is not None and any(one < 0 for one in padding):
        raise RuntimeError("negative padding is not supported")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")


def _no_bool(input) -> None:
    if input._array.dtype.kind == "b":
        raise NotImplementedError("\"slow_conv_cpu\" not implemented for 'Bool'")


def _convolve(name: str, rank: int, input, weight, bias, stride, padding, dilation, groups):
    batched = _check(name, input, weight, bias, rank)
    stride, dilation = per_dim(stride, rank, "stride"), per_dim(dilation, rank, "dilation")
    kernel = weight._array.shape[2:]
    x = input if batched else input.unsqueeze(0)
    if isinstance(padding, str):
        x, padding = _named_padding(x, padding, kernel, stride, dilation)
    padding = per_dim(padding, rank, "padding")
    _checked_geometry(stride, dilation, groups, rank, padding)
    out_channels, per_group = weight._array.shape[:2]
    if out_channels < groups or out_channels % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size {list(weight.shape)} instead"
            if out_channels < groups
            else f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size {list(weight.shape)} instead"
        )
    if x._array.shape[1] != per_group * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to have {per_group * groups} channels, but "
            f"got {x._array.shape[1]} channels instead"
        )
    if bias is not None and tuple(bias.shape) != (out_channels,):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {out_channels} elements, but got bias of size "
            f"{list(bias.shape)} instead"
        )
    sizes = [n + 2 * pad for n, pad in zip(x._array.shape[2:], padding, strict=True)]
    spans = [gap * (k - 1) + 1 for k, gap in zip(kernel, dilation, strict=True)]
    if any(size < span for size, span in zip(sizes, spans, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, sizes))}). Kernel size: ({' x '.join(map(str, spans))}). "
            "Kernel size can't be greater than actual input size"
        )
    result = _convolution(x, weight, bias, stride, padding, dilation, groups)
    return result if batched else result.squeeze(0)


def _named_padding(x, padding: str, kernel, stride, dilation):
    """The padding that "valid" or "same" means; an odd total is completed on the right of the input."""
    rank = len(kernel)
    if padding == "valid":
        return x, (0,) * rank
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(hop != 1 for hop in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [gap * (k - 1) for k, gap in zip(kernel, dilation, strict=True)]
    if any(total % 2 for total in totals):
        from .padding import constant_pad_nd

        x = constant_pad_nd(x, [width for total in reversed(totals) for width in (0, total % 2)])
    return x, tuple(total // 2 for total in totals)


def _transposed(name: str, rank: int, input, weight, bias, stride, padding, output_padding, groups, dilation):
    batched = _check(name, input, weight, bias, rank)
    stride, padding = per_dim(stride, rank, "stride"), per_dim(padding, rank, "padding")
    extra, dilation = per_dim(output_padding, rank, "output_padding"), per_dim(dilation, rank, "dilation")
    _checked_geometry(stride, dilation, groups, rank, padding)
    x = input if batched else input.unsqueeze(0)
    if x._array.shape[1] != weight._array.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input{list(x.shape)} to have {weight._array.shape[0]} channels, "
            f"but got {x._array.shape[1]} channels instead"
        )
    if weight._array.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size {list(weight.shape)} instead"
        )
    for one, hop, gap in zip(extra, stride, dilation, strict=True):
        if one < 0 or (one >= hop and one >= gap):
            raise RuntimeError(
                f"output padding must be smaller than either stride or dilation, but got output_padding: {list(extra)} stride: {list(stride)} "
                f"dilation: {list(dilation)}"
            )
    size = tuple(
        (n - 1) * hop - 2 * pad + gap * (k - 1) + more + 1
        for n, k, hop, pad, gap, more in zip(
            x._array.shape[2:], weight._array.shape[2:], stride, padding, dilation, extra, strict=True
        )
    )
    if any(n <= 0 for n in size):
        raise RuntimeError(
            f"Given input size per channel: {list(x.shape[2:])}. Calculated output size per channel: {list(size)}. Output size is too small"
        )
    result = _conv_input(x, weight, size, stride, padding, dilation, groups)
    if bias is not None:
        channels = weight._array.shape[1] * groups
        if tuple(bias.shape) != (channels,):
            raise RuntimeError(
                f"Given transposed=1, weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {channels} elements, but got "
                f"bias of size {list(bias.shape)} instead"
            )
        result = result + bias.reshape(-1, *(1,) * rank)
    return result if batched else result.squeeze(0)


@composite()
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation over the last dim: (N, C, L) and (O, C/groups, K) -> (N, O, L'). ``padding`` may be "same" or "valid"."""
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composite()
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation over the last two dims: (N, C, H, W) and (O, C/groups, KH, KW) -> (N, O, H', W')."""
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@composite()
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation over the last three dims: (N, C, D, H, W) and (O, C/groups, KD, KH, KW) -> (N, O, D', H', W')."""
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@composite()
def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of ``conv1d``: (N, C, L) and (C, O/groups, K) -> (N, O, L')."""
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite()
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of ``conv2d``: (N, C, H, W) and (C, O/groups, KH, KW) -> (N, O, H', W')."""
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite()
def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of ``conv3d``: (N, C, D, H, W) and (C, O/groups, KD, KH, KW) -> (N, O, D', H', W')."""
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


# -- unfold and fold ----------------------------------------------------------------------------------------------------------------------


@primitive(
    "_im2col(input, kernel: tuple, dilation: tuple, padding: tuple, stride: tuple)",
    node="Im2ColBackward0",
    linear=("input",),
)
def _im2col(xp, input, kernel, dilation, padding, stride):
    out = tuple(
        output_length(n, k, hop, pad, pad, gap)
        for n, k, hop, pad, gap in zip(input.shape[2:], kernel, stride, padding, dilation, strict=True)
    )
    columns = _columns(padded(xp, input, _widths(padding)), kernel, stride, dilation, out, 1)
    return columns.reshape(input.shape[0], input.shape[1] * math.prod(kernel), math.prod(out)).copy()


@_im2col.backward("input")
def _(grad, input_shape, kernel, dilation, padding, stride):
    return _col2im(grad, input_shape[2:], kernel, dilation, padding, stride)


@primitive(
    "_col2im(input, size: tuple, kernel: tuple, dilation: tuple, padding: tuple, stride: tuple)",
    node="Col2ImBackward0",
    linear=("input",),
)
def _col2im(xp, input, size, kernel, dilation, padding, stride):
    """Each channel's blocks go through a transposed convolution with one-hot kernels: block row k lands at kernel position k."""
    count = math.prod(kernel)
    out = tuple(
        output_length(n, k, hop, pad, pad, gap)
        for n, k, hop, pad, gap in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    n, rows = input.shape[:2]
    channels = rows // count
    one_hot = xp.eye(count, dtype=input.dtype).reshape(count, 1, *kernel)
    blocks = input.reshape(n * channels, count, *out)
    return _conv_input.op.kernel(xp, blocks, one_hot, size, stride, padding, dilation, 1).reshape(n, channels, *size)


@_col2im.backward("input")
def _(grad, kernel, dilation, padding, stride):
    return _im2col(grad, kernel, dilation, padding, stride)


@composite(namespace="nn.functional")
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """All windows of an image as columns: (N, C, H, W) -> (N, C * KH * KW, L)."""
    if not isinstance(input, Tensor):
        raise TypeError(f"unfold(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    kernel, dilation = per_dim(kernel_size, 2, "kernel_size"), per_dim(dilation, 2, "dilation")
    padding, stride = per_dim(padding, 2, "padding"), per_dim(stride, 2, "stride")
    if input._array.ndim < 3:
        raise IndexError(
            f"unfold(): input must have 3 or 4 dimensions, but got {input._array.ndim}: {list(input.shape)}"
        )
    if input._array.ndim > 4:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: {list(input.shape)}"
        )
    if any(one <= 0 for one in kernel):
        raise RuntimeError(
            f"kernel size should be greater than zero, but got kernel_height: {kernel[0]} kernel_width: {kernel[1]}"
        )
    if any(one <= 0 for one in stride):
        raise RuntimeError(
            f"stride should be greater than zero, but got stride_height: {stride[0]} stride_width: {stride[1]}"
        )
    if any(one <= 0 for one in dilation):
        raise RuntimeError(
            f"dilation should be greater than zero, but got dilation_height: {dilation[0]} dilation_width: {dilation[1]}"
        )
    plane = input._array.shape[-2:]
    blocks = tuple(
        output_length(n, k, hop, pad, pad, gap)
        for n, k, hop, pad, gap in zip(plane, kernel, stride, padding, dilation, strict=True)
    )
    if any(one <= 0 for one in blocks):
        raise RuntimeError(
            f"Given input with spatial size {plane}, kernel_size={kernel}, dilation={dilation}, padding={padding}, calculated shape of the array "
            f"of sliding blocks as {blocks}, which is too small (non-positive)"
        )
    batched = input._array.ndim == 4
    result = _im2col(input if batched else input.unsqueeze(0), kernel, dilation, padding, stride)
    return result if batched else result.squeeze(0)


@composite(namespace="nn.functional")
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns added back into an image where windows overlap: (N, C * KH * KW, L) -> (N, C, H, W). The transpose of ``unfold``."""
    size, kernel = per_dim(output_size, 2, "output_size"), per_dim(kernel_size, 2, "kernel_size")
    dilation, padding, stride = (
        per_dim(dilation, 2, "dilation"),
        per_dim(padding, 2, "padding"),
        per_dim(stride, 2, "stride"),
    )
    if input._array.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: {list(input.shape)}"
        )
    batched = input._array.ndim == 3
    x = input if batched else input.unsqueeze(0)
    if x._array.shape[1] % math.prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)={x._array.shape[1]} and "
            f"kernel_size={kernel}."
        )
    blocks = math.prod(
        output_length(n, k, hop, pad, pad, gap)
        for n, k, hop, pad, gap in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    if x._array.shape[2] != blocks:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={dilation}, padding={padding}, stride={stride}, expected size of input's "
            f"dimension 2 to match the calculated number of sliding blocks = {blocks}, but got input.size(2)={x._array.shape[2]}."
        )
    result = _col2im(x, size, kernel, dilation, padding, stride)
    return result if batched else result.squeeze(0)


ALSO = {"nn.functional": ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")}
