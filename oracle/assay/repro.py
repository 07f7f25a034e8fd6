"""Stand-alone scripts: a failing case as a program of the framework's own users, without the harness, ready for an issue.

The numbers stand in the script; tensors with more than ``MOST`` elements as compressed bytes.
"""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from . import targets
from .cases import Case, DType, Function, ListOf, Made, SliceOf, StatefulCase, TensorSpec, values
from .corpus import write_atomically
from .judge import Verdict
from .targets import Target

MOST = 64
"""Elements that are written out as numbers."""

DERIVATIVES = ("derivatives", "higher_derivatives", "kinks")

LAYOUTS = {
    "contiguous": "{array}",
    "transposed": "np.ascontiguousarray({array}.T).T",
    "sliced": "np.pad({array}, [(0, 0)] * {before} + [(1, {after})])[..., 1 : {side} + 1]",
    "strided": "np.pad(np.repeat({array}, 2, -1), [(0, 0)] * {before} + [(1, 2)])[..., 1 : {twice} + 1 : 2]",
    "expanded": "np.broadcast_to({array}[:1], {shape}).copy()[:]",
}
"""Layout -> the NumPy expression that puts an array so."""


def script(verdict: Verdict, *, only: str = "both") -> str:
    """The script for a verdict, for the ``only`` "target", "oracle" or "both" of them."""
    case = verdict.case
    names = {"target": (verdict.target,), "oracle": (verdict.oracle,), "both": (verdict.oracle, verdict.target)}[only]
    names = tuple(dict.fromkeys(names))
    lines = [f'"""{verdict.property}: {_one_line(verdict.what) or case.op}"""', "", "import numpy as np"]
    lines += ["from numpy import inf, nan", ""]
    lines += ["", "def program(T):"]
    tensors = [f"x{place}" for place in range(len(case.tensors()))]
    for name, spec in zip(tensors, case.tensors(), strict=True):
        lines.append(f"    {name} = {_tensor(spec)}")
    writer = _Writer(tensors, targets.load(verdict.oracle))
    if isinstance(case, StatefulCase):
        lines += writer.stateful(case)
    elif verdict.property in DERIVATIVES:
        lines += writer.derivatives(case)
    elif verdict.property == "forms":
        lines += [f"    T.manual_seed({case.seed})", *writer.form(case, verdict.what)]
    else:
        lines += [f"    T.manual_seed({case.seed})", f"    return {writer.call(case)}"]
    lines += ["", ""]
    for name in names:
        module = _module(name)
        lines += [f"import {module}", "", f'print("{name}")']
        lines += [
            f"try:\n    print(program({module}))\nexcept Exception as error:\n    print(type(error).__name__, error)"
        ]
    return "\n".join(lines) + "\n"


def write(verdict: Verdict, directory: Path) -> Path | None:
    """Write the script under a name that says op, property and case; None where the disk refuses."""
    path = directory / f"{verdict.case.op.replace('.', '_')}-{verdict.property}-{verdict.case.id}.py"
    try:
        write_atomically(path, script(verdict))
    except OSError:
        return None
    return path


def _module(name: str) -> str:
    namespace = targets.load(name).namespace
    return getattr(namespace, "__name__", name)


def _one_line(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'").replace("\n", " ")


class _Writer:
    """Writes calls; tensors are named in the order in which they occur."""

    def __init__(self, names: list[str], oracle: Target):
        self._names = iter(names)
        self._all = names
        self._oracle = oracle

    def value(self, value: Any) -> str:
        if isinstance(value, TensorSpec):
            return next(self._names)
        if isinstance(value, tuple):
            return f"({', '.join(map(self.value, value))}{',' * (len(value) == 1)})"
        if isinstance(value, ListOf):
            return f"[{', '.join(map(self.value, value.items))}]"
        if isinstance(value, DType):
            return f"T.{value.name}"
        if isinstance(value, SliceOf):
            return f"slice({value.start}, {value.stop}, {value.step})"
        if isinstance(value, Made):
            return f"T.{value.name}({self.arguments(value.args, value.kwargs)})"
        if isinstance(value, Function):
            return f"FUNCTIONS[{value.name!r}]"
        if value is Ellipsis:
            return "..."
        if isinstance(value, complex):
            return f"complex({value.real!r}, {value.imag!r})"
        return repr(value)

    def arguments(self, args: tuple, kwargs: tuple[tuple[str, Any], ...]) -> str:
        return ", ".join([*map(self.value, args), *(f"{key}={self.value(value)}" for key, value in kwargs)])

    def call(self, case: Case) -> str:
        if self._oracle.function(case.op) is not None:
            return f"T.{case.op}({self.arguments(case.args, case.kwargs)})"
        found = getattr(self._oracle.namespace.Tensor, case.op, None)
        lead, *rest = case.args or (None,)
        first = self.value(lead)
        if found is not None and not callable(found):
            return f"{first}.{case.op}"
        name = case.op if found is not None else f"{case.op}_"
        return f"{first}.{name}({self.arguments(tuple(rest), case.kwargs)})"

    def form(self, case: Case, what: str) -> list[str]:
        """The form of the op that a sentence of the property of forms begins with."""
        short = case.op.rpartition(".")[2]
        if what.startswith(("method", "in place")):
            lead, *rest = case.args
            first = self.value(lead)
            given = self.arguments(tuple(rest), case.kwargs)
            underscore = "_" * what.startswith("in place")
            if "." in case.op:
                return [f"    return T.{case.op}_({', '.join(filter(None, [first, given]))})"]
            return [f"    return {first}.{short}{underscore}({given})"]
        call = self.call(case)
        shape = "(0,)" if what.startswith("out=, wrong shape") else "tuple(leaf.shape)"
        dtype = "T.float64" if what.startswith("out=, other dtype") else "leaf.dtype"
        return [
            f"    answer = {call}",
            "    leaves = answer if isinstance(answer, (tuple, list)) else [answer]",
            f"    out = [T.empty({shape}, dtype={dtype}) for leaf in leaves]",
            f"    return {call[:-1]}, out=out[0] if answer is leaves[0] or len(out) == 1 else tuple(out))",
        ]

    def derivatives(self, case: Case) -> list[str]:
        wanted = [name for name, spec in zip(self._all, case.tensors(), strict=True) if spec.differentiable]
        specs = [spec for spec in case.tensors() if spec.differentiable]
        places = ", ".join(wanted) + "," * (len(wanted) == 1)
        random = [f"np.random.default_rng({case.seed})"]
        tangents = [f"T.from_numpy(rng.uniform(-1, 1, {spec.shape}).astype(np.{spec.dtype}))" for spec in specs]
        lines = [
            f"    rng = {random[0]}",
            f"    tangents = ({', '.join(tangents)},)",
            "",
            f"    def f({', '.join(wanted)}):",
        ]
        lines += [f"        T.manual_seed({case.seed})", f"        out = {self.call(case)}"]
        lines += ["        outs = out if isinstance(out, (tuple, list)) else [out]"]
        lines += ["        return [o for o in outs if o.is_floating_point() or o.is_complex()]", ""]
        lines += [f"    leaves = [x.detach().clone().requires_grad_() for x in ({places})]"]
        lines += [
            "    outs = [o for o in f(*leaves) if o.requires_grad]",
            "    cotangents = [T.ones_like(o) for o in outs]",
        ]
        lines += ["    vjp = T.autograd.grad(outs, leaves, cotangents, create_graph=True, allow_unused=True)"]
        lines += ["    ad = T.autograd.forward_ad", "    with ad.dual_level():"]
        lines += [f"        moved = [ad.unpack_dual(o).tangent for o in f(*map(ad.make_dual, ({places}), tangents))]"]
        lines += ["    grads = [g for g in vjp if g is not None and g.requires_grad]"]
        lines += ["    along = [v for g, v in zip(vjp, tangents) if g is not None and g.requires_grad]"]
        lines += ["    second = T.autograd.grad(grads, leaves, along, allow_unused=True) if grads else None"]
        lines += ['    return {"vjp": vjp, "jvp": moved, "second": second}']
        return lines

    def stateful(self, case: StatefulCase) -> list[str]:
        lines = [f"    T.manual_seed({case.seed})"]
        if case.op.startswith("nn."):
            lines += [f"    module = T.{case.op}({self.arguments(case.args, case.kwargs)})"]
            return [*lines, f"    return module({', '.join(map(self.value, case.inputs))})"]
        if case.op.startswith("optim.lr_scheduler."):
            lines += ["    weight = T.nn.Parameter(T.ones(2))", "    optimizer = T.optim.SGD([weight], lr=0.1)"]
            given = ", ".join(filter(None, ["optimizer", self.arguments(case.args, case.kwargs)]))
            lines += [f"    scheduler = T.{case.op}({given})", "    rates = []"]
            given_each: list[tuple] = [(each,) for each in case.inputs] if case.inputs else [()] * case.steps
            lines += [f"    for arguments in {given_each!r}:"]
            return [
                *lines,
                "        optimizer.step()",
                "        scheduler.step(*arguments)",
                '        rates.append(optimizer.param_groups[0]["lr"])',
                "    return rates",
            ]
        names = ", ".join(self.value(spec) for spec in case.inputs)
        lines += [f"    parameters = [T.nn.Parameter(x) for x in ({names},)]"]
        lines += [
            f"    optimizer = T.{case.op}({', '.join(filter(None, ['parameters', self.arguments(case.args, case.kwargs)]))})"
        ]
        lines += ["", "    def closure():", "        optimizer.zero_grad()"]
        lines += [
            "        loss = sum((T.sin(3 * p) + p * p / 2).sum() for p in parameters)",
            "        loss.backward()",
            "        return loss",
            "",
        ]
        lines += [f"    for _ in range({case.steps}):", "        optimizer.step(closure)"]
        return [*lines, "    return parameters"]


def _tensor(spec: TensorSpec) -> str:
    array = values(spec)
    cast = ""
    if spec.dtype == "bfloat16":
        array, cast = array.astype(np.float32), ".to(T.bfloat16)"
    text = _array(array)
    if spec.layout != "contiguous" and array.ndim:
        side = array.shape[-1]
        fields = {"array": text, "before": array.ndim - 1, "after": side + 2, "side": side, "twice": 2 * side}
        text = LAYOUTS[spec.layout].format(shape=array.shape, **fields)
    return f"T.from_numpy({text}){cast}"


def _array(array: np.ndarray) -> str:
    name = "bool" if array.dtype.kind == "b" else array.dtype.name
    if array.size > MOST:
        packed = base64.b85encode(zlib.compress(np.ascontiguousarray(array).tobytes())).decode()
        return f'np.frombuffer(bytearray(__import__("zlib").decompress(__import__("base64").b85decode({packed!r}))), "{name}").reshape({array.shape})'
    if array.dtype.kind == "c":
        part = "float64" if name == "complex128" else "float32"
        numbers = np.ascontiguousarray(array).view(part).reshape(-1).tolist()
        return f'np.array({numbers}, "{part}").view("{name}").reshape({array.shape})'
    return f'np.array({array.reshape(-1).tolist()}, "{name}").reshape({array.shape})'
