"""How time grows with size: ``t(n) = a + b n`` for each op, dtype, layout and subject, and where two subjects cross."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from .record import ScalingRecord, SubjectRecord


def fit(times: Mapping[int, float]) -> tuple[float, float]:
    """Overhead (seconds) and time per element of the line through ``times[n]``, neither negative, with the least squared *relative* error.

    ValueError for fewer than two sizes.

    >>> fit({10: 1e-6 + 10e-9, 1000: 1e-6 + 1000e-9})
    (1e-06, 1e-09)
    """
    if len(times) < 2:
        raise ValueError(f"a line needs two sizes, got {sorted(times)}")
    sizes, seconds = np.array(list(times), np.float64), np.array(list(times.values()))
    design = np.stack([1 / seconds, sizes / seconds], axis=1)
    scale = design.max(axis=0)
    (overhead, slope), *_ = np.linalg.lstsq(design / scale, np.ones(len(times)), rcond=None)
    overhead, slope = overhead / scale[0], slope / scale[1]
    if overhead < 0:
        overhead, slope = 0.0, float(design[:, 1].sum() / (design[:, 1] ** 2).sum())
    elif slope < 0:
        overhead, slope = float(design[:, 0].sum() / (design[:, 0] ** 2).sum()), 0.0
    return float(overhead), float(slope)


def crossover(subject: tuple[float, float], baseline: tuple[float, float]) -> float:
    """The size from which ``subject`` takes no longer than ``baseline``: 0 always, inf never."""
    overhead, slope = subject[0] - baseline[0], baseline[1] - subject[1]
    if overhead <= 0:
        return 0.0
    return overhead / slope if slope > 0 else math.inf


def scalings(rows: Iterable[SubjectRecord]) -> list[ScalingRecord]:
    """A record for every subject that ran one op, dtype and layout in at least two sizes of one suite, beside its baseline."""
    times: dict[tuple, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    baselines = {}
    for row in rows:
        about = row.parameters
        if row.suite != "ops" or row.failure or row.invalid:
            continue
        key = (about.get("row", about["op"]), about["dtype"], about["layout"])
        times[key][row.subject][about["n"]] = row.time
        baselines[key] = row.baseline
    made = []
    for key, subjects in times.items():
        lines = {name: fit(found) for name, found in subjects.items() if len(found) > 1}
        base = lines.get(baselines[key])
        for name, line in lines.items():
            found = subjects[name]
            misfit = max(abs((line[0] + line[1] * n) / seconds - 1) for n, seconds in found.items())
            meets = crossover(line, base) if base else math.nan
            made.append(ScalingRecord(*key, name, *line, 0.0 if base is line else meets, misfit, tuple(sorted(found))))
    return made
