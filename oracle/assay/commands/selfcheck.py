"""``assay selfcheck``: healthy code, many seeds. The oracle is held against itself under another name, so that every alarm is a false one."""

from __future__ import annotations

import argparse
import random
import sys
import time

from .. import targets
from ..campaign import Campaign, arms
from ..judge import Verdict
from ..progress import clock
from ..targets.faulty import Faulty
from .common import records

SURE = 3.0
"""No alarm in n cases: with 95 % confidence the rate is below 3 / n (Hanley and Lippman-Hand 1983)."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="OP", help="only these; as for `assay check`")
    parser.add_argument("--seeds", type=int, default=200, help="seeds; each draws its own cases")
    parser.add_argument("--arms", type=int, default=50, help="op x property that each seed picks")
    parser.add_argument("--cases", type=int, default=2, help="cases of each")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")


def main(options: argparse.Namespace) -> int:
    begun = time.monotonic()
    alarms: list[Verdict] = []
    touched: set[str] = set()
    cases = 0
    live = sys.stderr.isatty()
    oracle, twin = targets.load("torch"), Faulty(name="twin")
    known = arms(records(options.names))
    for seed in range(options.first, options.first + options.seeds):
        chosen = random.Random(seed).sample(known, min(options.arms, len(known)))
        campaign = Campaign(twin, oracle, chosen, seed, shrinking=0.0)
        campaign.run(most=options.cases)
        cases += campaign.cases
        touched |= {name for name, tally in campaign.tallies.items() if tally.cases}
        alarms += [each.verdict for each in campaign.failures.values()]
        if live:
            sys.stderr.write(f"\r\x1b[2Kseed {seed}: {cases} cases, {len(alarms)} alarms")
    if live:
        sys.stderr.write("\r\x1b[2K")
    for verdict in alarms:
        print(verdict.screen() + "\n")
    sentence = f"below {SURE / cases:.1e} a case, with 95 % confidence" if cases and not alarms else "too many"
    print(
        f"{options.seeds} seeds, {cases} cases, {len(touched)} of {len(known)} op x property, {clock(time.monotonic() - begun)}: "
        f"{len(alarms)} false alarms ({sentence})"
    )
    return int(bool(alarms))
