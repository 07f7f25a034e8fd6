"""``autograd.functional``: Jacobians, Hessians and their products with vectors, of functions of tensors."""

from __future__ import annotations

from ..core.tensor import Tensor
from .functions import grad
from .grad_mode import enable_grad


def _tuple(value) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def _points(inputs, create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate at: views that keep their history for ``create_graph``, else detached copies of the handle."""
    for number, item in enumerate(_tuple(inputs)):
        if not isinstance(item, Tensor):
            raise TypeError(
                f"The inputs given to the function must be either a Tensor or a tuple of Tensors but the value at index {number} has type "
                f"{type(item)}."
            )
    if create_graph:
        return tuple(
            item.view_as(item) if item.requires_grad else item.detach().requires_grad_() for item in _tuple(inputs)
        )
    return tuple(item.detach().requires_grad_() for item in _tuple(inputs))


def _outputs(func, points) -> tuple[tuple[Tensor, ...], bool]:
    result = func(*points)
    for number, item in enumerate(_tuple(result)):
        if not isinstance(item, Tensor):
            raise TypeError(
                f"The outputs of the user-provided function must be either a Tensor or a tuple of Tensors but the value at index {number} "
                f"has type {type(item)}."
            )
    return _tuple(result), isinstance(result, tuple)


def _like(tuple_wanted: bool, values: tuple):
    return values if tuple_wanted else values[0]


def _scalar_output(outputs, name: str) -> None:
    if len(outputs) != 1 or outputs[0].numel() != 1:
        raise RuntimeError(f"The function given to {name} should return a single Tensor with a single element")


def _vectors(v, likes, what: str):
    if v is None:
        if len(likes) == 1 and likes[0].numel() == 1:
            return (likes[0].new_ones(likes[0].shape),)
        raise RuntimeError(f"The vector v can only be None if {what} returns a single Tensor with a single element.")
    given = _tuple(v)
    for one, like in zip(given, likes, strict=True):
        if one._array.shape != like._array.shape:
            raise RuntimeError(f"v has invalid size: should be {like.shape} but got {one.shape}")
    return given


def _derivatives(outputs, points, weights=None, *, create_graph: bool, strict: bool):
    """Gradients with zeros for what takes no part (an error with ``strict``)."""
    used = [item for item in outputs if item.requires_grad]
    if strict and len(used) < len(outputs):
        raise RuntimeError(
            "Output of the user-provided function does not require gradients. The outputs must be differentiable."
        )
    if not used:
        return tuple(point.new_zeros(point.shape) for point in points)
    chosen = (
        None
        if weights is None
        else [weight for item, weight in zip(outputs, weights, strict=True) if item.requires_grad]
    )
    found = grad(used, points, chosen, create_graph=create_graph, allow_unused=True)
    if strict and any(item is None for item in found):
        raise RuntimeError(
            "The output of the user-provided function is independent of one of the inputs. This is not allowed in strict mode."
        )
    return tuple(
        point.new_zeros(point.shape) if item is None else item for item, point in zip(found, points, strict=True)
    )


def _finish(values: tuple, create_graph: bool) -> tuple:
    return values if create_graph else tuple(item.detach() for item in values)


def vjp(func, inputs, v=None, create_graph: bool = False, strict: bool = False):
    """(outputs, vᵀJ): the product of a vector with the Jacobian of ``func`` at ``inputs``."""
    with enable_grad():
        points = _points(inputs, create_graph)
        outputs, several = _outputs(func, points)
        product = _derivatives(
            outputs,
            points,
            _vectors(v, outputs, "the user-provided function"),
            create_graph=create_graph,
            strict=strict,
        )
    return _like(several, _finish(outputs, create_graph)), _like(
        isinstance(inputs, tuple), _finish(product, create_graph)
    )


def jvp(func, inputs, v=None, create_graph: bool = False, strict: bool = False):
    """(outputs, Jv): the product of the Jacobian of ``func`` at ``inputs`` with a vector, by differentiating a vjp."""
    with enable_grad():
        points = _points(inputs, create_graph)
        vectors = _vectors(v, points, "the input")
        outputs, several = _outputs(func, points)
        dummies = tuple(item.new_zeros(item.shape).requires_grad_() for item in outputs)
        pulled = _derivatives(outputs, points, dummies, create_graph=True, strict=strict)
        moved = _derivatives(pulled, dummies, vectors, create_graph=create_graph, strict=False)
    return _like(several, _finish(outputs, create_graph)), _like(several, _finish(moved, create_graph))


def jacobian(
    func,
    inputs,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
):
    """The Jacobian, shape (*output, *input), nested in tuples as outputs and inputs are.

    ``strategy`` "forward-mode" is accepted with ``vectorize``, as in PyTorch; the result is the same.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode", not {strategy!r}')
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing a Jacobian with strategy='forward-mode' is only implemented for vectorize=True"
        )
    with enable_grad():
        points = _points(inputs, create_graph)
        outputs, several = _outputs(func, points)
        rows = []
        for output in outputs:
            flat = output.reshape(-1)
            parts = [
                _derivatives((flat[number],), points, create_graph=create_graph, strict=strict)
                if create_graph
                else _kept(flat[number], points, strict)
                for number in range(output.numel())
            ]
            rows.append(
                tuple(
                    points[i]._stacked([part[i] for part in parts]).reshape(*output.shape, *points[i].shape)
                    if parts
                    else points[i].new_zeros((*output.shape, *points[i].shape))
                    for i in range(len(points))
                )
            )
    rows = [_finish(row, create_graph) for row in rows]
    per_input = isinstance(inputs, tuple)
    return _like(several, tuple(_like(per_input, row) for row in rows))


def _kept(scalar, points, strict: bool):
    if not scalar.requires_grad:
        return _derivatives((scalar,), points, create_graph=False, strict=strict)
    found = grad(scalar, points, retain_graph=True, allow_unused=True)
    if strict and any(item is None for item in found):
        raise RuntimeError(
            "The output of the user-provided function is independent of one of the inputs. This is not allowed in strict mode."
        )
    return tuple(
        point.new_zeros(point.shape) if item is None else item for item, point in zip(found, points, strict=True)
    )


def hessian(
    func,
    inputs,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
):
    """The matrix of second derivatives of a function with one scalar result, nested as the inputs are."""
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            f'Expected strategy to be either "forward-mode" or "reverse-mode", not {outer_jacobian_strategy!r}'
        )
    if outer_jacobian_strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing a Hessian with strategy='forward-mode' is only implemented for vectorize=True"
        )
    several = isinstance(inputs, tuple)

    def gradient(*points):
        outputs, _ = _outputs(func, points)
        _scalar_output(outputs, "hessian")
        return _derivatives(outputs, points, create_graph=True, strict=strict)

    blocks = jacobian(gradient, _tuple(inputs), create_graph=create_graph, strict=strict)
    return _like(several, tuple(_like(several, row) for row in blocks))


def vhp(func, inputs, v=None, create_graph: bool = False, strict: bool = False):
    """(output, vᵀH): the product of a vector with the Hessian of a scalar function."""
    with enable_grad():
        points = _points(inputs, create_graph)
        vectors = _vectors(v, points, "the input")
        outputs, _ = _outputs(func, points)
        _scalar_output(outputs, "vhp")
        slopes = _derivatives(outputs, points, create_graph=True, strict=strict)
        product = _derivatives(slopes, points, vectors, create_graph=create_graph, strict=strict)
    return _finish(outputs, create_graph)[0], _like(isinstance(inputs, tuple), _finish(product, create_graph))


def hvp(func, inputs, v=None, create_graph: bool = False, strict: bool = False):
    """(output, Hv): the product of the Hessian of a scalar function with a vector; H is symmetric, so this is ``vhp`` with its name."""
    return vhp(func, inputs, v, create_graph, strict)
