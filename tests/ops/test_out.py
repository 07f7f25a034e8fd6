"""``out=``: which dtypes it may have, and what it decides."""

from __future__ import annotations

import pytest
import torch

import ingot

EXACT = {
    "neg": lambda t, x, out: t.neg(x, out=out),
    "floor": lambda t, x, out: t.floor(x, out=out),
    "signbit": lambda t, x, out: t.signbit(x, out=out),
    "amax": lambda t, x, out: t.amax(x, 0, out=out),
    "any": lambda t, x, out: t.any(x, out=out),
    "argmax": lambda t, x, out: t.argmax(x, 0, out=out),
    "softmax": lambda t, x, out: t.softmax(x, 0, out=out),
    "norm": lambda t, x, out: t.norm(x, out=out),
    "msort": lambda t, x, out: t.msort(x, out=out),
    "mm": lambda t, x, out: t.mm(x, x, out=out),
    "addmm": lambda t, x, out: t.addmm(x, x, x, out=out),
    "gather": lambda t, x, out: t.gather(x, 0, t.zeros(1, 1, dtype=t.int64), out=out),
    "diag": lambda t, x, out: t.diag(x, out=out),
    "unsqueeze_copy": lambda t, x, out: t.unsqueeze_copy(x, 0, out=out),
    "where": lambda t, x, out: t.where(x > 0, x, x, out=out),
    "sum": lambda t, x, out: t.sum(x, 0, dtype=t.float32, out=out),
    "zeros": lambda t, x, out: t.zeros(2, dtype=t.float32, out=out),
    "linspace": lambda t, x, out: t.linspace(0, 1, 5, dtype=t.float32, out=out),
}
CASTING = {
    "add": lambda t, x, out: t.add(x, 1, out=out),
    "exp": lambda t, x, out: t.exp(x, out=out),
    "maximum": lambda t, x, out: t.maximum(x, x, out=out),
    "cat": lambda t, x, out: t.cat([x, x], out=out),
}
CHOOSING = {
    "sum": lambda t, x, out: t.sum(x, 0, out=out),
    "mean": lambda t, x, out: t.mean(x, 0, out=out),
    "cumsum": lambda t, x, out: t.cumsum(x, 0, out=out),
    "prod": lambda t, x, out: t.prod(x, 0, out=out),
    "linspace": lambda t, x, out: t.linspace(0, 1, 7, out=out),
    "logspace": lambda t, x, out: t.logspace(0, 1, 7, out=out),
    "arange": lambda t, x, out: t.arange(0, 1, 0.1, out=out),
}


def square(t):
    return t.tensor([[0.1, -0.7], [0.3, 1.9]])


@pytest.mark.parametrize("name", EXACT)
def test_a_kernel_without_casts_refuses_another_dtype_and_writes_nothing(name):
    for t in (torch, ingot):
        out = t.empty(0, dtype=t.float64)
        with pytest.raises(RuntimeError):
            EXACT[name](t, square(t), out)
    assert out.numel() == 0


@pytest.mark.parametrize("name", CASTING)
def test_others_cast(name):
    ours, theirs = (CASTING[name](t, square(t), t.empty(0, dtype=t.float64)) for t in (ingot, torch))
    assert str(ours.dtype) == str(theirs.dtype) == "torch.float64"
    assert ours.reshape(-1).tolist() == pytest.approx(theirs.reshape(-1).tolist(), rel=1e-6)


@pytest.mark.parametrize("name", CHOOSING)
def test_where_a_dtype_can_be_chosen_out_chooses_it(name):
    """The computation is in float64: in float32 the sums of these numbers would be wrong from the eighth digit on."""
    ours, theirs = (CHOOSING[name](t, square(t), t.empty(0, dtype=t.float64)) for t in (ingot, torch))
    flat = [one.reshape(-1).tolist() for one in (ours, theirs)]
    assert flat[0] == pytest.approx(flat[1], rel=1e-14, abs=1e-15)


def test_one_of_one_view_has_a_gradient_of_the_right_shape():
    """A node with several outputs gets its gradients as a tuple, also where there is but one of them."""
    for cut in (lambda x: x.unbind(0), lambda x: x.split(2, 0), lambda x: x.chunk(1, 1), lambda x: x.hsplit(1)):
        x = ingot.ones(1, 2, 2, requires_grad=True)
        (only,) = cut(x)
        (only * 3).sum().backward()
        assert x.grad.tolist() == [[[3.0, 3.0], [3.0, 3.0]]]
