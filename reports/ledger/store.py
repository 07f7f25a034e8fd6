"""The store: one SQLite file with a versioned schema, whole after a kill at any moment, open to several processes at once.

The numbered ``*.sql`` files beside this module are the schema: number n takes a store from version n - 1 to n. A store that is older is brought up when it is
opened; one that is newer is refused. Writing is done in transactions that take the write lock at their start, so that two processes wait for each other instead of failing.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

APPLICATION = 0x1ED6E2
"""SQLite's ``application_id``, by which a file is known to be a ledger."""

PATIENCE = 60.0
"""Seconds that a process waits for another one's transaction."""


class StoreError(Exception):
    """The file is no ledger, or one that this version cannot read."""


class Store:
    """A connection to a ledger. ``with store:`` closes it at the end."""

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self.path, self.connection = path, connection

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a closed store refuses everything."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything done in the body is kept, or nothing of it: where the body raises, or the process dies."""
        with _transaction(self.connection) as connection:
            yield connection

    def query(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """The rows of a SELECT."""
        return self.connection.execute(sql, parameters).fetchall()

    @property
    def version(self) -> int:
        """The schema's."""
        return _pragma(self.connection, "user_version")


def open_store(path: Path | str, *, version: int | None = None) -> Store:
    """The ledger at ``path``, made where there is none and brought to ``version`` (the newest, unless a test wants an older one).

    StoreError for a file that is no ledger, or a newer one than this code knows.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        _prepare(connection, path, len(migrations()) if version is None else version)
    except BaseException:
        connection.close()
        raise
    return Store(path, connection)


def _prepare(connection: sqlite3.Connection, path: Path, version: int) -> None:
    try:
        known, found = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is no ledger: {error}") from error
    if known != APPLICATION and not empty:
        raise StoreError(f"{path} is an SQLite file, but no ledger; give the path of another one, or of none")
    if found > len(migrations()):
        raise StoreError(f"{path} has schema {found}, and this version knows {len(migrations())}: update the ledger")
    _write_ahead(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    if known == APPLICATION and found >= version:
        return
    with _transaction(connection):
        # Another process may have done it while this one waited for the lock.
        for number in range(_pragma(connection, "user_version"), version):
            for statement in _statements(migrations()[number].read_text()):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@cache
def migrations() -> tuple[Path, ...]:
    """The files that make the schema, in their order."""
    return tuple(sorted(Path(__file__).parent.glob("[0-9]*.sql")))


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log: SQLite does not wait for others here, so this does."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: ``executescript`` would end the transaction."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
