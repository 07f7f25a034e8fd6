"""From files to frames: nothing is lost on the way, nothing comes twice, and what is damaged is refused whole."""

import json
import math

import numpy as np
import pytest
import synthetic

from duel.record import SessionRecord, from_json, to_json
from ledger import frames
from ledger.ingest import Refused, ingest
from ledger.readers.run import Context

NIGHT = Context("2026-01-01T05:00:00+00:00", "abc", night="2026-01-01")


def _write(path, document):
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_the_rows_of_a_benchmark_come_back_as_they_were(store, tmp_path):
    rows = synthetic.rows()
    ingest(store, [_write(tmp_path / "bench.json", synthetic.document(rows, synthetic.environment(dirty=True)))])
    found = frames.results(store)
    assert len(found) == len(rows)
    for row in rows:
        mine = found[(found["suite"] == row.suite) & (found["case"] == row.case) & (found["subject"] == row.subject)]
        back = mine.iloc[0]
        for name in ("time", "quartile_low", "first_call", "flops", "byte_rate", "peak_bytes", "saved_bytes"):
            expected = getattr(row, name)
            np.testing.assert_equal(back[name], math.nan if expected is None else expected)
        for name in ("baseline", "failure", "detail", "reproduce", "verdict"):
            assert back[name] == getattr(row, name), name
        assert back["parameters"] == to_json(row.parameters)
        assert (
            tuple(back["flags"]) == row.flags and tuple(back["invalid"]) == row.invalid and back["units"] == row.units
        )
        if row.comparison:
            for name in ("ratio", "low", "high", "detectable"):
                np.testing.assert_equal(back[name], getattr(row.comparison, name))
        if row.roof:
            assert (back["roof"], back["roof_rate"], back["share"]) == (row.roof.kind, row.roof.rate, row.roof.share)
        samples = frames.samples(store).query("result == @mine.index[0]")
        assert samples["seconds"].tolist() == [time for process in row.times for time in process]
        assert samples["round"].tolist() == [place for process in row.times for place in range(len(process))]
    odd = found[found["case"].str.startswith("Odd")].iloc[0]
    assert math.isnan(odd["n"]) and odd["parameters"]["shape"] == [1, [2, None]] and odd["parameters"]["low"] == "nan"
    run = frames.runs(store).iloc[0]
    assert (run["night"], run["dirty"], run["cores"]) == ("2026-01-01", True, 2) and run["packages"][
        "torch"
    ] == "2.13.0"
    assert len(frames.scaling(store)) == 6 and frames.controls(store)["duels"].tolist() == [20, 10]


def test_every_kind_of_file_arrives_in_its_frame(store, tmp_path):
    assert [done.new for done in ingest(store, synthetic.everything(tmp_path), NIGHT)] == [True] * 9
    assert frames.arms(store)["cases"].sum() == 24
    causes = frames.causes(store)
    assert causes["held"].tolist() == [True, False, False] and causes["evidence"][0] == ["mpmath  2.0"]
    assert json.loads(causes["case"][0]) == {"op": "softmax", "seed": 1}
    assert set(frames.defects(store)["name"]) == {"exp/derivatives/oracle wrong/jvp and vjp differ", "trace-of-forward"}
    assert frames.missing(store)["name"].tolist() == ["cosh"]
    coverage = frames.coverage(store)
    assert len(coverage) == 9 and not coverage.query("op == 'exp' and property == 'errors'")["applies"].item()
    assert frames.mutants(store)["outcome"].tolist() == ["killed", "killed", "survived", "killed", "invisible"]
    sensitivity = frames.sensitivity(store)
    assert sensitivity[["error", "planted", "found"]].to_numpy().tolist() == [[1e-3, 2, 2], [1e-7, 1, 0]]
    assert frames.contrast(store)["found"].tolist() == [0, 2]
    assert frames.divergences(store)["ops"][0] == ["exp"]
    assert frames.waivers(store)["until"].tolist() == ["2026-02-01"]
    changes = frames.changes(store)
    assert changes["verdict"].tolist() == ["SLOWER", "UNDECIDED", "FAILED"] and math.isnan(changes["ratio"][2])
    losses = frames.losses(store)
    curve = losses.query("example == 'chargpt' and framework == 'ingot'")["loss"].to_numpy()
    assert len(losses) == 4 * 12 and math.isnan(curve[-1]) and np.isfinite(curve[:-1]).all()
    examples = frames.examples(store)
    assert examples["agrees"].tolist() == [True, True, False, False] and math.isinf(examples["difference"][2])


def test_an_empty_store_gives_frames_with_their_columns(store):
    for name in ("runs", "results", "samples", "causes", "coverage", "losses", "history", "waivers"):
        frame = getattr(frames, name)(store)
        assert frame.empty and len(frame.columns) >= 4, name


def test_a_file_that_is_there_changes_nothing(store, tmp_path):
    files = synthetic.everything(tmp_path)
    ingest(store, files, NIGHT)
    before = list(store.connection.iterdump())
    assert [done.new for done in ingest(store, files, NIGHT)] == [False] * len(files)
    assert [done.new for done in ingest(store, files)] == [False] * len(files)
    copy = _write(tmp_path / "copy of bench.json", (tmp_path / "bench.json").read_text())
    assert not ingest(store, [copy])[0].new
    assert list(store.connection.iterdump()) == before


def test_what_has_no_time_of_its_own_is_entered_once_a_night(store, tmp_path):
    """The same table of coverage belongs to two nights; the same benchmark ran only once."""
    files = synthetic.everything(tmp_path)
    ingest(store, files, NIGHT)
    later = Context("2026-01-02T05:00:00+00:00", "abd", night="2026-01-02")
    new = {done.kind: done.new for done in ingest(store, files, later)}
    assert new["coverage"] and new["divergences"] and new["waivers"] and new["examples"]
    assert not new["benchmarks"] and not new["campaign"]


def test_a_file_of_plain_pytest_benchmark_is_read_by_what_it_has(store, tmp_path):
    """An old file: rows with fewer keys than today's and no session; keys of tomorrow are passed over."""
    row = {"suite": "ops", "case": "add", "subject": "ingot", "baseline": "torch", "time": 1e-5, "unheard_of": [1]}
    old = synthetic.document([], synthetic.environment())
    del old["duel"]
    old["benchmarks"] = [{"name": "add", "extra_info": row}, {"name": "elsewhere", "extra_info": {}}]
    ingest(store, [_write(tmp_path / "old.json", old)])
    found = frames.results(store)
    assert found["time"].tolist() == [1e-5] and found["verdict"].tolist() == [""]
    run = frames.runs(store).iloc[0]
    assert (
        run["started"] == "2026-01-01T02:00:00+00:00"
        and run["processor"] == "Processor 9000"
        and math.isnan(run["load"])
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", "{", "Expecting"),
        ("x.json", '{"answer": 42}', "none of what the ledger reads"),
        ("x.json", '{"benchmarks": [{"extra_info": {}}], "machine_info": {}}', "no benchmark of this file carries a duel"),
        ("x.json", '{"kind": "assay campaign", "target": "ingot"}', "lacks"),
        ("x.toml", '[[waiver]]\ngate = "steps"\nrow = "*"\nuntil = "2026-01-01"\n', "has no reason, link"),
        ("x.toml", '[[waiver]]\ngate = "a"\nrow = "*"\nreason = "r"\nlink = "l"\nuntil = "never"\n', "isoformat"),
        ("x.json", "\xff", "none|decode|Expecting"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_refused_and_leaves_nothing(store, tmp_path, name, content, message):
    path = _write(tmp_path / name, content)
    with pytest.raises(Refused, match=message):
        ingest(store, [path])
    assert store.query("SELECT (SELECT count(*) FROM source) + (SELECT count(*) FROM run)")[0][0] == 0


def test_a_file_of_a_newer_bench_and_a_damaged_row_are_refused_whole(store, tmp_path):
    document = synthetic.document(synthetic.rows(), synthetic.environment())
    newer = json.loads(json.dumps(document))
    newer["duel"]["schema"] = 99
    with pytest.raises(Refused, match="newer"):
        ingest(store, [_write(tmp_path / "newer.json", newer)])
    damaged = json.loads(json.dumps(document))
    damaged["benchmarks"][-1]["extra_info"]["time"] = "soon"
    with pytest.raises(Refused, match="soon"):
        ingest(store, [_write(tmp_path / "damaged.json", damaged)])
    assert frames.runs(store).empty and frames.results(store).empty


def test_the_session_of_the_bench_is_the_one_that_is_read():
    """The contract with ``duel.record``: what it writes, it reads."""
    document = synthetic.document(synthetic.rows(), synthetic.environment())
    session = from_json(SessionRecord, json.loads(json.dumps(document["duel"])))
    assert to_json(session) == document["duel"]


def test_a_campaign_of_assay_is_written_as_it_is_read(store, tmp_path):
    """The document that ``ledger.campaign`` makes of a real campaign arrives in the frames."""
    pytest.importorskip("torch")
    from assay import targets
    from assay.campaign import Campaign, arms
    from assay.catalogue import everything
    from assay.properties import load
    from ledger.campaign import document

    found = Campaign(
        targets.load("ingot"), targets.load("torch"), arms([everything()["exp"]], [load("values")]), shrinking=0.0
    )
    found.run(most=2)
    text = json.dumps(document(found, 1.0, "2026-01-01T00:00:00+00:00", "abc", False))
    ingest(store, [_write(tmp_path / "campaign.json", text)])
    assert frames.arms(store)[["op", "property", "cases"]].to_numpy().tolist() == [["exp", "values", 2]]
