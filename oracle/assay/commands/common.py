"""Options and printing that several commands share."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import corpus, targets
from ..campaign import Campaign, Failure
from ..cases import Case, from_json
from ..catalogue import everything
from ..properties import NAMES
from ..repro import write
from ..targets import Target

REPROS = Path(".assay") / "repros"


def frameworks(parser: argparse.ArgumentParser) -> None:
    """--target and --oracle."""
    parser.add_argument("--target", default="ingot", help="the framework under test")
    parser.add_argument("--oracle", default="torch", help="what it is held against; the target itself is judged alone")


def selection(parser: argparse.ArgumentParser) -> None:
    """--property and --seed."""
    parser.add_argument(
        "--property",
        action="append",
        choices=NAMES,
        metavar="NAME",
        help=f"only this property; again for more: {', '.join(NAMES)}",
    )
    parser.add_argument("--seed", type=int, default=0, help="which cases are drawn")


def keeping(parser: argparse.ArgumentParser) -> None:
    """--corpus and --no-corpus."""
    parser.add_argument("--corpus", type=Path, default=corpus.DEFAULT, help="where failing cases are kept")
    parser.add_argument("--no-corpus", action="store_true", help="keep nothing and replay nothing")


def case_of(text: str) -> Case:
    """The case that a person's JSON describes, as argparse wants to be told of mistakes."""
    try:
        return from_json(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; verdicts print commands with whole cases") from error


def at_least(least: float, kind: type) -> Callable[[str], Any]:
    """A number of the command line, no smaller than ``least``."""

    def number(text: str) -> Any:
        try:
            found = kind(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"'{text}' is no number") from error
        if not found >= least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return found

    return number


def pair(options: argparse.Namespace) -> tuple[Target, Target]:
    """The target and the oracle that the options name."""
    return targets.load(options.target), targets.load(options.oracle)


def records(patterns: list[str]) -> list[Any]:
    """The records that a person means: names, last parts of names, shell patterns. LookupError for a pattern that fits none."""
    import fnmatch

    known = everything()
    if not patterns:
        return list(known.values())
    chosen: dict[str, Any] = {}
    for pattern in patterns:
        fitting = {
            name: record
            for name, record in known.items()
            if fnmatch.fnmatchcase(name, pattern) or name.rpartition(".")[2] == pattern
        }
        if not fitting:
            raise LookupError(f"the catalogue has nothing called '{pattern}'")
        chosen |= fitting
    return list(chosen.values())


def kept(options: argparse.Namespace) -> corpus.Corpus | None:
    """The corpus that the options name."""
    return None if options.no_corpus else corpus.Corpus(options.corpus)


def report(campaign: Campaign, *, verbose: bool = False) -> None:
    """Print what a campaign found, the worst first, and where the stand-alone scripts are."""
    ordered = sorted(campaign.failures.values(), key=lambda each: (not each.verdict.held_against_target, -each.count))
    for failure in ordered:
        if failure.known is None and (failure.verdict.held_against_target or verbose):
            print(screen(failure) + "\n")
    quiet = [each for each in ordered if not each.verdict.held_against_target and each.known is None]
    if quiet and not verbose:
        print(f"Not held against the target: {_counted(quiet)} (--verbose shows them)")
    known: Counter[str] = Counter()
    for each in ordered:
        if each.known is not None:
            known[each.known] += each.count
    if known:
        print("Known divergences seen: " + ", ".join(f"{name} ({count})" for name, count in known.most_common()))
    if campaign.missing:
        print(f"Missing in {campaign.target.name}, {len(campaign.missing)}: {', '.join(sorted(campaign.missing))}")
    for problem in campaign.corpus.problems if campaign.corpus else ():
        print(f"corpus: {problem}")


def screen(failure: Failure) -> str:
    """One cluster as it is printed, its stand-alone script written."""
    path = write(failure.verdict, REPROS) if failure.verdict.held_against_target else None
    times = f"\n  seen     {failure.count} times" if failure.count > 1 else ""
    return failure.verdict.screen(str(path) if path else None) + times


def _counted(failures: list[Failure]) -> str:
    counts: dict[str, int] = {}
    for each in failures:
        counts[each.verdict.finding.value] = counts.get(each.verdict.finding.value, 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
