"""The command ``bench``: run cases, compare two commits, test the bench itself."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .plan import PROFILES, Plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status: 0, 1 for a confirmed regression or a failed self-test, 2 for bad usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except LookupError as error:
        print(f"bench: {error.args[0]}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench", description="Who is faster, by how much, and can it be believed. `pytest bench/` runs the suites."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="run cases and print their tables",
        description="Run the cases whose ids match a pattern (ops/softmax-*).",
    )
    run.add_argument(
        "cases", nargs="+", metavar="PATTERN", help="ids of cases, shell patterns allowed; `bench list` shows them"
    )
    run.add_argument("--subjects", default="torch,ingot,numpy", help="comma-separated; default %(default)s")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the records there")
    _common(run)
    run.set_defaults(run=_run)

    listing = commands.add_parser("list", help="list the cases")
    listing.add_argument("cases", nargs="*", default=["*"], metavar="PATTERN")
    listing.set_defaults(run=_list)

    compare = commands.add_parser(
        "compare", help="what changed between two commits",
        description="Check out BASE and HEAD side by side, interleave them block by block on this machine, and say what changed. What seems to have changed "
        "is measured a second time, in fresh processes; only what both runs show counts. Exit status 1 if something got slower.",
    )  # fmt: skip
    compare.add_argument("base", help="a commit")
    compare.add_argument(
        "head", nargs="?", default=".", help="a commit, or . (the default) for the working tree as it is"
    )
    compare.add_argument(
        "-k",
        dest="pattern",
        action="append",
        metavar="PATTERN",
        help="ids of cases; default: overhead and ops of the quick profile",
    )
    compare.add_argument("--json", type=Path, metavar="FILE", help="write the outcome there")
    compare.add_argument("--markdown", type=Path, metavar="FILE", help="write a table for a pull request there")
    _common(compare)
    compare.set_defaults(run=_compare)

    test = commands.add_parser("selftest", help="measure the bench: false alarms, power, coverage")
    test.add_argument("--duels", type=int, default=200, help="null duels; default %(default)s")
    test.set_defaults(run=_selftest)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default="quick", help="how much is measured; default %(default)s"
    )
    parser.add_argument("--processes", type=int, metavar="N", help="fresh processes a duel; default: the profile's")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds a process; default: the profile's")


def plan_of(options: argparse.Namespace) -> Plan:
    """The profile's plan with what the options change."""
    from dataclasses import replace

    given = {name: getattr(options, name) for name in ("processes", "rounds") if getattr(options, name) is not None}
    return replace(PROFILES[options.profile].plan, **given)


def matching(patterns: Sequence[str], full: bool) -> list:
    """The cases whose ids match; a pattern with a name in full finds that case in any profile. LookupError for a pattern that finds none."""
    from . import suites

    found: dict = {}
    for pattern in patterns:
        if pattern.startswith("shapes/"):
            found[pattern] = suites.find(pattern)
            continue
        wanted = [suite for suite in suites.SUITES if fnmatch.fnmatchcase(suite, pattern.partition("/")[0])]
        cases = [
            case
            for suite in wanted
            for case in suites.load(suite).values()
            if fnmatch.fnmatchcase(case.id, pattern if "/" in pattern else f"{pattern}/*")
        ]
        chosen = [case for case in cases if full or not case.full or case.id == pattern]
        if not chosen:
            raise LookupError(f"no case matches '{pattern}'; `bench list` shows them all")
        found |= {case.id: case for case in chosen}
    return list(found.values())


def _run(options: argparse.Namespace) -> int:
    from .arena import Arena
    from .record import SubjectRecord, to_json
    from .startup import STAGES, measure_startup
    from .table import HEADER, LEGEND, render

    subjects = options.subjects.split(",")
    colour = sys.stdout.isatty()
    stages = [pattern.partition("/")[2] or "*" for pattern in options.cases if pattern.partition("/")[0] == "startup"]
    patterns = [pattern for pattern in options.cases if pattern.partition("/")[0] != "startup"]
    rows: list[SubjectRecord] = []
    print(HEADER)

    def show(made: list[SubjectRecord]) -> None:
        rows.extend(made)
        print("\n".join(render(made, colour=colour, legend=False)), flush=True)

    if stages:
        found = measure_startup(subjects, PROFILES[options.profile].imports, plan_of(options))
        for stage in STAGES:
            if any(fnmatch.fnmatchcase(stage, pattern) for pattern in stages):
                show(found[stage])
    if patterns:
        with Arena(plan_of(options), subjects) as arena:
            for case in matching(patterns, PROFILES[options.profile].full):
                show(arena.run(case))
    print(f"\n{LEGEND}")
    if options.json:
        options.json.write_text(json.dumps(to_json(rows), indent=1))
    return 0


def _list(options: argparse.Namespace) -> int:
    for case in matching([pattern if pattern != "*" else "*/*" for pattern in options.cases], full=True):
        print(f"{case.id}{'' if not case.full else '  (nightly)'}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from .commits import DEFAULT, compare_commits

    cases = matching(options.pattern or list(DEFAULT), PROFILES[options.profile].full)
    outcome = compare_commits(Path.cwd(), options.base, options.head, cases, plan_of(options), progress=sys.stderr)
    print("\n".join(outcome.text()))
    if options.json:
        from .record import to_json

        options.json.write_text(json.dumps(to_json(outcome), indent=1))
    if options.markdown:
        options.markdown.write_text("\n".join(outcome.markdown()) + "\n")
    return 1 if outcome.regressions else 0


def _selftest(options: argparse.Namespace) -> int:
    from .selftest import run

    return run(options.duels)


if __name__ == "__main__":
    sys.exit(main())
