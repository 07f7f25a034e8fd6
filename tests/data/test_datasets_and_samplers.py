"""Datasets, splits and samplers: PyTorch's contents, order and refusals for the same seed."""

from __future__ import annotations

import pytest
import torch

import ingot

ROWS = list(range(10, 33))


def both(make):
    """``make(framework, framework.utils.data)`` in both, from one seed, and what the generators give next."""
    results = []
    for framework in (ingot, torch):
        framework.manual_seed(7)
        results.append((make(framework, framework.utils.data), framework.randint(0, 10**9, (2,)).tolist()))
    return results


SAMPLERS = {
    "sequential": lambda t, d: d.SequentialSampler(ROWS),
    "random": lambda t, d: d.RandomSampler(ROWS),
    "random with generator": lambda t, d: d.RandomSampler(ROWS, generator=t.Generator().manual_seed(3)),
    "random, some": lambda t, d: d.RandomSampler(ROWS, num_samples=7),
    "random, more than there are": lambda t, d: d.RandomSampler(ROWS, num_samples=50),
    "random, exactly": lambda t, d: d.RandomSampler(ROWS, num_samples=46),
    "replacement": lambda t, d: d.RandomSampler(ROWS, replacement=True),
    "replacement, many": lambda t, d: d.RandomSampler(ROWS, replacement=True, num_samples=77),
    "replacement, 64": lambda t, d: d.RandomSampler(ROWS, True, 64, t.Generator().manual_seed(3)),
    "subset": lambda t, d: d.SubsetRandomSampler(ROWS[::2]),
    "subset with generator": lambda t, d: d.SubsetRandomSampler(ROWS[::2], t.Generator().manual_seed(5)),
    "weighted": lambda t, d: d.WeightedRandomSampler([0.1, 0.9, 0.4, 0.0, 3.0], 12),
    "weighted, no replacement": lambda t, d: d.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0], 4, replacement=False),
    "batches": lambda t, d: d.BatchSampler(d.RandomSampler(ROWS), 4, False),
    "full batches": lambda t, d: d.BatchSampler(d.RandomSampler(ROWS), 4, True),
    "batches of one": lambda t, d: d.BatchSampler(range(3), 1, True),
    "rank 1 of 4": lambda t, d: d.DistributedSampler(ROWS, 4, 1),
    "rank 3 of 4, in order": lambda t, d: d.DistributedSampler(ROWS, 4, 3, shuffle=False),
    "rank 3 of 4, dropping": lambda t, d: d.DistributedSampler(ROWS, 4, 3, drop_last=True, seed=9),
    "rank 60 of 70": lambda t, d: d.DistributedSampler(ROWS, 70, 60),
}  # fmt: skip


@pytest.mark.parametrize("case", SAMPLERS)
def test_orders(case):
    def make(t, d):
        sampler = SAMPLERS[case](t, d)
        epochs = [list(sampler), list(sampler)]
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(3)
            epochs.append(list(sampler))
        return epochs, len(sampler)

    ours, theirs = both(make)
    assert ours == theirs


SPLITS = {
    "counts": ([10, 13], None),
    "three": ([1, 2, 20], 42),
    "fractions": ([0.5, 0.5], 1),
    "fractions with a remainder": ([0.3, 0.3, 0.4], None),
}


@pytest.mark.parametrize("case", SPLITS)
def test_splits(case):
    lengths, seed = SPLITS[case]

    def make(t, d):
        options = {} if seed is None else {"generator": t.Generator().manual_seed(seed)}
        return [(len(part), list(part), part.indices) for part in d.random_split(ROWS, lengths, **options)]

    ours, theirs = both(make)
    assert ours == theirs


def test_an_empty_split_warns():
    for framework in (ingot, torch):
        with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
            framework.utils.data.random_split(range(2), [1.0, 0.0])


def test_datasets():
    def make(t, d):
        x, y = t.arange(6).reshape(3, 2), t.arange(3)
        tensors = d.TensorDataset(x, y)
        stack, named = d.StackDataset(tensors, ROWS[:3]), d.StackDataset(a=tensors, b=ROWS[:3])
        concat = tensors + tensors
        subset = d.Subset(stack, [2, 0])
        plain = lambda value: value.tolist() if isinstance(value, t.Tensor) else value  # noqa: E731
        deep = lambda value: (  # noqa: E731
            [deep(item) for item in value]
            if isinstance(value, (tuple, list))
            else {k: deep(v) for k, v in value.items()}
            if isinstance(value, dict)
            else plain(value)
        )
        return deep([
            tensors[1], len(tensors), stack[1], named[2], len(named), concat[4], concat[-1], concat[0], len(concat), concat.cumulative_sizes,
            subset[0], len(subset), stack.__getitems__([0, 2]), named.__getitems__([1]), subset.__getitems__([1, 0]),
            d.Subset(tensors, [0, 1, 2])[[0, 2]],
        ])  # fmt: skip

    ours, theirs = both(make)
    assert ours == theirs


def test_streams():
    def make(t, d):
        class Count(d.IterableDataset):
            def __init__(self, n):
                self.n = n

            def __iter__(self):
                return iter(range(self.n))

            def __len__(self):
                return self.n

        chain = Count(2) + Count(3)
        return list(chain), len(chain)

    ours, theirs = both(make)
    assert ours == theirs


class Wrong:
    """Arguments that both refuse with the same class and sentence."""

    cases = {
        "lengths do not add up": lambda t, d: d.random_split(ROWS, [1, 2]),
        "a negative fraction": lambda t, d: d.random_split(ROWS, [-0.5, 1.5]),
        "tensors of different length": lambda t, d: d.TensorDataset(t.ones(2), t.ones(3)),
        "stack of different length": lambda t, d: d.StackDataset(ROWS, ROWS[1:]),
        "stack of nothing": lambda t, d: d.StackDataset(),
        "stack of both kinds": lambda t, d: d.StackDataset(ROWS, a=ROWS),
        "concatenation of nothing": lambda t, d: d.ConcatDataset([]),
        "concatenation of a stream": lambda t, d: d.ConcatDataset([d.IterableDataset()]),
        "index before the beginning": lambda t, d: d.ConcatDataset([ROWS])[-24],
        "chain of a map": lambda t, d: list(d.ChainDataset([ROWS])),
        "no __getitem__": lambda t, d: d.Dataset()[0],
        "replacement that is no bool": lambda t, d: d.RandomSampler(ROWS, replacement=1),
        "no samples": lambda t, d: d.RandomSampler(ROWS, num_samples=0),
        "an empty source": lambda t, d: d.RandomSampler([]),
        "weights of two dims": lambda t, d: d.WeightedRandomSampler([[1.0, 2.0]], 2),
        "weighted, no samples": lambda t, d: d.WeightedRandomSampler([1.0], 0),
        "weighted, replacement": lambda t, d: d.WeightedRandomSampler([1.0], 1, replacement=2),
        "batch of none": lambda t, d: d.BatchSampler(ROWS, 0, False),
        "batch of True": lambda t, d: d.BatchSampler(ROWS, True, False),
        "drop_last that is no bool": lambda t, d: d.BatchSampler(ROWS, 2, 1),
        "a rank out of range": lambda t, d: d.DistributedSampler(ROWS, 2, 2),
    }


@pytest.mark.parametrize("case", Wrong.cases)
def test_refusals(case):
    errors = []
    for framework in (ingot, torch):
        with pytest.raises(Exception) as caught:
            Wrong.cases[case](framework, framework.utils.data)
        errors.append((caught.type, str(caught.value).replace(" ", "")))  # PyTorch lacks one in a sentence
    assert errors[0] == errors[1]
