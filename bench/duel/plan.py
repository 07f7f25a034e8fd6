"""How much is measured: rounds, blocks, processes; and the named profiles."""

from __future__ import annotations

from dataclasses import dataclass

from .statistics import MARGIN


@dataclass(frozen=True)
class Plan:
    """How a duel is run.

    ``rounds`` in each of ``processes`` fresh processes; every subject has one block of about ``block`` seconds a round (and in half of
    the rounds one of twice that). ``seconds`` bounds what one process spends on the rounds of one duel: where calls are slow, rounds are dropped, down
    to ``fewest``. ``threads`` is what every subject's thread pools are set to.
    """

    rounds: int = 24
    processes: int = 3
    block: float = 0.0015
    seconds: float = 1.0
    fewest: int = 4
    threads: int = 1
    margin: float = MARGIN
    seed: int = 0


@dataclass(frozen=True)
class Profile:
    """A named amount of work: the plan, and which parts of the suites run."""

    name: str
    plan: Plan
    full: bool  # all sizes, dtypes and layouts; else the few that show most
    compiled: bool  # torch.compile takes part, and JAX where it is installed
    imports: int  # fresh interpreters a subject in the start-up suite
    controls: int  # null duels and planted slowdowns a session


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", Plan(rounds=10, block=0.001, seconds=0.1), full=False, compiled=False, imports=3, controls=10),
        Profile(
            "nightly", Plan(rounds=24, block=0.0015, seconds=0.5), full=True, compiled=True, imports=7, controls=40
        ),
    )
}
"""``quick`` runs every suite in about two minutes on two idle cores, ``nightly`` in about fifteen."""
