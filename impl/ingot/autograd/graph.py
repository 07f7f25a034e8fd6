"""``autograd.graph``: the recorded graph as users may look at it and hook into it."""

from __future__ import annotations

from ..core.graph import GradientEdge, Node, Output, RemovableHandle
from ..core.tensor import Tensor
from .engine import current_task
from .grad_mode import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge that a gradient of ``tensor`` flows into. RuntimeError for a tensor that needs none."""
    history = tensor._autograd
    edge = None if history is None else history.edge(tensor)
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(edge.node, edge.number) if type(edge) is Output else GradientEdge(edge, 0)


def increment_version(tensor) -> None:
    """Count a write that was made behind the framework's back."""
    from .views import bump

    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        bump(one)


def register_multi_grad_hook(tensors, fn, *, mode: str = "all") -> RemovableHandle:
    """Call ``fn`` with the gradients of all ``tensors`` once those that a backward pass computes are there, None for the others.

    ``mode="any"``: with the first gradient of each pass. ValueError for another mode.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    nodes = [get_gradient_edge(tensor).node for tensor in tensors]
    waiting: dict = {}
    """Pass -> what it has brought so far; the pass itself is the key, so that two passes do not mix."""

    def hook_for(number):
        def hook(grad):
            task = current_task()
            if task not in waiting:
                waiting.clear()
                expected = sum(task.will_run(node) or node in task.wanted for node in nodes)
                waiting[task] = ([None] * len(nodes), [expected])
                if mode == "any":
                    fn(grad)
            if mode == "all":
                grads, (left,) = waiting[task]
                grads[number] = grad
                waiting[task][1][0] = left - 1
                if left == 1:
                    del waiting[task]
                    fn(grads)

        return hook

    handles = [tensor.register_hook(hook_for(number)) for number, tensor in enumerate(tensors)]
    return _Together(handles)


class allow_mutation_on_saved_tensors(saved_tensors_hooks):
    """Inside, tensors saved for backward may be written: each is saved as a copy of what it was."""

    def __init__(self) -> None:
        super().__init__(lambda tensor: tensor.detach().clone(), lambda copy: copy)


class _Together(RemovableHandle):
    """Removes several hooks at once."""

    __slots__ = ("handles",)

    def __init__(self, handles: list[RemovableHandle]):
        super().__init__({})
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]
