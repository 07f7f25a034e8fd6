"""The measuring engine: who is faster, by how much, and can it be believed.

    import duel
    print(duel.duel({"numpy": lambda: np.exp(x), "ingot": lambda: ingot.exp(t)}))

``statistics`` turns paired rounds into verdicts, ``engine`` times subjects against each other, ``health`` examines them, ``suites`` are the
cases, ``record`` is the format of the results, ``bridge`` hands them to pytest-benchmark. docs/measuring.md tells the whole story.
"""

from .api import Duel, duel
from .block import Contender
from .plan import PROFILES, Plan, Profile
from .record import SessionRecord, SubjectRecord, from_json, to_json
from .statistics import Paired, Verdict, compare

__all__ = [
    "PROFILES", "Contender", "Duel", "Paired", "Plan", "Profile", "SessionRecord", "SubjectRecord", "Verdict", "compare", "duel", "from_json", "to_json",
]  # fmt: skip
