"""Training steps; losses equal the baseline's: the cases of ``duel.suites.training``."""

SUITE = "training"


def test_training(case, measured):
    measured(case)
