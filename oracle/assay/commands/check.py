"""``assay check OP...``: a number of cases of every property of some ops, or one given case."""

from __future__ import annotations

import argparse
import time

from ..campaign import Campaign, arms
from ..divergences import load as load_registry
from ..engine import check_case
from ..progress import Progress
from ..properties import load, of
from .common import at_least, case_of, frameworks, keeping, kept, pair, records, report, selection


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="+", metavar="OP", help="names, last parts of names, shell patterns: softmax, nn.functional.*"
    )
    frameworks(parser)
    selection(parser)
    keeping(parser)
    parser.add_argument(
        "--cases", type=at_least(1, int), default=50, metavar="N", help="cases of every op and property"
    )
    parser.add_argument(
        "--case", type=case_of, metavar="JSON", help="this one case instead; verdicts print such commands"
    )
    parser.add_argument("--verbose", action="store_true", help="also what is not held against the target")


def main(options: argparse.Namespace) -> int:
    target, oracle = pair(options)
    chosen = records(options.names)
    properties = None if options.property is None else [load(name) for name in options.property]
    if options.case is not None:
        if options.case.op != chosen[0].name:
            raise LookupError(f"the case is of '{options.case.op}', the op named is '{chosen[0].name}'")
        return _one(options, chosen[0], properties or of(chosen[0]), target, oracle)
    progress = Progress(None)
    found = Campaign(
        target,
        oracle,
        arms(chosen, properties, alone=target is oracle),
        options.seed,
        kept(options),
        load_registry(),
        observe=progress,
    )
    begun = time.perf_counter()
    found.run(most=options.cases)
    progress.close()
    report(found, verbose=options.verbose)
    seconds = time.perf_counter() - begun
    held = found.held_against_target
    outcome = f"{len(held)} causes held against {target.name}" if held else "nothing to hold against " + target.name
    print(f"{found.cases} cases, {len(found.tallies)} op x property, {seconds:.1f} s: {outcome}")
    return 1 if held or (found.missing and not found.tallies) else 0


def _one(options: argparse.Namespace, record, properties, target, oracle) -> int:
    case = options.case
    verdicts = [v for item in properties for v in check_case(item, record, case, target, oracle)]
    for verdict in verdicts:
        print(verdict.screen() + "\n")
    held = any(verdict.held_against_target for verdict in verdicts)
    print(f"{case}: {'held against ' + target.name if held else 'passes'}")
    return int(held)
