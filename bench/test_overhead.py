"""What a call costs beside the work: the cases of ``duel.suites.overhead``."""

SUITE = "overhead"


def test_overhead(case, measured):
    measured(case)
