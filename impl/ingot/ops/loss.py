"""Loss functions."""

from __future__ import annotations

import math
import warnings

from ..core.tensor import Tensor
from .declare import NOT_REAL_FLOAT, composite, pointwise
from .linear import linear
from .views import broadcast_tensors

NN = "nn.functional"


def reduced(loss, reduction: str):
    """The mean, the sum, or the losses themselves. ValueError for another word."""
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction} is not a valid value for reduction")


def _named(reduction) -> str:
    """A reduction's name. TypeError for what is no text, ValueError for another word."""
    if not isinstance(reduction, str):
        raise TypeError(f"expected reduction to be 'none', 'mean' or 'sum', got {type(reduction).__name__}")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduction_of(size_average, reduce, reduction: str) -> str:
    """What the deprecated pair ``size_average``, ``reduce`` means."""
    if size_average is None and reduce is None:
        return reduction
    size_average, reduce = size_average is not False, reduce is not False
    found = "mean" if size_average and reduce else "sum" if reduce else "none"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.", stacklevel=3
    )
    return found


def _same_size(input, target, name: str):
    if target._array.shape != input._array.shape:
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will likely lead to incorrect results "
            "due to broadcasting. Please ensure they have the same size.",
            stacklevel=4,
        )


@composite(namespace=NN)
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``(input - target)²``."""
    reduction = reduction_of(size_average, reduce, reduction)
    _same_size(input, target, "mse_loss")
    loss = (input - target).square()
    return _weighted(loss, weight, reduction)


def _real_floats(kernel: str, input) -> None:
    """TypeError for what is no tensor, NotImplementedError for numbers that are not real and floating."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{kernel}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input.dtype.name in NOT_REAL_FLOAT:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input.dtype.legacy_name}'")


def _weighted(loss, weight, reduction: str):
    """Elementwise weights; the weighted mean divides by their sum."""
    if weight is None:
        return reduced(loss, reduction)
    loss = loss * weight
    return loss.sum() / weight.expand(loss.shape).sum() if reduction == "mean" else reduced(loss, reduction)


@composite(namespace=NN)
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``|input - target|``."""
    reduction = reduction_of(size_average, reduce, reduction)
    _same_size(input, target, "l1_loss")
    return _weighted((input - target).abs(), weight, reduction)


@composite(namespace=NN)
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """``d² / 2 beta`` where ``d = |input - target| < beta``, else ``d - beta / 2`` (Girshick 2015)."""
    reduction = reduction_of(size_average, reduce, reduction)
    if input.dtype.name == "bool":
        raise NotImplementedError(f"\"smooth_l1_cpu\" not implemented for '{input.dtype.legacy_name}'")
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    _same_size(input, target, "smooth_l1_loss")
    if beta == 0:
        return reduced((input - target).abs(), reduction)
    difference = input - target
    size = difference.abs()
    return reduced((difference.square() * (0.5 / beta)).where(size < beta, size - 0.5 * beta), reduction)


@composite(namespace=NN)
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """``d² / 2`` where ``d = |input - target| <= delta``, else ``delta (d - delta / 2)`` (Huber 1964).

    Other than in ``mse_loss``, the mean of weighted losses divides by their number.
    """
    _real_floats("huber", input)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    _same_size(input, target, "huber_loss")
    difference = input - target
    size = difference.abs()
    loss = (difference.square() * 0.5).where(size <= delta, (size - 0.5 * delta) * delta)
    return reduced(loss if weight is None else loss * weight, reduction)


def _check_classes(input, target, weight) -> None:
    if input._array.ndim == 0:
        raise RuntimeError("input tensor should be 1D or 2D")
    if input._array.ndim == 1 and target._array.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    batch = input._array.shape[:1] if input._array.ndim > 1 else ()
    if target._array.shape[: len(batch)] != batch:
        raise ValueError(
            f"Expected input batch_size ({batch[0]}) to match target batch_size ({target._array.shape[0] if target._array.ndim else 0})."
        )
    if target._array.shape != batch + input._array.shape[2:]:
        raise RuntimeError(f"Expected target size {list(batch + input._array.shape[2:])}, got {list(target.shape)}")
    if target._array.dtype.kind not in "iu" or target.dtype.name not in ("int64", "uint8"):
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.legacy_name}")
    classes = input._array.shape[1 if input._array.ndim > 1 else 0]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: {list(weight.shape)}"
        )


@composite("nll_loss", namespace=NN)
def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """``-weight[t] * input[t]``, t the target class; the mean is weighted. (N, C, *) and (N, *). IndexError for a class out of range."""
    reduction = reduction_of(size_average, reduce, reduction)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    _real_floats("nll_loss_out_frame", input)
    _check_classes(input, target, weight)
    dim = 1 if input._array.ndim > 1 else 0
    target = target.long()
    kept = target != ignore_index
    classes = input._array.shape[dim]
    found = target._array
    wrong = (kept._array) & ((found < 0) | (found >= classes))
    if not target.is_meta and bool(wrong.any()):
        raise IndexError(f"Target {int(found[wrong].reshape(-1)[0])} is out of bounds.")
    place = target.masked_fill(~kept, 0)
    losses = -input.gather(dim, place.unsqueeze(dim)).squeeze(dim)
    shares = None
    if weight is not None:
        shares = weight.index_select(0, place.reshape(-1)).reshape(place.shape)
        losses = losses * shares
    losses = losses.masked_fill(~kept, 0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    total = kept.sum().to(losses.dtype) if shares is None else shares.masked_fill(~kept, 0).sum()
    return losses.sum() / total


@composite(namespace=NN)
def cross_entropy(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean", label_smoothing=0.0
):
    """Negative log-likelihood of softmax probabilities; ``target`` holds classes (N, *) or probabilities (N, C, *)."""
    reduction = reduction_of(size_average, reduce, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 1 if input._array.ndim > 1 else 0
    if input._array.ndim == 0:
        raise RuntimeError("input tensor should be 1D or 2D")
    logs = input.log_softmax(dim)
    if target._array.shape == input._array.shape and target.dtype.is_floating_point:
        return _soft_cross_entropy(logs, target, weight, reduction, label_smoothing, dim)
    if target.dtype.is_floating_point:
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.legacy_name}")
    hard = nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
    if label_smoothing == 0:
        return hard
    kept = target != ignore_index
    shape = [1] * logs._array.ndim
    shape[dim] = -1
    smooth = -(logs if weight is None else logs * weight.reshape(shape)).sum(dim).masked_fill(~kept, 0)
    classes = input._array.shape[dim]
    if reduction == "mean":
        if weight is None:
            total = kept.sum().to(logs.dtype)
        else:
            total = (
                weight.index_select(0, target.masked_fill(~kept, 0).reshape(-1))
                .reshape(target.shape)
                .masked_fill(~kept, 0)
                .sum()
            )
        smooth = smooth.sum() / total
    elif reduction == "sum":
        smooth = smooth.sum()
    return hard * (1 - label_smoothing) + smooth * (label_smoothing / classes)


def _soft_cross_entropy(logs, target, weight, reduction: str, label_smoothing: float, dim: int):
    classes = logs._array.shape[dim]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    shape = [1] * logs._array.ndim
    shape[dim] = -1
    product = logs * target if weight is None else logs * target * weight.reshape(shape)
    losses = -product.sum(dim)
    if reduction == "mean":
        count = logs._array.size // max(classes, 1)
        return losses.sum() / count
    return reduced(losses, reduction)


@composite(namespace=NN)
def linear_cross_entropy(
    input,
    linear_weight,
    target,
    *,
    linear_bias=None,
    weight=None,
    reduction="mean",
    ignore_index=None,
    label_smoothing=0.0,
    options=None,
):
    """``cross_entropy(linear(input, linear_weight, linear_bias), target)``: input (N, in) or (in,), linear_weight (C, *, in), linear_bias (C, *).

    The further dims of the weight are dims of the loss: logits are (N, C, *), and ``target`` holds classes (N, *) or probabilities (N, C, *). ``ignore_index`` is -100
    unless given, and goes with classes only (RuntimeError). ``options``, which cuts the batch into chunks in PyTorch, must be None: NotImplementedError.
    """
    if options is not None:
        raise NotImplementedError(
            "linear_cross_entropy does not cut batches into chunks: pass options=None, which computes the same loss in one piece"
        )
    if input.ndim not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if linear_weight.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.ndim}")
    features = input.shape[-1]
    classes, *further, columns = linear_weight.shape
    if features != columns:
        raise RuntimeError(
            f"expected equal input and linear_weight last dimensions (in_features), got {features} and {columns}, respectively"
        )
    if linear_bias is not None and tuple(linear_bias.shape) != (classes, *further):
        raise RuntimeError(f"expected linear_bias shape {(classes, *further)}, got {tuple(linear_bias.shape)}")
    if further and input.ndim == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, (N, {features}), got unbatched input"
        )
    shape = (*input.shape[:-1], classes, *further)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    rows = linear_weight.reshape(math.prod(further, start=classes), features)
    logits = linear(input, rows, None if linear_bias is None else linear_bias.reshape(len(rows))).reshape(shape)
    return cross_entropy(
        logits,
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


@composite(namespace=NN)
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """``target * (log(target) - input)`` with log-probabilities ``input``; "batchmean" divides the sum by the batch size."""
    if size_average is not None or reduce is not None:
        reduction = reduction_of(size_average, reduce, reduction)
    losses = target.exp() * (target - input) if log_target else target.xlogy(target) - target * input
    if reduction == "batchmean":
        return losses.sum() / input._array.shape[0] if input._array.ndim else losses.sum()
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the batch size, and "
            "aligns with the KL div math definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=3,
        )
    return reduced(losses, reduction)


@composite(namespace=NN)
def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """``-(t log x + (1 - t) log(1 - x))``, each logarithm clamped at -100. RuntimeError for an input outside [0, 1]."""
    reduction = reduction_of(size_average, reduce, reduction)
    if target._array.shape != input._array.shape:
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is deprecated. Please ensure they have the same size."
        )
    _real_floats("binary_cross_entropy", input)
    values = input._array
    if not input.is_meta and bool(((values < 0) | (values > 1)).any()):
        raise RuntimeError("all elements of input should be between 0 and 1")
    losses = _bce(input, target)
    if weight is not None:
        losses = losses * weight.expand(losses.shape)
    return reduced(losses, reduction)


def _bce_kernel(xp, input, target):
    return (target - 1) * xp.maximum(xp.log1p(-input), -100) - target * xp.maximum(xp.log(input), -100)


_bce = pointwise(
    "_bce(input, target)", _bce_kernel, namespace="internal", method=False, inplace=False, out=False, node="BinaryCrossEntropyBackward0",
    # PyTorch bounds the denominator, not the logarithm: (x - t) / max(x (1 - x), 1e-12).
    input=lambda grad, input, target: grad * (input - target) / ((1 - input) * input).clamp_min(1e-12),
    target=lambda grad, input: grad * ((-input).log1p().clamp_min(-100) - input.log().clamp_min(-100)),
)  # fmt: skip


@composite(namespace=NN)
def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """``binary_cross_entropy(sigmoid(input), target)`` without overflow; ``pos_weight`` scales the positive term."""
    reduction = reduction_of(size_average, reduce, reduction)
    if target._array.shape != input._array.shape:
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    from .activation import logsigmoid

    if pos_weight is None:
        losses = (1 - target) * input - logsigmoid(input)
    else:
        losses = (1 - target) * input - ((pos_weight - 1) * target + 1) * logsigmoid(input)
    if weight is not None:
        losses = losses * weight
    return reduced(losses, reduction)


@composite(namespace=NN)
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """``log(1 + exp(-target * input))``."""
    return reduced((-target * input).exp().log1p(), reduction_of(size_average, reduce, reduction))


@composite(namespace=NN)
def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1."""
    zeros = input.new_zeros(())
    negative = zeros.where(target != -1, (margin - input).clamp_min(0))
    positive = zeros.where(target == -1, input)
    return reduced(positive + negative, reduction_of(size_average, reduce, reduction))


@composite(namespace=NN)
def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """``max(0, -target * (input1 - input2) + margin)``."""
    if not input1._array.ndim == input2._array.ndim == target._array.ndim:
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return reduced(
        (-target * (input1 - input2) + float(margin)).clamp_min(0), reduction_of(size_average, reduce, reduction)
    )


@composite(namespace=NN)
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """``x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps))`` along ``dim``."""
    x1, x2 = broadcast_tensors(x1, x2)
    first = x1 / x1.norm(2, dim, keepdim=True).clamp_min(eps)
    second = x2 / x2.norm(2, dim, keepdim=True).clamp_min(eps)
    return (first * second).sum(dim)


@composite(namespace=NN)
def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1."""
    rank = target._array.ndim
    if rank > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not input1._array.ndim == input2._array.ndim == rank + 1:
        raise RuntimeError(
            f"{rank}D target tensor expects {rank + 1}D input tensors, but found inputs with sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    small = 1e-12
    product = (input1 * input2).sum(-1)
    scale = ((input1 * input1).sum(-1) + small) * ((input2 * input2).sum(-1) + small)
    cosine = product / scale.sqrt()
    zeros = cosine.new_zeros(())
    losses = zeros.where(target != 1, 1 - cosine) + zeros.where(target != -1, (cosine - margin).clamp_min(0))
    return reduced(losses, reduction_of(size_average, reduce, reduction))


@composite(namespace=NN)
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """``‖x1 - x2 + eps‖_p`` over the last dim."""
    return (x1 - x2 + eps).norm(p, max(x1._array.ndim, x2._array.ndim) - 1, keepdim=keepdim)


@composite(namespace=NN)
def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, size_average=None, reduce=None, reduction="mean"
):
    """``max(0, d(a, p) - d(a, n) + margin)``; with ``swap`` the nearer of d(a, n) and d(p, n) (Balntas et al. 2016)."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return reduced((near - far + margin).clamp_min(0), reduction_of(size_average, reduce, reduction))


@composite(namespace=NN)
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """``triplet_margin_loss`` with any distance."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((near - far + margin).clamp_min(0), reduction)


@composite(namespace=NN)
def poisson_nll_loss(
    input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"
):
    """``exp(x) - t x`` (or ``x - t log(x + eps)``); ``full`` adds Stirling's ``t log t - t + log(2 pi t) / 2`` for t > 1."""
    reduction = _named(reduction_of(size_average, reduce, reduction))
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + stirling.masked_fill(target <= 1, 0)
    return reduced(losses, reduction)


@composite(namespace=NN)
def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """``(log v + (x - t)² / v) / 2``, v the variance, at least ``eps``; ``full`` adds ``log(2 pi) / 2``."""
    if not isinstance(var, Tensor):
        var = input.new_full((1,), float(var)).expand(input.shape) if isinstance(var, (int, float)) else var
    if var.numel() and bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var._array.shape != input._array.shape:
        if input._array.shape[:-1] == var._array.shape:
            var = var.unsqueeze(-1)
        elif not (input._array.shape[:-1] == var._array.shape[:-1] and var._array.shape[-1] == 1) and not _broadcasts(
            var, input
        ):
            raise ValueError("var is of incorrect size")
    _named(reduction)
    # The bound enters as a constant, so that the gradient of a clamped variance is that of the variance itself.
    bounded = var + (var.detach().clamp_min(eps) - var.detach())
    losses = 0.5 * (bounded.log() + (input - target).square() / bounded)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _broadcasts(small, large) -> bool:
    pairs = zip(reversed(small._array.shape), reversed(large._array.shape), strict=False)
    return small._array.ndim <= large._array.ndim and all(a in (1, b) for a, b in pairs)


@composite(namespace=NN)
def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """The mean over classes of ``-(t log sigmoid(x) + (1 - t) log sigmoid(-x))``."""
    from .activation import logsigmoid

    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return reduced(losses.sum(-1) / input._array.shape[-1], _named(reduction_of(size_average, reduce, reduction)))


@composite(namespace=NN)
def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"):
    """The mean over classes other than the target's of ``weight[t] * max(0, margin - x[t] + x[c]) ** p``."""
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    _real_floats("multi_margin_loss_cpu_kernel", input)
    rows = input if input._array.ndim == 2 else input.reshape(1, -1)
    target = target.reshape(-1)
    if target._array.shape[0] != rows._array.shape[0]:
        raise RuntimeError(f"inconsistent target size, expected {rows._array.shape[0]} but got {list(target.shape)}")
    place = target.unsqueeze(1)
    gaps = (margin - rows.gather(1, place) + rows).clamp_min(0)
    gaps = gaps * gaps if p == 2 else gaps
    if weight is not None:
        gaps = gaps * weight.index_select(0, target).unsqueeze(1)
    losses = gaps.scatter(1, place, 0.0).sum(1) / rows._array.shape[1]
    losses = losses if input._array.ndim == 2 else losses.reshape(())
    return reduced(losses, reduction_of(size_average, reduce, reduction))


@composite(namespace=NN)
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """The sum over target classes i (listed up to the first -1) and other classes j of ``max(0, 1 - x[i] + x[j])``, divided by the number of classes."""
    _real_floats("multilabel_margin_loss_forward_out_frame", input)
    if target._array.shape != input._array.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    rows = input.reshape(-1, input._array.shape[-1]) if input._array.ndim else input.reshape(1, 1)
    wanted = target.reshape(rows.shape)
    classes = rows._array.shape[1]
    listed = (wanted >= 0).long().cumprod(1).bool()
    place = wanted.masked_fill(~listed, 0)
    is_target = rows.new_zeros((rows._array.shape[0], classes)).scatter_add(1, place, listed.to(rows.dtype)) > 0
    gaps = (1 - rows.gather(1, place).unsqueeze(2) + rows.unsqueeze(1)).clamp_min(0)
    counted = listed.unsqueeze(2) & ~is_target.unsqueeze(1)
    losses = gaps.masked_fill(~counted, 0).sum((1, 2)) / classes
    losses = losses if input._array.ndim == 2 else losses.reshape(())
    return reduced(losses, reduction_of(size_average, reduce, reduction))
