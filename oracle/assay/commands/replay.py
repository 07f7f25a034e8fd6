"""``assay replay``: the kept failing cases once more."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..catalogue import everything
from ..corpus import DEFAULT, Corpus
from ..divergences import load as load_registry
from ..engine import check_case
from ..properties import load
from .common import frameworks, pair


def arguments(parser: argparse.ArgumentParser) -> None:
    frameworks(parser)
    parser.add_argument("--corpus", type=Path, default=DEFAULT, help="where failing cases are kept")
    parser.add_argument("--keep", action="store_true", help="keep those that pass now, too")


def main(options: argparse.Namespace) -> int:
    target, oracle = pair(options)
    kept, known, registry = Corpus(options.corpus), everything(), load_registry()
    failing = passing = 0
    for entry in kept.entries():
        record = known.get(entry.case.op)
        if record is None:
            print(f"{entry.path.name}: the catalogue has no '{entry.case.op}' any more")
            continue
        verdicts = check_case(load(entry.property), record, entry.case, target, oracle)
        held = [each for each in verdicts if each.held_against_target and registry.match(each) is None]
        failing, passing = failing + bool(held), passing + (not held)
        for verdict in held:
            print(verdict.screen() + "\n")
        if not held:
            print(f"{entry.case.op} · {entry.property} passes now: {entry.path.name}")
            if not options.keep:
                kept.remove(entry.path)
    for problem in kept.problems:
        print(f"corpus: {problem}")
    print(f"{failing} still fail, {passing} pass")
    return int(failing > 0)
