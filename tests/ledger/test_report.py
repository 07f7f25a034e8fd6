"""The report: the page byte for byte, its parts for machines, and what it must never do."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import golden
import pytest

from ledger import open_store
from ledger.cli import main
from ledger.ingest import ingest
from ledger.performance import performance
from ledger.report import markdown as markdown_module
from ledger.report import summarise
from ledger.report.machine import junit
from ledger.report.markdown import LARGEST, markdown, table
from ledger.report.page import LARGEST as LARGEST_PAGE

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """The made-up night in a store."""
    folder = tmp_path_factory.mktemp("night")
    with open_store(folder / "ledger.sqlite") as store:
        yield golden.fill(store, folder)


@pytest.fixture(scope="module")
def summary(night):
    return summarise(night)


@pytest.fixture(scope="module")
def report(summary, tmp_path_factory):
    """A folder with its report."""
    folder = tmp_path_factory.mktemp("report")
    golden.write(summary, folder)
    return folder


@pytest.mark.parametrize("name", golden.KEPT)
def test_the_report_is_the_one_that_is_kept(report, name):
    """Look at a change in a browser, then write it down: ``python tests/ledger/golden.py``."""
    assert (report / name).read_bytes() == (HERE / "golden" / name).read_bytes()


def test_the_same_store_gives_the_same_bytes_in_another_process(report, tmp_path):
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    subprocess.run([sys.executable, golden.__file__, str(tmp_path)], check=True, env=environment, timeout=100)
    for path in report.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


class _Page(HTMLParser):
    """Collects what a page refers to, its ids, and whether its tags are closed."""

    def __init__(self):
        super().__init__()
        self.links, self.ids, self.open, self.labels, self.broken = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [(tag, given[key]) for key in ("href", "src", "data", "action", "xlink:href") if key in given]
        self.ids += [given["id"]] if "id" in given else []
        self.labels += [given.get("aria-label")] * (tag == "svg" and given.get("role") == "img")
        if tag not in ("meta", "link", "input", "br", "hr", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.broken.append(tag)


def test_the_page_stands_alone_and_is_whole(report):
    text = (report / "index.html").read_text()
    page = _Page()
    page.feed(text)
    assert page.broken == [] and page.open == []
    assert len(text.encode()) < LARGEST_PAGE
    # Nothing is fetched: no link but into the page, to evidence that people follow, and the empty icon.
    assert all(tag == "a" or target == "data:," for tag, target in page.links)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|<script[^>]+src", text)
    anchors = [target[1:] for _, target in page.links if target.startswith("#")]
    assert anchors and set(anchors) <= set(page.ids) and len(page.ids) == len(set(page.ids))
    assert page.labels and all(page.labels)
    # A figure that is not known is a dash, never "nan"; two sentences of the made-up night speak of NaN themselves.
    assert not re.search(r"\bnan\b", text.replace("exp-of-nan", ""))


def test_the_page_has_its_parts_in_their_order(report):
    text = (report / "index.html").read_text()
    parts = [
        "verdict",
        "regressions",
        "scoreboard",
        "heat",
        "roofline",
        "scaling",
        "programs",
        "coverage",
        "oracle",
        "health",
        "skips",
        "rows",
        "runs",
    ]
    places = [text.index(f'class="{parts[0]} ')] + [text.index(f'id="{name}"') for name in parts[1:]]
    assert places == sorted(places)
    for words in (
        "Roofline, float32",
        "level at",
        "digits, float32",
        "Sensitivity of the comparison",
        "bench compare",
        "ingot has no op",
        "overflows",
    ):
        assert words in text, words


def test_what_files_say_is_shown_and_not_executed(report):
    """The odd case has quotes, an ampersand and a tag in its name."""
    text = (report / "index.html").read_text()
    assert "Odd[é/" in text and "<&]" not in text and "&lt;&amp;]" in text


def test_no_row_is_left_out(report, night):
    text = (report / "index.html").read_text()
    assert f"{len(night.results)} rows, none left out" in text
    rows = list(csv.DictReader(io.StringIO((report / "rows.csv").read_text())))
    assert len(rows) == len(night.results)
    document = performance(night)
    for row in night.results[night.results["subject"] != "torch"].itertuples():
        assert row.case.split("[")[0] in document, row.case


def test_json_is_strict_and_says_what_the_page_says(report, summary):
    found = json.loads((report / "report.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert found["passes"] is summary.passes is False and found["sentences"][0] == summary.sentence
    gates = {gate["name"]: gate for gate in found["gates"]}
    assert gates["steps"]["state"] == "fails" and gates["examples"]["state"] == "waived"
    assert gates["steps"]["rows"][0]["row"] == "overhead/add" and "2026-01-11" in gates["steps"]["rows"][0]["what"]
    assert {"suite", "case", "ratio", "reproduce"} <= found["rows"][0].keys()


def test_junit_has_a_test_for_each_row_of_a_gate(summary):
    suites = ElementTree.fromstring(junit(summary))
    assert (
        int(suites.get("tests")) == sum(len(gate.rows) for gate in summary.gates) == len(list(suites.iter("testcase")))
    )
    assert (
        int(suites.get("failures"))
        == sum(len(gate.failing) for gate in summary.gates)
        == len(list(suites.iter("failure")))
    )
    assert len(list(suites.iter("skipped"))) == 1


def test_the_summary_stays_small_however_much_fails(summary, monkeypatch):
    assert len(markdown(summary).encode()) < LARGEST
    monkeypatch.setattr(markdown_module, "LARGEST", 1000)
    assert len(markdown(summary)) < len(markdown_module._worst(summary)) * 400 + 8000
    assert (
        table(("a",), [("x|y\nz" + "`" + "w" * 900,)])[2].startswith("| x\\|y z`w")
        and len(table(("a",), [("w" * 900,)])[2]) < 410
    )


def test_a_store_with_nothing_but_a_campaign_has_a_page(store, tmp_path):
    (tmp_path / "campaign.json").write_text(json.dumps(golden.synthetic.campaign()))
    ingest(store, [tmp_path / "campaign.json"])
    page = golden.write(summarise(golden.Night(store, "2026-01-01")), tmp_path / "out")
    assert "No benchmarks in this night." in page.read_text()


def test_the_command_reports_and_judges_by_its_exit_status(tmp_path, capsys):
    ledger = str(tmp_path / "ledger.sqlite")
    files = golden.synthetic.everything(tmp_path)
    assert main(["ingest", *map(str, files), "--ledger", ledger, "--night", "2026-01-01"]) == 0
    assert main(["ingest", str(files[0]), "--ledger", ledger]) == 0
    assert "there already" in capsys.readouterr().out
    assert main(["report", "--ledger", ledger, "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("index.html") and "gates fail" in told[1] and len(told) <= 10
    assert main(["nights", "--ledger", ledger]) == 0 and capsys.readouterr().out.startswith("2026-01-01")
    assert main(["frame", "mutants", "--ledger", ledger]) == 0 and "gradient's sign in exp" in capsys.readouterr().out
    assert main(["performance", "--ledger", ledger, "--out", str(tmp_path / "performance.md")]) == 0
    assert "The ten slowest rows" in (tmp_path / "performance.md").read_text()
    capsys.readouterr()
    for misuse in (["report", "--night", "never"], ["frame", "pandas"], ["ingest", str(tmp_path / "nothing.json")]):
        assert main([*misuse, "--ledger", ledger]) == 2
        assert capsys.readouterr().err.startswith("ledger: ")
    assert main(["report", "--ledger", str(tmp_path / "none.sqlite")]) == 2
