"""The memory behind tensors: shared by views, with the counter of writes into it.

NOTE [Version counters]
Every in-place write adds one to ``Storage.version``. A tensor saved for backward remembers the number it saw; unpacking compares. A
base, its views and its detached aliases share one Storage, so a write through any of them is seen by all. ``tensor.data`` shares the
memory (``root``) but gets a Storage, and so a counter, of its own: that is what it is for. A fresh result has no Storage until somebody
asks (``storage_of``), because most results are never aliased; "none" means version 0.
"""

from __future__ import annotations

import numpy as np


class Storage:
    """One block of memory: ``root`` is the array that spans it, ``version`` how often it was written."""

    __slots__ = ("root", "version")

    def __init__(self, root, version: int = 0):
        self.root = root
        self.version = version


def storage_of(tensor) -> Storage:
    """The storage of ``tensor``, created on first request."""
    storage = tensor._storage
    if storage is None:
        storage = tensor._storage = Storage(tensor._array)
    return storage


def address(array) -> int:
    """The address of an array's first element, on whichever device it lies."""
    if type(array) is np.ndarray:
        return array.__array_interface__["data"][0]
    return array.data.ptr


def storage_offset(tensor) -> int:
    """How many elements lie between the start of the storage and the tensor's first element."""
    storage = tensor._storage
    if storage is None or storage.root is tensor._array or tensor._array.size == 0:
        return 0
    return (address(tensor._array) - address(storage.root)) // tensor._array.dtype.itemsize
