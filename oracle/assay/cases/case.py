"""What a case consists of, and its JSON form.

>>> case = Case("softmax", (TensorSpec((2, 3), "float32"),), (("dim", 1),))
>>> from_json(to_json(case)) == case
True
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

LAYOUTS = ("contiguous", "transposed", "sliced", "strided", "expanded")
SPARSE_LAYOUTS = ("sparse_coo", "sparse_csr")

FLOATING = ("float64", "float32", "float16", "bfloat16")
COMPLEX = ("complex128", "complex64")


@dataclass(frozen=True)
class TensorSpec:
    """A tensor argument: everything but the numbers, which follow from ``fill``, ``specials``, ``avoid`` and ``seed``.

    ``layout``: "contiguous"; "transposed" (strides reversed); "sliced" (rows of a wider block, at an offset); "strided" (every other
    element of the last dimension); "expanded" (stride 0 in the first dimension); "sparse_coo" and "sparse_csr" (zeros are not stored). ``fill`` names a distribution of ``cases.fill`` with its parameters.
    ``specials`` are values scattered over the tensor; ``avoid`` are points where the op is not smooth, kept at a distance of
    ``MARGIN``. ``constant``: not an argument that is differentiated. ``domain`` names the set that values and tangents stay in (``cases.domain``:
    "symmetric", "hermitian", "lower", "upper", "unit_lower", "unit_upper", "simplex", "diagonal"); "" is all of space.
    """

    shape: tuple[int, ...]
    dtype: str
    fill: tuple = ("uniform", -2.0, 2.0)
    layout: str = "contiguous"
    specials: tuple[float, ...] = ()
    avoid: tuple[float, ...] = ()
    seed: int = 0
    constant: bool = False
    domain: str = ""

    @property
    def differentiable(self) -> bool:
        """Whether a gradient may be asked for."""
        return not self.constant and self.dtype in FLOATING + COMPLEX

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        notes = [self.layout] * (self.layout != "contiguous") + [f"with {list(self.specials)}"] * bool(self.specials)
        return f"{self.dtype}{list(self.shape)}" + "".join(f" {note}" for note in notes)


@dataclass(frozen=True)
class DType:
    """A dtype argument by name."""

    name: str

    def __str__(self) -> str:
        return f"torch.{self.name}"


@dataclass(frozen=True)
class SliceOf:
    """A slice argument of ``__getitem__``."""

    start: int | None
    stop: int | None
    step: int | None

    def __str__(self) -> str:
        return ":".join("" if part is None else str(part) for part in (self.start, self.stop, self.step))


@dataclass(frozen=True)
class ListOf:
    """A Python list where an op tells lists from tuples (indexing)."""

    items: tuple

    def __str__(self) -> str:
        return f"[{', '.join(map(describe, self.items))}]"


@dataclass(frozen=True)
class Made:
    """An object as argument: what the target's constructor ``name`` ("nn.TransformerEncoderLayer") makes of the arguments.

    A scheduler ("optim.lr_scheduler.StepLR") is given the optimizer before them.
    """

    name: str
    args: tuple = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return called(self.name, self.args, self.kwargs)


@dataclass(frozen=True)
class Function:
    """A Python function as argument, by its name in ``cases.functions.FUNCTIONS``."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Case:
    """One call: the op's name, its arguments, and the seed given to the generator before it."""

    op: str
    args: tuple = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    seed: int = 0

    def tensors(self) -> list[TensorSpec]:
        """The tensor arguments, in the order in which ``materialise`` lists them."""
        return [leaf for leaf in leaves((self.args, self.kwargs)) if isinstance(leaf, TensorSpec)]

    def map(self, change: Callable[[TensorSpec], Any]) -> Case:
        """The case with every tensor argument changed."""
        return replace(self, args=rebuild(self.args, change), kwargs=rebuild(self.kwargs, change))

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that name the case."""
        return hashlib.sha1(to_json(self).encode()).hexdigest()[:12]

    @property
    def size(self) -> tuple[int, int]:
        """How complicated the case is: smaller is simpler."""
        return sum(spec.numel + 4 * (spec.layout != "contiguous") + len(spec.specials) for spec in self.tensors()), len(
            to_json(self)
        )

    def __str__(self) -> str:
        return called(self.op, self.args, self.kwargs)


@dataclass(frozen=True)
class StatefulCase(Case):
    """A module, optimizer or scheduler: ``args`` and ``kwargs`` construct it.

    ``inputs``: a module's forward arguments; an optimizer's parameters; what each ``step()`` of a scheduler is given. ``steps``: how many steps are taken.
    """

    inputs: tuple = ()
    steps: int = 1

    def tensors(self) -> list[TensorSpec]:
        found = leaves((self.args, self.kwargs, self.inputs))
        return [leaf for leaf in found if isinstance(leaf, TensorSpec)]

    def map(self, change: Callable[[TensorSpec], Any]) -> StatefulCase:
        args, kwargs, inputs = (rebuild(tree, change) for tree in (self.args, self.kwargs, self.inputs))
        return replace(self, args=args, kwargs=kwargs, inputs=inputs)

    def __str__(self) -> str:
        given = ", ".join(map(describe, self.inputs))
        return f"{super().__str__()} on ({given})" + f", {self.steps} steps" * (self.steps > 1)


def called(name: str, args: tuple, kwargs: tuple[tuple[str, Any], ...]) -> str:
    """A call as a person reads it."""
    parts = [describe(value) for value in args] + [f"{key}={describe(value)}" for key, value in kwargs]
    return f"{name}({', '.join(parts)})"


def describe(value: Any) -> str:
    """An argument as a person reads it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(describe, value))}{',' * (len(value) == 1)})"
    if value is Ellipsis:
        return "..."
    return str(value) if isinstance(value, tuple(_TAGGED.values())) else repr(value)


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves of an argument tree, left to right."""
    if isinstance(tree, tuple):
        for item in tree:
            yield from leaves(item)
    elif isinstance(tree, ListOf):
        yield from leaves(tree.items)
    elif isinstance(tree, Made):
        yield from leaves((tree.args, tree.kwargs))
    else:
        yield tree


def rebuild(tree: Any, change: Callable[[TensorSpec], Any]) -> Any:
    """An argument tree with every tensor changed."""
    if isinstance(tree, TensorSpec):
        return change(tree)
    if isinstance(tree, tuple):
        return tuple(rebuild(item, change) for item in tree)
    if isinstance(tree, ListOf):
        return ListOf(tuple(rebuild(item, change) for item in tree.items))
    if isinstance(tree, Made):
        return Made(tree.name, rebuild(tree.args, change), rebuild(tree.kwargs, change))
    return tree


_TAGGED: dict[str, type] = {
    "tensor": TensorSpec,
    "dtype": DType,
    "slice": SliceOf,
    "list": ListOf,
    "made": Made,
    "function": Function,
}


def to_json(case: Case) -> str:
    """The case as one line of JSON."""
    document: dict[str, Any] = {
        "op": case.op,
        "args": _encode(case.args),
        "kwargs": {key: _encode(value) for key, value in case.kwargs},
    }
    document["seed"] = case.seed
    if isinstance(case, StatefulCase):
        document |= {"inputs": _encode(case.inputs), "steps": case.steps}
    return json.dumps(document, separators=(",", ":"))


def from_json(text: str) -> Case:
    """The case that ``to_json`` wrote. ValueError for a text that is none."""
    try:
        document = json.loads(text)
        kwargs = tuple((key, _decode(value)) for key, value in document["kwargs"].items())
        call = (document["op"], _decode(document["args"]), kwargs, document["seed"])
        return (
            StatefulCase(*call, _decode(document["inputs"]), document["steps"]) if "inputs" in document else Case(*call)
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"this is no case ({error!r}); expected an object with op, args, kwargs and seed") from error


def _encode(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    for tag, kind in _TAGGED.items():
        if isinstance(value, kind):
            defaults = TensorSpec((), "") if kind is TensorSpec else None
            fields = {item.name: getattr(value, item.name) for item in dataclass_fields(kind)}
            return {
                tag: {
                    key: _encode(item)
                    for key, item in fields.items()
                    if defaults is None or key in ("shape", "dtype") or item != getattr(defaults, key)
                }
            }
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, complex):
        return {"complex": [_encode(value.real), _encode(value.imag)]}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag in _TAGGED:
        return _TAGGED[tag](**{key: _decode(item) for key, item in content.items()})
    if tag == "complex":
        return complex(*(_decode(part) for part in content))
    if tag == "float":
        # One NaN for all, so that a case read from JSON equals the one that was written.
        return math.nan if content == "nan" else float(content)
    return Ellipsis
