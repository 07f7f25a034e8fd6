"""Bad input: PyTorch's error class, a sentence, and a generator that has not moved."""

from __future__ import annotations

import pytest
import torch

import ingot

from .streams import refuse, state

REFUSED = [
    (lambda f: f.empty(3).uniform_(2, 1), RuntimeError, "from=2 > to=1"),
    (lambda f: f.empty(0).uniform_(2, 1), RuntimeError, "from=2 > to=1"),
    (lambda f: f.empty(3, dtype=f.float16).uniform_(0, 1e6), RuntimeError, "out of bounds"),
    (lambda f: f.empty(3).normal_(0, -1), RuntimeError, "std >= 0.0"),
    (lambda f: f.normal(0.0, -1.0, (3,)), RuntimeError, "std >= 0.0"),
    (lambda f: f.normal(f.zeros(3), -f.ones(3)), RuntimeError, "all elements of std"),
    (lambda f: f.normal(f.zeros(3), f.ones(2)), RuntimeError, "must match"),
    (lambda f: f.normal("a", 1.0), TypeError, ""),
    (lambda f: f.empty(3).exponential_(0), RuntimeError, "lambda > 0.0"),
    (lambda f: f.empty(3).exponential_(-1), RuntimeError, "lambda > 0.0"),
    (lambda f: f.empty(3).geometric_(0), RuntimeError, "p to be in (0, 1)"),
    (lambda f: f.empty(3).geometric_(1), RuntimeError, "p to be in (0, 1)"),
    (lambda f: f.empty(3).log_normal_(0, 0), RuntimeError, "std > 0.0"),
    (lambda f: f.empty(3).cauchy_(0, 0), RuntimeError, "sigma > 0.0"),
    (lambda f: f.empty(3).bernoulli_(1.5), RuntimeError, "p to be in [0, 1]"),
    (lambda f: f.empty(3).bernoulli_(-0.1), RuntimeError, "p to be in [0, 1]"),
    (lambda f: f.bernoulli(f.tensor([2.0])), RuntimeError, "p_in"),
    (lambda f: f.bernoulli(f.ones(3, dtype=f.int64)), NotImplementedError, "'Long'"),
    (lambda f: f.randint(5, 3, (2,)), RuntimeError, "from=5 >= to=3"),
    (lambda f: f.randint(0, 300, (2,), dtype=f.uint8), RuntimeError, "unsigned char"),
    (lambda f: f.empty(3, dtype=f.int8).random_(0, 300), RuntimeError, "signed char"),
    (lambda f: f.empty(3, dtype=f.uint8).random_(-1, 3), RuntimeError, "unsigned char"),
    (lambda f: f.empty(3, dtype=f.bool).random_(0, 3), RuntimeError, "bool"),
    (lambda f: f.empty(3, dtype=f.complex64).random_(0, 3), RuntimeError, ""),
    (lambda f: f.empty(3, dtype=f.int32).random_(-(2**63), None), RuntimeError, ""),
    (lambda f: f.randint(0, 10), TypeError, "size"),
    (lambda f: f.randperm(-1), RuntimeError, ""),
    (lambda f: f.randperm(300, dtype=f.uint8), RuntimeError, ""),
    (lambda f: f.randperm(2050, dtype=f.float16), RuntimeError, "2049"),
    (lambda f: f.randperm(3, dtype=f.bool), NotImplementedError, "'Bool'"),
    (lambda f: f.rand(-1), RuntimeError, "negative dimension"),
    (lambda f: f.rand("a"), TypeError, ""),
    (lambda f: f.rand(3, dtype=f.int64), NotImplementedError, "'Long'"),
    (lambda f: f.randn(3, dtype=f.bool), NotImplementedError, "'Bool'"),
    (lambda f: f.rand(3, generator=3), TypeError, "generator"),
    (lambda f: f.rand(3, dtype=f.float32, out=f.empty(3, dtype=f.float64)), RuntimeError, "does not match"),
    *[(lambda f, name=name: getattr(f.empty(3, dtype=f.int64), name)(), error, "") for name, error in (
        ("normal_", NotImplementedError), ("uniform_", NotImplementedError), ("exponential_", RuntimeError), ("cauchy_", RuntimeError),
        ("log_normal_", NotImplementedError),
    )],
    (lambda f: f.empty(3, dtype=f.complex64).bernoulli_(), NotImplementedError, ""),
    (lambda f: f.empty(3, dtype=f.bool).geometric_(0.5), NotImplementedError, ""),
    (lambda f: f.multinomial(f.ones(3), 4), RuntimeError, "without replacement"),
    (lambda f: f.multinomial(f.ones(3), 0), RuntimeError, "n_sample <= 0"),
    (lambda f: f.multinomial(-f.ones(3), 1), RuntimeError, "element < 0"),
    (lambda f: f.multinomial(f.tensor([1.0, float("nan")]), 1), RuntimeError, "nan"),
    (lambda f: f.multinomial(f.zeros(3), 1), RuntimeError, "sum of probabilities"),
    (lambda f: f.multinomial(f.zeros(3), 4, True), RuntimeError, "sum of probabilities"),
    (lambda f: f.multinomial(-f.ones(3), 4, True), RuntimeError, "entry < 0"),
    (lambda f: f.multinomial(f.tensor([1.0, float("inf")]), 4, True), RuntimeError, "infinity"),
    (lambda f: f.multinomial(f.ones(3, 3, 3), 1), RuntimeError, "1 or 2 dim"),
    (lambda f: f.multinomial(f.ones(3, dtype=f.int64), 1), RuntimeError, "floating-point"),
    (lambda f: f.poisson(-f.ones(3)), RuntimeError, "non-negative"),
    (lambda f: f.poisson(f.ones(3, dtype=f.int64)), NotImplementedError, "'Long'"),
    (lambda f: f.binomial(f.ones(3), f.ones(2)), RuntimeError, ""),
    (lambda f: f.binomial(f.ones(3, dtype=f.int64), f.ones(3)), ValueError, "count"),
    (lambda f: f.empty(1).expand(3).uniform_(), RuntimeError, "single memory location"),
    (lambda f: f.empty(1).expand(3).bernoulli_(), RuntimeError, "single memory location"),
    (lambda f: f.rand(3, requires_grad=True).uniform_(), RuntimeError, "leaf Variable"),
    (lambda f: f.rand(3, requires_grad=True)[1:].normal_(), RuntimeError, "leaf"),
    (lambda f: f.nn.functional.dropout(f.ones(3), 1.5), ValueError, "between 0 and 1"),
    (lambda f: f.nn.functional.dropout1d(f.ones(3)), RuntimeError, "2D or 3D"),
    (lambda f: f.nn.functional.rrelu(f.ones(3, dtype=f.int64), training=True), NotImplementedError, "'Long'"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refusals(number):
    call, error, sentence = REFUSED[number]
    if sentence in ("leaf Variable", "leaf"):  # these draw their leaf first
        for framework in (torch, ingot):
            with pytest.raises(error, match=sentence):
                call(framework)
        return
    refuse(call, error, sentence)


def test_a_refused_draw_changes_nothing():
    kept = ingot.ones(5)
    ingot.manual_seed(0)
    before = state(ingot)
    for name, arguments in (("uniform_", (2, 1)), ("normal_", (0, -1)), ("bernoulli_", (7,)), ("random_", (5, 3))):
        with pytest.raises(RuntimeError):
            getattr(kept, name)(*arguments)
    assert kept.tolist() == [1.0] * 5
    assert kept._version == 0
    assert state(ingot) == before


def test_a_generator_of_another_device():
    with pytest.raises(RuntimeError, match="Expected a 'cpu' device type for generator but found 'cuda'"):
        ingot.rand(3, generator=ingot.Generator("cuda"))


def test_unknown_arguments():
    for call in (
        lambda: ingot.empty(3).uniform_(form=1),
        lambda: ingot.empty(3).random_(upto=1),
        lambda: ingot.empty(3).random_(1, 2, 3),
    ):
        with pytest.raises(TypeError):
            call()


def test_draws_on_meta_tensors_draw_nothing():
    ingot.manual_seed(0)
    before = state(ingot)
    assert ingot.rand(3, 4, device="meta").shape == (3, 4)
    assert ingot.empty(3, device="meta").normal_().shape == (3,)
    assert ingot.randperm(5, device="meta").shape == (5,)
    assert ingot.empty(3, device="meta").bernoulli_(0.5).shape == (3,)
    assert state(ingot) == before
