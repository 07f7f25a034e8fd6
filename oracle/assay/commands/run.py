"""``assay run --seconds N``: everything the catalogue has, for a time; kept failing cases first. Cases are checked by processes of their own, whose end does not end the run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..campaign import Campaign, arms
from ..campaign.journal import Journal
from ..campaign.sharded import Processes, Sharded, Workers
from ..divergences import load as load_registry
from ..engine import CASE_LIMIT
from ..progress import Progress, clock
from ..properties import load
from .common import at_least, frameworks, keeping, kept, pair, records, report, selection


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="OP", help="only these; as for `assay check`")
    frameworks(parser)
    selection(parser)
    keeping(parser)
    parser.add_argument(
        "--seconds", type=at_least(0, float), default=60.0, help="how long, all beginnings of a journal together"
    )
    parser.add_argument("--cases", type=at_least(1, int), metavar="N", help="cases of every op and property, at most")
    parser.add_argument(
        "--workers", type=at_least(0, int), default=1, help="processes that check; 0: this one, unprotected"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="the workers of this Dask scheduler: tcp://host:8786")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="go on with the run that this file records")
    parser.add_argument("--limit", type=float, default=CASE_LIMIT, help="seconds that a case may take")
    parser.add_argument(
        "--costs",
        type=Path,
        metavar="PATH",
        help="write cases, seconds and findings of every op and property there, as CSV",
    )
    parser.add_argument("--verbose", action="store_true", help="also what is not held against the target")


def main(options: argparse.Namespace) -> int:
    target, oracle = pair(options)
    properties = None if options.property is None else [load(name) for name in options.property]
    chosen = arms(records(options.names), properties, alone=target is oracle)
    progress = Progress(options.seconds)
    given: dict[str, Any] = {"observe": progress, "limit": options.limit}
    positional = (target, oracle, chosen, options.seed, kept(options), load_registry())
    workers, journal = _workers(options), _journal(options)
    campaign = (
        Campaign(*positional, **given)
        if workers is None
        else Sharded(*positional, workers=workers, journal=journal, **given)
    )
    try:
        campaign.run(options.seconds, most=options.cases)
    finally:
        progress.close()
        for each in (workers, journal):
            if each is not None:
                each.close()
        report(campaign, verbose=options.verbose)
        for problem in [*campaign.problems, *(journal.problems if journal else ())]:
            print(f"note: {problem}")
        if options.costs:
            _write_costs(campaign, options.costs)
    untouched = [name for name, tally in campaign.tallies.items() if not tally.cases]
    expired = [] if untouched or options.names or options.property else campaign.unseen()
    for name in expired:
        print(f"The known divergence '{name}' did not occur: it has expired, remove it from the registry")
    print(
        f"{campaign.cases} cases in {clock(campaign.elapsed)}; {len(campaign.tallies) - len(untouched)} of {len(campaign.tallies)} op x property; "
        f"{len(campaign.held_against_target)} causes held against {target.name}"
    )
    return 1 if campaign.held_against_target or expired else 0


def _workers(options: argparse.Namespace) -> Workers | None:
    if options.scheduler:
        from ..campaign.cluster import Cluster

        return Cluster(options.scheduler, options.target, options.oracle)
    return Processes(options.target, options.oracle, options.workers) if options.workers else None


def _journal(options: argparse.Namespace) -> Journal | None:
    if options.journal is None:
        return None
    settings = {name: getattr(options, name) for name in ("target", "oracle", "seed", "names", "property")}
    return Journal(options.journal, settings)


def _write_costs(campaign: Campaign, path: Path) -> None:
    """One row an arm, the dearest first."""
    import csv

    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "property", "cases", "seconds", "findings"])
        for name, tally in sorted(campaign.tallies.items(), key=lambda item: -item[1].seconds):
            op, _, property = name.rpartition("/")
            findings = " ".join(f"{finding}:{count}" for finding, count in sorted(tally.findings.items()))
            rows.writerow([op, property, tally.cases, f"{tally.seconds:.3f}", findings])
