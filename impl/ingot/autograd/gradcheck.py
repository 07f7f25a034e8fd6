"""``gradcheck`` and ``gradgradcheck``: derivatives against central differences, with PyTorch's signatures and messages.

For a real function the Jacobian column of an input element is (f(x + eps e) - f(x - eps e)) / 2 eps. For complex inputs the real and imaginary
directions are perturbed apart and combined into the conjugate Wirtinger form that PyTorch's gradients follow
(https://docs.pytorch.org/docs/stable/notes/gradcheck.html).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..core.tensor import Tensor, wrap
from . import forward_ad
from .functions import grad


class GradcheckError(RuntimeError):
    """A derivative that differs from the finite differences, or is missing."""


def gradcheck(
    func: Callable,
    inputs: Tensor | Sequence,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the derivatives of ``func`` at ``inputs`` agree with central differences within ``atol + rtol * |numerical|``.

    Inputs that require grad are checked; they should be float64 or complex128. Raises GradcheckError (or returns False, with
    ``raise_exception=False``) where they do not agree, differ from run to run by more than ``nondet_tol``, or have the wrong dtype.

    >>> gradcheck(ingot.sin, ingot.ones(3, dtype=ingot.float64, requires_grad=True))
    True
    """
    if not check_forward_ad and not check_backward_ad:
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    try:
        _check(
            func,
            arguments,
            eps,
            atol,
            rtol,
            nondet_tol,
            check_undefined_grad,
            check_grad_dtypes,
            check_forward_ad,
            check_backward_ad,
            fast_mode,
        )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable,
    inputs: Tensor | Sequence,
    grad_outputs: Tensor | Sequence | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether second derivatives agree with central differences of first ones; random ``grad_outputs`` unless given."""
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    outputs = _differentiable_outputs(func(*arguments))
    if grad_outputs is None:
        draw = np.random.Generator(np.random.PCG64(0))
        weights = tuple(_random_like(draw, output, gen_non_contig_grad_outputs) for output in outputs)
    else:
        weights = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    count = len(weights)

    def first_derivative(*given):
        (*points,) = given[:-count]
        values = _differentiable_outputs(func(*points))
        chosen = tuple(
            item
            for item, whole in zip(points, arguments, strict=True)
            if isinstance(whole, Tensor) and whole.requires_grad
        )
        found = grad(values, chosen, given[-count:], create_graph=True, allow_unused=True)
        return tuple(item for item in found if item is not None)

    return gradcheck(
        first_derivative, (*arguments, *weights), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes, check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev, fast_mode=fast_mode,
    )  # fmt: skip


def _random_like(draw, output: Tensor, strided: bool) -> Tensor:
    shape = (*output.shape, 2) if strided else tuple(output.shape)
    values = draw.standard_normal(shape)
    if output.is_complex():
        values = values + 1j * draw.standard_normal(shape)
    values = values.astype(output._array.dtype)
    return wrap(values[..., 0] if strided else values).to(output.device).requires_grad_()


def _differentiable_outputs(value) -> tuple[Tensor, ...]:
    outputs = (value,) if isinstance(value, Tensor) else tuple(value)
    return tuple(item for item in outputs if isinstance(item, Tensor) and item.requires_grad)


def _tensors(value) -> tuple[Tensor, ...]:
    return tuple(item for item in ((value,) if isinstance(value, Tensor) else value) if isinstance(item, Tensor))


def _check(
    func, arguments, eps, atol, rtol, nondet_tol, check_undefined, check_dtypes, check_forward, check_backward, fast
) -> None:
    checked = [n for n, item in enumerate(arguments) if isinstance(item, Tensor) and item.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    _check_precision(arguments, checked)
    outputs = _tensors(func(*arguments))
    real_outputs = [
        n for n, item in enumerate(outputs) if item.requires_grad or (check_forward and item.dtype.is_floating_point)
    ]
    if not real_outputs:
        every = [_numerical(func, arguments, i, list(range(len(outputs))), eps) for i in checked]
        if any(np.any(column != 0) for columns in every for column in columns):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    if fast:
        checked_pairs = _directional(func, arguments, checked, real_outputs, eps, check_forward, check_backward)
        for i, o, slope, difference, kind in checked_pairs:
            _compare(slope, difference, i, o, atol, rtol, kind)
        return
    for i in checked:
        numerical = _numerical(func, arguments, i, real_outputs, eps)
        if check_backward:
            analytical = _analytical(func, arguments, i, real_outputs, check_dtypes)
            again = _analytical(func, arguments, i, real_outputs, check_dtypes)
            for o, (one, two) in enumerate(zip(analytical, again, strict=True)):
                if np.max(np.abs(one - two), initial=0.0) > nondet_tol:
                    raise GradcheckError(
                        f"Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
                        f"values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism was {nondet_tol}. "
                        f"(input {i}, output {o})"
                    )
            for o, (one, two) in enumerate(zip(analytical, numerical, strict=True)):
                _compare(one, two, i, o, atol, rtol, "backward")
        if check_forward:
            for o, (one, two) in enumerate(zip(_forward(func, arguments, i, real_outputs), numerical, strict=True)):
                _compare(one, two, i, o, atol, rtol, "forward")
    if check_backward and check_undefined:
        _check_undefined_grad(func, arguments, checked)


def _check_precision(arguments, checked) -> None:
    import warnings

    for n in checked:
        if arguments[n].dtype.to_real().itemsize < 8:
            warnings.warn(
                f"Input #{n} requires gradient and is not a double precision floating point or complex. This check will likely fail if all "
                "the inputs are not of double precision floating point or complex. ",
                stacklevel=4,
            )
        if (
            arguments[n].numel()
            and 0 in arguments[n].stride()
            and any(
                step == 0 and length > 1 for step, length in zip(arguments[n].stride(), arguments[n].shape, strict=True)
            )
        ):
            raise RuntimeError(
                f"The {n}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to "
                "compute the numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck."
            )


def _values(func, arguments, wanted) -> list[np.ndarray]:
    outputs = _tensors(func(*arguments))
    return [np.array(outputs[o].detach().cpu()._array) for o in wanted]


def _with(arguments, place: int, array) -> tuple:
    replaced = list(arguments)
    like = arguments[place]
    replaced[place] = wrap(array).to(like.device).requires_grad_()
    return tuple(replaced)


def _numerical(func, arguments, place: int, wanted, eps: float) -> list[np.ndarray]:
    """Per output, the Jacobian (input elements x output elements) by central differences."""
    point = np.array(arguments[place].detach().cpu()._array, order="C")
    directions = (1.0, 1j) if point.dtype.kind == "c" else (1.0,)
    columns: list[list] = [[] for _ in wanted]
    for element in range(point.size):
        steps = []
        for direction in directions:
            moved = []
            for sign in (1, -1):
                array = point.copy()
                array.reshape(-1)[element] += sign * eps * direction
                moved.append(_values(func, _with(arguments, place, array), wanted))
            steps.append([(up.ravel() - down.ravel()) / (2 * eps) for up, down in zip(*moved, strict=True)])
        for o in range(len(wanted)):
            columns[o].append(tuple(step[o] for step in steps))
    return [_wirtinger(column, point.dtype.kind == "c") for column in columns]


def _wirtinger(columns, complex_input: bool) -> np.ndarray:
    """The vjp matrix W with grad = sum_out W[in, out] * cotangent, from derivatives along the real and imaginary axes."""
    if not columns:
        return np.zeros((0, 0))
    real = np.array([column[0] for column in columns])
    if not complex_input:
        return real
    return np.stack([real, np.array([column[1] for column in columns])])


def _analytical(func, arguments, place: int, wanted, check_dtypes: bool) -> list[np.ndarray]:
    """The same matrices from backward, one cotangent element at a time (1, and i for complex outputs)."""
    return [_analytical_output(func, arguments, place, o, check_dtypes) for o in wanted]


def _analytical_output(func, arguments, place: int, o: int, check_dtypes: bool) -> np.ndarray:
    output = _tensors(func(*arguments))[o]
    given = arguments[place]
    complex_input, complex_output = given.is_complex(), output.is_complex()
    rows = []
    for element in range(output.numel()):
        parts = []
        for unit in (1.0, 1j) if complex_output else (1.0,):
            weight = np.zeros(output.shape, output._array.dtype)
            weight.reshape(-1)[element] = unit
            found = None
            if output.requires_grad:
                (found,) = grad(output, given, wrap(weight).to(output.device), retain_graph=True, allow_unused=True)
            if found is not None and check_dtypes and found.dtype is not given.dtype:
                raise GradcheckError("Gradient has dtype mismatch with the input")
            parts.append(
                np.zeros(given.numel(), given._array.dtype)
                if found is None
                else np.array(found.detach().cpu()._array).ravel()
            )
        rows.append(parts)
    return _as_differences(rows, given.numel(), complex_input, complex_output)


def _as_differences(rows, count: int, complex_input: bool, complex_output: bool) -> np.ndarray:
    """Turn vjps into the derivatives that ``_numerical`` takes: d out / d (real, imaginary part of in).

    For L real, PyTorch's gradient is dL/dx + i dL/dy. With cotangent 1, L = Re(out); with cotangent i, L = Im(out).
    """
    if not rows:
        return np.zeros((2, count, 0), complex) if complex_input else np.zeros((count, 0))
    first = np.array([parts[0] for parts in rows]).T
    second = np.array([parts[1] for parts in rows]).T if complex_output else 0 * first
    along_x = first.real + 1j * np.real(second)
    if not complex_input:
        return along_x if complex_output else along_x.real
    along_y = first.imag + 1j * np.imag(second)
    both = np.stack([along_x, along_y])
    return both if complex_output else both.real


def _dual_of(given: Tensor, tangent: Tensor) -> Tensor:
    """An input with a tangent. It wants a gradient where the input does: the function may differentiate inside (forward over reverse)."""
    primal = given.detach().requires_grad_(given.requires_grad)
    return forward_ad.make_dual(primal, tangent.to(given.device))


def _forward(func, arguments, place: int, wanted) -> list[np.ndarray]:
    """The same matrices from forward mode, one tangent element at a time."""
    given = arguments[place]
    directions = (1.0, 1j) if given.is_complex() else (1.0,)
    columns: list[list] = [[] for _ in wanted]
    for element in range(given.numel()):
        steps = []
        for direction in directions:
            tangent = np.zeros(given.shape, given._array.dtype)
            tangent.reshape(-1)[element] = direction
            with forward_ad.dual_level():
                dual = list(arguments)
                dual[place] = _dual_of(given, wrap(tangent))
                outputs = _tensors(func(*dual))
                moved = []
                for o in wanted:
                    found = forward_ad.unpack_dual(outputs[o]).tangent
                    moved.append(
                        np.zeros(outputs[o].numel(), outputs[o]._array.dtype)
                        if found is None
                        else np.array(found.detach().cpu()._array).ravel()
                    )
            steps.append(moved)
        for o in range(len(wanted)):
            columns[o].append(tuple(step[o] for step in steps))
    return [_wirtinger(column, given.is_complex()) for column in columns]


def _directional(func, arguments, checked, wanted, eps, check_forward, check_backward):
    """fast_mode: one random direction per input and one random cotangent per output instead of whole Jacobians."""
    draw = np.random.Generator(np.random.PCG64(0))
    for i in checked:
        given = arguments[i]
        direction = draw.standard_normal(given.shape)
        if given.is_complex():
            direction = direction + 1j * draw.standard_normal(given.shape)
        direction = direction / max(float(np.linalg.norm(direction)), 1e-300)
        point = np.array(given.detach().cpu()._array)
        up = _values(func, _with(arguments, i, point + eps * direction), wanted)
        down = _values(func, _with(arguments, i, point - eps * direction), wanted)
        outputs = _tensors(func(*arguments))
        for o, high, low in zip(wanted, up, down, strict=True):
            slope = (high - low) / (2 * eps)
            weight = draw.standard_normal(slope.shape)
            if outputs[o].is_complex():
                weight = weight + 1j * draw.standard_normal(slope.shape)
            numerical = np.array([[np.sum(np.real(np.conj(weight) * slope))]])
            if check_backward and outputs[o].requires_grad:
                (found,) = grad(
                    outputs[o],
                    given,
                    wrap(np.asarray(weight).astype(outputs[o]._array.dtype)).to(given.device),
                    retain_graph=True,
                    allow_unused=True,
                )
                vjp = (
                    0.0
                    if found is None
                    else np.sum(np.real(np.conj(np.array(found.detach().cpu()._array)) * direction))
                )
                yield i, o, np.array([[vjp]]), numerical, "backward"
            if check_forward:
                with forward_ad.dual_level():
                    dual = list(arguments)
                    dual[i] = _dual_of(given, wrap(np.asarray(direction).astype(given._array.dtype)))
                    tangent = forward_ad.unpack_dual(_tensors(func(*dual))[o]).tangent
                moved = (
                    0.0
                    if tangent is None
                    else np.sum(np.real(np.conj(weight) * np.array(tangent.detach().cpu()._array)))
                )
                yield i, o, np.array([[moved]]), numerical, "forward"


def _compare(analytical, numerical, i: int, o: int, atol: float, rtol: float, kind: str) -> None:
    if not np.allclose(analytical, numerical, rtol=rtol, atol=atol, equal_nan=True):
        mode = " while considering the forward mode" if kind == "forward" else ""
        raise GradcheckError(
            f"Jacobian mismatch for output {o} with respect to input {i}{mode},\nnumerical:{numerical}\nanalytical:{analytical}\n"
        )


def _check_undefined_grad(func, arguments, checked) -> None:
    """Backward must take "no gradient" for an output as zero."""
    outputs = _differentiable_outputs(func(*arguments))
    if len(outputs) < 2:
        return
    chosen = [arguments[i] for i in checked]
    for skipped in range(len(outputs)):
        used = [item for n, item in enumerate(outputs) if n != skipped]
        weights = [item.new_zeros(item.shape) for item in used]
        for found in grad(used, chosen, weights, retain_graph=True, allow_unused=True):
            if found is not None and bool((found != 0).any()):
                raise GradcheckError(
                    "Expected all inputs to have zero gradient where the outputs' gradients are zero or undefined"
                )
