"""Runs subjects against each other in one process: warm-up, rounds of interleaved blocks, examination.

``measure`` knows nothing of frameworks, cases or records: it times ``Contender``s and returns a ``Sample``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .block import Block, Contender, WarmUp, run_block, warm_up
from .clock import Clock, SystemClock
from .health import SPINNING, pending_work, quiet, spinning_threads
from .plan import Plan
from .schedule import doublings, orders


@dataclass
class Sample:
    """What one process measured.

    ``order[round]`` names the subjects as they ran, ``factors[round]`` says whether the blocks of the round were doubled, ``blocks[subject][round]``
    are the blocks. ``pending`` and ``spinning`` are what the examination found, by subject.
    """

    order: list[list[str]] = field(default_factory=list)
    factors: list[int] = field(default_factory=list)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    warm: dict[str, WarmUp] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    spinning: dict[str, float] = field(default_factory=dict)

    def seconds(self, name: str) -> list[float]:
        """The time of one call of a subject, for each round."""
        return [block.seconds for block in self.blocks[name]]


def rounds_of(plan: Plan, per_round: float) -> int:
    """How many rounds fit, an even number: at least ``plan.fewest``, at most ``plan.rounds``."""
    fitting = int(plan.seconds / max(per_round, 1e-9)) if per_round > 0 else plan.rounds
    return max(plan.fewest, min(plan.rounds, fitting)) // 2 * 2


def measure(contenders: Sequence[Contender], plan: Plan, *, clock: Clock | None = None, seed: int = 0) -> Sample:
    """Time the contenders in this process. ValueError where two have one name."""
    clock = clock or SystemClock()
    names = [contender.name for contender in contenders]
    if len(set(names)) < len(names):
        raise ValueError(f"subjects need different names, got {names}")
    sample = Sample(blocks={name: [] for name in names})
    with clock.undisturbed():
        for contender in contenders:
            sample.warm[contender.name] = warm_up(contender, plan.block, clock)
        for contender in contenders:
            sample.pending[contender.name] = pending_work(contender, sample.warm[contender.name].calls, clock)
        _rounds(contenders, plan, clock, seed, sample)
        quiet(clock)
        for contender in contenders:
            calls = sample.warm[contender.name].calls
            found = sample.spinning[contender.name] = spinning_threads(contender, calls, clock)
            if found > SPINNING:
                quiet(clock)
    return sample


def _rounds(contenders: Sequence[Contender], plan: Plan, clock: Clock, seed: int, sample: Sample) -> None:
    began = clock.now()
    _round(
        contenders, range(len(contenders)), 1, clock, sample
    )  # as long as the others will be, with all caches contended; not kept
    per_round = 1.5 * (clock.now() - began) * 1e-9
    sample.order.clear()
    sample.factors.clear()
    for blocks in sample.blocks.values():
        blocks.clear()
    rounds = rounds_of(plan, per_round)
    for order, factor in zip(orders(len(contenders), rounds, seed), doublings(rounds, seed), strict=True):
        _round(contenders, order, factor, clock, sample)


def _round(contenders: Sequence[Contender], order: Sequence[int], factor: int, clock: Clock, sample: Sample) -> None:
    for place in order:
        contender = contenders[place]
        calls = sample.warm[contender.name].calls * factor
        sample.blocks[contender.name].append(run_block(contender, calls, clock))
    sample.order.append([contenders[place].name for place in order])
    sample.factors.append(factor)
