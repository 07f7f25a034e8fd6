"""The defects of PyTorch that the registry lists are there, and are defects."""

import re
import warnings
from pathlib import Path

import pytest

from assay.catalogue import everything
from assay.divergences.defects import BEGIN, END, answer_of, defects, exact_of, section

DEFECTS = defects()


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.id)
def test_a_defect_is_there(defect):
    """One that PyTorch has mended fails here, and is to be taken out of the registry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert answer_of(defect) == defect.answer
        assert exact_of(defect) != defect.answer


def test_dozens_are_listed_for_ops_that_there_are():
    assert len(DEFECTS) >= 48
    assert {op for each in DEFECTS for op in each.ops} <= {*everything(), "masked.median", "det", "slogdet", *ALIASES}


ALIASES = {
    "negative",
    "special.gammainc",
    "special.gammaincc",
    "special.logit",
    "linalg.matrix_exp",
    "divide",
    "true_divide",
}
"""Names of ops that the surface lists under another."""


def test_the_document_is_what_the_registry_says():
    text = (Path(__file__).parents[2] / "docs" / "oracle-defects.md").read_text()
    assert text[text.index(BEGIN) : text.index(END) + len(END)] == section()
    for each in DEFECTS:
        assert re.search(rf"^### {re.escape(each.link.partition('#')[2])}$", text, re.MULTILINE), each.id
