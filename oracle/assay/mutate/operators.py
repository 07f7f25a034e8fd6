"""The faults that any target can be given, at the calls of one op: answers, gradients, tangents, memory and errors go wrong in the ways in which kernels and rules do.

Each operator is one record: what it stands for, which ops it applies to, and a function that makes a faulty callable of a healthy one. Inside, ``T`` is the target.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue.record import Op
from ..surface import rows

Faulty = Callable[[Any, Callable], Callable]
"""(target, healthy callable) -> faulty callable."""


FORMS = ("function", "method", "in place")
"""The callables of an op that a fault may be in."""


@dataclass(frozen=True)
class Operator:
    """One kind of fault. ``applies(op)``: whether the op can have it; ``forms``: which callables of the op do; ``weight``: how often it is planted, relative to the others."""

    name: str
    title: str
    applies: Callable[[Op], bool]
    faulty: Faulty
    forms: tuple[str, ...] = FORMS
    weight: float = 1.0


# -- which ops ----------------------------------------------------------------------------------------------------------------------

VIEWS = frozenset(("views", "conversion", "creation"))
"""Families whose answers may be views: what goes through a copy there would be found for the wrong reason."""


def valued(op: Op) -> bool:
    """It answers numbers that mean something."""
    return not op.random and not op.uninitialised


def inexact(op: Op) -> bool:
    return valued(op) and bool({"real", "half", "complex"} & set(op.groups)) and op.row.grad


def differentiable(op: Op) -> bool:
    return inexact(op) and op.smooth and op.family not in VIEWS and not op.name.endswith("_")


def complex_(op: Op) -> bool:
    return differentiable(op) and "complex" in op.groups


def binary(op: Op) -> bool:
    return differentiable(op) and op.family == "pointwise" and op.core is not None and len(op.core) > 1


# -- trees of tensors -----------------------------------------------------------------------------------------------------------------


def mapped(T: Any, answer: Any, change: Callable[[Any], Any]) -> Any:
    """An answer with every tensor changed; tuples keep their type."""
    if T.is_tensor(answer):
        return change(answer)
    if isinstance(answer, tuple) and hasattr(answer, "_fields"):
        return type(answer)(*[mapped(T, item, change) for item in answer])
    if isinstance(answer, tuple) and type(answer) is not tuple:
        return type(answer)([mapped(T, item, change) for item in answer])
    if isinstance(answer, (list, tuple)):
        return type(answer)(mapped(T, item, change) for item in answer)
    return answer


def kind(T: Any, tensor: Any) -> str:
    """ "float", "complex", "int" or "bool"."""
    name = T.dtype_name(tensor.dtype) or ""
    return (
        "complex" if name.startswith("complex") else "float" if "float" in name else "bool" if name == "bool" else "int"
    )


def floating(T: Any, value: Any) -> bool:
    return T.is_tensor(value) and kind(T, value) in ("float", "complex")


def answering(change: Callable[[Any, Any], Any]) -> Faulty:
    """The fault that changes every tensor of the answer: ``change(T, tensor)``."""

    def faulty(T: Any, healthy: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            return mapped(T, healthy(*args, **kwargs), lambda tensor: change(T, tensor))

        return called

    return faulty


def given(T: Any, args: Sequence[Any], change: Callable[[Any], Any], which: int | None = None) -> list[Any]:
    """Positional arguments with every floating tensor changed, or only the one numbered ``which`` among them."""
    number = -1

    def one(value: Any) -> Any:
        nonlocal number
        if not floating(T, value):
            return type(value)(one(item) for item in value) if type(value) in (list, tuple) else value
        number += 1
        return change(value) if which is None or number == which else value

    return [one(value) for value in args]


# -- values ---------------------------------------------------------------------------------------------------------------------------


def relative(error: float) -> Faulty:
    """Every floating answer times 1 + ``error``."""
    return answering(lambda T, x: x * (1.0 + error) if floating(T, x) else x)


def narrowed(T: Any, healthy: Callable) -> Callable:
    """Computed in the next narrower dtype: a sum in the wrong accumulator."""
    lower = {"float64": "float32", "complex128": "complex64", "float32": "bfloat16"}

    def called(*args: Any, **kwargs: Any) -> Any:
        names = {T.dtype_name(a.dtype) for a in args if floating(T, a)}
        if len(names) != 1 or not names <= set(lower):
            return healthy(*args, **kwargs)
        (name,) = names
        wide, narrow = T.dtype(name), T.dtype(lower[name])
        try:
            answer = healthy(*given(T, args, lambda x: x.to(narrow)), **kwargs)
        except Exception:
            return healthy(*args, **kwargs)
        return mapped(T, answer, lambda x: x.to(wide) if x.dtype == narrow else x)

    return called


def _another_dtype(T: Any, x: Any) -> Any:
    other = {"float32": "float64", "float64": "float32", "int64": "int32", "complex64": "complex128", "bool": "uint8"}
    name = T.dtype_name(x.dtype)
    return x.to(T.dtype(other[name])) if name in other else x


def _without_nan(T: Any, x: Any) -> Any:
    return T.namespace.where(x != x, T.namespace.zeros_like(x), x) if kind(T, x) == "float" else x


def _without_infinity(T: Any, x: Any) -> Any:
    if kind(T, x) != "float":
        return x
    largest = T.namespace.finfo(x.dtype).max
    return T.namespace.where(x.abs() > largest, x.sign() * largest, x)


def _last_element(T: Any, x: Any) -> Any:
    """The remainder loop behind the vectorised one is wrong."""
    if x.ndim == 0 or x.shape[-1] < 5 or not x.shape[-1] % 4 or not floating(T, x):
        return x
    keep = T.namespace.arange(x.shape[-1]) < x.shape[-1] - 1
    return T.namespace.where(keep, x, x * 1.001)


def _conjugated(T: Any, x: Any) -> Any:
    return x.conj().resolve_conj() if kind(T, x) == "complex" else x


def _negative(T: Any, x: Any) -> Any:
    """Negative numbers are off: a branch for the other half of the line is wrong."""
    return T.namespace.where(x < 0, x * 1.0001, x) if kind(T, x) == "float" else x


def _one_more_dimension(T: Any, x: Any) -> Any:
    return x.reshape(1) if x.ndim == 0 else x


def _detached(T: Any, x: Any) -> Any:
    return x.detach() if x.requires_grad else x


def _integer_off(T: Any, x: Any) -> Any:
    return x + 1 if kind(T, x) == "int" and x.ndim else x


def _flipped_truth(T: Any, x: Any) -> Any:
    return ~x if kind(T, x) == "bool" else x


def another_eps(T: Any, healthy: Callable) -> Callable:
    """eps stands outside the square root: what is divided by is larger by about its root."""

    def called(*args: Any, **kwargs: Any) -> Any:
        eps = kwargs.get("eps")
        return healthy(*args, **(kwargs | {"eps": (eps or 1e-5) ** 0.5}))

    return called


def has_eps(op: Op) -> bool:
    """Its documented signature has an eps that guards a division."""
    return op.name.rpartition(".")[2] in (
        "layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize", "cosine_similarity", "pairwise_distance",
        "gaussian_nll_loss", "triplet_margin_loss", "poisson_nll_loss",
    )  # fmt: skip


NEIGHBOURS = {
    "gt": "ge", "ge": "gt", "lt": "le", "le": "lt", "greater": "ge", "greater_equal": "gt", "less": "le", "less_equal": "lt",
    "floor_divide": "true_divide", "remainder": "fmod", "fmod": "remainder", "floor": "trunc", "trunc": "floor", "round": "floor", "ceil": "round",
    "maximum": "fmax", "minimum": "fmin", "fmax": "maximum", "fmin": "minimum", "cummax": "cummin", "amax": "amin", "nansum": "sum",
    "nanmean": "mean", "nanmedian": "median", "isfinite": "isreal", "isinf": "isposinf", "logical_or": "logical_xor", "triu": "tril",
    "std": "var", "bitwise_or": "bitwise_xor", "__rsub__": "sub", "atan2": "hypot", "expm1": "exp", "log1p": "log",
}  # fmt: skip
"""Op -> the one that it is mistaken for: ``>`` for ``>=``, floor for trunc, NaN kept for NaN skipped."""


def mistaken(T: Any, healthy: Callable) -> Callable:
    """Replaced whole by its neighbour; ``plan`` binds the name."""
    raise NotImplementedError


def neighbour(name: str) -> Faulty:
    def faulty(T: Any, healthy: Callable) -> Callable:
        return T.base.resolve(NEIGHBOURS[name]) if hasattr(T, "base") else T.resolve(NEIGHBOURS[name])

    return faulty


def ignoring(*names: str) -> Faulty:
    """A keyword is accepted and not looked at."""

    def faulty(T: Any, healthy: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            for name in names:
                if name in kwargs:
                    return healthy(*args, **{key: value for key, value in kwargs.items() if key != name})
            return healthy(*args, **kwargs)

        return called

    return faulty


# -- derivatives ----------------------------------------------------------------------------------------------------------------------


def passed(T: Any, tensor: Any, backward: Callable[[Any], Any], tangent: Callable[[Any], Any]) -> Any:
    """The tensor, seen through a function that answers its argument and whose derivatives are what the others say."""
    base: Any = T.namespace.autograd.Function

    class Passed(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return backward(grad)

        @staticmethod
        def jvp(ctx, moved):
            return tangent(moved)

    return Passed.apply(tensor)


def gradient(change: Callable[[Any, Any], Any], which: int | None = None) -> Faulty:
    """The gradients of the arguments are ``change(T, gradient)``; values and tangents are right."""

    def faulty(T: Any, healthy: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            def seen(x: Any) -> Any:
                return passed(T, x, lambda grad: change(T, grad), lambda moved: moved * 1)

            return healthy(*given(T, args, seen, which), **kwargs)

        return called

    return faulty


def tangent(change: Callable[[Any, Any], Any]) -> Faulty:
    """The tangents of the arguments are ``change(T, tangent)``; values and gradients are right."""

    def faulty(T: Any, healthy: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            def seen(x: Any) -> Any:
                return passed(T, x, lambda grad: grad * 1, lambda moved: change(T, moved))

            return healthy(*given(T, args, seen), **kwargs)

        return called

    return faulty


def both_derivatives(factor: float) -> Faulty:
    """Gradient and tangent are off alike, as they are where a formula is wrong."""

    def faulty(T: Any, healthy: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            def seen(x: Any) -> Any:
                return passed(T, x, lambda grad: grad * factor, lambda moved: moved * factor)

            return healthy(*given(T, args, seen, 0), **kwargs)

        return called

    return faulty


def lost(T: Any, healthy: Callable) -> Callable:
    """The first argument gets no gradient."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return healthy(*given(T, args, lambda x: x.detach(), 0), **kwargs)

    return called


def second_order(T: Any, healthy: Callable) -> Callable:
    """The gradient is right and, differentiated again, a constant."""
    return gradient(lambda T, grad: grad.detach())(T, healthy)


def _misplaced(T: Any, grad: Any) -> Any:
    """Summed over the wrong axis: right on the whole, in the wrong places."""
    sides = [place for place, side in enumerate(grad.shape) if side > 1]
    return grad.flip(sides[-1]) if sides else grad


def at_kinks(T: Any, healthy: Callable) -> Callable:
    """Where the first argument is exactly 0 the gradient is that of the other side: ``>=`` for ``>``."""

    def called(*args: Any, **kwargs: Any) -> Any:
        def seen(x: Any) -> Any:
            at = (x == 0).detach()
            return passed(T, x, lambda grad: T.namespace.where(at, grad * 0 + 0.75, grad), lambda moved: moved * 1)

        return healthy(*given(T, args, seen, 0), **kwargs)

    return called


# -- memory ---------------------------------------------------------------------------------------------------------------------------


def copies(T: Any, healthy: Callable) -> Callable:
    """A copy where the op answers a view."""
    return answering(lambda T, x: x.clone())(T, healthy)


def answers_views(op: Op) -> bool:
    return op.name in (
        "view", "transpose", "permute", "t", "squeeze", "unsqueeze", "expand", "expand_as", "diagonal", "narrow", "select", "movedim", "swapaxes",
        "swapdims", "unfold", "split", "chunk", "unbind", "real", "imag", "as_strided", "detach", "flatten", "ravel", "contiguous", "reshape",
        "view_as", "mT", "mH", "H", "T", "adjoint", "broadcast_to", "tensor_split", "hsplit", "vsplit", "dsplit", "unflatten",
        "linalg.diagonal", "atleast_1d", "atleast_2d", "atleast_3d", "view_as_real", "view_as_complex", "squeeze_multiple", "split_with_sizes",
        "unsafe_chunk", "moveaxis", "positive", "reshape_as", "resolve_conj", "resolve_neg",
    )  # fmt: skip


def mutates(T: Any, healthy: Callable) -> Callable:
    """Writes into its first argument."""

    def called(*args: Any, **kwargs: Any) -> Any:
        answer = healthy(*args, **kwargs)
        first = next((x for x in args if T.is_tensor(x)), None)
        if first is not None and first.numel() and kind(T, first) != "bool":
            with T.no_grad():
                first.detach().reshape(-1)[:1].add_(1)
        return answer

    return called


def aliases(T: Any, healthy: Callable) -> Callable:
    """Answers its first argument's own memory, with the answer in it, where the shapes allow."""

    def called(*args: Any, **kwargs: Any) -> Any:
        answer = healthy(*args, **kwargs)
        first = next((x for x in args if T.is_tensor(x)), None)
        if (
            first is None
            or not T.is_tensor(answer)
            or first.shape != answer.shape
            or first.dtype != answer.dtype
            or first.requires_grad
        ):
            return answer
        with T.no_grad():
            return first.copy_(answer) if first.numel() else answer

    return called


def forgets_strides(T: Any, healthy: Callable) -> Callable:
    """Reads the memory of its first tensor in order, whatever its strides."""

    def called(*args: Any, **kwargs: Any) -> Any:
        def plain(x: Any) -> Any:
            if x.ndim < 2 or x.is_contiguous() or not x.transpose(0, -1).is_contiguous():
                return x
            return x.transpose(0, -1).reshape(x.shape)

        return healthy(*given(T, args, plain, 0), **kwargs)

    return called


def not_in_place(T: Any, healthy: Callable) -> Callable:
    """The in-place form works on a copy."""

    def called(first: Any, *args: Any, **kwargs: Any) -> Any:
        return healthy(first.clone(), *args, **kwargs)

    return called


def ignores_out(T: Any, healthy: Callable) -> Callable:
    """``out=`` is accepted and not written."""

    def called(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("out", None)
        return healthy(*args, **kwargs)

    return called


# -- errors, randomness, determinism --------------------------------------------------------------------------------------------------


def another_error(T: Any, healthy: Callable) -> Callable:
    """Bad calls raise, but another class."""

    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return healthy(*args, **kwargs)
        except Exception as error:
            raise (KeyError if not isinstance(error, KeyError) else OSError)(str(error)) from None

    return called


def no_error(T: Any, healthy: Callable) -> Callable:
    """Bad calls answer zeros."""

    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return healthy(*args, **kwargs)
        except Exception:
            return T.namespace.zeros(2)

    return called


def refuses_empty(T: Any, healthy: Callable) -> Callable:
    """No element at all is an error."""

    def called(*args: Any, **kwargs: Any) -> Any:
        if any(T.is_tensor(x) and not x.numel() for x in args):
            raise RuntimeError("expected at least one element")
        return healthy(*args, **kwargs)

    return called


def draws_twice(T: Any, healthy: Callable) -> Callable:
    """Takes more of the generator than it should, and so answers other numbers."""

    def called(*args: Any, **kwargs: Any) -> Any:
        first = healthy(*args, **kwargs)
        return first if T.is_tensor(first) and not first.numel() else healthy(*args, **kwargs)

    return called


def remembers(T: Any, healthy: Callable) -> Callable:
    """Every second call is off: a buffer is used again before it is cleared."""
    calls = [0]

    def called(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        answer = healthy(*args, **kwargs)
        return answer if calls[0] % 2 else mapped(T, answer, lambda x: x * 1.001 if floating(T, x) else x)

    return called


def keyword(*names: str) -> Callable[[Op], bool]:
    """Ops whose callable is documented to have one of these keywords, by the oracle's own signatures or docstrings."""

    def applies(op: Op) -> bool:
        import torch

        found: Any = torch
        for part in op.name.split("."):
            found = getattr(found, part, None)
        if found is None or not valued(op):
            return False
        try:
            return any(name in inspect.signature(found).parameters for name in names)
        except (TypeError, ValueError):
            head = (found.__doc__ or "")[:300]
            return any(f"{name}=" in head for name in names)

    return applies


def named(*names: str) -> Callable[[Op], bool]:
    return lambda op: op.name in names


def has_row(trait: str) -> Callable[[Op], bool]:
    return lambda op: valued(op) and op.name in rows() and bool(getattr(op.row, trait))


WHOLE = (
    "add",
    "mul",
    "sub",
    "sum",
    "prod",
    "floor_divide",
    "gcd",
    "lcm",
    "bitwise_and",
    "cumsum",
    "dot",
    "bincount",
    "count_nonzero",
    "arange",
    "nonzero",
    "searchsorted",
    "bucketize",
    "square",
    "abs",
    "roll",
    "tril_indices",
)
"""Ops whose answers are often whole numbers."""

OPERATORS: tuple[Operator, ...] = (
    *(
        Operator(f"relative error 1e-{k}", f"answers are off by 1e-{k}", inexact, relative(10.0**-k))
        for k in (2, 3, 4, 5, 6, 7)
    ),
    Operator("narrow accumulator", "computed in the next narrower dtype", inexact, narrowed),
    Operator("wrong dtype", "the answer has another dtype", valued, answering(_another_dtype)),
    Operator("swallowed NaN", "NaN becomes 0", lambda op: inexact(op) and op.specials, answering(_without_nan)),
    Operator("swallowed infinity", "infinity becomes the largest number", lambda op: inexact(op) and op.specials and op.family in ("pointwise", "activations", "special", "reductions"), answering(_without_infinity)),
    Operator("remainder loop", "the last element of a row is off", inexact, answering(_last_element)),
    Operator("negative branch", "negative answers are off by 1e-4", lambda op: inexact(op) and op.family in ("pointwise", "activations", "linear", "reductions", "views", "indexing", "convolutions", "pooling", "linalg", "fft"), answering(_negative), weight=0.7),
    Operator("conjugated answer", "complex answers are conjugated", complex_, answering(_conjugated)),
    Operator("lost 0-d", "a 0-d answer has a dimension", lambda op: valued(op) and op.family in ("reductions", "losses", "pointwise", "linalg"), answering(_one_more_dimension), weight=0.5),
    Operator("off by one", "whole numbers are off by one", lambda op: (valued(op) and op.points is not None) or op.name in WHOLE, answering(_integer_off), weight=0.5),
    Operator("negated truth", "truth values are negated", lambda op: valued(op) and "bool" in op.groups and op.family in ("pointwise", "reductions"), answering(_flipped_truth), weight=0.3),
    Operator("misplaced eps", "eps outside the square root", has_eps, another_eps, weight=0.5),
    Operator("mistaken op", "> for >=, trunc for floor, NaN kept for NaN skipped", lambda op: op.name in NEIGHBOURS, mistaken),
    Operator("ignored keyword", "a keyword is not looked at", keyword("keepdim", "reduction", "dtype", "correction", "weight", "largest", "descending", "right", "diagonal", "upper", "norm"), ignoring("reduction", "keepdim", "dtype", "correction", "weight", "largest", "descending", "right", "diagonal", "upper", "norm")),
    Operator("gradient's sign", "the gradients have the wrong sign", differentiable, gradient(lambda T, g: -g)),
    Operator("gradient's sign, one term", "the gradient of the second argument has the wrong sign", lambda op: differentiable(op) and binary(op), gradient(lambda T, g: -g, 1)),
    Operator("gradient off 1e-3", "the gradients are off by 1e-3", differentiable, gradient(lambda T, g: g * 1.001)),
    Operator("gradient off 1e-6", "the gradients are off by 1e-6", differentiable, gradient(lambda T, g: g * 1.000001)),
    Operator("formula off 1e-4", "gradients and tangents are off alike", differentiable, both_derivatives(1.0001)),
    Operator("lost gradient", "the first argument gets no gradient", differentiable, lost),
    Operator("missing conj", "gradients are conjugated", complex_, gradient(lambda T, g: g.conj())),
    Operator("dropped second order", "gradients are constants to the second derivative", lambda op: differentiable(op) and op.row.double_backward, second_order),
    Operator("wrong axis", "gradients are summed into the wrong places", differentiable, gradient(_misplaced)),
    Operator("tangent's sign", "the tangents have the wrong sign", lambda op: differentiable(op) and op.row.forward_mode, tangent(lambda T, t: -t)),
    Operator("tangent off 1e-6", "the tangents are off by 1e-6", lambda op: differentiable(op) and op.row.forward_mode, tangent(lambda T, t: t * 1.000001)),
    Operator("gradient at a tie", ">= for > where the argument is exactly at the kink", lambda op: differentiable(op) and 0.0 in op.kinks, at_kinks),
    Operator("lost history", "the answer wants no gradient", lambda op: inexact(op) and op.smooth, answering(_detached)),
    Operator("copy for view", "a copy where a view is due", answers_views, copies),
    Operator("mutated input", "the first argument is written into", lambda op: valued(op) and not op.name.endswith("_") and op.family not in ("views", "conversion"), mutates),
    Operator("alias for copy", "the answer lies in the argument's memory", lambda op: differentiable(op) and op.family in ("pointwise", "activations", "special", "dropout"), aliases),
    Operator("strides forgotten", "transposed memory is read in order", lambda op: inexact(op) and op.family not in VIEWS, forgets_strides),
    Operator("in place on a copy", "the in-place form writes nowhere", has_row("inplace"), not_in_place, forms=("in place",)),
    Operator("out ignored", "out= is not written", has_row("out"), ignores_out, forms=("function",)),
    Operator("wrong error", "bad calls raise another class", lambda op: bool(op.bad), another_error),
    Operator("no error", "bad calls answer", lambda op: bool(op.bad), no_error),
    Operator("empty refused", "no elements are an error", lambda op: valued(op) and op.family in ("pointwise", "reductions", "views", "joining", "sorting", "indexing", "activations"), refuses_empty),
    Operator("draws twice", "the generator is used twice", lambda op: op.random, draws_twice),
    Operator("remembers", "every second call is off", inexact, remembers),
)  # fmt: skip
