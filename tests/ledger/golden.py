"""The report of the made-up night, as it is kept in ``golden/``: ``python tests/ledger/golden.py`` writes it anew after a change that is meant."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "reports"), str(HERE)]

import numpy as np  # noqa: E402
import synthetic  # noqa: E402

from ledger import open_store  # noqa: E402
from ledger.ingest import ingest  # noqa: E402
from ledger.night import Night  # noqa: E402
from ledger.readers.run import Context  # noqa: E402
from ledger.report import summarise  # noqa: E402
from ledger.report.write import write  # noqa: E402

KEPT = ("index.html", "summary.md", "junit.xml", "badge.svg")


def fill(store, folder: Path) -> Night:
    """Twenty nights of a row that got slower, and on the last of them a file of every kind."""
    ratios = np.array([1.3, 1.31, 1.29, 1.3, 1.32] * 2 + [1.6, 1.61, 1.59, 1.62, 1.6] * 2)
    ingest(store, synthetic.nights(folder, 20, {"add": ratios, "exp": np.ones(20)}))
    context = Context("2026-01-21T05:00:00+00:00", "abc", night="2026-01-21")
    ingest(store, synthetic.everything(folder, "2026-01-21"), context)
    return Night(store, "2026-01-21")


def make(folder: Path) -> None:
    """Fill a store and write its report into ``folder``."""
    with tempfile.TemporaryDirectory() as files, open_store(Path(files) / "ledger.sqlite") as store:
        write(summarise(fill(store, Path(files))), folder)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            make(Path(made))
            for name in KEPT:
                (HERE / "golden").mkdir(exist_ok=True)
                (HERE / "golden" / name).write_bytes((Path(made) / name).read_bytes())
