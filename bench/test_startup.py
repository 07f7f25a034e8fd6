"""Start-up: import, first op, first module, in fresh interpreters."""

import pytest

from duel.startup import STAGES, measure_startup


@pytest.fixture(scope="module")
def stages(request):
    """The records of all stages, measured once: one interpreter goes through all of them."""
    found = {}

    def of(bench, stage):
        if not found:
            found.update(measure_startup(bench.subjects, bench.profile.imports, bench.plan))
        return found[stage]

    return of


@pytest.mark.parametrize("stage", STAGES)
def test_startup(bench, record, stages, stage):
    if bench.check_only:
        pytest.skip("start-up has no answer to check, and --benchmark-disable measures nothing")
    record(stages(bench, stage))
