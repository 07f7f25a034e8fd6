"""Hooks around modules: what they are registered in, and how backward hooks reach the gradients.

A module's forward hooks are plain calls. Its backward hooks need the gradients that enter and leave the module, so
a module with such hooks runs between two identity nodes: one on its inputs, whose backward sees the gradients of
the inputs, and one on its outputs, whose backward sees the gradients of the outputs.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd import Function
from ..autograd.grad_mode import is_grad_enabled
from ..core.graph import RemovableHandle
from ..core.tensor import Tensor


def register(
    hooks: dict[int, Any], hook: Callable[..., Any], *options: dict[int, bool], prepend: bool = False
) -> RemovableHandle:
    """Store ``hook`` in ``hooks`` (first if ``prepend``), set its id to True in every dict of ``options``.

    The handle forgets the hook in all of them.
    """
    handle = RemovableHandle(hooks, hook, extra=options)
    for option in options:
        option[handle.id] = True
    if prepend:
        hooks.move_to_end(handle.id, last=False)  # type: ignore[attr-defined]
    return handle


class BoundHook:
    """A hook that gets a module as its first argument without keeping that module alive."""

    def __init__(self, hook: Callable[..., Any], module: Any) -> None:
        self.hook = hook
        self.module = weakref.ref(module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self) -> tuple[Any, Any]:
        return self.hook, self.module()

    def __setstate__(self, state: tuple[Any, Any]) -> None:
        self.hook, module = state
        if module is None:
            raise RuntimeError("You are trying to revive the hook of a dead Module!")
        self.module = weakref.ref(module)


class _ModuleInputs(Function):
    """Identity on the tensors that enter a module; its backward passes their gradients through ``on_gradients``."""

    @staticmethod
    def forward(ctx: Any, on_gradients: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.on_gradients = on_gradients
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        return None, *ctx.on_gradients(gradients)


class _ModuleOutputs(_ModuleInputs):
    """Identity on the tensors that leave a module; outputs that no loss depends on have gradient None, not zeros."""

    @staticmethod
    def forward(ctx: Any, on_gradients: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        return _ModuleInputs.forward(ctx, on_gradients, *tensors)


class BackwardHooks:
    """One call of a module that has full backward hooks or backward pre-hooks.

    ``wrap_inputs`` and ``wrap_outputs`` put the two identity nodes around the module's forward. In backward the
    output node runs ``pre_hooks(module, grad_output)``, and the input node ``hooks(module, grad_input, grad_output)``;
    with no differentiable input there is no input node, and the output node runs both.
    """

    def __init__(self, module: Any, hooks: list[Callable[..., Any]], pre_hooks: list[Callable[..., Any]]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: tuple[Any, ...] | None = None
        self.input_positions: list[int] | None = None
        self.output_positions: list[int] | None = None
        self.input_count = self.output_count = 0

    def wrap_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """``args`` with every tensor routed through the input node."""
        self.input_count = len(args)
        args, self.input_positions = _through(_ModuleInputs, self._leave, args)
        return args

    def wrap_outputs(self, result: Any) -> Any:
        """``result`` (a tensor or a tuple) with every tensor routed through the output node."""
        outputs = result if isinstance(result, tuple) else (result,)
        self.output_count = len(outputs)
        outputs, self.output_positions = _through(_ModuleOutputs, self._enter, outputs)
        return outputs if isinstance(result, tuple) else outputs[0]

    def _enter(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        grad_outputs = _spread(self.output_positions, gradients, self.output_count)
        for hook in self.pre_hooks:
            replaced = hook(self.module, grad_outputs)
            if replaced is None:
                continue
            if len(replaced) != len(grad_outputs):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(replaced)}, but expected {len(grad_outputs)}"
                )
            grad_outputs = replaced
        if self.input_positions is None:
            self._run_without_inputs(grad_outputs)
        else:
            self.grad_outputs = grad_outputs
        return tuple(grad_outputs[i] for i in self.output_positions or ())

    def _run_without_inputs(self, grad_outputs: tuple[Any, ...]) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=5,
        )
        grad_inputs = (None,) * self.input_count
        for hook in self.hooks:
            replaced = hook(self.module, grad_inputs, grad_outputs)
            if replaced is not None and not (isinstance(replaced, tuple) and all(g is None for g in replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None "
                    "for all gradients."
                )

    def _leave(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.grad_outputs is None:  # the module's outputs took no part in this backward
            return gradients
        grad_inputs = _spread(self.input_positions, gradients, self.input_count)
        for hook in self.hooks:
            replaced = hook(self.module, grad_inputs, self.grad_outputs)
            if replaced is None:
                continue
            if len(replaced) != len(grad_inputs):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(replaced)}, but expected {len(grad_inputs)}"
                )
            grad_inputs = replaced
        self.grad_outputs = None
        return tuple(grad_inputs[i] for i in self.input_positions or ())


def _through(
    node: type[Function], on_gradients: Callable[..., Any], values: tuple[Any, ...]
) -> tuple[tuple[Any, ...], list[int] | None]:
    """``values`` with its tensors passed through ``node``, and their positions (None: nothing needs a gradient)."""
    positions = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not (is_grad_enabled() and any(values[i].requires_grad for i in positions)):
        return values, None
    routed = list(values)
    for i, tensor in zip(positions, node.apply(on_gradients, *[values[i] for i in positions]), strict=True):
        routed[i] = tensor
    # A named tuple is rebuilt from its fields.
    return (tuple(routed) if type(values) is tuple else type(values)(*routed)), positions


def _spread(positions: Iterable[int] | None, gradients: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """The gradients of the tensors at ``positions`` among ``count`` values, None for the others."""
    spread: list[Any] = [None] * count
    for position, gradient in zip(positions or (), gradients, strict=True):
        spread[position] = gradient
    return tuple(spread)
