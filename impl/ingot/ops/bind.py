"""Puts the declared ops where people look for them: namespaces, Tensor methods, in-place forms, aliases."""

from __future__ import annotations

from ..core.tensor import Tensor
from .declare import REGISTRY, Op
from .dispatch import inplace
from .generate import make_inplace


def bind(modules) -> dict[str, dict]:
    """Bind every declared op; returns namespace name -> {function name: function}.

    ``modules`` are the family modules; a module's ``ALSO`` names functions (of "torch" unless qualified) that stand in further namespaces too,
    "sigmoid as expit" under another name.
    """
    spaces: dict[str, dict] = {}
    for op in REGISTRY.values():
        if op.namespace == "internal":
            continue
        space = spaces.setdefault(op.namespace, {})
        names = (op.name, *op.aliases)
        for name in names:
            space[name] = op.function
            if op.method:
                _set_method(name, _method_of(op))
        if op.inplace:
            written = make_inplace(op, f"{op.name}_") if op.kind == "pointwise" else _inplace_of(op)
            for name in names:
                space[f"{name}_"] = written
                if op.method:
                    _set_method(f"{name}_", written)
    for module in modules:
        for namespace, names in getattr(module, "ALSO", {}).items():
            for name in names:
                found, _, renamed = name.partition(" as ")
                source, _, short = found.rpartition(".")
                spaces.setdefault(namespace, {})[renamed or short] = spaces[source or "torch"][short]
    return spaces


def _method_of(op: Op):
    """What the Tensor method of an op is: of a composite the function inside, since methods take no ``out`` and have a tensor in front."""
    return op.function.__wrapped__ if op.kind == "composite" else op.function


def _set_method(name: str, function) -> None:
    # A method written by hand beside an op (``Tensor.view``) wins over the derived one.
    if name not in Tensor.__dict__:
        setattr(Tensor, name, function)


def _inplace_of(op: Op):
    """The in-place form of a composite or primitive."""
    function = op.function

    def written(input, *args, **kwargs):
        return inplace(op, input, lambda before: function(before, *args, **kwargs), others=(*args, *kwargs.values()))

    written.__name__ = written.__qualname__ = f"{op.name}_"
    written.__doc__ = f"In-place version of ``{op.name}``."
    written.__wrapped__ = getattr(function, "__wrapped__", function)  # whose signature this one has
    return written
