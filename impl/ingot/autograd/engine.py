"""Reverse mode: walks the graph from the roots and hands every node the sum of its gradients.

Nodes become ready when all their consumers have run (dependency counts) and run latest-recorded first (a heap by sequence number), as in
PyTorch, so hooks fire in PyTorch's order. Leaves accumulate at once.
"""

from __future__ import annotations

import heapq
import threading
import traceback
import warnings
from sys import getrefcount
from typing import Any

import numpy as np

from ..core.graph import Leaf, Node, Output, thread
from ..core.storage import storage_of
from ..core.tensor import Tensor


class Task:
    """One backward pass: the nodes it reaches, and the state of its walk.

    ``counts``: how many edges lead to each node reached; ``needed``: the nodes that run (None: all of them).
    """

    __slots__ = ("accumulate", "captured", "counts", "create_graph", "needed", "wanted")

    def __init__(self, roots: list, create_graph: bool, targets: list | None, accumulate: bool):
        self.create_graph = create_graph
        self.accumulate = accumulate
        self.counts = _count_dependencies(roots)
        self.captured: dict = {}
        self.needed: set | None = None
        self.wanted: dict[Node, set[int]] = {}
        if targets is not None:
            for edge in targets:
                self.wanted.setdefault(_node(edge), set()).add(_number(edge))
            self.needed = _nodes_towards(set(self.wanted), roots)

    def will_run(self, node: Node) -> bool:
        """Whether the gradients of ``node`` are computed in this pass."""
        return node in self.counts and (self.needed is None or node in self.needed)


def current_task() -> Task | None:
    """The backward pass that this thread is in, None outside of one."""
    return _running.task


class _Running(threading.local):
    task: Task | None = None


_running = _Running()


def run(
    roots: list, grads: list, keep_graph: bool, create_graph: bool, targets: list | None = None, accumulate: bool = True
) -> list:
    """Differentiate ``roots`` (edges), weighted by ``grads``; returns the gradients that arrive at ``targets`` (edges).

    ``accumulate``: add to the ``.grad`` of the leaves reached (with targets, of the targets that are leaves). Where targets are given, only
    nodes on a path to one of them run.
    """
    task = Task(roots, create_graph, targets, accumulate)
    counts, needed, wanted = task.counts, task.needed, task.wanted
    buffers: dict = {}
    owned: set = set()
    heap: list = []
    leaves: list[Leaf] = []
    mode = thread.mode
    enabled, mode.enabled = mode.enabled, create_graph
    outer, _running.task = _running.task, task
    try:
        for edge, seed in zip(roots, grads, strict=True):
            _add(buffers, owned, edge, seed, create_graph)
        for node in {_node(edge): None for edge in roots}:
            if not counts[node]:
                heapq.heappush(heap, (-node.sequence, node))
        first: Node | None = None  # of the nodes that became ready, the one recorded last; the others wait in the heap
        while heap or first is not None:
            if first is None:
                node = heapq.heappop(heap)[1]
            else:
                node = heapq.heappushpop(heap, (-first.sequence, first))[1] if heap else first
                first = None
            grad: Any = buffers.pop(node, None)
            if owned:
                owned.discard(node)
            if type(node) is Leaf:
                if grad is not None:
                    _deliver(node, grad, task)
                continue
            if needed is not None:
                if node not in needed:
                    continue
                if node in wanted and not _capture(node, grad, task):
                    continue
            if grad is not None and node.extras is not None:
                grad = _before(node, grad)
            results: Any
            if grad is None:
                results = (None,) * len(node.edges)
            else:
                results = node.backward(grad)
                if node.extras is not None:
                    results = _after(node, results, grad)
            if not keep_graph:
                node.release()
            grad = None
            for number, edge in enumerate(node.edges):
                if edge is None:
                    continue
                after = edge.node if type(edge) is Output else edge
                grad = results[number]
                if grad is not None:
                    if after in buffers or type(edge) is Output:
                        _add(buffers, owned, edge, grad, create_graph)
                    else:
                        buffers[after] = grad
                    grad = None
                left = counts[after]
                if left > 1:
                    counts[after] = left - 1
                elif type(after) is Leaf:
                    leaves.append(after)
                elif first is None:
                    first = after
                else:
                    if after.sequence > first.sequence:
                        first, after = after, first
                    heapq.heappush(heap, (-after.sequence, after))
            results = None
            if leaves:  # at once, in the order of the edges
                for leaf in leaves:
                    grad = buffers.pop(leaf, None)
                    if grad is not None:
                        _deliver(leaf, grad, task)
                    grad = None
                leaves.clear()
    finally:
        mode.enabled = enabled
        _running.task = outer
    return [task.captured.get((_node(edge), _number(edge))) for edge in targets or ()]


def _deliver(leaf: Leaf, grad, task: Task) -> None:
    """A leaf's gradient is complete: its hooks run, and it is captured or added to ``.grad``."""
    if task.needed is not None and leaf not in task.wanted:
        return
    if leaf.tensor_hooks:
        grad = _run_hooks(leaf.tensor_hooks, grad)
    if task.wanted:
        task.captured[leaf, 0] = grad
    if task.accumulate:
        _accumulate(leaf, grad, task.create_graph)


def _capture(node: Node, grad, task: Task) -> bool:
    """Keep what arrived at a target; returns whether the node itself must run, because targets lie behind it.

    As in PyTorch, a gradient is captured before the tensor's hooks where the node runs, after them where it does not.
    """
    needed = task.needed
    assert needed is not None
    runs = any(_node(edge) in needed for edge in node.edges if edge is not None)
    if not runs and grad is not None and node.extras is not None:
        grad = _before_tensor(node, grad)
    for number in task.wanted[node]:
        task.captured[node, number] = grad if node.outputs == 1 or grad is None else grad[number]
    return runs


def _node(edge) -> Node:
    return edge.node if type(edge) is Output else edge


def _number(edge) -> int:
    return edge.number if type(edge) is Output else 0


def _count_dependencies(roots: list) -> dict:
    """How many edges lead to each node that the roots reach."""
    stack = list({_node(edge): None for edge in roots})
    counts = dict.fromkeys(stack, 0)
    while stack:
        for edge in stack.pop().edges:
            if edge is None:
                continue
            node = edge.node if type(edge) is Output else edge
            before = counts.get(node)
            if before is None:
                counts[node] = 1
                stack.append(node)
            else:
                counts[node] = before + 1
    return counts


def _nodes_towards(targets: set, roots: list) -> set:
    """The nodes from which one of ``targets`` can be reached (the targets included)."""
    needed = set(targets)
    seen: set = set()
    stack = [(_node(edge), False) for edge in roots]
    while stack:
        node, visited = stack.pop()
        if visited:
            if any(_node(edge) in needed for edge in node.edges if edge is not None):
                needed.add(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((_node(edge), False) for edge in node.edges if edge is not None)
    return needed


def _add(buffers: dict, owned: set, edge, grad, create_graph: bool) -> None:
    """Add ``grad`` to what waits at ``edge``; in place only where the engine itself made the sum."""
    if type(edge) is Output:
        node, number = edge.node, edge.number
        if node.outputs > 1:
            slots = buffers.get(node)
            if slots is None:
                slots = buffers[node] = [None] * node.outputs
            slots[number] = grad if slots[number] is None else slots[number] + grad
            return
    else:
        node = edge
    before = buffers.get(node)
    if before is None:
        buffers[node] = grad
    elif (
        node in owned
        and before._autograd is None
        and grad._autograd is None
        and not create_graph
        and before._array.dtype == grad._array.dtype
    ):
        np.add(before._array, grad._array, out=before._array)
    else:
        buffers[node] = before + grad
        owned.add(node)


def _before(node: Node, grad):
    """Tensor hooks, retained gradients and prehooks, before the node runs."""
    grad = _before_tensor(node, grad)
    extras = node.more()
    if not extras.prehooks:
        return grad
    grads = [grad] if node.outputs == 1 else grad
    for hook in list(extras.prehooks.values()):
        changed = hook(tuple(grads))
        if changed is not None:
            grads = list(changed) if isinstance(changed, tuple) else [changed]
    return grads[0] if node.outputs == 1 else grads


def _before_tensor(node: Node, grad):
    """The hooks of the tensors that the node made, and their retained gradients."""
    extras = node.more()
    grads = [grad] if node.outputs == 1 else grad
    for number, hooks in extras.tensor_hooks.items():
        if grads[number] is not None:
            grads[number] = _run_hooks(hooks, grads[number])
    for number, reference in extras.retained.items():
        output = reference()
        if output is not None and grads[number] is not None:
            output.grad = grads[number] if output.grad is None else output.grad + grads[number]
    return grads[0] if node.outputs == 1 else grads


def _after(node: Node, results: tuple, grad):
    """The node's hooks, and anomaly mode's look at what it computed."""
    extras = node.more()
    for hook in list(extras.hooks.values()):
        changed = hook(tuple(results), (grad,) if node.outputs == 1 else tuple(grad))
        if changed is not None:
            results = changed if isinstance(changed, tuple) else (changed,)
    if extras.trace is not None and thread.mode.check_nan:
        _look_for_nan(node, results)
    return results


def _look_for_nan(node: Node, results: tuple) -> None:
    for number, result in enumerate(results):
        if result is not None and result._array.dtype.kind in "fc" and bool(result.isnan().any()):
            warnings.warn(
                f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{node.more().trace}",
                stacklevel=2,
            )
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")


def note_trace(node: Node) -> None:
    """Anomaly mode: remember where in the user's program the node was recorded."""
    node.more().trace = "".join(traceback.format_stack()[:-2])


def _run_hooks(hooks: dict, grad):
    for hook in list(hooks.values()):
        changed = hook(grad)
        if changed is not None:
            if not isinstance(changed, Tensor):
                raise TypeError(f"hook must return a Tensor or None, not {type(changed).__name__}")
            grad = changed
    return grad


def _accumulate(leaf: Leaf, grad, create_graph: bool) -> None:
    """Add to ``.grad`` of a leaf. The first gradient is taken over, not copied, where nobody else holds it."""
    before = leaf.grad
    if before is None:
        array = grad._array
        # Nobody outside can see it change: the count is that of a tensor that only this call and its callers hold.
        unshared = getrefcount(grad) <= _UNSHARED and getrefcount(array) <= 3 and grad._storage is None
        if create_graph or (unshared and grad._autograd is None and array.flags.c_contiguous and array.flags.owndata):
            leaf.grad = grad
        else:
            leaf.grad = grad.detach().clone()
    elif create_graph or before._array.dtype != grad._array.dtype:
        leaf.grad = before + grad
    else:
        storage_of(before).version += 1
        np.add(before._array, grad._array, out=before._array)
    if leaf.post_hooks:
        tensor = leaf.variable
        if tensor is not None:
            for hook in list(leaf.post_hooks.values()):
                hook(tensor)


def _count_references() -> int:
    """What ``getrefcount`` says in ``_accumulate`` of a gradient that nobody else holds; Python versions differ in it."""

    def accumulate(leaf, grad, create_graph):
        return getrefcount(grad)

    def deliver(leaf, grad, task):
        return accumulate(leaf, grad, False)

    def walk():
        results = (object(),)
        grad = results[0]
        results = None
        return deliver(None, grad, None)

    return walk()


_UNSHARED = _count_references()
