"""From paired rounds to a verdict: median ratio, interval, what it could have seen.

A duel gives, for every process and round, the logarithm of a time ratio between two subjects that ran within milliseconds of each other.

- The estimate is the median of all rounds.
- Its standard error has two parts. Within a process, a moving-block bootstrap (Künsch 1989) keeps neighbouring rounds together, so that noise
  with memory is not taken for independent noise; the block length follows from the lag-one autocorrelation (Carlstein 1986, for AR(1)).
  Between processes, where memory lies and which core is used differ for a whole process: the variance that the process medians show beyond
  their own error is added (DerSimonian and Laird 1986).
- Student's quantile with the degrees of freedom of both parts (Satterthwaite 1946) makes an interval of it.

Verdicts are about ratios against a margin: a difference smaller than the margin is of no interest, whichever way it points, and SAME has to be earned by
an interval that lies inside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

CONFIDENCE = 0.95
"""Of the reported interval, and of the one that must lie within the margin for SAME."""

CLAIM = 0.99
"""Of the interval that must exclude 1 for FASTER or SLOWER: a session has hundreds of rows."""

MARGIN = 0.03
"""Ratios within 1 ± this count as equal."""

POWER = 0.8
"""At which the smallest detectable effect is stated."""

SAFETY = 1.75
"""Factor on the variance between processes: three of them often look more alike than they are."""

RESAMPLES = 400


class Verdict(Enum):
    """What a duel found out about a subject, beside its baseline."""

    FASTER = "FASTER"
    SLOWER = "SLOWER"
    SAME = "SAME"
    UNDECIDED = "UNDECIDED"
    INVALID = "INVALID"


@dataclass(frozen=True)
class Paired:
    """A ratio of two times (subject / baseline, below 1 is faster) with what is known about it.

    ``log_error`` is the standard error of the logarithm, ``degrees`` its degrees of freedom.
    """

    ratio: float
    low: float
    high: float
    log_error: float
    degrees: float
    verdict: Verdict
    margin: float
    rounds: int
    processes: int

    @property
    def detectable(self) -> float:
        """The smallest slowdown found with a probability of ``POWER``: 0.05 is five per cent."""
        return math.expm1(_threshold(self) + student(self.degrees, 2 * POWER - 1) * self.log_error)

    def power(self, slowdown: float) -> float:
        """The probability with which a slowdown (0.05 is five per cent) gives SLOWER, under this noise."""
        if self.log_error == 0:
            return float(math.log1p(slowdown) >= _threshold(self))
        return _student_cdf((math.log1p(slowdown) - _threshold(self)) / self.log_error, self.degrees)


def _threshold(paired: Paired) -> float:
    return max(math.log1p(paired.margin), student(paired.degrees, CLAIM) * paired.log_error)


def compare(
    log_ratios: Sequence[Sequence[float] | np.ndarray],
    *,
    margin: float = MARGIN,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Paired:
    """The paired comparison of ``log_ratios[process][round]``.

    ValueError where a process has fewer than three rounds: no interval comes of that.

    >>> compare([[0.10, 0.11, 0.09, 0.10, 0.12, 0.10]]).verdict.value
    'SLOWER'
    """
    processes = [np.asarray(rounds, np.float64) for rounds in log_ratios if len(rounds)]
    if not processes or min(map(len, processes)) < 3:
        raise ValueError(f"a comparison needs three rounds in each process, got {[len(item) for item in processes]}")
    estimate = float(np.median(np.concatenate(processes)))
    error, degrees = standard_error(processes, seed)
    reach, claim = student(degrees, confidence) * error, student(degrees, CLAIM) * error
    edge = math.log1p(margin)
    if abs(estimate) >= edge and abs(estimate) > claim:
        verdict = Verdict.SLOWER if estimate > 0 else Verdict.FASTER
    elif abs(estimate) + reach < edge:
        verdict = Verdict.SAME
    else:
        verdict = Verdict.UNDECIDED
    rounds = sum(map(len, processes))
    low, high = math.exp(estimate - reach), math.exp(estimate + reach)
    return Paired(math.exp(estimate), low, high, error, degrees, verdict, margin, rounds, len(processes))


def standard_error(processes: Sequence[np.ndarray], seed: int = 0) -> tuple[float, float]:
    """The standard error of the median of all rounds, and its degrees of freedom."""
    random = np.random.default_rng(seed)
    length = block_length(processes)
    resampled = np.concatenate([_blocks(rounds, length, random) for rounds in processes], axis=1)
    independent = sum(max(len(rounds) / length, 1.0) for rounds in processes)
    # A block bootstrap of few blocks sees too little: as the sample variance has n - 1 below, so each process's has its number of blocks less one.
    few = independent / max(independent - len(processes), 1.0)
    within = float(np.var(_medians(resampled))) * few
    freedom = max(independent - len(processes), 1.0)
    if len(processes) == 1:
        return math.sqrt(within), freedom
    between = _between(processes, within)
    total = within + between
    if total == 0:
        return 0.0, freedom
    return math.sqrt(total), total**2 / (within**2 / freedom + between**2 / (len(processes) - 1))


def _between(processes: Sequence[np.ndarray], within: float) -> float:
    """The part of the estimate's variance that differences between processes make beyond what their own noise explains."""
    medians = np.array([np.median(rounds) for rounds in processes])
    return max(0.0, SAFETY * float(np.var(medians, ddof=1)) / len(processes) - within)


def block_length(processes: Sequence[np.ndarray]) -> int:
    """How many neighbouring rounds the bootstrap keeps together: 1 for noise without memory."""
    centred = [np.clip(rounds - np.median(rounds), *_fence(rounds)) for rounds in processes]
    power = sum(float(item @ item) for item in centred)
    if power == 0:
        return 1
    count = sum(map(len, centred))
    # The sample autocorrelation is too small by (1 + 4 rho) / n for each process (Kendall 1954, Marriott and Pope 1954).
    shortest = count / len(centred)
    correlation = sum(float(item[1:] @ item[:-1]) for item in centred) / power
    correlation = (correlation * shortest + 1) / max(shortest - 4, 1)
    if correlation < 1 / math.sqrt(count):
        return 1
    correlation = min(correlation, 0.9)
    ideal = (2 * correlation / (1 - correlation**2)) ** (2 / 3) * count ** (1 / 3)
    return max(1, min(math.ceil(ideal), int(shortest // 3)))


def _fence(rounds: np.ndarray) -> tuple[float, float]:
    """Three quartile distances around zero: a spike has no memory worth modelling."""
    low, high = np.quantile(rounds - np.median(rounds), (0.25, 0.75))
    reach = 3 * float(high - low)
    return -reach, reach


def _blocks(rounds: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """``RESAMPLES`` series of the rounds' length, made of blocks that start anywhere (circular, so that each round is as likely)."""
    count = math.ceil(len(rounds) / length)
    starts = random.integers(0, len(rounds), (RESAMPLES, count, 1))
    places = (starts + np.arange(length)) % len(rounds)
    return rounds[places.reshape(RESAMPLES, -1)[:, : len(rounds)]]


def _medians(rows: np.ndarray) -> np.ndarray:
    """Of each row; in place, and three times as fast as ``np.median``."""
    middle = rows.shape[1] // 2
    rows.partition((middle - 1, middle), axis=1)
    return rows[:, middle] if rows.shape[1] % 2 else (rows[:, middle - 1] + rows[:, middle]) / 2


@lru_cache(4096)
def student(degrees: float, confidence: float) -> float:
    """The two-sided quantile of Student's distribution: 1.96 for many degrees of freedom and 0.95."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + confidence / 2))


def _student_cdf(value: float, degrees: float) -> float:
    from scipy.special import stdtr

    return float(stdtr(degrees, value))
