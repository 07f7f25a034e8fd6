"""Layers: the cases of ``duel.suites.nn``."""

SUITE = "nn"


def test_nn(case, measured):
    measured(case)
