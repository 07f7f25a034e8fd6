"""What the judge is asked: one case of one record, put to a target and an oracle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..cases import Case
from ..catalogue.record import SCALED, Tolerance
from ..targets import Target
from .arbiter import WIDER, wide_answer

PICKING = frozenset(
    [
        "amax",
        "amin",
        "aminmax",
        "clamp",
        "clamp_max",
        "clamp_min",
        "clip",
        "fmax",
        "fmin",
        "maximum",
        "minimum",
        "nn.functional.hardtanh",
        "nn.functional.relu6",
    ]
)
"""Ops that pick an element or a limit, beside those whose record says what their indices point at."""


@dataclass
class Question:
    """One case, with what is worked out about it at most once: the wide answers."""

    record: Any
    case: Case
    target: Target
    oracle: Target

    @property
    def tolerance(self) -> Tolerance:
        """How near the record wants answers; a gauge multiplies leaves, so that single ulps mean nothing behind it."""
        return SCALED if self.gauge is not None else self.record.tolerance

    @property
    def gauge(self) -> str | None:
        return getattr(self.record, "gauge", None)

    @property
    def random(self) -> bool:
        return self.record.random

    @property
    def picks(self) -> bool:
        """Whether the op picks elements: which of two equal ones (0 and -0) it takes is its own affair, by C's fmax and fmin, too."""
        return getattr(self.record, "points", None) is not None or self.case.op in PICKING

    @cached_property
    def oracle_wide(self) -> list[np.ndarray] | None:
        """The oracle's answer in double precision."""
        return wide_answer(self.oracle, self.case, gauge=self.gauge)

    @cached_property
    def target_wide(self) -> list[np.ndarray] | None:
        """The target's answer in double precision."""
        return wide_answer(self.target, self.case, gauge=self.gauge)

    def narrow(self, answer: np.ndarray) -> bool:
        """Whether double precision is more than the answer has."""
        return answer.dtype.name in WIDER
