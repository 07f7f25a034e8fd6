"""The suites are sound: names, tolerances, answers; and the command line finds its way among them."""

from __future__ import annotations

import numpy as np
import pytest

from assay import catalogue
from duel import cli, subjects, suites
from duel.bout import Bout, fight, prepare
from duel.plan import Plan
from duel.suites import Case


@pytest.mark.parametrize("suite", suites.SUITES)
def test_every_case_is_found_by_its_id(suite):
    for id, case in suites.load(suite).items():
        assert suites.find(id) is case and id == f"{suite}/{case.name}" and case.programs


def test_every_op_has_a_tolerance_in_the_catalogue():
    missing = {case.op.op for case in suites.load("ops").values()} - set(catalogue.load())
    assert not missing


def test_sixty_ops_in_several_sizes_dtypes_and_layouts():
    about = [case.parameters for case in suites.load("ops").values()]
    assert len({item["op"] for item in about}) >= 60
    assert {item["layout"] for item in about} == {"contiguous", "transposed", "strided"}
    assert {"float32", "float64", "float16", "int64"} <= {item["dtype"] for item in about}


@pytest.mark.parametrize("name", ["add", "exp-grad", "getitem_slice", "view", "arange", "backward"])
def test_answers_agree_before_anything_is_timed(name):
    bout = Bout()
    calls = prepare(suites.find(f"overhead/{name}"), ["torch", "ingot", "numpy"], Plan(), bout)
    assert bout.failures == {} and {"torch", "ingot"} <= set(calls)


def made(program, **traits) -> Case:
    """A case whose baseline answers [1, 2]."""
    right = lambda subject: lambda: np.array([1.0, 2.0], np.float32)  # noqa: E731
    return Case(
        "s", "c", {"right": right, "other": program}, subjects=("other",), baseline="right", traffic=False, **traits
    )


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (np.array([1.0, 2.5], np.float32), "wrong", "1 of 2 elements differ"),
        (np.array([1.0], np.float32), "wrong", "shape [1]"),
        (np.array([1.0, 2.0], np.float64), "wrong", "float64 instead of float32"),
        ([], "wrong", "0 results instead of 1"),
    ],
)
def test_a_wrong_answer_is_not_timed(answer, kind, detail):
    bout = fight(made(lambda subject: lambda: answer), ["other"], Plan(rounds=4, seconds=0.01, block=1e-4))
    assert bout.failures["other"].kind == kind and detail in bout.failures["other"].detail
    assert "other" not in bout.sample.blocks


@pytest.mark.parametrize(("error", "kind"), [(LookupError("no op 'x'"), "missing"), (RuntimeError("broken"), "raised")])
def test_an_error_is_a_failure(error, kind):
    def program(subject):
        raise error

    failure = fight(made(program), ["other"], Plan(), check_only=True).failures["other"]
    assert failure.kind == kind and str(error.args[0]) in failure.detail


def test_successive_answers_are_compared():
    calls = iter([1.0, 2.0, 2.5])

    def drifting(subject):
        return lambda: np.array([1.0, 2.0], np.float32) * (1 if next(calls) < 2.2 else 1.1)

    failure = fight(made(drifting, checks=3), ["other"], Plan(), check_only=True).failures["other"]
    assert "(call 3)" in failure.detail


def test_a_second_instance_of_a_subject():
    again = subjects.load("numpy again")
    assert type(again) is subjects.NumPy and again.name == "numpy again"
    assert {"numpy", "torch", "ingot"} <= set(subjects.installed())


def test_unknown_names():
    with pytest.raises(LookupError, match="there are: ops"):
        suites.load("nonsense")
    with pytest.raises(LookupError, match="has no case 'nonsense'"):
        suites.find("ops/nonsense")


def test_the_command_lists_cases(capsys):
    assert cli.main(["list", "overhead/ad*"]) == 0
    assert "overhead/add_inplace" in capsys.readouterr().out


def test_the_command_says_what_it_does_not_find(capsys):
    assert cli.main(["list", "overhead/nonsense*"]) == 2
    assert "no case matches 'overhead/nonsense*'" in capsys.readouterr().err


def test_a_pattern_finds_a_nightly_case_only_by_its_full_name():
    full = next(case for case in suites.load("nn").values() if case.full)
    assert full.id not in [case.id for case in cli.matching(["nn"], full=False)]
    assert [case.id for case in cli.matching([full.id], full=False)] == [full.id]
