"""Bad input of every kind: PyTorch's error class, a sentence, and nothing changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot


def matrix(t):
    return t.arange(6, dtype=t.float32).reshape(2, 3).clone()


REFUSED = {
    "shapes_that_do_not_broadcast": lambda t, x: x + t.ones(4),
    "matmul_shapes": lambda t, x: x @ x,
    "matmul_dtypes": lambda t, x: x @ t.ones(3, 2, dtype=t.float64),
    "mm_of_a_vector": lambda t, x: t.mm(x, x[0]),
    "view_of_wrong_size": lambda t, x: x.view(4, 4),
    "view_of_wrong_strides": lambda t, x: x.t().view(6),
    "two_unknown_lengths": lambda t, x: x.reshape(-1, -1),
    "negative_length": lambda t, x: x.reshape(-2, 3),
    "dim_out_of_range": lambda t, x: x.sum(2),
    "negative_dim_out_of_range": lambda t, x: x.softmax(-3),
    "dim_twice": lambda t, x: x.sum((0, 0)),
    "transpose_dim": lambda t, x: x.transpose(0, 5),
    "permute_of_wrong_length": lambda t, x: x.permute(0),
    "permute_twice_the_same": lambda t, x: x.permute(0, 0),
    "squeeze_dim": lambda t, x: x.squeeze(7),
    "expand": lambda t, x: x.expand(5, 5),
    "cat_shapes": lambda t, x: t.cat([x, t.ones(3, 2)]),
    "cat_of_nothing": lambda t, x: t.cat([]),
    "stack_shapes": lambda t, x: t.stack([x, x.t()]),
    "split_sizes": lambda t, x: x.split([1, 5]),
    "gather_dtype": lambda t, x: x.gather(0, t.zeros(1, 1)),
    "index_out_of_range": lambda t, x: x[5],
    "too_many_indices": lambda t, x: x[0, 0, 0],
    "index_select_range": lambda t, x: x.index_select(0, t.tensor([9])),
    "text_as_operand": lambda t, x: t.add(x, "1"),
    "operator_with_text": lambda t, x: x + "1",
    "none_as_operand": lambda t, x: t.mul(x, None),
    "list_as_operand": lambda t, x: t.exp([1.0]),
    "bitwise_of_floats": lambda t, x: x & x,
    "invert_of_floats": lambda t, x: ~x,
    "mean_of_integers": lambda t, x: x.long().mean(),
    "shift_of_floats": lambda t, x: x << 1,
    "integer_division_by_zero": lambda t, x: x.long() // t.zeros(3, dtype=t.int64),
    "negative_integer_power": lambda t, x: x.long() ** -1,
    "bool_minus": lambda t, x: (x > 1) - (x > 2),
    "truth_of_many": lambda t, x: bool(x),
    "item_of_many": lambda t, x: x.item(),
    "int_of_many": lambda t, x: int(x),
    "len_of_scalar": lambda t, x: len(x.sum()),
    "iteration_of_scalar": lambda t, x: list(x.sum()),
    "ragged_list": lambda t, x: t.tensor([[1, 2], [3]]),
    "list_of_text": lambda t, x: t.tensor(["a", "b"]),
    "text_as_data": lambda t, x: t.tensor("abc"),
    "negative_size": lambda t, x: t.zeros(-1),
    "fractional_size": lambda t, x: t.zeros(1.5),
    "huge_size": lambda t, x: t.zeros(2**60),
    "unknown_device": lambda t, x: t.zeros(2, device="toaster"),
    "dtype_that_is_none": lambda t, x: t.zeros(2, dtype="float32"),
    "requires_grad_of_integers": lambda t, x: t.zeros(2, dtype=t.int64, requires_grad=True),
    "backward_without_graph": lambda t, x: x.sum().backward(),
    "numpy_of_tracked": lambda t, x: (x.clone().requires_grad_() * 2).numpy(),
    "negative_strides": lambda t, x: t.from_numpy(np.arange(4.0)[::-1]),
    "from_numpy_of_list": lambda t, x: t.from_numpy([1.0]),
    "from_numpy_of_text": lambda t, x: t.from_numpy(np.array(["a"])),
    "from_numpy_of_objects": lambda t, x: t.from_numpy(np.array([object()])),
    "out_dtype": lambda t, x: t.exp(x, out=t.empty(2, 3, dtype=t.int32)),
    "fill_with_matrix": lambda t, x: x.fill_(x),
    "copy_of_wrong_shape": lambda t, x: x.copy_(t.ones(7)),
    "in_place_dtype": lambda t, x: x.long().add_(0.5),
    "in_place_shape": lambda t, x: x.add_(t.ones(4, 2, 3)),
    "in_place_overlap": lambda t, x: x[0:1].expand(2, 3).mul_(2),
    "clamp_without_bounds": lambda t, x: x.clamp(),
    "as_strided_beyond": lambda t, x: x.as_strided((9, 9), (9, 1)),
    "as_strided_negative": lambda t, x: x.as_strided((2,), (-1,)),
    "linear_shapes": lambda t, x: t.nn.functional.linear(x, t.ones(4, 4)),
    "conv_channels": lambda t, x: t.nn.functional.conv1d(x[None], t.ones(1, 5, 1)),
    "cross_entropy_target": lambda t, x: t.nn.functional.cross_entropy(x, t.tensor([0, 9])),
    "embedding_range": lambda t, x: t.nn.functional.embedding(t.tensor([5]), x),
    "dropout_probability": lambda t, x: t.nn.functional.dropout(x, 1.5),
    "einsum_equation": lambda t, x: t.einsum("ij,jk->ik", x, x),
    "unknown_argument": lambda t, x: t.exp(x, nonsense=1),
    "missing_argument": lambda t, x: t.add(x),
    "where_condition": lambda t, x: t.where(x, x, x),
    "setitem_shape": lambda t, x: x.__setitem__(0, t.ones(5)),
    "setitem_text": lambda t, x: x.__setitem__(0, "a"),
    "data_of_text": lambda t, x: setattr(x, "data", "a"),
}  # fmt: skip


def error_of(framework, name):
    x = matrix(framework)
    before, version = x.clone(), x._version
    with pytest.raises(Exception) as caught:
        REFUSED[name](framework, x)
    assert x.equal(before) and x._version == version, f"{framework.__name__} changed its input"
    return caught.value


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_in_pytorch(name):
    ours, theirs = error_of(ingot, name), error_of(torch, name)
    accepted = {kind.__name__ for kind in type(ours).__mro__}
    assert type(theirs).__name__ in accepted, (
        f"ingot {type(ours).__name__}: {ours}\ntorch {type(theirs).__name__}: {theirs}"
    )
    assert len(str(ours).split()) >= 3, f"no sentence: {ours}"


def test_tensors_of_another_framework():
    """A torch tensor is neither a number nor an Ingot tensor."""
    for call in (
        lambda: ingot.add(matrix(ingot), matrix(torch)),
        lambda: ingot.cat([matrix(ingot), matrix(torch)]),
        lambda: matrix(ingot).copy_("a"),
    ):
        with pytest.raises(TypeError):
            call()


def test_read_only_arrays_warn():
    array = np.arange(3.0)
    array.setflags(write=False)
    with pytest.warns(UserWarning, match="not writable"):
        ingot.from_numpy(array)
