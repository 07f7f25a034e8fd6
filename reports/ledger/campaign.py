"""Runs a campaign of Assay for a time and writes all that it found as JSON: ``python -m ledger.campaign --seconds 300 --json campaign.json``.

``assay run`` prints for a person what is held against the target; the ledger wants every arm and every cause, known differences and defects of the oracle too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .ingest import here


def document(campaign: Any, seconds: float, started: str, commit: str, dirty: bool) -> dict:
    """The campaign as ``readers.campaign`` takes it."""
    return {
        "kind": "assay campaign",
        "schema": 1,
        "target": campaign.target.name,
        "oracle": campaign.oracle.name,
        "seconds": seconds,
        "seed": campaign.seed,
        "started": started,
        "commit": commit,
        "dirty": dirty,
        "arms": [_arm(name, tally) for name, tally in campaign.tallies.items()],
        "missing": sorted(campaign.missing),
        "causes": [_cause(cluster, failure) for cluster, failure in campaign.failures.items()],
    }


def _arm(name: str, tally: Any) -> dict:
    op, _, property = name.rpartition("/")
    findings = {key: tally.findings[key] for key in sorted(tally.findings)}
    return {"op": op, "property": property, "cases": tally.cases, "seconds": tally.seconds, "findings": findings}


def _cause(cluster: tuple[str, ...], failure: Any) -> dict:
    from assay.cases import to_json

    verdict = failure.verdict
    op, property, finding, kind = cluster
    return {
        "op": op,
        "property": property,
        "finding": finding,
        "kind": kind,
        "what": verdict.what,
        "count": failure.count,
        "held": verdict.held_against_target and failure.known is None,
        "divergence": failure.known or "",
        "region": verdict.region,
        "case": json.loads(to_json(verdict.case)),
        "target_answer": verdict.target_answer,
        "oracle_answer": verdict.oracle_answer,
        "evidence": list(verdict.evidence),
        "reproduce": verdict.command(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; 0 where nothing is held against the target, 1 where something is. The file is whole or not there."""
    parser = argparse.ArgumentParser(prog="python -m ledger.campaign", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0, help="how long; default %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="which cases are drawn; default %(default)s")
    parser.add_argument("--target", default="ingot", help="default %(default)s")
    parser.add_argument("--oracle", default="torch", help="default %(default)s")
    parser.add_argument("--corpus", type=Path, help="where failing cases are kept, and replayed from; default: nowhere")
    parser.add_argument("--workers", type=int, default=1, help="processes that check; default %(default)s")
    parser.add_argument("--journal", type=Path, help="go on with the run that this file records; default: none is kept")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the findings go")
    options = parser.parse_args(arguments)

    from assay import targets
    from assay.campaign import arms
    from assay.campaign.journal import Journal
    from assay.campaign.sharded import Processes, Sharded
    from assay.catalogue import everything
    from assay.corpus import Corpus, write_atomically
    from assay.divergences import load
    from assay.progress import Progress

    context = here()
    progress = Progress(options.seconds)
    target, oracle = targets.load(options.target), targets.load(options.oracle)
    names = {"target": options.target, "oracle": options.oracle, "seed": options.seed, "names": [], "property": None}
    journal = Journal(options.journal, names) if options.journal else None
    workers = Processes(options.target, options.oracle, options.workers)
    campaign = Sharded(
        target, oracle, arms(everything().values(), alone=target is oracle), options.seed, Corpus(options.corpus) if options.corpus else None,
        load(), observe=progress, workers=workers, journal=journal,
    )  # fmt: skip
    try:
        campaign.run(options.seconds)
    finally:
        progress.close()
        workers.close()
        if journal is not None:
            journal.close()
    found = document(campaign, options.seconds, context.started, context.commit, context.dirty)
    write_atomically(options.json, json.dumps(found, indent=1) + "\n")
    held = campaign.held_against_target
    print(f"{campaign.cases} cases, {len(campaign.failures)} causes, {len(held)} held against {campaign.target.name}")
    return 1 if held else 0


if __name__ == "__main__":
    sys.exit(main())
