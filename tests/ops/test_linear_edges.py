"""Linear maps of nothing and to nothing."""

from __future__ import annotations

import pytest

from .against_torch import agree, tensor


@pytest.mark.parametrize(
    ("input", "weight"), [((0,), (2, 0)), ((3, 0), (2, 0)), ((2, 3, 0), (4, 0)), ((0, 3), (2, 3)), ((2, 3), (0, 3))]
)
def test_empty(input, weight):
    agree(lambda t, x, w: t.nn.functional.linear(x, w), tensor(*input), tensor(*weight))
    agree(lambda t, x, w, b: t.nn.functional.linear(x, w, b), tensor(*input), tensor(*weight), tensor(weight[0]))
