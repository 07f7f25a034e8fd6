"""How an op is declared: once, and everything else follows.

    pointwise("exp(input)", np.exp, input=lambda grad, result: grad * result.conj())

    @primitive("softmax(input, dim: int)")
    def softmax(xp, input, dim): ...                    # raw arrays in, raw array out
    @softmax.backward("input")
    def _(grad, result, dim): ...                       # ingot ops

The signature is Python's own. A parameter without annotation is a tensor (for ``pointwise`` also a Python number beside a tensor; ``Tensor`` admits
none), ``Optional`` marks one that may be None, ``List`` a sequence of tensors; any other annotation, and a place behind ``*``, marks a static value. **What a rule names is what is saved**: an
argument, ``result`` (or the names in ``outputs``), ``<tensor>_shape``, ``<tensor>_dtype``; ``grad`` is the cotangent of the first differentiable output,
``grad_<output>`` that of a named one, ``needs`` the tuple of flags which of a joint rule's inputs want a gradient.

``primitive`` ops compute, ``view`` ops return an array on the same memory, ``composite`` functions are made of other ops. ``REGISTRY`` holds
every declaration; the namespace, Tensor methods, in-place and ``out=`` forms are made from it (``ops.generate``, ``ops.bind``).
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

TENSOR, OPTIONAL, LIST, STATIC = "tensor", "optional", "list", "static"
_ROLES = {None: TENSOR, "Tensor": TENSOR, "Optional": OPTIONAL, "List": LIST}

FLOATS = ("float64", "float32")
HALVES = ("float16", "bfloat16")
COMPLEXES = ("complex128", "complex64")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")
UNSIGNED = ("uint16", "uint32", "uint64")
NUMBERS = FLOATS + COMPLEXES + INTEGERS
EVERY = NUMBERS + UNSIGNED + HALVES + ("bool",)
NOT_REAL_FLOAT = COMPLEXES + INTEGERS + UNSIGNED + ("bool",)
"""What most activations refuse."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a declared signature."""

    name: str
    role: str
    default: str | None
    keyword_only: bool
    strict: bool = False  # annotated "Tensor": a pointwise op takes no Python number here


@dataclass(eq=False)
class Op:
    """Everything declared about one op."""

    signature: str  # "mul(input, other)"; of a composite the name alone, its parameters are Python's own
    kind: str  # "pointwise", "primitive", "view" or "composite"
    kernel: Callable | None = None
    array_kernel: Callable | None = None  # pointwise: beside a ufunc, for dtypes or statics that it does not serve
    namespace: str = "torch"
    rules: dict[tuple[str, ...], Callable] = field(default_factory=dict)
    jvps: dict[str, Callable] = field(default_factory=dict)
    linear: tuple[str, ...] = ()  # inputs in which the op is linear: the jvp is the op itself
    outputs: tuple[str, ...] = ("result",)
    differentiable: tuple[str, ...] = ()
    promote: str | Callable = (
        "same"  # pointwise: "same", "float" (integers become the default float), "bool" (the result is bool),
    )
    # or a function of the statics that says which
    fast: frozenset = frozenset()  # pointwise: NumPy dtypes that the kernel serves directly
    refuses: tuple[str, ...] = ()  # dtype names that raise NotImplementedError's message, as in PyTorch
    check: Callable | None = None  # pointwise: check(dtype, *arguments) raises what else PyTorch refuses
    half: str = "upcast"  # or "native": the kernel takes float16 and bfloat16 as they are
    holomorphic: bool = True
    node_name: str = ""
    function: Callable | None = None
    doc: str = ""
    method: bool = True
    inplace: bool | str = False  # the form ``name_``; "exact": only where the result has the tensor's very dtype
    out: bool | str = False  # the keyword ``out``; "exact": of the result's very dtype
    aliases: tuple[str, ...] = ()
    multiple: bool = False  # a view op that returns several views

    @cached_property
    def name(self) -> str:
        return self.signature.partition("(")[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Read from the signature when first asked for: at import nobody needs them. ValueError for one that is called like an output."""
        found = parse_signature(self.signature) if "(" in self.signature else ()
        for item in found:
            if item.name in self.outputs:
                raise ValueError(
                    f"op '{self.name}' calls a parameter '{item.name}', which in its rules means its output"
                )
        return found

    @cached_property
    def tensors(self) -> tuple[Parameter, ...]:
        return tuple(item for item in self.parameters if item.role != STATIC)

    @cached_property
    def statics(self) -> tuple[Parameter, ...]:
        return tuple(item for item in self.parameters if item.role == STATIC)

    def backward(self, *inputs: str):
        """Decorator: the function is the gradient rule of ``inputs`` (jointly, where there are several: it returns a tuple)."""

        def declare(rule):
            self.rules[inputs] = rule
            return rule

        return declare

    def jvp(self, name: str):
        """Decorator: the forward-mode rule of one input, ``rule(tangent, ...)`` naming what it needs."""

        def declare(rule):
            self.jvps[name] = rule
            return rule

        return declare


REGISTRY: dict[str, Op] = {}
"""Every declared op by its qualified name ("exp", "nn.functional.relu"); primitives that are not public have a leading underscore."""


def parse_signature(text: str) -> tuple[Parameter, ...]:
    """The parameters of "mul(input, other)"."""
    function = ast.parse(f"def {text}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    defaults: list = [None] * (len(arguments.args) - len(arguments.defaults)) + list(arguments.defaults)
    found = [_parameter(item, default, False) for item, default in zip(arguments.args, defaults, strict=True)]
    found += [
        _parameter(item, default, True)
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return tuple(found)


def _parameter(argument: ast.arg, default, keyword_only: bool) -> Parameter:
    annotation = None if argument.annotation is None else ast.unparse(argument.annotation)
    role = STATIC if keyword_only else _ROLES.get(annotation, STATIC)
    return Parameter(
        argument.arg, role, None if default is None else ast.unparse(default), keyword_only, annotation == "Tensor"
    )


def clean(doc: str | None) -> str:
    """A docstring without its indentation."""
    return inspect.cleandoc(doc) if doc and "\n" in doc else doc or ""


def register(op: Op) -> Op:
    """Enter an op; a name is declared once."""
    key = op.name if op.namespace == "torch" else f"{op.namespace}.{op.name}"
    if key in REGISTRY:
        raise ValueError(f"op '{key}' is declared twice")
    REGISTRY[key] = op
    return op


def pointwise(
    signature: str,
    kernel: Callable,
    *,
    fast: tuple[str, ...] = FLOATS + COMPLEXES,
    promote: str | Callable = "same",
    array: Callable | None = None,
    check: Callable | None = None,
    half: str = "upcast",
    jvp: dict[str, Callable] | None = None,
    holomorphic: bool = True,
    linear: tuple[str, ...] = (),
    refuses: tuple[str, ...] = (),
    namespace: str = "torch",
    method: bool = True,
    inplace: bool | str = True,
    out: bool | str = True,
    aliases: tuple[str, ...] = (),
    node: str = "",
    doc: str = "",
    **rules: Callable,
):
    """Declare an elementwise op; returns its function.

    ``kernel`` is a NumPy ufunc (called directly for the dtypes in ``fast``), or a function ``kernel(xp, *arrays, *statics)``. ``array`` is the
    latter beside a ufunc, for dtypes or statics that the ufunc does not serve. A number beside an array comes as a Python or NumPy scalar.
    ``rules`` map an input's name to its gradient rule.
    """
    import numpy as np

    from .generate import make_function

    op = Op(
        signature, "pointwise", kernel=kernel, array_kernel=array, namespace=namespace, rules={(key,): rule for key, rule in rules.items()},
        jvps=jvp or {}, linear=linear, promote=promote, fast=frozenset(np.dtype(item) for item in fast),
        refuses=refuses, check=check, half=half, holomorphic=holomorphic, node_name=node, doc=doc, method=method, inplace=inplace, out=out,
        aliases=aliases, differentiable=("result",) if rules else (),
    )  # fmt: skip
    register(op)
    op.function = make_function(op)
    return op.function


def primitive(
    signature: str,
    *,
    outputs: tuple[str, ...] = ("result",),
    differentiable: tuple[str, ...] | None = None,
    linear: tuple[str, ...] = (),
    half: str = "upcast",
    node: str = "",
    namespace: str = "internal",
    **form,
):
    """Declare an op by its kernel ``kernel(xp, *arguments)`` on raw arrays; the decorated name becomes the op's function.

    The function has ``backward`` and ``jvp``, decorators that declare its rules. Internal by default: the public function that normalises
    arguments and calls it is written beside it. With ``namespace="torch"`` it is public itself (``form``: method, out, inplace, aliases).
    """

    def declare(kernel):
        from .generate import make_function

        op = Op(
            signature, "primitive", kernel=kernel, namespace=namespace, outputs=outputs, linear=linear, half=half,
            differentiable=outputs[:1] if differentiable is None else differentiable, node_name=node, doc=clean(kernel.__doc__),
            **{"method": False, **form},
        )  # fmt: skip
        register(op)
        op.function = make_function(op)
        return op.function

    return declare


def view(signature: str, *, multiple: bool = False, node: str = "", namespace: str = "internal", **form):
    """Declare a view op: the kernel ``kernel(array, *statics)`` returns an array (``multiple``: a list of arrays) on the same memory.

    The function's ``of(array, input, *statics)`` wraps an array that the caller has made already.
    """

    def declare(kernel):
        from .generate import make_function, make_view_of

        op = Op(
            signature, "view", kernel=kernel, namespace=namespace, linear=("input",), half="native", node_name=node,
            differentiable=("result",), multiple=multiple, doc=clean(kernel.__doc__), **{"method": False, **form},
        )  # fmt: skip
        register(op)
        op.function = make_function(op)
        if not multiple:
            op.function.of = make_view_of(op)  # type: ignore[attr-defined]
        return op.function

    return declare


def composite(
    name: str = "",
    *,
    namespace: str = "torch",
    method: bool = False,
    inplace: bool | str = False,
    out: bool | str = False,
    aliases: tuple[str, ...] = (),
):
    """Declare a public function made of other ops. ``out=True`` adds the keyword ``out`` ("exact": which must have the result's dtype); ``inplace=True``
    the form ``name_``."""

    def declare(function):
        from .generate import make_composite

        op = Op(
            name or function.__name__, "composite",
            namespace=namespace, method=method, inplace=inplace, out=out, aliases=aliases, doc=clean(function.__doc__),
        )  # fmt: skip
        register(op)
        op.function = make_composite(op, function)
        return op.function

    return declare
