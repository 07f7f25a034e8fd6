"""pytest-benchmark's JSON, with the records of the duels in it (``duel.record``)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from duel.record import Comparison, Environment, SessionRecord, SubjectRecord, from_json

from .run import Run, as_json, floats

KIND = "benchmarks"


def recognises(document: Any) -> bool:
    return isinstance(document, dict) and "benchmarks" in document and "machine_info" in document


def read(document: dict, run: Run) -> None:
    """Enter the session and its rows. ValueError for a file without a single duel: it came from other benchmarks."""
    session = _session(document)
    rows = list(_rows(document, session))
    if not rows and document["benchmarks"]:
        raise ValueError("no benchmark of this file carries a duel; it was not written by `pytest bench`")
    where = session.environment
    run.begin(
        started=_utc(where.started) or run.context.started,
        commit=where.commit,
        dirty=where.dirty,
        profile=session.profile,
        load=where.load,
        machine=(where.processor, where.cores, where.platform),
        environment=(where.python, where.threads, where.packages),
    )
    for row in rows:
        _enter(row, run)
    for item in session.scaling:
        run.insert(
            "scaling", run_id=run.id, op=item.op, dtype=item.dtype, layout=item.layout, subject=item.subject, overhead=item.overhead,
            per_element=item.per_element, crossover=item.crossover, misfit=item.misfit, sizes=as_json(list(item.sizes)),
        )  # fmt: skip
    controls = session.controls
    if controls.null_duels:
        run.insert("control", run_id=run.id, slowdown=0.0, duels=controls.null_duels, found=controls.false_alarms)
    for planted in controls.planted:
        run.insert(
            "control", run_id=run.id, slowdown=planted.slowdown, duels=planted.duels, found=planted.found, power=planted.power
        )  # fmt: skip


def _session(document: dict) -> SessionRecord:
    """The session's record; where the file has none, what pytest-benchmark itself tells."""
    if "duel" in document:
        return from_json(SessionRecord, document["duel"])
    machine, commit = document["machine_info"], document.get("commit_info") or {}
    processor = machine.get("cpu") or {}
    where = Environment(
        started=document.get("datetime", ""),
        python=machine.get("python_version", ""),
        platform=" ".join(str(machine[name]) for name in ("system", "release", "machine") if machine.get(name)),
        processor=processor.get("brand_raw", machine.get("processor", "")),
        cores=int(processor.get("count") or 0),
        threads=0,
        load=math.nan,
        packages={},
        commit=commit.get("id") or "",
        dirty=bool(commit.get("dirty")),
    )
    return SessionRecord(where, profile="")


def _rows(document: dict, session: SessionRecord) -> Iterator[SubjectRecord]:
    """One row a subject of a duel. A control that is repeated comes several times: the last counts."""
    carried = (item.get("extra_info") or {} for item in document["benchmarks"])
    rows = [from_json(SubjectRecord, item) for item in carried if "suite" in item and "subject" in item]
    yield from {
        (row.suite, row.case, as_json(row.parameters), row.subject): row for row in (*rows, *session.absent)
    }.values()


def _enter(row: SubjectRecord, run: Run) -> None:
    case = run.find_or_insert(
        "bench_case", {"suite": row.suite, "name": row.case, "parameters": as_json(row.parameters)}
    )
    result = run.insert(
        "result", run_id=run.id, case_id=case, subject=row.subject, baseline=row.baseline, time=row.time, quartile_low=row.quartile_low,
        quartile_high=row.quartile_high, calls=row.calls, first_call=row.first_call, settling=row.settling, flops=row.flops, bytes=row.bytes,
        flop_rate=row.flop_rate, byte_rate=row.byte_rate, faults=row.faults, peak_bytes=row.peak_bytes, saved_bytes=row.saved_bytes,
        units=as_json(row.units), flags=as_json(list(row.flags)), invalid=as_json(list(row.invalid)), failure=row.failure, detail=row.detail,
        reproduce=row.reproduce,
    )  # fmt: skip
    for process, seconds in enumerate(row.times):
        run.insert("sample", result_id=result, process=process, seconds=floats(seconds))
    if row.roof is not None:
        roof = row.roof
        run.insert("roof", result_id=result, kind=roof.kind, rate=roof.rate, working_set=roof.working_set, share=roof.share)  # fmt: skip
    if row.comparison is not None:
        _enter_comparison(row.comparison, result, run)


def _enter_comparison(found: Comparison, result: int, run: Run) -> None:
    run.insert(
        "comparison", result_id=result, ratio=found.ratio, low=found.low, high=found.high, verdict=found.verdict, margin=found.margin,
        detectable=found.detectable, log_error=found.log_error, degrees=found.degrees, rounds=found.rounds, processes=found.processes,
        confidence=found.confidence,
    )  # fmt: skip
    for process, ratios in enumerate(found.log_ratios):
        run.insert("pair", result_id=result, process=process, log_ratio=floats(ratios))


def _utc(started: str) -> str:
    """A time in UTC, to the second: "2026-11-24T02:00:00+00:00"; "" for none."""
    from datetime import UTC, datetime

    if not started:
        return ""
    found = datetime.fromisoformat(started)
    return found.astimezone(UTC).isoformat(timespec="seconds") if found.tzinfo else f"{started[:19]}+00:00"
