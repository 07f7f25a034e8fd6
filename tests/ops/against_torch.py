"""One body, run under PyTorch and under Ingot, compared.

    agree(lambda t, x: t.cumsum(x, 0), tensor(3, 4))

The body gets the framework's module and the inputs as that framework's tensors (inputs that are no tensors come as they are). Compared are
the class of the error, if PyTorch raises one; else values, dtypes and shapes (with ``strides=True`` memory layout too), gradients, gradients of
gradients, and forward mode against reverse mode.
"""

from __future__ import annotations

import warnings

import ml_dtypes
import numpy as np
import torch

import ingot
from ingot.autograd import forward_ad

TOLERANCE = {
    "float64": (1e-12, 1e-12), "complex128": (1e-12, 1e-12), "float32": (2e-6, 1e-6), "complex64": (4e-6, 1e-6), "float16": (2e-3, 1e-3),
    "bfloat16": (1.6e-2, 1e-2),
}  # fmt: skip
"""(relative, absolute) by dtype: a few roundings; integers and bools must be equal."""
SEED = 20260


def tensor(*shape: int, dtype=torch.float64, seed: int = 0, low: float = -2.0, high: float = 2.0) -> torch.Tensor:
    """A torch tensor of reproducible numbers in [low, high) (integers, for an integer dtype; either truth value, for bool)."""
    random = np.random.default_rng(seed)
    values = random.uniform(low, high, shape)
    if dtype.is_complex:
        values = values + 1j * random.uniform(low, high, shape)
    elif dtype is torch.bool:
        values = values > 0
    elif not dtype.is_floating_point:
        values = np.floor(values * 5 if dtype.is_signed else np.abs(values) * 5)
    return torch.from_numpy(np.asarray(values)).to(dtype)


def to_ingot(value):
    """The Ingot tensor with a torch tensor's values, strides and ``requires_grad``; containers are followed, all else stays."""
    if isinstance(value, torch.dtype):
        return getattr(ingot, str(value).removeprefix("torch."))
    if isinstance(value, (tuple, list)):
        return type(value)(to_ingot(item) for item in value)
    if not isinstance(value, torch.Tensor):
        return value
    plain = value.detach().resolve_conj().resolve_neg()
    if plain.dtype is torch.bfloat16:
        array = plain.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    else:
        array = plain.numpy()
    # A copy with the same strides: a body that writes must not write into the other framework's input.
    copy = (
        np.lib.stride_tricks.as_strided(_memory_of(array), array.shape, array.strides) if array.size else array.copy()
    )
    made = ingot.from_numpy(copy)
    return made.requires_grad_() if value.requires_grad else made


def _memory_of(array: np.ndarray) -> np.ndarray:
    """A copy of the stretch of memory that an array's elements span."""
    span = 1 + sum((n - 1) * step // array.itemsize for n, step in zip(array.shape, array.strides, strict=True))
    return np.lib.stride_tricks.as_strided(array, (span,), (array.itemsize,)).copy()


def to_torch(value):
    """The torch tensor with an Ingot tensor's values (a copy)."""
    if isinstance(value, (tuple, list)):
        return [to_torch(item) for item in value]
    if not isinstance(value, ingot.Tensor):
        return value
    if value.dtype is ingot.bfloat16:
        return torch.from_numpy(value.detach().contiguous().view(ingot.int16).numpy().copy()).view(torch.bfloat16)
    return torch.from_numpy(np.array(value.detach().numpy()))


def run(body, module, inputs):
    """(result, None), or (None, the error) where the body raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return body(module, *inputs), None
        except Exception as error:
            return None, error


def agree(
    body,
    *inputs,
    gradients: bool = True,
    second: bool = True,
    forward: bool = True,
    strides: bool = False,
    rtol=None,
    atol=None,
) -> None:
    """Fail unless the body does the same under both frameworks.

    Derivatives are compared where inputs are float64 or complex128 and a result is differentiable: first order, with ``second`` second order, with
    ``forward`` forward mode.
    """
    ours = to_ingot(inputs)
    theirs = [
        item.clone(memory_format=torch.preserve_format) if isinstance(item, torch.Tensor) else item for item in inputs
    ]
    expected, error = run(body, torch, theirs)
    found, own_error = run(body, ingot, ours)
    if error is not None:
        assert own_error is not None, f"PyTorch raised {type(error).__name__}: {error}; Ingot returned {found!r}"
        assert type(own_error).__name__ == type(error).__name__, (
            f"PyTorch raised {type(error).__name__}: {error}; Ingot {type(own_error).__name__}: {own_error}"
        )
        return
    if own_error is not None:
        raise AssertionError(f"PyTorch returned {expected!r}; Ingot raised") from own_error
    compare(found, expected, strides=strides, rtol=rtol, atol=atol)
    wide = [isinstance(item, torch.Tensor) and item.dtype in (torch.float64, torch.complex128) for item in inputs]
    if gradients and any(wide):
        _agree_on_derivatives(body, inputs, wide, second, forward)


def compare(found, expected, *, strides: bool = False, rtol=None, atol=None, what: str = "result") -> None:
    """Fail unless an Ingot result equals a torch one: structure, dtype, shape, values (NaN equals NaN), and with ``strides`` layout."""
    if isinstance(expected, (tuple, list)):
        assert isinstance(found, (tuple, list)) and len(found) == len(expected), (
            f"{what}: {found!r} is not {expected!r}"
        )
        assert getattr(found, "_fields", None) == tuple_fields(expected), f"{what}: fields of {type(found)}"
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            compare(one, other, strides=strides, rtol=rtol, atol=atol, what=f"{what}[{place}]")
        return
    if not isinstance(expected, torch.Tensor):
        expected = to_ingot(expected)
        same = found == expected or (found != found and expected != expected)
        assert same and type(found).__name__ == type(expected).__name__, f"{what}: {found!r} is not {expected!r}"
        return
    assert isinstance(found, ingot.Tensor), f"{what}: {found!r} is no tensor"
    name = str(expected.dtype).removeprefix("torch.")
    assert found.dtype.name == name, f"{what}: dtype {found.dtype}, PyTorch has {expected.dtype}"
    assert tuple(found.shape) == tuple(expected.shape), (
        f"{what}: shape {tuple(found.shape)}, PyTorch has {tuple(expected.shape)}"
    )
    if strides:
        assert found.stride() == expected.stride(), f"{what}: strides {found.stride()}, PyTorch has {expected.stride()}"
    relative, absolute = TOLERANCE.get(name, (0.0, 0.0))
    torch.testing.assert_close(
        to_torch(found), expected.detach().resolve_conj().resolve_neg().contiguous(), equal_nan=True, check_stride=False,
        rtol=relative if rtol is None else rtol, atol=absolute if atol is None else atol, msg=lambda text: f"{what}: {text}",
    )  # fmt: skip


def tuple_fields(value):
    """The field names of a named tuple (torch's struct sequences included), else None."""
    if type(value).__module__ == "torch.return_types":
        return tuple(
            name for name in dir(value) if not name.startswith(("_", "n_")) and name not in ("count", "index")
        ) and tuple(item.split("=")[0].strip() for item in _field_lines(value))
    return getattr(value, "_fields", None)


def _field_lines(value):
    """``name=...`` of each field, in order, from a struct sequence's members."""
    names = [name for name in type(value).__dict__ if not name.startswith("_") and not name.startswith("n_")]
    ordered = []
    for element in value:
        ordered.append(next(name for name in names if getattr(value, name) is element and name not in ordered))
    return ordered


# -- derivatives ----------------------------------------------------------------------------------------------------------------------------


def _agree_on_derivatives(body, inputs, wide, second: bool, forward: bool) -> None:
    ours, theirs = (
        _first_and_second(body, ingot, inputs, wide, second),
        _first_and_second(body, torch, inputs, wide, second),
    )
    for order, (found, expected) in enumerate(zip(ours, theirs, strict=True), 1):
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            what = f"derivative of order {order} by input {place}"
            # No gradient and a gradient of zeros say the same.
            if one is None or other is None:
                rest = one if other is None else other
                assert rest is None or not bool((rest != 0).any()), f"{what}: {one!r}, PyTorch has {other!r}"
                continue
            compare(one, other, rtol=1e-9, atol=1e-9, what=what)
    if forward and ours[0]:
        _forward_is_transpose(body, inputs, wide)


def _leaves(module, inputs, wide):
    made = []
    for value, is_wide in zip(inputs, wide, strict=True):
        if is_wide:
            fresh = value.detach().clone(memory_format=torch.preserve_format)
            fresh = (to_ingot(fresh) if module is ingot else fresh).requires_grad_()
            made.append(fresh)
        else:
            made.append(to_ingot(value) if module is ingot else value)
    return made


def _flat(result):
    if isinstance(result, (tuple, list)):
        return [leaf for item in result for leaf in _flat(item)]
    return [result]


def _differentiable(module, result):
    return [item for item in _flat(result) if isinstance(item, module.Tensor) and item.requires_grad]


def _weights(module, tensors, salt: int):
    """Fixed random cotangents: the same in both frameworks."""
    made = []
    for place, item in enumerate(tensors):
        random = np.random.default_rng((SEED, salt, place))
        values = random.normal(size=tuple(item.shape))
        if item.is_complex():
            values = values + 1j * random.normal(size=tuple(item.shape))
        made.append(module.from_numpy(np.array(values)).to(item.dtype))
    return made


def _first_and_second(body, module, inputs, wide, second: bool):
    """Gradients of the results, and gradients of those, by the wide inputs."""
    leaves = _leaves(module, inputs, wide)
    parameters = [leaf for leaf, is_wide in zip(leaves, wide, strict=True) if is_wide]
    # A clone: a body that works in place must not write into a leaf.
    arguments = [leaf.clone() if is_wide else leaf for leaf, is_wide in zip(leaves, wide, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = _differentiable(module, body(module, *arguments))
    if not outputs:
        return [[]]
    cotangents = [item.requires_grad_() for item in _weights(module, outputs, 0)]
    first = module.autograd.grad(outputs, parameters, cotangents, create_graph=second, allow_unused=True)
    if not second:
        return [first]
    again = [item for item in first if item is not None and item.requires_grad]
    if not again:
        return [first, [None] * (len(parameters) + len(cotangents))]
    targets = [*parameters, *cotangents]
    return [first, module.autograd.grad(again, targets, _weights(module, again, 1), allow_unused=True)]


def _forward_is_transpose(body, inputs, wide) -> None:
    """<cotangent, jvp> must equal <vjp, tangent> (real parts, for complex numbers). No tangent is a tangent of zeros."""
    leaves = _leaves(ingot, inputs, wide)
    parameters = [leaf for leaf, is_wide in zip(leaves, wide, strict=True) if is_wide]
    tangents = _weights(ingot, parameters, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = _flat(body(ingot, *[one.clone() if w else one for one, w in zip(leaves, wide, strict=True)]))
        places = [at for at, one in enumerate(results) if isinstance(one, ingot.Tensor) and one.requires_grad]
        outputs = [results[at] for at in places]
        cotangents = _weights(ingot, outputs, 0)
        vjps = ingot.autograd.grad(outputs, parameters, cotangents, allow_unused=True)
        with forward_ad.dual_level():
            moving = iter(tangents)
            duals = [
                forward_ad.make_dual(leaf.detach().clone(), next(moving).clone()) if is_wide else leaf
                for leaf, is_wide in zip(leaves, wide, strict=True)
            ]
            pushed = _flat(body(ingot, *duals))
            moved = [forward_ad.unpack_dual(pushed[at]).tangent for at in places]
    pairs = [(one, other) for one, other in zip(cotangents, moved, strict=True) if other is not None]
    left = sum(_inner(one, other) for one, other in pairs)
    right = sum(_inner(one, other) for one, other in zip(vjps, tangents, strict=True) if one is not None)
    if np.isnan(left) and np.isnan(right):
        return
    size = sum(np.abs(other.numpy()).sum() for _, other in pairs)
    assert abs(left - right) <= 1e-9 * (1 + abs(right) + size), f"<cotangent, jvp> = {left}, <vjp, tangent> = {right}"


def _inner(a, b) -> float:
    return float((np.conj(a.detach().numpy()) * b.detach().numpy()).sum().real)
