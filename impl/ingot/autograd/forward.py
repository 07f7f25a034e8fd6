"""Forward mode: a dual tensor is a primal with a tangent, at a level.

NOTE [Forward rules]
An op met with a dual input runs on the primals and pushes the tangents through its Jacobian. The rule for that is, in this order:
one declared for the input; the op itself, in inputs it is linear in; the reverse rule itself where the Jacobian is diagonal (pointwise ops:
J = Jᵀ, with conjugations for holomorphic functions of complex numbers); else the transpose of the reverse rule. The last needs no new
formula: the reverse rule g(u) = Jᵀu is linear in u, so differentiating <g(u), t> with respect to u gives Jt (the double-vjp trick,
https://j-towns.github.io/2017/06/12/A-new-trick.html). So jvp and vjp come from one formula and cannot drift apart.
"""

from __future__ import annotations

from ..core.graph import thread
from ..core.tensor import Tensor, alias


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
    dual = alias(primal._array, primal._storage)
    dual._autograd = Dual(level, primal, tangent)
    return dual


def primal_and_tangent(tensor: Tensor, level: int):
    """(primal, tangent) of a tensor at a level; the tensor itself and None where it has no tangent there."""
    history = tensor._autograd
    if type(history) is Dual and history.level == level:
        return history.primal, history.tangent
    return tensor, None


def _levels(values):
    for value in values:
        if isinstance(value, Tensor):
            if type(value._autograd) is Dual:
                yield value._autograd.level
        elif isinstance(value, (list, tuple)):
            yield from _levels(value)


def dispatch_forward(op, arguments: tuple):
    """The op's result(s) as dual tensors if any argument is dual, else None. NOTE [Forward rules]"""
    level = max(_levels(arguments), default=0)
    if not level:
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
        duals.append(primal if tangent is None else make_dual_tensor(primal, tangent, level))
    return tuple(duals) if isinstance(result, tuple) else duals[0]


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
