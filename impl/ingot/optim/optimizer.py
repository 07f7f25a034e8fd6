"""What all optimizers share: parameter groups, state, hooks, state dicts, and the loop over parameters.

The options ``foreach``, ``fused`` and ``capturable`` choose between implementations in PyTorch. They are accepted and
stored; ``capturable`` keeps step counters on the device, the others change nothing here.
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from ..autograd import enable_grad, set_grad_enabled
from ..core import dtype as dtypes
from ..core.graph import RemovableHandle, thread
from ..core.tensor import Tensor
from ..ops.creation import tensor, zeros
from ..ops.generate import IGNORE_ERRORS, quiet, unquiet

__all__ = [
    "Optimizer",
    "TensorwiseOptimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]

_global_step_pre_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_step_post_hooks: dict[int, Callable[..., Any]] = OrderedDict()

_HOOKS = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)

# Options that state dicts of earlier versions lack, with what these versions did.
_ADDED_LATER = {
    "momentum": 0,
    "centered": False,
    "nesterov": False,
    "amsgrad": False,
    "maximize": False,
    "foreach": None,
    "capturable": False,
    "differentiable": False,
    "fused": None,
    "decoupled_weight_decay": False,
}


class _Required:
    """The default of an option that every group must have."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs) -> None or (args, kwargs)`` before every step of every optimizer."""
    return RemovableHandle(_global_step_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after every step of every optimizer."""
    return RemovableHandle(_global_step_post_hooks, hook)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the step hooks around it."""

    @functools.wraps(step)
    def hooked_step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        before, after = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks
        if not (before or after or _global_step_pre_hooks or _global_step_post_hooks):
            return step(self, *args, **kwargs)
        args = (self, *args)
        for hook in chain(_global_step_pre_hooks.values(), before.values()):
            replaced = hook(self, args, kwargs)
            if replaced is None:
                continue
            if not (isinstance(replaced, tuple) and len(replaced) == 2):
                raise RuntimeError(f"{step} must return None or a tuple of (new_args, new_kwargs), but got {replaced}.")
            args, kwargs = replaced
        result = step(*args, **kwargs)
        for hook in chain(after.values(), _global_step_post_hooks.values()):
            hook(self, args, kwargs)
        return result

    hooked_step.hooked = True  # type: ignore[attr-defined]
    return hooked_step


class Optimizer:
    """Base class of all optimizers.

    ``params`` are tensors, (name, tensor) pairs, or dicts with "params" and options of their own; ``defaults`` are the
    options of groups that do not say otherwise. ``param_groups`` is the list of these dicts, ``state`` maps a
    parameter to what the optimizer remembers of it. A subclass defines ``step``.

    Example: ``optim.SGD([{"params": base}, {"params": head, "lr": 1e-3}], lr=1e-2)``
    """

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        for hooks in _HOOKS:
            setattr(self, hooks, OrderedDict())
        self._patch_step_function()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + params.type()
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups: list[Any] = list(params)
        if len(groups) == 0:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _patch_step_function(self) -> None:
        cls = type(self)
        if not getattr(cls.step, "hooked", False):
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for hooks in _HOOKS:
            self.__dict__.setdefault(hooks, OrderedDict())
        self._patch_step_function()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        text = type(self).__name__ + " ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            text += "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
        return text + ")"

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a dict with "params" and options, e.g. to unfreeze layers during training."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        given = [given] if isinstance(given, Tensor) else list(given)
        names = [item[0] for item in given if isinstance(item, tuple)]
        params = [item[1] if isinstance(item, tuple) else item for item in given]
        if names and len(names) != len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        self._check_params(params)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len(set(params)) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        if any(("param_names" in param_group) != ("param_names" in group) for group in self.param_groups):
            described = "with names" if names else "without names"
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{described} to the optimizer"
            )
        if not {p for group in self.param_groups for p in group["params"]}.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def _check_params(self, params: list[Any]) -> None:
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(param).__qualname__}"
                )
            if not self.defaults.get("differentiable") and not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or set them to zero in place."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    if p.grad.grad_fn is not None:
                        p.grad.detach_()
                    else:
                        p.grad.requires_grad_(False)
                    p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters by their gradients; every subclass defines it.

        ``closure`` computes the loss anew and returns it, for optimizers that need it more than once.
        """
        raise NotImplementedError

    # --- hooks -------------------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs) -> None or (args, kwargs)`` before every step."""
        return RemovableHandle(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after every step."""
        return RemovableHandle(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before the state is saved."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict) -> None or another state dict`` after the state is saved."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict) -> None or another state dict`` before a state is loaded."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after a state is loaded."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    # --- state dicts -------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the groups, with parameters replaced by their numbers in the order of the groups.

        ``{"state": {0: {"momentum_buffer": tensor}}, "param_groups": [{"lr": 0.1, ..., "params": [0, 1]}]}``
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        start = 0
        groups = []
        for group in self.param_groups:
            params = group["params"]
            for number, p in enumerate(params, start):
                numbers.setdefault(id(p), number)
            start += len(params)
            packed = {key: value for key, value in group.items() if key != "params"}
            groups.append({**packed, "params": [numbers[id(p)] for p in params]})
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        saved = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            replaced = hook(self, saved)
            saved = saved if replaced is None else replaced
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state dict of an optimizer with as many parameters, group by group in the same order."""
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            replaced = hook(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        groups = self.param_groups
        saved_groups = deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved_groups, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = {
            number: (p, saved)
            for group, saved in zip(groups, saved_groups, strict=True)
            for p, number in zip(group["params"], saved["params"], strict=True)
        }
        state: defaultdict[Any, Any] = defaultdict(dict)
        for number, value in state_dict["state"].items():
            if number in params:
                p, saved = params[number]
                state[p] = _fitted(p, value, on_device=bool(saved.get("capturable") or saved.get("fused")))
            else:
                state[number] = value
        for group, saved in zip(groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)


def _register(hooks: Any, hook: Callable[..., Any], prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def _fitted(p: Tensor, value: Any, on_device: bool, key: str | None = None) -> Any:
    """A loaded state value moved to the parameter's device and, but for step counters, cast to its dtype."""
    if isinstance(value, Tensor):
        if key == "step":
            return value.to(dtype=dtypes.float32, device=p.device) if on_device else value
        if p.is_floating_point():
            return value.to(dtype=p.dtype, device=p.device)
        return value.to(device=p.device)
    if isinstance(value, dict):
        return {k: _fitted(p, v, on_device, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return type(value)(_fitted(p, v, on_device) for v in value)  # type: ignore[call-arg]
    return value


@contextmanager
def _without_warnings() -> Iterator[None]:
    """NumPy reports overflow and invalid operations as warnings; tensors do not warn."""
    token = quiet(IGNORE_ERRORS)
    try:
        yield
    finally:
        unquiet(token)


class TensorwiseOptimizer(Optimizer):
    """An optimizer that updates every parameter by itself.

    A subclass says what it remembers of a parameter (``_new_state``) and how it updates one (``_update``).
    """

    sparse_advice = ""
    """Follows "... does not support sparse gradients" in the error; None: sparse gradients are supported."""
    updates_complex_as_real = True
    """Whether complex tensors are updated through their real views, for rules that square or compare."""

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        """What to remember of ``p`` before its first update."""
        return {}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        """Update ``p`` and ``state`` in place by ``grad``."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient; returns what ``closure`` returns."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with set_grad_enabled(self.defaults.get("differentiable", False)), _without_warnings():
            for group in self.param_groups:
                self._check_capturable(group)
                maximize = group.get("maximize", False)
                for p in group["params"]:
                    grad = p.grad
                    if grad is None:
                        continue
                    if grad.is_sparse and self.sparse_advice is not None:
                        raise RuntimeError(
                            f"{type(self).__name__} does not support sparse gradients{self.sparse_advice}"
                        )
                    state = self.state.get(p)
                    if not state:
                        state = self._new_state(group, p)
                        if state:
                            self.state[p] = state
                    if maximize:
                        grad = -grad
                    if self.updates_complex_as_real and p.is_complex():
                        views = {name: _real(value) for name, value in state.items()}
                        self._update(group, _real(p), _real(grad), views)
                    else:
                        self._update(group, p, grad, state)
        return loss

    def _check_capturable(self, group: dict[str, Any]) -> None:
        if group.get("capturable") and any(not p.is_cuda for p in group["params"] if p.grad is not None):
            raise AssertionError("If capturable=True, params and state_steps must be on supported devices: ['cuda'].")

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in _ADDED_LATER.items():
                if name in self.defaults:
                    group.setdefault(name, value)
            for p in group["params"]:
                remembered = self.state.get(p, {})
                for name in ("step", "eta", "mu", "mu_product"):
                    if isinstance(remembered.get(name), int | float):  # plain numbers before PyTorch 1.12
                        remembered[name] = counter(group, p, float(remembered[name]))


def _real(value: Any) -> Any:
    return value.view_as_real() if isinstance(value, Tensor) and value.is_complex() else value


def counter(group: dict[str, Any], p: Tensor, value: float = 0.0) -> Tensor:
    """A 0-d tensor that counts steps: on the CPU, or with ``capturable`` or ``fused`` on the device of ``p``."""
    if group.get("fused"):
        return tensor(value, dtype=dtypes.float32, device=p.device)
    dtype = dtypes.float64 if dtypes.get_default_dtype() == dtypes.float64 else dtypes.float32
    return tensor(value, dtype=dtype, device=p.device if group.get("capturable") else None)


def like(p: Tensor) -> Tensor:
    """Zeros of the shape, dtype and layout of ``p``."""
    return p.detach().clone().zero_() if not p.is_contiguous() else zeros(p.shape, dtype=p.dtype, device=p.device)


def number(value: Any) -> Any:
    """A Python number for a one-element tensor, ``value`` itself if it is a number."""
    return value.item() if isinstance(value, Tensor) else value


def scalar(value: Any) -> Any:
    """A learning rate or beta given as a one-element tensor, without dimensions."""
    return value.squeeze() if isinstance(value, Tensor) and value.dim() != 0 else value


def snapshot(group: dict[str, Any], value: Tensor) -> Tensor:
    """``value`` for the graph of a differentiable step: a copy, because the next step changes states in place."""
    return value.clone() if group["differentiable"] else value


def on_arrays(*tensors: Tensor) -> bool:
    """Whether an update may run ufuncs on the arrays of these tensors, in place and without temporaries.

    So it is for contiguous float32 or float64 arrays of one dtype on the host, where the step itself is not differentiated.
    """
    first = tensors[0]._array.dtype
    return (
        not thread.mode.watched
        and first in _SERVED
        and all(
            type(one._array) is np.ndarray and one._array.dtype is first and one._array.flags.c_contiguous
            for one in tensors
        )
    )


_SERVED = (np.dtype(np.float32), np.dtype(np.float64))


def decayed(group: dict[str, Any], p: Tensor, grad: Tensor) -> Tensor:
    """The gradient of the loss with an L2 penalty on ``p``."""
    weight_decay = group["weight_decay"]
    return grad if weight_decay == 0 else grad.add(p, alpha=number(weight_decay))


_PHRASES = {"lr": "learning rate", "eps": "epsilon value"}


def check_options(*, betas: tuple[Any, Any] | None = None, **nonnegative: Any) -> None:
    """ValueError unless the given options are not negative, and betas are in [0, 1)."""
    lr = nonnegative.get("lr")
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    for name, value in nonnegative.items():
        if not value >= 0.0:
            raise ValueError(f"Invalid {_PHRASES.get(name, f'{name} value')}: {value}")
    for index, beta in enumerate(betas or ()):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")


def check_fused(params: list[dict[str, Any]], fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """RuntimeError for options that do not go together with ``fused``, or parameters that it does not cover."""
    if not fused:
        return
    if differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    for group in params:
        for p in group["params"]:
            if not p.is_floating_point():
                raise RuntimeError(
                    "`fused=True` requires all the params to be floating point Tensors of supported devices: "
                    f"['cpu', 'cuda'] but {p.dtype} and {p.device.type}"
                )
