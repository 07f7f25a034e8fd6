"""Forward mode: a dual tensor is a primal with a tangent, at a level.

NOTE [Forward rules]
An op met with a dual input runs on the primals and pushes the tangents through its Jacobian. The rule for that is, in this order:
one declared for the input; the op itself, in inputs it is linear in; the reverse rule itself where the Jacobian is diagonal (pointwise ops:
J = Jᵀ, with conjugations for holomorphic functions of complex numbers); else the transpose of the reverse rule. The last needs no new
formula: the reverse rule g(u) = Jᵀu is linear in u, so differentiating <g(u), t> with respect to u gives Jt (the double-vjp trick,
https://j-towns.github.io/2017/06/12/A-new-trick.html). So jvp and vjp come from one formula and cannot drift apart.
"""

from __future__ import annotations

from ..core.graph import Leaf, Output, thread
from ..core.storage import storage_of
from ..core.tensor import Tensor, alias
from .views import Place, View


class Dual:
    """The history of a dual tensor: its ``primal`` (which may have a history of its own), its ``tangent``, the ``level`` it lives at."""

    __slots__ = ("level", "primal", "tangent")

    def __init__(self, level: int, primal: Tensor, tangent: Tensor):
        self.level = level
        self.primal = primal
        self.tangent = tangent

    def edge(self, tensor):
        history = self.primal._autograd
        return None if history is None else history.edge(self.primal)

    def grad_holder(self):
        if self.primal._autograd is None:
            self.primal.requires_grad_(False)
        return self.primal._autograd

    @property
    def base(self):
        return self.primal._base


def make_dual_tensor(primal: Tensor, tangent: Tensor, level: int) -> Tensor:
    """A tensor on the memory of ``primal`` that carries ``tangent`` at ``level``."""
    dual = alias(primal._array, storage_of(primal))
    dual._autograd = Dual(level, primal, tangent)
    return dual


def primal_and_tangent(tensor: Tensor, level: int):
    """(primal, tangent) of a tensor at a level; the tensor itself and None where it has no tangent there.

    A view of a tensor that got its tangent later, by a write, shows a part of that tangent.
    """
    history = tensor._autograd
    if type(history) is Dual:
        if history.level == level:
            return history.primal, history.tangent
    elif type(history) is View and type(history.base._autograd) is Dual:
        dual = history.base._autograd
        if dual.level == level:
            return tensor, Place(tensor, history.base).of(dual.tangent)
    return tensor, None


def write_tangent(tensor: Tensor, tangent: Tensor | None, level: int) -> None:
    """After values with ``tangent`` (None: constants) were written into ``tensor``: the tangents of it and of its base follow."""
    _, own = primal_and_tangent(tensor, level)
    if own is not None:
        if tangent is None:
            own.zero_()
        else:
            own.copy_(tangent)
        return
    if tangent is None:
        return
    base = tensor._base
    if base is None:
        _attach(tensor, _like(tensor).copy_(tangent), level)
        return
    if primal_and_tangent(base, level)[1] is None:
        _attach(base, _like(base).zero_(), level)
    own = primal_and_tangent(tensor, level)[1]
    assert own is not None
    own.copy_(tangent)


def _like(tensor: Tensor) -> Tensor:
    """Memory of its own for a tangent, laid out as the tensor is, so that its views find the same elements."""
    return tensor.new_empty_strided(tensor.shape, tensor.stride())


def _attach(tensor: Tensor, tangent: Tensor, level: int) -> None:
    """Make a tensor dual where it stands."""
    primal = alias(tensor._array, storage_of(tensor))
    primal._autograd = tensor._autograd
    tensor._autograd = Dual(level, primal, tangent)


def _is_dual(value, level: int) -> bool:
    if isinstance(value, Tensor):
        return value._autograd is not None and primal_and_tangent(value, level)[1] is not None
    return isinstance(value, (list, tuple)) and any(_is_dual(one, level) for one in value)


def dispatch_forward(op, arguments: tuple):
    """The op's result(s) as dual tensors if any argument is dual, else None. NOTE [Forward rules]"""
    level = thread.mode.level
    if not level or not any(_is_dual(value, level) for value in arguments):
        return None
    by_name = dict(zip([item.name for item in op.parameters], arguments, strict=True))
    primals, tangents = dict(by_name), {}
    for item in op.tensors:
        value = by_name[item.name]
        if isinstance(value, (list, tuple)):
            pairs = [primal_and_tangent(one, level) for one in value]
            primals[item.name] = [primal for primal, _ in pairs]
            if any(tangent is not None for _, tangent in pairs):
                tangents[item.name] = [tangent for _, tangent in pairs]
        elif isinstance(value, Tensor):
            primals[item.name], tangent = primal_and_tangent(value, level)
            if tangent is not None:
                tangents[item.name] = tangent
    keywords = {item.name: primals[item.name] for item in op.parameters}
    result = op.function(**keywords)
    results = result if isinstance(result, tuple) else (result,)
    if not op.differentiable:
        return result
    pushed = _push(op, keywords, tangents, result, results)
    duals: list[Tensor] = []
    for name, primal in zip(op.outputs if not op.multiple else [op.outputs[0]] * len(results), results, strict=True):
        tangent = pushed.get(name)
        if op.multiple and tangent is not None:
            tangent = tangent[len(duals)]
        if (
            tangent is not None
            and op.kind != "view"
            and (tangent._storage is not None or tangent._autograd is not None)
        ):
            tangent = (
                tangent.clone()
            )  # memory of its own: a write into the result must not reach what the tangent came from
        duals.append(primal if tangent is None else make_dual_tensor(primal, tangent, level))
    _save_duals(op, by_name, results, duals)
    return tuple(duals) if isinstance(result, tuple) else duals[0]


def _save_duals(op, arguments: dict, results, duals) -> None:
    """What the recorded node saved are primals; for forward over reverse its rules must see the tangents too."""
    history = results[0]._autograd
    node = getattr(history, "origin", history)
    node = node.node if type(node) is Output else node
    if node is None or isinstance(node, Leaf):
        return
    for name, value in arguments.items():
        slot = f"saved_{name}"
        if (
            isinstance(value, Tensor)
            and type(value._autograd) is Dual
            and getattr(node, slot, None) is value._autograd.primal
        ):
            setattr(node, slot, value)
    for name, dual in zip(op.outputs, duals, strict=False):
        saved = getattr(node, f"saved_{name}", None)
        if type(saved) is Tensor and type(dual._autograd) is Dual:
            saved._autograd = Dual(dual._autograd.level, alias(saved._array, saved._storage), dual._autograd.tangent)


def _push(op, primals: dict, tangents: dict, result, results) -> dict:
    """Tangents of the outputs, by output name: the sum over the inputs that have one."""
    totals: dict = {}

    def add(name, tangent):
        if tangent is not None:
            totals[name] = tangent if name not in totals else totals[name] + tangent

    rest: dict = {}
    for name, tangent in tangents.items():
        if name in op.jvps:
            for output, value in _as_outputs(
                op, _apply(op.jvps[name], op, primals, results, {"tangent": tangent})
            ).items():
                add(output, value)
        elif name in op.linear and (op.kind == "view" or not isinstance(tangent, list)):
            moved = op.function(**(primals | {name: tangent}))
            if op.multiple:
                totals[op.outputs[0]] = moved
            else:
                for output, value in _as_outputs(op, moved).items():
                    add(output, value)
        elif op.kind == "pointwise" and (op.holomorphic or not (tangent.is_complex() or result.is_complex())):
            rule = op.rules.get((name,))
            if rule is None:
                continue
            tangent = tangent.to(result.dtype).expand(result.shape)
            if tangent.is_complex():
                add("result", _apply(rule, op, primals, results, {"grad": tangent.conj()}).conj())
            else:
                add("result", _apply(rule, op, primals, results, {"grad": tangent}))
        else:
            rest[name] = tangent
    if rest:
        for output, value in _transpose(op, primals, rest, results).items():
            add(output, value)
    return totals


def _as_outputs(op, value) -> dict:
    if len(op.outputs) == 1:
        return {op.outputs[0]: value}
    return {name: item for name, item in zip(op.outputs, value, strict=True) if name in op.differentiable}


def _apply(rule, op, primals: dict, results, extra: dict):
    """Call a rule with what it names."""
    from inspect import signature

    known = dict(primals) | dict(zip(op.outputs, results, strict=False)) | extra
    for item in op.tensors:
        value = primals[item.name]
        if isinstance(value, (list, tuple)):
            known[f"{item.name}_shape"] = [one._array.shape for one in value]
            known[f"{item.name}_dtype"] = [one._array.dtype for one in value]
        elif isinstance(value, Tensor):
            known[f"{item.name}_shape"] = value._array.shape
            known[f"{item.name}_dtype"] = value.dtype
        else:
            known[f"{item.name}_shape"] = ()
    return rule(**{name: known[name] for name in signature(rule).parameters})


def _transpose(op, primals: dict, tangents: dict, results) -> dict:
    """Jt for all inputs in ``tangents`` at once, by transposing the reverse rules."""
    from .functions import grad

    outputs = dict(zip(op.outputs, results, strict=True)) if not op.multiple else None
    mode = thread.mode
    enabled, mode.enabled = mode.enabled, True
    try:
        if op.multiple:
            seeds = {"grad": [one.detach().new_zeros(one.shape).requires_grad_() for one in results]}
            flat = list(seeds["grad"])
        else:
            assert outputs is not None
            seeds = {
                f"grad_{name}": outputs[name].detach().new_zeros(outputs[name].shape).requires_grad_()
                for name in op.differentiable
            }
            flat = list(seeds.values())
            seeds["grad"] = flat[0]
        pulled, weights = [], []
        for inputs, rule in op.rules.items():
            if not any(name in tangents for name in inputs):
                continue
            lists = isinstance(primals[inputs[0]], (list, tuple))
            needs = tuple(name in tangents for name in inputs)
            if lists:
                needs = tuple(tangent is not None for tangent in tangents[inputs[0]])
            value = _apply(rule, op, primals, results, seeds | {"needs": needs})
            values = value if len(inputs) > 1 or lists else (value,)
            chosen = tangents[inputs[0]] if lists else [tangents.get(name) for name in inputs]
            for vjp, tangent in zip(values, chosen, strict=True):
                if vjp is not None and tangent is not None and vjp.requires_grad:
                    pulled.append(vjp)
                    weights.append(
                        tangent.to(vjp.dtype).expand(vjp.shape) if op.kind == "pointwise" else tangent.to(vjp.dtype)
                    )
        if not pulled:
            return {}
        moved = grad(pulled, flat, weights, create_graph=True, allow_unused=True)
    finally:
        mode.enabled = enabled
    if not enabled:
        moved = tuple(None if one is None else one.detach() for one in moved)
    if op.multiple:
        moved_list = [seed.new_zeros(seed.shape) if one is None else one for one, seed in zip(moved, flat, strict=True)]
        return {op.outputs[0]: moved_list}
    return dict(zip(op.differentiable, moved, strict=True))
