"""What the pytest front asks of the harness: one arm checked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import targets
from .campaign import Arm, Campaign
from .commands.common import screen
from .corpus import Corpus, Entry
from .divergences import Registry
from .divergences import load as load_registry
from .targets import Target

SHRINKING = 1.0
"""Seconds that making one failure small may take."""


@dataclass(frozen=True)
class Checked:
    """The outcome of one test: screens of what is held against the target, and plain data for the summary."""

    screens: list[str]
    missing: bool
    properties: dict[str, Any]

    @property
    def failed(self) -> bool:
        return bool(self.screens)


@dataclass
class Harness:
    """Target, oracle and budget of a session."""

    target: Target
    oracle: Target
    cases: int
    seconds: float | None
    seed: int
    corpus: Corpus
    registry: Registry
    kept: dict[str, list[Entry]]

    @classmethod
    def of(
        cls, *, target: str, oracle: str, device: str, cases: int, seconds: float | None, seed: int, corpus: str
    ) -> Harness:
        """The harness for names of targets. LookupError for one that there is not."""
        held = Corpus(Path(corpus))
        kept: dict[str, list[Entry]] = {}
        for entry in held.entries():
            kept.setdefault(f"{entry.case.op}/{entry.property}", []).append(entry)
        name = target if device == "cpu" else f"{target}-{device}"
        return cls(targets.load(name), targets.load(oracle), cases, seconds, seed, held, load_registry(), kept)

    @property
    def alone(self) -> bool:
        """Whether target and oracle are one framework."""
        return self.target is self.oracle

    def check(self, arm: Arm) -> Checked:
        """Check the kept cases of an arm, then new ones until its budget is spent."""
        chosen = [arm] if arm.property.oracle_free or not self.alone else []
        campaign = Campaign(
            self.target, self.oracle, chosen, self.seed, self.corpus, self.registry, shrinking=SHRINKING
        )
        campaign.run(
            self.seconds, most=None if self.seconds is not None else self.cases, entries=self.kept.get(arm.name, ())
        )
        held = campaign.held_against_target
        known: dict[str, int] = {}
        quiet: dict[str, int] = {}
        causes: dict[str, int] = {}
        for each in campaign.failures.values():
            if each.known is not None:
                known[each.known] = known.get(each.known, 0) + each.count
            elif not each.verdict.held_against_target:
                finding = each.verdict.finding.value
                quiet[finding] = quiet.get(finding, 0) + 1
            else:
                causes[each.verdict.finding.value] = causes.get(each.verdict.finding.value, 0) + 1
        found = {
            "name": arm.record.name,
            "property": arm.property.name,
            "missing": bool(campaign.missing),
            "cases": campaign.cases,
            "causes": causes,
            "known": known,
            "quiet": quiet,
        }
        return Checked([screen(each) for each in held], bool(campaign.missing), found)
