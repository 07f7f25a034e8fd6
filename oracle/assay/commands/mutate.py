"""``assay mutate``: how many planted faults the harness finds."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..corpus import write_atomically
from ..mutate.plan import faults
from ..mutate.report import summary, text
from ..mutate.score import Score, campaign, users
from .common import frameworks, pair


def arguments(parser: argparse.ArgumentParser) -> None:
    frameworks(parser)
    parser.add_argument("--faults", type=int, default=420, metavar="N", help="how many are planted")
    parser.add_argument("--seed", type=int, default=0, help="which faults, and which cases are drawn")
    parser.add_argument(
        "--operator", action="append", metavar="NAME", help="only faults of this operator; again for more"
    )
    parser.add_argument("--no-contrast", action="store_true", help="leave the published comparison rules out")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write everything there")
    parser.add_argument("--goal", type=float, default=0.97, help="share that must be found, else the exit status is 1")


def main(options: argparse.Namespace) -> int:
    target, oracle = pair(options)
    planned = faults(target, options.faults, options.seed, users(target))
    if options.operator:
        known = {each.operator.name for each in planned}
        unknown = sorted(set(options.operator) - known)
        if unknown:
            raise LookupError(f"no fault is of operator {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        planned = [each for each in planned if each.operator.name in options.operator]
    scores, seconds = campaign(
        planned, target, oracle, options.seed, _observer(len(planned)), published=not options.no_contrast
    )
    data = summary(scores, target=target.name, oracle=oracle.name, seed=options.seed, seconds=seconds)
    if options.json:
        write_atomically(options.json, json.dumps(data, indent=1) + "\n")
    print(text(data))
    return int(data["share_of_visible"] < options.goal)


def _observer(count: int):
    killed = 0

    def observe(score: Score, number: int) -> None:
        nonlocal killed
        killed += score.killed
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{number + 1} of {count} · {killed} found · {score.fault}"[:110])
            sys.stderr.write("\n" if number + 1 == count else "")
        elif not score.killed or (number + 1) % 50 == 0:
            sys.stderr.write(
                f"{number + 1} of {count}, {killed} found: {score.fault}: {score.by or score.explanation}\n"
            )
        sys.stderr.flush()

    return observe
