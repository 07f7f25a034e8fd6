"""Every op of the catalogue under every property that applies to it: `pytest fuzz/test_ops.py -k "softmax and derivatives"`."""

import pytest

from assay.campaign import arms
from assay.catalogue import load


@pytest.mark.parametrize("arm", arms(load().values()), ids=lambda arm: arm.name)
def test_op(arm, check):
    check(arm)
