"""From a declaration to the functions people call, written as straight-line source at first use.

An op's function starts as a stub; its first call writes the source (``source_of`` shows it), compiles it, and puts the code into the very
function object that the namespace and the Tensor class already hold. Tracebacks show the source through ``linecache``. Three pieces
are written per op: the function, the class of its graph node, and ``record``, which links a result to a new node. In the source, names
with a leading underscore are this module's; the others are the op's own parameters.
"""

from __future__ import annotations

import inspect
import linecache
import types

import numpy as np
from numpy._core import umath

from ..autograd.engine import note_trace
from ..autograd.forward import dispatch_forward
from ..autograd.saved import RELEASED, RecordedNode, pack, unpack_input, unpack_result
from ..autograd.views import DEFAULT, MULTIPLE_OUTPUTS, NO_GRAD, View
from ..backends import NAMESPACES
from ..core.dtype import HALF_NUMPY
from ..core.graph import Node, Output, next_sequence, thread
from ..core.storage import storage_of
from ..core.tensor import Tensor, alias
from . import dispatch
from .declare import LIST, OPTIONAL, STATIC, TENSOR, Op

# NumPy reports overflow and invalid operations as warnings, by a context variable. Tensors do not warn. Entering ``np.errstate`` costs
# more than the addition it guards; setting the variable itself costs a tenth. A NumPy without these names fails here, at import.
IGNORE_ERRORS = umath._make_extobj(all="ignore")
quiet, unquiet = umath._extobj_contextvar.set, umath._extobj_contextvar.reset


def make_function(op: Op):
    """The op's function: a stub whose code is written at its first call."""
    return _lazy(
        op.name, op, lambda: {"pointwise": _pointwise, "primitive": _primitive, "view": _view}[op.kind](op), op.doc
    )


def make_inplace(op: Op, name: str):
    """The form ``name_`` of a declared op: computes, writes into the first argument, bumps its version, rebases its history."""
    return _lazy(name, op, lambda: _inplace(op, name), f"In-place version of ``{op.name}``.")


def make_operator(op: Op, name: str, *, reflected: bool = False):
    """A Python operator of a two-operand pointwise op: its function, but NotImplemented for what is neither tensor nor number.

    ``reflected``: the method of the second operand (``2 - x``).
    """
    return _lazy(name, op, lambda: _pointwise(op, name, reflected), f"Python's operator of ``{op.name}``.")


def make_composite(op: Op, function):
    """A composite's public function: ``function``, the keyword ``out`` where the op has one, and TypeError for what should have been a tensor.

    The latter costs nothing until ``function`` fails on an attribute that a tensor would have had. Methods bind ``function`` itself (``__wrapped__``).
    """
    made = _lazy(op.name, op, lambda: _composite(op, function), op.doc)
    made.__doc__ = op.doc
    made.__module__ = function.__module__
    made.__wrapped__ = function
    return made


def _composite(op: Op, function) -> tuple[str, dict]:
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    arguments = ", ".join(_forward_argument(item) for item in parameters)
    given = ", ".join(f"{item.name!r}: {item.name}" for item in parameters)
    keyword = [inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)] if op.out else []
    variadic = [item for item in parameters if item.kind is inspect.Parameter.VAR_KEYWORD]
    plain = [item for item in parameters if item.kind is not inspect.Parameter.VAR_KEYWORD]
    stripped = [item.replace(annotation=inspect.Parameter.empty, default=_Source(f"_default_{item.name}")
                             if item.default is not inspect.Parameter.empty else inspect.Parameter.empty)
                for item in [*plain, *keyword, *variadic]]  # fmt: skip
    lines = [f"def {op.name}{inspect.Signature(stripped)}:", "    try:"]
    # Where the caller chooses the dtype, that of ``out`` is the choice, and another one beside it an error.
    computes = op.out is True and any(item.name == "dtype" for item in parameters)
    if op.out:
        lines += [
            f"        if out is None:\n            return _function({arguments})",
            *(
                ["        if dtype is None and isinstance(out, _Tensor):\n            dtype = out.dtype"]
                if computes
                else []
            ),
            f"        return _write_out({op.name!r}, out, _function({arguments}), {computes or op.out == 'exact'})",
        ]
    else:
        lines.append(f"        return _function({arguments})")
    lines += [
        "    except AttributeError as _error:",
        f"        raise _blame({op.name!r}, {{{given}}}, _error) from None",
    ]
    scope = {
        "_function": function, "_write_out": dispatch.write_out, "_default_out": None, "_blame": dispatch.blame, "_Tensor": Tensor,
    }  # fmt: skip
    scope |= {
        f"_default_{item.name}": item.default for item in parameters if item.default is not inspect.Parameter.empty
    }
    return "\n".join(lines) + "\n", scope


class _Source:
    """A default value that prints as an expression inside a generated signature."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _forward_argument(item: inspect.Parameter) -> str:
    match item.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            return f"*{item.name}"
        case inspect.Parameter.VAR_KEYWORD:
            return f"**{item.name}"
        case inspect.Parameter.KEYWORD_ONLY:
            return f"{item.name}={item.name}"
    return item.name


# -- compiling ------------------------------------------------------------------------------------------------------------------------


def _lazy(name: str, op: Op, write, doc: str):
    """A function whose code is what ``write()`` returns (source, scope), compiled at the first call."""

    def materialise():
        text, scope = write()
        # The scope that the function object was born with cannot be exchanged, so what the source needs is put into it.
        function.__globals__.update(scope)
        code = _compile(op, name, text, function.__globals__)
        function.__code__, function.__defaults__, function.__kwdefaults__ = (
            code.__code__,
            code.__defaults__,
            code.__kwdefaults__,
        )
        return function

    def stub(*args, **kwargs):
        return _materialise()(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821 - a name of the function's own scope

    scope = {"__name__": f"ingot.ops.generated.{name}", "__builtins__": __builtins__, "_materialise": materialise}
    function = types.FunctionType(stub.__code__, scope, name)
    function.__doc__ = f"{name}{op.signature.removeprefix(op.name)}\n\n{doc}"
    function.__module__ = "ingot"
    function.__qualname__ = name
    function.op = op  # type: ignore[attr-defined]
    function.backward, function.jvp = op.backward, op.jvp  # type: ignore[attr-defined]
    return function


def _shown(item) -> str:
    return item.name if item.default is None else f"{item.name}={item.default}"


def _compile(op: Op, name: str, text: str, scope: dict):
    filename = f"<ingot op {op.name}: {name}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), scope)
    return scope[name]


def source_of(op: Op) -> str:
    """The source written for an op, as its tracebacks show it."""
    write = {"pointwise": _pointwise, "primitive": _primitive, "view": _view}[op.kind]
    return write(op)[0]


def _signature(op: Op, extra: str = "") -> str:
    plain = [_shown(item) for item in op.parameters if not item.keyword_only]
    keyword = [_shown(item) for item in op.parameters if item.keyword_only] + ([extra] if extra else [])
    return ", ".join(plain + (["*", *keyword] if keyword else []))


def _scope(op: Op) -> dict:
    """The names that all generated source may use."""
    return {
        "_Tensor": Tensor, "_Node": RecordedNode, "_Output": Output, "_View": View, "_op": op, "_new": object.__new__, "_ndarray": np.ndarray,
        "_array_of": dispatch.array_of, "_thread": thread, "_next_sequence": next_sequence, "_quiet": quiet, "_unquiet": unquiet,
        "_IGNORE": IGNORE_ERRORS, "_explain": dispatch.explain, "_general": dispatch.general, "_operate": dispatch.operate, "_admit": dispatch.admit,
        "_namespaces": NAMESPACES, "_HALF": HALF_NUMPY, "_upcast": dispatch.upcast, "_storage_of": storage_of, "_alias": alias,
        "_unpack_input": unpack_input, "_unpack_result": unpack_result, "_RELEASED": RELEASED, "_forward": dispatch_forward,
        "_finish": finish_special, "_DEFAULT": DEFAULT, "_MULTIPLE": MULTIPLE_OUTPUTS, "_NO_GRAD": NO_GRAD,
        "_inplace": dispatch.inplace, "_kernel": op.kernel, "_fast": op.fast, "_same_place": dispatch.same_place,
        "_zeros": dispatch.zeros_for, "_MemoryError": MemoryError,
    }  # fmt: skip


# -- the graph node -------------------------------------------------------------------------------------------------------------------


def node_class_name(op: Op) -> str:
    """PyTorch's name for the node: "nll_loss" -> "NllLossBackward0"."""
    return op.node_name or "".join(part[:1].upper() + part[1:] for part in op.name.strip("_").split("_")) + "Backward0"


def _rule_names(rule) -> list[str]:
    return list(inspect.signature(rule).parameters)


def _saved(op: Op) -> dict[str, set[str]]:
    """What rules name besides gradients -> the inputs whose gradients need it."""
    wanted: dict[str, set[str]] = {}
    for inputs, rule in op.rules.items():
        for name in _rule_names(rule):
            if name == "needs" or name == "grad" or (name.startswith("grad_") and name[5:] in op.outputs):
                continue
            wanted.setdefault(name, set()).update(inputs)
    known = {item.name for item in op.parameters} | set(op.outputs)
    for name in wanted:
        base = name.removesuffix("_shape").removesuffix("_dtype")
        if name not in known and base not in known:
            raise TypeError(f"a rule of op '{op.name}' names '{name}', which is no argument or result of it")
    return wanted


def _write_node(op: Op) -> str:
    """Source of the node class: slots for what is saved, ``backward`` that unpacks it and calls the rules, ``release``."""
    by_name = {item.name: item for item in op.parameters}
    saved = _saved(op)
    tensors = op.tensors
    slots: list[str] = []
    unpack: dict[str, str] = {}
    for name in saved:
        item = by_name.get(name)
        if name in op.outputs:
            slots += [f"saved_{name}", f"version_{name}"]
            number = op.outputs.index(name)
            unpack[name] = f"_unpack_result(self.saved_{name}, self.version_{name}, self, {number})"
        elif item is not None and item.role == LIST:
            slots += [f"saved_{name}", f"version_{name}"]
            unpack[name] = f"[_unpack_input(s, v) for s, v in zip(self.saved_{name}, self.version_{name})]"
        elif item is not None and item.role != STATIC:
            slots += [f"saved_{name}", f"version_{name}"]
            unpack[name] = (
                f"_t if type(_t := self.saved_{name}) is _Tensor and ((_s := _t._storage) is None or _s.version == self.version_{name}) "
                f"else _t if self.version_{name} is None else _unpack_input(_t, self.version_{name})"
            )
        else:
            slots.append(f"saved_{name}")
            unpack[name] = f"self.saved_{name}"
    pointwise = op.kind == "pointwise"
    if pointwise:
        slots += [f"shape_{item.name}" for item in tensors]
    many = len(op.outputs) > 1 or op.multiple
    if many:
        slots += ["outputs", "metas"]
    lines = [
        f"class {node_class_name(op)}(_Node):",
        f"    __slots__ = {tuple(slots)!r}",
        f"    results = {op.outputs!r}",
        "",
        "    def backward(self, grad):",
    ]
    if many and not op.multiple:
        for number, output in enumerate(op.outputs):
            if output in op.differentiable:
                lines.append(f"        grad_{output} = grad[{number}]")
                if len(op.differentiable) > 1:
                    lines.append(
                        f"        if grad_{output} is None:\n            grad_{output} = _zeros(self.metas[{number}])"
                    )
        if len(op.differentiable) == 1:
            lines.append(f"        grad = grad_{op.differentiable[0]}")
            lines.append("        if grad is None:\n            return (None,) * len(self.edges)")
    elif op.multiple:
        lines.append("        if self.outputs == 1:\n            grad = (grad,)")
        lines.append("        grad = [_zeros(m) if g is None else g for g, m in zip(grad, self.metas)]")
    has_list = any(item.role == LIST for item in tensors)
    if has_list:
        lines.append("        _edges = self.edges")
    else:
        lines.append(f"        {''.join(f'_e{i}, ' for i in range(len(tensors)))}= self.edges")
        lines += [f"        _g{i} = None" for i in range(len(tensors))]
    number_of = {item.name: i for i, item in enumerate(tensors)}
    for index, (inputs, rule) in enumerate(op.rules.items()):
        names = _rule_names(rule)
        if has_list:
            call = _call(f"_rule{index}", names, unpack, "tuple(e is not None for e in _edges)")
            lines.append(f"        return tuple({call})")
            continue
        condition = " or ".join(f"_e{number_of[name]} is not None" for name in inputs)
        needs = "(" + "".join(f"_e{number_of[name]} is not None, " for name in inputs) + ")"
        lines.append(f"        if {condition}:")
        call = _call(f"_rule{index}", names, unpack, needs)
        targets = ", ".join(f"_g{number_of[name]}" for name in inputs)
        lines.append(f"            {targets} = {call}")
        if pointwise:
            name = inputs[0]
            target = f"_g{number_of[name]}"
            lines.append(f"            if {target} is not None and {target}._array.shape != self.shape_{name}:")
            lines.append(f"                {target} = {target}.sum_to_size(self.shape_{name})")
    if not has_list:
        lines.append(f"        return {''.join(f'_g{i}, ' for i in range(len(tensors)))}")
    releases = []
    for name in saved:
        if f"version_{name}" in slots:
            item = by_name.get(name)
            if item is not None and item.role == LIST:
                releases += [f"        self.saved_{name} = (_RELEASED,)", f"        self.version_{name} = (0,)"]
            else:
                releases += [f"        self.saved_{name} = _RELEASED", f"        self.version_{name} = 0"]
    if releases:
        lines += ["", "    def release(self):", *releases]
    return "\n".join(lines) + "\n"


def _call(function: str, names: list[str], unpack: dict[str, str], needs: str) -> str:
    arguments = []
    for name in names:
        if name == "needs":
            arguments.append(needs)
        else:
            arguments.append(unpack.get(name, name))
    return f"{function}({', '.join(arguments)})"


def _write_record(op: Op) -> str:
    """Source of ``_record(_out, *arguments)``: links a result (a tuple of results) to a new node where gradients are wanted."""
    tensors, saved = op.tensors, _saved(op)
    by_name = {item.name: item for item in op.parameters}
    parameters = ", ".join(item.name for item in op.parameters)
    arguments = f"({parameters},)" if op.parameters else "()"
    many = len(op.outputs) > 1
    has_list = any(item.role == LIST for item in tensors)
    lines = [
        f"def _record(_out, {parameters}):",
        "    _mode = _thread.mode",
        "    if _mode.special:",
        f"        _dual = _forward(_op, {arguments})",
        "        if _dual is not None:",
        "            return _dual",
    ]
    unrecorded = "None" if op.kind == "view" else "_out"
    if op.kind != "view":
        lines.append("    for _o in _out: _o._autograd = None" if many else "    _out._autograd = None")
    lines += ["    if not _mode.enabled:", f"        return {unrecorded}"]
    if has_list:
        lines.append("    _edges = []")
        for item in tensors:
            if item.role == LIST:
                lines.append(
                    f"    _edges += [None if t._autograd is None else t._autograd.edge(t) for t in {item.name}]"
                )
            else:
                lines.append(
                    f"    _edges.append(None if {item.name} is None or {item.name}._autograd is None else {item.name}._autograd.edge({item.name}))"
                )
        lines += ["    if not any(e is not None for e in _edges):", f"        return {unrecorded}"]
        edges = "tuple(_edges)"
    else:
        for i, item in enumerate(tensors):
            if (op.kind == "pointwise" and i > 0) or item.role == OPTIONAL or op.kind == "pointwise":
                lines.append(f"    _h = {item.name}._autograd if isinstance({item.name}, _Tensor) else None")
            else:
                lines.append(f"    _h = {item.name}._autograd")
            lines.append(f"    _e{i} = None if _h is None else _h.edge({item.name})")
            if not any(item.name in inputs for inputs in op.rules):
                lines.append(f"    _e{i} = None")
        lines += [
            f"    if {' and '.join(f'_e{i} is None' for i in range(len(tensors)))}:",
            f"        return {unrecorded}",
        ]
        edges = "(" + "".join(f"_e{i}, " for i in range(len(tensors))) + ")"
    lines += [
        f"    _n = _new({node_class_name(op)})", f"    _n.edges = {edges}", "    _n.sequence = _next_sequence()", "    _n.extras = None",
    ]  # fmt: skip
    if op.kind == "pointwise":
        for i, item in enumerate(tensors):
            lines.append(f"    if _e{i} is not None: _n.shape_{item.name} = {item.name}._array.shape")
    number_of = {item.name: i for i, item in enumerate(tensors)}
    for name, inputs in saved.items():
        guard = (
            "" if has_list else f"    if {' or '.join(f'_e{number_of[i]} is not None' for i in sorted(inputs))}:\n    "
        )
        lines.append(guard + "    " + ("\n    " + ("" if has_list else "    ")).join(_save(op, by_name, name)))
    if many:
        lines += [f"    _n.outputs = {len(op.outputs)}"]
        if len(op.differentiable) > 1:
            lines += ["    _n.metas = [(o._array.shape, o._array) for o in _out]"]
        for number, output in enumerate(op.outputs):
            if output in op.differentiable:
                lines.append(f"    _out[{number}]._autograd = _Output(_n, {number})")
    elif op.kind != "view":
        lines.append("    _out._autograd = _n")
    lines += ["    if _mode.special:", "        _finish(_op, _n)"]
    if op.kind == "view":
        lines.append("    return _n")
    else:
        lines.append("    return _out")
    return "\n".join(lines) + "\n"


def _save(op: Op, by_name: dict, name: str) -> list[str]:
    item = by_name.get(name)
    if name in op.outputs:
        result = f"_out[{op.outputs.index(name)}]" if len(op.outputs) > 1 else "_out"
        return [
            f"_s = _storage_of({result})", f"_n.saved_{name} = _alias({result}._array, _s)", f"_n.version_{name} = _s.version",
        ]  # fmt: skip
    if item is not None and item.role == LIST:
        return [f"_n.saved_{name} = tuple({name})", f"_n.version_{name} = tuple(t._version for t in {name})"]
    if item is not None and item.role == STATIC:
        return [f"_n.saved_{name} = {name}"]
    if item is not None:
        version = f"None if (_s := {name}._storage) is None else _s.version"
        if op.kind == "pointwise" or item.role == OPTIONAL:
            version = f"{name}._version if isinstance({name}, _Tensor) else None"
        else:
            version = f"0 if (_s := {name}._storage) is None else _s.version"
        return [f"_n.saved_{name} = {name}", f"_n.version_{name} = {version}"]
    base, kind = name.rsplit("_", 1)
    if by_name[base].role == LIST:
        return [f"_n.saved_{name} = [t._array.{kind} for t in {base}]"]
    if kind == "dtype":
        return [f"_n.saved_{name} = {base}.dtype"]
    return [f"_n.saved_{name} = {base}._array.shape if isinstance({base}, _Tensor) else ()"]


def finish_special(op: Op, node: Node) -> None:
    """What the rarer modes want of a node just recorded: saved-tensor hooks, anomaly mode's stack trace."""
    mode = thread.mode
    if mode.saved_hooks:
        roles = {item.name: item.role for item in op.tensors}
        for name in _saved(op):
            saved = getattr(node, f"saved_{name}", None)
            if roles.get(name) == LIST:
                setattr(node, f"saved_{name}", tuple(pack(item) for item in saved))
            elif isinstance(saved, Tensor):
                setattr(node, f"saved_{name}", pack(saved))
    if mode.anomaly:
        note_trace(node)


def _rules(op: Op) -> dict:
    return {f"_rule{index}": rule for index, rule in enumerate(op.rules.values())}


# -- pointwise ------------------------------------------------------------------------------------------------------------------------


def _pointwise(op: Op, operator: str = "", reflected: bool = False) -> tuple[str, dict]:
    names = [item.name for item in op.tensors]
    statics = op.statics
    takes_out = op.out and not operator
    scope = _scope(op) | _rules(op)
    is_ufunc = isinstance(op.kernel, np.ufunc)
    arrays = [f"_a{i}" for i in range(len(names))]
    if is_ufunc:
        call = f"_kernel({', '.join(arrays)})"
        plain = "".join(f" and {item.name} == {item.default}" for item in statics)
    else:
        call = f"_kernel(_namespaces[type(_a0)], {', '.join(arrays + [item.name for item in statics])})"
        plain = ""
    arguments = ", ".join(item.name for item in op.parameters)
    tuple_of = "(" + "".join(f"{name}, " for name in names) + ")"
    head = f"def {op.name}({_signature(op, 'out=None' if op.out else '')}):"
    if operator:
        defaults = "".join(f", {item.name}={item.default}" for item in statics)
        head = f"def {operator}({', '.join(reversed(names) if reflected else names)}{defaults}):"
        plain = ""
    body = [
        head,
        f"    if {' and '.join(f'type({name}) is _Tensor' for name in names)}{' and out is None' if takes_out else ''}{plain}:",
        *(f"        _a{i} = {name}._array" for i, name in enumerate(names)),
        f"        if {''.join(f'_a0.dtype is _a{i}.dtype and ' for i in range(1, len(names)))}_a0.dtype in _fast:",
        *_computation(op, call, names, arguments, tuple_of, "            "),
    ]
    if len(names) == 2:
        for tensor, number in ((0, 1), (1, 0)):
            if op.tensors[number].strict:
                continue
            body += [
                f"    elif type({names[tensor]}) is _Tensor and (type({names[number]}) is int or type({names[number]}) is float)"
                f"{' and out is None' if takes_out else ''}{plain}:",
                f"        _a{tensor} = {names[tensor]}._array",
                f"        _a{number} = {names[number]}",
                f"        if _a{tensor}.dtype in _fast and _a{tensor}.dtype.kind in ('iufc' if type(_a{number}) is int else 'fc'):",
                *_computation(
                    op,
                    _with_number(call, tensor, number, is_ufunc),
                    names,
                    arguments,
                    tuple_of,
                    "            ",
                    number,
                ),
            ]
    static = f"({''.join(f'{item.name}, ' for item in statics)})"
    if operator:
        body.append(f"    return _operate(_op, {tuple_of}, {static})")
    else:
        body.append(f"    return _general(_op, {tuple_of}, {static}, {'out' if op.out else 'None'})")
    text = "\n".join(body) + "\n"
    if op.rules:
        text += "\n" + _write_node(op) + "\n" + _write_record(op)
    return text, scope


def _with_number(call: str, tensor: int, number: int, is_ufunc: bool) -> str:
    """The call with a Python number: ufuncs give it the array's dtype themselves, other kernels are given a scalar that has it already."""
    call = call.replace("type(_a0)", f"type(_a{tensor})")
    return call if is_ufunc else call.replace(f", _a{number}", f", _a{tensor}.dtype.type(_a{number})")


def _computation(
    op: Op, call: str, names: list, arguments: str, tuple_of: str, indent: str, number: int | None = None
) -> list[str]:
    """Lines that compute on the arrays ``_a0, _a1, ...`` and record; ``number``: which of them is a Python number."""
    lines = ["_token = _quiet(_IGNORE)", "try:", f"    _r = {call}"]
    if number is not None:  # an integer that the dtype cannot hold
        statics = "".join(f"{item.name}, " for item in op.statics)
        lines += ["except OverflowError:", f"    return _general(_op, {tuple_of}, ({statics}), None)"]
    lines.append("except (ValueError, TypeError, _MemoryError) as _error:")
    if number is None and len(names) == 2:  # a 0-d host tensor beside one on a device
        statics = "".join(f"{item.name}, " for item in op.statics)
        lines += ["    if type(_a0) is not type(_a1):", f"        return _general(_op, {tuple_of}, ({statics}), None)"]
    lines += [
        f"    raise _explain(_op, _error, {tuple_of}) from None",
        "finally:", "    _unquiet(_token)",
        "_out = _new(_Tensor)", "_out._array = _r if type(_r) is _ndarray else _array_of(_r)", "_out._storage = None",
    ]  # fmt: skip
    if op.rules:
        tensors = [name for place, name in enumerate(names) if place != number]
        plain = " and ".join(f"{name}._autograd is None" for name in tensors)
        lines += [
            f"if {plain} or not ((_mode := _thread.mode).enabled or _mode.special):", "    _out._autograd = None", "    return _out",
            f"return _record(_out, {arguments})",
        ]  # fmt: skip
    else:
        lines += ["_out._autograd = None", "return _out"]
    return [indent + line for line in lines]


def _inplace(op: Op, name: str) -> tuple[str, dict]:
    """``name_``: a ufunc on plain tensors writes straight into the memory; all else goes through ``dispatch.inplace``."""
    scope = {
        "_Tensor": Tensor, "_general_inplace": dispatch.inplace, "_op": op, "_storage_of": storage_of, "_quiet": quiet, "_unquiet": unquiet,
        "_IGNORE": IGNORE_ERRORS, "_kernel": op.kernel, "_fast": op.fast, "_explain_write": dispatch.explain_write, "_thread": thread,
    }  # fmt: skip
    names = [item.name for item in op.tensors]
    statics = op.statics
    signature = _signature(op)
    lines = [f"def {name}({signature}):"]
    straight = (
        isinstance(op.kernel, np.ufunc) and op.kernel.nout == 1 and op.promote != "bool" and op.inplace != "exact"
    )
    if straight and len(names) <= 2:
        others = names[1:]
        plain = "".join(f" and {item.name} == {item.default}" for item in statics)
        first = names[0]
        lines += [
            f"    if type({first}) is _Tensor and ({first}._autograd is None or not ((_m := _thread.mode).enabled or _m.level)){plain}:",
            f"        _a0 = {first}._array",
        ]
        if others:
            other = others[0]
            lines += [
                f"        if type({other}) is _Tensor and ({other}._autograd is None or not ((_m := _thread.mode).enabled or _m.level)) and "
                f"({other}._storage is None or {other}._storage is not {first}._storage):",
                f"            _a1 = {other}._array",
                f"        elif type({other}) is float or type({other}) is int:",
                f"            _a1 = {other} if _a0.dtype.kind in 'fc' else None",
                "        else:",
                "            _a1 = None",
                "        if _a1 is not None and _a0.dtype in _fast and (_a1 is other or _a1.dtype is _a0.dtype) and 0 not in _a0.strides:".replace(
                    "other", other
                ),
            ]
        else:
            lines.append("        if _a0.dtype in _fast and 0 not in _a0.strides:")
        arrays = ", ".join(f"_a{i}" for i in range(len(names)))
        lines += [
            "            _token = _quiet(_IGNORE)",
            "            try:",
            f"                _kernel({arrays}, out=_a0)",
            "            except (ValueError, TypeError) as _error:",
            f"                raise _explain_write(_op, _error, ({', '.join(names)},)) from None",
            "            finally:",
            "                _unquiet(_token)",
            f"            _storage_of({first}).version += 1",
            f"            return {first}",
        ]
    forwarded = ", ".join(
        item.name if not item.keyword_only else f"{item.name}={item.name}" for item in op.parameters[1:]
    )
    others = "".join(f"{item}, " for item in names[1:])
    needs_old = any(names[0] in _rule_names(rule) for rule in op.rules.values())
    lines.append(
        f"    return _general_inplace(_op, {op.parameters[0].name}, lambda _t: _op.function({_join('_t', forwarded)}), others=({others}), needs_old={needs_old})"
    )
    return "\n".join(lines) + "\n", scope


def _join(first: str, rest: str) -> str:
    return f"{first}, {rest}" if rest else first


# -- primitives and views -------------------------------------------------------------------------------------------------------------


def _primitive(op: Op) -> tuple[str, dict]:
    scope = _scope(op) | _rules(op)
    lines = [f"def {op.name}({_signature(op)}):"]
    call = []
    first = None
    for i, item in enumerate(op.tensors):
        name = item.name
        if item.role == LIST:
            lines += [f"    _a{i} = [t._array for t in {name}]"]
            first = first or f"_a{i}[0]"
        elif item.role == OPTIONAL:
            lines += [
                f"    if {name} is None:", f"        _a{i} = None", "    else:",
                f"        if type({name}) is not _Tensor: _admit(_op, {name!r}, {name})", f"        _a{i} = {name}._array",
            ]  # fmt: skip
        else:
            lines += [
                f"    if type({name}) is not _Tensor: _admit(_op, {name!r}, {name})",
                f"    _a{i} = {name}._array",
            ]
            first = first or f"_a{i}"
    if len(op.tensors) > 1:
        for i, item in enumerate(op.tensors[1:], 1):
            if item.role == TENSOR:
                lines.append(f"    if type(_a{i}) is not type(_a0): _same_place(_op, _a0, _a{i})")
    number = iter(range(len(op.tensors)))
    call = [item.name if item.role == STATIC else f"_a{next(number)}" for item in op.parameters]
    kernel_call = f"_kernel(_namespaces[type({first})], {', '.join(call)})"
    lines += ["    _token = _quiet(_IGNORE)", "    try:"]
    if op.half == "upcast":
        lines += [
            f"        if {first}.dtype in _HALF:",
            f"            _r = _upcast(_kernel, _namespaces[type({first})], ({', '.join(call)},))",
            "        else:",
            f"            _r = {kernel_call}",
        ]
    else:
        lines.append(f"        _r = {kernel_call}")
    lines += [
        "    except _MemoryError as _error:",
        "        raise _explain(_op, _error, ()) from None",
        "    finally:",
        "        _unquiet(_token)",
    ]
    arguments = ", ".join(item.name for item in op.parameters)
    if len(op.outputs) > 1:
        lines.append("    _out = tuple([_alias(_x if type(_x) is _ndarray else _array_of(_x), None) for _x in _r])")
    else:
        lines += [
            "    _out = _new(_Tensor)",
            "    _out._array = _r if type(_r) is _ndarray else _array_of(_r)",
            "    _out._storage = None",
        ]
    if op.rules:
        conditions = []
        for item in op.tensors:
            if item.role == LIST:
                conditions.append(f"all(t._autograd is None for t in {item.name})")
            elif item.role == OPTIONAL:
                conditions.append(f"({item.name} is None or {item.name}._autograd is None)")
            else:
                conditions.append(f"{item.name}._autograd is None")
        lines.append(f"    if {' and '.join(conditions)}:")
        if len(op.outputs) == 1:
            lines.append("        _out._autograd = None")
        lines += ["        return _out", f"    return _record(_out, {arguments})"]
    else:
        if len(op.outputs) == 1:
            lines.append("    _out._autograd = None")
        lines.append("    return _out")
    text = "\n".join(lines) + "\n"
    if op.rules:
        text += "\n" + _write_node(op) + "\n" + _write_record(op)
    return text, scope


def _view(op: Op) -> tuple[str, dict]:
    scope = _scope(op) | _rules(op)
    statics = ", ".join(item.name for item in op.statics)
    arguments = ", ".join(item.name for item in op.parameters)
    lines = [
        f"def {op.name}({_signature(op)}):",
        "    if type(input) is not _Tensor: _admit(_op, 'input', input)",
        f"    _r = _kernel({_join('input._array', statics)})",
    ]
    if op.multiple:
        lines += [
            "    _s = _storage_of(input)",
            "    _h = input._autograd",
            "    _base = _h.base if type(_h) is _View else input",
            "    _out = [_alias(_x, _s) for _x in _r]",
            f"    _n = None if _h is None or not _out else _record(_out, {arguments})",
            "    if type(_n) is tuple: return _n",
            "    if _n is not None:",
            "        _n.outputs = len(_out)",
            "        _n.metas = [(o._array.shape, o._array) for o in _out]",
            "    _creation = _MULTIPLE if _thread.mode.enabled else _NO_GRAD",
            "    for _i, _o in enumerate(_out):",
            "        _o._autograd = _View(_base, _s.version, None if _n is None else _Output(_n, _i), _creation)",
            "    return tuple(_out)",
        ]
    else:
        lines += _viewed(arguments)
    text = "\n".join(lines) + "\n"
    text += "\n" + _write_node(op) + "\n" + _write_record(op)
    return text, scope


def _viewed(arguments: str) -> list[str]:
    """Lines that make a tensor of the array ``_r``, which shows the memory of ``input``."""
    return [
        "    _s = input._storage",
        "    if _s is None: _s = _storage_of(input)",
        "    _h = input._autograd",
        "    _out = _new(_Tensor)",
        "    _out._array = _r",
        "    _out._storage = _s",
        "    if _h is None:",
        "        _out._autograd = _v = _new(_View)",
        "        _v.base = input",
        "        _v.origin = None",
        "    else:",
        f"        _n = _record(_out, {arguments})",
        "        if type(_n) is _Tensor: return _n",
        "        _out._autograd = _v = _new(_View)",
        "        _v.base = _h.base if type(_h) is _View else input",
        "        _v.origin = _n",
        "    _v.version = _s.version",
        "    _v.creation = _DEFAULT if _thread.mode.enabled else _NO_GRAD",
        "    _v.holder = None",
        "    return _out",
    ]


def make_view_of(op: Op):
    """The second half of a view op, ``of(array, input, *statics)``: for callers that have made the array already, by NumPy's own checks."""
    name = f"{op.name}_of"

    def write():
        space = op.function.__globals__
        if "_record" not in space:
            space["_materialise"]()
        arguments = ", ".join(item.name for item in op.parameters)
        text = "\n".join([f"def {name}(_r, {arguments}):", *_viewed(arguments)]) + "\n"
        return text, _scope(op) | {"_record": space["_record"]}

    return _lazy(name, op, write, f"``{op.name}`` of an array that is made already.")
