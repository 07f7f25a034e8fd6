"""Draws on CUDA tensors: Philox against its published vectors, and the device paths on the strict stand-in for CuPy."""

from __future__ import annotations

import numpy as np
import pytest

import ingot
from ingot.backends import strict_backend
from ingot.ops import philox

VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]  # fmt: skip
"""Random123's known answers for philox4x32-10: counter, key, result."""


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox_known_answers(counter, key, expected):
    words = philox.philox4x32(np, [np.array([word], np.uint64) for word in counter], key[1] << 32 | key[0])
    assert tuple(int(word[0]) for word in words) == expected


@pytest.fixture
def cuda():
    strict_backend.install()
    ingot.manual_seed(0)
    yield
    strict_backend.uninstall()


def host(tensor) -> np.ndarray:
    return tensor._array.get()


def test_a_small_draw_is_one_call_per_thread(cuda):
    """Element i comes from thread i: the first word of counter (0, 0, i, 0) under the seed."""
    generator = ingot.Generator("cuda").manual_seed(9)
    found = host(ingot.rand(5, device="cuda", generator=generator))
    zero, thread = np.zeros(5, np.uint64), np.arange(5, dtype=np.uint64)
    words = philox.philox4x32(np, (zero, zero, thread, zero), 9)[0].astype(np.float32)
    assert (found == words * np.float32(2.0**-32) + np.float32(2.0**-33)).all()
    assert generator.get_offset() == 4


def test_a_long_draw_takes_four_words_per_call(cuda):
    threads = philox.thread_count(strict_backend, 10**9)
    count = threads + 7
    generator = ingot.Generator("cuda").manual_seed(9)
    found = host(ingot.randint(0, 2**20, (count,), device="cuda", generator=generator))
    zero, thread = np.zeros(7, np.uint64), np.arange(7, dtype=np.uint64)
    second = philox.philox4x32(np, (zero, zero, thread, zero), 9)[1]
    assert (found[threads:] == (second % np.uint64(2**20)).astype(np.int64)).all()
    assert generator.get_offset() == 4


def test_state_is_seed_and_offset(cuda):
    generator = ingot.Generator("cuda").manual_seed(5)
    ingot.rand(3, device="cuda", generator=generator)
    kept = generator.get_state()
    assert kept.numpy().view(np.uint64).tolist() == [5, 4]
    first = host(ingot.randn(3, device="cuda", generator=generator))
    generator.set_state(kept)
    assert (host(ingot.randn(3, device="cuda", generator=generator)) == first).all()
    generator.set_offset(8)
    assert generator.get_offset() == 8
    for refused in (lambda: generator.set_offset(3), lambda: generator.set_state(kept[:5])):
        with pytest.raises(RuntimeError):
            refused()


MOMENTS = {
    "uniform_": ((), 0.5, 12**-0.5), "normal_": ((1.0, 2.0), 1.0, 2.0), "exponential_": ((2.0,), 0.5, 0.5), "bernoulli_": ((0.3,), 0.3, 0.21**0.5),
    "geometric_": ((0.5,), 2.0, 2**0.5), "random_": ((0, 11), 5.0, 10**0.5), "log_normal_": ((0.0, 0.25), np.exp(0.03125), 0.2621),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MOMENTS)
def test_moments(cuda, name, dtype):
    """Six standard errors of the mean and of the deviation, over 20,000 draws."""
    arguments, mean, deviation = MOMENTS[name]
    tensor = getattr(ingot.empty(20_000, device="cuda", dtype=getattr(ingot, dtype)), name)(*arguments)
    values = host(tensor)
    assert values.dtype == np.dtype(dtype)
    assert abs(values.mean() - mean) < 6 * deviation / 20_000**0.5
    assert abs(values.std() - deviation) < 0.08 * deviation


def test_cauchy_median(cuda):
    values = host(ingot.empty(20_000, device="cuda").cauchy_(3.0, 0.5))
    assert abs(np.median(values) - 3.0) < 0.05


def test_everything_else_stays_on_the_device(cuda):
    assert sorted(host(ingot.randperm(50, device="cuda")).tolist()) == list(range(50))
    assert host(ingot.rand(4, 6, dtype=ingot.complex64, device="cuda")).shape == (4, 6)
    assert set(host(ingot.multinomial(ingot.tensor([0.0, 1.0, 1.0], device="cuda"), 20, True)).tolist()) == {1, 2}
    assert set(host(ingot.multinomial(ingot.tensor([0.0, 1.0, 1.0], device="cuda"), 2)).tolist()) == {1, 2}
    assert host(ingot.bernoulli(ingot.tensor([0.0, 1.0], device="cuda"))).tolist() == [0.0, 1.0]
    dropped = host(ingot.nn.functional.dropout(ingot.ones(1000, device="cuda"), 0.25))
    assert set(np.unique(dropped).tolist()) == {0.0, float(np.float32(1) / np.float32(0.75))}
    strided = ingot.zeros(4, 6, device="cuda").t()[::2]
    strided.normal_()
    assert (host(strided) != 0).all()
    with pytest.raises(NotImplementedError, match="on the host only"):
        ingot.poisson(ingot.ones(3, device="cuda"))


def test_manual_seed_seeds_the_device_too(cuda):
    ingot.manual_seed(3)
    first = host(ingot.rand(5, device="cuda"))
    ingot.manual_seed(3)
    assert (host(ingot.rand(5, device="cuda")) == first).all()


@pytest.mark.parametrize("seeding", ["manual_seed", "manual_seed_all"])
def test_cuda_seeds_of_their_own(cuda, seeding):
    getattr(ingot.cuda, seeding)(3)
    first = host(ingot.rand(5, device="cuda"))
    ingot.cuda.manual_seed(3)
    assert (host(ingot.rand(5, device="cuda")) == first).all()
    assert (first == host(ingot.rand(5, device="cuda", generator=ingot.Generator("cuda").manual_seed(3)))).all()


def test_the_host_stream_does_not_move(cuda):
    before = ingot.get_rng_state().numpy().tobytes()
    ingot.rand(5, device="cuda")
    assert ingot.get_rng_state().numpy().tobytes() == before
