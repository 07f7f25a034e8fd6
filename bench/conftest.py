"""``pytest bench/``: the suites as tests, each test a duel, its subjects entered into pytest-benchmark."""

from __future__ import annotations

import sys
from argparse import ArgumentError
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from duel import bridge, session, subjects, suites  # noqa: E402
from duel.arena import Arena  # noqa: E402
from duel.plan import PROFILES, Profile  # noqa: E402
from duel.record import SubjectRecord, to_json  # noqa: E402
from duel.table import render  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("duel", "duels of frameworks")
    group.addoption(
        "--subjects",
        default="torch,ingot,numpy",
        metavar="NAMES",
        help="who takes part, comma-separated; default: %(default)s; nightly adds torch.compile, and jax where installed",
    )
    group.addoption("--processes", type=int, metavar="N", help="fresh processes a duel; default: the profile's")
    group.addoption("--rounds", type=int, metavar="N", help="rounds a process; default: the profile's")
    # Assay's plugin has this option already, where it is installed.
    with suppress(ValueError, ArgumentError):
        group.addoption(
            "--profile", default="quick", metavar="NAME", help="how much is measured: quick (default) or nightly"
        )


class Bench:
    """What the tests of a session share."""

    def __init__(self, config: pytest.Config):
        name = config.getoption("--profile") or "quick"
        if name not in PROFILES:
            raise pytest.UsageError(f"bench has no profile '{name}'; there are: {', '.join(PROFILES)}")
        self.profile: Profile = PROFILES[name]
        given = {
            name: config.getoption(f"--{name}")
            for name in ("processes", "rounds")
            if config.getoption(f"--{name}") is not None
        }
        self.plan = replace(self.profile.plan, **given)
        self.subjects = config.getoption("--subjects").split(",")
        if self.profile.compiled:
            self.subjects += [name for name in ("torch.compile", "jax") if name in subjects.installed()]
        self.check_only = bridge.disabled(config)
        self.environment = session.environment(self.plan.threads, HERE)
        self.arena = Arena(self.plan, self.subjects)
        self.rows: list[SubjectRecord] = []
        self.controls = session.Controls()

    @property
    def record(self):
        return session.session_record(self.environment, self.profile.name, self.rows, self.controls)

    def cases(self, suite: str) -> list[suites.Case]:
        """The cases of a suite that this profile has."""
        return [case for case in suites.load(suite).values() if self.profile.full or not case.full]


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[_BENCH] = Bench(config)
    bridge.hide_table(config)


_BENCH = pytest.StashKey[Bench]()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _BENCH in config.stash:
        config.stash[_BENCH].arena.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = metafunc.config.stash[_BENCH].cases(metafunc.module.SUITE)
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """The session's plan, processes and rows."""
    return request.config.stash[_BENCH]


@pytest.fixture
def record(bench: Bench, benchmark):
    """``record(rows)`` enters the rows of this test; the test fails for a wrong answer or a figure that cannot be true, and is skipped where the subject lacks the op."""

    bridge.claim(benchmark)

    def enter(rows: list[SubjectRecord]) -> None:
        bench.rows += rows
        bridge.add(benchmark, rows)
        told = [
            f"{row.subject}: {row.verdict}: {row.detail or '; '.join(row.invalid)}"
            for row in rows
            if row.failure or row.invalid
        ]
        if any(row.failure not in ("", "missing") or row.invalid for row in rows):
            pytest.fail("\n".join(told), pytrace=False)
        if any(row.failure for row in rows):
            pytest.skip("\n".join(told))

    return enter


@pytest.fixture
def measured(bench: Bench, record):
    """``measured(case)`` runs a case and records it; without timing under ``--benchmark-disable``."""
    return lambda case: record(bench.arena.run(case, check_only=bench.check_only))


def pytest_benchmark_update_json(config: pytest.Config, benchmarks, output_json: dict) -> None:
    output_json["duel"] = to_json(config.stash[_BENCH].record)


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    bench = config.stash[_BENCH]
    if not bench.rows:
        return
    terminalreporter.section(
        f"duels, profile {bench.profile.name}, {bench.plan.processes} processes, {bench.plan.threads} thread(s)"
    )
    for line in render(bench.rows, colour=terminalreporter._tw.hasmarkup):
        terminalreporter.write_line(line)
    terminalreporter.write_line("")
    for line in session.summary(bench.record, bench.rows):
        terminalreporter.write_line(line)
