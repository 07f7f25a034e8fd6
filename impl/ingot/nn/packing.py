"""Batches of sequences of different lengths: padded to one length, or packed step by step without padding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..core import dtype as dtypes
from ..core.tensor import Tensor
from ..ops.creation import arange, as_tensor, empty_like, full, tensor
from ..ops.joining import cat, stack

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _PackedFields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_PackedFields):
    """Sequences sorted by decreasing length, all their first steps, then all second steps, and so on.

    ``data`` is (sum of lengths, *), ``batch_sizes`` how many sequences have a first, second, ... step (on the CPU);
    ``sorted_indices`` is the permutation that sorted them. Made by :func:`pack_sequence` and its like.
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not (isinstance(data, list | tuple) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. "
                "They should be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn."
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _with(self, data: Tensor, move: Callable[[Tensor], Tensor]) -> PackedSequence:
        moved = [None if indices is None else move(indices) for indices in (self.sorted_indices, self.unsorted_indices)]
        return type(self)(data, self.batch_sizes, *moved)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequence moved and cast as ``Tensor.to`` would its data; itself if nothing changes."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._with(data, lambda indices: indices.to(data.device))

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequence on the GPU."""
        data = self.data.cuda(*args, **kwargs)
        return self if data is self.data else self._with(data, lambda indices: indices.to(data.device))

    def cpu(self) -> PackedSequence:
        """The sequence in host memory."""
        return self.to(device="cpu")

    def pin_memory(self) -> PackedSequence:
        """The sequence in page-locked host memory."""
        return self._with(self.data.pin_memory(), lambda indices: indices.pin_memory())

    def double(self) -> PackedSequence:
        """The data as float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """The data as float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """The data as float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """The data as int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """The data as int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> PackedSequence:
        """The data as int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> PackedSequence:
        """The data as int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> PackedSequence:
        """The data as uint8."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data are on a GPU."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data are in page-locked memory."""
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes ``permutation`` (N,).

    Example: ``invert_permutation(ingot.tensor([2, 0, 1]))`` is ``[1, 2, 0]``
    """
    if permutation is None:
        return None
    positions = arange(permutation.numel(), dtype=permutation.dtype, device=permutation.device)
    return empty_like(permutation).scatter_(0, permutation, positions)


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch (T, N, *), or (N, T, *) with ``batch_first``, of sequences of ``lengths`` (N,).

    ``enforce_sorted`` expects them by decreasing length; otherwise they are sorted here.

    Example: ``pack_padded_sequence(ingot.tensor([[1, 2, 0], [3, 0, 0]]), [2, 1], batch_first=True).data`` is
    ``[1, 3, 2]``
    """
    lengths = as_tensor(lengths, dtype=dtypes.int64, device="cpu")
    sorted_indices = None
    if not enforce_sorted:
        lengths, sorted_indices = lengths.sort(descending=True)
        sorted_indices = sorted_indices.to(input.device)
        input = input.index_select(0 if batch_first else 1, sorted_indices)
    steps = input.transpose(0, 1) if batch_first else input
    _check_lengths(lengths, steps)
    times = arange(int(lengths[0]))
    present = times.unsqueeze(1) < lengths  # (T, N), True first in every row, for lengths decrease
    return PackedSequence(steps[: len(times)][present.to(input.device)], present.sum(1), sorted_indices, None)


def _check_lengths(lengths: Tensor, steps: Tensor) -> None:
    if lengths.dim() != 1 or lengths.numel() != steps.size(1):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {lengths.numel()} (batch_size={steps.size(1)})"
        )
    if lengths.numel() == 0 or int(lengths.min()) <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if bool((lengths[1:] > lengths[:-1]).any()):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    if int(lengths[0]) > steps.size(0):
        raise RuntimeError(
            f"Expected all lengths to be at most the length of the input, {steps.size(0)}, but got {int(lengths[0])}"
        )


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch (T, N, *), or (N, T, *) with ``batch_first``, and the lengths (N,), in the original order.

    T is the longest length, or ``total_length`` if given.

    Example: ``pad_packed_sequence(pack_sequence([ingot.tensor([1, 2]), ingot.tensor([3])]), batch_first=True)`` is
    ``[[1, 2], [3, 0]]`` and ``[2, 1]``
    """
    data, batch_sizes, _, unsorted_indices = sequence
    longest = batch_sizes.size(0)
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    batch = int(batch_sizes[0])
    rows = arange(batch)
    present = rows < batch_sizes.unsqueeze(1)  # (T, N), in the order in which data lie
    shape = (longest if total_length is None else total_length, batch, *data.shape[1:])
    padded = full(shape, padding_value, dtype=data.dtype, device=data.device)
    times, sequences = (indices.to(data.device) for indices in present.nonzero(as_tuple=True))
    padded = padded.index_put((times, sequences), data)
    lengths = present.sum(0)
    if batch_first:
        padded = padded.transpose(0, 1)
    if unsorted_indices is not None:
        return padded.index_select(0 if batch_first else 1, unsorted_indices), lengths[unsorted_indices.cpu()]
    return padded, lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, *) of different lengths as one batch (T, N, *), or (N, T, *) with ``batch_first``.

    Example: ``pad_sequence([ingot.ones(2), ingot.ones(1)], batch_first=True)`` is ``[[1, 1], [1, 0]]``
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    first = sequences[0]
    longest = max(sequence.size(0) for sequence in sequences)
    padded = []
    for sequence in sequences:
        padding = full(
            (longest - sequence.size(0), *first.shape[1:]), padding_value, dtype=first.dtype, device=first.device
        )
        padded.append(cat((sequence, padding) if padding_side == "right" else (padding, sequence)))
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences (L, *) of a padded batch (T, N, *), or (N, T, *) with ``batch_first``.

    Example: ``unpad_sequence(ingot.ones(2, 3), ingot.tensor([3, 1]), batch_first=True)`` has lengths 3 and 1
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [row[:length].clone() for row, length in zip(padded_sequences, lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L, *) of different lengths; see :func:`pack_padded_sequence`.

    Example: ``pack_sequence([ingot.tensor([1, 2]), ingot.tensor([3])]).batch_sizes`` is ``[2, 1]``
    """
    lengths = tensor([sequence.size(0) for sequence in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that were packed, in the original order.

    Example: ``unpack_sequence(pack_sequence([a, b]))`` is ``[a, b]``
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
