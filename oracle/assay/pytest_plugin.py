"""pytest options of the harness (``--target``, ``--oracle``, ``--device``, ``--profile``, ``--seconds``, ``--seed``, ``--corpus``) and the fixture ``harness`` that fuzz tests use.

Every pytest run on a machine with assay installed loads this file, so it imports nothing of the harness until a test asks for the fixture. What the tests find travels in the user properties of
their reports, so that the summary is whole under pytest-xdist, too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .fuzzing import Harness

PROFILES = {"quick": 3, "ci": 25, "nightly": 300}
"""Profile -> cases of every test."""

KEY = "assay"
"""User property that carries what a test found."""

MISSING = "MISSING"

OPTIONS: tuple[tuple[str, dict], ...] = (
    ("--target", {"default": "ingot", "help": "the framework under test"}),
    ("--oracle", {"default": "torch", "help": "what it is held against; the target itself is judged alone"}),
    ("--device", {"default": "cpu", "help": "where the target computes: its adapter is called TARGET-DEVICE"}),
    ("--profile", {"default": "quick", "choices": tuple(PROFILES), "help": f"cases of every test: {PROFILES}"}),
    ("--seconds", {"type": float, "help": "time for all tests together, instead of a number of cases"}),
    ("--fuzz-seed", {"type": int, "default": 0, "help": "which cases are drawn"}),
    ("--corpus", {"default": ".assay/corpus", "help": "where failing cases are kept, and replayed from first"}),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("assay", "differential testing of tensor frameworks")
    for name, settings in OPTIONS:
        try:
            group.addoption(name, dest=f"assay_{name.strip('-').replace('-', '_')}", **settings)
        except ValueError:
            continue  # another plugin has an option of this name: its users come first


@pytest.fixture(scope="session")
def harness(request: pytest.FixtureRequest) -> Harness:
    """The harness with the target, oracle and profile that the options name."""
    from .fuzzing import Harness

    option = request.config.option
    users = sum("harness" in getattr(item, "fixturenames", ()) for item in request.session.items)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = None if option.assay_seconds is None else workers * option.assay_seconds / max(users, 1)
    try:
        return Harness.of(
            target=option.assay_target,
            oracle=option.assay_oracle,
            device=option.assay_device,
            cases=PROFILES[option.assay_profile],
            seconds=share,
            seed=option.assay_fuzz_seed,
            corpus=option.assay_corpus,
        )
    except LookupError as error:
        raise pytest.UsageError(str(error.args[0])) from error


@pytest.fixture
def check(harness: Harness, request: pytest.FixtureRequest):
    """``check(arm)``: the test fails with one screen for every cause, and is reported as missing where the target has no such name."""

    def checked(arm) -> None:
        found = harness.check(arm)
        request.node.user_properties.append((KEY, found.properties))
        if found.missing:
            pytest.skip(f"{MISSING}: {harness.target.name} has no '{arm.record.name}'")
        if found.failed:
            pytest.fail("\n\n".join(found.screens), pytrace=False)

    return checked


def pytest_report_teststatus(report: pytest.TestReport):
    if (
        report.when == "call"
        and report.skipped
        and isinstance(report.longrepr, tuple)
        and MISSING in report.longrepr[2]
    ):
        return "missing", "M", (MISSING, {"yellow": True})
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        for name, value in report.user_properties:
            if name == KEY:
                RESULTS.append(dict(value))  # type: ignore[call-overload]


RESULTS: list[dict] = []
"""What the tests of this session found; in the controller of pytest-xdist, all of them."""


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """What was found, by cause: a cause that fails several tests of an op is one cause in each."""
    if not RESULTS:
        return
    target = config.option.assay_target
    totals = {kind: _total(kind) for kind in ("causes", "quiet", "known")}
    missing = sorted({each["name"] for each in RESULTS if each["missing"]})
    write = terminalreporter.write_line
    terminalreporter.section(f"assay: {target} against {config.option.assay_oracle}")
    write(f"{sum(each['cases'] for each in RESULTS)} cases, {len(RESULTS)} op x property")
    held = sum(totals["causes"].values())
    if held:
        write(f"{held} causes held against {target}: {_listed(totals['causes'])}", red=True)
    else:
        write(f"nothing to hold against {target}", green=True)
    if totals["quiet"]:
        write(f"{sum(totals['quiet'].values())} not held against it: {_listed(totals['quiet'])}")
    if totals["known"]:
        write(f"{len(totals['known'])} known divergences seen: {', '.join(sorted(totals['known']))}")
    if missing:
        write(f"{len(missing)} missing in {target}: {', '.join(missing)}", yellow=True)


def _total(kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in RESULTS:
        for name, count in each[kind].items():
            found[name] = found.get(name, 0) + count
    return found


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A full run in which a known divergence of a checked op did not occur fails: the registry is to be mended."""
    option = session.config.option
    if not RESULTS or hasattr(session.config, "workerinput") or getattr(option, "assay_profile", "quick") == "quick":
        return
    from .divergences import load

    checked = {(each["name"], each["property"]) for each in RESULTS if each["cases"]}
    registry = load()
    registry.seen |= {name for each in RESULTS for name in each["known"]}
    expired = registry.expired(checked, option.assay_target, option.assay_oracle)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    for name in expired:
        if reporter is not None:
            reporter.write_line(f"the known divergence '{name}' did not occur: it has expired", red=True)
    if expired and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
