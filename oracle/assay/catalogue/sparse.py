"""Products with sparse matrices, whose zeros are stored or not."""

from __future__ import annotations

from ..cases import Case, TensorSpec
from .drawing import Drawing
from .errors import FOREIGN, of_shape
from .record import SUM, family

OPS, op = family("sparse")

UNIT = ("uniform", -1.0, 1.0)


def thin(d: Drawing, shape: tuple[int, ...], layout: str) -> TensorSpec:
    """A sparse matrix of small whole numbers, of which the zeros are not stored."""
    return d.tensor(shape, ("integers", -1, 2), layout=layout, constant=True, specials=False)


@op("sparse.mm", tolerance=SUM, specials=False, dtypes=("real",), bad=(*FOREIGN, of_shape((3,), (2, 2, 2))))
def mm(d: Drawing) -> Case:
    rows, inner, columns = d.side(1, 9), d.side(1, 9), d.side(1, 9)
    layout = d.choice("sparse_coo", "sparse_csr")
    dense = d.tensor((inner, columns), UNIT, layout="contiguous")
    if layout == "sparse_csr" and not d.smooth and d.flag():
        return d.call(thin(d, (rows, inner), layout), dense, d.choice("sum", "mean", "amax", "amin"))
    return d.call(thin(d, (rows, inner), layout), dense)


@op("sparse.sampled_addmm", tolerance=SUM, specials=False, smooth=False, dtypes=("real", "complex"), bad=FOREIGN)
def sampled_addmm(d: Drawing) -> Case:
    rows, inner, columns = d.side(1, 9), d.side(1, 9), d.side(1, 9)
    left, right = d.tensor((rows, inner), UNIT), d.tensor((inner, columns), UNIT)
    options = d.keywords(beta=lambda: d.choice(1.0, 0.0, 0.5), alpha=lambda: d.choice(1.0, 2.0))
    return d.call(thin(d, (rows, columns), "sparse_csr"), left, right, **options)
