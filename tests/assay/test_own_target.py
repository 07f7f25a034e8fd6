"""docs/your-own-target.md is true: its adapter is short, runs, finds nothing in healthy NumPy and finds a fault."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from assay import targets
from assay.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "your-own-target.md"


@pytest.fixture
def adapter(tmp_path, monkeypatch):
    """The page's adapter, as a module that can be named."""
    (code,) = re.findall(r"```python\n# numpy_target.py\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "numpy_target.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield code
    sys.modules.pop("numpy_target", None)
    targets.load.cache_clear()


def test_the_adapter_is_short(adapter):
    assert len([line for line in adapter.splitlines() if line.strip()]) < 60


def test_the_command_of_the_page_passes(adapter, capsys):
    (command,) = re.findall(r"^    assay (check .*)$", PAGE.read_text(), re.MULTILINE)
    assert main([*command.split(), "--no-corpus", "--cases", "15"]) == 0, capsys.readouterr().out


def test_a_fault_in_the_framework_is_found(adapter, monkeypatch):
    target = targets.load("numpy_target:NumpyTarget")
    module = sys.modules["numpy_target"]
    monkeypatch.setitem(target.ops, "hypot", module.op(lambda x, y: np.sqrt(x * x + y * y) * np.float32(1.001)))
    assert main(["check", "hypot", "--target", "numpy_target:NumpyTarget", "--no-corpus", "--cases", "15"]) == 1


def test_an_adapter_that_is_not_there_is_named():
    with pytest.raises(LookupError, match="no_such_module"):
        targets.load("no_such_module:Target")
