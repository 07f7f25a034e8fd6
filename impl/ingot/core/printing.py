"""Tensors as text, character for character as PyTorch prints them.

One `Formatter` per tensor (two for a complex one) decides from the finite nonzero elements between integers ("1."), fixed point and scientific notation, and
how wide a column is. Only the elements that are shown are looked at, and only they leave the device.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import dtype as dtypes
from .graph import thread
from .tensor import Tensor, wrap


@dataclass
class PrintOptions:
    """How tensors print; ``set_printoptions`` says what each option means."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


OPTIONS = PrintOptions()

PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

PLAIN: set[type] = {Tensor}
"""Classes whose tensors print as ``tensor(...)``; others print under their own name."""


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print, for the whole process; an option left out stays as it is (``sci_mode`` goes back to automatic).

    ``precision``: digits behind the point. ``threshold``: with more elements than this, only the first and last ``edgeitems`` of each dimension are
    shown. ``linewidth``: characters per line. ``sci_mode``: scientific notation always (True), never (False), or where it serves (None).
    ``profile``: "default", "short" or "full", to start from.

    Example: ``set_printoptions(precision=2); print(ingot.tensor([1.12345]))`` prints ``tensor([1.12])``.
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = dict(PROFILES.get(profile, {})) if profile is not None else {}
    chosen |= {name: value for name, value in given.items() if value is not None}
    for name, value in chosen.items():
        setattr(OPTIONS, name, value)
    OPTIONS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options as a dict that ``set_printoptions(**options)`` takes."""
    return asdict(OPTIONS)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """``set_printoptions(**options)`` inside a ``with`` block."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_tensor(tensor: Tensor, *, tensor_contents: str | None = None) -> str:
    """``repr`` of a tensor: ``tensor([1., 2.], requires_grad=True)``. ``tensor_contents`` stands in for the elements."""
    prefix = "tensor(" if type(tensor) in PLAIN else f"{type(tensor).__name__}("
    contents = _contents(tensor, len(prefix)) if tensor_contents is None else tensor_contents
    return _with_suffixes(prefix + contents, [*_storage_suffixes(tensor), *_history_suffixes(tensor)], len(prefix))


def _contents(tensor: Tensor, indent: int) -> str:
    if tensor.is_meta:
        return "..."
    if tensor.numel() == 0:
        return "[]"
    shape = tensor._array.shape
    summarize = tensor.numel() > OPTIONS.threshold
    shown = _shown(tensor) if summarize else wrap(tensor._array).cpu()._array
    if shown.dtype.kind == "V" or dtypes.BY_NUMPY[shown.dtype] in dtypes.FLOAT8:
        shown = shown.astype(np.float32)
    parts = (shown.real, shown.imag) if shown.dtype.kind == "c" else (shown,)
    return _nested(shown, shape, indent, summarize, [Formatter(part) for part in parts])


def _shown(tensor: Tensor) -> np.ndarray:
    """The elements that a summary shows, on the host: the first and last ``edgeitems`` of every long dimension, side by side."""
    array, edge = tensor._array, OPTIONS.edgeitems
    cuts = [
        [(slice(0, edge), slice(0, edge)), (slice(length - edge, length), slice(edge, 2 * edge))]
        if length > 2 * edge
        else [(slice(None), slice(None))]
        for length in array.shape
    ]
    shown = np.empty([min(length, 2 * edge) for length in array.shape], array.dtype)
    for corner in itertools.product(*cuts):
        shown[tuple(to for _, to in corner)] = wrap(array[tuple(source for source, _ in corner)]).cpu()._array
    return shown


class Formatter:
    """How each element of one array of real numbers, integers or bools is written, and in how many columns."""

    def __init__(self, array: np.ndarray):
        self.is_float = array.dtype.kind not in "iub"
        self.integers = True
        self.scientific = False
        self.width = 1
        if not self.is_float:
            self.width = max([len(f"{value}") for value in array.ravel().tolist()], default=1)
            return
        values = array.astype(np.float64).ravel()
        values = values[np.isfinite(values) & (values != 0)]
        if values.size == 0:
            return
        sizes = np.abs(values)
        smallest, largest = float(sizes.min()), float(sizes.max())
        self.integers = bool((values == np.ceil(values)).all())
        self.scientific = (
            largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
            if OPTIONS.sci_mode is None
            else OPTIONS.sci_mode
        )
        # Zeros, infinities and nan do not widen the columns; PyTorch prints them so.
        self.width = max(1, max(len(self._text(value)) for value in values.tolist()))

    def _text(self, value) -> str:
        if not self.is_float:
            return f"{value}"
        if self.scientific:
            return f"{value:.{OPTIONS.precision}e}"
        if self.integers:
            return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
        return f"{value:.{OPTIONS.precision}f}"

    def __call__(self, value) -> str:
        return self._text(value).rjust(self.width)


def _element(value, formatters: list[Formatter]) -> str:
    if len(formatters) == 1:
        return formatters[0](value)
    imaginary = (formatters[1](value.imag) + "j").lstrip()
    return formatters[0](value.real) + ("" if imaginary[0] in "+-" else "+") + imaginary


def _nested(
    shown: np.ndarray, shape: tuple[int, ...], indent: int, summarize: bool, formatters: list[Formatter]
) -> str:
    """The brackets of ``shown``, the visible part of a tensor of shape ``shape``."""
    if not shape:
        return _element(shown.item(), formatters)
    edge = OPTIONS.edgeitems
    cut = summarize and shape[0] > 2 * edge
    if len(shape) == 1:
        return _row(shown, indent, cut, formatters)
    items = [_nested(item, shape[1:], indent + 1, summarize, formatters) for item in shown]
    if cut:
        items.insert(edge, "...")
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(items) + "]"


def _row(shown: np.ndarray, indent: int, cut: bool, formatters: list[Formatter]) -> str:
    # A column holds the element, a comma and a space; a complex element also the "j".
    column = sum(formatter.width for formatter in formatters) + len(formatters) + 1
    per_line = max(1, (OPTIONS.linewidth - indent) // column)
    items = [_element(value, formatters) for value in shown.tolist()]
    if cut:
        items.insert(OPTIONS.edgeitems, " ..." if OPTIONS.edgeitems else "...")
    lines = [", ".join(items[start : start + per_line]) for start in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _storage_suffixes(tensor: Tensor) -> list[str]:
    """What the elements do not show: the device, the shape of an empty tensor, the dtype where it would not be guessed."""
    default = dtypes.get_default_dtype()
    # The complex numbers that go without saying are those of the default float, where there are any.
    guessed = (
        default,
        dtypes.complex128 if default is dtypes.float64 else dtypes.complex64,
        dtypes.int64,
        dtypes.bool_,
    )
    suffixes = [] if tensor.is_cpu else [f"device='{tensor.device}'"]
    hidden = tensor.is_meta or tensor.numel() == 0
    if tensor.is_meta or (hidden and tensor.ndim != 1) or (not hidden and not OPTIONS.edgeitems):
        suffixes.append(f"size={tuple(tensor.shape)}")
    if tensor.dtype is not default if hidden else tensor.dtype not in guessed:
        suffixes.append(f"dtype={tensor.dtype}")
    return suffixes


def _history_suffixes(tensor: Tensor) -> list[str]:
    suffixes = []
    try:
        node = tensor.grad_fn
    except RuntimeError:
        # A view made and written under no_grad has no history to show (https://github.com/pytorch/pytorch/issues/99968).
        suffixes.append("grad_fn=<Invalid>")
    else:
        if node is not None:
            suffixes.append(f"grad_fn=<{node.name()}>")
        elif tensor.requires_grad:
            suffixes.append("requires_grad=True")
    level = thread.mode.level
    if level and getattr(tensor._autograd, "level", None) == level:
        suffixes.append(f"tangent={tensor._autograd.tangent}")
    return suffixes


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    pieces = [text]
    # PyTorch's own count of the last line, one more than its characters.
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > OPTIONS.linewidth:
            pieces.append(",\n" + " " * indent + suffix)
            length = indent + len(suffix)
        else:
            pieces.append(", " + suffix)
            length += len(suffix) + 2
    return "".join(pieces) + ")"
