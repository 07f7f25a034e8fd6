"""Loading in worker processes.

Each worker has a queue of tasks and a pipe for its results, so that one that is killed in the middle of a message can neither block nor garble the others, and its
death is seen at once: the main process waits on pipes and process sentinels together. Task n goes to the workers in turn; at most ``prefetch_factor`` per worker are
under way; results are put back in order. The sequence of draws from the sampler is PyTorch's, so that a loader with workers sees the order of one without.
"""

from __future__ import annotations

import itertools
import os
import time
import weakref
from multiprocessing import connection
from typing import Any

from .worker import POLL_SECONDS, End, Failure, Plan, Resumed, receive, run

_WAITING = object()


class WorkerPool:
    """The worker processes of one iterator, with their queues and pipes."""

    def __init__(self, context: Any, plan: Plan):
        self.owner = os.getpid()
        self.done = context.Event()
        self.processes: list[Any] = []
        self.tasks: list[Any] = []
        self.results: list[Any] = []
        try:
            for worker in range(plan.num_workers):
                tasks = context.Queue()
                tasks.cancel_join_thread()
                reader, writer = context.Pipe(duplex=False)
                process = context.Process(target=run, args=(plan, worker, tasks, writer, self.done), daemon=True)
                process.start()
                writer.close()
                self.processes.append(process)
                self.tasks.append(tasks)
                self.results.append(reader)
        except BaseException:
            self.close()
            raise

    def receive(self, timeout: float) -> tuple[int, Any]:
        """(worker, message) of whichever worker answers first.

        RuntimeError after ``timeout`` seconds (0: never), and where a worker is gone without having been asked to go.
        """
        readers = {reader: worker for worker, reader in enumerate(self.results)}
        ready = connection.wait(list(readers), timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
        worker = readers[ready[0]]
        try:
            return worker, receive(self.results[worker])
        except (EOFError, ConnectionError):
            # The pipe has no writer any more: the process has ended.
            process = self.processes[worker]
            process.join(POLL_SECONDS)
            raise RuntimeError(
                f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly with exit code {process.exitcode}"
            ) from None

    def close(self) -> None:
        """End all workers: ask, read what they are still sending, and terminate those that do not listen within seconds."""
        if os.getpid() != self.owner:
            return  # a forked copy of the iterator; the workers are not its own
        self.done.set()
        for tasks in self.tasks:
            tasks.put(None)
        deadline = time.monotonic() + POLL_SECONDS
        alive = dict(zip(self.processes, self.results, strict=True))
        while alive and (left := deadline - time.monotonic()) > 0:
            waited = connection.wait([process.sentinel for process in alive] + list(alive.values()), left)
            for process, reader in list(alive.items()):
                if process.sentinel in waited:
                    del alive[process]
                elif reader in waited:
                    try:
                        reader.recv_bytes()
                    except (EOFError, OSError):
                        process.join(max(left, 0))
        for process in self.processes:
            if process.is_alive():
                process.terminate()
            process.join()
        for tasks, reader in zip(self.tasks, self.results, strict=True):
            tasks.close()
            reader.close()


class Schedule:
    """Which task is with which worker, and which results wait for their turn."""

    def __init__(self, workers: int, prefetch: int, in_order: bool):
        self.in_order = in_order
        self.capacity = prefetch * workers
        self.active = [True] * workers  # workers whose stream has not ended
        self.load = [0] * workers
        self.turn = itertools.cycle(range(workers))
        self.sent = 0  # number of the next task to send
        self.wanted = 0  # number of the next result to hand out
        self.tasks: dict[int, tuple[int, Any]] = {}  # number -> (worker, result or _WAITING)

    def next_worker(self) -> int | None:
        """Whose turn it is; None where no worker can take more."""
        for _ in self.active:
            worker = next(self.turn)
            share = self.capacity // max(sum(self.active), 1)
            if self.active[worker] and (self.in_order or self.load[worker] < share):
                return worker
        return None

    def wanted_is_lost(self) -> bool:
        """Whether the wanted result has been handed out already, or was never to come: its worker's stream has ended."""
        task = self.tasks.get(self.wanted)
        if task is None:
            return True
        worker, result = task
        if result is _WAITING and not self.active[worker]:
            del self.tasks[self.wanted]
            return True
        return False


class MultiProcessing:
    """The batches of one epoch (with persistent workers, of one after another), fetched by worker processes."""

    def __init__(self, context: Any, plan: Plan, indices: Any, timeout: float, prefetch: int, in_order: bool):
        self.plan = plan
        self.timeout = timeout
        self.prefetch = prefetch
        self.in_order = in_order
        self.pool = WorkerPool(context, plan)
        # Not __del__: in a cycle of garbage (an exception's traceback makes one) that may run after the pool's queues have been finalized. This keeps them whole.
        self.close = weakref.finalize(self, self.pool.close)
        self._begin(indices)

    def _begin(self, indices: Any) -> None:
        self.indices = indices
        self.schedule = Schedule(self.plan.num_workers, self.prefetch, self.in_order)
        for _ in range(self.schedule.capacity):
            self._send_task()

    def restart(self, indices: Any) -> None:
        """Begin another epoch with the same workers; what they are still busy with is dropped."""
        if not self.close.alive:
            raise RuntimeError("the DataLoader's worker processes have ended; make a new iterator")
        for tasks in self.pool.tasks:
            tasks.put(Resumed())
        resumed = 0
        while resumed < self.plan.num_workers:
            _, (number, _) = self._receive()
            resumed += isinstance(number, Resumed)
        self._begin(indices)

    def _receive(self) -> tuple[int, Any]:
        try:
            return self.pool.receive(self.timeout)
        except BaseException:
            self.close()
            raise

    def _send_task(self) -> None:
        schedule = self.schedule
        try:
            index = next(self.indices)
        except StopIteration:
            return
        worker = schedule.next_worker()
        if worker is None:
            return
        self.pool.tasks[worker].put((schedule.sent, index))
        schedule.tasks[schedule.sent] = worker, _WAITING
        schedule.load[worker] += 1
        schedule.sent += 1

    def next(self, keep_workers: bool) -> Any:
        """The next batch. StopIteration at the end, where workers are ended too unless kept; a worker's exception is raised here."""
        schedule = self.schedule
        if not self.close.alive:
            raise StopIteration
        while True:
            while schedule.wanted < schedule.sent and schedule.wanted_is_lost():
                schedule.wanted += 1
            if schedule.wanted == schedule.sent:
                if not keep_workers:
                    self.close()
                raise StopIteration
            if schedule.tasks[schedule.wanted][1] is not _WAITING:
                worker, result = schedule.tasks.pop(schedule.wanted)
                return self._hand_out(worker, result)
            worker, (number, result) = self._receive()
            if isinstance(result, End):
                schedule.active[worker] = False
                self._send_task()
            elif number == schedule.wanted or not self.in_order:
                del schedule.tasks[number]
                return self._hand_out(worker, result)
            else:
                schedule.tasks[number] = worker, result

    def _hand_out(self, worker: int, result: Any) -> Any:
        self.schedule.load[worker] -= 1
        self._send_task()
        if isinstance(result, Failure):
            result.reraise()
        return result
