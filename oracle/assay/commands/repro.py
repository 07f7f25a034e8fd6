"""``assay repro CASE``: a stand-alone script for a kept case or the JSON of one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..cases import from_json
from ..judge import Finding, Verdict
from ..repro import script
from .common import frameworks


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help="a file of the corpus, or the JSON of a case")
    frameworks(parser)
    parser.add_argument(
        "--property", default="values", help="what the script shows, where CASE is no file of the corpus"
    )
    parser.add_argument(
        "--only", choices=("target", "oracle", "both"), default="both", help="which frameworks the script imports"
    )
    parser.add_argument("--output", type=Path, help="where the script is written; without it, it is printed")


def main(options: argparse.Namespace) -> int:
    text = options.case
    if not text.lstrip().startswith("{"):
        path = Path(text)
        if not path.is_file():
            raise LookupError(f"there is no file '{text}'")
        text = path.read_text()
    try:
        document = json.loads(text)
        case = from_json(json.dumps(document.get("case", document)))
    except (ValueError, AttributeError) as error:
        raise LookupError(f"this is no case: {error}") from error
    property = document.get("property", options.property)
    verdict = Verdict(property, case, Finding.UNDECIDED, document.get("what", ""), options.target, options.oracle)
    source = script(verdict, only=options.only)
    if options.output is None:
        print(source)
    else:
        options.output.write_text(source)
        print(options.output)
    return 0
