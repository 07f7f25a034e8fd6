"""Every optimizer and learning-rate scheduler: trajectories, state, going on from a state_dict."""

import pytest

from assay.campaign import arms
from assay.catalogue.optimizers import OPTIMIZERS
from assay.catalogue.schedulers import SCHEDULERS


@pytest.mark.parametrize("arm", arms(OPTIMIZERS), ids=lambda arm: arm.name)
def test_optimizer(arm, check):
    check(arm)


@pytest.mark.parametrize("arm", arms(SCHEDULERS), ids=lambda arm: arm.name)
def test_scheduler(arm, check):
    check(arm)
