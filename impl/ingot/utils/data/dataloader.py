"""``DataLoader``: a dataset, an order and a batch size, as an iterable of batches."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, random_seed
from .worker import Plan

T = TypeVar("T", covariant=True)

_FIXED = frozenset(("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"))
"""Attributes that cannot change once the loader is made, because others were derived from them."""


class _Endless(Sampler[None]):
    """The "indices" of an iterable dataset, which decides itself what comes and when it ends."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader(Generic[T]):
    """An iterable of batches of a dataset.

    ``batch_size``: samples per batch; None gives single samples. ``shuffle``: a new random order each time. ``sampler`` / ``batch_sampler``: another order of
    indices / of lists of them. ``collate_fn``: list of samples -> batch. ``drop_last``: leave out a last batch that is not full.
    ``num_workers``: processes that load (0: this one), with up to ``prefetch_factor`` batches each under way, kept between epochs if ``persistent_workers``; each has
    Python's, NumPy's and Ingot's generators seeded from one number drawn from ``generator`` per iterator, and calls ``worker_init_fn(worker_id)`` first.
    ``timeout``: seconds to wait for a batch from workers. ``in_order``: False hands batches out as they come. ``pin_memory`` is accepted; host memory is not page-locked here.

    For one seed, batches come in PyTorch's order and leave the generators as PyTorch leaves them. An exception in a worker is raised here with its traceback; a
    worker that dies raises RuntimeError. ValueError or TypeError for arguments that contradict each other.

    Example: ``for images, labels in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True): ...``
    """

    _initialized = False

    def __init__(
        self,
        dataset: Dataset[T],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable | None = None,
        batch_sampler: Iterable[list] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = _context(multiprocessing_context, num_workers)
        self.in_order = in_order
        self.generator = generator
        self.persistent_workers = persistent_workers
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            for name, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value is not None:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            if self._iterable:
                sampler = _Endless()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            else:
                sampler = SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._promised: int | None = None  # what len() said of an iterable dataset
        self._iterator: LoaderIterator | None = None
        self._initialized = True
        self.check_worker_number_rationality()

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> LoaderIterator:
        if not (self.persistent_workers and self.num_workers):
            return LoaderIterator(self)
        if self._iterator is None:
            self._iterator = LoaderIterator(self)
        else:
            self._iterator.restart(self._promised)
        return self._iterator

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._index_sampler)
        self._promised = count = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def check_worker_number_rationality(self) -> None:
        """UserWarning where there are more workers than processors that this process may use."""
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if self.num_workers > processors:
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our suggested max number of worker in current system is "
                f"{processors}, which is smaller than what this DataLoader is going to create. Please be aware that excessive worker creation might get "
                "DataLoader running slow or even freeze, lower the worker number to avoid potential slowness/freeze if necessary.",
                stacklevel=3,
            )


class LoaderIterator:
    """One pass over a loader (with persistent workers, one after another)."""

    def __init__(self, loader: DataLoader) -> None:
        # The loader may hold this iterator; to hold the loader here would keep both, and the workers, alive.
        self._dataset = loader.dataset
        self._index_sampler = loader._index_sampler
        self._keep_workers = loader.persistent_workers
        self._promised = loader._promised
        if loader.pin_memory:
            _warn_about_pinning(loader.pin_memory_device)
        self._sampler_iter = iter(self._index_sampler)
        self._base_seed = random_seed(loader.generator)
        self._yielded = 0
        plan = Plan(
            dataset=loader.dataset,
            iterable=loader._iterable,
            batched=loader.batch_sampler is not None,
            collate_fn=loader.collate_fn,
            drop_last=loader.drop_last,
            base_seed=self._base_seed,
            init_fn=loader.worker_init_fn,
            num_workers=loader.num_workers,
        )
        if loader.num_workers == 0:
            if loader.timeout != 0:
                raise AssertionError("timeout must be 0 without worker processes")
            self._fetcher = plan.fetcher()
            self._workers = None
        else:
            from .multiprocess import MultiProcessing

            if not loader.prefetch_factor:
                raise AssertionError("prefetch_factor must be greater than 0 for loading in worker processes")
            context = loader.multiprocessing_context or multiprocessing.get_context()
            self._workers = MultiProcessing(
                context, plan, self._sampler_iter, loader.timeout, loader.prefetch_factor, loader.in_order
            )

    def restart(self, promised: int | None) -> None:
        """Begin the next epoch with the same workers; ``promised`` is what the length of an iterable dataset was said to be."""
        self._promised = promised
        self._sampler_iter = iter(self._index_sampler)
        self._yielded = 0
        self._workers.restart(self._sampler_iter)  # type: ignore[union-attr]

    def __iter__(self) -> LoaderIterator:
        return self

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __next__(self) -> Any:
        if self._workers is None:
            data = self._fetcher.fetch(next(self._sampler_iter))
        else:
            data = self._workers.next(self._keep_workers)
        self._yielded += 1
        if self._promised is not None and self._yielded > self._promised:
            warnings.warn(
                f"Length of IterableDataset {self._dataset} was reported to be {self._promised}(when accessing len(dataloader)), but {self._yielded} samples "
                "have been fetched. " + (_REPLICAS if self._workers else ""),
                stacklevel=2,
            )
        return data

    def __getstate__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


_REPLICAS = (
    "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at each worker. Please see "
    "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _context(given: Any, num_workers: int) -> Any:
    if given is None:
        return None
    if num_workers == 0:
        raise ValueError(
            f"multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers={num_workers}"
        )
    if isinstance(given, str):
        methods = multiprocessing.get_all_start_methods()
        if given not in methods:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {methods!r}, but got multiprocessing_context={given!r}"
            )
        return multiprocessing.get_context(given)
    if not isinstance(given, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, but got "
            f"multiprocessing_context={given}"
        )
    return given


def _warn_about_pinning(place: str) -> None:
    from ... import cuda

    if place:
        warnings.warn(
            f"pin_memory_device is deprecated, the current accelerator will be used as the device,ignore pin_memory_device='{place}'.",
            stacklevel=4,
        )
    if not cuda.is_available():
        warnings.warn(
            "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
            stacklevel=4,
        )
