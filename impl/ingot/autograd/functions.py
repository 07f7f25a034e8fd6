"""``autograd.backward`` and ``autograd.grad``, and ``Tensor.backward``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ..core.graph import GradientEdge, Leaf
from ..core.tensor import Tensor
from .engine import run


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables=None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of ``tensors`` (scalars, or weighted by ``grad_tensors``) to the ``.grad`` of the leaves.

    ``inputs`` restricts which leaves. RuntimeError where a root has no history, is no scalar and has no weight, or the graph was freed.

    >>> x = ingot.ones(2, requires_grad=True); backward((x * x).sum()); x.grad
    tensor([2., 2.])
    """
    roots = _sequence(tensors)
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use `grad_tensors`."
            )
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        grad_tensors = grad_variables
    grads = _root_grads(
        roots, _sequence(grad_tensors) if grad_tensors is not None else (None,) * len(roots), create_graph
    )
    if inputs is not None:
        wanted = _sequence(inputs)
        if not wanted:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        targets = [_target(item) for item in wanted]
        grads_found = run(
            _edges(roots), grads, bool(create_graph if retain_graph is None else retain_graph), create_graph, targets
        )
        for item, edge, grad in zip(wanted, targets, grads_found, strict=True):
            if not isinstance(edge, Leaf) and grad is not None:
                item.retain_grad()
                item.grad = grad if item.grad is None else item.grad + grad
        return
    run(_edges(roots), grads, bool(create_graph if retain_graph is None else retain_graph), create_graph)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the sum of ``outputs`` (weighted by ``grad_outputs``) with respect to each of ``inputs``.

    ``create_graph`` makes the result differentiable again. RuntimeError where an input takes no part, unless ``allow_unused``.

    >>> x = ingot.tensor(3., requires_grad=True); grad(x ** 2, x)
    (tensor(6.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    roots, wanted = _sequence(outputs), _sequence(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True).", FutureWarning, stacklevel=2
        )
    weights = _sequence(grad_outputs) if grad_outputs is not None else (None,) * len(roots)
    keep = bool(create_graph if retain_graph is None else retain_graph)
    if is_grads_batched:
        rows = len(next(one for one in weights if one is not None))
        parts = [
            grad(roots, wanted, [None if one is None else one[row] for one in weights], keep or row < rows - 1, create_graph,
                 allow_unused=allow_unused, materialize_grads=materialize_grads)
            for row in range(rows)
        ]  # fmt: skip
        return tuple(
            None if column[0] is None else column[0]._stacked(list(column)) for column in zip(*parts, strict=True)
        )
    grads = _root_grads(roots, weights, create_graph)
    targets = [_target(item) for item in wanted]
    found = run(_edges(roots), grads, keep, create_graph, targets, accumulate=False)
    for number, (item, value) in enumerate(zip(wanted, found, strict=True)):
        if value is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
        if value is None and materialize_grads:
            found[number] = item.new_zeros(item.shape)
    return tuple(found)


def _sequence(value) -> tuple:
    return (value,) if isinstance(value, (Tensor, GradientEdge)) else tuple(value)


def _edges(roots: Sequence[Tensor | GradientEdge]) -> list:
    return [root.end() if isinstance(root, GradientEdge) else root._autograd.edge(root) for root in roots]


def _target(tensor: Tensor | GradientEdge):
    if isinstance(tensor, GradientEdge):
        return tensor.end()
    if not isinstance(tensor, Tensor):
        raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(tensor).__name__}")
    history = tensor._autograd
    edge = None if history is None else history.edge(tensor)
    if edge is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge


def _root_grads(roots: Sequence[Tensor], weights: Sequence[Tensor | None], create_graph: bool) -> list[Tensor]:
    if len(weights) < len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(weights)} gradients")
    grads = []
    # More weights than roots are ignored, as in PyTorch.
    for number, (root, weight) in enumerate(zip(roots, weights, strict=False)):
        if isinstance(root, GradientEdge):
            if weight is None:
                raise RuntimeError("grad can be implicitly created only for scalar outputs, not for a GradientEdge")
            grads.append(weight)
            continue
        if not root.requires_grad:
            raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
        if weight is None:
            if root.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not root.dtype.is_floating_point:
                raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {root.dtype}")
            weight = root.new_ones(root.shape)
        elif not isinstance(weight, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(weight).__name__}")
        elif weight._array.shape != root._array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{number}] has a shape of {weight.shape} and output[{number}] has a shape of {root.shape}."
            )
        elif weight.dtype.is_complex != root.dtype.is_complex:
            raise RuntimeError(
                "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
                f"grad_output[{number}] has a dtype of {weight.dtype} and output[{number}] has a dtype of {root.dtype}."
            )
        grads.append(weight)
    return grads


def _tensor_backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
    """Add the gradients of this tensor to the ``.grad`` of the leaves; see ``autograd.backward``."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


_tensor_backward.__name__ = "backward"
Tensor.backward = _tensor_backward  # type: ignore[attr-defined]
