"""Time and peak memory of computations on megabytes: the cases of ``duel.suites.memory``."""

SUITE = "memory"


def test_memory(case, measured):
    measured(case)
