"""Memory shared with NumPy and PyTorch: a write on one side is seen on the other; what cannot be shared is refused."""

from __future__ import annotations

import copy
import pickle

import ml_dtypes
import numpy as np
import pytest
import torch

import ingot

NUMPY_DTYPES = ("float64", "float32", "float16", "complex64", "complex128", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")  # fmt: skip
ALL = (
    *NUMPY_DTYPES,
    "bfloat16",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
)


def ones(t, dtype):
    return t.ones(2, 3).to(getattr(t, dtype))


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_numpy_sees_writes_and_is_seen(dtype):
    array = np.zeros((2, 3), dtype)
    for made in (ingot.from_numpy(array), ingot.as_tensor(array), ingot.asarray(array), ingot.from_dlpack(array)):
        assert str(made.dtype) == f"torch.{dtype}"
        array[...] = 0
        array[0, 1] = 1
        assert made[0, 1].item() == 1
        made[1, 2] = 1
        assert array[1, 2] == 1
        for back in (made.numpy(), np.asarray(made), np.from_dlpack(made), made.t().numpy().T):
            back[0, 0] = 1
            assert made[0, 0].item() == 1
            made[0, 0] = 0
            assert back[0, 0] == 0
    assert ingot.tensor(array).data_ptr() != array.ctypes.data
    assert ingot.asarray(array, copy=True).data_ptr() != array.ctypes.data


@pytest.mark.parametrize("dtype", ALL)
def test_dlpack_with_torch(dtype):
    theirs = ones(torch, dtype)
    ours = ingot.from_dlpack(theirs)
    assert repr(ours) == repr(theirs)
    theirs[0, 1] = 2
    assert repr(ours) == repr(theirs)
    ours[1, 0] = 4
    assert repr(ours) == repr(theirs)
    exported = torch.from_dlpack(ours.t())
    assert exported.data_ptr() == theirs.data_ptr() == ours.data_ptr()
    assert exported.stride() == (1, 3)
    assert repr(exported.t()) == repr(ours)


def test_dlpack_keeps_the_memory_alive():
    ours = ingot.from_dlpack(torch.arange(1000.0))
    array = np.from_dlpack(ingot.arange(1000.0))
    filler = [np.full(1000, -1, np.float32) for _ in range(50)]
    assert ours.tolist() == array.tolist() == list(range(1000))
    assert len(filler) == 50


def test_dlpack_details():
    x = ingot.arange(3.0)
    assert x.__dlpack_device__() == (1, 0)
    assert ingot.from_dlpack(x).data_ptr() == x.data_ptr()
    assert ingot.from_dlpack(x, copy=True).data_ptr() != x.data_ptr()
    assert ingot.from_dlpack(x, device="cpu").data_ptr() == x.data_ptr()
    assert torch.from_dlpack(x).tolist() == [0, 1, 2]
    to_dlpack, from_dlpack = ingot.utils.dlpack.to_dlpack, ingot.utils.dlpack.from_dlpack
    assert from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(2))).tolist() == [1, 1]
    assert torch.utils.dlpack.from_dlpack(to_dlpack(x)).tolist() == [0, 1, 2]
    read_only = np.arange(3.0)
    read_only.flags.writeable = False
    assert ingot.from_dlpack(read_only).tolist() == [0, 1, 2]
    assert ingot.from_dlpack(np.empty((0, 3))).shape == (0, 3)
    capsule = to_dlpack(x)
    from_dlpack(capsule)
    for wrong in (capsule, [1], 3):
        with pytest.raises(RuntimeError, match="invalid capsule"):
            ingot.from_dlpack(wrong)
    for wanted in (x.requires_grad_(), ingot.empty(2, device="meta")):
        with pytest.raises(BufferError, match=r"Can't export|Cannot pack"):
            wanted.__dlpack__()
    with pytest.raises(BufferError, match="require gradient"):
        ingot.from_dlpack(x)
    with pytest.raises(AssertionError, match="stream should be None on cpu"):
        ingot.ones(2).__dlpack__(stream=1)
    with pytest.raises(BufferError):
        ingot.from_dlpack(np.zeros(2, "g"))
    # PyTorch ends the process here.
    with pytest.raises(ValueError, match="negative strides"):
        ingot.from_dlpack(np.arange(3)[::-1])


REFUSED = {
    "negative strides": np.arange(6.0)[::-1],
    "negative strides in one dim": np.arange(6.0).reshape(2, 3)[:, ::-1],
    "foreign byte order": np.arange(3, dtype=">f8" if np.little_endian else "<f8"),
    "strings": np.array(["a"]),
    "objects": np.array([None]),
    "dates": np.array(["2020"], "M8[D]"),
    "records": np.zeros(2, [("a", "f4"), ("b", "i4")]),
    "long doubles": np.zeros(2, np.longdouble),
    "strides that are no multiple of the element": np.ndarray((2,), "f8", np.zeros(3), 0, (12,)),
    "a field of records": np.zeros(2, [("a", "f8"), ("b", "i4")])["a"],
}


@pytest.mark.parametrize("case", REFUSED)
def test_arrays_that_no_tensor_can_hold(case):
    array = REFUSED[case]
    for name in ("from_numpy", "as_tensor", "asarray", "tensor"):
        errors = []
        for framework in (ingot, torch):
            with pytest.raises((TypeError, ValueError)) as caught:
                getattr(framework, name)(array)
            errors.append((caught.type, str(caught.value)[:30]))
        assert errors[0] == errors[1]


def test_read_only_memory_warns():
    array = np.arange(3.0)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        assert ingot.from_numpy(array).tolist() == [0, 1, 2]
    with pytest.warns(UserWarning, match="not writable"):
        assert ingot.frombuffer(b"\1\2", dtype=ingot.uint8).tolist() == [1, 2]


def test_bfloat16_arrays_are_taken_too():
    array = np.arange(3).astype(ml_dtypes.bfloat16)
    made = ingot.from_numpy(array)
    made[0] = 5
    assert made.dtype is ingot.bfloat16
    assert array[0] == 5


def test_what_has_no_array():
    cases = {
        "requires grad": (lambda t: t.ones(2, requires_grad=True).numpy(), RuntimeError),
        "np.asarray of what requires grad": (lambda t: np.asarray(t.ones(2, requires_grad=True)), RuntimeError),
        "bfloat16": (lambda t: ones(t, "bfloat16").numpy(), TypeError),
        "float8": (lambda t: ones(t, "float8_e5m2").numpy(), TypeError),
        "meta": (lambda t: t.ones(2, device="meta").numpy(), TypeError),
        "not a NumPy array": (lambda t: t.from_numpy([1]), TypeError),
    }
    for name, (call, error) in cases.items():
        for framework in (ingot, torch):
            with pytest.raises(error):
                call(framework)
            assert name
    assert ingot.ones(2, requires_grad=True).numpy(force=True).tolist() == [1, 1]


def test_the_array_protocol():
    x = ingot.arange(3, dtype=ingot.float32)
    assert np.asarray(x).ctypes.data == x.data_ptr()
    assert np.array(x).ctypes.data != x.data_ptr()
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert np.asarray(x, copy=False).ctypes.data == x.data_ptr()
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.asarray(x, dtype=np.float64, copy=False)
    for found in (np.sin(x), x + np.ones(3, np.float32), np.float32(2) * x, x * np.float32(2)):
        assert type(found) is ingot.Tensor
        assert found.dtype is ingot.float32
    for framework in (ingot, torch):
        with pytest.raises(TypeError):
            np.ones(3) - framework.ones(3)
    assert np.less(x, 1).dtype is ingot.uint8


def test_python_buffers():
    data = bytearray(range(8))
    for make in (
        lambda t: t.frombuffer(data, dtype=t.int16),
        lambda t: t.frombuffer(data, dtype=t.int16, count=2, offset=2),
        lambda t: t.frombuffer(data, dtype=t.uint8, offset=5),
        lambda t: t.asarray(data, dtype=t.uint8),
    ):
        assert make(ingot).tolist() == make(torch).tolist()
    x = ingot.frombuffer(data, dtype=ingot.uint8)
    x[0] = 99
    assert data[0] == 99
    wrong = {
        "too short": {"count": 5}, "offset beyond": {"offset": 8}, "negative offset": {"offset": -1}, "odd rest": {"offset": 1},
    }  # fmt: skip
    for options in wrong.values():
        for framework in (ingot, torch):
            with pytest.raises(ValueError):
                framework.frombuffer(data, dtype=framework.int16, **options)
    for framework in (ingot, torch):
        with pytest.raises(ValueError):
            framework.frombuffer(bytearray(), dtype=framework.int16)
        with pytest.raises(ValueError, match="buffer protocol"):
            framework.frombuffer([1], dtype=framework.int16)


@pytest.mark.parametrize("dtype", ALL)
def test_python_numbers(dtype):
    ours, theirs = ones(ingot, dtype), ones(torch, dtype)
    assert ours.tolist() == theirs.tolist()
    assert type(ours.tolist()[0][0]) is type(theirs.tolist()[0][0])
    assert type(ours[0, 0].item()) is type(theirs[0, 0].item())
    assert ours[0, 0].tolist() == theirs[0, 0].tolist()
    assert ours[:0].tolist() == theirs[:0].tolist() == []


def test_conversions_to_python_numbers():
    def outcome(call, t):
        try:
            return call(t)
        except Exception as error:
            return type(error)

    for call in (
        lambda t: int(t.tensor(2.7)), lambda t: float(t.tensor([[2]])), lambda t: complex(t.tensor(2)), lambda t: bool(t.tensor(0)),
        lambda t: range(5)[t.tensor(2)], lambda t: range(5)[t.tensor(2.0)], lambda t: float(t.ones(2)), lambda t: int(t.ones(0)), lambda t: t.ones(2).item(),
        lambda t: t.ones(0).item(), lambda t: float(t.tensor(1 + 2j)), lambda t: float(t.tensor(1 + 0j)), lambda t: complex(t.tensor(1 + 2j)),
        lambda t: t.ones(1, device="meta").item(), lambda t: int(t.tensor(float("nan"))), lambda t: t.ones(2, device="meta").tolist(),
    ):  # fmt: skip
        assert outcome(call, ingot) == outcome(call, torch)


def test_lists_of_arrays():
    assert ingot.tensor([np.ones(2), np.zeros(2)]).dtype is ingot.float64
    assert ingot.tensor([np.float32(1), np.float32(2)]).dtype is ingot.float32
    assert ingot.tensor([np.int16(1), 2]).tolist() == [1, 2]


# -- copies and pickles


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("dtype", ALL)
def test_pickles(dtype, protocol):
    x = ones(ingot, dtype)
    for view in (x, x.t(), x[:, ::2], x[0, 1], x[:0], x[:, :1].expand(2, 4)):
        found = pickle.loads(pickle.dumps(view, protocol))
        assert repr(found) == repr(view)
        found.zero_()
        assert repr(x) == repr(ones(ingot, dtype))
    assert pickle.loads(pickle.dumps(x.t(), protocol)).stride() == (1, 3)


def test_pickles_beside_the_stream():
    x = ingot.arange(1000.0)
    buffers: list = []
    data = pickle.dumps(x, 5, buffer_callback=buffers.append)
    assert len(data) < 500
    assert len(buffers) == 1
    found = pickle.loads(data, buffers=[bytearray(buffers[0])])
    found += 1
    assert found[0].item() == 1
    assert x[0].item() == 0


def test_pickles_of_parameters_and_others():
    p = ingot.nn.Parameter(ingot.ones(2))
    p.note = "kept"
    found = pickle.loads(pickle.dumps(p))
    assert type(found) is ingot.nn.Parameter
    assert found.requires_grad
    assert found.note == "kept"
    assert type(pickle.loads(pickle.dumps(ingot.nn.Buffer(ingot.ones(2))))) is ingot.nn.Buffer
    assert pickle.loads(pickle.dumps(ingot.ones(2, device="meta"))).device.type == "meta"
    assert pickle.loads(pickle.dumps(ingot.ones(2, requires_grad=True) * 2)).is_leaf
    for item in (ingot.float32, ingot.Size([1, 2]), ingot.device("cuda:1")):
        assert pickle.loads(pickle.dumps(item)) == item


def test_copies():
    x = ingot.arange(6.0).reshape(2, 3)
    x.requires_grad_()
    (x * 2).sum().backward()
    deep, shallow = copy.deepcopy(x), copy.copy(x)
    assert deep.requires_grad
    assert deep.grad.tolist() == x.grad.tolist()
    assert deep.grad is not x.grad
    assert deep.data_ptr() != x.data_ptr() == shallow.data_ptr()
    assert copy.deepcopy(x.detach().t()).stride() == (1, 3)
    for framework in (ingot, torch):
        with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
            copy.deepcopy(framework.ones(2, requires_grad=True) * 2)
    base = ingot.zeros(4)
    both = copy.deepcopy([base, base[:2]])
    both[0][0] = 7
    assert both[1][0].item() == 7
    assert base[0].item() == 0
    p = ingot.nn.Parameter(ingot.ones(2))
    twice = copy.deepcopy([p, p])
    assert twice[0] is twice[1]
    assert type(twice[0]) is ingot.nn.Parameter


# -- devices


@pytest.fixture
def cuda():
    from ingot.backends import strict_backend

    strict_backend.install()
    yield "cuda"
    strict_backend.uninstall()


def test_device_memory(cuda):
    x = ingot.arange(3.0, device=cuda)
    with pytest.raises(TypeError, match=r"Use Tensor\.cpu"):
        x.numpy()
    with pytest.raises(TypeError, match=r"Use Tensor\.cpu"):
        np.asarray(x)
    assert x.numpy(force=True).tolist() == x.tolist() == [0, 1, 2]
    assert x[1].item() == 1
    assert pickle.loads(pickle.dumps(x)).device.type == "cuda"
    assert copy.deepcopy(x).tolist() == [0, 1, 2]
    interface = x[1:].__cuda_array_interface__
    assert (interface["shape"], interface["typestr"], interface["version"]) == ((2,), "<f4", 3)
    assert interface["data"] == (x.data_ptr() + 4, False)
    with pytest.raises(RuntimeError, match="requires grad"):
        _ = x.requires_grad_().__cuda_array_interface__


def test_the_cuda_array_interface_is_for_devices_only():
    for framework in (ingot, torch):
        assert not hasattr(framework.ones(2), "__cuda_array_interface__")
