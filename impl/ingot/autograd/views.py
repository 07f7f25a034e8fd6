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

import weakref

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
                anew = Place(tensor, base).of(base)
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


class Place:
    """Where a view lies in its base: shape, strides and offset, in the view's own elements, and whether it shows complex numbers as
    real ones or the other way round."""

    __slots__ = ("complex_base", "complex_view", "offset", "shape", "steps")

    def __init__(self, view, base, base_offset: int = 0):
        self.complex_base, self.complex_view = base._array.dtype.kind == "c", view._array.dtype.kind == "c"
        self.shape, self.steps = view.shape, layout.strides(view._array)
        self.offset = storage_offset(view)
        if base_offset:
            self.offset -= base_offset * base._array.dtype.itemsize // view._array.dtype.itemsize

    def of(self, base):
        """The view at this place of ``base`` (or of its gradient)."""
        if self.complex_base and not self.complex_view:
            return base.view_as_real().as_strided(self.shape, self.steps, self.offset)
        if self.complex_view and not self.complex_base:
            steps = [2 * step for step in self.steps]
            return base.as_strided((*self.shape, 2), (*steps, 1), 2 * self.offset).view_as_complex()
        return base.as_strided(self.shape, self.steps, self.offset)


class CopySlices(Node):
    """The history of a base after a write through one of its views: edges to the old base and to what was written."""

    __slots__ = ("layout", "place")

    def __init__(self, base, view, base_edge, source_edge):
        super().__init__((base_edge, source_edge))
        self.layout = (base.shape, layout.strides(base._array))
        self.place = Place(view, base, storage_offset(base))

    def backward(self, grad):
        buffer = grad.new_empty_strided(*self.layout).copy_(grad)
        base_edge, source_edge = self.edges
        written = self.place.of(buffer).clone() if source_edge is not None else None
        if base_edge is None:
            return None, written
        self.place.of(buffer).zero_()
        return buffer, written


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
    check_no_shared_memory(tensor)
    check_history_writable(tensor, tracked)


def check_no_shared_memory(tensor) -> None:
    """RuntimeError where several elements of ``tensor`` are one place in memory, as in an expanded tensor."""
    array = tensor._array
    if 0 in array.strides and layout.overlaps_itself(array.shape, layout.strides(array)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def check_history_writable(tensor, tracked: bool) -> None:
    """RuntimeError unless the history of ``tensor`` can take a write: no leaves that want gradients, no views that cannot be rebased."""
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
        if history.edge(tensor) is not None and history.base.is_leaf:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def rebase_history(tensor, written) -> None:
    """Give ``tensor``, whose memory now holds the values of ``written``, the history of ``written``.

    The caller has written the values and bumped the version. Where nothing is recorded, the tensor keeps the history it has.
    """
    if not thread.mode.enabled:
        return
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
        new.node.more().retained[new.number] = weakref.ref(new)
        edge = new
    tensor._autograd = edge


def bump(tensor) -> None:
    """Count one write into the tensor's memory."""
    storage_of(tensor).version += 1
