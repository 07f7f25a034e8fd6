"""The store survives kills and company, and knows its own kind."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import synthetic

from ledger import StoreError, frames, open_store
from ledger.ingest import ingest
from ledger.store import migrations

HERE = Path(__file__).parent

INGEST = """
import sys
sys.path[:0] = {paths!r}
from ledger import open_store
from ledger.ingest import ingest
print("ready", flush=True)
with open_store({store!r}) as store:
    for path in sys.argv[1:]:
        ingest(store, [path])
"""


def _child(store: Path, files, **traits) -> subprocess.Popen:
    """A process that enters files one by one."""
    paths = [each for each in sys.path if each]
    code = INGEST.format(paths=paths, store=str(store))
    return subprocess.Popen([sys.executable, "-c", code, *map(str, files)], stdout=subprocess.PIPE, text=True, **traits)


def _counts(store) -> dict[str, int]:
    tables = [row[0] for row in store.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: store.query(f"SELECT count(*) FROM {name}")[0][0] for name in tables}


def test_an_older_store_is_brought_up_with_what_it_holds(tmp_path):
    path = tmp_path / "ledger.sqlite"
    bench = tmp_path / "bench.json"
    bench.write_text(json.dumps(synthetic.document(synthetic.rows(), synthetic.environment())))
    with open_store(path, version=1) as old:
        assert old.version == 1
        assert ingest(old, [bench])[0].new
        before = _counts(old)
    with open_store(path) as new:
        assert new.version == len(migrations()) > 1
        after = _counts(new)
        assert {name: after[name] for name in before} == before
        assert len(frames.results(new)) == before["result"] and frames.causes(new).empty
        assert new.query("PRAGMA foreign_key_check") == []


def test_a_newer_store_and_a_foreign_file_are_refused_and_left_alone(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="schema 99"):
        open_store(path)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(StoreError, match="no ledger"):
        open_store(other)
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be taken for one" * 20)
    before = text.read_bytes()
    with pytest.raises(StoreError, match="no ledger"):
        open_store(text)
    assert text.read_bytes() == before


def test_foreign_keys_hold_and_a_removed_source_takes_its_rows_with_it(store, tmp_path):
    ingest(store, synthetic.everything(tmp_path))
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as connection:
        connection.execute("INSERT INTO sample (result_id, process, seconds) VALUES (99999, 0, x'00')")
    with store.transaction() as connection:
        connection.execute("DELETE FROM source")
    left = {name: count for name, count in _counts(store).items() if count}
    assert set(left) == {"machine", "environment", "bench_case"}


def test_a_transaction_that_fails_leaves_nothing(store):
    with pytest.raises(RuntimeError), store.transaction() as connection:
        connection.execute("INSERT INTO machine (processor, cores, platform) VALUES ('x', 1, 'y')")
        raise RuntimeError
    assert store.query("SELECT count(*) FROM machine")[0][0] == 0


def test_killed_at_random_moments_the_store_stays_whole(tmp_path):
    """Each killed ingest leaves every file wholly in or wholly out, and the next one goes on."""
    ratios = {f"case-{number}": np.full(6, 1.0 + number / 10) for number in range(40)}
    files = synthetic.nights(tmp_path, 6, ratios)
    path = tmp_path / "ledger.sqlite"
    moments = random.Random(5)
    killed = 0
    for _ in range(6):
        child = _child(path, files)
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.0, 0.25))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
        with open_store(path) as store:
            assert store.query("PRAGMA integrity_check")[0][0] == "ok"
            assert store.query("PRAGMA foreign_key_check") == []
            runs = store.query("SELECT count(*) FROM run")[0][0]
            assert len(frames.results(store)) == runs * 2 * len(ratios)
            assert len(frames.samples(store)) == runs * 2 * len(ratios) * 12
    assert killed
    with open_store(path) as store:
        ingest(store, files)
        assert len(frames.runs(store)) == len(files)
        assert len(frames.results(store)) == len(files) * 2 * len(ratios)


def test_two_processes_at_once_lose_and_double_nothing(tmp_path):
    """Both enter the same files, in opposite orders, into a store that neither has made."""
    files = synthetic.nights(tmp_path, 5, {f"case-{number}": np.ones(5) for number in range(10)})
    path = tmp_path / "ledger.sqlite"
    children = [_child(path, files), _child(path, files[::-1])]
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    with open_store(path) as store:
        assert len(frames.runs(store)) == 5
        assert len(frames.results(store)) == 5 * 20
        assert len(frames.pairs(store)) == 5 * 10 * 12
