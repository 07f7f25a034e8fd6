"""Ingot's device paths are judged like any target: on the stand-in everywhere, on CUDA where there is a device."""

import numpy as np
import pytest

import ingot
from assay import cli, targets
from assay.cases import TensorSpec
from assay.cases.case import LAYOUTS
from assay.cases.materialise import tensor
from ingot.backends import strict_backend

CHECKED = [
    "sin",
    "add",
    "sum",
    "transpose",
    "cat",
    "--property",
    "values",
    "--property",
    "derivatives",
    "--property",
    "layouts",
]


@pytest.fixture
def strict():
    yield targets.load("ingot-strict")
    strict_backend.uninstall()
    targets.load.cache_clear()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_survive_the_way_to_the_device(strict, layout):
    spec = TensorSpec((3, 4), "float32", layout=layout)
    ours, theirs = tensor(spec, strict), tensor(spec, targets.load("torch"))
    assert strict.device(ours) == "cuda"
    assert strict.strides(ours) == tuple(theirs.stride())
    assert np.array_equal(strict.to_numpy(ours), theirs.numpy())


def test_the_stand_in_computes_what_torch_computes(strict, capsys):
    assert cli.main(["check", *CHECKED, "--target", "ingot-strict", "--cases", "3", "--no-corpus"]) == 0
    assert "nothing to hold against ingot-strict" in capsys.readouterr().out


def test_no_device_is_a_sentence():
    if ingot.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(LookupError, match="sees no CUDA device"):
        targets.load("ingot-cuda")


@pytest.mark.gpu
def test_cuda_computes_what_torch_computes():
    if not ingot.cuda.is_available():
        pytest.skip("needs a CUDA device and CuPy")
    assert cli.main(["check", *CHECKED, "--target", "ingot-cuda", "--cases", "3", "--no-corpus"]) == 0
