"""Products of half types with something added: rounded once, as in PyTorch."""

from __future__ import annotations

import pytest
import torch

from .against_torch import agree, tensor


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_one_rounding(dtype):
    a, b, c = (tensor(9, 9, dtype=dtype, seed=seed) for seed in range(3))
    agree(lambda t, a, b, c: t.addmm(a, b, c, beta=-4.775, alpha=2.0315), a, b, c, rtol=0, atol=0)
    agree(lambda t, a, b, c: t.baddbmm(a[None], b[None], c[None], beta=0.5, alpha=3.0), a, b, c, rtol=0, atol=0)
