"""``assay coverage``: op x property."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .. import targets
from ..catalogue import uncatalogued
from ..engine import missing
from ..properties import NAMES, of
from .common import records

if TYPE_CHECKING:
    import pandas


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="OP", help="only these; as for `assay check`")
    parser.add_argument("--target", default="ingot", help="whose missing names are marked")
    parser.add_argument("--csv", metavar="PATH", help="write the table there instead")


def frame(names: list[str], target: str) -> pandas.DataFrame:
    """One row a record: family, whether the target has it, and a column of booleans for every property."""
    import pandas

    framework = targets.load(target)
    rows = []
    for record in records(names):
        applying = {item.name for item in of(record)}
        row = {"name": record.name, "family": record.family, "there": not missing(record, framework)}
        rows.append(row | {name: name in applying for name in NAMES})
    return pandas.DataFrame(rows, columns=["name", "family", "there", *NAMES]).set_index("name")


def main(options: argparse.Namespace) -> int:
    table = frame(options.names, options.target)
    if options.csv:
        table.to_csv(options.csv)
        print(options.csv)
        return 0
    shown = table.copy()
    for column in ("there", *NAMES):
        shown[column] = ["✓" if each else "·" for each in table[column]]
    print(shown.to_string())
    counts = table[list(NAMES)].sum()
    print("\n" + "  ".join(f"{name} {count}" for name, count in counts.items()))
    left = uncatalogued()
    print(
        f"{len(table)} records, {int((~table['there']).sum())} missing in {options.target}; {len(left)} names of the surface are not catalogued"
        + (f": {', '.join(left)}" if left else "")
    )
    return 0
