"""Short-time Fourier transforms against PyTorch: options, derivatives, round trips, refusals."""

from __future__ import annotations

import pytest
import torch

import ingot

from .against_torch import agree, tensor

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
FORMS = [
    {"n_fft": 8},
    {"n_fft": 8, "hop_length": 3},
    {"n_fft": 8, "win_length": 5},
    {"n_fft": 7, "hop_length": 2, "normalized": True},
    {"n_fft": 8, "center": False},
    {"n_fft": 8, "center": False, "win_length": 4, "align_to_window": True},
    {"n_fft": 8, "center": False, "win_length": 4, "align_to_window": False},
    {"n_fft": 8, "pad_mode": "constant"},
    {"n_fft": 8, "pad_mode": "replicate"},
    {"n_fft": 8, "onesided": False},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("windowed", [False, True])
def test_stft(form, windowed):
    def body(t, x, window):
        return t.stft(x, **form, window=window if windowed else None, return_complex=True)

    window = tensor(form.get("win_length", form["n_fft"]), low=0.5, high=1.0)
    agree(body, tensor(2, 20), window, **CLOSE)
    agree(body, tensor(20), window, **CLOSE)
    agree(
        lambda t, x: t.view_as_real(x.stft(**{**form, "onesided": False})), tensor(20, dtype=torch.complex128), **CLOSE
    )


def test_the_older_real_form():
    agree(lambda t, x: t.stft(x, 8, return_complex=False), tensor(20), **CLOSE)
    with pytest.warns(UserWarning, match="return_complex=False is deprecated"):
        ingot.stft(ingot.ones(20), 8, window=ingot.ones(8), return_complex=False)
    with pytest.warns(UserWarning, match="window was not provided"):
        ingot.stft(ingot.ones(20), 8, return_complex=True)


@pytest.mark.parametrize(
    "form",
    [
        {"n_fft": 8}, {"n_fft": 8, "hop_length": 3}, {"n_fft": 8, "normalized": True}, {"n_fft": 8, "length": 9}, {"n_fft": 8, "length": 40},
        {"n_fft": 8, "center": False}, {"n_fft": 8, "win_length": 6}, {"n_fft": 9}, {"n_fft": 5, "onesided": False},
        {"n_fft": 5, "onesided": False, "return_complex": True},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("windowed", [False, True])
def test_istft(form, windowed):
    def body(t, x, window):
        return t.istft(x, **form, window=window if windowed else None)

    window = tensor(form.get("win_length", form["n_fft"]), low=0.5, high=1.0)
    agree(body, tensor(5, 6, dtype=torch.complex128), window, **CLOSE)
    agree(body, tensor(2, 5, 6, dtype=torch.complex128), window, **CLOSE)


def test_the_inverse_gives_the_signal_back():
    signal = ingot.from_numpy(tensor(2, 64).numpy())
    window = ingot.hann_window(16, dtype=ingot.float64)
    spectra = ingot.stft(signal, 16, 4, window=window, return_complex=True)
    assert (ingot.istft(spectra, 16, 4, window=window, length=64) - signal).abs().max() < 1e-13


@pytest.mark.parametrize(
    "body",
    [
        lambda t, x: t.stft(x, 8),
        lambda t, x: t.stft(x, 8, hop_length=0, return_complex=True),
        lambda t, x: t.stft(x, 0, return_complex=True),
        lambda t, x: t.stft(x, 99, return_complex=True),
        lambda t, x: t.stft(x, 99, return_complex=True, center=False),
        lambda t, x: t.stft(x, 8, win_length=9, return_complex=True),
        lambda t, x: t.stft(x, 8, win_length=0, return_complex=True),
        lambda t, x: t.stft(x, 8, window=t.ones(7), return_complex=True),
        lambda t, x: t.stft(x.reshape(2, 2, 5), 4, center=False, return_complex=True),
        lambda t, x: t.stft(x + 0j, 8, onesided=True, return_complex=True),
        lambda t, x: t.stft(x.long(), 8, return_complex=True),
        lambda t, x: t.stft(x > 0, 8, return_complex=True),
        lambda t, x: t.stft(x.half(), 8, return_complex=True),
        lambda t, x: t.stft(x, 8, pad_mode="foo", return_complex=True),
        lambda t, x: t.stft(x, 8, align_to_window=True, return_complex=True),
        lambda t, x: t.stft(x, 1.5, return_complex=True),
        lambda t, x: t.istft(x.reshape(5, 4), 8),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 10),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 0),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, window=t.zeros(8)),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, window=t.ones(7)),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, window=t.ones(8) + 0j),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, hop_length=9),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, hop_length=0),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, win_length=9),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, return_complex=True),
        lambda t, x: t.istft(x.reshape(1, 1, 5, 4) + 0j, 8),
        lambda t, x: t.istft(x + 0j, 8),
        lambda t, x: t.istft(x.reshape(5, 4)[:, :0] + 0j, 8),
        lambda t, x: t.istft(x.reshape(5, 4) + 0j, 8, length=0),
    ],
)
def test_bad_arguments(body):
    agree(body, torch.linspace(-1, 1, 20), gradients=False)
