"""Fourier transforms against PyTorch: every name, sizes, dims and normalisations; derivatives of both orders, forward mode; refusals."""

from __future__ import annotations

import pytest
import torch

from .against_torch import agree, tensor

COMPLEX = ("fft", "ifft")
HALF = ("irfft", "hfft")
REAL = ("rfft", "ihfft")
ONE = [
    {},
    {"n": 3},
    {"n": 8},
    {"dim": 0},
    {"n": 4, "dim": -2, "norm": "ortho"},
    {"norm": "forward"},
    {"norm": "backward"},
]
SEVERAL = [
    {},
    {"s": (2, 5)},
    {"s": (4, 4), "dim": (0, 1)},
    {"dim": (0, -1), "norm": "ortho"},
    {"norm": "forward"},
    {"s": (3, -1)},
]


def _inputs(name: str):
    if name in REAL:
        return [tensor(3, 4, 6)]
    return [tensor(3, 4, 6, dtype=torch.complex128), tensor(3, 4, 5)]


@pytest.mark.parametrize("options", ONE, ids=str)
@pytest.mark.parametrize("name", COMPLEX + HALF + REAL)
def test_one_dim(name, options):
    for x in _inputs(name):
        agree(lambda t, x: getattr(t.fft, name)(x, **options), x)


@pytest.mark.parametrize("options", SEVERAL, ids=str)
@pytest.mark.parametrize("name", COMPLEX + HALF + REAL)
def test_several_dims(name, options):
    for x in _inputs(name):
        agree(lambda t, x: getattr(t.fft, f"{name}n")(x, **options), x)
        if len(options.get("s", (0, 0))) == 2:
            agree(lambda t, x: getattr(t.fft, f"{name}2")(x, **options), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.int64, torch.bool, torch.float16, torch.bfloat16], ids=str)  # fmt: skip
@pytest.mark.parametrize("name", COMPLEX + HALF + REAL)
def test_dtypes(name, dtype):
    agree(lambda t, x: getattr(t.fft, name)(x), tensor(3, 8, dtype=dtype), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dim", [None, 0, (0, 2), (-1,)])
@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
def test_shifts(name, dim):
    agree(lambda t, x: getattr(t.fft, name)(x, dim), tensor(3, 4, 5))


@pytest.mark.parametrize("n", [1, 2, 7, 8])
@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies(name, n):
    agree(lambda t: getattr(t.fft, name)(n, d=0.25))
    agree(lambda t: getattr(t.fft, name)(n, dtype=t.float64))


@pytest.mark.parametrize("name", ["fft", "rfft", "irfft"])
def test_out(name):
    def body(t, x):
        out = t.empty(0, dtype=t.float64 if name == "irfft" else t.complex128)
        getattr(t.fft, name)(x, out=out)
        return out

    agree(body, tensor(3, 6), gradients=False)


REFUSED = {
    "no points": lambda t, x: t.fft.fft(x, 0),
    "no such dim": lambda t, x: t.fft.fft(x, dim=3),
    "0-d": lambda t, x: t.fft.fft(x[0, 0, 0]),
    "norm": lambda t, x: t.fft.fft(x, norm="unitary"),
    "dims twice": lambda t, x: t.fft.fftn(x, dim=(0, 0)),
    "sizes and dims": lambda t, x: t.fft.fftn(x, s=(2,), dim=(0, 1)),
    "too many sizes": lambda t, x: t.fft.fftn(x, s=(2, 2, 2, 2)),
    "complex for real": lambda t, x: t.fft.rfft(x * 1j),
    "no dims": lambda t, x: t.fft.rfftn(x, dim=()),
    "no tensor": lambda t, x: t.fft.fft([1.0, 2.0]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    agree(REFUSED[name], tensor(2, 3, 4))


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_kinds_of_arguments(name):
    agree(lambda t, x: getattr(t.fft, name)(x, norm=2), tensor(4))
    agree(lambda t, x: getattr(t.fft, name)(x, n=1.5), tensor(4))
