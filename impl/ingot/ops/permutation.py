"""The Fisher-Yates shuffle without its loop.

NOTE [Shuffling without a loop]
The shuffle swaps element i with element t[i] >= i, for i = 0, 1, ...; afterwards place i is never touched again. So the result at i is what lay at place
t[i] just before step i: put there by the last step j < i with t[j] = t[i], or else t[i] itself, never moved. What step j put there is what lay at place j
just before it: put there by the last k < j with t[k] = j, or else j. That makes a forest, "j got its element from k", whose roots are never-moved elements;
halving all paths at once finds every root in a few rounds, the paths being about log(n) long.
"""

from __future__ import annotations

import numpy as np

_SHORT = 96
"""Up to so many elements, the plain loop is faster."""


def shuffled(targets: np.ndarray) -> np.ndarray:
    """``0 .. n - 1`` after swapping i with ``targets[i]`` for i in order, ``targets[i] >= i``; int64. NOTE [Shuffling without a loop]"""
    count = len(targets)
    if count <= _SHORT:
        order = list(range(count))
        for place, target in enumerate(targets.tolist()):
            order[place], order[target] = order[target], order[place]
        return np.array(order, np.int64)
    steps = np.arange(count)
    ordered = np.sort(targets << 32 | steps)
    target, step = ordered >> 32, ordered & 0xFFFFFFFF
    moving = np.flatnonzero(targets != steps)
    root = steps.copy()
    root[targets[moving]] = (
        moving  # of several steps with one target the last one stays, and that is the last before step ``target``
    )
    while True:
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    result = np.empty(count, np.int64)
    again = target[1:] == target[:-1]
    result[step[0]] = target[0]
    result[step[1:]] = np.where(again, root[step[:-1]], target[1:])
    return result
