"""Random programs over tensors, views, parameters and optimizers, in lock step on both sides."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from assay.programs.machine import machine
from assay.programs.pair import Divergence

STEPS = 25


def test_programs(harness):
    """A program that diverges shrinks to the first step at which it does."""
    budget = settings(
        max_examples=10 * harness.cases,
        stateful_step_count=STEPS,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine(harness.target, harness.oracle), settings=budget)
    except Divergence as divergence:
        pytest.fail(str(divergence), pytrace=False)
