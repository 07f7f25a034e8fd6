"""The same parameters in every framework: drawn by NumPy, written into the module."""

from __future__ import annotations

import math

import numpy as np


def fill(subject, module, seed: int = 0) -> int:
    """Give every parameter of a module numbers that follow from ``seed``, scaled by its fan-in; returns their bytes."""
    random = np.random.default_rng(seed)
    total = 0
    with subject.namespace.no_grad():
        for _, parameter in sorted(module.named_parameters()):
            shape = tuple(parameter.shape)
            reach = 1 / math.sqrt(max(math.prod(shape[1:]), 1)) if len(shape) > 1 else 0.1
            numbers = random.uniform(-reach, reach, shape).astype(np.float32)
            parameter.copy_(subject.tensor(numbers + (len(shape) == 1)))
            total += numbers.nbytes
    return total
