"""What a call costs beside the work: sixteen elements, with and without history, views, indexing, creation."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from assay.cases import TensorSpec

from .case import Case

SMALL = TensorSpec((4, 4), "float32", ("uniform", 0.5, 2.0), seed=1)
OTHER = TensorSpec((4, 4), "float32", ("uniform", 0.5, 2.0), seed=2)
INDEX = TensorSpec((3,), "int64", ("integers", 0, 4), seed=3)
MASK = TensorSpec((4, 4), "bool", seed=4)


@dataclass(frozen=True)
class Row:
    """``torch(T, *tensors)`` and ``numpy(np, *arrays)`` return the call; ``grad``: there is a variant whose first tensor wants a gradient."""

    name: str
    torch: Callable[..., Callable[[], Any]]
    numpy: Callable[..., Callable[[], Any]] | None = None
    inputs: tuple[TensorSpec, ...] = (SMALL,)
    grad: bool = False
    checked: bool = True


def _method(name: str, *arguments) -> Callable[..., Callable[[], Any]]:
    return lambda T, x: partial(getattr(x, name), *arguments)


def _getitem(key: Any) -> Callable[..., Callable[[], Any]]:
    return lambda T, x: partial(operator.getitem, x, key)


TWO = (SMALL, OTHER)

ROWS = (
    Row("add", lambda T, x, y: partial(T.add, x, y), lambda np, x, y: partial(np.add, x, y), TWO, grad=True),
    Row("add_operator", lambda T, x, y: partial(operator.add, x, y), lambda np, x, y: partial(operator.add, x, y), TWO),
    Row("add_number", lambda T, x: partial(operator.add, x, 2.0), lambda np, x: partial(operator.add, x, 2.0)),
    Row("add_inplace", lambda T, x: partial(x.add_, 0.0)),
    Row("mul", lambda T, x, y: partial(T.mul, x, y), lambda np, x, y: partial(np.multiply, x, y), TWO, grad=True),
    Row("exp", lambda T, x: partial(T.exp, x), lambda np, x: partial(np.exp, x), grad=True),
    Row("relu", lambda T, x: partial(T.relu, x), grad=True),
    Row("sum", lambda T, x: partial(T.sum, x), lambda np, x: partial(np.sum, x), grad=True),
    Row("sum_dim", lambda T, x: partial(T.sum, x, 1), lambda np, x: partial(np.sum, x, axis=1)),
    Row("softmax", lambda T, x: partial(T.softmax, x, 1), grad=True),
    Row("matmul", lambda T, x, y: partial(T.matmul, x, y), lambda np, x, y: partial(np.matmul, x, y), TWO, grad=True),
    Row("cat", lambda T, x, y: partial(T.cat, (x, y)), lambda np, x, y: partial(np.concatenate, (x, y)), TWO),
    Row("compare", lambda T, x, y: partial(operator.lt, x, y), lambda np, x, y: partial(operator.lt, x, y), TWO),
    Row("getitem_int", _getitem(2), _getitem(2), grad=True),
    Row("getitem_slice", _getitem(slice(1, 3)), _getitem(slice(1, 3))),
    Row("getitem_column", _getitem((slice(None), 0)), _getitem((slice(None), 0))),
    Row("getitem_index", lambda T, x, i: partial(operator.getitem, x, i), lambda np, x, i: partial(operator.getitem, x, i), (SMALL, INDEX)),
    Row("getitem_mask", lambda T, x, m: partial(operator.getitem, x, m), lambda np, x, m: partial(operator.getitem, x, m), (SMALL, MASK)),
    Row("view", _method("view", 2, 8), _method("reshape", (2, 8)), grad=True),
    Row("transpose", _method("transpose", 0, 1), _method("transpose"), grad=True),
    Row("unsqueeze", _method("unsqueeze", 0)),
    Row("expand", _method("expand", 3, 4, 4)),
    Row("detach", _method("detach")),
    Row("item", lambda T, x: partial(x[0, 0].item), lambda np, x: partial(x[0, 0].item)),
    Row("shape", lambda T, x: partial(getattr, x, "shape"), None, checked=False),
    Row("zeros", lambda T: partial(T.zeros, 4, 4), lambda np: partial(np.zeros, (4, 4), np.float32), ()),
    Row("empty", lambda T: partial(T.empty, 4, 4), lambda np: partial(np.empty, (4, 4), np.float32), (), checked=False),
    Row("arange", lambda T: partial(T.arange, 16), lambda np: partial(np.arange, 16), ()),
    Row("tensor_list", lambda T: partial(T.tensor, [1.0, 2.0, 3.0, 4.0]), lambda np: partial(np.array, [1.0, 2.0, 3.0, 4.0], np.float32), ()),
    Row("linear_module", lambda T, x: _linear(T, x), None),
    Row("backward", lambda T, x, y: _backward(T, x, y), None, TWO),
)  # fmt: skip


def _linear(T, x) -> Callable[[], Any]:
    module = T.nn.Linear(4, 4)
    with T.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.25)
    return partial(module, x)


def _backward(T, x, y) -> Callable[[], Any]:
    x.requires_grad_()

    def call() -> Any:
        return T.autograd.grad((x * y).sum(), x)

    return call


def cases() -> list[Case]:
    """Every row, and every row with ``grad`` once more with history."""
    made = [_case(row, row.name, False) for row in ROWS]
    return made + [_case(row, f"{row.name}-grad", True) for row in ROWS if row.grad]


def _case(row: Row, name: str, grad: bool) -> Case:
    programs: dict[str, Callable] = {"torch": partial(_run_torch, row, grad)}
    if row.numpy is not None and not grad:
        programs["numpy"] = partial(_run_numpy, row)
    parameters = {"op": row.name, "n": 16, "dtype": "float32", "grad": grad}
    traits: dict[str, Any] = {} if row.checked else {"closeness": None}
    return Case(
        "overhead",
        name,
        programs,
        row.inputs,
        parameters,
        traffic=False,
        subjects=("torch", "ingot", "numpy"),
        **traits,
    )


def _run_torch(row: Row, grad: bool, subject, *tensors) -> Callable[[], Any]:
    if grad:
        tensors[0].requires_grad_()
    return row.torch(subject.namespace, *tensors)


def _run_numpy(row: Row, subject, *arrays) -> Callable[[], Any]:
    assert row.numpy is not None
    return row.numpy(subject.namespace, *arrays)
