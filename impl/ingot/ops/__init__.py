"""What can be computed: one declaration per op, one file per family."""

from __future__ import annotations

import sys

from . import (
    activation,
    arithmetic,
    attention,
    bessel,
    channels,
    comparison,
    complex_numbers,
    conversion,
    convolution,
    creation,
    ctc,
    distances,
    distribution_functions,
    dropout,
    elementwise_python,
    embedding,
    exponential,
    extrema,
    finite_differences,
    fourier,
    fractional_pooling,
    grid_sampling,
    histograms,
    indexing,
    interop,
    joining,
    linear,
    logical,
    loss,
    masked,
    methods_as_functions,
    normalization,
    norms,
    operators,
    padding,
    polynomials,
    pooling,
    random,
    random_discrete,
    random_integers,
    reductions,
    resampling,
    rounding,
    scans,
    scatter,
    selection,
    signal_windows,
    sorting,
    special_functions,
    statistics,
    trigonometric,
    truth,
    views,
    window_functions,
)
from .bind import bind

FAMILIES = tuple(module for name, module in sorted(sys.modules.items()) if name.startswith(f"{__name__}."))

SPACES = bind(FAMILIES)
"""Namespace -> {name: function}: what ``ingot``, ``ingot.nn.functional``, ``ingot.linalg``, ... show."""
