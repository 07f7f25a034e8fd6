"""A run under Dask: two workers, one of them killed midway, lose nothing."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from assay import targets
from assay.campaign import Campaign, arms
from assay.campaign.cluster import Cluster
from assay.campaign.sharded import Sharded
from assay.catalogue import load
from assay.properties import load as load_property

distributed = pytest.importorskip("distributed")
HERE = Path(__file__).parent
NAME = "misbehaving:Slow"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Dask's own, at shutdown
def test_a_lost_worker_loses_nothing(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *sys.path]))
    chosen = arms([load()[name] for name in ("sin", "cos", "exp")], [load_property("values")])
    pair = targets.load(NAME), targets.load("torch")
    alone = Campaign(*pair, chosen, shrinking=0.0)
    alone.run(most=150)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        workers = Cluster(cluster.scheduler_address, NAME, "torch")
        run = Sharded(*pair, chosen, shrinking=0.0, workers=workers)

        def kill() -> None:
            while not run.cases:
                time.sleep(0.05)
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        run.run(most=150)
        killer.join()
        workers.close()
    assert {name: tally.cases for name, tally in run.tallies.items()} == dict.fromkeys(run.tallies, 150)
    assert {key: each.count for key, each in run.failures.items()} == {
        key: each.count for key, each in alone.failures.items()
    }
