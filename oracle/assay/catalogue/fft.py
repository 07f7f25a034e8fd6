"""Fourier transforms: of one, two and several dimensions, real and Hermitian ones, with lengths that cut and pad."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, NO_COMPLEX, Bad, instead, no_such_dim, of_shape, repeated_dim
from .record import EXACT, SCALED, family

OPS, op = family("fft")

UNIT = ("uniform", -1.0, 1.0)
NORMS = ("backward", "ortho", "forward", None)
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 24, 31)
"""Powers of two, primes, products of small factors, and their neighbours."""

WIDE = ("real", "complex", "integer", "bool")
REAL = ("real", "integer", "bool")


NO_NORM = instead(3, "norm", "orthogonal", 2)
ONE: tuple[Bad, ...] = (*FOREIGN, NO_NORM, instead(1, "n", 0, -1, 1.5), no_such_dim(2), of_shape(()))
SEVERAL: tuple[Bad, ...] = (*FOREIGN, NO_NORM, repeated_dim(2), instead(2, "dim", (7, 8)))


def length(d: Drawing) -> int:
    return d.choice(2, 3, 4, 5) if d.smooth else d.choice(*LENGTHS)


def shape(d: Drawing, least: int, most: int) -> tuple[int, ...]:
    """A shape of transformable dimensions, at most two of them long."""
    rank = d.integer(least, most)
    return tuple(length(d) if index < 2 else d.integer(1, 3) for index in range(rank))


@op("fft.fft", "fft.ifft", "fft.hfft", "fft.irfft", tolerance=SCALED, dtypes=WIDE, bad=ONE)
@op("fft.rfft", "fft.ihfft", tolerance=SCALED, dtypes=REAL, bad=(*ONE, NO_COMPLEX))
def one_dimension(d: Drawing) -> Case:
    dims = shape(d, 1, 3)
    n = d.maybe(lambda: length(d))
    dim = d.dim(dims)
    if d.name in ("fft.hfft", "fft.irfft") and dims[dim] == 1:
        n = n or 2
    return d.either(d.tensor(dims, UNIT), n=n, dim=dim, norm=d.choice(*NORMS))


@op("fft.fft2", "fft.ifft2", "fft.hfft2", "fft.irfft2", tolerance=SCALED, dtypes=WIDE, bad=SEVERAL)
@op("fft.rfft2", "fft.ihfft2", tolerance=SCALED, dtypes=REAL, bad=(*SEVERAL, NO_COMPLEX))
def two_dimensions(d: Drawing) -> Case:
    dims = shape(d, 2, 4)
    over = d.choice((-2, -1), d.dims(dims, least=2, most=2))
    return several(d, dims, over)


@op("fft.fftn", "fft.ifftn", "fft.hfftn", "fft.irfftn", tolerance=SCALED, dtypes=WIDE, bad=SEVERAL)
@op("fft.rfftn", "fft.ihfftn", tolerance=SCALED, dtypes=REAL, bad=(*SEVERAL, NO_COMPLEX))
def many_dimensions(d: Drawing) -> Case:
    dims = shape(d, 1, 4)
    if d.flag():
        return several(d, dims, d.dims(dims, least=1))
    return several(d, dims, None)


def several(d: Drawing, dims: tuple[int, ...], over: tuple[int, ...] | None) -> Case:
    """A transform of ``dims`` over the dimensions ``over`` (None: all, or the last ones that ``s`` covers)."""
    s: Any = None
    if d.flag():
        count = len(over) if over is not None else d.integer(1, len(dims))
        s = tuple(d.choice(-1, d.integer(1, 6)) for _ in range(count))
    last = dims[-1] if over is None else dims[over[-1]]
    hermitian = d.name.removeprefix("fft.").startswith(("irfft", "hfft"))
    if hermitian and last == 1 and (s is None or s[-1] == -1):
        s = (*(s[:-1] if s else (-1,) * ((len(over) if over is not None else 1) - 1)), 2)
    named: dict[str, Any] = {"s": s, "dim": over, "norm": d.choice(*NORMS)}
    return d.either(d.tensor(dims, UNIT), **named)


@op("fft.fftshift", "fft.ifftshift", tolerance=EXACT, analytic=True, bad=(*FOREIGN, no_such_dim()))
def shifted(d: Drawing) -> Case:
    dims = d.shape(1, 4)
    return d.either(d.tensor(dims), dim=d.choice(None, d.dim(dims), d.dims(dims, least=1)))
