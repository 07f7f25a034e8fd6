"""What the documents say is true: their Python runs, and prints what they show."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from ingot.ops.declare import REGISTRY

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+((?:    [^\n]*\n)+))?", re.DOTALL)
"""A block of Python and, where it follows, the indented text that it prints."""


def blocks(name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / name).read_text())


def run(source: str, scope: dict) -> list[str]:
    """What the block prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "<document>", "exec"), scope)
    return printed.getvalue().splitlines()


def steady(line: str) -> str:
    """The line without what rounding decides: figures of a comparison differ in their last digits from machine to machine."""
    return re.sub(r"[+-]?\d[\d.e+-]*", "#", line) if "apart" in line else line


@pytest.mark.parametrize(("source", "shown"), blocks("README.md"))
def test_readme(source, shown):
    assert [steady(line) for line in run(source, {})] == [steady(line[4:]) for line in shown.splitlines()]


def test_adding_an_op():
    """The worked example of CONTRIBUTING.md, in order; what it declares is taken back."""
    before, scope = set(REGISTRY), {}
    try:
        for source, _ in blocks("CONTRIBUTING.md"):
            if "import" in source:  # the two fragments of a family's file are excerpts of what stands there already
                run(source, scope)
        assert "nn.functional.softcap" in set(REGISTRY) - before
    finally:
        for name in set(REGISTRY) - before:
            del REGISTRY[name]


def test_named_places_exist():
    for name in ("README.md", "CONTRIBUTING.md", "docs/architecture.md"):
        for path in re.findall(
            r"`((?:impl|oracle|bench|reports|examples|docs|fuzz|tests)/[\w./-]*)`", (ROOT / name).read_text()
        ):
            assert (ROOT / path).exists(), f"{name} names {path}"
