"""Chunks checked by the workers of a Dask scheduler. A worker that is lost takes nothing with it: what it had in hand goes to another.

Inside each Dask worker a child process does the checking, as on one machine, so that a case that kills its process does not kill the worker.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from ..cases import Case, from_json, to_json
from ..catalogue import everything
from ..properties import load
from .chunk import Chunk, Job
from .isolated import Isolated
from .plan import Arm

_children: dict[tuple[str, str], Isolated] = {}
"""The child of this process (one thread in a worker checks), by target and oracle."""

RETRIES = 10
"""Workers that may be lost with one chunk in hand before it is given up."""


def check(target: str, oracle: str, job: dict[str, Any], case: str | None) -> dict[str, Any]:
    """What a job comes to, in a Dask worker: plain data in and out."""
    child = _children.get((target, oracle))
    if child is None:
        child = _children[target, oracle] = Isolated(target, oracle)
    wanted = Job.of(job)
    op, _, property = wanted.arm.rpartition("/")
    arm = Arm(everything()[op], load(property))
    return child.check(arm, wanted, None if case is None else from_json(case)).data()


class Cluster:
    """The workers of the scheduler at ``address`` ("tcp://host:8786"). Each should have one thread: ``dask worker ADDRESS --nthreads 1``."""

    def __init__(self, address: str, target: str, oracle: str):
        from distributed import Client

        self._client = Client(address, set_as_default=False)
        self._names = target, oracle

    @property
    def size(self) -> int:
        """As many chunks as the cluster has threads now; at least one, which waits where all workers are gone."""
        return max(sum(self._client.nthreads().values()), 1)

    def submit(self, arm: Arm, job: Job, case: Case | None = None) -> Future[Chunk]:
        text = None if case is None else to_json(case)
        far = self._client.submit(check, *self._names, job.data(), text, pure=False, retries=RETRIES)
        near: Future[Chunk] = Future()
        near.far = far  # type: ignore[attr-defined]  # kept alive: the scheduler forgets what nobody holds

        def arrived(done: Any) -> None:
            try:
                near.set_result(Chunk.of(done.result()))
            except BaseException as error:
                near.set_exception(error)

        far.add_done_callback(arrived)
        return near

    def wait(self, futures: set[Future[Chunk]], seconds: float) -> set[Future[Chunk]]:
        from concurrent.futures import FIRST_COMPLETED, wait

        return wait(futures, timeout=seconds, return_when=FIRST_COMPLETED).done

    def close(self) -> None:
        self._client.close()
