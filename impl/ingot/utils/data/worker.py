"""What runs in a worker process: seeds, the loop, and how samples are fetched and failures are brought home."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import queue
import random
import sys
import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from .collate import collate_tensor_fn, default_collate, default_collate_fn_map
from .dataset import Subset, TensorDataset

POLL_SECONDS = 5.0
"""How often a waiting process looks whether the other side still lives."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Who this worker is: its number, how many there are, its seed, its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a DataLoader: its :class:`WorkerInfo`. None elsewhere."""
    return _worker_info


@dataclass(frozen=True)
class Plan:
    """Everything that a worker needs to know when it starts."""

    dataset: Any
    iterable: bool
    batched: bool
    collate_fn: Any
    drop_last: bool
    base_seed: int
    init_fn: Any
    num_workers: int

    def fetcher(self) -> MapFetcher | IterableFetcher:
        """What turns an index, or a list of them, into a batch."""
        return (IterableFetcher if self.iterable else MapFetcher)(self)


class MapFetcher:
    """Batches of a dataset that can be indexed."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def fetch(self, index: Any) -> Any:
        """The batch of a list of indices, or the sample of one."""
        dataset = self.plan.dataset
        if not self.plan.batched:
            data = dataset[index]
        elif self.plan.collate_fn is default_collate and (gathered := gather(dataset, index)) is not None:
            return gathered
        elif getattr(dataset, "__getitems__", None):
            data = dataset.__getitems__(index)
        else:
            data = [dataset[item] for item in index]
        return self.plan.collate_fn(data)


def gather(dataset: Any, indices: Any) -> list | None:
    """What ``default_collate`` makes of the rows of a TensorDataset (or a Subset of one), by one indexing op per tensor; None where it would not be the same."""
    if type(indices) is not list or any(type(index) is not int for index in indices):
        return None
    if type(dataset) is Subset:
        return gather(dataset.dataset, [dataset.indices[index] for index in indices])
    if type(dataset) is not TensorDataset or default_collate_fn_map[Tensor] is not collate_tensor_fn:
        return None
    if not indices or any(type(tensor) is not Tensor or tensor.requires_grad for tensor in dataset.tensors):
        return None
    return [tensor[indices] for tensor in dataset.tensors]


class IterableFetcher:
    """Batches of a dataset that can only be iterated; what an index says does not matter, only how many there are."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.samples = iter(plan.dataset)
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch. StopIteration at the end."""
        if self.ended:
            raise StopIteration
        if not self.plan.batched:
            return self.plan.collate_fn(next(self.samples))
        data = []
        for _ in index:
            try:
                data.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not data or (self.plan.drop_last and len(data) < len(index)):
            raise StopIteration
        return self.plan.collate_fn(data)


class Failure:
    """An exception on its way to another process: its class, and its traceback as text."""

    def __init__(self, error: BaseException, where: str):
        self.kind = type(error)
        self.text = "".join(traceback.format_exception(error))
        self.where = where

    def reraise(self) -> None:
        """Raise an exception of the same class whose message shows where it came from; RuntimeError if the class does not take a message."""
        message = f"Caught {self.kind.__name__} {self.where}.\nOriginal {self.text}"
        if self.kind is KeyError:
            raise KeyError(_Verbatim(message))
        try:
            error = self.kind(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


class _Verbatim(str):
    """A string that KeyError, which shows the repr of its argument, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class End:
    """Sent instead of a batch: this worker's part of the stream is over."""


class Resumed:
    """Sent to a worker that shall begin again, and back by it when it has."""


def numpy_seed(base_seed: int, worker: int) -> np.ndarray:
    """The seed of NumPy's global generator in a worker: mixed, so that its stream has nothing to do with Python's and ours."""
    entropy = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return np.random.SeedSequence(entropy).generate_state(4)


def send(connection: Any, message: Any) -> None:
    """Send a message; the memory of tensors and arrays goes beside the pickle, uncopied."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(message, 5, buffer_callback=buffers.append)
    connection.send_bytes(pickle.dumps((data, [buffer.raw().nbytes for buffer in buffers])))
    for buffer in buffers:
        if buffer.raw().nbytes:
            connection.send_bytes(buffer.raw())


def receive(connection: Any) -> Any:
    """What :func:`send` sent. The result owns its memory."""
    data, sizes = pickle.loads(connection.recv_bytes())
    buffers = []
    for size in sizes:
        memory = np.empty(size, np.uint8)
        if size:
            connection.recv_bytes_into(memory)
        buffers.append(memory)
    return pickle.loads(data, buffers=buffers)


def run(plan: Plan, worker: int, tasks: Any, results: Any, done: Any) -> None:
    """The life of worker number ``worker``: take tasks (number, index), send (number, batch), until told None or the parent is gone."""
    parent = multiprocessing.parent_process()
    where = f"in DataLoader worker process {worker}"
    # An interrupt is for the parent, which ends its workers.
    with contextlib.suppress(KeyboardInterrupt):
        failure = fetcher = None
        try:
            _begin(plan, worker)
            fetcher = plan.fetcher()
        except Exception as error:
            failure = Failure(error, where)
        ended = False
        while parent is None or parent.is_alive():
            try:
                task = tasks.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if task is None:
                break
            if isinstance(task, Resumed):
                send(results, (task, None))
                ended = False
                try:
                    fetcher = plan.fetcher()
                except Exception as error:
                    failure = Failure(error, where)
                continue
            if ended or done.is_set():
                continue
            number, index = task
            if failure is not None:
                answer, failure = failure, None
            else:
                answer = _fetch(fetcher, index, plan.iterable, where)
                ended = isinstance(answer, End)
            _answer(results, number, answer, where)
            del answer, task, index


def _begin(plan: Plan, worker: int) -> None:
    from ... import manual_seed
    from ...backends.numpy_backend import set_thread_count

    global _worker_info
    with contextlib.suppress(RuntimeError):  # BLAS keeps its threads where nothing can limit them
        set_thread_count(1)
    seed = plan.base_seed + worker
    random.seed(seed)
    manual_seed(seed)
    np.random.seed(numpy_seed(plan.base_seed, worker))
    _worker_info = WorkerInfo(worker, plan.num_workers, seed, plan.dataset)
    if plan.init_fn is not None:
        plan.init_fn(worker)


def _fetch(fetcher: Any, index: Any, iterable: bool, where: str) -> Any:
    try:
        return fetcher.fetch(index)
    except Exception as error:
        if iterable and isinstance(error, StopIteration):
            return End()
        return Failure(error, where)


def _answer(results: Any, number: int, answer: Any, where: str) -> None:
    try:
        send(results, (number, answer))
    except (BrokenPipeError, ConnectionError):
        sys.exit(0)
    except Exception as error:  # a batch, or the class of an exception, that cannot be pickled
        text = answer.text if isinstance(answer, Failure) else f"the batch cannot be sent to the main process: {error}"
        send(results, (number, Failure(RuntimeError(text), where)))
