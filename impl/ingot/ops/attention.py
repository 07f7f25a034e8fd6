"""Attention: scaled dot products, and the multi-head form with its projections (Vaswani et al. 2017)."""

from __future__ import annotations

import math

from ..core.dtype import bool_
from ..core.graph import thread
from ..core.tensor import Tensor
from .declare import composite, primitive
from .dropout import dropout
from .linear import linear, matmul

NN = "nn.functional"


@primitive(
    "_attention(query, key, value, scale: float, is_causal: bool)",
    outputs=("result", "weights"),
    node="ScaledDotProductAttentionBackward0",
)
def _attention(xp, query, key, value, scale, is_causal):
    """Attention without a mask of its own, in one kernel: (*, L, E), (*, S, E), (*, S, Ev) with equal leading dims. ``weights`` (*, L, S) are for backward."""
    weights = xp.matmul(query * scale, key.swapaxes(-1, -2))
    if is_causal:
        rows, columns = weights.shape[-2:]
        later = xp.arange(columns) > xp.arange(rows)[:, None]
        weights = xp.where(later, xp.asarray(-math.inf, dtype=weights.dtype), weights)
    weights -= xp.maximum.reduce(weights, axis=-1, keepdims=True)
    xp.exp(weights, out=weights)
    weights /= xp.add.reduce(weights, axis=-1, keepdims=True)
    return xp.matmul(weights, value), weights


@primitive(
    "_attention_backward(grad_output, query, key, value, weights, scale: float)",
    outputs=("by_query", "by_key", "by_value"),
)
def _attention_backward(xp, grad_output, query, key, value, weights, scale):
    by_value = xp.matmul(weights.swapaxes(-1, -2), grad_output)
    slope = xp.matmul(grad_output, value.swapaxes(-1, -2))
    slope *= weights
    slope -= weights * xp.add.reduce(slope, axis=-1, keepdims=True)
    by_query = xp.matmul(slope, key)
    by_query *= scale
    return by_query, xp.matmul(slope.swapaxes(-1, -2), query * scale), by_value


@_attention.backward("query", "key", "value")
def _(grad, query, key, value, weights, scale, is_causal):
    if not thread.mode.watched:
        return _attention_backward(grad, query, key, value, weights, scale)
    weights = _weights(matmul(query * scale, key.transpose(-2, -1)), None, is_causal)
    slope = matmul(grad, value.transpose(-2, -1)) * weights
    slope = slope - weights * slope.sum(-1, keepdim=True)
    turned = slope.transpose(-2, -1)
    return matmul(slope, key) * scale, matmul(turned, query * scale), matmul(weights.transpose(-2, -1), grad)


def _weights(scores, mask, is_causal: bool):
    """Softmax of ``scores`` (*, L, S) under a mask: a bool one says where to look, a float one is added. Zeros for a query that may look nowhere."""
    if is_causal:
        mask = scores.new_ones(scores.shape[-2:], dtype=bool_).tril()
    if mask is None:
        return scores.softmax(-1)
    scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype is bool_ else scores + mask
    return scores.softmax(-1).masked_fill((scores == float("-inf")).all(-1, keepdim=True), 0)


def _fits_one_op(query, key, value) -> bool:
    """Whether the arrays may go to ``_attention``: real, not empty, and of equal leading dims."""
    q, k, v = query._array, key._array, value._array
    return (
        q.dtype.kind in "fV"
        and 0 not in (q.size, k.size, v.size)
        and q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
        and q.shape[-1] == k.shape[-1]
        and k.shape[-2] == v.shape[-2]
        and type(q) is type(k) is type(v)
    )


@composite(namespace=NN)
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """``softmax(q kᵀ scale + mask) v``: (..., L, E), (..., S, E), (..., S, Ev) -> (..., L, Ev).

    ``scale`` is 1/sqrt(E) unless given. A bool mask says where to look; a float mask is added. With ``enable_gqa`` each key head serves several query heads.
    A query that may look nowhere gets zeros.
    """
    for name, one in (("query", query), ("key", key), ("value", value)):
        if not isinstance(one, Tensor):
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' must be Tensor, not {type(one).__name__}"
            )
    if not query._array.dtype == key._array.dtype == value._array.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got "
            f"query.dtype: {query.dtype.name} key.dtype: {key.dtype.name} and value.dtype: {value.dtype.name} instead."
        )
    if min(query._array.ndim, key._array.ndim, value._array.ndim) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got "
            f"query.dim(): {query._array.ndim}, key.dim(): {key._array.ndim} and value.dim(): {value._array.ndim} instead."
        )
    if is_causal and attn_mask is not None:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if attn_mask is not None and attn_mask.dtype is not bool_ and attn_mask.dtype is not query.dtype:
        raise RuntimeError(
            f"Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: {attn_mask.dtype.name} and  "
            f"query.dtype: {query.dtype.name} instead."
        )
    if enable_gqa:
        repeat = query._array.shape[-3] // key._array.shape[-3]
        key, value = (
            key.repeat_interleave(repeat, -3),
            value.repeat_interleave(query._array.shape[-3] // value._array.shape[-3], -3),
        )
    width = query._array.shape[-1]
    if scale is None:
        scale = 1 / math.sqrt(width) if width else 1.0
    if attn_mask is None and not dropout_p and _fits_one_op(query, key, value):
        return _attention(query, key, value, float(scale), bool(is_causal))[0]
    # Half the scale on each side, as PyTorch does: the product cannot overflow before it is scaled.
    factor = math.sqrt(abs(scale))
    scores = matmul(query * factor, key.transpose(-2, -1) * (factor if scale >= 0 else -factor))
    weights = _weights(scores, attn_mask, is_causal)
    if dropout_p:
        weights = dropout(weights, dropout_p, True)
    return matmul(weights, value)


def _projections(query, key, value, weight, bias):
    """Query, key and value through one packed weight (3E, E), with as few products as identity allows."""
    width = query._array.shape[-1]
    if key is value and query is key:
        return linear(query, weight, bias).chunk(3, -1)
    parts = weight.chunk(3, 0)
    biases = (None,) * 3 if bias is None else bias.chunk(3, 0)
    if key is value:
        rest = None if bias is None else bias[width:]
        return (linear(query, parts[0], biases[0]), *linear(key, weight[width:], rest).chunk(2, -1))
    return tuple(linear(one, part, shift) for one, part, shift in zip((query, key, value), parts, biases, strict=True))


def canonical_mask(mask, name: str, other_dtype, target_dtype):
    """A mask to add to scores: a bool one becomes 0 / -inf; a float one passes. AssertionError for another dtype."""
    if mask is None:
        return None
    if mask.dtype is not bool_ and not mask.dtype.is_floating_point:
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if mask.dtype is bool_:
        return mask.new_zeros(mask.shape, dtype=target_dtype).masked_fill(mask, float("-inf"))
    return mask


@composite(namespace=NN)
def multi_head_attention_forward(
    query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, dropout_p, out_proj_weight,
    out_proj_bias, training=True, key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None,
    k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True, is_causal=False,
):  # fmt: skip
    """(output, weights) of multi-head attention on (L, N, E) or (L, E); weights are None without ``need_weights``, averaged over heads by default."""
    batched = query._array.ndim == 3
    if query._array.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query._array.ndim}-D query tensor"
        )
    if not batched:
        same_key, same_value = key is query, value is key
        query = query.unsqueeze(1)
        key = query if same_key else key.unsqueeze(1)
        value = key if same_value else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, count, width = query._array.shape
    if width != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    head = width // num_heads
    if head * num_heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if use_separate_proj_weight:
        shifts = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = (
            linear(one, weight, shift)
            for one, weight, shift in zip(
                (query, key, value), (q_proj_weight, k_proj_weight, v_proj_weight), shifts, strict=True
            )
        )
    else:
        if key._array.shape != value._array.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
        q, k, v = _projections(query, key, value, in_proj_weight, in_proj_bias)
    key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", None, q.dtype)
    attn_mask = canonical_mask(attn_mask, "attn_mask", None, q.dtype)
    if attn_mask is not None:
        attn_mask = _checked_mask(attn_mask, length, k._array.shape[0], count * num_heads)
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise AssertionError("bias cannot be added to static key or value.")
        k, v = _joined(k, bias_k.repeat(1, count, 1), 0), _joined(v, bias_v.repeat(1, count, 1), 0)
        attn_mask, key_padding_mask = _wider(attn_mask), _wider(key_padding_mask)
    q = q.reshape(length, count * num_heads, head).transpose(0, 1)
    k = k.reshape(k._array.shape[0], count * num_heads, head).transpose(0, 1) if static_k is None else static_k
    v = v.reshape(v._array.shape[0], count * num_heads, head).transpose(0, 1) if static_v is None else static_v
    if add_zero_attn:
        zeros = k.new_zeros((count * num_heads, 1, head))
        k, v = _joined(k, zeros, 1), _joined(v, zeros, 1)
        attn_mask, key_padding_mask = _wider(attn_mask), _wider(key_padding_mask)
    source = k._array.shape[1]
    if key_padding_mask is not None:
        if tuple(key_padding_mask.shape) != (count, source):
            raise AssertionError(
                f"expecting key_padding_mask shape of {(count, source)}, but got {tuple(key_padding_mask.shape)}"
            )
        spread = (
            key_padding_mask.reshape(count, 1, 1, source)
            .expand(-1, num_heads, -1, -1)
            .reshape(count * num_heads, 1, source)
        )
        attn_mask = spread if attn_mask is None else attn_mask + spread
    probability = dropout_p if training else 0.0
    if need_weights:
        scores = matmul(q * math.sqrt(1.0 / head), k.transpose(-2, -1))
        weights = (scores if attn_mask is None else scores + attn_mask).softmax(-1)
        if probability:
            weights = dropout(weights, probability, True)
        mixed = matmul(weights, v).transpose(0, 1).reshape(length * count, width)
        output = linear(mixed, out_proj_weight, out_proj_bias).reshape(length, count, -1)
        weights = weights.reshape(count, num_heads, length, source)
        weights = weights.mean(1) if average_attn_weights else weights
        return (output, weights) if batched else (output.squeeze(1), weights.squeeze(0))
    if attn_mask is not None:
        attn_mask = (
            attn_mask.unsqueeze(0)
            if attn_mask._array.shape[0] == 1
            else attn_mask.reshape(count, num_heads, -1, source)
        )
    q, k, v = (one.reshape(count, num_heads, -1, head) for one in (q, k, v))
    mixed = scaled_dot_product_attention(q, k, v, attn_mask, probability)
    mixed = mixed.permute(2, 0, 1, 3).reshape(length * count, width)
    output = linear(mixed, out_proj_weight, out_proj_bias).reshape(length, count, -1)
    return (output if batched else output.squeeze(1)), None


def _checked_mask(mask, length: int, source: int, heads: int):
    if mask._array.ndim == 2:
        if tuple(mask.shape) != (length, source):
            raise RuntimeError(
                f"The shape of the 2D attn_mask is {tuple(mask.shape)}, but should be {(length, source)}."
            )
        return mask.unsqueeze(0)
    if mask._array.ndim == 3:
        if tuple(mask.shape) != (heads, length, source):
            raise RuntimeError(
                f"The shape of the 3D attn_mask is {tuple(mask.shape)}, but should be {(heads, length, source)}."
            )
        return mask
    raise RuntimeError(f"attn_mask's dimension {mask._array.ndim} is not supported")


def _wider(mask):
    """A mask with one more, open column."""
    if mask is None:
        return None
    from .padding import constant_pad_nd

    return constant_pad_nd(mask, (0, 1))


def _joined(a, b, dim: int):
    from .joining import cat

    return cat((a, b), dim)
