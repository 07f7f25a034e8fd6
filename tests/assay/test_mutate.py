"""assay mutate: faults are planted where they belong, are found, and leave nothing behind; the published rules miss what they are known to miss."""

import json

import numpy as np
import pytest

from assay import targets
from assay.catalogue import everything
from assay.mutate.contrast import assert_close, quarter
from assay.mutate.declared import DECLARED
from assay.mutate.forked import Ended, ForkError, forked
from assay.mutate.operators import OPERATORS
from assay.mutate.plan import Fault, faults
from assay.mutate.report import summary, text
from assay.mutate.score import planted, score
from assay.mutate.stateful import STATEFUL

TORCH, INGOT = targets.load("torch"), targets.load("ingot")


def fault(operators, operator, place, *records):
    found = next(each for each in operators if each.name == operator)
    names = records or (place,)
    return Fault(0, found, place, everything()[names[0]].family, names)


@pytest.mark.parametrize(
    ("operator", "place", "by"),
    [
        ("relative error 1e-7", "exp", {"values", "derivatives"}),
        ("wrong dtype", "sum", {"values"}),
        ("swallowed NaN", "sqrt", {"values"}),
        ("mutated input", "add", {"values"}),
        ("wrong error", "sum", {"errors"}),
        ("gradient's sign", "mul", {"derivatives"}),
        ("tangent off 1e-6", "sin", {"derivatives"}),
        ("dropped second order", "sin", {"higher_derivatives"}),
        ("missing conj", "mul", {"derivatives", "higher_derivatives"}),
        ("in place on a copy", "add", {"forms"}),
        ("remembers", "tanh", {"values", "determinism", "layouts", "derivatives"}),
    ],
)
def test_a_fault_in_any_target_is_found(operator, place, by):
    found = score(fault(OPERATORS, operator, place), TORCH, TORCH_TWIN, published=False)
    assert found.killed, found.explanation
    assert found.by in by


TORCH_TWIN = targets.load("assay.targets.faulty:Faulty")


@pytest.mark.parametrize("operator", ["kernel off 1e-5", "rule's sign", "rule without second order", "kernel writes"])
def test_a_fault_in_a_declaration_is_found(operator):
    found = score(fault(DECLARED, operator, "exp"), INGOT, TORCH, published=False)
    assert found.killed, found.explanation


def test_a_module_that_is_off_in_eval_mode_alone_is_found():
    assert score(fault(STATEFUL, "eval is off", "nn.Linear"), INGOT, TORCH, published=False).killed


def test_a_planted_declaration_is_whole_again():
    import ingot

    x = ingot.tensor([0.5], dtype=ingot.float64)
    before = ingot.exp(x).item()
    with planted(fault(DECLARED, "kernel off 1e-3", "exp"), INGOT):
        assert ingot.exp(x).item() != before
    assert ingot.exp(x).item() == before


def test_the_plan_is_spread_and_seeded():
    planned = faults(TORCH, 400, 3)
    assert len(planned) == 400
    assert [str(each) for each in planned] == [str(each) for each in faults(TORCH, 400, 3)]
    assert len({each.family for each in planned}) >= 25
    assert {each.operator.name for each in planned} >= {each.name for each in OPERATORS}


def test_published_rules_admit_what_they_say():
    one = np.array([1.0, 1e-6], np.float32)
    assert assert_close(one * np.float32(1 + 1e-6), one)
    assert not assert_close(one * np.float32(1.001), one)
    assert quarter(one + np.float32(0.9), one)
    assert not quarter(one + np.float32(1.1), one)


def test_scores_are_data_and_text():
    scores = [score(fault(OPERATORS, "relative error 1e-2", "exp"), TORCH, TORCH_TWIN)]
    data = json.loads(json.dumps(summary(scores, target="torch", oracle="twin", seed=0, seconds=1.0)))
    assert data["killed"] == 1
    assert data["contrast"] == {"assert_close": 1, "25 % or 1.0": 1}
    assert "1 of 1 faults found" in text(data)


def test_a_fork_that_dies_says_how():
    import os

    answer, _ = forked(lambda: os.abort(), 10)
    assert isinstance(answer, Ended)
    assert "SIGABRT" in answer.how
    assert forked(lambda: 3, 10)[0] == 3
    with pytest.raises(ForkError, match="ZeroDivisionError"):
        forked(lambda: 1 / 0, 10)
