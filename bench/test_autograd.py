"""What derivatives cost: the cases of ``duel.suites.autograd``."""

SUITE = "autograd"


def test_autograd(case, measured):
    measured(case)
