"""Factorisations and solvers that live outside ``linalg``."""

from __future__ import annotations

from typing import Any

from ..cases import Case
from .drawing import Drawing
from .errors import FOREIGN, instead, no_argument, no_tensor, of_dtype, of_shape, unknown_keyword
from .record import SCALED, family

OPS, op = family("decompositions")

MATRICES = ("real", "complex")

NO_NUMBER = of_dtype("int64", "bool")
NO_MATRIX = (*FOREIGN, NO_NUMBER, of_shape((3,), ()))
NOT_SQUARE = (*FOREIGN, NO_NUMBER, of_shape((2, 3), (3,)))


def batch(d: Drawing) -> tuple[int, ...]:
    """The dimensions before a matrix."""
    return tuple(min(side, 3) for side in d.shape(0, 2))


def order(d: Drawing) -> int:
    """The side of a square matrix."""
    return d.integer(1 if d.smooth else 0, 5)


def rectangle(d: Drawing) -> tuple[int, ...]:
    """The shape of a matrix or of several."""
    return (*batch(d), order(d), order(d))


def square(d: Drawing) -> tuple[int, ...]:
    """The shape of a square matrix or of several."""
    side = order(d)
    return (*batch(d), side, side)


@op("cholesky", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), bad=NOT_SQUARE)
def cholesky(d: Drawing) -> Case:
    x = d.tensor(square(d), ("definite", 1.0), domain="hermitian")
    return d.either(x, upper=d.flag()) if d.flag() else d.call(x)


@op("cholesky_inverse", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), bad=NOT_SQUARE)
def cholesky_inverse(d: Drawing) -> Case:
    upper = d.flag()
    x = d.tensor(square(d), ("triangular", upper, False), domain="upper" if upper else "lower")
    return d.either(x, upper=upper)


@op(
    "cholesky_solve",
    tolerance=SCALED,
    dtypes=MATRICES,
    specials=False,
    core=(2, 2),
    bad=(*FOREIGN, NO_NUMBER, of_shape((9, 2), (3,))),
)
def cholesky_solve(d: Drawing) -> Case:
    upper, shape = d.flag(), square(d)
    factor = d.tensor(shape, ("triangular", upper, False), domain="upper" if upper else "lower")
    return d.either(d.tensor((*shape[:-1], d.integer(1, 3))), factor, upper=upper)


@op(
    "triangular_solve",
    tolerance=SCALED,
    dtypes=MATRICES,
    specials=False,
    core=(2, 2),
    bad=(*FOREIGN, NO_NUMBER, of_shape((9, 2), (3,))),
)
def triangular_solve(d: Drawing) -> Case:
    upper, unit, shape = d.flag(), d.flag(), square(d)
    domain = ("unit_" if unit else "") + ("upper" if upper else "lower")
    factor = d.tensor(shape, ("triangular", upper, unit), domain=domain)
    return d.either(
        d.tensor((*shape[:-1], d.integer(1, 3))), factor, upper=upper, transpose=d.flag(), unitriangular=unit
    )


@op("qr", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), gauge="qr", bad=NO_MATRIX)
def qr(d: Drawing) -> Case:
    shape = rectangle(d)
    some = True if d.smooth else d.flag()
    if d.smooth and shape[-2] < shape[-1]:
        shape = (*shape[:-2], shape[-1], shape[-2])
    return d.either(d.tensor(shape, ("conditioned", 1.0)), some=some)


@op("svd", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), gauge="svd_transposed", bad=NO_MATRIX)
def svd(d: Drawing) -> Case:
    x = d.tensor(rectangle(d), ("conditioned", 1.0))
    return d.either(x, some=True if d.smooth else d.flag(), compute_uv=True) if d.flag() else d.call(x)


@op("lu", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), bad=NO_MATRIX)
def lu(d: Drawing) -> Case:
    x = d.tensor(rectangle(d), ("conditioned", 1.0))
    return d.call(x, **d.keywords(get_infos=d.flag))


@op("lu_solve", tolerance=SCALED, dtypes=MATRICES, specials=False, bad=(*FOREIGN, NO_NUMBER, of_shape((9, 2), (3,))))
def lu_solve(d: Drawing) -> Case:
    shape = square(d)
    factors = d.tensor(shape, ("conditioned", 1.0))
    pivots = d.tensor(shape[:-1], ("pivots",), "int32", constant=True, specials=False)
    return d.call(d.tensor((*shape[:-1], d.integer(1, 3))), factors, pivots)


def long_pivots(d: Drawing) -> Case:
    """Pivots of the wrong dtype."""
    return d.call(d.tensor((2, 2)), d.tensor((2,), ("pivots",), "int64", constant=True))


@op("lu_unpack", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2, 1), bad=(*FOREIGN, long_pivots))
def lu_unpack(d: Drawing) -> Case:
    shape = rectangle(d)
    pivots = d.tensor((*shape[:-2], min(shape[-2:])), ("pivots",), "int32", constant=True, specials=False)
    return d.call(d.tensor(shape), pivots, **({} if d.smooth else d.keywords(unpack_data=d.flag, unpack_pivots=d.flag)))


@op("geqrf", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), bad=NO_MATRIX)
def geqrf(d: Drawing) -> Case:
    return d.call(d.tensor(rectangle(d), ("conditioned", 1.0)))


@op("ormqr", tolerance=SCALED, dtypes=MATRICES, specials=False, bad=(*FOREIGN, NO_NUMBER, of_shape((3,), ())))
def ormqr(d: Drawing) -> Case:
    rows, columns, others = d.integer(1, 5), d.integer(1, 5), d.integer(1, 4)
    lead = batch(d)
    count = min(rows, columns)
    left = d.flag()
    reflectors = d.tensor((*lead, rows, count), ("uniform", -1.0, 1.0))
    scales = d.tensor((*lead, count), ("uniform", 0.1, 0.9))
    other = d.tensor((*lead, rows, others) if left else (*lead, others, rows))
    return d.either(reflectors, scales, other, left=left, transpose=d.flag())


@op("logdet", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), bad=NOT_SQUARE)
def logdet(d: Drawing) -> Case:
    return d.call(d.tensor(square(d), ("definite", 1.0) if d.smooth or d.flag() else ("conditioned", 1.0)))


@op(
    "matrix_exp",
    tolerance=SCALED,
    dtypes=("real", "half", "complex"),
    specials=False,
    core=(2,),
    analytic=True,
    bad=NOT_SQUARE,
)
def matrix_exp(d: Drawing) -> Case:
    fills = ("uniform", -1.0, 1.0), ("uniform", -4.0, 4.0), ("uniform", -0.01, 0.01)
    # PyTorch wants to view several matrices in another shape: a layout that allows it, most of the time.
    layout = "contiguous" if d.smooth or d.integer(0, 3) else None
    return d.call(d.tensor(square(d), fills[0] if d.smooth else d.choice(*fills), layout=layout))


@op("pinverse", tolerance=SCALED, dtypes=MATRICES, specials=False, core=(2,), bad=NO_MATRIX)
def pinverse(d: Drawing) -> Case:
    x = d.tensor(rectangle(d), ("conditioned", 1.0))
    return d.either(x, rcond=d.choice(1e-15, 1e-6)) if d.flag() else d.call(x)


NO_CALL = (no_tensor, no_argument, unknown_keyword)


@op(
    "svd_lowrank",
    tolerance=SCALED,
    dtypes=("real",),
    specials=False,
    random=True,
    smooth=False,
    gauge="svd_transposed",
    bad=(*NO_CALL, of_shape((3,))),
)
def svd_lowrank(d: Drawing) -> Case:
    shape = (*batch(d), d.integer(3, 9), d.integer(3, 9))
    return d.call(d.tensor(shape, ("low rank", 2)), q=2, **d.keywords(niter=lambda: d.integer(1, 3)))


@op(
    "pca_lowrank",
    tolerance=SCALED,
    dtypes=("real",),
    specials=False,
    random=True,
    smooth=False,
    gauge="svd_transposed",
    bad=(*NO_CALL, of_shape((3,)), instead(1, "q", -1, 99)),
)
def pca_lowrank(d: Drawing) -> Case:
    shape = (*batch(d), d.integer(3, 9), d.integer(3, 9))
    return d.call(d.tensor(shape, ("low rank", 2)), q=2, **d.keywords(center=lambda: False))


# -- short-time Fourier transforms ------------------------------------------------------------------------------------------------


def frames(d: Drawing) -> dict[str, Any]:
    """Frame length and hop of a short-time transform, with a window or without."""
    count = d.choice(4, 8, 7, 16)
    options: dict[str, Any] = {"n_fft": count} | d.keywords(hop_length=lambda: d.integer(1, count // 2))
    if d.flag():
        options["win_length"] = d.integer(max(count // 2, 2), count)
    if d.flag():
        dtype = {"complex64": "float32", "complex128": "float64"}.get(d.dtype, d.dtype)
        options["window"] = d.tensor((options.get("win_length", count),), ("uniform", 0.5, 1.0), dtype, specials=False)
    return options


@op(
    "stft",
    tolerance=SCALED,
    dtypes=MATRICES,
    specials=False,
    bad=(*FOREIGN, NO_NUMBER, of_shape((), (2, 2, 2)), instead(1, "n_fft", 0, -4, 9999)),
)
def stft(d: Drawing) -> Case:
    options = frames(d)
    x = d.tensor((*(() if d.flag() else (d.integer(1, 2),)), options["n_fft"] + d.integer(8, 24)))
    options |= d.keywords(
        center=d.flag, normalized=d.flag, pad_mode=lambda: d.choice("reflect", "constant", "replicate")
    )
    if d.is_complex:
        return d.call(x, onesided=False, return_complex=True, **options)
    return d.call(x, return_complex=True, **options, **d.keywords(onesided=d.flag))


@op(
    "istft",
    tolerance=SCALED,
    dtypes=("complex",),
    specials=False,
    bad=(*FOREIGN, NO_NUMBER, of_shape((), (2,)), instead(1, "n_fft", 0, -4, 9999)),
)
def istft(d: Drawing) -> Case:
    count = d.choice(4, 8, 16)
    options: dict[str, Any] = {"n_fft": count, "hop_length": d.choice(count // 4, count // 2)}
    options |= d.keywords(normalized=d.flag, center=lambda: True)
    if d.flag():
        dtype = {"complex64": "float32", "complex128": "float64"}[d.dtype]
        options["window"] = d.tensor((count,), ("uniform", 0.5, 1.0), dtype, specials=False)
    x = d.tensor((*(() if d.flag() else (d.integer(1, 2),)), count // 2 + 1, d.integer(3, 9)))
    return d.call(x, **options)
