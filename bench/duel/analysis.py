"""From the samples of several processes to records: medians, paired comparisons, shares of the roof, verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .bout import Bout
from .engine import Sample
from .health import INTERRUPTED, ROOF, SPINNING, carry_over, growth, interrupted
from .plan import Plan
from .record import Comparison, Roof, SubjectRecord
from .roofs import NAME
from .statistics import CONFIDENCE, Paired, Verdict, compare


def records(
    bouts: Sequence[Bout],
    *,
    suite: str,
    case: str,
    baseline: str,
    plan: Plan,
    parameters: Mapping[str, Any] | None = None,
    units: Mapping[str, float] | None = None,
    reproduce: str = "",
) -> list[SubjectRecord]:
    """One record a subject, the baseline first. A subject that failed in any process has no times."""
    common: dict[str, Any] = {
        "suite": suite,
        "case": case,
        "baseline": baseline,
        "parameters": dict(parameters or {}),
        "reproduce": reproduce,
    }
    failures = {name: failure for bout in reversed(bouts) for name, failure in bout.failures.items()}
    samples = [bout.sample for bout in bouts]
    names = [name for name in samples[0].blocks if name not in failures and name != NAME] if samples else []
    suspects = _flags(samples, names)
    invalid = {name: _invalid(bouts, name, plan) for name in names}
    made = []
    for name in names:
        comparison = None
        if name != baseline and baseline in names:
            comparison = _comparison(samples, name, baseline, plan, bool(invalid[name] or invalid[baseline]))
        row = _timed(bouts, name, common | {"units": dict(units or {})})
        made.append(SubjectRecord(**row, comparison=comparison, flags=suspects[name], invalid=tuple(invalid[name])))
    made += [
        SubjectRecord(**common, subject=name, failure=failure.kind, detail=failure.detail)
        for name, failure in failures.items()
    ]
    return made


def _timed(bouts: Sequence[Bout], name: str, common: dict[str, Any]) -> dict[str, Any]:
    samples = [bout.sample for bout in bouts]
    times = tuple(tuple(sample.seconds(name)) for sample in samples)
    low, middle, high = np.quantile(np.concatenate(times), (0.25, 0.5, 0.75))
    need = bouts[0].need
    flops, traffic = (need.flops or None, float(need.bytes)) if need else (None, None)
    blocks = [block for sample in samples for block in sample.blocks[name]]
    return {
        **common,
        "subject": name,
        "time": float(middle),
        "quartile_low": float(low),
        "quartile_high": float(high),
        "times": times,
        "calls": int(np.median([sample.warm[name].calls for sample in samples])),
        "first_call": float(np.median([sample.warm[name].first for sample in samples])),
        "settling": float(np.median([sample.warm[name].settling for sample in samples])),
        "flops": flops,
        "bytes": traffic,
        "flop_rate": flops and flops / float(middle),
        "byte_rate": traffic and traffic / float(middle),
        "roof": _roof(bouts, name),
        "faults": sum(block.faults for block in blocks) / sum(block.calls for block in blocks),
        "saved_bytes": bouts[0].saved.get(name),
    }


def _comparison(samples: Sequence[Sample], name: str, baseline: str, plan: Plan, invalid: bool) -> Comparison:
    pairs = log_ratios(samples, name, baseline)
    paired = compare(pairs, margin=plan.margin, seed=plan.seed)
    return as_record(paired, pairs, invalid)


def as_record(paired: Paired, pairs: Sequence[Sequence[float]], invalid: bool = False) -> Comparison:
    """The comparison with its raw pairs, as it is written down."""
    return Comparison(
        ratio=paired.ratio,
        low=paired.low,
        high=paired.high,
        verdict=(Verdict.INVALID if invalid else paired.verdict).value,
        margin=paired.margin,
        detectable=paired.detectable,
        log_error=paired.log_error,
        degrees=paired.degrees,
        rounds=paired.rounds,
        processes=paired.processes,
        confidence=CONFIDENCE,
        log_ratios=tuple(tuple(item) for item in pairs),
    )


def log_ratios(samples: Sequence[Sample], name: str, baseline: str) -> list[list[float]]:
    """For each process and round, the logarithm of subject / baseline."""
    return [
        [math.log(one / other) for one, other in zip(sample.seconds(name), sample.seconds(baseline), strict=True)]
        for sample in samples
    ]


def _work(bout: Bout) -> float:
    """What one call of a subject does, in the roof's unit."""
    assert bout.roof and bout.need
    return bout.need.flops if bout.roof[0] == "gemm" else bout.need.bytes


def _roof(bouts: Sequence[Bout], name: str) -> Roof | None:
    if bouts[0].roof is None:
        return None
    kind, amount, working_set = bouts[0].roof
    pairs = np.concatenate([np.asarray(item) for item in log_ratios([bout.sample for bout in bouts], name, NAME)])
    seconds = float(np.median(np.concatenate([bout.sample.seconds(NAME) for bout in bouts])))
    share = _work(bouts[0]) / amount / math.exp(float(np.median(pairs)))
    return Roof(kind, amount / seconds, working_set, share)


def _above_roof(bouts: Sequence[Bout], name: str, plan: Plan) -> bool:
    """Whether the share of the roof is beyond doubt above ``ROOF``."""
    assert bouts[0].roof
    scale = math.log(_work(bouts[0]) / bouts[0].roof[1])
    shares = [[scale - item for item in rounds] for rounds in log_ratios([bout.sample for bout in bouts], name, NAME)]
    return compare(shares, margin=plan.margin, seed=plan.seed).low > ROOF


def _invalid(bouts: Sequence[Bout], name: str, plan: Plan) -> list[str]:
    samples = [bout.sample for bout in bouts]
    late = [sample.pending[name] for sample in samples if sample.pending.get(name)]
    reasons = late[:1] if 2 * len(late) > len(samples) else []
    grown = growth([sample.blocks[name] for sample in samples], [sample.factors for sample in samples])
    if grown:
        reasons.append(grown)
    roof = _roof(bouts, name)
    if roof is not None and _above_roof(bouts, name, plan):
        reasons.append(f"{roof.share:.0%} of the measured {roof.kind} roof")
    return reasons


def _flags(samples: Sequence[Sample], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    flags: dict[str, list[str]] = {name: [] for name in names}
    order = [names_ for sample in samples for names_ in sample.order]
    relative = {
        name: [time / float(np.median(sample.seconds(name))) for sample in samples for time in sample.seconds(name)]
        for name in names
    }
    kept = [[name for name in names_ if name in flags or name == NAME] for names_ in order]
    for name, effect in carry_over(kept, relative).items():
        flags[name].append(f"what runs right after it takes {effect:.0%} longer")
    for name in names:
        busy = float(np.median([sample.spinning.get(name, 0.0) for sample in samples]))
        if busy > SPINNING:
            flags[name].append(f"leaves threads spinning: {busy:.2f} processors busy while it is idle")
        share = interrupted([block for sample in samples for block in sample.blocks[name]])
        if share > INTERRUPTED:
            flags[name].append(f"the machine was busy: {share:.0%} of the blocks were interrupted by another process")
    return {name: tuple(found) for name, found in flags.items()}
