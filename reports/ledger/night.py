"""What one night left behind: of every kind of run the last one of that night, as frames; and the night before it, for what vanished."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas

from . import frames
from .store import Store

KINDS = {
    "benchmarks": "pytest bench --benchmark-json=bench.json",
    "campaign": "python -m ledger.campaign --json campaign.json",
    "examples": "python examples/compare.py --json examples.json",
    "coverage": "assay coverage --csv coverage.csv",
    "mutation": "assay mutate --faults 40 --json mutation.json",
}
"""The runs that a whole night has, and what makes their files."""


SEVERAL = ("divergences", "oracle defects", "waivers")
"""Kinds of which a night has as many runs as there are files."""


@dataclass(frozen=True)
class Night:
    """A night of a store. Every frame is restricted to the runs that belong to it; where it has no run of a kind, that frame has no rows."""

    store: Store
    label: str

    @cached_property
    def runs(self) -> pandas.DataFrame:
        """The last run of each kind; of the kinds that come in several files, of each file."""
        found = frames.runs(self.store)
        found = found[found["night"] == self.label]
        file = found["source"].where(found["kind"].isin(SEVERAL), "")
        kept = found.groupby([found["kind"], file], sort=False).tail(1)
        return kept.sort_values(["kind", "source"], ignore_index=True)

    def run(self, kind: str) -> int | None:
        """The id of the run of a kind."""
        found = self.runs.loc[self.runs["kind"] == kind, "run"]
        return int(found.iloc[0]) if len(found) else None

    def of(self, frame: pandas.DataFrame, *kinds: str) -> pandas.DataFrame:
        """The rows of a frame that this night's runs of some kinds (any kind) made."""
        wanted = self.runs if not kinds else self.runs[self.runs["kind"].isin(kinds)]
        return frame[frame["run"].isin(wanted["run"])].reset_index(drop=True)

    @cached_property
    def results(self) -> pandas.DataFrame:
        run = self.run("benchmarks")
        return frames.results(self.store, -1 if run is None else run)

    @cached_property
    def previous(self) -> pandas.DataFrame:
        """The benchmark rows of the last night before with the same profile."""
        run = self.run("benchmarks")
        found = frames.runs(self.store)
        mine = found[found["run"] == run]
        if not len(mine):
            return frames.results(self.store, -1)
        earlier = found[
            (found["kind"] == "benchmarks")
            & (found["profile"] == mine["profile"].iloc[0])
            & (found["started"] < mine["started"].iloc[0])
            & (found["night"] != self.label)
        ]
        return frames.results(self.store, int(earlier["run"].iloc[-1]) if len(earlier) else -1)

    @cached_property
    def history(self) -> pandas.DataFrame:
        """The ratios of all nights up to this one, of the profile that this one ran."""
        run = self.runs[self.runs["kind"] == "benchmarks"]
        if not len(run):
            return frames.history(self.store, "-")
        found = frames.history(self.store, run["profile"].iloc[0])
        return found[found["started"] <= run["started"].iloc[0]].reset_index(drop=True)

    @cached_property
    def arms(self) -> pandas.DataFrame:
        return self.of(frames.arms(self.store))

    @cached_property
    def causes(self) -> pandas.DataFrame:
        return self.of(frames.causes(self.store))

    @cached_property
    def missing(self) -> pandas.DataFrame:
        return self.of(frames.missing(self.store))

    @cached_property
    def coverage(self) -> pandas.DataFrame:
        return self.of(frames.coverage(self.store))

    @cached_property
    def defects(self) -> pandas.DataFrame:
        """Of the night's campaign, and those that people have written down."""
        found = self.of(frames.defects(self.store))
        return found.drop_duplicates("name", ignore_index=True)

    @cached_property
    def examples(self) -> pandas.DataFrame:
        return self.of(frames.examples(self.store))

    @cached_property
    def losses(self) -> pandas.DataFrame:
        return self.of(frames.losses(self.store))

    @cached_property
    def controls(self) -> pandas.DataFrame:
        return self.of(frames.controls(self.store))

    @cached_property
    def scaling(self) -> pandas.DataFrame:
        return self.of(frames.scaling(self.store))

    @cached_property
    def mutants(self) -> pandas.DataFrame:
        return self.of(frames.mutants(self.store))

    @cached_property
    def sensitivity(self) -> pandas.DataFrame:
        return self.of(frames.sensitivity(self.store))

    @cached_property
    def contrast(self) -> pandas.DataFrame:
        return self.of(frames.contrast(self.store))

    @cached_property
    def divergences(self) -> pandas.DataFrame:
        return self.of(frames.divergences(self.store))

    @cached_property
    def changes(self) -> pandas.DataFrame:
        return self.of(frames.changes(self.store))

    @cached_property
    def waivers(self) -> pandas.DataFrame:
        return self.of(frames.waivers(self.store))


def nights(store: Store) -> list[str]:
    """The labels of all nights, in the order in which they began."""
    found = frames.runs(store)
    return list(found.sort_values("started")["night"].drop_duplicates())


def latest(store: Store) -> Night:
    """The night that began last. LookupError for a store without runs."""
    found = nights(store)
    if not found:
        raise LookupError("the ledger has no runs yet: `ledger ingest FILE` enters some")
    return Night(store, found[-1])
