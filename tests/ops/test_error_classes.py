"""Bad calls of the core ops raise the class that PyTorch raises, and odd calls that it answers are answered alike."""

from __future__ import annotations

import pytest
import torch

import ingot

CALLS = """
t.topk(t.tensor(True), 1)
t.topk(c, 1)
t.kthvalue(b, 1)
t.kthvalue(c, 1)
t.median(b)
t.nanmedian(b, 0)
t.mode(c)
t.unique(c)
t.unique(c, dim=0)
t.unique_consecutive(c)
t.searchsorted(c, c)
t.searchsorted(t.tensor([1, 2]), 'one')
t.bucketize(b, b)
t.isin(c, c)
t.isin('s', f)
t.isin(1, 2)
t.bincount(t.zeros(0, dtype=t.int32), t.zeros(0, dtype=t.float64))
t.histogramdd(f[0, 0], 1)
f.sum_to_size('shape')
t.tensor([1, 2], dtype=t.int32).sum_to_size(())
b[0].sum_to_size(())
t.diag_embed(f[0, 0])
t.diag_embed(f[0, 0], 1, 0, -1)
t.atleast_1d(('text',))
t.atleast_2d((f, 'text'))
t.atleast_3d('text')
t.movedim(f, 1, (0,))
t.roll(f, 'one')
t.as_strided(f, (-1,), (1,))
t.view_as_complex(t.zeros(2, dtype=t.bfloat16))
t.slice_scatter(f, f, 0, 0, 2, 0)
t.index_fill(f, 0, t.zeros(2, 2, dtype=t.int64), 1.0)
t.index_fill(f, 0, t.zeros(2), 1.0)
t.index_fill(f, 0, t.zeros(2, dtype=t.int32), 1.0)
t.unravel_index(t.tensor([1]), 'one')
t.unravel_index(t.tensor([1]), (1.5,))
t.scatter_reduce(f, 0, t.zeros(1, 1, dtype=t.int64), f, 3)
t.scatter(f, 0, t.zeros(1, 1, dtype=t.int64), f, reduce=3)
t.triu_indices(0.5, 2, 0)
t.tril_indices(True, 2)
t.einsum()
t.einsum('...->.', f)
t.zeros()
t.ones(dtype=t.int32)
t.zeros(size=(2,))
t.empty()
t.randn()
t.linspace('one', 1, 2)
t.linspace(0, 1, 2.5)
t.linspace(t.zeros(1), 1, 3)
t.logspace('one', 1, 2)
t.full_like(f, 'one')
f['one']
f[('one',)]
f['a']
f['a':]
f[1.5]
t.dist(t.ones(2, dtype=t.int64), t.ones(2, dtype=t.int64))
t.dist(t.zeros(2, 0), t.zeros(2, 0), float('inf'))
t.renorm(t.ones(2, 2, dtype=t.int64), 2, 0, 1.0)
t.gather(f, 0, t.zeros(0, 3, dtype=t.uint8))
t.gather(f, 0, t.zeros(1, 3, dtype=t.uint8))
t.take_along_dim(f, t.tensor([[-1, 0, 1]]), 0)
t.tensordot(t.ones(2, 1), t.ones(3, 4), dims=([1], [0]))
t.tensordot(t.ones(2, 3), t.ones(1, 4), dims=1)
t.addmv(t.tensor(1), k, k[0], alpha=1.5)
t.addmm(t.tensor(1), k, k, beta=1.5)
t.baddbmm(t.tensor(1), k[None], k[None], alpha=1.5)
t.addbmm(t.tensor(1), k[None], k[None], beta=2.5)
t.topk(t.tensor(1.5), 0).values
t.resolve_conj('text')
t.unique(t.tensor([-0.0, 0.0, 0.0]), dim=0)
t.isin(t.arange(3) / 3, 1 / 3)
t.isin(t.tensor([1, 2]), 2.0)
t.tile(t.tensor(1.5), (2,))
""".strip().splitlines()


def outcome(t, call: str):
    """The class of the error that a call raises, or (dtype, shape, numbers) of its answer."""
    names = {
        "t": t, "f": t.arange(6.0).reshape(2, 3), "b": t.zeros(3, dtype=t.bool), "c": t.zeros(3, dtype=t.complex64), "k": t.ones(2, 2, dtype=t.int64),
    }  # fmt: skip
    try:
        found = eval(call, names)
    except Exception as error:
        return type(error).__name__
    if isinstance(found, tuple):
        return [(str(one.dtype), one.tolist()) for one in found]
    if call.startswith("t.empty"):
        return str(found.dtype), tuple(found.shape)
    return str(found.dtype), tuple(found.shape), str(found.tolist())


@pytest.mark.parametrize("call", CALLS)
def test_same_class_or_same_answer(call):
    assert outcome(ingot, call) == outcome(torch, call)


def test_results_have_their_own_memory():
    """A kernel whose answer shows its input's memory would let a later write change the input."""
    for make in (lambda x: x.flip(0), lambda x: x.tile(2), lambda x: x[0].tile(2), lambda x: x.expand(3).repeat(2)):
        x = ingot.ones(1)
        make(x).zero_()
        assert x.item() == 1
    x = ingot.arange(6.0)[::2]
    x.ravel().zero_()
    assert x.tolist() == [0, 2, 4]


def test_counts_with_weights_have_no_derivative():
    weights = ingot.ones(2, requires_grad=True)
    for counted in (
        ingot.bincount(ingot.tensor([0, 1]), weights),
        ingot.histogram(ingot.ones(2), 2, weight=weights).hist,
    ):
        with pytest.raises(RuntimeError, match="derivative for"):
            counted.sum().backward()


def test_one_complex_number_is_a_pair_of_real_ones():
    for shape in ((1,), (1, 1), ()):
        x = ingot.ones(shape, dtype=ingot.complex128, requires_grad=True)
        ingot.view_as_real(x).sum().backward()
        assert x.grad.reshape(-1).tolist() == [1 + 1j]


def test_a_deviation_whose_square_overflows():
    x = ingot.tensor([3e38, -3e38, 1.0])
    assert ingot.std(x).item() == pytest.approx(3e38, rel=1e-6)
    assert ingot.std(x.to(ingot.float64)).item() == pytest.approx(3e38, rel=1e-8)


def test_integers_do_not_require_gradients():
    x = ingot.ones(2, requires_grad=True)
    for made in (x.long(), x.to(ingot.int32), (x * 2).bool(), x.type(ingot.uint8), x.to("cpu", ingot.int64)):
        assert not made.requires_grad and made.grad_fn is None
    assert x.double().requires_grad


def test_an_entry_filled_twice_has_its_gradient_once():
    value = ingot.tensor(0.5, dtype=ingot.float64, requires_grad=True)
    ingot.ones(2, 2, dtype=ingot.float64).index_fill(0, ingot.tensor([1, 0, 1]), value).sum().backward()
    assert value.grad.item() == 4


def test_an_imaginary_number_is_true():
    assert ingot.tensor([1j, 0j, 2 + 0j]).bool().tolist() == [True, False, True]
