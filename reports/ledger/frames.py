"""Tidy pandas frames of what a store holds: the public API for whoever wants other figures than the report has.

Every frame has one row an observation and these columns, in this order; a store that lacks something gives a frame with the columns and no rows. NaN is "not known".

- ``runs``: run, night, kind, started (UTC), commit, dirty, profile, load, processor, cores, platform, python, threads, packages (dict), source (file name)
- ``results``: run, night, started, commit, suite, case, subject, baseline, op, n, dtype, layout, parameters (dict), time, quartile_low, quartile_high, first_call, settling
  (seconds), calls, flops, bytes, flop_rate (1/s), byte_rate (1/s), faults, peak_bytes, saved_bytes, units (dict), flags, invalid (lists of sentences), failure, detail,
  reproduce, ratio, low, high (time over the baseline's, with its interval), verdict, margin, detectable, log_error, rounds, processes, confidence, roof, roof_rate (1/s),
  working_set (bytes), share (of the roof)
- ``samples``: result, process, round, seconds; ``pairs``: result, process, round, log_ratio; ``result`` is the index of ``results``
- ``scaling``: run, night, op, dtype, layout, subject, overhead (s), per_element (s), crossover (elements, inf never), misfit, sizes (list)
- ``controls``: run, night, slowdown (0: a thing against itself), duels, found, power
- ``arms``: run, night, op, property, cases, seconds, findings (dict)
- ``causes``: run, night, op, property, finding, kind, what, count, held, divergence, region, case (text), target_answer, oracle_answer, evidence (list), reproduce
- ``missing``: run, night, name
- ``coverage``: run, night, op, family, there, property, applies
- ``mutants``: run, night, name, op, fault, outcome, property, seconds, cases, detail; ``sensitivity``: run, night, error, planted, found;
  ``contrast``: run, night, rule, planted, found
- ``divergences``: run, night, name, target, oracle, ops (list), properties (list), what, reason, link
- ``defects``: run, night, name, oracle, op, what, evidence, link, reproduce
- ``examples``: run, night, example, dtype, difference, bound, agrees, framework, throughput (unit/s), unit, peak_mib, metrics (dict)
- ``losses``: run, night, example, dtype, framework, step, loss
- ``changes``: run, night, base, head, case, base_time, head_time (s), ratio (head / base), low, high, first_verdict, second_verdict, verdict, failure, answers
- ``waivers``: run, night, gate, row, reason, link, until
- ``history``: night, started, commit, suite, case, subject, ratio, low, high, time (s): one row a night, of the last benchmark run of each night and profile
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pandas

from .store import Store

_OF_RUN = "run.id AS run, run.night AS night"

_NUMBERS = (
    *("time", "quartile_low", "quartile_high", "first_call", "settling", "calls", "flops", "bytes", "flop_rate", "byte_rate", "faults"),
    *("peak_bytes", "saved_bytes", "ratio", "low", "high", "margin", "detectable", "log_error", "rounds", "processes", "confidence"),
    *("roof_rate", "working_set", "share"),
)  # fmt: skip


def runs(store: Store) -> pandas.DataFrame:
    """Every run, in the order in which they started."""
    return _frame(
        store,
        f"""SELECT {_OF_RUN}, run.kind, started, commit_id AS "commit", dirty, profile, "load", processor, cores, platform, python, threads, packages, source.name AS source
        FROM run JOIN source ON source.id = source_id LEFT JOIN machine ON machine.id = machine_id LEFT JOIN environment ON environment.id = environment_id
        ORDER BY started, run.id""",
        decoded=("packages",),
        booleans=("dirty",),
        numbers=("load",),
    )


def results(store: Store, run: int | None = None) -> pandas.DataFrame:
    """Every row of the bench, of all runs or of one; the index is the id that ``samples`` and ``pairs`` refer to."""
    frame = _frame(
        store,
        f"""SELECT result.id AS result, {_OF_RUN}, started, commit_id AS "commit", suite, bench_case.name AS "case", subject, baseline, parameters,
        time, quartile_low, quartile_high, first_call, settling, calls, flops, bytes, flop_rate, byte_rate, faults, peak_bytes, saved_bytes, units, flags, invalid,
        failure, detail, reproduce, ratio, low, high, verdict, margin, detectable, log_error, rounds, processes, confidence,
        roof.kind AS roof, roof.rate AS roof_rate, working_set, share
        FROM result JOIN run ON run.id = run_id JOIN bench_case ON bench_case.id = case_id
        LEFT JOIN comparison ON comparison.result_id = result.id LEFT JOIN roof ON roof.result_id = result.id
        WHERE :run IS NULL OR run_id = :run ORDER BY started, run.id, suite, result.id""",
        {"run": run},
        decoded=("parameters", "units", "flags", "invalid"),
        numbers=_NUMBERS,
    ).set_index("result")
    for place, name in enumerate(("op", "n", "dtype", "layout"), list(frame.columns).index("parameters")):
        kind = "float64" if name == "n" else "object"
        frame.insert(
            place, name, pandas.Series([_parameter(each, name) for each in frame["parameters"]], frame.index, kind)
        )
    frame["verdict"] = _verdicts(frame)
    return frame


def _parameter(parameters: dict, name: str) -> object:
    found = parameters.get(name)
    if name == "n":
        return found if isinstance(found, (int, float)) else float("nan")
    return "" if found is None else str(found)


def _verdicts(frame: pandas.DataFrame) -> list[str]:
    """As ``SubjectRecord.verdict``: INVALID or the failure come before what the ratio says."""
    return [
        failure.upper() if failure else "INVALID" if invalid else verdict if isinstance(verdict, str) else ""
        for failure, invalid, verdict in zip(frame["failure"], frame["invalid"], frame["verdict"], strict=True)
    ]


def samples(store: Store, run: int | None = None) -> pandas.DataFrame:
    """The seconds of a call, by result, process and round."""
    return _unpacked(store, "sample", "seconds", run)


def pairs(store: Store, run: int | None = None) -> pandas.DataFrame:
    """The logarithms of the paired ratios, by result, process and round."""
    return _unpacked(store, "pair", "log_ratio", run)


def _unpacked(store: Store, table: str, column: str, run: int | None) -> pandas.DataFrame:
    rows = store.query(
        f"SELECT result_id, process, {column} FROM {table} JOIN result ON result.id = result_id WHERE :run IS NULL OR run_id = :run ORDER BY result_id, process",
        {"run": run},
    )
    values = [np.frombuffer(row[2], "<f8") for row in rows]
    counts = [len(each) for each in values]
    return pandas.DataFrame(
        {
            "result": np.repeat(np.array([row[0] for row in rows], np.int64), counts),
            "process": np.repeat(np.array([row[1] for row in rows], np.int64), counts),
            "round": np.concatenate([np.arange(count) for count in counts] or [np.empty(0, np.int64)]),
            column: np.concatenate(values or [np.empty(0)]),
        }
    )


def scaling(store: Store) -> pandas.DataFrame:
    """The lines t(n) = overhead + per_element n."""
    columns = "op dtype layout subject overhead per_element crossover misfit sizes"
    return _of_table(store, "scaling", columns, "op, dtype, layout, subject", decoded=("sizes",), numbers=("overhead", "per_element", "crossover", "misfit"))  # fmt: skip


def controls(store: Store) -> pandas.DataFrame:
    """What the bench found of itself."""
    return _of_table(store, "control", "slowdown duels found power", "slowdown", numbers=("power",))


def arms(store: Store) -> pandas.DataFrame:
    """How much of each op was checked for each property."""
    return _of_table(store, "arm", "op property cases seconds findings", "op, property", decoded=("findings",))


def causes(store: Store) -> pandas.DataFrame:
    """The clusters of failures."""
    columns = (
        "op property finding kind what count held divergence region case target_answer oracle_answer evidence reproduce"
    )
    return _of_table(
        store,
        "cause",
        columns,
        "held DESC, count DESC, op, property, cause.id",
        decoded=("evidence",),
        booleans=("held",),
    )


def missing(store: Store) -> pandas.DataFrame:
    """The names that the target lacks."""
    return _of_table(store, "missing_name", "name", "name")


def coverage(store: Store) -> pandas.DataFrame:
    """Which property applies to which op."""
    columns = "op family there property applies"
    return _of_table(store, "coverage", columns, "coverage.rowid", booleans=("there", "applies"))


def mutants(store: Store) -> pandas.DataFrame:
    """The planted faults and what became of them."""
    return _of_table(store, "mutant", "name op fault outcome property seconds cases detail", "name", numbers=("seconds", "cases"))  # fmt: skip


def sensitivity(store: Store) -> pandas.DataFrame:
    """How many of the errors of a size were seen."""
    return _of_table(store, "sensitivity", "error planted found", "error DESC")


def contrast(store: Store) -> pandas.DataFrame:
    """How many mutants published comparison rules find."""
    return _of_table(store, "contrast", "rule planted found", "rule")


def divergences(store: Store) -> pandas.DataFrame:
    """The registered differences."""
    columns = "name target oracle ops properties what reason link"
    return _of_table(store, "divergence", columns, "name", decoded=("ops", "properties"))


def defects(store: Store) -> pandas.DataFrame:
    """Where the oracle is wrong."""
    return _of_table(store, "oracle_defect", "name oracle op what evidence link reproduce", "op, name")


def examples(store: Store) -> pandas.DataFrame:
    """Whole programs, a row for each framework."""
    return _frame(
        store,
        f"""SELECT {_OF_RUN}, example.name AS example, dtype, difference, bound, agrees, framework, throughput, unit, peak_mib, metrics
        FROM training JOIN example ON example.id = example_id JOIN run ON run.id = run_id ORDER BY started, run.id, example.id, framework""",
        decoded=("metrics",),
        booleans=("agrees",),
        numbers=("throughput", "peak_mib", "difference"),
    )


def losses(store: Store) -> pandas.DataFrame:
    """The losses of the examples, step by step."""
    rows = store.query(
        """SELECT run.id, run.night, example.name, dtype, framework, losses FROM training JOIN example ON example.id = example_id JOIN run ON run.id = run_id
        ORDER BY started, run.id, example.id, framework"""
    )
    values = [np.frombuffer(row[5], "<f8") for row in rows]
    counts = [len(each) for each in values]
    about = {
        name: np.repeat(np.array([row[place] for row in rows], dtype=kind), counts)
        for place, (name, kind) in enumerate(
            (("run", "int64"), ("night", object), ("example", object), ("dtype", object), ("framework", object))
        )
    }
    steps = np.concatenate([np.arange(count) for count in counts] or [np.empty(0, np.int64)])
    return pandas.DataFrame({**about, "step": steps, "loss": np.concatenate(values or [np.empty(0)])})


def changes(store: Store) -> pandas.DataFrame:
    """Two commits beside each other."""
    columns = "base head case base_time head_time ratio low high first_verdict second_verdict verdict failure answers"
    return _of_table(store, "change", columns, '"case"', numbers=("base_time", "head_time", "ratio", "low", "high"))


def waivers(store: Store) -> pandas.DataFrame:
    """What people have decided to live with."""
    return _of_table(store, "waiver", "gate row reason link until", "gate, row")


def history(store: Store, profile: str | None = None) -> pandas.DataFrame:
    """The ratio of every row, night by night: of the last benchmark run of each night, of one profile or of any."""
    return _frame(
        store,
        """SELECT night, started, commit_id AS "commit", suite, bench_case.name AS "case", subject, ratio, low, high, time
        FROM result JOIN run ON run.id = run_id JOIN bench_case ON bench_case.id = case_id JOIN comparison ON result_id = result.id
        WHERE failure = '' AND invalid = '[]' AND ratio IS NOT NULL AND run_id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (PARTITION BY night, profile ORDER BY started DESC, id DESC) AS place FROM run
                WHERE kind = 'benchmarks' AND (:profile IS NULL OR profile = :profile))
            WHERE place = 1)
        ORDER BY suite, bench_case.name, subject, started, run.id""",
        {"profile": profile},
        numbers=("ratio", "low", "high", "time"),
    )


def _of_table(
    store: Store,
    table: str,
    columns: str,
    order: str,
    *,
    decoded: Iterable[str] = (),
    booleans: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> pandas.DataFrame:
    """A table with the run and the night in front."""
    names = ", ".join(f'{table}."{name}"' for name in columns.split())
    sql = f"SELECT {_OF_RUN}, {names} FROM {table} JOIN run ON run.id = run_id ORDER BY started, run.id, {order}"
    return _frame(store, sql, decoded=decoded, booleans=booleans, numbers=numbers)


def _frame(
    store: Store,
    sql: str,
    parameters: dict | None = None,
    *,
    decoded: Iterable[str] = (),
    booleans: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> pandas.DataFrame:
    """A query as a frame. ``decoded``: columns of JSON text; ``booleans``: of 0 and 1; ``numbers``: floats in which NULL is NaN."""
    cursor = store.connection.execute(sql, parameters or {})
    names = [item[0] for item in cursor.description]
    rows = cursor.fetchall()
    columns = {name: pandas.Series([row[place] for row in rows], dtype=object) for place, name in enumerate(names)}
    for name in decoded:
        columns[name] = pandas.Series([json.loads(text) if text else {} for text in columns[name]], dtype=object)
    for name in booleans:
        columns[name] = columns[name].astype(bool)
    for name in numbers:
        columns[name] = columns[name].astype("float64")
    for name, column in columns.items():
        kinds = {type(each) for each in column}
        if column.dtype == object and kinds and kinds <= {int, float}:
            columns[name] = column.astype("float64" if float in kinds else "int64")
    return pandas.DataFrame(columns)
