"""Linear algebra: matrices with the structure that an op asks for, and those that trouble it.

Smooth cases have separated eigenvalues and singular values and full rank, so that every derivative exists; the others add near-singular,
rank-deficient and structured matrices, empty ones and batches.
"""

from __future__ import annotations

import math
from typing import Any

from ..cases import Case, DType, ListOf, TensorSpec
from .drawing import Drawing
from .errors import FOREIGN, Bad, instead, no_such_dim, of_dtype, of_shape, unbroadcastable
from .record import EXACT, SCALED, SUM, family, homogeneous

OPS, op = family("linalg")

UNIT = ("uniform", -1.0, 1.0)
MATRICES = ("real", "complex")
NUMERIC = ("real", "complex", "integer")

REGULAR = (("conditioned", 0.5), ("conditioned", 2.0), UNIT, ("special", "exchange"), ("special", "identity"))
IRREGULAR = (
    ("conditioned", 5.0),
    ("low rank", 1),
    ("special", "hilbert"),
    ("special", "nilpotent"),
    ("special", "zero"),
    ("special", "ones"),
    ("special", "graded"),
    ("special", "jordan"),
)

# -- refused calls ----------------------------------------------------------------------------------------------------------------

NO_MATRIX: tuple[Bad, ...] = (*FOREIGN, of_shape((3,), ()), of_dtype("int64", "bool"))
"""Vectors, scalars, and numbers that are not floating."""

NO_POWER: tuple[Bad, ...] = (*FOREIGN, of_shape((3,), (), (3, 2), (2, 4, 3)))

NOT_SQUARE: tuple[Bad, ...] = (*NO_MATRIX, of_shape((3, 2), (2, 3), (2, 4, 3)))


# -- shapes -----------------------------------------------------------------------------------------------------------------------


def batch(d: Drawing) -> tuple[int, ...]:
    return d.choice((), (2,), (1,)) if d.smooth else d.choice((), (2,), (3, 2), (1,), (0,))


def side(d: Drawing, least: int = 0) -> int:
    return d.choice(2, 3, 1) if d.smooth else d.choice(*(n for n in (2, 3, 1, 4, 5, 8, 17, 0) if n >= least))


def square(d: Drawing, *fills: tuple, least: int = 0, lead: tuple[int, ...] | None = None) -> TensorSpec:
    """A batch of square matrices, of the first of ``fills`` where the case is smooth."""
    n = side(d, least)
    return d.matrix((*(batch(d) if lead is None else lead), n, n), *(fills[0] if d.smooth else d.choice(*fills)))


def rectangle(d: Drawing, *fills: tuple, least: int = 0) -> TensorSpec:
    """A batch of matrices, wide, tall or square."""
    shape = (*batch(d), side(d, least), side(d, least))
    return d.matrix(shape, *(fills[0] if d.smooth else d.choice(*fills)))


def right_side(d: Drawing, matrix: TensorSpec) -> TensorSpec:
    """Right-hand sides that fit ``matrix`` from the left."""
    return d.tensor((*matrix.shape[:-1], d.integer(1, 3)), UNIT, specials=False)


# -- one square matrix ------------------------------------------------------------------------------------------------------------


@op("linalg.det", tolerance=SCALED, dtypes=MATRICES, core=(2,), analytic=True, bad=NOT_SQUARE)
@op("linalg.slogdet", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NOT_SQUARE)
def determinant(d: Drawing) -> Case:
    return d.call(square(d, *REGULAR, *IRREGULAR))


@op(
    "linalg.inv", tolerance=SCALED, dtypes=MATRICES, core=(2,), analytic=True, bad=NOT_SQUARE, laws=(homogeneous(-1.0),)
)
def inverse(d: Drawing) -> Case:
    return d.call(square(d, *REGULAR, ("conditioned", 5.0)))


@op("linalg.inv_ex", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NOT_SQUARE)
def inverse_ex(d: Drawing) -> Case:
    return d.call(square(d, *REGULAR, ("conditioned", 5.0)), **d.keywords(check_errors=lambda: False))


def not_definite(d: Drawing) -> Case:
    """A matrix with a negative eigenvalue."""
    n = d.integer(2, 4)
    return d.call(d.matrix((n, n), "hermitian"))


@op("linalg.cholesky", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=(*NOT_SQUARE, not_definite))
@op("linalg.cholesky_ex", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NOT_SQUARE)
def cholesky(d: Drawing) -> Case:
    options: dict[str, Any] = d.keywords(upper=d.flag)
    return d.call(square(d, ("definite", 0.5), ("definite", 3.0), ("special", "identity")), **options)


@op("linalg.eigh", tolerance=SCALED, dtypes=MATRICES, core=(2,), gauge="eigh", bad=NOT_SQUARE)
@op("linalg.eigvalsh", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NOT_SQUARE, laws=(homogeneous(1.0),))
def symmetric_eigen(d: Drawing) -> Case:
    fills: tuple[tuple, ...] = (("hermitian",), ("definite", 2.0))
    if d.name.endswith("eigvalsh"):
        fills = (*fills, ("special", "identity"), ("special", "ones"), ("special", "zero"), ("special", "hilbert"))
    return d.call(square(d, *fills), **d.keywords(UPLO=lambda: d.choice("L", "U")))


@op("linalg.eig", tolerance=SCALED, dtypes=MATRICES, core=(2,), gauge="eigenvectors", bad=NOT_SQUARE)
@op("linalg.eigvals", tolerance=SCALED, dtypes=MATRICES, core=(2,), gauge="eigenvalues", bad=NOT_SQUARE)
def eigen(d: Drawing) -> Case:
    return d.call(square(d, ("separated",), ("conditioned", 1.0)))


@op("linalg.matrix_power", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=(*NO_POWER, instead(1, "n", 1.5, "two")))
def matrix_power(d: Drawing) -> Case:
    return d.either(square(d, *REGULAR[:3]), n=d.choice(2, 0, 1, 3, 5, -1, -2, 7))


def square_of_all(d: Drawing) -> Case:
    """Dimensions that do not multiply to a square."""
    return d.call(d.tensor((2, 3, 2)), ind=d.choice(1, 2))


@op("linalg.tensorinv", tolerance=SCALED, dtypes=MATRICES, bad=(*FOREIGN, square_of_all, instead(1, "ind", 0, -1)))
def tensorinv(d: Drawing) -> Case:
    shape, ind = d.choice(((2, 2, 4), 2), ((4, 2, 2), 1), ((3, 3), 1), ((2, 3, 3, 2), 2), ((6, 2, 3), 1), ((1, 1), 1))
    return d.either(d.tensor(shape, UNIT, specials=False, layout="contiguous"), ind=ind)


@op("linalg.tensorsolve", tolerance=SCALED, dtypes=MATRICES, bad=FOREIGN)
def tensorsolve(d: Drawing) -> Case:
    shape, known, dims = d.choice(
        ((2, 2, 4), (2, 2), None), ((2, 3, 6), (2, 3), None), ((4, 2, 2), (4,), None), ((4, 2, 2), (2, 2), (0,))
    )
    return d.either(
        d.tensor(shape, UNIT, specials=False, layout="contiguous"), d.tensor(known, UNIT, specials=False), dims=dims
    )


# -- any matrix -------------------------------------------------------------------------------------------------------------------


@op("linalg.svd", tolerance=SCALED, dtypes=MATRICES, core=(2,), gauge="svd", bad=NO_MATRIX)
def svd(d: Drawing) -> Case:
    matrix = rectangle(d, ("conditioned", 0.5), ("conditioned", 2.0), UNIT)
    wide = matrix.shape[-1] != matrix.shape[-2]
    # The columns that complete a basis are arbitrary, and so not differentiable.
    full = False if wide else d.flag()
    return d.call(matrix, **({"full_matrices": full} if wide or d.flag() else {}))


@op("linalg.svdvals", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NO_MATRIX, laws=(homogeneous(1.0),))
def svdvals(d: Drawing) -> Case:
    return d.call(rectangle(d, *REGULAR, *IRREGULAR))


@op(
    "linalg.qr",
    tolerance=SCALED,
    dtypes=MATRICES,
    core=(2,),
    gauge="qr",
    bad=(*NO_MATRIX, instead(1, "mode", "economy", 3)),
)
def qr(d: Drawing) -> Case:
    matrix = rectangle(d, ("conditioned", 0.5), ("conditioned", 2.0), UNIT)
    tall = matrix.shape[-2] > matrix.shape[-1]
    mode = d.choice("reduced", *(() if tall and d.smooth else ("complete",)), *(() if d.smooth else ("r",)))
    return d.either(matrix, mode=mode)


@op("linalg.pinv", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NO_MATRIX)
def pinv(d: Drawing) -> Case:
    if d.integer(0, 3) == 0:
        return d.call(square(d, ("hermitian",)), hermitian=True)
    matrix = rectangle(d, ("conditioned", 0.5), ("conditioned", 2.0), ("low rank", 1), ("special", "zero"))
    return d.call(matrix, **d.keywords(rtol=lambda: d.choice(1e-3, 1e-2), atol=lambda: d.choice(0.0, 1e-3)))


@op("linalg.matrix_rank", tolerance=EXACT, dtypes=MATRICES, core=(2,), smooth=False, bad=NO_MATRIX)
def matrix_rank(d: Drawing) -> Case:
    if d.integer(0, 3) == 0:
        return d.call(square(d, ("hermitian",), ("special", "ones")), hermitian=True)
    options = d.keywords(rtol=lambda: d.choice(1e-3, 1e-2), atol=lambda: d.choice(0.0, 1e-3))
    return d.call(rectangle(d, ("conditioned", 0.5), ("low rank", 1), ("low rank", 2), ("special", "ones")), **options)


CONDITIONS = (None, 2, -2, "fro", "nuc", 1, -1, math.inf, -math.inf)


@op("linalg.cond", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=(*NO_MATRIX, instead(1, "p", "inf", 3, 0.5)))
def cond(d: Drawing) -> Case:
    return d.either(square(d, ("conditioned", 0.5), ("conditioned", 2.0), UNIT, least=1), p=d.choice(*CONDITIONS))


@op("linalg.matrix_norm", tolerance=SCALED, dtypes=(*MATRICES, "half"), bad=(*NO_MATRIX, instead(1, "ord", "l2", 3, 0)))
def matrix_norm(d: Drawing) -> Case:
    order = d.choice(
        "fro", *(("nuc", 2, -2) if d.dtype not in ("bfloat16", "float16") else ()), 1, -1, math.inf, -math.inf
    )
    if order in ("nuc", 2, -2):
        return d.either(rectangle(d, ("conditioned", 0.5), ("low rank", 1), UNIT, least=1), ord=order)
    shape = d.shape(2, 4, side=1)
    matrix = d.distinct(shape, 0.3) if d.smooth else d.tensor(shape)
    dim = d.dims(shape, least=2, most=2)
    return d.either(matrix, ord=order, dim=d.choice((-2, -1), dim), keepdim=d.flag())


ORDERS = (2, None, 1, 3, 0.5, math.inf, -math.inf, 0, -1, 2.5)


@op(
    "linalg.vector_norm",
    tolerance=SCALED,
    dtypes=(*MATRICES, "half"),
    bad=(*FOREIGN, of_dtype("int64", "bool"), no_such_dim(2)),
)
@op(
    "linalg.norm",
    tolerance=SCALED,
    dtypes=(*MATRICES, "half"),
    bad=(*FOREIGN, of_dtype("int64", "bool"), no_such_dim(2)),
)
def vector_norm(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    order = d.choice(*(order for order in ORDERS if not (d.smooth and order == 0)))
    if d.name == "linalg.vector_norm" and order is None:
        order = 2
    x = d.distinct(shape, 0.3) if d.smooth else d.tensor(shape)
    dims: Any = d.choice(None, d.dim(shape), d.dims(shape, least=1, most=1))
    if d.name == "linalg.vector_norm":
        dims = d.choice(dims, d.dims(shape, least=1))
    elif dims is None and order is not None and len(shape) != 1:
        dims = d.dim(shape)
    options = d.keywords(dtype=lambda: DType("complex128" if d.is_complex else "float64"))
    return d.call(x, order, dim=dims, keepdim=d.flag(), **options)


# -- factorisations that solve ----------------------------------------------------------------------------------------------------


@op("linalg.lu_factor", "linalg.lu_factor_ex", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NO_MATRIX)
@op("linalg.lu", tolerance=SCALED, dtypes=MATRICES, core=(2,), bad=NO_MATRIX)
def lu(d: Drawing) -> Case:
    return d.call(rectangle(d, ("conditioned", 0.5), UNIT, ("conditioned", 2.0)), **d.keywords(pivot=lambda: True))


@op("linalg.lu_solve", tolerance=SCALED, dtypes=MATRICES, bad=FOREIGN)
def lu_solve(d: Drawing) -> Case:
    packed = square(d, ("conditioned", 0.25), least=1, lead=batch(d))
    n, lead = packed.shape[-1], packed.shape[:-2]
    pivots = d.tensor((*lead, n), ("pivots",), "int32", constant=True, specials=False, layout="contiguous")
    left = d.flag()
    known = (*lead, n, d.integer(1, 3)) if left else (*lead, d.integer(1, 3), n)
    options = {"left": left} if not left or d.flag() else {}
    return d.call(packed, pivots, d.tensor(known, UNIT, specials=False), **options, **d.keywords(adjoint=d.flag))


@op(
    "linalg.ldl_factor",
    "linalg.ldl_factor_ex",
    tolerance=SCALED,
    dtypes=MATRICES,
    core=(2,),
    smooth=False,
    bad=NOT_SQUARE,
)
def ldl_factor(d: Drawing) -> Case:
    return d.call(square(d, ("hermitian",), ("definite", 1.0), least=1), **d.keywords(hermitian=lambda: d.is_complex))


@op("linalg.ldl_solve", tolerance=SCALED, dtypes=MATRICES, smooth=False, bad=FOREIGN)
def ldl_solve(d: Drawing) -> Case:
    packed = square(d, ("triangular", False, False), least=1, lead=batch(d))
    n, lead = packed.shape[-1], packed.shape[:-2]
    pivots = d.tensor((*lead, n), ("pivots",), "int32", constant=True, specials=False, layout="contiguous")
    return d.call(packed, pivots, right_side(d, packed), **d.keywords(hermitian=lambda: d.is_complex))


@op("linalg.solve", tolerance=SCALED, dtypes=MATRICES, bad=(*NOT_SQUARE, instead(1, "B", "vector")))
@op("linalg.solve_ex", tolerance=SCALED, dtypes=MATRICES, bad=NOT_SQUARE)
def solve(d: Drawing) -> Case:
    """Vectors and matrices on the right, from the left or the right, batches that broadcast."""
    matrix = square(d, *REGULAR[:3], least=1)
    n, lead = matrix.shape[-1], matrix.shape[:-2]
    if d.flag():
        return d.call(matrix, d.tensor((*lead, n) if len(lead) != 1 or d.flag() else (n,), UNIT, specials=False))
    left = d.flag()
    # Fewer dimensions than the matrices have would be read as a batch of vectors.
    known = (*lead, *((n, d.integer(1, 3)) if left else (d.integer(1, 3), n)))
    return d.call(matrix, d.tensor(known, UNIT, specials=False), left=left)


def no_side(d: Drawing) -> Case:
    """A triangular system without its ``upper``."""
    return d.call(d.matrix((2, 2), "triangular", True, False), d.tensor((2, 1), UNIT))


@op("linalg.solve_triangular", tolerance=SCALED, dtypes=MATRICES, bad=(*NOT_SQUARE, no_side))
def solve_triangular(d: Drawing) -> Case:
    upper, unit, left = d.flag(), d.flag(), d.flag()
    matrix = square(d, ("triangular", upper, unit), least=0)
    n, lead = matrix.shape[-1], matrix.shape[:-2]
    known = (*d.narrower(lead), *((n, d.integer(1, 3)) if left else (d.integer(1, 3), n)))
    options = {"upper": upper, "left": left, "unitriangular": unit}
    return d.call(matrix, d.tensor(known, UNIT, specials=False), **options)


@op("linalg.lstsq", tolerance=SCALED, dtypes=MATRICES, bad=(*NO_MATRIX, instead(3, "driver", "gelq")))
def lstsq(d: Drawing) -> Case:
    """Tall, wide and square systems of full rank; for the drivers that find the rank, those that lack it."""
    driver = d.choice(None, "gelsy", "gels", *(() if d.smooth else ("gelsd", "gelss")))
    deficient = (("low rank", 1),) if driver not in (None, "gels") and not d.smooth else ()
    matrix = rectangle(d, ("conditioned", 0.5), ("conditioned", 1.0), *deficient, least=1)
    named = d.keywords(rcond=lambda: 1e-4) if deficient else {}
    return d.call(matrix, right_side(d, matrix), **named, **({"driver": driver} if driver else {}))


@op("linalg.householder_product", tolerance=SCALED, dtypes=MATRICES, core=(2, 1), bad=NO_MATRIX)
def householder_product(d: Drawing) -> Case:
    columns = side(d)
    rows = columns + d.integer(0, 2)
    lead = batch(d)
    reflectors = d.integer(0, columns)
    return d.call(
        d.tensor((*lead, rows, columns), UNIT, specials=False), d.tensor((*lead, reflectors), UNIT, specials=False)
    )


# -- vectors and products ---------------------------------------------------------------------------------------------------------


def wrong_length(d: Drawing) -> Case:
    """Vectors of 2 or 4 numbers have no cross product."""
    n = d.choice(2, 4)
    return d.call(d.tensor((3, n)), d.tensor((3, n)), dim=1)


@op(
    "linalg.cross",
    tolerance=SUM,
    dtypes=(*NUMERIC, "half"),
    analytic=True,
    bad=(*FOREIGN, wrong_length, unbroadcastable),
)
def cross(d: Drawing) -> Case:
    shape = [*d.shape(0, 2), 3]
    dim = -1
    if len(shape) > 1 and d.flag():
        shape[0], shape[-1], dim = 3, max(shape[0], 1), 0
    other = tuple(1 if index != dim % len(shape) and d.integer(0, 4) == 0 else n for index, n in enumerate(shape))
    return d.call(
        d.tensor(tuple(shape), UNIT), d.tensor(other, UNIT), **({} if dim == -1 and d.flag() else {"dim": dim})
    )


@op("linalg.vecdot", tolerance=SUM, dtypes=MATRICES, bad=(*FOREIGN, of_dtype("int64"), unbroadcastable))
def vecdot(d: Drawing) -> Case:
    shape = d.shape(1, 3)
    return d.call(d.tensor(shape, UNIT), d.tensor(shape, UNIT), **d.keywords(dim=lambda: d.dim(shape)))


@op("linalg.diagonal", tolerance=EXACT, analytic=True, bad=(*FOREIGN, of_shape((3,), ())))
def diagonal(d: Drawing) -> Case:
    shape = d.shape(2, 4)
    first, second = d.choice((-2, -1), d.dims(shape, least=2, most=2))
    return d.call(d.tensor(shape), **d.keywords(offset=lambda: d.integer(-2, 2)), dim1=first, dim2=second)


@op("linalg.multi_dot", tolerance=SCALED, dtypes=NUMERIC, bad=FOREIGN)
def multi_dot(d: Drawing) -> Case:
    """Chains of 2 to 5 matrices of unlike sizes, with vectors at the ends."""
    count = d.integer(2, 5)
    sizes = [d.side(1, 9) for _ in range(count + 1)]
    shapes = [(sizes[index], sizes[index + 1]) for index in range(count)]
    if d.integer(0, 3) == 0:
        shapes[0] = shapes[0][1:]  # type: ignore[assignment]
    if d.integer(0, 3) == 0:
        shapes[-1] = shapes[-1][:1]  # type: ignore[assignment]
    return d.call(ListOf(tuple(d.tensor(shape, UNIT, specials=False) for shape in shapes)))


@op("linalg.vander", tolerance=SCALED, dtypes=NUMERIC, analytic=True, bad=(*FOREIGN, instead(1, "N", -1, 0, 1)))
def vander(d: Drawing) -> Case:
    shape = d.shape(1, 2, side=1)
    columns = {} if 1 < shape[-1] < 6 and d.flag() else {"N": d.integer(2, 5)}
    return d.call(d.tensor(shape, UNIT), **columns)
