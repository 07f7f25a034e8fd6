"""Generator objects, seeds, and state bytes that both frameworks read."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import ingot

from .streams import bits, state

HISTORIES = {
    "fresh": lambda framework, generator: None,
    "one": lambda framework, generator: framework.rand(1, generator=generator),
    "cached normal": lambda framework, generator: framework.randn(3, generator=generator),
    "end of a block": lambda framework, generator: framework.rand(624, generator=generator),
    "start of the next": lambda framework, generator: framework.rand(625, generator=generator),
    "end of the second block": lambda framework, generator: framework.rand(1248, generator=generator),
    "middle": lambda framework, generator: framework.randperm(1000, generator=generator),
}


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1, 2**32 + 5, 2**63, -1])
def test_state_bytes_are_pytorchs(history, seed):
    theirs, ours = torch.Generator().manual_seed(seed), ingot.Generator().manual_seed(seed)
    for framework, generator in ((torch, theirs), (ingot, ours)):
        HISTORIES[history](framework, generator)
    assert bits(ours.get_state()) == bits(theirs.get_state())
    assert ours.initial_seed() == theirs.initial_seed()


@pytest.mark.parametrize("history", HISTORIES)
def test_states_cross_both_ways_in_mid_stream(history):
    theirs = torch.Generator().manual_seed(7)
    HISTORIES[history](torch, theirs)
    ours = ingot.Generator()
    ours.set_state(ingot.from_numpy(theirs.get_state().numpy().copy()))
    assert bits(ingot.randn(5, generator=ours)) == bits(torch.randn(5, generator=theirs))
    back = torch.Generator()
    back.set_state(torch.from_numpy(ours.get_state().numpy().copy()))
    assert bits(ingot.randn(700, generator=ours)) == bits(torch.randn(700, generator=back))
    assert bits(ours.get_state()) == bits(back.get_state())


def test_seeding_drops_the_cached_normal():
    ingot.manual_seed(3)
    first = ingot.randn(1)
    ingot.manual_seed(3)
    assert bits(ingot.randn(1)) == bits(first)


def test_a_generator_of_ones_own_leaves_the_default_alone():
    ingot.manual_seed(0)
    before = state(ingot)
    own = ingot.Generator().manual_seed(0)
    ingot.rand(10, generator=own)
    assert state(ingot) == before
    assert bits(ingot.rand(10)) == bits(ingot.rand(10, generator=ingot.Generator().manual_seed(0)))


def test_a_new_generator_has_pytorchs_default_seed():
    assert ingot.Generator().initial_seed() == torch.Generator().initial_seed()
    assert bits(ingot.Generator().get_state()) == bits(torch.Generator().get_state())


def test_seed_gives_a_fresh_stream():
    generator = ingot.Generator()
    first, second = generator.seed(), generator.seed()
    assert first != second
    assert generator.initial_seed() == second
    drawn = ingot.rand(3, generator=generator)
    assert bits(drawn) == bits(ingot.rand(3, generator=ingot.Generator().manual_seed(second)))


@pytest.mark.parametrize("copied", [
    lambda generator: pickle.loads(pickle.dumps(generator)),
    copy.deepcopy,
    lambda generator: generator.clone_state(),
    lambda generator: ingot.Generator().graphsafe_set_state(generator.graphsafe_get_state()),
])  # fmt: skip
def test_copies_go_on_alike(copied):
    generator = ingot.Generator().manual_seed(5)
    ingot.randn(3, generator=generator)
    twin = copied(generator)
    assert bits(ingot.randn(9, generator=twin)) == bits(ingot.randn(9, generator=generator))


def test_fork_rng_restores():
    ingot.manual_seed(1)
    before = state(ingot)
    with ingot.random.fork_rng():
        ingot.rand(5)
        ingot.manual_seed(8)
    assert state(ingot) == before
    with ingot.random.fork_rng(enabled=False):
        ingot.rand(5)
    assert state(ingot) != before


def test_module_functions():
    assert ingot.manual_seed(4) is ingot.default_generator
    assert ingot.initial_seed() == 4
    kept = ingot.get_rng_state()
    expected = bits(ingot.rand(3))
    ingot.set_rng_state(kept)
    assert bits(ingot.rand(3)) == expected
    assert ingot.seed() == ingot.initial_seed()
    assert set(torch.random.__all__) <= set(dir(ingot.random))


REFUSED_STATES = [
    (lambda framework: framework.zeros(5056), TypeError),
    (lambda framework: framework.zeros(5056, dtype=framework.uint8), RuntimeError),
    (lambda framework: framework.zeros(50, dtype=framework.uint8), RuntimeError),
    (lambda framework: 3, TypeError),
]


@pytest.mark.parametrize(("made", "error"), REFUSED_STATES)
def test_what_is_no_state_is_refused(made, error):
    for framework in (torch, ingot):
        generator = framework.Generator().manual_seed(2)
        before = bits(generator.get_state())
        with pytest.raises(error):
            generator.set_state(made(framework))
        assert bits(generator.get_state()) == before


def test_a_state_with_impossible_counters_is_refused():
    state_ = ingot.Generator().get_state()
    state_._array[8:12] = np.frombuffer(np.int32(600).tobytes(), np.uint8)
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        ingot.Generator().set_state(state_)


@pytest.mark.parametrize(("seed", "error"), [(2**64, ValueError), (-(2**63) - 1, ValueError), (1.5, RuntimeError), ("a", RuntimeError), (True, RuntimeError)])  # fmt: skip
def test_bad_seeds(seed, error):
    for framework in (torch, ingot):
        with pytest.raises(error):
            framework.Generator().manual_seed(seed)


def test_cpu_generators_have_no_offset():
    for framework in (torch, ingot):
        with pytest.raises(RuntimeError, match="does not use offset"):
            framework.Generator().get_offset()


def test_manual_seed_takes_what_int_takes():
    for framework in (torch, ingot):
        framework.manual_seed(1.9)
        assert framework.initial_seed() == 1
