"""The examples under both frameworks, a few steps each in float64: one seed, no weights copied, equal losses. ``examples/compare.py`` does it at length."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits

import ingot

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def examples_on_path(monkeypatch):
    """The examples can be imported, and the default dtypes that they set are undone."""
    monkeypatch.syspath_prepend(EXAMPLES)
    dtypes = [(framework, framework.get_default_dtype()) for framework in (ingot, torch)]
    yield
    for framework, dtype in dtypes:
        framework.set_default_dtype(dtype)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs an example in this process, in float64; returns its record."""

    def run(script: str, framework: str, *arguments: str) -> dict:
        record = tmp_path / "record.json"
        module = import_module(script)
        # Less of everything: 192 images, and no letters of a model that has learned nothing.
        if script == "chargpt":
            monkeypatch.setattr(module, "write", lambda *_: "")
        if script == "digits":
            images, labels = load_digits(return_X_y=True)
            monkeypatch.setattr(module, "load_digits", lambda **_: (images[:240], labels[:240]))
            monkeypatch.setattr(module, "TRAINING", 192)
            monkeypatch.setattr(module, "TEST", 48)
        given = [script, "--framework", framework, "--dtype", "float64", "--json", str(record), *arguments]
        monkeypatch.setattr("sys.argv", given)
        module.main()
        return json.loads(record.read_text())

    return run


@pytest.mark.parametrize(("script", "steps"), [("digits", 4), ("chargpt", 3), ("sequences", 4)])
def test_one_seed_gives_one_training(run, script, steps):
    ours, theirs = (run(script, framework, "--steps", str(steps)) for framework in ("ingot", "torch"))
    assert len(set(theirs["losses"])) == steps
    assert ours["losses"] == pytest.approx(theirs["losses"], rel=1e-10)
    assert ours["metrics"] == pytest.approx(theirs["metrics"], rel=1e-9)


@pytest.mark.parametrize(("first", "then"), [("torch", "ingot"), ("ingot", "torch")])
def test_saved_in_one_framework_and_continued_in_the_other(run, tmp_path, first, then):
    """Batches of 48 make four steps an epoch."""
    checkpoint = str(tmp_path / "checkpoint.pt")
    options = ("--batch", "48", "--until", "8")
    begun = run("digits", first, *options, "--steps", "4", "--save", checkpoint)
    ended = run("digits", then, *options, "--steps", "8", "--resume", checkpoint)
    alone = run("digits", "torch", *options, "--steps", "8")
    assert len(ended["losses"]) == 4
    assert begun["losses"] + ended["losses"] == pytest.approx(alone["losses"], rel=1e-10)
    assert ended["metrics"] == pytest.approx(alone["metrics"], rel=1e-9)


def test_a_curve_that_leaves_its_bound_differs():
    compare = import_module("compare")
    same = compare.Comparison("one", "float32", {"losses": [1.0, 2.0]}, {"losses": [1.0, 2.0 * (1 + 1e-6)]})
    assert same.agrees
    assert same.difference == pytest.approx(1e-6, rel=1e-3)
    other = compare.Comparison("one", "float64", same.ingot, same.torch)
    assert not other.agrees
    broken = compare.Comparison("one", "float32", {"losses": [1.0, float("nan")]}, same.torch)
    assert broken.difference == float("inf")
    assert not broken.agrees
