"""Writes all forms of a report into a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .machine import as_json, badge, gates_csv, history_csv, junit, rows_csv
from .markdown import markdown
from .page import LARGEST, page
from .summary import Summary

FILES: dict[str, Callable[[Summary], str]] = {
    "index.html": page,
    "summary.md": markdown,
    "report.json": as_json,
    "junit.xml": junit,
    "rows.csv": rows_csv,
    "gates.csv": gates_csv,
    "history.csv": history_csv,
    "badge.svg": badge,
}


class TooLarge(Exception):
    """The page would be larger than a reader's machine should have to take."""


def write(summary: Summary, folder: Path) -> Path:
    """Every file of ``FILES``, each whole or as it was before; the path of the page. TooLarge for a page above its limit."""
    made = {name: make(summary) for name, make in FILES.items()}
    size = len(made["index.html"].encode())
    if size > LARGEST:
        raise TooLarge(f"the page has {size} bytes, at most {LARGEST} are allowed")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        part = folder / f".{name}.{os.getpid()}.part"
        part.write_text(text)
        part.replace(folder / name)
    return folder / "index.html"
