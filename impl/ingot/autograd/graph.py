"""``autograd.graph``: the recorded graph as users may look at it and hook into it."""

from __future__ import annotations

from ..core.graph import Node, Output, RemovableHandle
from ..core.tensor import Tensor
from .grad_mode import save_on_cpu, saved_tensors_hooks


class GradientEdge:
    """One end of the graph: ``node`` and the number of its output."""

    __slots__ = ("node", "output_nr")

    def __init__(self, node: Node, output_nr: int):
        self.node = node
        self.output_nr = output_nr


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
    """Call ``fn`` with the gradients of all ``tensors`` once they are there (``mode="any"``: with the first one)."""
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    waiting: dict[int, Tensor] = {}
    fired: list[bool] = []

    def hook_for(number):
        def hook(grad):
            if mode == "any":
                if not fired:
                    fired.append(True)
                    fn(grad)
                return
            waiting[number] = grad
            if len(waiting) == len(tensors):
                found = [waiting.get(place) for place in range(len(tensors))]
                waiting.clear()
                fn(found)

        return hook

    handles = [tensor.register_hook(hook_for(number)) for number, tensor in enumerate(tensors)]
    first = handles[0]
    return _Together(first.hooks, handles)


class _Together(RemovableHandle):
    """Removes several hooks at once."""

    __slots__ = ("handles",)

    def __init__(self, hooks: dict, handles: list[RemovableHandle]):
        super().__init__(hooks)
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


__all__ = [
    "GradientEdge",
    "Node",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]
