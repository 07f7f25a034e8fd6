"""Independent derivatives vote: who is off when two of them differ."""

from __future__ import annotations

from dataclasses import dataclass

from .verdict import Finding

BROAD = 1e-6
"""Relative difference that votes of unequal precision are compared at."""


@dataclass(frozen=True)
class Vote:
    """One derivative along one direction. ``party`` is "target", "oracle" or "" (differences of values, mpmath); ``error`` is how wrong it may be by itself."""

    name: str
    party: str
    value: float
    error: float = 0.0


def truth(votes: list[Vote], scale: float) -> Vote | None:
    """The vote to believe: a neutral one that is accurate; else one that a vote of the other kind or party confirms; None for a draw."""
    neutral = [vote for vote in votes if not vote.party and vote.error <= 1e-4 * scale]
    if neutral:
        best = min(neutral, key=lambda vote: vote.error)
        apart = [vote for vote in neutral if not agree(vote, best, scale)]
        return None if apart else best
    backing = [(sum(agree(vote, other, scale) for other in votes), vote) for vote in votes]
    most = max(count for count, _ in backing)
    winners = [vote for count, vote in backing if count == most]
    if most < 2 or any(not agree(winners[0], each, scale) for each in winners):
        return None
    return winners[0]


def agree(one: Vote, other: Vote, scale: float) -> bool:
    """Whether two votes are equal but for the error that each admits."""
    return abs(one.value - other.value) <= BROAD * scale + 4 * (one.error + other.error)


def decide(votes: list[Vote], scale: float) -> tuple[Finding, tuple[str, ...]]:
    """The finding and its proof: every vote, and the one believed."""
    evidence = tuple(
        f"vote     {vote.name:<22} {vote.value:+.15g}" + (f" (error below {vote.error:.1g})" if vote.error else "")
        for vote in votes
    )
    believed = truth(votes, scale)
    if believed is None:
        return Finding.UNDECIDED, evidence
    off = {vote.party for vote in votes if vote.party and not agree(vote, believed, scale)}
    evidence = (*evidence, f"arbiter  {believed.name} is believed")
    if off == {"target", "oracle"}:
        return Finding.BOTH_WRONG, evidence
    if "target" in off:
        return Finding.TARGET_WRONG, evidence
    if "oracle" in off:
        return Finding.ORACLE_WRONG, evidence
    return Finding.ILL_CONDITIONED, evidence
