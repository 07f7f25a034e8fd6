"""Every kind of op on the other two devices: the strict stand-in for CuPy (no host trips, equal values) and "meta" (shapes without values)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot
from ingot.backends import BACKENDS, adopt, strict_backend


@pytest.fixture(scope="module", autouse=True)
def strict_device():
    """The stand-in serves "cuda" while this module runs."""
    before = BACKENDS.get("cuda")
    BACKENDS["cuda"] = strict_backend
    adopt(strict_backend)
    yield
    BACKENDS.pop("cuda")
    if before is not None:
        BACKENDS["cuda"] = before


F = "nn.functional."
TABLE = {
    "add": lambda t, x, y, i: x + y,
    "number": lambda t, x, y, i: 2 * x - 1.5,
    "mixed_dtypes": lambda t, x, y, i: x * y.double() + i[0],
    "comparison": lambda t, x, y, i: (x > y) & (x != 0),
    "exp": lambda t, x, y, i: x.exp().log1p().tanh().sigmoid(),
    "pow": lambda t, x, y, i: x**2 + x.abs() ** 0.5,
    "clamp": lambda t, x, y, i: x.clamp(-0.5, 0.5),
    "where": lambda t, x, y, i: t.where(x > 0, x, y),
    "sum": lambda t, x, y, i: x.sum() + x.sum(0) + x.sum(1, keepdim=True),
    "mean": lambda t, x, y, i: x.mean(0),
    "var": lambda t, x, y, i: x.var(1),
    "amax": lambda t, x, y, i: x.amax(1),
    "max_dim": lambda t, x, y, i: x.max(1)[1],
    "argmin": lambda t, x, y, i: x.argmin(),
    "any_all": lambda t, x, y, i: (x > 0).any(0) | (x > 9).all(0),
    "cumsum": lambda t, x, y, i: x.cumsum(1),
    "softmax": lambda t, x, y, i: t.softmax(x, 1),
    "log_softmax": lambda t, x, y, i: t.log_softmax(x, 0),
    "matmul": lambda t, x, y, i: x @ y.t(),
    "bmm": lambda t, x, y, i: t.bmm(x[None], y.t()[None]),
    "linear": lambda t, x, y, i: t.nn.functional.linear(x, y, y[:, 0]),
    "einsum": lambda t, x, y, i: t.einsum("ij,kj->ik", x, y),
    "views": lambda t, x, y, i: x.view(-1).reshape(2, 6).t()[1:, ::2].unsqueeze(0),
    "permute": lambda t, x, y, i: x.view(3, 2, 2).permute(2, 0, 1).flatten(1),
    "expand": lambda t, x, y, i: x[:, None].expand(3, 2, 4) * 1,
    "cat": lambda t, x, y, i: t.cat([x, y], 1),
    "stack": lambda t, x, y, i: t.stack([x, y]),
    "split": lambda t, x, y, i: x.split(2, 1)[1] * 1,
    "getitem": lambda t, x, y, i: x[1] + x[0, 2] + x[:, 1:2].sum(),
    "index": lambda t, x, y, i: x[:, i],
    "index_select": lambda t, x, y, i: x.index_select(1, i),
    "gather": lambda t, x, y, i: x.gather(0, i[None].expand(2, 3)),
    "scatter_add": lambda t, x, y, i: x.scatter_add(1, i[None].expand(3, 3), y[:, :3]),
    "index_add": lambda t, x, y, i: x.index_add(0, i, y),
    "setitem": lambda t, x, y, i: written(x.clone(), y),
    "setitem_index": lambda t, x, y, i: written_at(x.clone(), i, y),
    "masked_fill": lambda t, x, y, i: x.masked_fill(x > 0, 7.0),
    "in_place": lambda t, x, y, i: x.clone().mul_(2).add_(y).clamp_(0),
    "tril": lambda t, x, y, i: x.tril(),
    "flip": lambda t, x, y, i: x.flip(0).roll(1, 1),
    "sort": lambda t, x, y, i: x.sort(1)[0],
    "topk": lambda t, x, y, i: x.topk(2, 1)[0],
    "clone": lambda t, x, y, i: x.t().clone().contiguous(),
    "cast": lambda t, x, y, i: x.to(t.int32).to(t.float16),
    "creation": lambda t, x, y, i: t.zeros_like(x) + t.ones(4, device=x.device) + t.full((4,), 2.0, device=x.device) + t.arange(4, device=x.device),
    "embedding": lambda t, x, y, i: t.nn.functional.embedding(i, x),
    "one_hot": lambda t, x, y, i: t.nn.functional.one_hot(i, 4),
    "layer_norm": lambda t, x, y, i: t.nn.functional.layer_norm(x, (4,)),
    "relu_gelu": lambda t, x, y, i: t.nn.functional.gelu(t.relu(x)) + t.nn.functional.silu(y),
    "mse": lambda t, x, y, i: t.nn.functional.mse_loss(x, y),
    "cross_entropy": lambda t, x, y, i: t.nn.functional.cross_entropy(x, i),
    "conv1d": lambda t, x, y, i: t.nn.functional.conv1d(x[None], y[None, :, :2]),
    "max_pool": lambda t, x, y, i: t.nn.functional.max_pool1d(x[None], 2),
    "avg_pool": lambda t, x, y, i: t.nn.functional.avg_pool1d(x[None], 2),
    "pad": lambda t, x, y, i: t.nn.functional.pad(x, (1, 2)),
    "attention": lambda t, x, y, i: t.nn.functional.scaled_dot_product_attention(x[None], y[None], x[None]),
    "norm": lambda t, x, y, i: x.norm(),
}  # fmt: skip
"""Programs of two 3 x 4 float32 tensors and three indices."""


def written(x, y):
    x[1] = y[0]
    x[:, 2] = 5.0
    return x


def written_at(x, i, y):
    x[i] = y
    x[x > 1] = 0.0
    return x


def inputs(framework, device: str = "cpu"):
    x = framework.tensor((np.arange(12.0).reshape(3, 4) / 4 - 1.3).tolist(), device=device)
    y = framework.tensor((1.7 - np.arange(12.0).reshape(3, 4) / 5).tolist(), device=device)
    return x, y, framework.tensor([2, 0, 1], device=device)


@pytest.mark.parametrize("name", TABLE)
def test_device_computes_what_the_host_computes(name):
    """The stand-in raises where an op would convert a device array to a host array, or mix the two."""
    body = TABLE[name]
    expected = body(ingot, *inputs(ingot))
    found = body(ingot, *inputs(ingot, "cuda"))
    assert found.device.type == "cuda" and found.dtype is expected.dtype
    np.testing.assert_allclose(found.cpu().numpy(), expected.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in TABLE
        if name not in ("comparison", "max_dim", "argmin", "any_all", "one_hot", "cast", "creation", "embedding_index")
    ],
)
def test_gradients_on_the_device(name):
    def gradient(device):
        x, y, i = inputs(ingot, device)
        x.requires_grad_()
        result = TABLE[name](ingot, x, y, i)
        result.sum().backward()
        assert x.grad.device.type == device
        return x.grad.cpu().numpy()

    np.testing.assert_allclose(gradient("cuda"), gradient("cpu"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(0,), (3, 4), (2, 6), (40,)])
@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
def test_out_is_resized_on_the_device(shape):
    x = inputs(ingot, "cuda")[0]
    for call in (
        lambda out: ingot.sin(x, out=out),
        lambda out: ingot.cat([x, x], out=out),
        lambda out: ingot.sum(x, 0, out=out),
    ):
        out = ingot.empty(shape, device="cuda")
        expected = call(None)
        assert call(out) is out and out.device.type == "cuda"
        assert ingot.equal(out, expected)


VALUES_DECIDE = {
    "setitem_index": "a mask's size depends on values",
    "max_pool": "the kernel looks whether there is a NaN",
}


@pytest.mark.parametrize("name", [name for name in TABLE if name not in VALUES_DECIDE])
def test_meta_has_pytorchs_shapes_dtypes_and_strides(name):
    body = TABLE[name]
    found, expected = body(ingot, *inputs(ingot, "meta")), body(torch, *inputs(torch, "meta"))
    assert found.device.type == "meta"
    assert (tuple(found.shape), str(found.dtype)) == (tuple(expected.shape), str(expected.dtype))
    assert tuple(found.stride()) == tuple(expected.stride())


@pytest.mark.parametrize("name", TABLE)
def test_strides_of_results(name):
    """Results are laid out in memory as PyTorch lays them out."""
    ours, theirs = (TABLE[name](framework, *inputs(framework)) for framework in (ingot, torch))
    assert (tuple(ours.shape), tuple(ours.stride())) == (tuple(theirs.shape), tuple(theirs.stride()))


POINTWISE = ("add", "number", "comparison", "exp", "pow", "clamp", "where", "clone", "cast", "in_place", "relu_gelu", "sum", "mean", "matmul", "index_select", "gather", "flip", "tril")  # fmt: skip


@pytest.mark.parametrize("name", POINTWISE)
def test_strides_of_results_of_transposed_operands(name):
    """Elementwise results keep the layout that their operands share."""
    results = []
    for framework in (ingot, torch):
        x, y, i = inputs(framework)
        result = TABLE[name](framework, x.t().contiguous().t(), y.t().contiguous().t(), i)
        results.append((tuple(result.shape), tuple(result.stride())))
    assert results[0] == results[1]


def test_mixed_devices_are_refused():
    x, y, _ = inputs(ingot)
    there = x.to("cuda")
    for call in (
        lambda: there + x,
        lambda: there @ x.t(),
        lambda: ingot.cat([there, x]),
        lambda: there.mul_(y),
        lambda: ingot.where(there > 0, x, y),
    ):
        with pytest.raises(RuntimeError, match="device"):
            call()
    assert (there + ingot.tensor(1.0)).device.type == "cuda"  # a 0-d host tensor may come along


def test_values_of_meta_tensors_are_refused():
    x = ingot.ones(3, device="meta")
    for call in (x.item, x.tolist, lambda: bool(x[0]), x.numpy, x.cpu, x.nonzero):
        with pytest.raises((RuntimeError, NotImplementedError, TypeError)):
            call()
