"""Every record of the nn, fft, linalg, special, signal, masked and sparse families draws calls that PyTorch answers, and bad calls that it refuses."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from assay import surface, targets
from assay.cases import from_json, materialise, to_json
from assay.catalogue.drawing import sample

FAMILIES = (
    "activations",
    "convolutions",
    "dropout",
    "embedding_attention",
    "fft",
    "linalg",
    "losses",
    "masked",
    "normalisation",
    "pooling",
    "signal",
    "sparse",
    "special",
    "vision",
)
RECORDS = [op for family in FAMILIES for op in import_module(f"assay.catalogue.{family}").OPS]
CASES, BAD_CASES = 7, 1
"""Drawn for every record and dtype group; a long run draws thousands."""
LEAST_ANSWERED = 0.7

each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)


# PyTorch warns of deprecated and of beta features; whether it answers is what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def answers(case) -> str | None:
    """None where PyTorch answers, else what it raises."""
    oracle = targets.load("torch")
    given = materialise(case, oracle)
    oracle.manual_seed(case.seed)
    try:
        oracle.resolve(case.op)(*given.args, **given.kwargs)
    except Exception as error:
        return f"{case}: {type(error).__name__}: {str(error).splitlines()[:1]}"
    return None


def groups(record) -> tuple[str, ...]:
    return (*record.groups, "smooth") if record.smooth and record.row.grad else record.groups


def test_every_name_has_a_record():
    names = [record.name for record in RECORDS]
    assert len(set(names)) == len(names)
    assert set(names) == {name for name, row in surface.rows().items() if row.family != "torch"}


@each_record
def test_most_calls_are_answered(record):
    for group in groups(record):
        refused = [said for case in sample(record, group, CASES) if (said := answers(case))]
        assert len(refused) <= (1 - LEAST_ANSWERED) * CASES, (group, refused[:3])


@each_record
def test_every_bad_call_is_refused(record):
    assert record.bad
    for bad in record.bad:
        for case in sample(record, record.groups[0], BAD_CASES, draw=bad):
            assert answers(case) is not None, (bad.__qualname__, str(case))


def test_cases_survive_json():
    for record in RECORDS:
        for case in sample(record, record.groups[0], 3):
            assert from_json(to_json(case)) == case


def test_drawing_varies_and_repeats():
    for record in RECORDS:
        first, again = (list(sample(record, "real" if "real" in record.groups else record.groups[0], 20)) for _ in "ab")
        assert first == again
        assert len({case.id for case in first}) > 10, record.name
