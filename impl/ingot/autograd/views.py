"""Views, and writes through them.

NOTE [Views and in-place]
A view shares memory with its base, so a write through either changes both, and the history of both. The base owns the history. Its views
remember the version at which their own ``origin`` was right; when the storage's version has moved on, ``View.edge`` makes a new origin:
"the base, as strided" (AsStridedBackward0). A write through a view gives the base a CopySlices node: outside the written region the
gradient flows on to the base's old history, inside it flows to what was written. Nothing is copied and no view is ever told: the version
counter says it all.

Some views cannot be rebased, because one node stands for several of them (``unbind``, ``split``, ``chunk``), or because they were made
where nothing was recorded (``no_grad``). Writing through those in grad mode is refused, with PyTorch's sentence.
"""

from __future__ import annotations

from ..core import layout
from ..core.graph import Leaf, Node, Output, thread
from ..core.storage import storage_of, storage_offset

DEFAULT, MULTIPLE_OUTPUTS, NO_GRAD = range(3)


class View:
    """The history of a tensor that is a view of ``base``."""

    __slots__ = ("base", "creation", "holder", "origin", "version")

    def __init__(self, base, version: int, origin, creation: int):
        self.base = base
        self.version = version
        self.origin = origin
        self.creation = creation
        self.holder: Leaf | Output | None = None
        """A Leaf where the user made the view one, an Output where its gradient is retained."""

    def edge(self, tensor):
        holder = self.holder
        if type(holder) is Leaf and holder.requires:
            return holder
        storage = tensor._storage
        if storage.version == self.version:
            return self.origin
        return self._refresh(tensor, storage)

    def _refresh(self, tensor, storage):
        base = self.base
        history = base._autograd
        if history is None or history.edge(base) is None:
            self.origin = None
        else:
            if self.creation != DEFAULT:
                raise refusal(
                    self, "Output 0 of {} is a view and its base or another view of its base has been modified inplace."
                )
            enabled, thread.mode.enabled = thread.mode.enabled, True
            try:
                anew = base.as_strided(tensor.shape, layout.strides(tensor._array), storage_offset(tensor))
            finally:
                thread.mode.enabled = enabled
            self.origin = anew._autograd.origin
        self.version = storage.version
        return self.origin

    def make_leaf(self, tensor, requires_grad: bool) -> None:
        """``requires_grad_()`` on a view without history: gradients end at the view itself."""
        if type(self.holder) is not Leaf:
            self.holder = Leaf(tensor, requires_grad)
        self.holder.requires = requires_grad

    def grad_holder(self):
        """What ``.grad`` of the view is kept in: its leaf, or its retained output, or a leaf made for it."""
        if self.holder is None:
            self.holder = Leaf(self.base, requires_grad=False)
        return self.holder


class CopySlices(Node):
    """The history of a base after a write through one of its views: edges to the old base and to what was written."""

    __slots__ = ("geometry", "layout")

    def __init__(self, base, view, base_edge, source_edge):
        super().__init__((base_edge, source_edge))
        self.layout = (base.shape, layout.strides(base._array))
        offset = storage_offset(view) - storage_offset(base)
        self.geometry = (view.shape, layout.strides(view._array), offset)

    def backward(self, grad):
        buffer = grad.new_empty_strided(*self.layout).copy_(grad)
        base_edge, source_edge = self.edges
        written = buffer.as_strided(*self.geometry).clone() if source_edge is not None else None
        kept = (
            buffer.as_strided_scatter(grad.new_zeros(self.geometry[0]), *self.geometry)
            if base_edge is not None
            else None
        )
        return kept, written


def base_of(tensor):
    """The tensor that owns the memory: the base of a view, else the tensor itself."""
    history = tensor._autograd
    return history.base if type(history) is View else tensor


def refusal(view: View, sentence: str) -> RuntimeError:
    """Why a view that cannot be rebased may not be (or have been) written."""
    origin = view.origin
    name = "None" if origin is None else (origin.node if type(origin) is Output else origin).name()
    if view.creation == NO_GRAD:
        return RuntimeError(
            "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use case is "
            "ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either "
            "both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace "
            "to be tracked)."
        )
    return RuntimeError(
        sentence.format(name)
        + " This view is the output of a function that returns multiple views. Such functions do not "
        "allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
    )


def check_writable(tensor, tracked: bool) -> None:
    """RuntimeError unless ``tensor`` may be written in place; ``tracked``: the write will be recorded."""
    array = tensor._array
    if 0 in array.strides and layout.overlaps_itself(array.shape, layout.strides(array)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    history = tensor._autograd
    if history is None or not (tracked and thread.mode.enabled):
        return
    if type(history) is Leaf:
        if history.requires:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    elif type(history) is View:
        if type(history.holder) is Leaf and history.holder.requires:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if history.creation != DEFAULT:
            raise refusal(history, "Output 0 of {} is a view and is being modified inplace.")
        base = history.base._autograd
        if type(base) is Leaf and base.requires:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def rebase_history(tensor, written) -> None:
    """Give ``tensor``, whose memory now holds the values of ``written``, the history of ``written``.

    The caller has written the values and bumped the version.
    """
    history = tensor._autograd
    source = written._autograd
    edge = None if source is None else source.edge(written)
    if type(history) is View:
        base = history.base
        base_history = base._autograd
        base_edge = None if base_history is None else base_history.edge(base)
        if base_edge is None and edge is None:
            return
        _retain_through(base, CopySlices(base, tensor, base_edge, edge))
        history.version = -1  # whatever it was, it is stale now
    elif edge is None:
        if history is not None and history.edge(tensor) is not None:
            tensor._autograd = None
    else:
        _retain_through(tensor, edge)


def _retain_through(tensor, edge) -> None:
    """Set a non-view tensor's history; a retained gradient is retained of the new value."""
    old = tensor._autograd
    if type(old) is Output and old.retains:
        new = Output(*((edge.node, edge.number) if type(edge) is Output else (edge, 0)))
        new.retains = True
        old.node.more().retained.pop(old.number)
        new.node.more().retained[new.number] = new
        edge = new
    tensor._autograd = edge


def bump(tensor) -> None:
    """Count one write into the tensor's memory."""
    storage_of(tensor).version += 1
