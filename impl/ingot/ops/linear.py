"""Products of matrices and vectors: matmul and its relatives, einsum, and ``linear``."""

from __future__ import annotations

import math

import numpy as np

from ..backends.numpy_backend import touch_packing_memory
from ..core.dtype import INTEGER
from ..core.errors import normalize_dims
from ..core.promotion import to_scalar
from ..core.tensor import Tensor, wrap
from .declare import HALVES, composite, primitive
from .views import permute, reshape

# -- kernels ------------------------------------------------------------------------------------------------------------------------------


@primitive("_matmul(input, other)", node="MmBackward0")
def _matmul(xp, input, other):
    """Batched matrix product of arrays with at least two dims; leading dims broadcast."""
    # For two matrices ``dot`` is the same product with half of ``matmul``'s overhead.
    return input.dot(other) if xp is np and input.ndim == 2 == other.ndim else xp.matmul(input, other)


@_matmul.jvp("input")
def _(tangent, other):
    return _matmul(tangent, other)


@_matmul.jvp("other")
def _(tangent, input):
    return _matmul(input, tangent)


@_matmul.backward("input")
def _(grad, other, input_shape):
    return _to_shape(_matmul(grad, _adjoint(other)), input_shape)


@_matmul.backward("other")
def _(grad, input, other_shape):
    return _to_shape(_matmul(_adjoint(input), grad), other_shape)


def _to_shape(grad, shape):
    return grad if grad._array.shape == shape else grad.sum_to_size(shape)


def _adjoint(matrix):
    """The conjugate transpose of the last two dims; a view for real matrices."""
    flipped = matrix.transpose(-2, -1)
    return flipped.conj() if matrix._array.dtype.kind == "c" else flipped


def _rows(tensor):
    """All but the last dim as one, also where the last is empty and NumPy could not count: tensors and arrays."""
    return tensor.reshape(math.prod(tensor.shape[:-1]), tensor.shape[-1])


@primitive("_linear(input, weight, bias: Optional = None)", node="AddmmBackward0")
def _linear(xp, input, weight, bias):
    if xp is np:
        touch_packing_memory()
    rows = _rows(input)
    result = xp.matmul(rows, weight.T)
    if bias is not None:
        result += bias
    return result.reshape(*input.shape[:-1], weight.shape[0])


@_linear.jvp("input")
def _(tangent, weight):
    return _linear(tangent, weight)


@_linear.jvp("weight")
def _(tangent, input):
    return _linear(input, tangent)


@_linear.jvp("bias")
def _(tangent, result):
    return tangent.expand(result.shape)


@_linear.backward("input")
def _(grad, weight, input_shape):
    rows = _matmul(_rows(grad), weight.conj() if weight._array.dtype.kind == "c" else weight)
    return rows.reshape(input_shape)


@_linear.backward("weight")
def _(grad, input):
    return _matmul(_rows(grad).transpose(0, 1), _rows(_conjugate(input)))


@_linear.backward("bias")
def _(grad):
    return _rows(grad).sum(0)


def _conjugate(tensor):
    return tensor.conj() if tensor._array.dtype.kind == "c" else tensor


# -- checks -------------------------------------------------------------------------------------------------------------------------------


def _check_pair(name: str, a, b) -> None:
    """TypeError or RuntimeError unless two tensors of one product dtype came."""
    for position, one in enumerate((a, b), 1):
        if not isinstance(one, Tensor):
            raise TypeError(f"{name}(): argument '{'input' if position == 1 else 'other'}' (position {position}) must be Tensor, not "
                            f"{type(one).__name__}")  # fmt: skip
    if a._array.dtype is not b._array.dtype and a._array.dtype != b._array.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {_cpp_name(a)} != {_cpp_name(b)}")
    if a._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}_impl_cpu_\" not implemented for 'Bool'")


_CPP_NAMES = {
    "float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>", "int64": "long long", "int32": "int", "int16": "short", "int8": "signed char", "uint8": "unsigned char",
    "bool": "bool",
}  # fmt: skip


def _cpp_name(tensor) -> str:
    return _CPP_NAMES.get(tensor.dtype.name, tensor.dtype.name)


def _check_rank(name: str, argument: str, tensor, rank: int) -> None:
    if tensor._array.ndim != rank:
        kind = {1: "vector", 2: "matrix", 3: "3D tensor"}[rank]
        raise RuntimeError(
            f"{name}: {argument} must be a {kind}, got {tensor._array.ndim}D tensor of shape {list(tensor.shape)}"
        )


# -- public functions ---------------------------------------------------------------------------------------------------------------------


@composite(method=True, out="exact")
def mm(input, mat2):
    """The product of two matrices, (n, m) and (m, p) -> (n, p)."""
    _check_pair("addmm", input, mat2)
    _check_rank("mm", "self", input, 2)
    _check_rank("mm", "mat2", mat2, 2)
    if input._array.shape[1] != mat2._array.shape[0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_times(input)} and {_times(mat2)})")
    return _matmul(input, mat2)


def _times(matrix) -> str:
    return "x".join(map(str, matrix.shape))


@composite(method=True, out="exact")
def bmm(input, mat2):
    """The products of two stacks of matrices, (b, n, m) and (b, m, p) -> (b, n, p)."""
    _check_pair("bmm", input, mat2)
    if input._array.ndim != 3 or mat2._array.ndim != 3:
        raise RuntimeError(f"batch1 and batch2 must be 3D tensors, got {input._array.ndim}D and {mat2._array.ndim}D")
    a, b = input._array.shape, mat2._array.shape
    if a[0] != b[0] or a[2] != b[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a[0]}, {a[2]}] but got: [{b[0]}, {b[1]}]."
        )
    return _matmul(input, mat2)


@composite(method=True, out="exact")
def mv(input, vec):
    """Matrix times vector, (n, m) and (m,) -> (n,)."""
    _check_pair("addmv", input, vec)
    if input._array.ndim != 2 or vec._array.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {1}, {input._array.ndim}, {vec._array.ndim}")
    if input._array.shape[1] != vec._array.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input._array.shape[0]}), mat ({_times(input)}), vec ({vec._array.shape[0]})"
        )
    return _matmul(input, vec.unsqueeze(1)).squeeze(1)


@composite(method=True, out="exact")
def dot(input, tensor):
    """The sum of products of two vectors of one length; no conjugation (see ``vdot``)."""
    _check_vectors(input, tensor)
    return _matmul(input.unsqueeze(0), tensor.unsqueeze(1)).reshape(())


@composite(method=True, out="exact")
def vdot(input, other):
    """The sum of products of two vectors, the first conjugated."""
    _check_vectors(input, other)
    return _matmul(_conjugate(input).unsqueeze(0), other.unsqueeze(1)).reshape(())


def _check_vectors(a, b) -> None:
    _check_pair("dot", a, b)
    if a._array.ndim != 1 or b._array.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a._array.ndim}D and {b._array.ndim}D tensors")
    if a._array.size != b._array.size:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a._array.size}] and src [{b._array.size}] to have the same number of elements, "
            f"but got {a._array.size} and {b._array.size} elements respectively"
        )


@composite(method=True, out="exact")
def matmul(input, other):
    """The matrix product; vectors are promoted and leading dims broadcast, as NumPy's ``@``.

    >>> matmul(ones(2, 3), ones(3)).shape
    torch.Size([2])
    """
    if type(input) is type(other) is Tensor:
        a, b = input._array, other._array
        if a.ndim == 2 == b.ndim and a.dtype is b.dtype and a.shape[1] == b.shape[0] and a.dtype.kind in "fciu":
            if (
                input._autograd is None
                and other._autograd is None
                and type(a) is type(b) is np.ndarray
                and a.itemsize > 2
            ):
                return wrap(a.dot(b))
            return _matmul(input, other)
    _check_pair("addmm", input, other)
    rank, other_rank = input._array.ndim, other._array.ndim
    if rank == 2 and other_rank == 2:
        if input._array.shape[1] != other._array.shape[0]:
            raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_times(input)} and {_times(other)})")
        return _matmul(input, other)
    if rank == 0 or other_rank == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {rank}D and {other_rank}D")
    if rank == 1 and other_rank == 1:
        return dot(input, other)
    if rank == 1:
        if input._array.shape[0] != other._array.shape[-2]:
            raise RuntimeError(_product_sizes(input, other))
        return matmul(input.unsqueeze(0), other).squeeze(-2)
    if other_rank == 1:
        return mv(input, other) if rank == 2 else matmul(input, other.unsqueeze(1)).squeeze(-1)
    if input._array.shape[-1] != other._array.shape[-2]:
        raise RuntimeError(_product_sizes(input, other))
    if other_rank == 2:
        # A stack times one matrix is one product of a tall matrix: a single GEMM forward, and none summed over the batch backward.
        lead = math.prod(input._array.shape[:-1])  # reshape cannot infer it where the last length is 0
        rows = _matmul(input.reshape(lead, input._array.shape[-1]), other)
        return rows.reshape(*input._array.shape[:-1], other._array.shape[-1])
    try:
        np.broadcast_shapes(input._array.shape[:-2], other._array.shape[:-2])
    except ValueError:
        from ..core.errors import broadcast_mismatch

        raise broadcast_mismatch(input._array.shape[:-2], other._array.shape[:-2]) from None
    return _matmul(input, other)


def _product_sizes(a, b) -> str:
    if a._array.ndim <= 2 and b._array.ndim <= 2:
        return f"mat1 and mat2 shapes cannot be multiplied ({_times(a)} and {_times(b)})"
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{math.prod(b._array.shape[:-2])}, {a._array.shape[-1]}] but "
        f"got: [{math.prod(b._array.shape[:-2])}, {b._array.shape[-2]}]."
    )


def _scaled(beta, input, alpha, product, *, mixed=False):
    """``beta * input + alpha * product``; a zero beta drops the input, NaNs included. RuntimeError for different dtypes, unless ``mixed``."""
    if not mixed and input._array.dtype != product._array.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {_cpp_name(input)} and {_cpp_name(product)}"
        )
    if product.dtype.category <= INTEGER and not mixed:  # PyTorch truncates factors of integers
        alpha, beta = (to_scalar(one, product.dtype).item() for one in (alpha, beta))
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        input.expand(product._array.shape)  # refuses an input that does not fit
        return product
    return (input if beta == 1 else input * beta) + product


def _scaled_product(beta, input, alpha, multiply, a, b):
    """``beta * input + alpha * multiply(a, b)``. Half types are multiplied and added in float32, and rounded once."""
    if a.dtype.name in HALVES and input.dtype is a.dtype is b.dtype:
        return _scaled(beta, input.float(), alpha, multiply(a.float(), b.float())).to(a.dtype)
    return _scaled(beta, input, alpha, multiply(a, b))


@composite(method=True, inplace=True, out="exact")
def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """``beta * input + alpha * (mat1 @ mat2)``; a zero ``beta`` drops ``input``, NaNs included."""
    return _scaled_product(beta, input, alpha, mm, mat1, mat2)


@composite(method=True, inplace=True, out="exact")
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """``beta * input + alpha * (mat @ vec)``."""
    return _scaled(beta, input, alpha, mv(mat, vec))


@composite(method=True, inplace=True, out=True)
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """``beta * input + alpha * outer(vec1, vec2)``."""
    return _scaled(beta, input, alpha, outer(vec1, vec2), mixed=True)


@composite(method=True, inplace=True, out="exact")
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """``beta * input + alpha * (batch1 @ batch2)`` for stacks of matrices."""
    return _scaled_product(beta, input, alpha, bmm, batch1, batch2)


@composite(method=True, inplace=True, out="exact")
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """``beta * input + alpha * sum(batch1 @ batch2)``, summed over the stack."""
    return _scaled(beta, input, alpha, bmm(batch1, batch2).sum(0, dtype=batch1.dtype))


@composite(method=True, out=True, aliases=("ger",))
def outer(input, vec2):
    """The outer product of two vectors, (n,) and (m,) -> (n, m)."""
    if input._array.ndim != 1 or vec2._array.ndim != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if input._array.ndim != 1 else 'vec2'}, but got "
            f"{input._array.ndim if input._array.ndim != 1 else vec2._array.ndim}-D"
        )
    return input.unsqueeze(1) * vec2


@composite(method=True, out="exact")
def inner(input, other):
    """The sum of products over the last dims: (..., k) and (***, k) -> (..., ***)."""
    if input._array.ndim == 0 or other._array.ndim == 0:
        return input * other
    if input._array.shape[-1] != other._array.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, dims=([-1], [-1]))


@composite(out="exact")
def tensordot(a, b, dims=2):
    """Contract dims of ``a`` with dims of ``b``: the last n with the first n, or two lists of dims."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a._array.ndim, b._array.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        dims_a, dims_b = list(range(a._array.ndim - dims, a._array.ndim)), list(range(dims))
    else:
        dims_a, dims_b = ([one] if isinstance(one, int) else list(one) for one in dims)
    if len(dims_a) != len(dims_b):
        raise RuntimeError("both dimension lists should have same length")
    _check_pair("tensordot", a, b)
    dims_a, dims_b = list(normalize_dims(dims_a, a._array.ndim)), list(normalize_dims(dims_b, b._array.ndim))
    for i, j in zip(dims_a, dims_b, strict=True):
        if a._array.shape[i] == 1:  # a length of 1 broadcasts: the product with a sum
            b = b.sum(j, True, dtype=b.dtype)
        elif b._array.shape[j] == 1:
            a = a.sum(i, True, dtype=a.dtype)
        if a._array.shape[i] != b._array.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._array.shape[i]} in dim {i} and second has size "
                f"{b._array.shape[j]} in dim {j}"
            )
    free_a = [dim for dim in range(a._array.ndim) if dim not in dims_a]
    free_b = [dim for dim in range(b._array.ndim) if dim not in dims_b]
    inner_size = math.prod(a._array.shape[dim] for dim in dims_a)
    rows = reshape(
        permute(a, *free_a, *dims_a) if a._array.ndim else a, (math.prod(a._array.shape[d] for d in free_a), inner_size)
    )
    columns = reshape(
        permute(b, *dims_b, *free_b) if b._array.ndim else b, (inner_size, math.prod(b._array.shape[d] for d in free_b))
    )
    return _matmul(rows, columns).reshape([a._array.shape[d] for d in free_a] + [b._array.shape[d] for d in free_b])


@composite(out=True)
def chain_matmul(*matrices):
    """The product of several matrices, in the order of multiplication that costs least."""
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    return _chain(list(matrices)) if len(matrices) > 1 else matrices[0]


def _chain(matrices):
    """Matrix chain multiplication by dynamic programming (Cormen et al., Introduction to Algorithms, 15.2)."""
    count = len(matrices)
    sizes = [matrix._array.shape[0] for matrix in matrices] + [matrices[-1]._array.shape[1]]
    cost = [[0] * count for _ in range(count)]
    split = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i][j], split[i][j] = min(
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def product(i, j):
        return matrices[i] if i == j else mm(product(i, split[i][j]), product(split[i][j] + 1, j))

    return product(0, count - 1)


@composite(method=True, out=True)
def kron(input, other):
    """The Kronecker product; the tensor of fewer dims gets leading ones."""
    rank = max(input._array.ndim, other._array.ndim)
    a = (1,) * (rank - input._array.ndim) + tuple(input._array.shape)
    b = (1,) * (rank - other._array.ndim) + tuple(other._array.shape)
    left = input.reshape([length for pair in zip(a, [1] * rank, strict=True) for length in pair])
    right = other.reshape([length for pair in zip([1] * rank, b, strict=True) for length in pair])
    return (left * right).reshape([x * y for x, y in zip(a, b, strict=True)])


@composite(namespace="nn.functional", out="exact")
def linear(input, weight, bias=None):
    """``input @ weight.T + bias``: (..., in) and (out, in) -> (..., out)."""
    _check_pair("addmm", input, weight)
    if weight._array.ndim == 2 and input._array.ndim >= 1:
        if input._array.shape[-1] != weight._array.shape[1]:
            rows = _rows(input) if input._array.ndim != 2 else input
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({_times(rows)} and {weight._array.shape[1]}x{weight._array.shape[0]})"
            )
        if bias is None or bias._array.shape == (weight._array.shape[0],):
            return _linear(input, weight, bias)
        return _linear(input, weight) + bias
    if weight._array.ndim == 1:
        product = matmul(input, weight)
        return product if bias is None else product + bias
    raise RuntimeError(f"linear(): weight must be 1D or 2D, got shape {list(weight.shape)}")


@composite(namespace="nn.functional")
def bilinear(input1, input2, weight, bias=None):
    """``y[..., k] = input1[..., i] weight[k, i, j] input2[..., j] + bias[k]``."""
    if input1._array.shape[:-1] != input2._array.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {list(input1.shape)} and {list(input2.shape)}"
        )
    for number, (given, expected) in enumerate(zip((input1, input2), weight._array.shape[1:], strict=True), 1):
        if given._array.shape[-1] != expected:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: got {given._array.shape[-1]} but expected {expected}"
            )
    result = einsum("...i,kij,...j->...k", input1, weight, input2)
    return result if bias is None else result + bias


# -- einsum -------------------------------------------------------------------------------------------------------------------------------


@composite()
def einsum(equation=None, *operands):
    """Sums of products by Einstein's convention: ``einsum("bij,bjk->bik", a, b)``.

    Operands are contracted from left to right, each pair by one batched matrix product.
    """
    if equation is None:
        raise ValueError("einsum(): must specify the equation string and at least one operand")
    if not isinstance(equation, str):
        equation, operands = _from_sublists(equation, operands)
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise ValueError("einsum(): must provide at least one operand")
    terms, output = _parse(equation, operands)
    sizes: dict[str, int] = {}
    prepared = []
    for number, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        term, operand = _diagonals(term, operand)
        for label, length in zip(term, operand._array.shape, strict=True):
            known = sizes.get(label, 1)
            if known != 1 and length not in (1, known):
                raise RuntimeError(
                    f"einsum(): operands do not broadcast with remapped shapes [original->remapped]: operand {number} has size {length} for "
                    f"label '{label}' which has size {known} elsewhere"
                )
            sizes[label] = max(known, length) if length != 0 and known != 0 else 0
        prepared.append((term, operand))
    term, result = prepared[0]
    for number, (other_term, other) in enumerate(prepared[1:], 1):
        later = set(output).union(*(name for name, _ in prepared[number + 1 :]))
        term, result = _contract(term, result, other_term, other, later, sizes)
    summed = [dim for dim, label in enumerate(term) if label not in output]
    if summed:
        result = result.sum(summed)
        term = [label for label in term if label in output]
    result = permute(result, [term.index(label) for label in output]) if output else result
    return result


def _from_sublists(first, rest):
    """``einsum(a, [0, 1], b, [1, 2], [0, 2])`` as an equation."""
    arguments = [first, *rest]
    output = arguments.pop() if len(arguments) % 2 else None
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def spell(labels):
        return "".join("..." if label is Ellipsis else letters[label] for label in labels)

    equation = ",".join(spell(labels) for labels in arguments[1::2])
    return (equation if output is None else f"{equation}->{spell(output)}"), tuple(arguments[0::2])


def _parse(equation: str, operands) -> tuple[list[list[str]], list[str]]:
    """Labels of each operand and of the output; the dims of an ellipsis get labels "...0", "...1", counted from the right."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(operands):
        more = "more" if len(operands) > len(parts) else "fewer"
        raise RuntimeError(f"einsum(): {more} operands were provided than specified in the equation")
    terms, widest = [], 0
    for part, operand in zip(parts, operands, strict=True):
        named = part.replace("...", "", 1)
        if not (named.isalpha() and named.isascii()) and named:
            bad = next(letter for letter in named if not (letter.isalpha() and letter.isascii()))
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {text.index(bad)} in the equation string, subscripts must be in [a-zA-Z]"
            )
        covered = operand._array.ndim - len(named)
        if covered < 0 or (covered and "..." not in part):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(named)}) does not match the number of dimensions "
                f"({operand._array.ndim}) for operand {len(terms)}"
            )
        widest = max(widest, covered if "..." in part else 0)
        terms.append(_spread(part, covered))
    if arrow:
        output = _spread(right, widest) if "..." in right else list(right)
        if len(set(output)) != len(output):
            twice = next(label for label in output if output.count(label) > 1)
            raise RuntimeError(f"einsum(): output subscript {twice} appears more than once in the output")
        for label in output:
            if label == ".":
                raise RuntimeError("einsum(): found '.' for output that is not part of any ellipsis (...)")
            if not any(label in term for term in terms) and not label.startswith("."):
                raise RuntimeError(
                    f"einsum(): output subscript {label} does not appear in the equation for any input operand"
                )
    else:
        every = [label for term in terms for label in term if not label.startswith(".")]
        output = _spread("...", widest) + sorted(label for label in set(every) if every.count(label) == 1)
    return terms, output


def _spread(part: str, covered: int) -> list[str]:
    before, dots, after = part.partition("...")
    middle = [f"...{covered - 1 - place}" for place in range(covered)] if dots else []
    return [*before, *middle, *after]


def _diagonals(term: list[str], operand):
    """Take the diagonal of labels that come twice in one operand."""
    term = list(term)
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first = term.index(label)
            second = term.index(label, first + 1)
            if operand._array.shape[first] != operand._array.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for an operand but the sizes don't match, "
                    f"{operand._array.shape[second]} != {operand._array.shape[first]}"
                )
            operand = operand.diagonal(0, first, second)
            del term[second], term[first]
            term.append(label)
    return term, operand


def _contract(term_a, a, term_b, b, later: set, sizes: dict):
    """One pairwise contraction as a batched matrix product: (batch, rows, summed) @ (batch, summed, columns)."""
    shared = [label for label in term_a if label in term_b]
    summed = [label for label in shared if label not in later]
    batch = [label for label in shared if label in later]
    a, term_a = _sum_alone(a, term_a, term_b, later)
    b, term_b = _sum_alone(b, term_b, term_a, later)
    rows = [label for label in term_a if label not in shared]
    columns = [label for label in term_b if label not in shared]

    def arrange(tensor, term, groups):
        order = [label for group in groups for label in group]
        tensor = permute(tensor, [term.index(label) for label in order]) if order else tensor
        wanted = [sizes[label] for label in order]
        if list(tensor._array.shape) != wanted:
            tensor = tensor.expand(
                [
                    sizes[label] if label in shared else length
                    for label, length in zip(order, tensor._array.shape, strict=True)
                ]
            )
        lengths = dict(zip(order, tensor._array.shape, strict=True))
        return tensor.reshape([math.prod(lengths[label] for label in group) for group in groups]), lengths

    left, lengths_a = arrange(a, term_a, (batch, rows, summed))
    right, lengths_b = arrange(b, term_b, (batch, summed, columns))
    lengths = lengths_a | lengths_b
    product = _matmul(left, right)
    order = [*batch, *rows, *columns]
    return order, product.reshape([lengths[label] for label in order])


def _sum_alone(tensor, term, other_term, later):
    """Sum the labels that nobody else has."""
    alone = [dim for dim, label in enumerate(term) if label not in other_term and label not in later]
    if not alone:
        return tensor, term
    return tensor.sum(alone), [label for dim, label in enumerate(term) if dim not in alone]
