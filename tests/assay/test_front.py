"""What a person uses: the command line, stand-alone scripts, gradcheck, program comparison, random programs, the pytest plugin."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import assay
from assay import cli
from assay.cases import Case, StatefulCase, TensorSpec
from assay.judge import Finding, Verdict
from assay.programs.compare import Trace, compare, run
from assay.programs.machine import machine
from assay.programs.pair import Divergence, Sides
from assay.repro import script
from assay.targets.faulty import Faulty
from assay.targets.torch import TorchTarget

FUZZ = Path(__file__).parents[2] / "fuzz"

# -- command line -----------------------------------------------------------------------------------------------------------------


def test_check_passes_for_the_oracle_itself(capsys):
    assert cli.main(["check", "sin", "--target", "torch", "--cases", "3", "--no-corpus"]) == 0
    assert "nothing to hold against torch" in capsys.readouterr().out


def test_check_of_one_case(capsys):
    case = '{"op":"sin","args":[{"tensor":{"shape":[2],"dtype":"float32"}}],"kwargs":{},"seed":0}'
    assert cli.main(["check", "sin", "--property", "values", "--target", "ingot", "--case", case]) == 0
    assert capsys.readouterr().out == "sin(float32[2]): passes\n"


def test_an_unknown_op_or_target_is_a_sentence(capsys):
    for arguments in (["check", "sinn"], ["check", "sin", "--target", "tensorflow"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(arguments)
        assert stopped.value.code == 2
    assert "the catalogue has nothing called 'sinn'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "sin", "--case", "{bad"], "this is no case"),
        (["check", "sin", "--case", '{"op":"sin"}'], "this is no case"),
        (["check", "sin", "--case", '{"op":"cos","args":[],"kwargs":{},"seed":0}'], "the case is of 'cos'"),
        (["check", "sin", "--cases", "0"], "0 is less than 1"),
        (["check", "sin", "--property", "beauty"], "invalid choice: 'beauty'"),
        (["repro", "{bad"], "this is no case"),
        (["repro", "nowhere.json"], "there is no file"),
        (["run", "--seconds", "-1"], "-1 is less than 0"),
        (["compare", "nowhere.py"], "there is no script"),
    ],
)
def test_misuse_is_a_sentence(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_selfcheck_raises_no_alarm_on_healthy_code(capsys):
    assert cli.main(["selfcheck", "sin", "sum", "--seeds", "2", "--arms", "4"]) == 0
    assert "0 false alarms" in capsys.readouterr().out


def test_every_command_has_help(capsys):
    for command in cli.COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            cli.main([command, "--help"])
        assert stopped.value.code == 0
        assert "usage: assay" in capsys.readouterr().out


def test_a_run_keeps_what_it_finds_and_replay_repeats_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(assay.targets.BUILT_IN, "planted", "assay.targets.faulty:Faulty")
    planted = assay.targets.load("planted")
    planted.name = "planted"
    planted.faults["sin"] = lambda x: torch.sin(x) + 0.25
    given = ["--target", "planted", "--corpus", str(tmp_path / "corpus")]
    assert cli.main(["run", "sin", "--property", "values", "--seconds", "0.5", "--workers", "0", *given]) == 1
    out = capsys.readouterr().out
    assert "sin · values · target wrong" in out
    assert "1 causes held against planted" in out
    assert cli.main(["replay", *given]) == 1
    planted.faults.clear()
    assert cli.main(["replay", *given]) == 0
    assert not list((tmp_path / "corpus").glob("*.json"))


def test_coverage_is_a_frame_and_a_text(capsys):
    from assay.commands.coverage import frame

    table = frame(["sin"], "torch")
    assert bool(table.loc["sin", "derivatives"])
    assert not bool(table.loc["sin", "modules"])
    assert cli.main(["coverage", "sin", "--target", "torch"]) == 0
    assert "✓" in capsys.readouterr().out


# -- stand-alone scripts ----------------------------------------------------------------------------------------------------------

CASES = {
    "function": ("values", Case("softmax", (TensorSpec((2, 3), "float32", layout="transposed"), 1))),
    "method": ("values", Case("item", (TensorSpec((), "float64"),))),
    "half": ("values", Case("exp", (TensorSpec((3,), "bfloat16", layout="strided"),))),
    "specials": ("values", Case("exp", (TensorSpec((3,), "complex64", specials=(float("nan"), float("inf"))),))),
    "large": ("values", Case("exp", (TensorSpec((100,), "float64", layout="sliced"),))),
    "derivatives": ("derivatives", Case("sin", (TensorSpec((3,), "float64"),))),
    "module": ("modules", StatefulCase("nn.Linear", (3, 2), (), 1, (TensorSpec((4, 3), "float32"),))),
    "optimizer": ("optimizers", StatefulCase("optim.SGD", (), (("lr", 0.1),), 1, (TensorSpec((3,), "float64"),), 2)),
    "scheduler": ("schedulers", StatefulCase("optim.lr_scheduler.StepLR", (), (("step_size", 2),), 1, (), 4)),
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("name", CASES)
def test_a_script_runs_without_the_harness(name):
    property, case = CASES[name]
    text = script(Verdict(property, case, Finding.UNDECIDED, 'says "so"', "torch", "torch"), only="oracle")
    assert "assay" not in text
    space: dict = {}
    exec(compile(text.split("import torch\n")[0], "repro", "exec"), space)
    space["program"](torch)


@pytest.mark.parametrize(
    "what", ["method: x", "in place: x", "out=: x", "out=, wrong shape: x", "out=, other dtype: x"]
)
def test_a_script_shows_the_form_that_is_meant(what):
    case = Case("exp", (TensorSpec((3,), "float32"),))
    text = script(Verdict("forms", case, Finding.UNDECIDED, what, "torch", "torch"), only="oracle")
    space: dict = {}
    exec(compile(text.split("import torch\n")[0], "repro", "exec"), space)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = space["program"](torch)
    assert found.dtype is (torch.float64 if "other dtype" in what else torch.float32)
    assert found.shape == (3,)


def test_a_script_has_the_very_numbers():
    from assay.cases import materialise

    _, case = CASES["function"]
    text = script(Verdict("values", case, Finding.UNDECIDED, "", "torch", "torch"))
    space: dict = {}
    exec(compile(text.split("import torch\n")[0], "repro", "exec"), space)
    made = materialise(case, TorchTarget())
    assert torch.equal(space["program"](torch), torch.softmax(*made.args))


# -- gradcheck --------------------------------------------------------------------------------------------------------------------


class Cube(torch.autograd.Function):
    factor = 3.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @classmethod
    def backward(cls, ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * cls.factor * x**2


class WrongCube(Cube):
    factor = 3.00001


@pytest.mark.parametrize("target", ["torch", "ingot"])
def test_gradcheck_passes_right_derivatives(target):
    report = assay.gradcheck(lambda x, y: (x * y).sin() / y, [np.ones(3), np.full(3, 2.0)], target=target)
    assert report
    assert {entry.order for entry in report.entries} == {1, 2}
    assert "complex step" in {entry.reference for entry in report.entries}
    assert "right" in str(report)


def test_gradcheck_finds_a_wrong_derivative():
    assert assay.gradcheck(Cube.apply, [np.ones(3)]).wrong == []
    report = assay.gradcheck(WrongCube.apply, [np.ones(3)])
    assert not report
    assert report.wrong
    assert "WRONG" in str(report)


def test_gradcheck_tells_kinks_from_errors():
    report = assay.gradcheck(lambda x: x.abs(), [np.zeros(3)])
    assert not report
    assert report.kinks
    assert report.wrong == []
    assert "not smooth" in report.verdict


def test_gradcheck_uses_richardson_where_the_function_is_not_holomorphic():
    report = assay.gradcheck(lambda x: x.abs() * x, [np.full(3, 2.0)])
    assert report
    assert "Richardson" in {entry.reference for entry in report.entries if entry.order == 1}


def test_gradcheck_says_what_is_not_finite_and_what_it_cannot_take():
    assert assay.gradcheck(lambda x: x.log(), [np.zeros(2)]).nonfinite
    with pytest.raises(TypeError, match="double precision"):
        assay.gradcheck(lambda x: x, [np.zeros(2, np.float32)])


def test_gradcheck_with_pytorchs_signature():
    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    assert assay.torch_gradcheck(Cube.apply, (x,), eps=1e-6, atol=1e-4)
    assert assay.torch_gradgradcheck(Cube.apply, (x,))
    assert not assay.torch_gradcheck(WrongCube.apply, (x,), raise_exception=False)
    with pytest.raises(assay.GradcheckError, match="wrong"):
        assay.torch_gradcheck(WrongCube.apply, (x,))
    with pytest.raises(TypeError, match="unexpected keyword"):
        assay.torch_gradcheck(Cube.apply, (x,), epsilon=1e-6)


# -- programs ---------------------------------------------------------------------------------------------------------------------

TRAINING = """
import sys, torch
import torch.nn.functional as F
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr={rate})
x, y = torch.randn(6, 4), torch.randint(0, 2, (6,))
for step in range(4):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
"""


def test_two_runs_of_a_script_are_compared(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(TRAINING.format(rate=0.1))
    first = run("torch", "torch", str(path))
    under_ingot = run("ingot", "ingot", str(path))
    assert [event["kind"] for event in first.events].count("loss") == 4
    assert compare(under_ingot, first).same, compare(under_ingot, first)
    path.write_text(TRAINING.format(rate=0.11))
    found = compare(run("other", "torch", str(path)), first)
    assert "differs by" in found.what
    assert "after 1 steps" in found.what
    assert "first divergence" in str(found)


def event(value, **changes):
    fields = {
        "kind": "loss",
        "name": "loss",
        "step": 0,
        "line": 3,
        "dtype": "float32",
        "shape": [],
        "values": [value],
        "norm": abs(value),
    }
    return fields | changes


@pytest.mark.parametrize(
    ("events", "status", "what"),
    [
        ([event(1.0), event(2.0)], 0, ""),
        ([event(1.0), event(2.0000001)], 0, ""),
        ([event(1.0), event(2.1)], 0, "loss differs by 0.05"),
        ([event(1.0), event(float("nan"))], 0, "loss differs by inf"),
        ([event(1.0), event(2.0, dtype="float64")], 0, "dtype float64 instead of float32"),
        ([event(1.0)], 0, "mine has ended"),
        ([event(1.0), event(2.0)], 1, "mine fails: ValueError: late"),
    ],
)
def test_the_first_divergence_of_two_traces(events, status, what):
    mine = Trace("mine", events, status, "Traceback\nValueError: late" if status else "")
    found = compare(mine, Trace("other", [event(1.0), event(2.0)], 0, ""))
    assert found.what.startswith(what)
    assert found.same is (what == "")


def test_sides_find_the_first_step_that_differs():
    sides = Sides(TorchTarget(), TorchTarget())
    x = sides.tensor(np.ones(3), requires_grad=True)
    y = sides.do("v1.sin()", lambda T, of: of(x).sin())
    sides.do("v2.sum().backward()", lambda T, of: of(y).sum().backward(), assign=False)
    sides.same(x)
    x.target.grad.mul_(2)
    with pytest.raises(Divergence, match=r"v1\.grad"):
        sides.same(x)


def test_random_programs_agree_on_healthy_code():
    budget = settings(
        max_examples=8, stateful_step_count=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine(Faulty(name="twin"), TorchTarget()), settings=budget)


def test_random_programs_find_a_planted_fault():
    class Namespace:
        def __getattr__(self, name):
            return getattr(torch, name)

        def maximum(self, a, b):
            return torch.maximum(a, b) + 0.5

    faulty = Faulty()
    faulty.namespace = Namespace()
    budget = settings(
        max_examples=60,
        stateful_step_count=15,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        report_multiple_bugs=False,
        phases=[Phase.generate],
    )
    with pytest.raises(Divergence, match="maximum"):
        run_state_machine_as_test(machine(faulty, TorchTarget()), settings=budget)


# -- pytest -----------------------------------------------------------------------------------------------------------------------


def test_the_plugin_costs_other_runs_nothing():
    code = "import sys, assay.pytest_plugin; print(sorted(m for m in sys.modules if m in ('torch', 'ingot', 'numpy', 'hypothesis', 'assay.judge')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_fuzz_tests_run_and_name_what_is_missing(tmp_path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "from assay.campaign import arms\n"
        "from assay.catalogue.record import Op\n"
        "from assay.properties import load\n"
        "from assay.targets.torch import TorchTarget\n"
        "RECORDS = [Op(name, 'tests', lambda d: d.call(d.tensor(d.shape()))) for name in ('floor', 'jiterator_unary', 'neg')]\n"
        "@pytest.mark.parametrize('arm', arms(RECORDS, [load('determinism')]), ids=lambda arm: arm.name)\n"
        "def test_op(arm, check):\n"
        "    check(arm)\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
        "--target",
        "ingot",
        "--profile",
        "quick",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "2 passed, 1 missing" in done.stdout, done.stdout
    assert "1 missing in ingot: jiterator_unary" in done.stdout
    assert "nothing to hold against ingot" in done.stdout
