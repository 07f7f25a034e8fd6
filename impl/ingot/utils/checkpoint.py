"""Less memory for more time: what backward needs is computed again instead of being kept.

Without reentry (``use_reentrant=False``) saved-tensor hooks put a placeholder where each tensor would be saved; the first that backward opens runs the function again and
fills them all, in the order in which they were saved. With reentry the function is one node whose backward runs it again and differentiates that.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable
from typing import Any

from ..autograd import Function, backward, enable_grad, no_grad
from ..autograd.graph import saved_tensors_hooks
from ..core.tensor import Tensor
from ..random import fork_rng, get_rng_state, set_rng_state

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn", "set_checkpoint_early_stop"]

_early_stop: list[bool | None] = [None]


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function did not save what the first one saved."""


class set_checkpoint_early_stop:
    """``with set_checkpoint_early_stop(False): ...``: whether recomputation stops at the last tensor that is needed, whatever ``checkpoint`` was told."""

    def __init__(self, enable: bool) -> None:
        self.enable = enable

    def __enter__(self) -> None:
        self.before, _early_stop[0] = _early_stop[0], self.enable

    def __exit__(self, *exception: Any) -> None:
        _early_stop[0] = self.before


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts, for the first run and for the second, that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


class _Stop(Exception):
    """Ends a recomputation that has given all that is needed."""


class _Placeholder:
    """Stands where a tensor would be saved."""

    __slots__ = ("__weakref__", "kind", "number")

    def __init__(self, number: int, tensor: Tensor):
        self.number = number
        self.kind = _kind(tensor)


def _kind(tensor: Tensor) -> tuple:
    return tuple(tensor.shape), tensor.dtype, str(tensor.device)


class _Recomputation:
    """One call of a checkpointed function: how to run it again, and what that gave."""

    def __init__(self, run: Callable[[], Any], context: Any, preserve_rng_state: bool, check: bool, early_stop: bool):
        self.run, self.context, self.check, self.early_stop = run, context, check, early_stop
        self.rng_state = get_rng_state() if preserve_rng_state else None
        self.placeholders: list[weakref.ref[_Placeholder]] = []
        self.tensors: dict[int, Tensor] = {}

    def pack(self, tensor: Tensor) -> _Placeholder:
        placeholder = _Placeholder(len(self.placeholders), tensor)
        self.placeholders.append(weakref.ref(placeholder))
        return placeholder

    def unpack(self, placeholder: _Placeholder) -> Tensor:
        if placeholder.number not in self.tensors:
            self.recompute()
        # Each is opened once per backward; a further backward (retain_graph) computes again.
        return self.tensors.pop(placeholder.number)

    def recompute(self) -> None:
        """Run the function again and keep what it saves. CheckpointError where that differs from the first time."""
        count = 0

        def keep(tensor: Tensor) -> Tensor:
            nonlocal count
            number, count = count, count + 1
            if number >= len(self.placeholders):
                return tensor
            placeholder = self.placeholders[number]()
            if placeholder is not None:  # else its node is gone, and nobody will ask
                if self.check and placeholder.kind != _kind(tensor):
                    raise CheckpointError(
                        "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward pass.\n"
                        f"tensor at position {number}:\nsaved metadata: {placeholder.kind}\nrecomputed metadata: {_kind(tensor)}"
                    )
                self.tensors[number] = tensor.detach()
            if count == len(self.placeholders) and (self.early_stop if _early_stop[0] is None else _early_stop[0]):
                raise _Stop
            return tensor

        with fork_rng(enabled=self.rng_state is not None), self.context, enable_grad():
            if self.rng_state is not None:
                set_rng_state(self.rng_state)
            with contextlib.suppress(_Stop), saved_tensors_hooks(keep, lambda tensor: tensor):
                self.run()
        if count < len(self.placeholders) or (self.check and count > len(self.placeholders)):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.placeholders)}\nNumber of tensors saved during recomputation: {count}."
            )


class CheckpointFunction(Function):
    """The reentrant form: one node for the whole function."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        if not any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=3)
        ctx.run_function = run_function
        ctx.rng_state = get_rng_state() if preserve_rng_state else None
        ctx.constants = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.places = [place for place, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.save_for_backward(*(args[place] for place in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        args = list(ctx.constants)
        for place, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[place] = tensor.detach()
            args[place].requires_grad = tensor.requires_grad
        with fork_rng(enabled=ctx.rng_state is not None), enable_grad():
            if ctx.rng_state is not None:
                set_rng_state(ctx.rng_state)
            outputs = ctx.run_function(*args)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        wanted = [
            (output, grad)
            for output, grad in zip(outputs, grads, strict=True)
            if isinstance(output, Tensor) and output.requires_grad
        ]
        if not wanted:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([output for output, _ in wanted], [grad for _, grad in wanted])
        return None, None, *(arg.grad if isinstance(arg, Tensor) else None for arg in args)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, of whose inner results nothing is kept for backward; backward computes them again.

    ``use_reentrant=False`` is the better form: it takes keywords, nested inputs, ``autograd.grad`` and higher derivatives. ``preserve_rng_state``: the second run draws the
    random numbers of the first. ``context_fn`` gives contexts for the two runs, ``determinism_check="none"`` trusts the second run unseen, ``early_stop`` ends it at the last
    tensor that is needed.

    Raises :class:`CheckpointError` where the second run differs, ValueError for arguments that only the other form takes. UserWarning where ``use_reentrant`` is not given.

    Example: ``checkpoint(block, x, use_reentrant=False)``
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling checkpoint without "
            "use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to preserve the current default behavior, you can "
            "pass use_reentrant=True. Refer to docs for more details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
    if debug:
        raise ValueError(
            "debug=True is not supported; anomaly mode (autograd.set_detect_anomaly) shows where a node was made"
        )
    forward_context, recompute_context = context_fn()
    recomputation = _Recomputation(
        lambda: function(*args, **kwargs),
        recompute_context,
        preserve_rng_state,
        determinism_check == "default",
        early_stop,
    )
    with saved_tensors_hooks(recomputation.pack, recomputation.unpack), forward_context:
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A sequence of modules (or ``nn.Sequential``) applied in ``segments`` parts, each but the last checkpointed.

    Example: ``checkpoint_sequential(model, 2, x, use_reentrant=False)``
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version 2.9 we will raise an "
            "exception if use_reentrant is not passed. use_reentrant=False is recommended, but if you need to preserve the current default behavior, you can "
            "pass use_reentrant=True. Refer to docs for more details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def forward(value: Any) -> Any:
            for step in steps[start:end]:
                value = step(value)
            return value

        return forward

    length = len(steps) // segments
    last = length * (segments - 1)
    for start in range(0, last, length or 1):
        input = checkpoint(part(start, start + length), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(last, len(steps))(input)
