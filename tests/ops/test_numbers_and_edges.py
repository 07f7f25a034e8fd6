"""Python numbers beside tensors, and edge cases of joining, creation and products that drawn cases brought to light."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot


def agree(call):
    """``call(framework)`` gives the same numbers and dtype under both frameworks."""
    ours, theirs = call(ingot), call(torch)
    assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
    np.testing.assert_allclose(np.asarray(ours.tolist()), np.asarray(theirs.tolist()), rtol=1e-6)
    assert tuple(ours.shape) == tuple(theirs.shape)


@pytest.mark.parametrize(
    "call",
    [
        lambda T: T.pow(2.0, T.tensor([2.0, 3.0])),
        lambda T: 2.5 ** T.tensor([2.0, -3.0]),
        lambda T: 2 ** T.tensor([2, 3]),
        lambda T: -2.125 % T.tensor([2.0, 3.0]),
        lambda T: T.xlogy(T.ones(2), 0),
        lambda T: T.xlogy(2, T.tensor([0.5, 3.0])),
        lambda T: T.bitwise_right_shift(T.tensor([-64, 3], dtype=T.int8), 4),
        lambda T: T.tensor([1, 3], dtype=T.uint8) << 2,
    ],
)
def test_a_number_takes_the_dtype_of_the_tensor_beside_it(call):
    agree(call)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("exponents", [[3, -2], [-130, 100], [200, -200], [1500, -1500]])
def test_ldexp_rounds_once_and_keeps_the_dtype(dtype, exponents):
    agree(lambda T: T.ldexp(T.tensor([0.75, 1.5], dtype=getattr(T, dtype)), T.tensor(exponents)))


def test_ldexp_reaches_from_subnormal_to_normal():
    tiny = ingot.tensor([2.0**-140])
    assert ingot.ldexp(tiny, ingot.tensor([200])).item() == 2.0**60


def test_ldexp_takes_fractional_exponents_and_no_strings():
    agree(lambda T: T.ldexp(T.ones(2), T.tensor([2.0, 0.5])))
    with pytest.raises(TypeError, match="input"):
        ingot.ldexp("one", ingot.tensor([2]))


@pytest.mark.parametrize("lengths", [(3, 2), (8, 1), (2, 2), (2, 3, 4)])
@pytest.mark.parametrize("indexing", ["xy", "ij"])
def test_meshgrid(lengths, indexing):
    def grids(T):
        return T.stack(T.meshgrid(*[T.arange(length) for length in lengths], indexing=indexing))

    agree(grids)


def test_arange_takes_start_by_position_and_end_by_name():
    agree(lambda T: T.arange(-6, end=8, step=4))
    agree(lambda T: T.arange(2, end=9))
    with pytest.raises(TypeError, match="positional"):
        ingot.arange(0, 5, 1, 2)


def test_empty_permuted_keeps_the_size_and_orders_the_strides():
    made = ingot.empty_permuted((5, 1, 7), (1, 2, 0))
    assert tuple(made.shape) == (5, 1, 7)
    assert made.stride() == torch.empty_permuted((5, 1, 7), (1, 2, 0)).stride()


@pytest.mark.parametrize("make", [lambda: ingot.scalar_tensor("one"), lambda: ingot.ones(2).new_full((2,), "one")])
def test_a_fill_value_is_a_number(make):
    with pytest.raises(TypeError, match="Number"):
        make()


def test_sums_of_products_keep_narrow_integers_and_refuse_other_dtypes():
    agree(lambda T: T.addbmm(T.ones(2, 2, dtype=T.int8), *[T.ones(2, 2, 2, dtype=T.int8)] * 2))
    agree(lambda T: T.addr(T.tensor([[True]]), T.tensor([True]), T.tensor([True, False]), beta=False))
    matrix = ingot.ones(2, 2)
    with pytest.raises(RuntimeError, match="same dtype"):
        ingot.addmm(matrix.double(), matrix, matrix, alpha=0)
    with pytest.raises(RuntimeError, match="expand"):
        ingot.addmm(ingot.ones(3, 3), matrix, matrix, beta=0)
    with pytest.raises(NotImplementedError, match="Bool"):
        ingot.mm(matrix.bool(), matrix.bool())


def test_a_stack_without_elements_times_a_matrix():
    agree(lambda T: T.matmul(T.ones(2, 3, 0), T.ones(0, 5)))
    agree(lambda T: T.matmul(T.ones(2, 0, 4), T.ones(4, 5)))


def test_bool_bounds_and_refused_dtypes():
    agree(lambda T: T.clamp_min(T.tensor([True, False]), T.tensor(True)))
    with pytest.raises(NotImplementedError, match="Bool"):
        ingot.clamp_min(ingot.tensor([True]), True)
    with pytest.raises(NotImplementedError, match="Long"):
        ingot.lerp(ingot.tensor([1]), ingot.tensor([2]), 0.5)
    with pytest.raises(RuntimeError, match="boolean"):
        ingot.mvlgamma(ingot.tensor([True]), 1)
    with pytest.raises(RuntimeError, match="complex"):
        ingot.maximum(ingot.tensor([1j]), ingot.tensor([1j]))
    with pytest.raises(TypeError, match="rounding_mode"):
        ingot.div(ingot.tensor([3]), 2, rounding_mode=3)
    with pytest.raises(TypeError, match="Number"):
        ingot.float_power("one", 2)


def test_shapes_and_structures_of_small_calls():
    assert ingot.broadcast_shapes((3, 1), (2,), 1) == (3, 2)
    alone = ingot.atleast_1d((ingot.tensor(1),))
    assert isinstance(alone, tuple) and alone[0].shape == (1,)
    agree(lambda T: T.ones(2, 3, dtype=T.uint8).sum_to_size(3))
    assert ingot.unravel_index(ingot.tensor([7], dtype=ingot.int8), (5, 5))[0].dtype is ingot.int64
    with pytest.raises(ValueError, match="non-empty"):
        ingot.cat(())
    with pytest.raises(IndexError, match="no dimensions"):
        ingot.tensor(1).unbind()


def test_view_as_real_of_a_number_shares_its_memory():
    number = ingot.tensor(1 + 2j)
    parts = ingot.view_as_real(number)
    parts[1] = 9.0
    assert number.item() == 1 + 9j and parts.tolist() == [1.0, 9.0]


def test_trapezoids_of_narrow_integers_do_not_overflow():
    samples = ingot.tensor([100, 100, 100], dtype=ingot.int8)
    assert ingot.trapezoid(samples).item() == 200.0  # PyTorch answers 328: the sum of the ends overflows
    assert ingot.cumulative_trapezoid(samples).tolist() == [100.0, 200.0]


def test_conj_physical_of_real_numbers_is_the_tensor_itself():
    for t in (torch, ingot):
        real, complex_ = t.ones(3), t.tensor([1 + 2j], requires_grad=True)
        assert t.conj_physical(real) is real and real.conj_physical() is real and real.conj_physical_() is real
        assert t.conj_physical(complex_).tolist() == [1 - 2j] == t.conj_physical(complex_, out=None).tolist()
        assert type(t.conj_physical(complex_).grad_fn).__name__ == "ConjPhysicalBackward0"
        assert complex_.detach().clone().conj_physical_().tolist() == [1 - 2j]
