"""Campaigns, corpus, shrinking, the registry and the engine's isolation of whatever a target does."""

import json
import time

import pytest
import torch

from assay.campaign import Campaign, arms
from assay.cases import Case, StatefulCase, TensorSpec, from_json, to_json
from assay.cases.case import Function, Made
from assay.cases.domain import TANGENTS, tangent
from assay.cases.fill import numpy_dtype
from assay.cases.shrink import shrink
from assay.cases.source import Exhausted, RandomSource, ReplayedSource
from assay.catalogue.record import Op, ulp
from assay.corpus import Corpus, write_atomically
from assay.divergences import Divergence, Registry, load
from assay.engine import check_case
from assay.judge import Finding, Verdict
from assay.properties import load as load_property
from assay.targets.faulty import Faulty
from assay.targets.torch import TorchTarget

ORACLE = TorchTarget()
SIN = Op("sin", "tests", lambda d: d.call(d.tensor(d.shape())), tolerance=ulp(2), dtypes=("real",))
VALUES = load_property("values")


def campaign(target, **settings):
    return Campaign(target, ORACLE, arms([SIN], [VALUES]), **settings)


def verdict(what="values differ", **changes):
    fields = {
        "property": "values",
        "case": Case("sin", (TensorSpec((2,), "float32"),)),
        "finding": Finding.TARGET_WRONG,
    }
    return Verdict(**(fields | {"what": what, "target": "faulty", "oracle": "torch"} | changes))


# -- cases ------------------------------------------------------------------------------------------------------------------------


def test_stateful_cases_travel_as_json():
    case = StatefulCase(
        "nn.Linear",
        (3, Made("nn.ReLU", (), (("inplace", True),)), Function("decay")),
        (),
        1,
        (TensorSpec((2,), "float32"),),
        2,
    )
    assert from_json(to_json(case)) == case
    assert case.tensors() == [TensorSpec((2,), "float32")]


def test_tangents_stay_in_their_domain():
    import numpy as np

    random = np.random.default_rng(0)
    drawn = random.normal(size=(3, 3)) + 1j * random.normal(size=(3, 3))
    for domain in TANGENTS:
        once = tangent(domain, drawn)
        assert np.allclose(tangent(domain, once), once), domain
    assert numpy_dtype("bfloat16").name == "bfloat16"


def test_a_replayed_source_repeats_and_runs_out():
    source = RandomSource("seed")
    drawn = [source.integer(0, 9) for _ in range(5)]
    again = ReplayedSource(source.choices)
    assert [again.integer(0, 9) for _ in range(5)] == drawn
    with pytest.raises(Exhausted):
        again.integer(0, 9)


def test_shrinking_finds_the_simplest_choices():
    def fails(choices):
        return choices if sum(choices) >= 7 and len(choices) >= 2 else None

    found = shrink([9, 3, 8, 1, 4, 4], fails)
    assert len(found) == 2
    assert sum(found) == 7


def test_shrinking_stops_in_time():
    begun = time.monotonic()

    def slow(choices):
        time.sleep(0.01)
        return choices

    shrink([9] * 200, slow, seconds=0.2)
    assert time.monotonic() - begun < 2.0


# -- campaigns --------------------------------------------------------------------------------------------------------------------


def test_a_case_follows_from_seed_arm_and_number_alone():
    (arm,) = arms([SIN], [VALUES])
    drawn = [arm.draw(3, number) for number in range(20)]
    assert [arm.draw(3, number) for number in reversed(range(20))] == drawn[::-1]
    assert arm.replay(drawn[4][1]) == drawn[4]
    assert len({case for case, _ in drawn}) > 10


def test_failures_are_clustered_shrunk_and_kept(tmp_path):
    corpus = Corpus(tmp_path)
    run = campaign(Faulty({"sin": lambda x: torch.sin(x) + 0.25}), corpus=corpus)
    run.run(most=30)
    (failure,) = run.held_against_target
    assert failure.count > 5
    (spec,) = failure.verdict.case.tensors()
    assert spec.numel <= 2
    assert spec.layout == "contiguous"
    (entry,) = corpus.entries()
    assert entry.case == failure.verdict.case


def test_kept_cases_are_checked_first_and_pass_when_mended(tmp_path):
    corpus = Corpus(tmp_path)
    campaign(Faulty({"sin": lambda x: torch.sin(x) + 0.25}), corpus=corpus).run(most=5)
    again = campaign(Faulty({"sin": lambda x: torch.sin(x) + 0.25}), corpus=corpus)
    again.run(most=0)
    assert len(again.held_against_target) == 1
    mended = campaign(Faulty(), corpus=corpus)
    mended.run(most=0)
    assert mended.held_against_target == []


def test_the_same_seed_finds_the_same():
    faulty = Faulty(
        {"sin": lambda x: torch.where(x > 3, torch.cos(x), torch.sin(x)) if x.is_floating_point() else torch.sin(x)}
    )
    first, second = (campaign(faulty, seed=4, shrinking=0.0) for _ in range(2))
    for each in (first, second):
        each.run(most=25)
    assert first.failures.keys() == second.failures.keys()
    assert [f.verdict for f in first.failures.values()] == [f.verdict for f in second.failures.values()]


def test_a_budget_is_kept():
    run = campaign(Faulty())
    begun = time.monotonic()
    run.run(0.3)
    assert time.monotonic() - begun < 3.0
    assert run.cases > 3


# -- isolation --------------------------------------------------------------------------------------------------------------------


def test_a_target_that_hangs_is_cut_off():
    def hangs(x):
        while True:
            pass

    case = Case("sin", (TensorSpec((2,), "float32"),))
    (found,) = check_case(VALUES, SIN, case, Faulty({"sin": hangs}), ORACLE, limit=0.2)
    assert found.finding is Finding.TARGET_WRONG
    assert found.what == "takes longer than 0.2 s"


def test_an_import_is_not_cut_off(tmp_path, monkeypatch):
    (tmp_path / "slowly_imported.py").write_text(
        "end = __import__('time').perf_counter() + 0.4\nwhile __import__('time').perf_counter() < end: pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def imports(x):

        return torch.sin(x)

    case = Case("sin", (TensorSpec((2,), "float32"),))
    assert check_case(VALUES, SIN, case, Faulty({"sin": imports}), ORACLE, limit=0.2) == []


def test_an_adapter_that_breaks_is_an_error_of_the_harness():
    class Broken(Faulty):
        def to_numpy(self, tensor):
            raise ValueError("no array")

    (found,) = check_case(VALUES, SIN, Case("sin", (TensorSpec((2,), "float32"),)), Broken(), ORACLE)
    assert found.finding is Finding.HARNESS_ERROR
    assert found.what == "ValueError: no array"
    assert found.held_against_target


# -- corpus -----------------------------------------------------------------------------------------------------------------------


def test_a_corrupt_file_is_set_aside_and_named(tmp_path):
    corpus = Corpus(tmp_path)
    corpus.add("values", verdict())
    (tmp_path / "broken.json").write_text('{"property": "values", "case": {')
    (tmp_path / "other.json").write_text(json.dumps({"something": "else"}))
    assert len(list(corpus.entries())) == 1
    assert sorted(path.name for path in (tmp_path / "corrupt").iterdir()) == ["broken.json", "other.json"]
    assert len(corpus.problems) == 2


def test_a_full_disk_costs_the_entry_and_not_the_run(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    corpus = Corpus(tmp_path)
    monkeypatch.setattr("assay.corpus.os.replace", full)
    assert corpus.add("values", verdict()) is None
    assert "No space left" in corpus.problems[0]
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "deep" / "file.json"
    write_atomically(path, "one")
    write_atomically(path, "two")
    assert path.read_text() == "two"
    assert [each.name for each in path.parent.iterdir()] == ["file.json"]


# -- registry ---------------------------------------------------------------------------------------------------------------------


def divergence(**changes):
    fields = {
        "id": "d",
        "target": "faulty",
        "ops": ("si*",),
        "what": "^values differ",
        "reason": "because",
        "link": "https://example.org",
    }
    return Divergence(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({}, True),
        ({"ops": ("cos",)}, False),
        ({"properties": ("errors",)}, False),
        ({"findings": ("undecided",)}, False),
        ({"dtypes": ("float16",)}, False),
        ({"dtypes": ("float32",)}, True),
        ({"what": "dtype"}, False),
        ({"target": "ingot"}, False),
        ({"when": "any(t.numel > 1 for t in tensors)"}, True),
        ({"when": "len(args) > 1"}, False),
    ],
)
def test_a_divergence_matches_no_more_than_it_says(changes, matches):
    assert divergence(**changes).matches(verdict()) is matches


@pytest.mark.parametrize("field", ["reason", "link", "what"])
def test_a_divergence_needs(field):
    with pytest.raises(ValueError, match=field):
        divergence(**{field: ""})


def test_a_divergence_for_every_op_is_refused():
    with pytest.raises(ValueError, match="names its ops"):
        divergence(ops=("*",))


def test_a_known_divergence_is_not_held_against_the_target_and_expires():
    faulty = Faulty({"sin": lambda x: torch.sin(x) + 0.25})
    known = campaign(faulty, registry=Registry([divergence(what=".")]), shrinking=0.0)
    known.run(most=10)
    assert known.held_against_target == []
    assert known.unseen() == []
    mended = campaign(Faulty(), registry=Registry([divergence(what=".")]))
    mended.run(most=10)
    assert mended.unseen() == ["d"]


def test_the_registry_is_read_from_files(tmp_path):
    (tmp_path / "one.toml").write_text(
        '[[divergence]]\nid = "a"\ntarget = "ingot"\nops = ["sin"]\nwhat = "x"\nreason = "r"\nlink = "l"\n'
    )
    assert [each.id for each in load(tmp_path).divergences] == ["a"]
    (tmp_path / "two.toml").write_text((tmp_path / "one.toml").read_text())
    with pytest.raises(ValueError, match="stands twice"):
        load(tmp_path)
    (tmp_path / "two.toml").write_text('[[divergence]]\nid = "b"\ncolour = "red"\n')
    with pytest.raises(ValueError, match=r"two\.toml"):
        load(tmp_path)


def test_the_projects_own_registry_is_sound():
    assert isinstance(load(), Registry)
