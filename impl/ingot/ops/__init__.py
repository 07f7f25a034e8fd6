"""What can be computed: one declaration per op, one file per family."""

from __future__ import annotations

import sys

from . import (
    activation,
    arithmetic,
    attention,
    comparison,
    complex_numbers,
    conversion,
    convolution,
    creation,
    distances,
    dropout,
    embedding,
    exponential,
    extrema,
    finite_differences,
    histograms,
    indexing,
    interop,
    joining,
    linear,
    logical,
    loss,
    normalization,
    norms,
    operators,
    padding,
    pooling,
    random,
    random_discrete,
    random_integers,
    reductions,
    rounding,
    scans,
    scatter,
    selection,
    sorting,
    special_functions,
    statistics,
    trigonometric,
    truth,
    views,
)
from .bind import bind

FAMILIES = tuple(module for name, module in sorted(sys.modules.items()) if name.startswith(f"{__name__}."))

SPACES = bind(FAMILIES)
"""Namespace -> {name: function}: what ``ingot``, ``ingot.nn.functional``, ``ingot.linalg``, ... show."""
