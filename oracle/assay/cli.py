"""``assay``: the command line. Each command is a module of ``commands`` with ``HELP``, ``arguments(parser)`` and ``main(options)``, loaded when it is named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "check": "check ops, one property after the other: assay check softmax layer_norm",
    "run": "check everything (or some of it) for a time: assay run --seconds 60",
    "replay": "check the kept failing cases again, and forget those that pass",
    "repro": "write a stand-alone script for a kept case: assay repro .assay/corpus/NAME.json",
    "compare": "run a torch script under two frameworks, report the first divergence: assay compare train.py",
    "mutate": "plant faults in a target and count how many are found",
    "selfcheck": "hold the oracle against itself over many seeds: every alarm is a false one",
    "coverage": "which ops and properties are covered, as a table",
}
"""Name -> what it does; the module of the same name does it."""

ELSEWHERE: dict[str, str] = {}
"""Commands of other packages: name -> module."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0 where nothing is held against the target, 1 where something is, 2 where the command was misused."""
    given = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="assay",
        description="Judges a tensor framework against an oracle, and says who is wrong.",
        epilog="`assay COMMAND --help` tells more. Targets are found by the entry point group assay.targets.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    loaded = None
    for name, text in COMMANDS.items():
        sub = commands.add_parser(
            name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        if name in given[:1]:
            loaded = import_module(ELSEWHERE.get(name, f"assay.commands.{name}"))
            loaded.arguments(sub)
    options = parser.parse_args(given)
    assert loaded is not None
    try:
        return loaded.main(options)
    except LookupError as error:
        parser.exit(2, f"assay {options.command}: {error.args[0] if error.args else error}\n")
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; what was found so far is kept\n")
        return 130
