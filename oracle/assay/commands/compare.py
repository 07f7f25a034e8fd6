"""``assay compare SCRIPT``: an unmodified torch script under the oracle and under the target, up to the first divergence."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import targets
from ..programs.compare import compare, run
from .common import frameworks


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT", help="a Python script that imports torch")
    parser.add_argument(
        "arguments", nargs="*", metavar="...", help="what the script is given; behind -- where it looks like an option"
    )
    frameworks(parser)
    parser.add_argument(
        "--tolerance", type=float, help="relative difference that is a divergence; without it, by dtype"
    )
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="how long each run may take")


def main(options: argparse.Namespace) -> int:
    if not Path(options.script).is_file():
        raise LookupError(f"there is no script '{options.script}'")
    traces = []
    for name in (options.target, options.oracle):
        namespace = targets.load(name).namespace.__name__
        traces.append(run(name, namespace, options.script, options.arguments, seconds=options.limit))
    found = compare(traces[0], traces[1], options.tolerance)
    print(found)
    return 0 if found.same else 1
