"""Fourier transforms over any dims: complex to complex, real to complex, complex to real, and all their names (``torch.fft``).

NOTE [Three transforms]
Each name is one of three unnormalised sums and a factor. ``_c2c`` is its own adjoint but for the sign of the exponent. ``_r2c`` keeps the first half of a spectrum
that is conjugate symmetric; its adjoint fills the other half with zeros. ``_c2r`` sums such a half as if the other were there; its adjoint counts the
inner frequencies twice. So derivatives of any order are transforms again.
"""

from __future__ import annotations

import math

from ..core import dtype as dtypes
from ..core.errors import index_of, normalize_dim
from ..core.tensor import Tensor
from .complex_numbers import conjugate
from .creation import arange
from .declare import composite, primitive
from .joining import roll
from .padding import constant_pad_nd

FFT = "fft"

# -- the transforms -----------------------------------------------------------------------------------------------------------------------


def _scaled(result, scale: float):
    if scale != 1.0:
        result *= scale
    return result


@primitive("_c2c(input, dims: tuple, forward: bool, scale: float)", linear=("input",), node="FftC2CBackward0")
def _c2c(xp, input, dims, forward, scale):
    """Sums with exponents -2πi jk/n (``forward``) or +2πi jk/n."""
    if not dims:
        return _scaled(input.copy(), scale)
    result = (
        xp.fft.fftn(input, axes=dims, norm="backward") if forward else xp.fft.ifftn(input, axes=dims, norm="forward")
    )
    return _scaled(result, scale)


@_c2c.backward("input")
def _(grad, dims, forward, scale):
    return _c2c(grad, dims, not forward, scale)


@primitive("_r2c(input, dims: tuple, scale: float)", linear=("input",), node="FftR2CBackward0")
def _r2c(xp, input, dims, scale):
    """The forward transform of real numbers: frequencies 0 ... n // 2 along the last of ``dims``."""
    return _scaled(xp.fft.rfftn(input, axes=dims, norm="backward"), scale)


@_r2c.backward("input")
def _(grad, input_shape, dims, scale):
    last = dims[-1]
    missing = input_shape[last] - grad.shape[last]
    whole = constant_pad_nd(grad, [0, 0] * (grad.ndim - 1 - last) + [0, missing]) if missing else grad
    return _c2c(whole, dims, False, scale).real


@primitive("_c2r(input, dims: tuple, length: int, scale: float)", linear=("input",), node="FftC2RBackward0")
def _c2r(xp, input, dims, length, scale):
    """The backward transform of half a spectrum to ``length`` real numbers along the last of ``dims``."""
    if len(dims) > 1:
        input = xp.fft.ifftn(input, axes=dims[:-1], norm="forward")
    return _scaled(xp.fft.irfft(input, n=length, axis=dims[-1], norm="forward"), scale)


@_c2r.backward("input")
def _(grad, dims, length, scale):
    half = _r2c(grad, dims, scale)
    last = dims[-1]
    twice = length - half.shape[last]
    if twice <= 0:
        return half
    inner = half.narrow(last, 1, twice)
    return half.slice_scatter(inner * 2, last, 1, 1 + twice)


# -- arguments ----------------------------------------------------------------------------------------------------------------------------

_POWERS = {"forward": {None: 0.0, "backward": 0.0, "ortho": 0.5, "forward": 1.0}, "backward": {None: 1.0, "backward": 1.0, "ortho": 0.5, "forward": 0.0}}  # fmt: skip
"""Direction -> norm -> the power of 1 / n that the sum is multiplied by."""


def _factor(norm, forward: bool, count: int) -> float:
    powers = _POWERS["forward" if forward else "backward"]
    if norm is not None and not isinstance(norm, str):
        raise TypeError(f"argument 'norm' must be str, not {type(norm).__name__}")
    if norm not in powers:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return float(count) ** -powers[norm] if count else 1.0


def _numbers(name: str, input, *, complex_: bool):
    """The input as a float tensor (``complex_``: a complex one). RuntimeError for half types, TypeError for no tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input.dtype in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(f"Unsupported dtype {input.dtype.legacy_name}")
    if input.dtype.category < dtypes.FLOAT:
        input = input.to(dtypes.get_default_dtype())
    return input.to(input.dtype.to_complex()) if complex_ and not input.is_complex() else input


def _real(name: str, input):
    if isinstance(input, Tensor) and input.is_complex():
        raise RuntimeError(f"{name} expects a real input tensor, but got {input.dtype.legacy_name}")
    return _numbers(name, input, complex_=False)


def _cut(input, dims, lengths):
    """Each of ``dims`` trimmed, or filled up with zeros, to its length."""
    for dim, length in zip(dims, lengths, strict=True):
        have = input.shape[dim]
        if have > length:
            input = input.narrow(dim, 0, length)
        elif have < length:
            input = constant_pad_nd(input, [0, 0] * (input.ndim - 1 - dim) + [0, length - have])
    return input


def _one(name: str, input, n, dim: int) -> tuple[int, int]:
    """(dim counted from 0, points) of a one-dimensional transform."""
    if input.ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    place = normalize_dim(dim, input.ndim)
    points = input.shape[place] if n is None else index_of(n, "n")
    if points < 1:
        raise RuntimeError(f"Invalid number of data points ({points}) specified")
    return place, points


def _several(input, s, dim) -> tuple[tuple[int, ...], list[int]]:
    """(dims counted from 0, points) of a transform over several dims."""
    if dim is not None:
        dims = tuple(normalize_dim(one, input.ndim) for one in ((dim,) if isinstance(dim, int) else dim))
        if len(set(dims)) != len(dims):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(dims):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    elif s is not None:
        if len(s) > input.ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {input.ndim} dimensions.")
        dims = tuple(range(input.ndim - len(s), input.ndim))
    else:
        dims = tuple(range(input.ndim))
    lengths = [input.shape[place] if s is None or s[i] == -1 else int(s[i]) for i, place in enumerate(dims)]
    for length in lengths:
        if length < 1:
            raise RuntimeError(f"Invalid number of data points ({length}) specified")
    return dims, lengths


def _half(points: int) -> int:
    return points // 2 + 1


# -- one dim ------------------------------------------------------------------------------------------------------------------------------


def _complex_transform(name: str, forward: bool, doc: str):
    def one(input, n=None, dim=-1, norm=None):
        x = _numbers(name, input, complex_=True)
        place, points = _one(name, x, n, dim)
        return _c2c(_cut(x, (place,), (points,)), (place,), forward, _factor(norm, forward, points))

    def several(input, s=None, dim=None, norm=None):
        x = _numbers(name, input, complex_=True)
        dims, lengths = _several(x, s, dim)
        return _c2c(_cut(x, dims, lengths), dims, forward, _factor(norm, forward, math.prod(lengths)))

    return _three(name, one, several, doc)


def _three(name: str, one, several, doc: str):
    """Declare the forms over one dim, two dims and any dims."""

    def two(input, s=None, dim=(-2, -1), norm=None):
        return several(input, s, dim, norm)

    for suffix, function, shape in (
        ("", one, "one dim"),
        ("2", two, "the last two dims"),
        ("n", several, "several dims, all by default"),
    ):
        function.__name__ = function.__qualname__ = f"{name}{suffix}"
        function.__doc__ = f"{doc} Over {shape}; trimmed or filled up with zeros to {'``n`` points' if not suffix else 'the sizes ``s``'}."
        composite(namespace=FFT, out=True)(function)


def _real_transform(name: str, forward: bool, doc: str):
    """rfft, and ihfft: the same with the other exponent, which is the conjugate."""

    def turned(result):
        return result if forward else conjugate(result)

    def one(input, n=None, dim=-1, norm=None):
        x = _real(name, input)
        place, points = _one(name, x, n, dim)
        return turned(_r2c(_cut(x, (place,), (points,)), (place,), _factor(norm, forward, points)))

    def several(input, s=None, dim=None, norm=None):
        x = _real(f"{name}n", input)
        dims, lengths = _several(x, s, dim)
        if not dims:
            raise RuntimeError(f"{name}n must transform at least one axis")
        scale = _factor(norm, forward, math.prod(lengths))
        x = _cut(x, dims, lengths)
        if forward:
            return _r2c(x, dims, scale)
        half = conjugate(_r2c(x, dims[-1:], scale))
        return _c2c(half, dims[:-1], False, 1.0) if len(dims) > 1 else half

    return _three(name, one, several, doc)


def _back_to_real(name: str, forward: bool, doc: str):
    """irfft, and hfft: the same with the other exponent, so of the conjugate."""

    def turned(x):
        return conjugate(x) if forward else x

    def one(input, n=None, dim=-1, norm=None):
        x = _numbers(name, input, complex_=True)
        place, have = _one(name, x, None, dim)
        points = 2 * (have - 1) if n is None else n
        if points < 1:
            raise RuntimeError(f"Invalid number of data points ({points}) specified")
        x = _cut(x, (place,), (_half(points),))
        return _c2r(turned(x), (place,), points, _factor(norm, forward, points))

    def several(input, s=None, dim=None, norm=None):
        x = _numbers(f"{name}n", input, complex_=True)
        dims, lengths = _several(x, s, dim)
        if not dims:
            raise RuntimeError(f"{name}n must transform at least one axis")
        if s is None or s[-1] == -1:
            lengths[-1] = 2 * (x.shape[dims[-1]] - 1)
        if lengths[-1] < 1:
            raise RuntimeError(f"Invalid number of data points ({lengths[-1]}) specified")
        x = _cut(x, dims, [*lengths[:-1], _half(lengths[-1])])
        return _c2r(turned(x), dims, lengths[-1], _factor(norm, forward, math.prod(lengths)))

    return _three(name, one, several, doc)


_complex_transform("fft", True, "The discrete Fourier transform.")
_complex_transform("ifft", False, "The inverse of ``fft``.")
_real_transform(
    "rfft", True, "The Fourier transform of real numbers: the first half of a spectrum that is conjugate symmetric."
)
_real_transform("ihfft", False, "The inverse of ``hfft``.")
_back_to_real("irfft", False, "The inverse of ``rfft``.")
_back_to_real(
    "hfft", True, "The Fourier transform, real, of numbers that are conjugate symmetric, given their first half."
)

# -- frequencies and their order ------------------------------------------------------------------------------------------------------------


def _centred(name: str, sign: int, doc: str):
    def shift(input, dim=None):
        if not isinstance(input, Tensor):
            raise TypeError(f"fft_{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        dims = (
            range(input.ndim)
            if dim is None
            else [normalize_dim(one, input.ndim) for one in ((dim,) if isinstance(dim, int) else dim)]
        )
        dims = tuple(dims)
        half = [input.shape[place] // 2 if sign > 0 else (input.shape[place] + 1) // 2 for place in dims]
        return roll(input, half, dims) if dims else input.clone()

    shift.__name__ = shift.__qualname__ = name
    shift.__doc__ = doc
    composite(namespace=FFT)(shift)


_centred("fftshift", 1, "A spectrum reordered so that frequency 0 stands in the middle.")
_centred("ifftshift", -1, "The inverse of ``fftshift``.")


@composite(namespace=FFT, out=True)
def fftfreq(n, d=1.0, *, dtype=None, layout=None, device=None, requires_grad=False):
    """The frequencies of ``fft``'s results for ``n`` samples ``d`` apart: ``fftfreq(4)`` is ``[0, 0.25, -0.5, -0.25]``."""
    made = arange(n, dtype=dtype or dtypes.get_default_dtype(), device=device)
    middle = (n + 1) // 2
    made[middle:] = arange(-(n // 2), 0, dtype=made.dtype, device=device)
    return (made * (1.0 / (n * d))).requires_grad_(requires_grad)


@composite(namespace=FFT, out=True)
def rfftfreq(n, d=1.0, *, dtype=None, layout=None, device=None, requires_grad=False):
    """The frequencies of ``rfft``'s results: ``rfftfreq(4)`` is ``[0, 0.25, 0.5]``."""
    made = arange(n // 2 + 1, dtype=dtype or dtypes.get_default_dtype(), device=device)
    return (made * (1.0 / (n * d))).requires_grad_(requires_grad)
