"""Calling a module: forward with the hooks before and after it, and the registration of those hooks."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ...core.tensor import Tensor
from ..hooks import BackwardHooks, BoundHook, RemovableHandle, register

Hook = Callable[..., Any]

# Hooks common to all modules.
_global_forward_pre_hooks: dict[int, Hook] = OrderedDict()
_global_forward_hooks: dict[int, Hook] = OrderedDict()
_global_forward_hooks_with_kwargs: dict[int, bool] = OrderedDict()
_global_forward_hooks_always_called: dict[int, bool] = OrderedDict()
_global_backward_pre_hooks: dict[int, Hook] = OrderedDict()
_global_backward_hooks: dict[int, Hook] = OrderedDict()
_global_backward_hooks_are_full: list[bool] = []

_MIXED = "Cannot use both regular backward hooks and full backward hooks {}. Please use only one of them."


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, args) -> None or new args`` before every module's forward."""
    return register(_global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output) -> None or new output`` after every module's forward.

    ``with_kwargs`` passes the keyword arguments after ``args``; ``always_call`` runs the hook even if forward raises.
    """
    options = _chosen(
        (with_kwargs, _global_forward_hooks_with_kwargs), (always_call, _global_forward_hooks_always_called)
    )
    return register(_global_forward_hooks, hook, *options)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_output) -> None or new grad_output`` when every module's output gradients are known."""
    return register(_global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output) -> None or new grad_input`` in every module's backward."""
    return _register_global_backward_hook(hook, full=True)


def register_module_backward_hook(hook: Hook) -> RemovableHandle:
    """The deprecated form of :func:`register_module_full_backward_hook`, which sees the last node of a module only."""
    return _register_global_backward_hook(hook, full=False)


def _register_global_backward_hook(hook: Hook, full: bool) -> RemovableHandle:
    if _global_backward_hooks_are_full not in ([], [full]):
        raise RuntimeError(_MIXED.format("as a global Module hook"))
    _global_backward_hooks_are_full[:] = [full]
    return register(_global_backward_hooks, hook)


def _chosen(*options: tuple[bool, dict[int, bool]]) -> list[dict[int, bool]]:
    return [option for wanted, option in options if wanted]


class Hooked:
    """The part of :class:`Module` that runs ``forward`` and the hooks around it."""

    _forward_hooks: dict[int, Hook]
    _forward_hooks_with_kwargs: dict[int, bool]
    _forward_hooks_always_called: dict[int, bool]
    _forward_pre_hooks: dict[int, Hook]
    _forward_pre_hooks_with_kwargs: dict[int, bool]
    _backward_hooks: dict[int, Hook]
    _backward_pre_hooks: dict[int, Hook]
    _is_full_backward_hook: bool | None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _global_forward_hooks
            or _global_forward_pre_hooks
            or _global_backward_hooks
            or _global_backward_pre_hooks
        ):
            return _HookedCall(self, args, kwargs).run()
        return self.forward(*args, **kwargs)

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args) -> None or new args`` before forward.

        With ``with_kwargs``: ``hook(module, args, kwargs) -> None or (args, kwargs)``. ``prepend`` puts it first.
        """
        options = _chosen((with_kwargs, self._forward_pre_hooks_with_kwargs))
        return register(self._forward_pre_hooks, hook, *options, prepend=prepend)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output) -> None or new output`` after forward.

        With ``with_kwargs``: ``hook(module, args, kwargs, output)``. ``always_call`` runs it even if forward raises.
        """
        options = _chosen(
            (with_kwargs, self._forward_hooks_with_kwargs), (always_call, self._forward_hooks_always_called)
        )
        return register(self._forward_hooks, hook, *options, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output) -> None or new grad_output`` before the module's backward."""
        return register(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output) -> None or new grad_input`` after the module's backward.

        Both gradients are tuples with one entry per positional argument or output, None where there is no gradient.
        """
        return self._register_backward_hook(hook, full=True, prepend=prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """The deprecated form of :meth:`register_full_backward_hook`, which sees the module's last node only."""
        return self._register_backward_hook(hook, full=False)

    def _register_backward_hook(self, hook: Hook, full: bool, prepend: bool = False) -> RemovableHandle:
        if self._is_full_backward_hook not in (None, full):
            raise RuntimeError(_MIXED.format("on a single Module"))
        self._is_full_backward_hook = full
        return register(self._backward_hooks, hook, prepend=prepend)


class _HookedCall:
    """One call of a module that has hooks."""

    def __init__(self, module: Hooked, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.called: set[int] = set()

    def run(self) -> Any:
        module = self.module
        pre_hooks = [*_global_backward_pre_hooks.values(), *module._backward_pre_hooks.values()]
        try:
            self._before_forward()
            full_hooks = self._backward_hooks(full=True)
            backward = BackwardHooks(module, full_hooks, pre_hooks) if full_hooks or pre_hooks else None
            if backward is not None:
                self.args = backward.wrap_inputs(self.args)
            self.result = module.forward(*self.args, **self.kwargs)
            self._after_forward()
            if backward is not None:
                if not isinstance(self.result, Tensor | tuple):
                    warnings.warn(
                        "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                        f"received {type(self.result)}",
                        stacklevel=3,
                    )
                self.result = backward.wrap_outputs(self.result)
            for hook in self._backward_hooks(full=False):
                _register_on_last_node(module, hook, self.args, self.result)
        except Exception:
            self._run_remaining_always_called()
            raise
        return self.result

    def _backward_hooks(self, full: bool) -> list[Hook]:
        hooks: list[Hook] = []
        if _global_backward_hooks_are_full == [full]:
            hooks += _global_backward_hooks.values()
        if self.module._is_full_backward_hook is full:
            hooks += self.module._backward_hooks.values()
        return hooks

    def _before_forward(self) -> None:
        module = self.module
        for hook_id, hook in [*_global_forward_pre_hooks.items(), *module._forward_pre_hooks.items()]:
            if hook_id in module._forward_pre_hooks_with_kwargs:
                replaced = hook(module, self.args, self.kwargs)
                if replaced is None:
                    continue
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                self.args, self.kwargs = replaced
            else:
                replaced = hook(module, self.args)
                if replaced is not None:
                    self.args = replaced if isinstance(replaced, tuple) else (replaced,)

    def _after_forward(self) -> None:
        for hook_id, hook in [*_global_forward_hooks.items(), *self.module._forward_hooks.items()]:
            self._call_forward_hook(hook_id, hook)

    def _call_forward_hook(self, hook_id: int, hook: Hook) -> None:
        self.called.add(hook_id)
        if hook_id in self.module._forward_hooks_with_kwargs or hook_id in _global_forward_hooks_with_kwargs:
            replaced = hook(self.module, self.args, self.kwargs, self.result)
        else:
            replaced = hook(self.module, self.args, self.result)
        if replaced is not None:
            self.result = replaced

    def _run_remaining_always_called(self) -> None:
        always_called = (
            ("global module", _global_forward_hooks, _global_forward_hooks_always_called),
            ("module", self.module._forward_hooks, self.module._forward_hooks_always_called),
        )
        for kind, hooks, always in always_called:
            for hook_id, hook in list(hooks.items()):
                if hook_id not in always or hook_id in self.called:
                    continue
                try:
                    self._call_forward_hook(hook_id, hook)
                except Exception as error:
                    warnings.warn(
                        f"{kind} forward hook with ``always_call=True`` raised an exception that was silenced as "
                        f"another error was raised in forward: {error}",
                        stacklevel=4,
                    )


def _register_on_last_node(module: Hooked, hook: Hook, args: Any, result: Any) -> None:
    """Hang a deprecated (not full) backward hook on the node that made the first tensor of ``result``."""
    tensor = result
    while not isinstance(tensor, Tensor):
        tensor = next(v for v in tensor.values() if isinstance(v, Tensor)) if isinstance(tensor, dict) else tensor[0]
    node = tensor.grad_fn
    if node is not None:
        node.register_hook(BoundHook(hook, module))
        reason = _why_incomplete(args, result, node)
        if reason is not None:
            warnings.warn(reason, FutureWarning, stacklevel=4)


def _why_incomplete(args: Any, result: Any, node: Any) -> str | None:
    """The sentence that says which gradients a deprecated backward hook on ``node`` misses, None if it sees all."""
    advice = " Please use register_full_backward_hook to get the documented behavior."
    results = (result,) if isinstance(result, Tensor) else result
    if not (isinstance(results, tuple) and all(isinstance(r, Tensor) for r in results)):
        return (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors is "
            "deprecated and will be removed in future versions. This hook will be missing some of the grad_output."
            + advice
        )
    if not all(isinstance(a, Tensor) for a in args):
        return (
            "Using non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of "
            "Tensors is deprecated and will be removed in future versions. This hook will be missing some of the "
            "grad_input." + advice
        )
    nodes = {r.grad_fn for r in results if r.grad_fn is not None}
    if len(nodes) > 1:
        return (
            "Using a non-full backward hook when outputs are generated by different autograd Nodes is deprecated and "
            "will be removed in future versions. This hook will be missing some grad_output." + advice
        )
    if {a.grad_fn for a in args if a.grad_fn is not None} != {following[0] for following in node.next_functions}:
        return (
            "Using a non-full backward hook when the forward contains multiple autograd Nodes is deprecated and will "
            "be removed in future versions. This hook will be missing some grad_input." + advice
        )
    return None
