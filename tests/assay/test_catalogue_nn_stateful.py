"""Every module, optimizer and scheduler has a record, whose cases PyTorch constructs and runs and whose bad cases it refuses."""

from __future__ import annotations

import pytest
import torch

from assay import surface, targets
from assay.cases import from_json, to_json
from assay.catalogue.drawing import sample
from assay.catalogue.modules import MODULES
from assay.catalogue.optimizers import OPTIMIZERS
from assay.catalogue.record import ModuleRecord, OptimizerRecord
from assay.catalogue.schedulers import SCHEDULERS
from assay.properties.optimizers import Trajectory
from assay.properties.schedulers import Schedule
from assay.properties.stateful import construct, inputs

CASES, BAD_CASES = 4, 1
"""Drawn for every record and dtype; a long run draws thousands."""
LEAST_ANSWERED = 0.7

NEVER_CONSTRUCTED = frozenset(("optim.lr_scheduler.LRScheduler",))
"""The base class asks for the rates that only its subclasses know, while it is constructed."""

pytestmark = pytest.mark.filterwarnings("ignore")  # of deprecated modules, and of schedulers stepped beyond their end

each_record = pytest.mark.parametrize("record", (*MODULES, *OPTIMIZERS, *SCHEDULERS), ids=lambda record: record.name)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(record, case) -> None:
    """Construct what the case describes, and use it."""
    oracle = targets.load("torch")
    if isinstance(record, OptimizerRecord):
        Trajectory(oracle, record, case).run(case.steps)
    elif isinstance(record, ModuleRecord):
        module = construct(oracle, case)
        for mode in record.modes:
            getattr(module, mode)()
            module(*inputs(oracle, case).args)
        module.state_dict()
    else:
        Schedule(oracle, record, case).run(case.steps)


def refusal(record, case) -> str | None:
    """None where the case runs, else what it raises."""
    try:
        run(record, case)
    except Exception as error:
        return f"{case}: {type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize(
    ("records", "prefix", "names"),
    [
        (MODULES, "nn.", surface.modules()),
        (OPTIMIZERS, "optim.", surface.optimizers()),
        (SCHEDULERS, "optim.lr_scheduler.", surface.schedulers()),
    ],
    ids=["modules", "optimizers", "schedulers"],
)
def test_every_name_has_a_record(records, prefix, names):
    found = [record.name for record in records]
    assert len(set(found)) == len(found)
    assert set(found) == {prefix + name for name in names}


@each_record
def test_most_cases_run(record):
    for group in record.dtypes:
        cases = list(sample(record, group, CASES))
        assert [from_json(to_json(case)) for case in cases] == cases
        refused = [said for case in cases if (said := refusal(record, case))]
        if record.name in NEVER_CONSTRUCTED:
            assert len(refused) == CASES
        else:
            assert len(refused) <= (1 - LEAST_ANSWERED) * CASES, refused[:3]


@each_record
def test_every_bad_case_is_refused(record):
    assert record.bad
    for bad in record.bad:
        for case in sample(record, record.dtypes[0], BAD_CASES, draw=bad):
            assert refusal(record, case) is not None, (bad.__qualname__, str(case))


def test_readers_of_the_surface():
    assert "Normal" in surface.distributions()
    assert "vmap" in surface.namespaces()["torch.func"]
    assert len(surface.modules()) == 163
