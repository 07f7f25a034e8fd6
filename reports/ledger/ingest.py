"""Takes files in: one transaction a file, and a file that is there already changes nothing.

A file is known by the SHA-256 of its bytes. What carries no time of its own (a table of coverage, the registry) may be the same on two nights: it is entered once a night.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .readers import benchmarks, reader_of
from .readers.run import Context, Run
from .store import Store


class Refused(ValueError):
    """A file that the ledger does not take, with the reason."""


@dataclass(frozen=True)
class Ingested:
    """What became of a file. ``new``: whether it was entered, or was there already."""

    path: Path
    kind: str
    new: bool


def ingest(store: Store, paths: Iterable[Path | str], context: Context | None = None) -> list[Ingested]:
    """Enter files. ``context``: the night, time and commit of those that do not say; else the file's own time, and no commit.

    Refused for the first file that is none of what ``readers`` knows or is damaged; the ones before it are kept, of itself nothing is.

    >>> ingest(store, ["build/nightly/bench.json"])[0].new
    True
    """
    return [_ingest(store, Path(path), context) for path in paths]


def _ingest(store: Store, path: Path, context: Context | None) -> Ingested:
    try:
        content = path.read_bytes()
        document = parse(path.name, content)
        reader = reader_of(document)
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: {error}") from error
    context = context or Context(modified(path))
    digest = hashlib.sha256(content).hexdigest()
    # Of a file that says when it ran, there is one entry; and a file given without a night is taken for the entry that it has.
    timed = reader is benchmarks or (isinstance(document, dict) and "started" in document)
    alone = timed or not context.night
    with store.transaction() as connection:
        known = connection.execute(
            "SELECT 1 FROM source WHERE sha256 = ?" + ("" if alone else " AND night = ?"),
            (digest,) if alone else (digest, context.label),
        ).fetchone()
        if known:
            return Ingested(path, reader.KIND, False)
        source = connection.execute(
            "INSERT INTO source (sha256, night, kind, name) VALUES (?, ?, ?, ?)",
            (digest, context.label, reader.KIND, path.name),
        ).lastrowid
        try:
            reader.read(document, Run(connection, reader.KIND, source or 0, context))
        except (KeyError, TypeError, ValueError, AttributeError, sqlite3.IntegrityError) as error:
            what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise Refused(f"{path}, taken for {reader.KIND}, {what}") from error
    return Ingested(path, reader.KIND, True)


def parse(name: str, content: bytes) -> Any:
    """A file's content as JSON values, TOML tables or CSV rows, by the end of its name. ValueError for what is none."""
    text = content.decode()
    if name.endswith(".toml"):
        return tomllib.loads(text)
    if name.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(text)))
    return json.loads(text)


def here(night: str = "", root: Path | None = None) -> Context:
    """The context of what runs now in the checkout at ``root`` (the working directory)."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    commit = _git(root, "rev-parse", "HEAD")
    return replace(Context(now), night=night, commit=commit, dirty=bool(_git(root, "status", "--porcelain", "-uno")))


def _git(root: Path | None, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def modified(path: Path) -> str:
    """When a file was last written."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
