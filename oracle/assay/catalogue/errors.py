"""Calls that must be refused: each function here spoils a good call of any op in one way.

A record lists the ways that apply to its op (``@op("sum", bad=(*FOREIGN, no_such_dim))``). All of them start from a call that the record's own
``draw`` makes, so that everything but the one fault is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..cases import Case, TensorSpec
from ..cases.case import DType, ListOf
from ..surface import rows
from .drawing import Drawing

Bad = Callable[[Drawing], Case]

TRIES = 24
"""Good calls drawn in search of one whose tensors have elements and dimensions, so that a fault in them matters."""


def filled(d: Drawing) -> Case:
    """A good call whose tensors have elements, if one turns up."""
    case = d.good()
    for _ in range(TRIES):
        if first_shape(case) and all(spec.numel for spec in case.tensors()):
            return case
        case = d.good()
    return case


def only_first(case: Case, change: Callable[[TensorSpec], Any]) -> Case:
    """The case with its first tensor changed."""
    pending = [True]

    def visit(spec: TensorSpec) -> Any:
        return change(spec) if pending and pending.pop() else spec

    return case.map(visit)


# -- arguments that no op takes ---------------------------------------------------------------------------------------------------


def no_tensor(d: Drawing) -> Case:
    """A string where a tensor belongs."""
    return only_first(d.good(), lambda spec: "tensor")


def no_argument(d: Drawing) -> Case:
    """Nothing at all."""
    return replace(d.good(), args=(), kwargs=())


def surplus_argument(d: Drawing) -> Case:
    """More positional arguments than any signature has."""
    case = d.good()
    return replace(case, args=(*case.args, *[None] * 12))


def unknown_keyword(d: Drawing) -> Case:
    """A keyword that no op has."""
    case = d.good()
    return replace(case, kwargs=(*case.kwargs, ("no_such_option", 1)))


FOREIGN: tuple[Bad, ...] = (no_tensor, no_argument, surplus_argument, unknown_keyword)
"""Faults of the call itself. They apply to every function of a tensor with a fixed number of arguments."""


# -- dtypes and shapes ------------------------------------------------------------------------------------------------------------


def of_dtype(*dtypes: str) -> Bad:
    """All tensors of the case's dtype get one of ``dtypes``, which the op does not take."""

    def other_dtype(d: Drawing) -> Case:
        refused = d.choice(*dtypes)
        case = filled(d)
        without = replace(case, kwargs=tuple(item for item in case.kwargs if not isinstance(item[1], DType)))
        return without.map(
            lambda spec: (
                replace(spec, dtype=refused, specials=()) if spec.dtype == d.dtype or not spec.constant else spec
            )
        )

    return other_dtype


def first_of_dtype(*dtypes: str) -> Bad:
    """The first tensor gets one of ``dtypes`` while the others keep theirs."""

    def first_dtype(d: Drawing) -> Case:
        refused = d.choice(*(name for name in dtypes if name != d.dtype))
        return only_first(filled(d), lambda spec: replace(spec, dtype=refused, specials=()))

    return first_dtype


NO_COMPLEX, NO_BOOL, NO_INTEGER, NO_FLOAT = (
    of_dtype("complex64"),
    of_dtype("bool"),
    of_dtype("int64"),
    of_dtype("float32"),
)


def refused_dtypes(name: str) -> tuple[Bad, ...]:
    """The spoilings by dtype that apply to the op ``name``: complex, boolean and whole numbers, whichever its surface row lacks."""
    row = rows()[name]
    kinds = ((NO_COMPLEX, row.complex), (NO_BOOL, row.bool), (NO_INTEGER, row.int))
    return tuple(bad for bad, taken in kinds if not taken)


def longer(index: int, dim: int, by: int = 1) -> Bad:
    """Tensor ``index`` is ``by`` longer in dimension ``dim`` than the others let it be."""

    def grown(d: Drawing) -> Case:
        case = filled(d)
        for _ in range(TRIES):
            rank = len(case.tensors()[index].shape) if len(case.tensors()) > index else 0
            if -rank <= dim < rank:
                break
            case = filled(d)
        position = iter(range(len(case.tensors())))

        def change(spec: TensorSpec) -> TensorSpec:
            if next(position) != index:
                return spec
            shape = list(spec.shape)
            shape[dim] += by
            return replace(spec, shape=tuple(shape), layout="contiguous", fill=("uniform", 0.0, 1.0))

        return case.map(change)

    return grown


def unbroadcastable(d: Drawing) -> Case:
    """Two tensors whose shapes do not broadcast; whatever else the call has is kept."""
    lengths = iter((3, 5, 4, 2, 7, 6, 8))

    def shaped(spec: TensorSpec) -> TensorSpec:
        return replace(spec, shape=(3, next(lengths)), layout="contiguous")

    case = d.good()
    for _ in range(TRIES):
        if len(case.tensors()) > 1:
            break
        case = d.good()
    else:
        case = Case(case.op, tuple(d.tensor((3, 2)) for _ in case.args), (), case.seed)
    return case.map(shaped)


def of_shape(*shapes: tuple[int, ...]) -> Bad:
    """The first tensor gets one of ``shapes``, which the op does not take."""

    def other_shape(d: Drawing) -> Case:
        shape = d.choice(*shapes)
        return only_first(
            d.good(), lambda spec: replace(spec, shape=shape, layout="contiguous", fill=("uniform", 0.0, 3.0))
        )

    return other_shape


def instead(position: int, name: str, *values: Any) -> Bad:
    """The argument ``name`` (``position`` counts from 0) gets one of ``values``, which it may not have."""

    def other_value(d: Drawing) -> Case:
        return with_argument(filled(d), position, name, d.choice(*values))

    return other_value


def with_argument(case: Case, position: int, name: str, value: Any) -> Case:
    """The case with one argument set: where it stands, or as a keyword."""
    if len(case.args) > position:
        return replace(case, args=(*case.args[:position], value, *case.args[position + 1 :]))
    return replace(case, kwargs=(*((key, given) for key, given in case.kwargs if key != name), (name, value)))


def no_such_dim(position: int = 1, name: str = "dim") -> Bad:
    """A dimension just beyond either end of the first tensor."""

    def beyond(d: Drawing) -> Case:
        case = filled(d)
        rank = max(len(first_shape(case)), 1)
        return with_argument(case, position, name, d.choice(rank, -rank - 1, rank + 5))

    return beyond


def repeated_dim(position: int = 1, name: str = "dim") -> Bad:
    """One dimension named twice."""

    def twice(d: Drawing) -> Case:
        case = d.good()
        for _ in range(TRIES):
            if first_shape(case):
                break
            case = d.good()
        return with_argument(case, position, name, (0, 0))

    return twice


def first_shape(case: Case) -> tuple[int, ...]:
    """The shape of the first tensor."""
    specs = case.tensors()
    return specs[0].shape if specs else ()


def among(position: int, name: str, item: Any) -> Bad:
    """A sequence of tensors that also holds ``item``."""

    def mixed(d: Drawing) -> Case:
        case = d.good()
        given = case.args[position]
        items = given.items if isinstance(given, ListOf) else given
        return with_argument(case, position, name, (*items, item))

    return mixed
