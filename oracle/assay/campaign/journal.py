"""The journal of a run: one line for every chunk, on the disk before the next one is handed out. What is in it is never checked again, what is not was never counted.

A line is a checksum and a JSON document. A process that is killed leaves at most one line unfinished; it is cut off when the journal is opened again. A disk that is full costs
no run: chunks wait in memory until it takes them.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .chunk import Chunk

FORMAT = 1


class OtherRun(LookupError):
    """The journal belongs to a run with other settings."""


class Journal:
    """The journal at ``path``, which need not exist yet. ``settings`` name the run: target, oracle, seed and the like must be those that it was begun with.

    ``chunks`` yields what it holds, ``elapsed`` is the time that it took; ``problems`` lists what the disk refused.
    """

    def __init__(self, path: Path | str, settings: dict[str, Any]):
        self.path = Path(path)
        self.settings = settings | {"format": FORMAT}
        self.problems: list[str] = []
        self.elapsed = 0.0
        self._waiting: list[bytes] = []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        self._end, self._held = self._read()
        if self._held:
            begun = self._held[0].get("settings", {})
            changed = sorted(key for key in {*begun, *self.settings} if begun.get(key) != self.settings.get(key))
            if changed:
                listed = ", ".join(f"{key} {begun.get(key)!r} not {self.settings.get(key)!r}" for key in changed)
                raise OtherRun(f"{self.path} is the journal of another run: {listed}; name another file or remove it")
            self.elapsed = max([0.0, *(float(line.get("elapsed", 0.0)) for line in self._held)])
        else:
            self._append({"settings": self.settings})

    def _read(self) -> tuple[int, list[dict[str, Any]]]:
        """Where the whole lines end, and the documents that they hold."""
        end, documents = 0, []
        with os.fdopen(os.dup(self._file), "rb") as file:
            for line in file:
                document = _document(line)
                if document is None:
                    break
                documents.append(document)
                end += len(line)
        return end, documents

    def chunks(self) -> Iterator[Chunk]:
        """The chunks that the journal held when it was opened, in their order."""
        for document in self._held:
            if "chunk" in document:
                yield Chunk.of(document["chunk"])

    def add(self, chunk: Chunk, elapsed: float) -> None:
        """Enter a chunk, ``elapsed`` seconds into the run."""
        self._append({"chunk": chunk.data(), "elapsed": round(elapsed, 3)})

    def _append(self, document: dict[str, Any]) -> None:
        text = json.dumps(document, separators=(",", ":")).encode()
        self._waiting.append(b"%08x %s\n" % (zlib.crc32(text), text))
        self.flush()

    def flush(self) -> None:
        """Write what waits. Where the disk refuses, it goes on waiting and the reason is noted once."""
        block = b"".join(self._waiting)
        try:
            # At the end of the last whole line, so that half a line of an attempt that failed is written over.
            written = 0
            while written < len(block):
                written += os.pwrite(self._file, block[written:], self._end + written)
            os.ftruncate(self._file, self._end + len(block))
            os.fsync(self._file)
        except OSError as error:
            problem = f"{self.path} could not be written: {error}"
            if problem not in self.problems:
                self.problems.append(problem)
            return
        self._end += len(block)
        self._waiting.clear()

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._waiting:
            self.flush()
        os.close(self._file)


def _document(line: bytes) -> dict[str, Any] | None:
    """What a line holds, None for one that is not whole."""
    sum_, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or sum_ != b"%08x" % zlib.crc32(text):
        return None
    return json.loads(text)
