"""Failing cases, one JSON file each in a directory: what is checked first next time.

Files are written to a temporary name and renamed, so that a process that is killed leaves a whole file or none. A file that cannot be read is moved to ``corrupt/`` and
named in ``problems``; a disk that is full costs the entry, not the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .cases import Case, from_json, to_json
from .judge import Verdict

DEFAULT = Path(".assay") / "corpus"


@dataclass(frozen=True)
class Entry:
    """A case, the property that it failed, and what was found when it was entered."""

    property: str
    case: Case
    finding: str
    what: str
    path: Path


class Corpus:
    """The failing cases of a directory, which need not exist yet."""

    def __init__(self, directory: Path | str = DEFAULT):
        self.directory = Path(directory)
        self.problems: list[str] = []

    def path(self, property: str, case: Case) -> Path:
        """Where a case is kept: its name says op, property and what case it is."""
        return self.directory / f"{case.op.replace('.', '_')}-{property}-{case.id}.json"

    def add(self, property: str, verdict: Verdict) -> Path | None:
        """Keep the case of a verdict. None, and a problem noted, where the disk does not take it."""
        document = {
            "property": property,
            "target": verdict.target,
            "oracle": verdict.oracle,
            "finding": verdict.finding.value,
            "what": verdict.what,
            "case": json.loads(to_json(verdict.case)),
        }
        path = self.path(property, verdict.case)
        try:
            write_atomically(path, json.dumps(document, indent=1) + "\n")
        except OSError as error:
            self.problems.append(f"{path.name} could not be kept: {error}")
            return None
        return path

    def entries(self) -> Iterator[Entry]:
        """All entries, in the order of their names; what cannot be read is set aside."""
        for path in sorted(self.directory.glob("*.json")):
            try:
                document = json.loads(path.read_text())
                case = from_json(json.dumps(document["case"]))
                yield Entry(document["property"], case, document["finding"], document["what"], path)
            except (ValueError, KeyError, TypeError, OSError) as error:
                self._set_aside(path, error)

    def remove(self, path: Path) -> None:
        """Forget an entry."""
        path.unlink(missing_ok=True)

    def _set_aside(self, path: Path, error: Exception) -> None:
        place = self.directory / "corrupt"
        with contextlib.suppress(OSError):
            place.mkdir(exist_ok=True)
            path.rename(place / path.name)
        self.problems.append(f"{path.name} is no entry ({error}); it was moved to {place}")


def write_atomically(path: Path, text: str) -> None:
    """The whole text or nothing at ``path``; its directory is made. OSError where the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=".part")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
