"""Calling a module with other tensors in place of its parameters and buffers."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from ...core.tensor import Tensor
from ..modules.module import Module

__all__ = ["functional_call"]

_MISSING = object()


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """The deprecated place of ``ingot.func.functional_call``."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return call_with(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


def call_with(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with the named tensors in place of its own.

    With ``tie_weights`` a tensor given for one name stands in under all names that the module has for the same
    tensor. ``strict`` demands that the names are exactly the module's. A tensor that forward replaces, such as a
    counter, is found in ``parameters_and_buffers`` afterwards.
    """
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with swapped(module, parameters_and_buffers, tie_weights=tie_weights, strict=strict):
        return module(*arguments, **(kwargs or {}))


@contextlib.contextmanager
def swapped(
    module: Module, tensors: dict[str, Tensor], *, tie_weights: bool = False, strict: bool = False
) -> Iterator[None]:
    """A context in which the named tensors are in place of the module's own."""
    own = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    given = _untied(own, tensors) if tie_weights else dict(tensors)
    if strict:
        _check_names(module, own, given)
    before: dict[str, Any] = {}
    try:
        for name, tensor in given.items():
            before[name] = _swap(module, name, tensor)
        yield
    finally:
        for name, tensor in before.items():
            after = _swap(module, name, tensor)
            if name in tensors:
                tensors[name] = after


def _swap(module: Module, path: str, tensor: Any) -> Any:
    """Put ``tensor`` at the dotted ``path`` and return what was there; ``_MISSING`` stands for nothing."""
    if not (tensor is None or tensor is _MISSING or isinstance(tensor, Tensor)):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    parent, _, name = path.rpartition(".")
    owner = module.get_submodule(parent)
    for members in (owner._parameters, owner._buffers):
        if name in members:
            previous = members[name]
            if tensor is _MISSING:
                del members[name]
            else:
                members[name] = tensor
            return previous
    previous = getattr(owner, name, _MISSING)
    if tensor is not _MISSING:
        setattr(owner, name, tensor)
    elif previous is not _MISSING:
        delattr(owner, name)
    return previous


def _untied(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``tensors`` with every tensor also under the other names that the module has for what it replaces."""
    names_of: dict[int, list[str]] = {}
    for name, tensor in own.items():
        names_of.setdefault(id(tensor), []).append(name)
    untied = dict(tensors)
    for name, tensor in tensors.items():
        if name not in own:
            continue
        tied = names_of[id(own[name])]
        if any(other in tensors and tensors[other] is not tensor for other in tied):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(tied)}, which are tied. Consider using "
                "tie_weights=False"
            )
        untied.update(dict.fromkeys(tied, tensor))
    return untied


def _check_names(module: Module, own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> None:
    problems = []
    for what, names in (("Unexpected", given.keys() - own.keys()), ("Missing", own.keys() - given.keys())):
        if names:
            problems.append(f"{what} key(s): {', '.join(map(repr, sorted(names)))}.")
    if problems:
        lines = "\n\t".join(problems)
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{lines}")
