"""The records of the catalogue: what the harness knows about an op, a module, an optimizer, a scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cases import Case
from ..surface import Row, rows

if TYPE_CHECKING:
    from .drawing import Drawing


@dataclass(frozen=True)
class Tolerance:
    """How far a floating-point answer may lie from the oracle's before an arbiter is asked.

    ``kind``: "exact" (the same bits); "ulp" (``units`` units in the last place, per element); "sum" (rounding of a sum of products:
    n * eps * the op applied to the absolute values of its arguments); "scaled" (``units`` * eps of the largest element of the answer).
    """

    kind: str
    units: float = 0.0


def ulp(units: float) -> Tolerance:
    """Per element, that many units in the last place."""
    return Tolerance("ulp", units)


EXACT = Tolerance("exact")
SUM = Tolerance("sum", 4.0)
SCALED = Tolerance("scaled", 32.0)


# -- what must hold without an oracle ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Law:
    """An identity of the op that ``properties.laws`` checks. ``kind`` and ``tensors`` (which tensor arguments it speaks of, counted from 0):

    "homogeneous"   f(c x) = c**degree f(x) for c a power of two, x being all of ``tensors`` at once
    "commutative"   swapping the two ``tensors`` changes nothing
    "odd", "even"   f(-x) = -f(x), f(-x) = f(x)
    "permuted"      permuting the rows (first dimension) of ``tensors`` permutes the rows of every leaf of the answer alike
    "invariant"     permuting the rows (first dimension) of ``tensors`` changes nothing
    "shifted"       f(x + c) = f(x), c a small whole number

    It is not held against cases that are ``except_for``.
    """

    kind: str
    tensors: tuple[int, ...] = (0,)
    degree: float = 1.0
    except_for: Callable[[Case], bool] | None = None


def homogeneous(degree: float, *tensors: int, except_for: Callable[[Case], bool] | None = None) -> Law:
    """Scaling ``tensors`` (the first, if none is named) by c scales the answer by c**degree."""
    return Law("homogeneous", tensors or (0,), degree, except_for)


COMMUTATIVE = Law("commutative", (0, 1))
ODD = Law("odd")
EVEN = Law("even")
PERMUTED = Law("permuted")
INVARIANT = Law("invariant")
SHIFTED = Law("shifted")


# -- answers that are indices -----------------------------------------------------------------------------------------------------

PointsAt = Callable[[Case, np.ndarray, np.ndarray], np.ndarray]
"""(case, values of the first tensor argument, integer leaf of the answer) -> the values that the leaf points at."""


def along(position: int = 1, default: int | None = -1) -> PointsAt:
    """Indices along a dimension: the argument ``dim``, at ``position`` of the call; None stands for the flattened tensor. For argmax, sort, topk, mode, ..."""

    def values_at(case: Case, source: np.ndarray, index: np.ndarray) -> np.ndarray:
        keywords = dict(case.kwargs)
        dim = keywords.get("dim", case.args[position] if len(case.args) > position else default)
        if dim is None:
            return source.reshape(-1)[index]
        if not source.ndim:
            return np.broadcast_to(source, index.shape)
        if index.ndim < source.ndim:
            return np.take_along_axis(source, np.expand_dims(index, dim), dim).squeeze(dim)
        return np.take_along_axis(source, index, dim)

    return values_at


def spatial(rank: int) -> PointsAt:
    """Indices into the last ``rank`` dimensions, flattened: those of max pooling."""

    def values_at(case: Case, source: np.ndarray, index: np.ndarray) -> np.ndarray:
        lead = source.shape[: source.ndim - rank]
        flat = source.reshape(*lead, -1)
        return np.take_along_axis(flat, index.reshape(*lead, -1), -1).reshape(index.shape)

    return values_at


# -- ops --------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Op:
    """What the harness knows about one op.

    ``draw(d)`` draws a ``Case`` with the choices of a ``Drawing``; ``bad`` are draws of calls that PyTorch refuses (which one is drawn is drawn too).

    ``dtypes``          dtype groups (``drawing.GROUPS``); None for those of the surface row
    ``specials``        NaN, infinities and the like may stand in its arguments
    ``tolerance``       how near an answer must be before an arbiter is asked
    ``random``          it draws from the generator, so seeds are set before each call
    ``distribution``    where the stream is not promised: ``distribution(case)`` names the law that the elements follow (``properties.randomness``)
    ``uninitialised``   the values of the answer mean nothing
    ``smooth``          it is differentiable where ``draw`` puts its smooth cases, and finite differences apply
    ``analytic``        it is holomorphic and takes complex numbers, so the complex step applies
    ``kinks``           points of the first tensor at which some derivative jumps: smooth cases keep away from them; the convention at them is compared with the oracle's
    ``gauge``           name in ``judge.gauge.GAUGES``: makes an answer that is defined up to signs, phases or order unambiguous (eigenvectors, SVD, QR)
    ``points``          its integer leaves are indices into the first tensor, judged by the value that they point at (``along``, ``spatial``)
    ``core``            trailing dimensions of each tensor argument that one application works on, in the manner of NumPy's gufuncs; what stands before
                        is batch and broadcasts (0: elementwise, 2: a matrix, None: the argument has no batch). None: the op has no batch
    ``laws``            identities that it obeys

    A tensor whose values (and tangents) obey a constraint says so itself: ``d.tensor(..., domain="hermitian")``.
    """

    name: str
    family: str
    draw: Callable[[Drawing], Case]
    tolerance: Tolerance = EXACT
    random: bool = False
    specials: bool = True
    smooth: bool = True
    uninitialised: bool = False
    dtypes: tuple[str, ...] | None = None
    bad: tuple[Callable[[Drawing], Case], ...] = ()
    distribution: Callable[[Case], str] | None = None
    analytic: bool = False
    kinks: tuple[float, ...] = ()
    gauge: str | None = None
    points: PointsAt | None = None
    core: tuple[int | None, ...] | None = None
    laws: tuple[Law, ...] = ()

    @property
    def row(self) -> Row:
        """The op's row of the surface."""
        return rows()[self.name]

    @property
    def groups(self) -> tuple[str, ...]:
        """The dtype groups (``drawing.GROUPS``) that the op is documented to take."""
        if self.dtypes is not None:
            return self.dtypes
        row = self.row
        optional = (("complex", row.complex), ("integer", row.int), ("bool", row.bool))
        return ("real", "half", *(name for name, given in optional if given))


def family(name: str) -> tuple[list[Op], Callable[..., Callable]]:
    """The list of a family's records, and the decorator that adds to it.

    >>> OPS, op = family("reductions")
    >>> @op("sum", "nansum", tolerance=SUM)
    ... def total(d): return d.call(d.tensor(d.shape()))

    Calls that must be refused are given beside, one function each: ``@op("sum", bad=(no_such_dim,))``.
    """
    records: list[Op] = []

    def op(*names: str, **traits) -> Callable:
        def add(draw: Callable[[Drawing], Case]) -> Callable[[Drawing], Case]:
            records.extend(Op(each, name, draw, **traits) for each in names)
            return draw

        return add

    return records, op


# -- modules, optimizers, schedulers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModuleRecord:
    """A module: ``draw(d)`` gives ``d.stateful(*constructor arguments, inputs=(forward arguments,), **constructor keywords)``.

    The harness copies the oracle's initial state into the target's module before it compares anything but the state itself.

    ``random``       its forward draws from the generator while training (dropout)
    ``initialised``  its initial state follows from the seed alone and must equal the oracle's bit for bit
    ``modes``        what it is run in
    ``backward``     its outputs can be differentiated
    """

    name: str
    draw: Callable[[Drawing], Case]
    tolerance: Tolerance = SCALED
    random: bool = False
    initialised: bool = True
    modes: tuple[str, ...] = ("train", "eval")
    backward: bool = True
    dtypes: tuple[str, ...] = ("real",)
    specials: bool = False
    bad: tuple[Callable[[Drawing], Case], ...] = ()
    kinks: tuple[float, ...] = ()
    family: str = "modules"


@dataclass(frozen=True)
class OptimizerRecord:
    """An optimizer: ``draw(d)`` gives ``d.stateful(inputs=(parameters: tensor specs,), steps=n, **hyperparameters)``.

    The harness makes the parameters, takes ``steps`` steps down a fixed rugged function of them, and compares parameters and state after every step.

    ``closure``   ``step`` needs a closure that evaluates the loss (LBFGS)
    ``sparse``    its gradients must be sparse (SparseAdam)
    """

    name: str
    draw: Callable[[Drawing], Case]
    tolerance: Tolerance = field(default=Tolerance("scaled", 64.0))
    closure: bool = False
    sparse: bool = False
    dtypes: tuple[str, ...] = ("real",)
    specials: bool = False
    bad: tuple[Callable[[Drawing], Case], ...] = ()
    kinks: tuple[float, ...] = ()
    family: str = "optimizers"


@dataclass(frozen=True)
class SchedulerRecord:
    """A learning-rate scheduler: ``draw(d)`` gives ``d.stateful(inputs=(what each step() is given, ...), steps=n, **keywords)``.

    It is put on an SGD with two parameter groups; the rates after every step and the ``state_dict`` are compared. ``inputs`` is () where ``step()``
    takes nothing, else one argument a step (ReduceLROnPlateau's metrics). Schedulers made of others name them with ``d.made``.
    """

    name: str
    draw: Callable[[Drawing], Case]
    tolerance: Tolerance = field(default=Tolerance("ulp", 4.0))
    momentum: bool = False  # it also cycles the momentum
    dtypes: tuple[str, ...] = ("smooth",)
    specials: bool = False
    bad: tuple[Callable[[Drawing], Case], ...] = ()
    kinks: tuple[float, ...] = ()
    family: str = "schedulers"


Record = Op | ModuleRecord | OptimizerRecord | SchedulerRecord
"""Whatever a case can be drawn for."""


def collection(kind: Callable[..., Any], **common: Any) -> tuple[list[Any], Callable[..., Callable]]:
    """As ``family``, for one kind of record.

    >>> MODULES, module = collection(ModuleRecord)
    >>> @module("nn.ReLU", "nn.Tanh")
    ... def activation(d): return d.stateful(inputs=(d.tensor(d.shape()),))
    """
    records: list[Any] = []

    def add(*names: str, **traits: Any) -> Callable:
        def entered(draw: Callable[[Drawing], Case]) -> Callable[[Drawing], Case]:
            records.extend(kind(name, draw, **(common | traits)) for name in names)
            return draw

        return entered

    return records, add


def by_name(records: list[Any]) -> Mapping[str, Any]:
    """The records by name. ValueError for a name that is entered twice."""
    found: dict[str, Any] = {}
    for record in records:
        if record.name in found:
            raise ValueError(f"'{record.name}' stands in the catalogue twice")
        found[record.name] = record
    return found
