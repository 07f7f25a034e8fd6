"""Hands duels to pytest-benchmark: the only module that knows its internals (5.2 to 5.x).

pytest-benchmark has one benchmark a test; a duel has one a subject. So for each subject a ``Metadata`` is made, as its fixture would make one, and given to
the session by the fixture's own way; saving, JSON, comparing, grouping and the table then work as for any benchmark. What is used of the internals: ``Metadata`` and
the attributes that it takes from its fixture, ``BenchmarkFixture._add_stats`` and ``_mode``, ``config._benchmarksession.quiet``. ``tests/duel/test_bridge.py``
is the canary: it fails when one of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .record import SubjectRecord, to_json


@dataclass
class SubjectFixture:
    """What ``pytest_benchmark.stats.Metadata`` reads of a fixture, for one subject of a test."""

    name: str
    fullname: str
    group: str
    param: str | None
    params: dict[str, Any] | None
    extra_info: dict[str, Any]
    cprofile_stats: None = None
    has_error: bool = False


def claim(benchmark: Any) -> None:
    """Say that the fixture is used: a test that fails before it has rows has one error, not two."""
    benchmark._mode = "duel"


def add(benchmark: Any, rows: Iterable[SubjectRecord]) -> None:
    """Enter every subject that has times as a benchmark of the test that the fixture ``benchmark`` belongs to."""
    from pytest_benchmark.stats import Metadata

    claim(benchmark)
    for row in rows:
        if row.failure:
            continue
        fixture = SubjectFixture(
            name=f"{benchmark.name}:{row.subject}",
            fullname=f"{benchmark.fullname}:{row.subject}",
            group=row.group,
            param=benchmark.param,
            params={
                "subject": row.subject,
                **{key: value for key, value in row.parameters.items() if isinstance(value, (str, int, float))},
            },
            extra_info=to_json(row),
        )
        stats = Metadata(
            fixture, iterations=max(row.calls, 1), options={"disable_gc": True, "timer": "perf_counter_ns"}
        )
        for process in row.times:
            for seconds in process:
                stats.update(seconds * stats.iterations)
        benchmark._add_stats(stats)


def disabled(config: Any) -> bool:
    """Whether benchmarks are to be checked but not timed (``--benchmark-disable``)."""
    return config._benchmarksession.disabled


def hide_table(config: Any) -> None:
    """Leave the table to the duels', unless a stored run is compared or the user asked for columns: theirs has no ratios."""
    session = config._benchmarksession
    if not (session.compare or session.verbose or config.getoption("benchmark_columns")):
        session.quiet = True
