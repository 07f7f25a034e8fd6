"""The safetensors format, against the package of that name."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

import ingot
from ingot.serialization import safetensors as ours

NAMES = ("bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "complex64")  # fmt: skip


def tensors(t):
    made = {name: t.tensor([[0.0, 1.0, 2.0]]).to(getattr(t, name)) for name in NAMES}
    return made | {"0-d": t.tensor(1.5), "empty": t.empty(0, 3), "é": t.arange(3)}


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert repr(found[name]) == repr(value), name
        assert tuple(found[name].shape) == tuple(value.shape)


def test_the_package_reads_what_we_write(tmp_path):
    ours.save_file(tensors(ingot), tmp_path / "x.safetensors", metadata={"format": "pt"})
    assert_same(safetensors.torch.load_file(tmp_path / "x.safetensors"), tensors(torch))
    assert_same(safetensors.torch.load(ours.save(tensors(ingot))), tensors(torch))
    with safetensors.safe_open(tmp_path / "x.safetensors", "numpy") as file:
        assert file.metadata() == {"format": "pt"}
    assert safetensors.numpy.load(ours.save({"x": ingot.arange(3)}))["x"].tolist() == [0, 1, 2]


def test_we_read_what_the_package_writes(tmp_path):
    safetensors.torch.save_file(tensors(torch), tmp_path / "x.safetensors", metadata={"a": "b"})
    assert_same(ours.load_file(tmp_path / "x.safetensors"), tensors(torch))
    assert_same(ingot.load(tmp_path / "x.safetensors"), tensors(torch))
    assert_same(ours.load(safetensors.torch.save(tensors(torch))), tensors(torch))
    found = ours.load(safetensors.numpy.save({"x": np.arange(3.0)}))["x"]
    found += 1
    assert found.tolist() == [1, 2, 3]


def test_a_model(tmp_path):
    model = ingot.nn.BatchNorm1d(3)
    ours.save_file(model.state_dict(), tmp_path / "x.safetensors")
    other = torch.nn.BatchNorm1d(3)
    other.load_state_dict(safetensors.torch.load_file(tmp_path / "x.safetensors"))


def test_what_the_format_cannot_hold():
    x = ingot.ones(2, 3)
    with pytest.raises(RuntimeError, match="share memory"):
        ours.save({"a": x, "b": x[0]})
    with pytest.raises(ValueError, match="non contiguous"):
        ours.save({"a": x.t()})
    with pytest.raises(ValueError, match=r"expected torch\.Tensor"):
        ours.save({"a": 1})
    with pytest.raises(ValueError, match="Expected a dict"):
        ours.save([x])
    with pytest.raises(ours.SafetensorError, match=r"no dtype for torch\.complex128"):
        ours.save({"a": ingot.ones(2, dtype=ingot.complex128)})
    with pytest.raises(TypeError, match="strings to strings"):
        ours.save({"a": x}, metadata={"epoch": 1})


def file(header, data=b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(shape=(2,), offsets=(0, 8), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


BROKEN = {
    "empty": b"",
    "short": b"\x00" * 7,
    "header beyond the file": (2**40).to_bytes(8, "little") + b"{}",
    "no JSON": file(b"{"),
    "deeply nested JSON": file(b"[" * 100_000),
    "a list": file([]),
    "no utf-8": file(b'{"\xff": 1}'),
    "an entry that is no dict": file({"a": 1}),
    "unknown dtype": file({"a": entry(dtype="F128")}, bytes(8)),
    "offsets beyond the file": file({"a": entry((4,), (0, 16))}, bytes(8)),
    "offsets that run backwards": file({"a": entry((2,), (8, 0))}, bytes(8)),
    "negative offsets": file({"a": entry((2,), (-8, 0))}, bytes(8)),
    "negative shape": file({"a": entry((-1, -2))}, bytes(8)),
    "a shape that is no int": file({"a": entry((2.0,))}, bytes(8)),
    "a shape that does not fit": file({"a": entry((3,))}, bytes(8)),
    "a huge shape": file({"a": entry((2**62, 2**62))}, bytes(8)),
    "a hole": file({"a": entry((1,), (4, 8))}, bytes(8)),
    "an overlap": file({"a": entry((2,), (0, 8)), "b": entry((1,), (4, 8))}, bytes(8)),
    "bytes left over": file({"a": entry()}, bytes(9)),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_as_by_the_package(case):
    with pytest.raises(safetensors.SafetensorError):
        safetensors.torch.load(BROKEN[case])
    with pytest.raises(ours.SafetensorError):
        ours.load(BROKEN[case])


def test_devices():
    from ingot.backends import strict_backend

    strict_backend.install()
    try:
        data = ours.save({"x": ingot.arange(3, device="cuda")})
        assert safetensors.torch.load(data)["x"].tolist() == [0, 1, 2]
    finally:
        strict_backend.uninstall()
