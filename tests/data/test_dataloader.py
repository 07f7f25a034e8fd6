"""DataLoader: PyTorch's batches in PyTorch's order, in this process and in workers, and what happens when something fails."""

from __future__ import annotations

import collections
import multiprocessing
import os
import random
import signal
import time

import numpy as np
import pytest
import torch

import ingot
from ingot.utils.data.worker import gather, numpy_seed

# Forking a process that runs threads (torch's, BLAS's) is what DataLoader does by definition.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def plain(value):
    """A batch as Python objects, with the kinds of its tensors."""
    if isinstance(value, (ingot.Tensor, torch.Tensor)):
        return (str(value.dtype), value.tolist())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return (type(value).__name__, *map(plain, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


Point = collections.namedtuple("Point", "x y")

SAMPLES = {
    "numbers": [1, 2, 3],
    "floats": [1.5, 2.5],
    "bools": [True, False],
    "strings": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(1, 2.0), (3, 4.0)],
    "lists": [[1, 2.0], [3, 4.0]],
    "named tuples": [Point(1, 2.0), Point(3, 4.0)],
    "dicts": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "nested": [{"a": [(1, "x")]}, {"a": [(2, "y")]}],
    "arrays": [np.arange(3), np.arange(3)],
    "float32 arrays": [np.ones((2, 2), np.float32)] * 2,
    "NumPy scalars": [np.float32(1), np.float32(2)],
    "0-d arrays": [np.array(1), np.array(2)],
    "ordered": [collections.OrderedDict(a=1)] * 2,
    "default": [collections.defaultdict(int, a=1)] * 2,
}


@pytest.mark.parametrize("case", SAMPLES)
def test_collation(case):
    batch = SAMPLES[case]
    ours, theirs = ingot.utils.data.default_collate(batch), torch.utils.data.default_collate(batch)
    assert plain(ours) == plain(theirs)
    assert type(ours).__name__ == type(theirs).__name__
    for sample in (batch[0], batch):
        ours, theirs = ingot.utils.data.default_convert(sample), torch.utils.data.default_convert(sample)
        assert plain(ours) == plain(theirs)


def test_collation_of_tensors():
    batch = [(ingot.arange(3.0), ingot.tensor(1)), (ingot.ones(3), ingot.tensor(2))]
    assert plain(ingot.utils.data.default_collate(batch)) == [
        ("torch.float32", [[0, 1, 2], [1, 1, 1]]),
        ("torch.int64", [1, 2]),
    ]


REFUSED = {"object": object(), "None": None, "text": np.array(["a"]), "slice": slice(3)}


@pytest.mark.parametrize("batch", [*([one] for one in REFUSED.values()), [[1], [1, 2]]], ids=[*REFUSED, "ragged"])
def test_collation_refuses(batch):
    errors = []
    for framework in (ingot, torch):
        with pytest.raises((TypeError, RuntimeError)) as caught:
            framework.utils.data.default_collate(batch)
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]


def rows(t):
    return t.utils.data.TensorDataset(t.arange(23), t.arange(46.0).reshape(23, 2))


def stream(t, n=10):
    class Stream(t.utils.data.IterableDataset):
        def __iter__(self):
            info = t.utils.data.get_worker_info()
            start, step = (0, 1) if info is None else (info.id, info.num_workers)
            return iter(range(start, n, step))

    return Stream()


LOADERS = {
    "default": lambda t, d, **o: d.DataLoader(rows(t), **o),
    "batches": lambda t, d, **o: d.DataLoader(rows(t), 4, **o),
    "full batches": lambda t, d, **o: d.DataLoader(rows(t), 4, drop_last=True, **o),
    "shuffled": lambda t, d, **o: d.DataLoader(rows(t), 4, shuffle=True, **o),
    "shuffled with generator": lambda t, d, **o: d.DataLoader(rows(t), 4, True, generator=t.Generator().manual_seed(1), **o),
    "single samples": lambda t, d, **o: d.DataLoader(rows(t), None, shuffle=True, **o),
    "sampler": lambda t, d, **o: d.DataLoader(rows(t), 5, sampler=d.WeightedRandomSampler([1.0] * 23, 9), **o),
    "batch sampler": lambda t, d, **o: d.DataLoader(rows(t), batch_sampler=[[1, 2], [3]], **o),
    "list of arrays": lambda t, d, **o: d.DataLoader([np.arange(3)] * 5, 2, **o),
    "collate": lambda t, d, **o: d.DataLoader(list(range(9)), 2, collate_fn=sum, **o),
    "split": lambda t, d, **o: d.DataLoader(d.random_split(rows(t), [0.5, 0.5])[0], 3, **o),
    "stream": lambda t, d, **o: d.DataLoader(stream(t), 3, **o),
    "stream, full batches": lambda t, d, **o: d.DataLoader(stream(t), 3, drop_last=True, **o),
    "stream, single samples": lambda t, d, **o: d.DataLoader(stream(t), None, **o),
    "empty stream": lambda t, d, **o: d.DataLoader(stream(t, 0), 3, **o),
    "uneven stream": lambda t, d, **o: d.DataLoader(stream(t, 4), 1, **o),
}  # fmt: skip
WORKERS = {
    "here": {},
    "two workers": {"num_workers": 2},
    "persistent": {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 1},
}


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("loader", LOADERS)
def test_batches_and_generators(loader, workers):
    results = []
    for framework in (ingot, torch):
        framework.manual_seed(3)
        made = LOADERS[loader](framework, framework.utils.data, **WORKERS[workers])
        epochs = [[plain(batch) for batch in made] for _ in range(2)]
        results.append((epochs, framework.randint(0, 10**9, (2,)).tolist()))
        del made
    assert results[0] == results[1]


def test_batches_of_tensors_are_gathered_exactly_where_collation_gives_the_same():
    data = ingot.utils.data
    plain_rows, subset = rows(ingot), data.Subset(rows(ingot), [3, 1, 2])

    class Doubled(data.TensorDataset):
        def __getitem__(self, index):
            return tuple(tensor * 2 for tensor in super().__getitem__(index))

    for dataset, indices in ((plain_rows, [4, -1, 4]), (subset, [0, 2])):
        assert plain(gather(dataset, indices)) == plain(data.default_collate([dataset[index] for index in indices]))
    leaf = data.TensorDataset(ingot.ones(3, requires_grad=True))
    for dataset, indices in (
        (Doubled(*plain_rows.tensors), [1]),
        (leaf, [1]),
        ([1, 2], [1]),
        (plain_rows, [True, False]),
        (plain_rows, (1, 2)),
    ):
        assert gather(dataset, indices) is None
    assert plain(next(iter(data.DataLoader(Doubled(ingot.ones(2)), 2)))) == [("torch.float32", [2.0, 2.0])]
    for framework in (ingot, torch):
        with pytest.raises(IndexError):
            next(iter(framework.utils.data.DataLoader(rows(framework), batch_sampler=[[0, 23]])))


def test_lengths():
    for options in (
        {},
        {"batch_size": 4},
        {"batch_size": 4, "drop_last": True},
        {"batch_size": None},
        {"batch_sampler": [[1], [2]]},
    ):
        assert len(ingot.utils.data.DataLoader(rows(ingot), **options)) == len(
            torch.utils.data.DataLoader(rows(torch), **options)
        )


class Draws:
    """A dataset whose samples are random numbers from all three generators."""

    def __init__(self, t):
        self.t = t

    def __len__(self):
        return 6

    def __getitem__(self, index):
        info = self.t.utils.data.get_worker_info()
        return [
            self.t.randint(0, 10**6, (1,)).item(),
            random.randrange(10**6),
            int(np.random.randint(10**6)),
            info.seed,
            info.id,
        ]


def test_the_streams_of_workers_are_those_of_torch():
    def draws(t):
        t.manual_seed(5)
        return [plain(batch) for batch in t.utils.data.DataLoader(Draws(t), 2, num_workers=2)]

    assert draws(ingot) == draws(torch)
    from torch.utils.data._utils.worker import _generate_state

    for base, worker in ((0, 0), (2**63 - 5, 3), (123456789, 1)):
        assert numpy_seed(base, worker).tolist() == _generate_state(base, worker)


def test_worker_init_fn_and_info():
    def begin(worker):
        info = ingot.utils.data.get_worker_info()
        info.dataset.append(100 + worker)
        assert info.num_workers == 2

    loader = ingot.utils.data.DataLoader([0, 1], None, num_workers=2, worker_init_fn=begin, sampler=[0, 1, 2, 2])
    assert list(loader) == [0, 1, 100, 101]
    assert ingot.utils.data.get_worker_info() is None


class Fails:
    """Raises ``error`` at index 3."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 3:
            raise self.error
        return index


class NeedsTwo(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


@pytest.mark.parametrize(
    "error, kind",
    [
        (ValueError("wrong row"), ValueError),
        (KeyError("wrong row"), KeyError),
        (NeedsTwo("wrong row", 2), RuntimeError),
    ],
    ids=["ValueError", "KeyError", "two arguments"],
)
def test_an_error_in_a_worker_is_raised_here_with_its_traceback(error, kind):
    for framework in (ingot, torch):
        loader = iter(framework.utils.data.DataLoader(Fails(error), num_workers=2))
        assert [plain(next(loader))[1] for _ in range(3)] == [[0], [1], [2]]
        with pytest.raises(
            kind, match=r"in DataLoader worker process 1\.(\n|\\n)Original Traceback(.|\n)*__getitem__(.|\n)*wrong row"
        ):
            next(loader)
        # and the rest still comes
        assert [plain(batch)[1] for batch in loader] == [[4], [5]]


def test_an_error_here_is_raised_as_it_is():
    loader = ingot.utils.data.DataLoader(Fails(ValueError("wrong row")))
    with pytest.raises(ValueError, match=r"^wrong row$"):
        list(loader)


def test_an_error_when_a_worker_begins():
    def begin(worker):
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        list(ingot.utils.data.DataLoader([1], num_workers=1, worker_init_fn=begin))


def test_a_batch_that_cannot_be_sent():
    with pytest.raises(RuntimeError, match="cannot be sent to the main process"):
        list(ingot.utils.data.DataLoader([1], None, num_workers=1, collate_fn=lambda value: lambda: value))


class Dies:
    def __init__(self, how):
        self.how = how

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 3:
            self.how()
        return ingot.full((1000,), index)


@pytest.mark.parametrize(
    "how, code", [(lambda: os.kill(os.getpid(), signal.SIGKILL), -9), (lambda: os._exit(3), 3)], ids=["killed", "exits"]
)
def test_a_worker_that_dies_is_noticed_at_once(how, code):
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=rf"worker \(pid\(s\) \d+\) exited unexpectedly with exit code {code}"):
        list(ingot.utils.data.DataLoader(Dies(how), num_workers=2))
    assert time.monotonic() - start < 3
    assert not multiprocessing.active_children()


def test_timeout():
    with pytest.raises(RuntimeError, match=r"timed out after 0\.2 seconds"):
        list(ingot.utils.data.DataLoader(Dies(lambda: time.sleep(1)), num_workers=1, timeout=0.2))


def test_workers_are_gone_when_nobody_iterates_any_more():
    loader = ingot.utils.data.DataLoader(Dies(lambda: None), num_workers=2, persistent_workers=True)
    iterator = iter(loader)
    next(iterator)
    assert len(multiprocessing.active_children()) == 2
    before = {child.pid for child in multiprocessing.active_children()}
    assert [batch[0, 0].item() for batch in loader] == list(range(8))
    assert {child.pid for child in multiprocessing.active_children()} == before
    del iterator, loader
    assert not multiprocessing.active_children()
    unfinished = iter(ingot.utils.data.DataLoader(Dies(lambda: None), num_workers=2))
    next(unfinished)
    del unfinished
    assert not multiprocessing.active_children()


def test_large_batches_do_not_block():
    data = [np.zeros(300_000) for _ in range(6)]
    total = 0
    for batch in ingot.utils.data.DataLoader(data, 2, num_workers=2, prefetch_factor=3):
        batch += 1
        total += batch.sum().item()
    assert total == 6 * 300_000
    wide = ingot.utils.data.DataLoader(range(60_000), 20_000, num_workers=1)
    assert [batch.shape[0] for batch in wide] == [20_000] * 3


class Slow:
    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 0:
            time.sleep(0.4)
        return index


def test_out_of_order():
    loader = ingot.utils.data.DataLoader(Slow(), None, num_workers=2, in_order=False)
    # Worker 0 has samples 0 and 2.
    assert list(loader) == [1, 3, 0, 2]
    assert list(ingot.utils.data.DataLoader(Slow(), None, num_workers=2)) == [0, 1, 2, 3]


def test_spawned_workers():
    data = ingot.utils.data.TensorDataset(ingot.arange(4))
    loader = ingot.utils.data.DataLoader(data, 2, num_workers=1, multiprocessing_context="spawn")
    assert [batch[0].tolist() for batch in loader] == [[0, 1], [2, 3]]


def test_a_stream_that_is_longer_than_it_said():
    for framework in (ingot, torch):

        class Liar(framework.utils.data.IterableDataset):
            def __iter__(self):
                return iter(range(3))

            def __len__(self):
                return 1

        loader = framework.utils.data.DataLoader(Liar())
        assert len(loader) == 1
        with pytest.warns(UserWarning, match="was reported to be 1"):
            list(loader)


def test_pinning_without_an_accelerator_warns():
    for framework in (ingot, torch):
        if framework.cuda.is_available():
            continue
        with pytest.warns(UserWarning, match="no accelerator is found"):
            list(framework.utils.data.DataLoader([1], pin_memory=True))


WRONG = {
    "negative workers": {"num_workers": -1},
    "negative timeout": {"timeout": -1},
    "prefetch without workers": {"prefetch_factor": 2},
    "negative prefetch": {"num_workers": 1, "prefetch_factor": -1},
    "persistent without workers": {"persistent_workers": True},
    "sampler and shuffle": {"sampler": [0], "shuffle": True},
    "batch sampler and batch size": {"batch_sampler": [[0]], "batch_size": 2},
    "batch sampler and shuffle": {"batch_sampler": [[0]], "shuffle": True},
    "no batches but drop_last": {"batch_size": None, "drop_last": True},
    "batch size 0": {"batch_size": 0},
    "context without workers": {"multiprocessing_context": "fork"},
    "unknown context": {"multiprocessing_context": "thread", "num_workers": 1},
    "context of a wrong type": {"multiprocessing_context": 3, "num_workers": 1},
}


@pytest.mark.parametrize("case", WRONG)
def test_refusals(case):
    errors = []
    for framework in (ingot, torch):
        with pytest.raises((ValueError, TypeError)) as caught:
            framework.utils.data.DataLoader([1, 2], **WRONG[case])
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]


def test_streams_refuse_orders():
    for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ValueError, match="DataLoader with IterableDataset: expected unspecified"):
            ingot.utils.data.DataLoader(stream(ingot), **options)


def test_what_is_fixed_after_construction():
    loader = ingot.utils.data.DataLoader([1, 2])
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader is initialized"):
        loader.batch_size = 3
    loader.collate_fn = sum
    with pytest.raises(NotImplementedError):
        iter(loader).__getstate__()
    with pytest.warns(UserWarning, match="suggested max number of worker"):
        ingot.utils.data.DataLoader([1], num_workers=10_000)
