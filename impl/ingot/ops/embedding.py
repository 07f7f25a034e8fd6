"""Rows of a table: embedding, one-hot, and bags of embeddings."""

from __future__ import annotations

import numpy as np

from ..backends import namespace_of
from ..core.tensor import Tensor, wrap
from .declare import composite, primitive

NN = "nn.functional"


@primitive(
    "_embedding(weight, indices, padding_idx: int)", half="native", node="EmbeddingBackward0", linear=("weight",)
)
def _embedding(xp, weight, indices, padding_idx):
    return weight[indices]


@_embedding.backward("weight")
def _(grad, indices, weight_shape, padding_idx):
    rows = grad.reshape(-1, weight_shape[1])
    places = indices.reshape(-1)
    if padding_idx >= 0:
        rows = rows.masked_fill((places == padding_idx).unsqueeze(1), 0)
    return grad.new_zeros(weight_shape).index_add(0, places, rows)


def _check_indices(name: str, input, weight) -> None:
    for argument, one in (("input", input), ("weight", weight)):
        if not isinstance(one, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(one).__name__}")
    if weight._array.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D, got shape {list(weight.shape)}")
    if input.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{input.dtype.legacy_name}Tensor instead (while checking arguments for {name})"
        )
    found, rows = input._array, weight._array.shape[0]
    if found.size and not input.is_meta and (found.min().item() < 0 or found.max().item() >= rows):
        raise IndexError(
            f"index out of range in self: got {int(found.min())} to {int(found.max())} for a table of {rows} rows"
        )


@composite(namespace=NN)
def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """The rows of ``weight`` (V, D) that ``input`` (*) names: (*, D). The row ``padding_idx`` gets no gradient; rows are first scaled down to ``max_norm``.

    IndexError for an index outside the table. ``sparse`` gradients are not offered yet (RuntimeError).
    """
    _check_indices("embedding", input, weight)
    if sparse:
        raise RuntimeError("embedding(sparse=True) needs sparse tensors, which are not available yet; use sparse=False")
    if padding_idx is not None:
        rows = weight._array.shape[0]
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if max_norm is not None:
        _renormalize(weight, input, max_norm, norm_type)
    found = _embedding(weight, input, -1 if padding_idx is None else padding_idx)
    if scale_grad_by_freq and found.requires_grad:
        return _scaled_by_frequency(weight, input, -1 if padding_idx is None else padding_idx)
    return found


def _scaled_by_frequency(weight, input, padding_idx):
    """The rows, with gradients divided by how often each row was asked for."""
    xp = namespace_of(input._array)
    counts = xp.bincount(input._array.reshape(-1), minlength=weight._array.shape[0])
    shares = wrap((1 / counts[input._array]).astype(weight._array.dtype)).unsqueeze(-1)
    plain = _embedding(weight, input, padding_idx)
    # Equal in value to ``plain``; only the share of it carries a gradient.
    return plain * shares + (plain.detach() - plain.detach() * shares)


def _renormalize(weight, input, max_norm: float, norm_type: float) -> None:
    """Scale rows that are used and longer than ``max_norm`` down to it, in place and unrecorded."""
    from ..autograd.grad_mode import no_grad

    with no_grad():
        xp = namespace_of(input._array)
        used = wrap(xp.unique(input._array))
        rows = weight.detach().index_select(0, used)
        norms = rows.norm(norm_type, 1, keepdim=True)
        factors = (max_norm / (norms + 1e-7)).where(norms > max_norm, norms.new_ones(()))
        weight.index_copy_(0, used, rows * factors)


@composite("embedding")
def _torch_embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """``nn.functional.embedding`` with the argument order of ``torch.embedding``."""
    return embedding(
        indices, weight, None if padding_idx < 0 else padding_idx, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )


@composite(namespace=NN)
def one_hot(tensor, num_classes=-1):
    """Classes (*) as rows with a single one: (*, num_classes), int64."""
    if tensor.dtype.name != "int64":
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, but got {tensor.dtype.legacy_name}"
        )
    found = tensor._array
    if found.size == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return tensor.new_zeros((*found.shape, num_classes))
    if tensor.is_meta and num_classes == -1:
        raise NotImplementedError("one_hot of a meta tensor needs num_classes: its values are not there")
    lowest, highest = (0, 0) if tensor.is_meta else (found.min().item(), found.max().item())
    if lowest < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = highest + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif highest >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    xp = namespace_of(found)
    return wrap((found[..., None] == xp.arange(num_classes)).astype(np.int64))


@composite(namespace=NN)
def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode="mean", sparse=False, per_sample_weights=None,
    include_last_offset=False, padding_idx=None,
):  # fmt: skip
    """The sum, mean or max of the rows of each bag: bags are the rows of a 2-D ``input``, or begin at ``offsets`` in a 1-D one."""
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum or mean or max")
    if per_sample_weights is not None:
        if mode != "sum":
            raise NotImplementedError(
                f"embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='{mode}'). "
                "Please open a feature request on GitHub."
            )
        if per_sample_weights._array.shape != input._array.shape:
            raise ValueError(
                f"embedding_bag: If per_sample_weights ({tuple(per_sample_weights.shape)}) is not None, then it must have the same shape as the "
                f"input ({tuple(input.shape)})"
            )
    if input._array.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences."
            )
        bags, length = input._array.shape
        bag_of = np.repeat(np.arange(bags), length)
        input = input.reshape(-1)
        per_sample_weights = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    elif input._array.ndim == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets._array.ndim != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        starts = np.asarray(offsets.tolist(), np.int64)
        if len(starts) and starts[0] != 0:
            raise RuntimeError(
                f"offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got {starts[0]}"
            )
        bags = len(starts) - bool(include_last_offset)
        if len(starts) and starts[-1] > input._array.shape[0]:
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {input._array.shape[0]} but got offsets[-1] of {starts[-1]}"
            )
        ends = np.append(starts[1:], input._array.shape[0])[:bags]
        bag_of = np.repeat(np.arange(bags), ends - starts[:bags])
        input = input[: len(bag_of)]
        per_sample_weights = None if per_sample_weights is None else per_sample_weights[: len(bag_of)]
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input._array.ndim}")
    return _bags(
        input,
        weight,
        bag_of,
        bags,
        mode,
        per_sample_weights,
        max_norm,
        norm_type,
        scale_grad_by_freq,
        sparse,
        padding_idx,
    )


def _bags(input, weight, bag_of, bags, mode, weights, max_norm, norm_type, by_frequency, sparse, padding_idx):
    xp = namespace_of(input._array)
    rows = embedding(input, weight, padding_idx, max_norm, norm_type, by_frequency, sparse)
    places = wrap(xp.asarray(bag_of))
    kept = None
    if padding_idx is not None:
        kept = input != padding_idx % weight._array.shape[0]
    if weights is not None:
        rows = rows * weights.unsqueeze(1)
    shape = (bags, weight._array.shape[1])
    if mode == "max":
        if kept is not None:
            rows = rows.masked_fill(~kept.unsqueeze(1), float("-inf"))
        index = places.unsqueeze(1).expand(rows.shape)
        found = rows.new_full(shape, float("-inf")).scatter_reduce(0, index, rows, "amax")
        return found.masked_fill(found == float("-inf"), 0)
    if kept is not None:
        rows = rows.masked_fill(~kept.unsqueeze(1), 0)
    total = rows.new_zeros(shape).index_add(0, places, rows)
    if mode == "sum":
        return total
    ones = rows.new_ones((len(bag_of),)) if kept is None else kept.to(rows.dtype)
    return total / rows.new_zeros((bags,)).index_add(0, places, ones).clamp_min(1).unsqueeze(1)
