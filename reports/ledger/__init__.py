"""The ledger: one SQLite file that remembers every run of the fuzzing and of the bench, and the pages made from it.

    from ledger import frames, open_store
    store = open_store("build/nightly/ledger.sqlite")
    frames.results(store).query("subject == 'ingot' and verdict == 'SLOWER'")

``ingest`` takes files in, ``frames`` gives tidy pandas frames out, ``changes`` finds steps in history, ``gates`` say what makes a night bad, ``report`` writes it
all down for people and machines. The command is ``ledger``.
"""

from .store import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
