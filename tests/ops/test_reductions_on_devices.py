"""Reductions, scans, statistics and norms where arrays are not NumPy's: on the strict stand-in for CuPy, and without data on meta."""

import pytest
import torch

import ingot
from ingot.backends import strict_backend

from .against_torch import compare, tensor

CALLS = {
    "sum": lambda t, x: x.sum(0), "sum of all": lambda t, x: x.sum(), "mean": lambda t, x: x.mean(1), "prod": lambda t, x: x.prod(0),
    "any": lambda t, x: x.any(1), "all": lambda t, x: x.all(), "count_nonzero": lambda t, x: x.count_nonzero(0), "nansum": lambda t, x: x.nansum(0),
    "nanmean": lambda t, x: x.nanmean(), "logsumexp": lambda t, x: x.logsumexp(1), "amax": lambda t, x: x.amax(0), "max": lambda t, x: x.max(1),
    "max of all": lambda t, x: x.max(), "argmax": lambda t, x: x.argmax(0), "aminmax": lambda t, x: t.aminmax(x, dim=0),
    "permuted": lambda t, x: x.reshape(2, 2, 5).permute(2, 0, 1).sum(0), "cumsum": lambda t, x: x.cumsum(0), "cumprod": lambda t, x: x.cumprod(0),
    "logcumsumexp": lambda t, x: x.logcumsumexp(1), "cummax": lambda t, x: x.cummax(1), "var": lambda t, x: x.var(1), "std": lambda t, x: x.std(),
    "cov": lambda t, x: x.cov(), "quantile": lambda t, x: x.quantile(0.3, 1), "norm": lambda t, x: x.norm(), "3-norm": lambda t, x: x.norm(3, 0),
    "inf-norm": lambda t, x: x.norm(float("inf"), 0), "renorm": lambda t, x: x.renorm(2, 0, 1.0), "cdist": lambda t, x: t.cdist(x, x),
    "pdist": lambda t, x: t.pdist(x), "diff": lambda t, x: x.diff(), "gradient": lambda t, x: t.gradient(x), "trapezoid": lambda t, x: t.trapezoid(x),
    "median of all": lambda t, x: x.median(), "median": lambda t, x: x.median(1), "hash_tensor": lambda t, x: t.hash_tensor(x),
    "sort": lambda t, x: x.sort(1), "topk": lambda t, x: x.topk(2), "kthvalue": lambda t, x: x.kthvalue(2), "mode": lambda t, x: x.mode(1),
    "histc": lambda t, x: x.detach().histc(4), "histogram": lambda t, x: x.detach().histogram(4),
}  # fmt: skip
ON_VALUES = ("histogram", "histc", "mode", "cov")
"""What has no meta function in PyTorch, or needs values in Ingot."""


def _flat(result):
    return [leaf for item in result for leaf in _flat(item)] if isinstance(result, (tuple, list)) else [result]


@pytest.fixture
def device_of_strict_manners():
    strict_backend.install()
    yield "cuda"
    strict_backend.uninstall()


@pytest.mark.parametrize("name", CALLS)
def test_nothing_moves_to_the_host(name, device_of_strict_manners):
    x = tensor(4, 5)
    moved = ingot.from_numpy(x.numpy().copy()).to(device_of_strict_manners).requires_grad_()
    found = _flat(CALLS[name](ingot, moved))
    for one, other in zip(found, _flat(CALLS[name](torch, x)), strict=True):
        assert one.device.type == "cuda"
        compare(one.detach().cpu(), other)
    for one in found:
        if one.requires_grad:
            ingot.autograd.grad(one.sum(), moved, create_graph=True)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ON_VALUES])
def test_shapes_dtypes_and_strides_without_data(name):
    found = _flat(CALLS[name](ingot, ingot.empty(4, 5, dtype=ingot.float64, device="meta")))
    for one, other in zip(
        found, _flat(CALLS[name](torch, torch.empty(4, 5, dtype=torch.float64, device="meta"))), strict=True
    ):
        assert one.is_meta
        assert (tuple(one.shape), one.stride(), one.dtype.name) == (
            tuple(other.shape),
            other.stride(),
            str(other.dtype)[6:],
        )
