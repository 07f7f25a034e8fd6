"""``autograd.Function``: an operation whose forward, backward and jvp are the user's own Python.

``forward(ctx, *args)`` with ``ctx.save_for_backward``, or ``forward(*args)`` with ``setup_context(ctx, inputs, output)``; ``backward(ctx, *grads)``
returns one gradient per argument of ``apply``; ``jvp(ctx, *tangents)`` serves forward mode.
"""

from __future__ import annotations

import warnings

from ..core.graph import Node, Output, released_error, thread
from ..core.storage import storage_of
from ..core.tensor import Tensor, alias, wrap
from .forward import make_dual_tensor, primal_and_tangent
from .grad_mode import no_grad
from .saved import RELEASED, Packed, Released, modified_error, pack
from .views import bump, check_writable, rebase_history


class FunctionCtx:
    """What ``forward`` tells ``backward``: saved tensors, and any attributes the user sets."""

    to_save: tuple = ()
    to_save_for_forward: tuple = ()
    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
    non_differentiable: tuple = ()
    dirty: tuple = ()
    recorded = False
    _saved: tuple | Released = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs, results or others) for backward; read them as ``ctx.saved_tensors``."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type {type(tensor).__name__}"
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for ``jvp``."""
        self.to_save_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say that ``forward`` wrote into these inputs; they must be returned."""
        self.dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say that no gradient flows through these results."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` gets zeros (True) or None for results that no gradient reached."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple:
        """What ``save_for_backward`` kept. RuntimeError after the graph was freed or the tensors were written."""
        if isinstance(self._saved, Released):
            raise released_error()
        if not self.recorded:
            return self.to_save_for_forward or self.to_save
        return tuple(_restore(item, self) for item in self._saved)

    saved_variables = saved_tensors


def _restore(item, node):
    if item is None or type(item) is Packed:
        return None if item is None else item.unpack()
    tensor, version, number = item
    found = 0 if tensor._storage is None else tensor._storage.version
    if found != version:
        raise modified_error(tensor._array, found, version)
    if number is None:
        return tensor
    result = alias(tensor._array, tensor._storage)
    result._autograd = Output(node, number)
    return result


class FunctionNode(FunctionCtx, Node):
    """The node of one call of a Function, and the context that the user's functions get: one object, so that they make no cycle.

    Subclassed per Function, so that ``grad_fn`` shows its name.
    """

    def backward(self, grad):
        grads = [grad] if self.outputs == 1 else list(grad)
        for number, (one, meta) in enumerate(zip(grads, self.output_metas, strict=True)):
            if one is None and self.materialize_grads:
                grads[number] = wrap(meta._array).new_zeros(meta._array.shape) if meta is not None else None
        given = self.function._gradients(self, *grads)
        given = given if isinstance(given, tuple) else (given,)
        name = self.name()
        extra = [item for item in given[len(self.input_shapes) :] if item is not None]
        if extra or len(given) < len(self.input_shapes):
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected {len(self.input_shapes)}, got {len(given)})"
            )
        results = []
        for number, (edge_wanted, meta) in enumerate(self.input_shapes):
            value = given[number]
            if edge_wanted and value is not None:
                value = _fit(value, meta, name, number)
            if meta is not None:
                results.append(value if edge_wanted else None)
        return tuple(results)

    def release(self) -> None:
        self._saved = RELEASED


def _fit(value, meta, name: str, number: int):
    shape, dtype = meta
    if not isinstance(value, Tensor):
        raise RuntimeError(f"expected Variable or None (got {type(value).__name__})")
    if value._array.shape != shape:
        try:
            value = value.sum_to_size(shape)
        except RuntimeError:
            raise RuntimeError(
                f"Function {name} returned an invalid gradient at index {number} - got {list(value.shape)} but expected shape compatible "
                f"with {list(shape)}"
            ) from None
    return value if value.dtype is dtype else value.to(dtype)


class FunctionMeta(type):
    """Gives each Function its node class."""

    def __init__(cls, name, bases, attributes):
        super().__init__(name, bases, attributes)
        cls._node_class = type(f"{name}Backward", (FunctionNode,), {"function": cls})


class Function(FunctionCtx, metaclass=FunctionMeta):
    """Base class of user-defined operations; call ``apply``.

    >>> class Square(Function):
    ...     @staticmethod
    ...     def forward(ctx, x): ctx.save_for_backward(x); return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad): x, = ctx.saved_tensors; return 2 * x * grad
    """

    def __init__(self, *args, **kwargs):
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke them on the class "
            "itself. Instantiating an autograd function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Compute the result(s); the user defines it."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """With a ``forward`` without ``ctx``: save what backward needs."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradients of the arguments; the user defines it."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """The tangents of the results; the user defines it for forward mode."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info, in_dims, *args):
        """The rule for ``func.vmap``; the user defines it."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set generate_vmap_rule=True."
        )

    generate_vmap_rule = False

    @classmethod
    def _gradients(cls, context, *grads):
        """What the user's ``backward`` (or ``vjp``, its other name) returns."""
        if cls.vjp is Function.vjp:
            return cls.backward(context, *grads)
        if cls.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them."
            )
        return cls.vjp(context, *grads)

    @classmethod
    def apply(cls, *args, **kwargs):
        """Run ``forward`` and record it."""
        mode = thread.mode
        level = mode.level
        pairs = [
            primal_and_tangent(item, level) if level and isinstance(item, Tensor) else (item, None) for item in args
        ]
        dual = any(tangent is not None for _, tangent in pairs)
        arguments = [primal for primal, _ in pairs]
        edges = [
            item._autograd.edge(item) if isinstance(item, Tensor) and item._autograd is not None else None
            for item in arguments
        ]
        tracked = mode.enabled and any(edge is not None for edge in edges)
        context = object.__new__(cls._node_class)
        context.needs_input_grad = tuple(edge is not None for edge in edges)
        with no_grad():
            if cls.setup_context is not Function.setup_context:
                output = cls.forward(*arguments, **kwargs)
                cls.setup_context(context, tuple(arguments), output)
            else:
                output = cls.forward(context, *arguments, **kwargs)
        outputs = output if isinstance(output, tuple) else (output,)
        results = list(_record(cls, context, arguments, edges, outputs, tracked))
        if dual:
            results = _push_tangents(cls, context, pairs, results, level)
        return tuple(results) if isinstance(output, tuple) else results[0]


def _record(cls, context, arguments, edges, outputs, tracked):
    dirty = {id(item) for item in context.dirty}
    for item in context.dirty:
        check_writable(item, tracked=tracked)
        bump(item)
    if not tracked:
        context._saved = ()
        for item in outputs:
            # An input handed through as it came is a new tensor, so that its history is not mistaken for the input's.
            yield _fresh(item, arguments, dirty) if isinstance(item, Tensor) else item
        return
    node = context
    Node.__init__(node, tuple(edge for edge, item in zip(edges, arguments, strict=True) if isinstance(item, Tensor)))
    node.recorded = True
    node.input_shapes = [
        (edge is not None, (item._array.shape, item.dtype)) if isinstance(item, Tensor) else (False, None)
        for edge, item in zip(edges, arguments, strict=True)
    ]
    node.outputs = len(outputs)
    silent = {id(item) for item in context.non_differentiable}
    results = []
    for number, item in enumerate(outputs):
        if not isinstance(item, Tensor):
            results.append(item)
            continue
        result = _fresh(item, arguments, dirty)
        if id(item) not in silent and (item.dtype.is_floating_point or item.dtype.is_complex):
            history = Output(node, number) if node.outputs > 1 else node
            if id(item) in dirty:
                carrier = alias(item._array, item._storage)
                carrier._autograd = history
                rebase_history(item, carrier)
            else:
                result._autograd = history
        results.append(result)
    node.output_metas = [
        item if isinstance(item, Tensor) else None
        for item in (r.detach() if isinstance(r, Tensor) else None for r in results)
    ]
    context._saved = tuple(_keep(item, outputs, results) for item in context.to_save)
    context.to_save = ()
    yield from results


def _fresh(item, arguments, dirty):
    if id(item) in dirty:
        return item
    if any(item is argument for argument in arguments):
        with no_grad():
            return item.view_as(item).detach()
    return item if item._autograd is None else item.detach()


def _keep(item, outputs, results):
    if item is None:
        return None
    if thread.mode.saved_hooks:
        return pack(item)
    for number, output in enumerate(outputs):
        if item is output:
            result = results[number]
            storage = storage_of(result)
            return alias(result._array, storage), storage.version, number
    return item, item._version, None


def _push_tangents(cls, context, pairs, results, level):
    tangents = cls.jvp(context, *[tangent for _, tangent in pairs])
    tangents = tangents if isinstance(tangents, tuple) else (tangents,)
    return [
        result if tangent is None or not isinstance(result, Tensor) else make_dual_tensor(result, tangent, level)
        for result, tangent in zip(results, tangents, strict=True)
    ]


def once_differentiable(function):
    """Decorator of ``backward``: its result cannot be differentiated again (RuntimeError when tried)."""
    import functools

    @functools.wraps(function)
    def once(ctx, *grads):
        with no_grad():
            results = function(ctx, *grads)
        if not thread.mode.enabled or not any(isinstance(one, Tensor) and one.requires_grad for one in grads):
            return results
        several = isinstance(results, tuple)
        blocked = [
            _Blocked.apply(one, *grads) if isinstance(one, Tensor) else one
            for one in (results if several else (results,))
        ]
        return tuple(blocked) if several else blocked[0]

    return once


class _Blocked(Function):
    """Passes a value on, and refuses to be differentiated."""

    @staticmethod
    def forward(ctx, value, *grads):
        return value.clone()

    @staticmethod
    def backward(ctx, *grads):
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
