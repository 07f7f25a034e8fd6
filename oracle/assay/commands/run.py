"""``assay run --seconds N``: everything the catalogue has, for a time; kept failing cases first."""

from __future__ import annotations

import argparse

from ..campaign import Campaign, arms
from ..divergences import load as load_registry
from ..progress import Progress, clock
from ..properties import load
from .common import frameworks, keeping, kept, pair, records, report, selection


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="OP", help="only these; as for `assay check`")
    frameworks(parser)
    selection(parser)
    keeping(parser)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--verbose", action="store_true", help="also what is not held against the target")


def main(options: argparse.Namespace) -> int:
    target, oracle = pair(options)
    properties = None if options.property is None else [load(name) for name in options.property]
    progress = Progress(options.seconds)
    campaign = Campaign(
        target,
        oracle,
        arms(records(options.names), properties, alone=target is oracle),
        options.seed,
        kept(options),
        load_registry(),
        observe=progress,
    )
    try:
        campaign.run(options.seconds)
    finally:
        progress.close()
        report(campaign, verbose=options.verbose)
    untouched = [name for name, tally in campaign.tallies.items() if not tally.cases]
    expired = [] if untouched or options.names or options.property else campaign.unseen()
    for name in expired:
        print(f"The known divergence '{name}' did not occur: it has expired, remove it from the registry")
    print(
        f"{campaign.cases} cases in {clock(options.seconds)}; {len(campaign.tallies) - len(untouched)} of {len(campaign.tallies)} op x property; "
        f"{len(campaign.held_against_target)} causes held against {target.name}"
    )
    return 1 if campaign.held_against_target or expired else 0
