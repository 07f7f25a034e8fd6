"""Single ops: what a framework computes, over sizes, dtypes and layouts.

A row says how an op is called on tensors of about n elements, what NumPy calls it, and how many floating point operations an output (or input) element
takes. Functions count as one operation per element, as in the rooflines of the literature: what matters is on which side of the roof they lie.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from assay.cases import Case as OpCase
from assay.cases import TensorSpec, materialise
from assay.cases.case import rebuild
from assay.cases.fill import values
from assay.cases.materialise import lay_out

from .case import Case

POSITIVE = ("uniform", 0.5, 2.0)


@dataclass(frozen=True)
class Size:
    """How tensors of about ``n`` elements are made in one dtype and layout."""

    n: int
    dtype: str = "float32"
    layout: str = "contiguous"

    def flat(self, seed: int = 0, **traits) -> TensorSpec:
        """As square a matrix as there is: layouts need two dimensions."""
        side = math.isqrt(self.n)
        return TensorSpec((side, self.n // side), self.dtype, layout=self.layout, seed=seed, **traits)

    def of(self, *shape: int, seed: int = 0, **traits) -> TensorSpec:
        """A tensor of this dtype with a shape of its own."""
        return TensorSpec(shape, self.dtype, layout=self.layout, seed=seed, **traits)

    def index(self, count: int, below: int) -> TensorSpec:
        """``count`` indices."""
        return TensorSpec((count,), "int64", ("integers", 0, below), seed=9, constant=True)

    @property
    def side(self) -> int:
        """Of a square matrix of n elements."""
        return math.isqrt(self.n)


def one(size: Size, **traits) -> tuple:
    """One matrix."""
    return (size.flat(**traits),)


def two(size: Size, **traits) -> tuple:
    """Two matrices."""
    return (size.flat(1, **traits), size.flat(2, **traits))


def three(size: Size) -> tuple:
    """Three matrices."""
    return (size.flat(1), size.flat(2), size.flat(3))


positive = partial(one, fill=POSITIVE)
product = lambda size: (size.of(size.side, size.side, seed=1), size.of(size.side, size.side, seed=2))  # noqa: E731
batches = lambda size: tuple(size.of(max(size.n // 1024, 1), 32, 32, seed=seed) for seed in (1, 2))  # noqa: E731
heads = lambda size: tuple(size.of(4, 2, max(size.n // 256, 1), 32, seed=seed) for seed in (1, 2, 3))  # noqa: E731
image = lambda size: size.of(4, 16, *(max(math.isqrt(size.n // 64), 8),) * 2)  # noqa: E731


@dataclass(frozen=True)
class Row:
    """``op(*arguments(size), **kwargs)``; ``flops(size)`` of one call.

    ``numpy``: the name of NumPy's function, or a function of NumPy and the tensors. ``largest``: sizes above are left out (cubic work).
    ``title`` tells two rows of one op apart. ``every``: the dtypes and layouts of the nightly profile apply.
    """

    op: str
    arguments: Callable[[Size], tuple]
    numpy: str | Callable | None = None
    kwargs: tuple[tuple[str, Any], ...] = ()
    flops: Callable[[Size], float] = lambda size: size.n
    title: str = ""
    traffic: bool = True
    largest: int = 1_000_000
    every: bool = False
    compiled: bool = False


def _kw(**kwargs) -> tuple[tuple[str, Any], ...]:
    return tuple(kwargs.items())


_POINTWISE = (
    Row("add", two, "add", every=True, compiled=True),
    Row("add", lambda size: (size.flat(1), size.of(size.n // size.side, seed=2)), "add", title="add_row"),
    Row("sub", two, "subtract"),
    Row("mul", two, "multiply", every=True),
    Row("div", lambda size: two(size, fill=POSITIVE), "divide"),
    Row("pow", lambda size: (size.flat(fill=POSITIVE), 2.5), "power", largest=100_000),
    Row("maximum", two, "maximum"),
    Row("abs", one, "abs"),
    Row("neg", one, "negative", every=True),
    Row("exp", one, "exp", every=True, compiled=True),
    Row("log", positive, "log"),
    Row("sqrt", positive, "sqrt"),
    Row("rsqrt", positive, lambda np, x: 1 / np.sqrt(x)),
    Row("sin", one, "sin"),
    Row("tanh", one, "tanh", every=True),
    Row("sigmoid", one, lambda np, x: 1 / (1 + np.exp(-x)), flops=lambda size: 3 * size.n),
    Row("erf", one, largest=100_000),
    Row("floor", one, "floor"),
    Row("lt", two, "less"),
    Row(
        "logical_and", lambda size: tuple(TensorSpec(size.flat().shape, "bool", seed=s) for s in (1, 2)), "logical_and"
    ),
    Row("where", lambda size: (TensorSpec(size.flat().shape, "bool"), size.flat(1), size.flat(2)), "where"),
    Row("clamp", lambda size: (size.flat(), -0.5, 0.5), lambda np, x, low, high: np.clip(x, low, high)),
    Row("addcmul", three, lambda np, x, y, z: x + y * z, flops=lambda size: 2 * size.n),
    Row("lerp", lambda size: (*two(size), 0.3), lambda np, x, y, w: x + w * (y - x), flops=lambda size: 3 * size.n),
    Row("nn.functional.relu", one, lambda np, x: np.maximum(x, 0), every=True),
    Row("nn.functional.gelu", one, flops=lambda size: 4 * size.n, compiled=True),
    Row("nn.functional.silu", one, lambda np, x: x / (1 + np.exp(-x)), flops=lambda size: 4 * size.n),
    Row("nn.functional.leaky_relu", one, lambda np, x: np.where(x > 0, x, 0.01 * x)),
)

_REDUCTIONS = (
    Row("sum", one, "sum", every=True),
    Row("sum", lambda size: (size.flat(), 0), lambda np, x, dim: np.sum(x, axis=dim), title="sum_dim0", every=True),
    Row("sum", lambda size: (size.flat(), 1), lambda np, x, dim: np.sum(x, axis=dim), title="sum_dim1"),
    Row("mean", one, "mean"),
    Row("var", one, lambda np, x: np.var(x, ddof=1), flops=lambda size: 4 * size.n),
    Row("amax", one, "max"),
    Row("argmax", lambda size: (size.flat(), 1), lambda np, x, dim: np.argmax(x, axis=dim)),
    Row("any", lambda size: (TensorSpec(size.flat().shape, "bool", ("boolean", 0.0)),), "any"),
    Row("linalg.vector_norm", one, lambda np, x: np.sqrt(np.vdot(x, x)), flops=lambda size: 2 * size.n),
    Row("logsumexp", lambda size: (size.flat(), 1), lambda np, x, dim: np.log(np.sum(np.exp(x), axis=dim)), flops=lambda size: 3 * size.n),
    Row("cumsum", lambda size: (size.flat(), 1), lambda np, x, dim: np.cumsum(x, axis=dim)),
    Row("softmax", lambda size: (size.flat(), 1), flops=lambda size: 4 * size.n, every=True, compiled=True),
    Row("log_softmax", lambda size: (size.flat(), 1), flops=lambda size: 4 * size.n),
)  # fmt: skip

_LINEAR = (
    Row("matmul", product, "matmul", flops=lambda size: 2 * size.side**3, largest=100_000, every=True, compiled=True),
    Row("mv", lambda size: (size.of(size.side, size.side), size.of(size.side, seed=2)), "matmul", flops=lambda size: 2 * size.n),
    Row("bmm", batches, "matmul", flops=lambda size: 2 * 32**3 * max(size.n // 1024, 1)),
    Row("addmm", lambda size: (size.of(size.side, seed=3), *product(size)), lambda np, b, x, y: b + x @ y, flops=lambda size: 2 * size.side**3, largest=100_000),
    Row("nn.functional.linear", lambda size: (*product(size), size.of(size.side, seed=3)), lambda np, x, w, b: x @ w.T + b, flops=lambda size: 2 * size.side**3, largest=100_000),
    Row("einsum", lambda size: ("ij,kj->ik", *product(size)), flops=lambda size: 2 * size.side**3, largest=100_000),
    Row("outer", lambda size: (size.of(size.side, seed=1), size.of(size.side, seed=2)), "outer"),
    Row("linalg.cholesky", lambda size: (size.of(size.side, size.side, fill=("definite", 2.0)),), "linalg.cholesky", flops=lambda size: size.side**3 / 3, largest=10_000),
)  # fmt: skip

_NETWORK = (
    Row("nn.functional.layer_norm", lambda size: (size.flat(), (size.n // size.side,)), flops=lambda size: 6 * size.n, compiled=True),
    Row("nn.functional.batch_norm", lambda size: (image(size), None, None, None, None, True), flops=lambda size: 6 * size.n),
    Row("nn.functional.conv2d", lambda size: (image(size), size.of(16, 16, 3, 3, seed=2)), kwargs=_kw(padding=1), flops=lambda size: 2 * 144 * math.prod(image(size).shape), largest=100_000),
    Row("nn.functional.max_pool2d", lambda size: (image(size), 2)),
    Row("nn.functional.avg_pool2d", lambda size: (image(size), 2)),
    Row("nn.functional.embedding", lambda size: (size.index(max(size.n // 64, 1), 1000), size.of(1000, 64)), lambda np, i, w: w[i]),
    Row("nn.functional.cross_entropy", lambda size: (size.of(max(size.n // 100, 1), 100), size.index(max(size.n // 100, 1), 100)), flops=lambda size: 4 * size.n),
    Row("nn.functional.mse_loss", two, lambda np, x, y: np.mean((x - y) ** 2), flops=lambda size: 3 * size.n),
    Row("nn.functional.scaled_dot_product_attention", heads, flops=lambda size: 4 * 8 * 32 * max(size.n // 256, 1) ** 2, largest=100_000),
    Row("nn.functional.pad", lambda size: (size.flat(), (1, 1)), lambda np, x, pad: np.pad(x, ((0, 0), pad))),
)  # fmt: skip

_MOVEMENT = (
    Row("clone", one, "copy", flops=lambda size: 0, every=True),
    Row("cat", lambda size: (two(size),), "concatenate", flops=lambda size: 0),
    Row("stack", lambda size: (two(size),), "stack", flops=lambda size: 0),
    Row("flip", lambda size: (size.flat(), (0,)), "flip", flops=lambda size: 0),
    Row("roll", lambda size: (size.flat(), 3), "roll", flops=lambda size: 0),
    Row("tril", one, "tril", flops=lambda size: 0),
    Row("repeat_interleave", lambda size: (size.flat(), 2), "repeat", flops=lambda size: 0, largest=100_000),
    Row("index_select", lambda size: (size.flat(), 0, size.index(size.side, size.side)), lambda np, x, dim, i: np.take(x, i, axis=dim), flops=lambda size: 0),
    Row("gather", lambda size: (size.flat(), 1, TensorSpec(size.flat().shape, "int64", ("integers", 0, size.n // size.side))), lambda np, x, dim, i: np.take_along_axis(x, i, dim), flops=lambda size: 0),
    Row("scatter_add", lambda size: (size.flat(), 1, TensorSpec(size.flat().shape, "int64", ("integers", 0, size.n // size.side)), size.flat(2)), largest=100_000),
    Row("index_add", lambda size: (size.flat(), 0, size.index(size.side, size.side), size.flat(2))),
    Row("masked_select", lambda size: (size.flat(), TensorSpec(size.flat().shape, "bool")), lambda np, x, mask: x[mask], flops=lambda size: 0),
    Row("masked_fill", lambda size: (size.flat(), TensorSpec(size.flat().shape, "bool"), 0.0), lambda np, x, mask, value: np.where(mask, value, x), flops=lambda size: 0),
    Row("sort", lambda size: (size.flat(), 1), flops=lambda size: 0, largest=100_000),
    Row("topk", lambda size: (size.flat(), 5, 1), flops=lambda size: 0, largest=100_000),
    Row("searchsorted", lambda size: (size.of(1000, fill=("sorted", -2.0, 2.0)), size.flat(2)), lambda np, edges, x: np.searchsorted(edges, x), flops=lambda size: 0, largest=100_000),
    Row("zeros", lambda size: (size.flat().shape,), lambda np, shape: np.full(shape, 0, np.float32), flops=lambda size: 0),
    Row("arange", lambda size: (size.n,), "arange", flops=lambda size: 0),
)  # fmt: skip

ROWS = _POINTWISE + _REDUCTIONS + _LINEAR + _NETWORK + _MOVEMENT

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK = (10_000, 1_000_000)
DTYPES = ("float64", "int64", "float16")
LAYOUTS = ("transposed", "strided")
"""Beside float32, contiguous: for the rows that have ``every``, at one size, in the nightly profile."""


def cases() -> list[Case]:
    """Every row at every size it has, in float32; rows with ``every`` in the other dtypes and layouts too."""
    made = []
    for row in ROWS:
        shown = {QUICK[0], min(QUICK[1], row.largest)}
        made += [_case(row, Size(n), full=n not in shown) for n in sorted({min(n, row.largest) for n in SIZES})]
        if row.every:
            made += [_case(row, Size(100_000, dtype), full=True) for dtype in DTYPES if _takes(row, dtype)]
            made += [_case(row, Size(100_000, layout=layout), full=True) for layout in LAYOUTS]
    return made


def _takes(row: Row, dtype: str) -> bool:
    return dtype != "int64" or row.op in ("add", "mul", "neg", "sum", "clone", "nn.functional.relu", "matmul")


def _case(row: Row, size: Size, full: bool) -> Case:
    call = OpCase(row.op, row.arguments(size), row.kwargs)
    title = row.title or row.op.rpartition(".")[2]
    label = f"{title}-{size.n}-{size.dtype}" + (f"-{size.layout}" if size.layout != "contiguous" else "")
    programs: dict[str, Callable] = {"torch": partial(run_op, call)}
    if row.numpy is not None:
        programs["numpy"] = partial(run_numpy, call, row.numpy)
    parameters = {"op": row.op, "n": size.n, "dtype": size.dtype, "layout": size.layout, "row": title}
    return Case(
        "ops", label, programs, tuple(call.tensors()), parameters, op=call, flops=row.flops(size), traffic=row.traffic, full=full,
        compiled=row.compiled and size.n in QUICK and size == Size(size.n),
    )  # fmt: skip


def run_op(call: OpCase, subject) -> Callable[[], Any]:
    """The call on a torch-like subject's tensors. LookupError where it lacks the op."""
    function = subject.target.resolve(call.op)
    if function is None:
        raise LookupError(f"{subject.name} has no op '{call.op}'")
    arguments = materialise(call, subject.target)
    compiled = subject.compile(function)
    return partial(compiled, *arguments.args, **arguments.kwargs)


def run_numpy(call: OpCase, numpy: str | Callable, subject) -> Callable[[], Any]:
    """The call as NumPy spells it."""
    arrays = rebuild(call.args, lambda spec: subject.tensor(lay_out(values(spec), spec.layout)))
    if callable(numpy):
        function = partial(numpy, subject.namespace)
    else:
        function = subject.namespace
        for part in numpy.split("."):
            function = getattr(function, part)
    return partial(subject.compile(function), *arrays)
