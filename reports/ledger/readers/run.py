"""One run as it is entered: where its rows go, and what is known about when and where it ran."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Context:
    """What is known about a run. ``night`` "": the day it started."""

    started: str
    commit: str = ""
    dirty: bool = False
    night: str = ""
    profile: str = ""
    load: float | None = None
    machine: tuple[str, int, str] | None = None  # processor, cores, platform
    environment: tuple[str, int, Mapping[str, str]] | None = None  # python, threads, packages

    @property
    def label(self) -> str:
        return self.night or self.started[:10]


class Run:
    """Enters one document. ``begin`` makes the row of the run; the readers then insert what belongs to it."""

    def __init__(self, connection: sqlite3.Connection, kind: str, source: int, context: Context):
        self.connection, self.kind, self.source, self.context = connection, kind, source, context
        self.id = 0

    def begin(self, **known: Any) -> None:
        """Make the row of the run; ``known`` is what the document itself tells, and counts more than the context."""
        self.context = context = replace(self.context, **known)
        self.id = self.insert(
            "run",
            source_id=self.source,
            kind=self.kind,
            night=context.label,
            started=context.started,
            commit_id=context.commit,
            dirty=context.dirty,
            profile=context.profile,
            load=context.load,
            machine_id=self._shared("machine", ("processor", "cores", "platform"), context.machine),
            environment_id=self._shared(
                "environment",
                ("python", "threads", "packages"),
                context.environment and (*context.environment[:2], as_json(context.environment[2])),
            ),
        )

    def insert(self, table: str, **values: Any) -> int:
        """Insert a row; the id it got. Doubtful names never come from a document, so they may stand in the statement."""
        names = ", ".join(f'"{name}"' for name in values)
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values())
        )
        return cursor.lastrowid or 0

    def _shared(self, table: str, names: tuple[str, ...], values: tuple | None) -> int | None:
        """The id of a row that several runs share, made where there is none."""
        if values is None:
            return None
        return self.find_or_insert(table, dict(zip(names, values, strict=True)))

    def find_or_insert(self, table: str, values: Mapping[str, Any]) -> int:
        """The id of the row with these values, made where there is none."""
        condition = " AND ".join(f'"{name}" = ?' for name in values)
        row = self.connection.execute(f"SELECT id FROM {table} WHERE {condition}", list(values.values())).fetchone()
        return row[0] if row else self.insert(table, **values)


def as_json(value: Any) -> str:
    """The text of a JSON value, the same for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def floats(values: Iterable[float]) -> bytes:
    """Numbers as the blob that the store keeps."""
    return np.fromiter(values, "<f8").tobytes()


def number(value: Any) -> float | None:
    """A JSON number or "nan", "inf", "-inf" as a float; None for what is missing."""
    return None if value is None else float(value)
