"""What files the ledger takes in: one module a kind, each with ``KIND``, ``recognises(document)`` and ``read(document, run)``.

A document is what the file parses to: JSON values, TOML tables under the key they have in the file, or CSV rows as a list of dictionaries. ``read`` enters it through a ``Run``.
"""

from __future__ import annotations

from types import ModuleType

from . import benchmarks, campaign, changes, coverage, defects, divergences, examples, mutation, waivers

READERS: tuple[ModuleType, ...] = (
    benchmarks,
    campaign,
    coverage,
    mutation,
    divergences,
    defects,
    examples,
    changes,
    waivers,
)


def reader_of(document: object) -> ModuleType:
    """The module that reads a document. ValueError for a document of no known kind."""
    for reader in READERS:
        if reader.recognises(document):
            return reader
    raise ValueError(f"this is none of what the ledger reads: {', '.join(reader.KIND for reader in READERS)}")
