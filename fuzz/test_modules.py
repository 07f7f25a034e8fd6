"""Every module: initial state, forward and backward, buffers, train and eval, state_dict both ways."""

import pytest

from assay.campaign import arms
from assay.catalogue.modules import MODULES


@pytest.mark.parametrize("arm", arms(MODULES), ids=lambda arm: arm.name)
def test_module(arm, check):
    check(arm)
