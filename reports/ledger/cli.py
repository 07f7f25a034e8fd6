"""The command ``ledger``: take results in, report on a night, run one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .store import StoreError, open_store

OUT = Path("build") / "nightly"

LEDGER = OUT / "ledger.sqlite"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; the exit status is 0, 1 where a gate fails, 2 where the command was misused."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (StoreError, LookupError, ValueError, OSError) as error:
        print(f"ledger: {error.args[0] if isinstance(error, LookupError) else error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nledger: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ledger", description="What every run of the fuzzing and of the bench found, since when, and whether it is good enough.")  # fmt: skip
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    taking = commands.add_parser("ingest", help="enter result files", description="Enter files into the ledger; what is there already changes nothing.")  # fmt: skip
    taking.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON of pytest-benchmark, campaigns, mutants, examples, `bench compare`; CSV of coverage; TOML of divergences and waivers")  # fmt: skip
    taking.add_argument("--night", default="", help="what they belong to; default: the day on which they ran")
    taking.add_argument("--commit", default="", help="of files that do not say")
    taking.add_argument(
        "--started", metavar="TIME", help="of files that do not say, ISO 8601; default: the file's time"
    )
    taking.set_defaults(run=_ingest)

    reporting = commands.add_parser("report", help="write the report of a night", description="Write index.html, summary.md, report.json, junit.xml, CSVs and a badge.")  # fmt: skip
    reporting.add_argument("--night", help="default: the last one")
    reporting.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="default %(default)s")
    reporting.set_defaults(run=_report)

    night = commands.add_parser("nightly", help="run a whole night and report", description="Examples, fuzzing, mutants and benchmarks, then the report. A night that was killed goes on where it was.")  # fmt: skip
    night.add_argument("--quick", action="store_true", help="two minutes: enough to see that every part works")
    night.add_argument("--fuzz-seconds", type=float, metavar="N", help="of the campaign; default 300")
    night.add_argument(
        "--profile",
        choices=("quick", "nightly"),
        help="of the benchmarks: 5 minutes (the default) or 15, on two idle cores",
    )
    night.add_argument("--seed", type=int, help="which fuzz cases are drawn; default: 0")
    night.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="default %(default)s")
    night.set_defaults(run=_nightly)

    listing = commands.add_parser("nights", help="list the nights")
    listing.set_defaults(run=_nights)

    framing = commands.add_parser(
        "frame",
        help="print a frame as CSV",
        description="Print a frame of `ledger.frames` as CSV, for another program.",
    )
    framing.add_argument("name", help="results, history, causes, coverage ...; `python -m pydoc ledger.frames` describes them all")  # fmt: skip
    framing.set_defaults(run=_frame)

    standing = commands.add_parser("performance", help="write docs/performance.md from the last benchmarks")
    standing.add_argument("--night", help="default: the last one that has benchmarks")
    standing.add_argument("--out", type=Path, default=Path("docs") / "performance.md", metavar="FILE", help="default %(default)s")  # fmt: skip
    standing.set_defaults(run=_performance)

    for command in (taking, reporting, night, listing, framing, standing):
        command.add_argument("--ledger", type=Path, default=LEDGER, metavar="FILE", help="default %(default)s")
    return parser


def _ingest(options: argparse.Namespace) -> int:
    from .ingest import ingest
    from .readers.run import Context

    with open_store(options.ledger) as store:
        for path in options.files:
            context = None
            if options.started or options.night or options.commit:
                from .ingest import modified

                context = Context(options.started or modified(path), options.commit, night=options.night)
            done = ingest(store, [path], context)[0]
            print(f"{path}: {done.kind}{'' if done.new else ', there already'}")
    return 0


def _existing(path: Path):
    if not path.exists():
        raise LookupError(f"there is no ledger at {path}; `ledger ingest FILE` makes one")
    return open_store(path)


def _night(store, label: str | None):
    from .night import Night, latest, nights

    if label is None:
        return latest(store)
    if label not in nights(store):
        raise LookupError(f"the ledger has no night '{label}'; `ledger nights` lists them")
    return Night(store, label)


def _report(options: argparse.Namespace) -> int:
    from .nightly import ten_lines
    from .report import summarise
    from .report.write import write

    with _existing(options.ledger) as store:
        summary = summarise(_night(store, options.night))
        page = write(summary, options.out)
        print("\n".join(ten_lines(summary, page)))
    return 0 if summary.passes else 1


def _nightly(options: argparse.Namespace) -> int:
    from .nightly import QUICK, Nightly, Settings, ten_lines

    settings = QUICK if options.quick else Settings()
    given = {"fuzz": options.fuzz_seconds, "profile": options.profile, "seed": options.seed}
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
    ledger = options.ledger if options.ledger != LEDGER else options.out / LEDGER.name
    summary, page = Nightly(Path.cwd(), options.out, settings, ledger=ledger).run()
    print()
    print("\n".join(ten_lines(summary, page)))
    return 0 if summary.passes else 1


def _nights(options: argparse.Namespace) -> int:
    from . import frames

    with _existing(options.ledger) as store:
        for label, runs in frames.runs(store).groupby("night", sort=False):
            commits = ", ".join(dict.fromkeys(commit[:10] for commit in runs["commit"] if commit))
            print(f"{label:<14} {commits or '-':<12} {', '.join(runs['kind'])}")
    return 0


def _frame(options: argparse.Namespace) -> int:
    from . import frames

    make = getattr(frames, options.name, None)
    if options.name.startswith("_") or getattr(make, "__module__", "") != frames.__name__:
        raise LookupError(f"there is no frame '{options.name}'; `python -m pydoc ledger.frames` describes them")
    with _existing(options.ledger) as store:
        make(store).to_csv(sys.stdout)
    return 0


def _performance(options: argparse.Namespace) -> int:
    from .performance import latest_benchmarks, performance

    with _existing(options.ledger) as store:
        night = latest_benchmarks(store) if options.night is None else _night(store, options.night)
        options.out.write_text(performance(night))
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
