"""Tensors print character for character as PyTorch prints them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch._tensor_str import printoptions as torch_options

import ingot
from ingot.core.printing import printoptions as ingot_options

FLOATS = ("float64", "float32", "float16", "bfloat16")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")

VALUES = {
    "fractions": [0.5, -1.25, 3.14159265, 100.0],
    "integers": [1.0, -20.0, 300.0, 0.0],
    "tiny": [1e-5, 2e-5, -3e-5, 0.0],
    "wide range": [1e-3, 1.0, 999.0, 2000.5],
    "huge": [1e9, 2e9, -1.0, 0.5],
    "huge integers": [1e20, 1.0, 2.0, 3.0],
    "nan and inf": [float("nan"), float("inf"), -float("inf"), 1.0],
    "nan, inf, fractions": [float("nan"), float("inf"), -float("inf"), 1.5],
    "only nonfinite": [float("nan"), float("inf"), -float("inf"), float("nan")],
    "zeros": [0.0, -0.0, 0.0, 0.0],
    "negative zero": [-0.0, 1.5, -2.5, 0.25],
    "subnormal": [5e-324, 1e-45, 6e-8, 1.0],
    "rounds up": [0.99999, 9.99995, 0.00005, 1.0],
}
SHAPES = ((), (1,), (4,), (0,), (2, 0), (0, 3), (40,), (7, 9), (2, 3, 4), (1, 1, 1, 1), (3, 1, 2, 2), (1001,), (50, 30), (4, 9, 40), (2, 7, 8, 11), (1, 2000), (2000, 1))  # fmt: skip


def filled(values, shape):
    return np.resize(np.asarray(values, dtype=np.float64), shape)


def pair(array: np.ndarray, dtype: str):
    """The same tensor in both frameworks."""
    ours = ingot.tensor(array).to(getattr(ingot, dtype))
    return ours, torch.tensor(array).to(getattr(torch, dtype))


def assert_same(ours, theirs) -> None:
    assert repr(ours) == repr(theirs)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(values, dtype):
    for shape in SHAPES:
        with np.errstate(all="ignore"):
            assert_same(*pair(filled(VALUES[values], shape), dtype))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(dtype):
    limits = np.iinfo(dtype)
    for values, shape in itertools.product(([0, 1, 2, 3], [limits.min, limits.max, 7, 0]), SHAPES):
        array = np.resize(np.asarray(values, dtype), shape)
        assert_same(ingot.tensor(array), torch.tensor(array))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bools(shape):
    array = np.resize([True, False, False], shape)
    assert_same(ingot.tensor(array), torch.tensor(array))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("values", VALUES)
def test_complex(values, dtype):
    for shape in SHAPES:
        array = np.empty(shape, np.complex128)
        with np.errstate(all="ignore"):
            array.real, array.imag = filled(VALUES[values], shape), filled(VALUES[values][::-1], shape)
            assert_same(*pair(array, dtype))


@pytest.mark.parametrize(
    "dtype", ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]
)
def test_float8(dtype):
    array = np.asarray([0.5, 1.0, 2.0, 4.0], np.float32)
    ours, theirs = pair(array, dtype)
    assert_same(ours, theirs)
    assert_same(ours[:0], theirs[:0])


OPTIONS = (
    {"precision": 0}, {"precision": 2}, {"precision": 10}, {"sci_mode": True}, {"sci_mode": False}, {"edgeitems": 1}, {"edgeitems": 0}, {"edgeitems": 10},
    {"threshold": 0}, {"threshold": 5}, {"threshold": float("inf")}, {"linewidth": 20}, {"linewidth": 1}, {"linewidth": 200}, {"profile": "short"},
    {"profile": "default"}, {"profile": "full"}, {"precision": 1, "threshold": 3, "edgeitems": 2, "linewidth": 30, "sci_mode": True},
)  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options):
    shapes = [shape for shape in SHAPES if np.prod(shape) <= 1000 or options.get("threshold", 0) <= 1000]
    with ingot_options(**options), torch_options(**options):
        assert ingot.get_printoptions() == torch._tensor_str.get_printoptions()
        for values, shape in itertools.product(("fractions", "integers", "wide range", "nan and inf"), shapes):
            assert_same(*pair(filled(VALUES[values], shape), "float32"))
        for shape in ((), (5,), (3, 8), (2, 3, 9)):
            assert_same(*pair(filled([1, 20, 300], shape), "int64"))
            assert_same(*pair(filled([1.5, 20, 300], shape) * (1 + 2j), "complex64"))
    assert ingot.get_printoptions() == torch._tensor_str.get_printoptions()


def test_set_printoptions_keeps_what_is_not_given():
    try:
        for options in (
            {"precision": 7, "sci_mode": True},
            {"linewidth": 60},
            {"profile": "short"},
            {"profile": "unknown"},
        ):
            ingot.set_printoptions(**options)
            torch.set_printoptions(**options)
            assert ingot.get_printoptions() == torch._tensor_str.get_printoptions()
    finally:
        ingot.set_printoptions(profile="default")
        torch.set_printoptions(profile="default")


@pytest.mark.parametrize("default", ["float64", "float16", "bfloat16"])
def test_the_default_dtype_is_not_named(default):
    try:
        ingot.set_default_dtype(getattr(ingot, default))
        torch.set_default_dtype(getattr(torch, default))
        for dtype in (*FLOATS, "complex64", "complex128", "int64", "int32", "bool"):
            assert_same(*pair(filled([0.5, 1], (3,)), dtype))
            assert_same(*pair(filled([0.5, 1], (0,)), dtype))
    finally:
        ingot.set_default_dtype(ingot.float32)
        torch.set_default_dtype(torch.float32)


HISTORIES = {
    "leaf": lambda t, x: x.requires_grad_(),
    "add": lambda t, x: x.requires_grad_() + 1,
    "long suffix on a new line": lambda t, x: (x.requires_grad_() * 1.123456).expand(3, 4) + 0.000123,
    "view": lambda t, x: x.requires_grad_()[1:],
    "sum": lambda t, x: x.requires_grad_().sum(),
    "detached": lambda t, x: (x.requires_grad_() + 1).detach(),
    "double, with history": lambda t, x: x.double().requires_grad_() * 2,
    "empty": lambda t, x: x[:0].requires_grad_() + 1,
    "transposed": lambda t, x: x.expand(3, 4).t(),
    "strided": lambda t, x: x[::2],
    "parameter": lambda t, x: t.nn.Parameter(x),
    "frozen parameter": lambda t, x: t.nn.Parameter(x, requires_grad=False),
    "buffer": lambda t, x: t.nn.Buffer(x),
    "meta": lambda t, x: t.empty(2, 3, device="meta"),
    "meta int": lambda t, x: t.empty(2, dtype=t.int64, device="meta"),
    "meta, requires grad": lambda t, x: t.empty(0, dtype=t.float64, device="meta", requires_grad=True),
}  # fmt: skip


@pytest.mark.parametrize("case", HISTORIES)
def test_history_and_place(case):
    ours, theirs = pair(np.asarray([0.5, 1.5, 2.25, -4.0], np.float32), "float32")
    assert_same(HISTORIES[case](ingot, ours), HISTORIES[case](torch, theirs))


def test_a_function_of_the_user_prints_its_name():
    def double(framework):
        class Double(framework.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, grad):
                return grad * 2

        return Double.apply(framework.ones(2, requires_grad=True))

    assert_same(double(ingot), double(torch))


def test_subclasses_print_under_their_name():
    def shown(framework):
        class Scaled(framework.nn.Parameter):
            pass

        return repr(Scaled(framework.ones(2)))

    assert shown(ingot) == shown(torch) == "Parameter containing:\nParameter(Scaled([1., 1.], requires_grad=True))"


# PyTorch compiles its forward-mode decompositions with a function that it has deprecated.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_a_dual_tensor_shows_its_tangent():
    def shown(framework):
        forward = framework.autograd.forward_ad
        with forward.dual_level():
            return repr(forward.make_dual(framework.ones(2), framework.tensor([0.5, 2.0])))

    assert shown(ingot) == shown(torch)


def test_contents_can_be_given():
    assert ingot.ones(2).__repr__(tensor_contents="...") == torch.ones(2).__repr__(tensor_contents="...")


def test_a_device_is_named_and_gives_away_only_what_is_shown(monkeypatch):
    from ingot.backends import strict_backend

    strict_backend.install()
    try:
        x = ingot.arange(40000, device="cuda").reshape(200, 200)
        moved = []
        to_host = strict_backend.to_host
        monkeypatch.setattr(strict_backend, "to_host", lambda array: moved.append(array.size) or to_host(array))
        assert repr(x) == repr(torch.arange(40000).reshape(200, 200))[:-1] + ", device='cuda:0')"
        assert sum(moved) == 36
    finally:
        strict_backend.uninstall()


def test_formatting_a_number():
    for spec in ("", ".3f", "e"):
        assert format(ingot.tensor(2.5), spec) == format(torch.tensor(2.5), spec)
    assert f"{ingot.ones(2)}" == f"{torch.ones(2)}"
    with pytest.raises(TypeError, match="unsupported format string"):
        format(ingot.ones(2), ".3f")
