"""Multi-head attention."""

from __future__ import annotations

import warnings
from typing import Any

from ...core import dtype as dtypes
from ...core.tensor import Tensor
from ...ops.creation import empty, zeros_like
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Scaled dot-product attention in ``num_heads`` subspaces (Vaswani et al., 2017).

    query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> output (L, N, E) and, with ``need_weights``, the weights
    (N, L, S) averaged over heads or (N, heads, L, S); the batch comes first with ``batch_first``, and is absent in
    unbatched input. ``attn_mask`` is (L, S) or (N * heads, L, S), ``key_padding_mask`` (N, S): True hides, a float
    is added. ``in_proj_weight`` (3E, E) holds the projections of query, key and value, or ``q_proj_weight``,
    ``k_proj_weight`` and ``v_proj_weight`` do if ``kdim`` or ``vdim`` differs from E.

    Example: ``nn.MultiheadAttention(16, 4, batch_first=True)(x, x, x)[0].shape == x.shape`` for x of (2, 5, 16)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = kdim if kdim is not None else embed_dim
        self.vdim = vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def parameter(wanted: bool, *shape: int) -> Parameter | None:
            return Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None

        packed = self._qkv_same_embed_dim
        weights = {
            "q_proj_weight": parameter(not packed, embed_dim, embed_dim),
            "k_proj_weight": parameter(not packed, embed_dim, self.kdim),
            "v_proj_weight": parameter(not packed, embed_dim, self.vdim),
            "in_proj_weight": parameter(packed, 3 * embed_dim, embed_dim),
            "in_proj_bias": parameter(bias, 3 * embed_dim),
        }
        if packed:  # the order of registration is that of the state dict, None or not
            weights = {"in_proj_weight": weights.pop("in_proj_weight"), **weights}
        for name, weight in weights.items():
            self.register_parameter(name, weight)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self.bias_k = parameter(add_bias_kv, 1, 1, embed_dim)
        self.bias_v = parameter(add_bias_kv, 1, 1, embed_dim)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"_qkv_same_embed_dim": True, **state})

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        key_padding_mask = additive_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask")
        attn_mask = additive_mask(attn_mask, "attn_mask", query.dtype)
        swap_batch = self.batch_first and query.dim() == 3
        if swap_batch:
            query, key, value = _swap_each_once(query, key, value)
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(1, 0) if swap_batch else output), weights


def additive_mask(
    mask: Tensor | None, name: str, dtype: Any, other: Tensor | None = None, other_name: str = ""
) -> Tensor | None:
    """``mask`` in the form that is added to scores: -inf where a boolean mask is True, a float mask as it is."""
    if mask is None:
        return None
    if not (mask.is_floating_point() or mask.dtype == dtypes.bool_):
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and other.dtype != mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    return mask if mask.is_floating_point() else zeros_like(mask, dtype=dtype).masked_fill_(mask, float("-inf"))


def _swap_each_once(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Batch and sequence exchanged; arguments that are one tensor stay one, for then one projection serves them."""
    swapped = {id(t): t.transpose(1, 0) for t in tensors}
    return tuple(swapped[id(t)] for t in tensors)
