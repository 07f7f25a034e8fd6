"""Short-time Fourier transforms: the spectra of windowed frames of a signal, and the signal of such spectra.

Griffin and Lim, "Signal estimation from modified short-time Fourier transform" (1984), for the inverse.
"""

from __future__ import annotations

import warnings

from ..core.dtype import FLOAT
from .creation import ones
from .declare import REGISTRY, composite
from .matrix_arguments import admit_tensor
from .padding import constant_pad_nd, pad
from .views import view_as_real


def _transform(name: str):
    """A function of the Fourier family."""
    return REGISTRY[f"fft.{name}"].function


def _window(window, like, length: int, n_fft: int):
    """The window, ones by default, in the middle of ``n_fft`` zeros; None where it is all ones."""
    if window is None:
        if length == n_fft:
            return None
        window = ones(length, dtype=like.dtype.to_real(), device=like.device)
    missing = n_fft - length
    return constant_pad_nd(window, [missing // 2, missing - missing // 2]) if missing else window


def _frame_sizes(n_fft, hop_length, win_length) -> tuple[int, int]:
    """(hop, window length): a quarter of ``n_fft``, and ``n_fft``, where none is given."""
    return n_fft // 4 if hop_length is None else hop_length, n_fft if win_length is None else win_length


def _is_complex(window) -> bool:
    return window is not None and window.is_complex()


def _one_sided(onesided, is_complex: bool) -> bool:
    if onesided is None:
        return not is_complex
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    return bool(onesided)


def _warn_no_window(where: str, window) -> None:
    if window is None:
        warnings.warn(
            f"A window was not provided. A rectangular window will be applied, which is known to cause spectral leakage in {where}. Other windows such as "
            "torch.hann_window or torch.hamming_window are recommended; to suppress this warning, set `window=torch.ones(n_fft)`.",
            UserWarning,
            stacklevel=4,
        )


@composite(method=True)
def stft(
    input,
    n_fft,
    hop_length=None,
    win_length=None,
    window=None,
    center=True,
    pad_mode="reflect",
    normalized=False,
    onesided=None,
    return_complex=None,
    align_to_window=None,
):
    """The Fourier transforms of frames of ``n_fft`` samples, ``hop_length`` (a quarter of it) apart, of signals (t,) or (b, t).

    Returns (b?, frequencies, frames): complex, or with ``return_complex=False`` real with a last dim of 2. ``window`` has ``win_length`` samples and is centred in
    the frame. ``center`` pads the signal by half a frame at both ends, in ``pad_mode``. ``normalized`` divides by the root of ``n_fft``. ``onesided``, the
    default for real signals, keeps frequencies 0 ... n_fft // 2. RuntimeError for sizes that do not fit, and for a real signal without
    ``return_complex``.
    """
    admit_tensor("stft", "input", input)
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    _check_ints("stft", n_fft=n_fft, hop_length=hop_length, win_length=win_length)
    _warn_no_window("stft", window)
    hop, length = _frame_sizes(n_fft, hop_length, win_length)
    signal = input
    if center:
        half = n_fft // 2
        spread = input.reshape([1] * (3 - input._array.ndim) + list(input.shape))
        spread = pad(spread, [half, half], pad_mode)
        signal = spread.reshape(spread.shape[-input._array.ndim :] if input._array.ndim else ())
    call = f"stft({list(signal.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={length})"
    if signal.dtype.category < FLOAT:
        raise RuntimeError(f"{call}: expected a tensor of floating point or complex values")
    if signal._array.ndim not in (1, 2):
        raise RuntimeError(f"{call}: expected a 1D or 2D tensor")
    samples = signal._array.shape[-1]
    if not 0 < n_fft <= samples:
        raise RuntimeError(f"{call}: expected 0 < n_fft < {samples}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{call}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"{call}: expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and window.shape != (length,):
        raise RuntimeError(
            f"{call}: expected a 1D window tensor of size equal to win_length={length}, but got window with size {list(window.shape)}"
        )
    is_complex = signal.is_complex() or _is_complex(window)
    if return_complex is None:
        if not is_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in a "
                "future PyTorch release."
            )
        return_complex = True
    if not return_complex:
        warnings.warn(
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors for all inputs, "
            "and return_complex=False will raise an error. Note: you can still call torch.view_as_real on the complex output to recover the "
            "old return format.",
            UserWarning,
            stacklevel=2,
        )
    half_spectrum = _one_sided(onesided, is_complex)
    shape = _window(window, signal, length, n_fft)
    if align_to_window and shape is not None and length < n_fft:
        # Frames begin where the window does: the zeros before it reach over the signal's start.
        missing = n_fft - length
        signal = constant_pad_nd(signal, [missing // 2, missing - missing // 2])
    frames = signal.unfold(-1, n_fft, hop)
    if shape is not None:
        frames = frames * shape
    norm = "ortho" if normalized else "backward"
    if half_spectrum:
        spectra = _transform("rfft")(frames, None, -1, norm)
    else:
        spectra = _transform("fft")(frames, None, -1, norm)
    spectra = spectra.transpose(-1, -2)
    return spectra if return_complex else view_as_real(spectra)


def _check_ints(name: str, **values) -> None:
    for argument, value in values.items():
        if value is None and argument != "n_fft":
            continue
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name}(): argument '{argument}' must be int, not {type(value).__name__}")


def _overlap_add(frames, hop: int):
    """Frames (..., n, frames) added where they overlap, ``hop`` apart: (..., n + (frames - 1) * hop)."""
    size, count = frames._array.shape[-2:]
    parts = -(-size // hop)
    padded = constant_pad_nd(frames, [0, 0, 0, parts * hop - size]) if parts * hop != size else frames
    # Frame f covers the hops f ... f + parts - 1: part p of all frames is one run of hops, shifted by p. A sum of a few shifted runs.
    runs = padded.unflatten(-2, (parts, hop))
    total = None
    for part in range(parts):
        run = runs.select(-3, part).transpose(-1, -2).flatten(-2)
        run = constant_pad_nd(run, [part * hop, (parts - 1 - part) * hop])
        total = run if total is None else total + run
    return total.narrow(-1, 0, size + (count - 1) * hop)


@composite(method=True)
def istft(
    input,
    n_fft,
    hop_length=None,
    win_length=None,
    window=None,
    center=True,
    normalized=False,
    onesided=None,
    length=None,
    return_complex=False,
):
    """The signal (t,) or (b, t) whose short-time Fourier transforms are nearest to ``input`` (b?, frequencies, frames): the inverse of ``stft``.

    Arguments as of ``stft``. The result is trimmed, or with a warning filled up with zeros, to ``length``. RuntimeError where the windows leave a sample
    uncovered, and for sizes that do not fit.
    """
    admit_tensor("istft", "input", input)
    _check_ints("istft", n_fft=n_fft, hop_length=hop_length, win_length=win_length)
    _warn_no_window("istft", window)
    hop, window_length = _frame_sizes(n_fft, hop_length, win_length)
    call = f"istft({list(input.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={window_length}, center={center})"
    if not input.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if input._array.size == 0:
        raise RuntimeError(f"{call}: input tensor cannot be empty.")
    if input._array.ndim < 2:
        raise IndexError(f"{call}: expected frequencies and frames, got a tensor with {input._array.ndim} dimensions")
    if input._array.ndim > 3:
        raise RuntimeError(f"{call}: expected a tensor with 2 or 3 dimensions, but got {input._array.ndim}")
    frequencies, count = input._array.shape[-2:]
    half_spectrum = _inverse_one_sided(onesided, frequencies, n_fft)
    expected = n_fft // 2 + 1 if half_spectrum else n_fft
    if frequencies != expected:
        raise RuntimeError(
            f"{call}: expected the frequency dimension of the input tensor to match {'n_fft / 2 + 1' if half_spectrum else 'n_fft'} "
            f"when onesided={half_spectrum}, which is {expected}, but got {frequencies}"
        )
    if not 0 < hop <= window_length:
        raise RuntimeError(f"{call}: expected 0 < hop_length <= win_length")
    if not 0 < window_length <= n_fft:
        raise RuntimeError(f"{call}: expected 0 < win_length <= n_fft")
    if window is not None and window.shape != (window_length,):
        raise RuntimeError(f"{call}: Invalid window shape. window has to be 1D and length of `win_length`")
    if _is_complex(window) and not return_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    if return_complex and half_spectrum:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    shape = _window(window, input, window_length, n_fft)
    if shape is None:
        shape = ones(n_fft, dtype=input.dtype.to_real(), device=input.device)
    norm = "ortho" if normalized else "backward"
    spectra = input.transpose(-1, -2)
    if return_complex:
        frames = _transform("ifft")(spectra, None, -1, norm)
    elif half_spectrum:
        frames = _transform("irfft")(spectra, n_fft, -1, norm)
    else:
        frames = _transform("irfft")(spectra.narrow(-1, 0, n_fft // 2 + 1), n_fft, -1, norm)
    signal = _overlap_add((frames * shape).transpose(-1, -2), hop)
    envelope = _overlap_add((shape * shape).unsqueeze(-1).expand(n_fft, count), hop)
    begin = n_fft // 2 if center else 0
    whole = n_fft + hop * (count - 1)
    if length is not None:
        end = begin + length if center else length
    else:
        end = whole - begin if center else whole
    stop = min(end, whole)
    signal, envelope = (one.narrow(-1, begin, max(stop - begin, 0)) for one in (signal, envelope))
    if not envelope._array.size:
        raise RuntimeError(f"{call}: no samples are left with length={length}")
    if not envelope.is_meta and float(envelope.abs().min()) <= 1e-11:
        raise RuntimeError(f"{call}: window overlap add min: 1: a sample is covered by no window")
    signal = signal / envelope
    if end > whole:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center and hop_length settings.",
            UserWarning,
            stacklevel=2,
        )
        signal = constant_pad_nd(signal, [0, end - whole])
    return signal


def _inverse_one_sided(onesided, frequencies: int, n_fft: int) -> bool:
    """Whether the spectra are halves: where not said, unless there are ``n_fft`` frequencies."""
    return frequencies != n_fft if onesided is None else bool(onesided)
