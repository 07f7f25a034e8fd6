"""What linear algebra asks of its arguments, and the error of matrices that have no answer."""

from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import FLOAT
from ..core.errors import broadcast_mismatch, not_implemented
from ..core.tensor import Tensor


class _LinAlgError(RuntimeError):
    """A matrix is singular, not positive-definite, or makes an algorithm fail to converge."""


LinAlgError = _LinAlgError
"""``torch.linalg.LinAlgError``, whose class has the name with the underscore."""

_LOW_PRECISION = (dtypes.float16, dtypes.bfloat16)


def admit_tensor(function: str, argument: str, value, position: int = 1) -> None:
    """TypeError unless ``value`` is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}"
        )


def check_matrix(name: str, input, argument: str = "A", *, position: int = 1) -> None:
    """TypeError unless ``input`` is a tensor, RuntimeError unless it has two dims."""
    if type(input) is not Tensor:
        admit_tensor(name.replace(".", "_"), argument, input, position)
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {argument} must have at least 2 dimensions.")


def check_square(name: str, input, argument: str = "A", *, position: int = 1) -> None:
    """As ``check_matrix``, and RuntimeError unless the last two dims are equal."""
    check_matrix(name, input, argument, position=position)
    rows, columns = input._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {rows} by {columns} matrices")


def check_floating(name: str, input, *, kernel: str | None = None) -> None:
    """RuntimeError for integers; for half types NotImplementedError that names ``kernel``, RuntimeError where there is none."""
    if input.dtype.category < FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {input.dtype.legacy_name}"
        )
    if input.dtype in _LOW_PRECISION:
        if kernel is not None:
            raise not_implemented(kernel, input.dtype)
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {input.dtype.legacy_name}")


def check_served(kernel: str, input) -> None:
    """NotImplementedError for dtypes that LAPACK does not serve."""
    if input.dtype.category < FLOAT or input.dtype in _LOW_PRECISION:
        raise not_implemented(kernel, input.dtype)


def check_same_dtype(name: str, a, b, first: str = "A", second: str = "B") -> None:
    """RuntimeError unless two tensors have one dtype."""
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"{name}: Expected {first} and {second} to have the same dtype, but found {first} of type {a.dtype.legacy_name} and "
            f"{second} of type {b.dtype.legacy_name} instead"
        )


def check_equation(name: str, a, b, left: bool) -> None:
    """RuntimeError unless ``A X = B`` (``left``), or ``X A = B``, has matching sizes."""
    rows, columns = a._array.shape[-2:], b._array.shape[-2:]
    if rows[0] != columns[0 if left else 1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({rows[0]}x{rows[1]} and {columns[0]}x{columns[1]})"
        )


def is_vector(a, b) -> bool:
    """Whether the right-hand side of ``A x = b`` is a vector, or one for each matrix of the batch."""
    return b._array.ndim == 1 or (b._array.ndim == a._array.ndim - 1 and b._array.shape == a._array.shape[:-1])


def broadcast_batches(*tensors):
    """The tensors with their dims before the last two expanded to one batch shape."""
    lead: tuple[int, ...] = ()
    for one in tensors:
        try:
            lead = np.broadcast_shapes(lead, one._array.shape[:-2])
        except ValueError:
            raise broadcast_mismatch(lead, one._array.shape[:-2]) from None
    return [one if one._array.shape[:-2] == lead else one.expand(*lead, *one._array.shape[-2:]) for one in tensors]


def own_batch(codes, lead, trailing: int = 0):
    """What was found for a broadcast batch (``trailing`` more dims follow it), for the batch ``lead`` as it was before broadcasting."""
    if codes._array.size == 0:
        kept = codes._array.shape[codes._array.ndim - trailing :]
        return codes.new_zeros((*lead, *kept))
    for _ in range(codes._array.ndim - trailing - len(lead)):
        codes = codes.select(0, 0)
    for dim, length in enumerate(lead):
        if codes._array.shape[dim] != length:
            codes = codes.narrow(dim, 0, 1)
    return codes


def first_failure(info) -> tuple[str, int] | None:
    """(where, code) of the first matrix whose ``info`` is not 0; ``where`` names it among the batch. None where all is well."""
    array = info._array
    if hasattr(array, "ghost") or not bool((array != 0).any()):
        return None
    codes = info.reshape(-1).tolist()
    place = next(at for at, code in enumerate(codes) if code)
    return ("" if array.ndim == 0 else f"(Batch element {place}): "), codes[place]
