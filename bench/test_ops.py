"""Single ops: the cases of ``duel.suites.ops``."""

SUITE = "ops"


def test_ops(case, measured):
    measured(case)
