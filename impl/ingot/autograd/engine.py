"""Reverse mode: walks the graph from the roots and hands every node the sum of its gradients.

Nodes become ready when all their consumers have run (dependency counts) and run latest-recorded first (a heap by sequence number), as in
PyTorch, so hooks fire in PyTorch's order. Leaves accumulate at once.
"""

from __future__ import annotations

import heapq
import traceback
import warnings
from sys import getrefcount
from typing import Any

import numpy as np

from ..core.graph import Leaf, Node, Output, thread
from ..core.storage import storage_of
from ..core.tensor import Tensor


def run(
    roots: list, grads: list, keep_graph: bool, create_graph: bool, targets: list | None = None, accumulate: bool = True
) -> list:
    """Differentiate ``roots`` (edges), weighted by ``grads``; returns the gradients that arrive at ``targets`` (edges).

    ``accumulate``: add to the ``.grad`` of the leaves reached (with targets, of the targets that are leaves). Where targets are given, only
    nodes on a path to one of them run.
    """
    dependencies = _count_dependencies(roots)
    needed = None if targets is None else _nodes_towards({_node(edge) for edge in targets}, roots)
    captured: dict = {}
    wanted = {} if targets is None else {(_node(edge), _number(edge)) for edge in targets}
    wanted_nodes = {node for node, _ in wanted}

    buffers: dict = {}
    owned: set = set()
    heap: list = []
    enabled, thread.mode.enabled = thread.mode.enabled, create_graph
    try:
        for edge, seed in zip(roots, grads, strict=True):
            _add(buffers, owned, edge, seed, create_graph)
        for node in {_node(edge): None for edge in roots}:
            if not dependencies.get(node):
                heapq.heappush(heap, (_rank(node), node))
        while heap:
            node = heapq.heappop(heap)[1]
            grad: Any = buffers.pop(node, None)
            owned.discard(node)
            if node in wanted_nodes and type(node) is not Leaf:
                grad = _before(node, grad)
                for number in range(node.outputs):
                    if (node, number) in wanted:
                        captured[node, number] = grad if node.outputs == 1 else (grad and grad[number])
                if needed is None or not any(_node(edge) in needed for edge in node.edges if edge is not None):
                    continue
            elif type(node) is Leaf:
                if grad is not None:
                    grad = _run_hooks(node.tensor_hooks, grad) if node.tensor_hooks else grad
                    if node in wanted_nodes:
                        captured[node, 0] = grad
                    if accumulate and (targets is None or node in wanted_nodes):
                        _accumulate(node, grad, create_graph)
                continue
            elif needed is not None and node not in needed:
                continue
            elif node.extras is not None:
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
            del grad
            for number, edge in enumerate(node.edges):
                if edge is None:
                    continue
                after = edge.node if type(edge) is Output else edge
                result = results[number]
                if result is not None:
                    if after in buffers or type(edge) is Output:
                        _add(buffers, owned, edge, result, create_graph)
                    else:
                        buffers[after] = result
                    result = None
                left = dependencies[after] - 1
                dependencies[after] = left
                if left == 0:
                    heapq.heappush(heap, (_rank(after), after))
            results = None
    finally:
        thread.mode.enabled = enabled
    return [captured.get((_node(edge), _number(edge))) for edge in targets or ()]


_LEAVES_FIRST = 1 << 62


def _rank(node: Node) -> int:
    """The heap's key: leaves before all, then latest recorded first. No two nodes share one."""
    return -node.sequence - _LEAVES_FIRST if type(node) is Leaf else -node.sequence


def _node(edge) -> Node:
    return edge.node if type(edge) is Output else edge


def _number(edge) -> int:
    return edge.number if type(edge) is Output else 0


def _count_dependencies(roots: list) -> dict:
    """How many edges lead to each node that the roots reach."""
    counts: dict = {}
    stack = list({_node(edge): None for edge in roots})
    seen = set(stack)
    while stack:
        for edge in stack.pop().edges:
            if edge is None:
                continue
            node = edge.node if type(edge) is Output else edge
            counts[node] = counts.get(node, 0) + 1
            if node not in seen:
                seen.add(node)
                stack.append(node)
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
    elif node in owned and not create_graph and before._array.dtype == grad._array.dtype:
        np.add(before._array, grad._array, out=before._array)
    else:
        buffers[node] = before + grad
        owned.add(node)


def _before(node: Node, grad):
    """Tensor hooks, retained gradients and prehooks, before the node runs."""
    extras = node.extras
    if extras is None or grad is None:
        return grad
    grads = [grad] if node.outputs == 1 else grad
    for number, hooks in extras.tensor_hooks.items():
        if grads[number] is not None:
            grads[number] = _run_hooks(hooks, grads[number])
    for number, output in extras.retained.items():
        if grads[number] is not None:
            output.grad = grads[number] if output.grad is None else output.grad + grads[number]
    for hook in list(extras.prehooks.values()):
        changed = hook(tuple(grads))
        if changed is not None:
            grads = list(changed) if isinstance(changed, tuple) else [changed]
    return grads[0] if node.outputs == 1 else grads


def _after(node: Node, results: tuple, grad):
    """The node's hooks, and anomaly mode's look at what it computed."""
    extras = node.more()
    for hook in list(extras.hooks.values()):
        changed = hook(tuple(results), (grad,) if node.outputs == 1 else tuple(grad))
        if changed is not None:
            results = changed if isinstance(changed, tuple) else (changed,)
    if extras.trace is not None:
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
        # 4 references: the local in run(), the argument, this local's tensor, getrefcount's own. Nobody outside can see it change.
        unshared = getrefcount(grad) <= 4 and getrefcount(array) <= 3 and grad._storage is None
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
