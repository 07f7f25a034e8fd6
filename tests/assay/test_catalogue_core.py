"""The catalogue of the core families: every name is there, and what it draws is what PyTorch answers or refuses."""

from __future__ import annotations

import time
from importlib import import_module
from itertools import cycle

import pytest

from assay.cases.case import from_json, to_json
from assay.catalogue import FAMILIES, UNREACHABLE, load, uncatalogued
from assay.catalogue.drawing import GROUPS, sample
from assay.catalogue.record import Op
from assay.judge.outcome import run
from assay.surface import rows
from assay.targets import load as target

CORE = (
    "pointwise", "reductions", "views", "joining", "indexing", "linear", "decompositions", "sorting", "creation", "conversion",
    "native", "random",
)  # fmt: skip
"""The families of the names that live in the namespace itself."""

ANSWERED = 0.7
"""The least part of an op's cases that must be answered: a case that raises tests nothing but errors."""


def records(family: str) -> list[Op]:
    return import_module(f"assay.catalogue.{family}").OPS


def groups(op: Op) -> list[str]:
    """The dtype groups of an op's cases, smooth ones included where a gradient exists."""
    smooth = [f"smooth{kind}" for kind, base in (("", "real"), ("-complex", "complex")) if base in op.groups]
    return [*op.groups, *(smooth if op.smooth and op.row.grad else ())]


def test_every_name_of_the_surface_is_accounted_for():
    assert uncatalogued() == []
    assert set(load()).isdisjoint(UNREACHABLE)
    assert set(load()) | set(UNREACHABLE) == set(rows())
    assert set(CORE) <= set(FAMILIES)


def test_the_core_families_hold_the_names_of_the_namespace_itself():
    held = {op.name for family in CORE for op in records(family)}
    assert held == {name for name, row in rows().items() if row.family == "torch"} - set(UNREACHABLE)


@pytest.mark.parametrize("family", CORE)
def test_the_oracle_answers_what_is_drawn(family):
    oracle = target("torch")
    wasted = {}
    for op in records(family):
        outcomes = [run(oracle, case) for group in groups(op) for case in sample(op, group, 4, seed=1)]
        raised = [outcome for outcome in outcomes if outcome.error is not None]
        if len(raised) > (1 - ANSWERED) * len(outcomes):
            wasted[op.name] = repr(raised[0].error)
    assert wasted == {}


@pytest.mark.parametrize("family", CORE)
def test_the_oracle_refuses_every_bad_call(family):
    oracle = target("torch")
    answered = []
    for op in records(family):
        assert op.bad, f"{op.name} has no bad calls"
        for position, draw in enumerate(op.bad):
            for group, _ in zip(cycle(op.groups), range(2), strict=False):
                for case in sample(op, group, 1, seed=position, draw=draw):
                    if run(oracle, case).error is None:
                        answered.append(f"{draw.__name__}: {case}")
    assert answered == []


@pytest.mark.parametrize("family", CORE)
def test_cases_survive_json_and_the_same_seed_draws_the_same_cases(family):
    for op in records(family):
        drawn = list(sample(op, op.groups[0], 3, seed=5))
        assert drawn == [from_json(to_json(case)) for case in drawn]
        assert drawn == list(sample(op, op.groups[0], 3, seed=5))


def test_smooth_cases_have_no_specials_and_one_dtype():
    for family in CORE:
        for op in records(family):
            for group in set(groups(op)) & {"smooth", "smooth-complex"}:
                for case in sample(op, group, 3):
                    differentiated = [spec for spec in case.tensors() if spec.differentiable]
                    assert not any(spec.specials for spec in case.tensors()), case
                    assert {spec.dtype for spec in differentiated} <= {*GROUPS[group], "float64"}, case


def test_a_thousand_cases_a_second_are_drawn():
    ops = [op for family in CORE for op in records(family)]
    began = time.process_time()
    count = sum(1 for op in ops for _ in sample(op, op.groups[0], 8))
    assert count / (time.process_time() - began) > 1000
