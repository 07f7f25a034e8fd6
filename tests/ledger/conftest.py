"""The packages under test, where they are not installed, and a store in a folder of its own."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = str(Path(__file__).resolve().parent)
for folder in (str(ROOT / "bench"), str(ROOT / "reports"), HERE):
    if folder not in sys.path:
        sys.path.insert(0, folder)

from ledger import open_store  # noqa: E402


@pytest.fixture
def store(tmp_path):
    """An empty ledger."""
    with open_store(tmp_path / "ledger.sqlite") as made:
        yield made
