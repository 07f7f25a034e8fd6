"""``assay selfcheck``: healthy code, many seeds. The oracle is held against itself under another name, so that every alarm is a false one.

What breaks a property with the sides changed, too, is a defect of the framework itself, and is counted apart; so are crashes. An alarm is false where one of two identical frameworks is blamed
and the other is not.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from .. import targets
from ..campaign import arms
from ..campaign.sharded import Processes, Sharded
from ..catalogue import everything
from ..engine import check_case
from ..judge import Finding, Verdict
from ..progress import clock
from ..properties import load
from ..targets import Target
from .common import at_least, records

TWIN = "assay.targets.faulty:Faulty"
"""PyTorch without faults, under a name that is not PyTorch's."""

CRASH = "ends the process"

SURE = 3.0
"""No alarm in n cases: with 95 % confidence the rate is below 3 / n (Hanley and Lippman-Hand 1983)."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="OP", help="only these; as for `assay check`")
    parser.add_argument("--seeds", type=at_least(1, int), default=200, help="seeds; each draws its own cases")
    parser.add_argument("--arms", type=at_least(1, int), default=50, help="op x property that each seed picks")
    parser.add_argument("--cases", type=at_least(1, int), default=2, help="cases of each")
    parser.add_argument("--workers", type=at_least(1, int), default=1, help="processes that check")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")


def main(options: argparse.Namespace) -> int:
    begun = time.monotonic()
    found: list[Verdict] = []
    touched: set[str] = set()
    cases = 0
    live = sys.stderr.isatty()
    pair = targets.load(TWIN), targets.load("torch")
    known = arms(records(options.names))
    workers = Processes(TWIN, "torch", options.workers)
    try:
        for seed in range(options.first, options.first + options.seeds):
            chosen = random.Random(seed).sample(known, min(options.arms, len(known)))
            campaign = Sharded(*pair, chosen, seed, shrinking=0.0, workers=workers)
            campaign.run(most=options.cases)
            cases += campaign.cases
            touched |= {name for name, tally in campaign.tallies.items() if tally.cases}
            found += [each.verdict for each in campaign.failures.values()]
            if live:
                sys.stderr.write(f"\r\x1b[2Kseed {seed}: {cases} cases, {len(found)} found")
    finally:
        workers.close()
        if live:
            sys.stderr.write("\r\x1b[2K")
    against = [verdict for verdict in found if verdict.held_against_target]
    own = [verdict for verdict in against if CRASH in verdict.what or broken_alike(verdict, *pair)]
    alarms = [verdict for verdict in against if verdict not in own]
    for verdict in alarms:
        print(verdict.screen() + "\n")
    if own:
        names = sorted({f"{verdict.case.op}/{verdict.property}" for verdict in own})
        print(f"Defects of the framework itself, {len(own)}: {', '.join(names)}")
    print(
        f"{options.seeds} seeds, {cases} cases, {len(touched)} of {len(known)} op x property, {clock(time.monotonic() - begun)}: {len(alarms)} false alarms"
        + (f" (with 95 % confidence below {SURE / cases:.1e} a case)" if cases and not alarms else "")
    )
    return int(bool(alarms))


def broken_alike(verdict: Verdict, twin: Target, oracle: Target) -> bool:
    """Whether the verdict falls on the other framework when the sides are changed: then both break the property."""
    if verdict.finding is Finding.BOTH_WRONG:
        return True
    changed = check_case(load(verdict.property), everything()[verdict.case.op], verdict.case, oracle, twin)
    return any(each.cluster == verdict.cluster for each in changed) and verdict.finding is not Finding.HARNESS_ERROR
