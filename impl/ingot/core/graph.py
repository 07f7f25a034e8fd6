"""The graph that operations leave behind: nodes, the edges between them, and what a tensor holds of it.

``Tensor._autograd`` is None for a tensor without history, which is what keeps plain arithmetic cheap. Otherwise it is one of

    Node      the tensor is the only result of the operation that the node stands for
    Output    the tensor is one of several results (or a result whose gradient is retained)
    Leaf      the user set ``requires_grad`` (or ``.grad``); gradients stop here and accumulate
    View      the tensor shares memory with a base, whose history may change under it (NOTE [Views and in-place])
    Dual      the tensor carries a tangent (forward mode, ``autograd/forward.py``)

and each answers ``edge(tensor)``: the graph end that a new node should point to, a Node, Leaf or Output, or None where no gradient flows.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import Any, NamedTuple

next_sequence = itertools.count().__next__


class Mode:
    """What a thread records.

    ``enabled``: the graph. ``inference``: not even views and versions. ``special`` is true where any of the rarer modes is on, so that
    recording asks one question instead of three: ``level`` (forward-mode levels now open), ``saved_hooks`` (the stack of
    (pack, unpack) pairs), ``anomaly``. ``hooks_refused``: the sentence with which saved-tensor hooks are refused, None where they are not.
    """

    __slots__ = ("anomaly", "check_nan", "enabled", "hooks_refused", "inference", "level", "saved_hooks", "special")

    def __init__(self) -> None:
        self.enabled = True
        self.inference = False
        self.level = 0
        self.saved_hooks: list = []
        self.hooks_refused: str | None = None
        self.anomaly = False
        self.check_nan = True
        self.special = False

    @property
    def watched(self) -> bool:
        """Whether what is computed now is itself differentiated: recorded for another backward, or carrying tangents.

        Where it is not, a gradient rule may use closed forms and saved intermediate results instead of differentiable ops.
        """
        return self.enabled or self.level > 0

    def refresh(self) -> None:
        """Recompute ``special`` after one of the rarer modes changed."""
        self.special = bool(self.level or self.saved_hooks or self.anomaly)


class ThreadState(threading.local):
    """Each thread's own modes."""

    def __init__(self):
        self.mode = Mode()


thread = ThreadState()


class Node:
    """One recorded operation. Subclasses are generated per op; they hold what the op's rules saved.

    ``edges`` has one entry per differentiable input, None where no gradient is wanted. ``backward(grad)`` takes the gradient of the only
    result (a tuple where ``outputs > 1``) and returns one gradient per edge.
    """

    __slots__ = ("__weakref__", "edges", "extras", "sequence")

    outputs = 1
    requires_grad = True

    def __init__(self, edges: tuple = ()):
        self.edges = edges
        self.sequence = next_sequence()
        self.extras: Extras | None = None

    def edge(self, tensor):
        return self

    def name(self) -> str:
        """The class's name, as ``grad_fn`` prints it."""
        return type(self).__name__

    def backward(self, grad):
        raise RuntimeError(f"{self.name()} does not define backward")

    def release(self) -> None:
        """Drop what was saved; a second backward through this node raises."""

    def more(self) -> Extras:
        """The node's hooks and retained results, created on first request."""
        if self.extras is None:
            self.extras = Extras()
        return self.extras

    @property
    def metadata(self) -> dict:
        """A dictionary for the user's own notes about this node."""
        return self.more().metadata

    @property
    def next_functions(self) -> tuple:
        """(node, output number) per edge, as PyTorch shows them; (None, 0) where no gradient flows."""
        return tuple(
            (None, 0) if edge is None else (edge.node, edge.number) if type(edge) is Output else (edge, 0)
            for edge in self.edges
        )

    def register_hook(self, hook):
        """Call ``hook(grad_inputs, grad_outputs)`` after this node ran; a returned tuple replaces the gradients it sends on."""
        return RemovableHandle(self.more().hooks, hook)

    def register_prehook(self, hook):
        """Call ``hook(grad_outputs)`` before this node runs; a returned tuple replaces the gradients it gets."""
        return RemovableHandle(self.more().prehooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Extras:
    """What few nodes have: hooks, retained results, the stack trace of anomaly mode."""

    __slots__ = ("hooks", "metadata", "prehooks", "retained", "tensor_hooks", "trace")

    def __init__(self) -> None:
        self.hooks: dict = {}
        self.prehooks: dict = {}
        self.tensor_hooks: dict[int, dict] = {}
        self.retained: dict[int, weakref.ref[Output]] = {}
        self.metadata: dict = {}
        self.trace: str | None = None


class Output:
    """Result ``number`` of ``node``. ``grad`` is filled after ``retain_grad()``."""

    __slots__ = ("__weakref__", "grad", "node", "number", "retains")
    requires_grad = True

    def __init__(self, node: Node, number: int = 0):
        self.node = node
        self.number = number
        self.grad: Any = None
        self.retains = False

    def edge(self, tensor):
        return self if self.node.outputs > 1 else self.node


class GradientEdge(NamedTuple):
    """One end of the graph as users name it: ``node`` and the number of its output."""

    node: Node
    output_nr: int

    def end(self):
        """The edge as nodes keep it."""
        return Output(self.node, self.output_nr) if self.node.outputs > 1 else self.node


class Leaf(Node):
    """Where gradients end and add up: what PyTorch calls AccumulateGrad, and the flag and the sum that it serves."""

    __slots__ = ("grad", "post_hooks", "requires", "tensor_hooks", "variable_reference")

    def __init__(self, tensor, requires_grad: bool = True):
        super().__init__()
        self.requires = requires_grad
        self.grad: Any = None
        self.tensor_hooks: dict | None = None
        self.post_hooks: dict | None = None
        self.variable_reference = weakref.ref(tensor)

    @property
    def requires_grad(self) -> bool:  # type: ignore[override]
        return self.requires

    @property
    def variable(self):
        """The tensor whose gradient this is, None once it is gone."""
        return self.variable_reference()

    def edge(self, tensor):
        return self if self.requires else None

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"


class RemovableHandle:
    """What registering a hook returns; ``remove()`` takes the hook out again. Also a context manager."""

    _ids = itertools.count()

    __slots__ = ("extra", "hooks", "id")

    def __init__(self, hooks: dict, hook=None, *, extra: tuple[dict, ...] = ()):
        self.id = next(RemovableHandle._ids)
        self.hooks = hooks
        self.extra = extra
        if hook is not None:
            hooks[self.id] = hook

    def remove(self) -> None:
        """Unregister; a second call does nothing."""
        self.hooks.pop(self.id, None)
        for hooks in self.extra:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception) -> None:
        self.remove()


def released_error() -> RuntimeError:
    return RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). "
        "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True "
        "if you need to backward through the graph a second time or if you need to access saved tensors after calling backward."
    )
