"""Files that are damaged or mean harm: a clear error, nothing run, nothing read outside."""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
import zipfile
from pickle import UnpicklingError

import numpy as np
import pytest
import torch

import ingot


def saved(obj, writer=ingot, **options) -> bytes:
    file = io.BytesIO()
    writer.save(obj, file, **options)
    return file.getvalue()


def archive(data: bytes, records: dict[str, bytes] | None = None, **options) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", options.get("compression", zipfile.ZIP_STORED)) as out:
        out.writestr("archive/data.pkl", data)
        out.writestr("archive/byteorder", options.get("byteorder", "little"))
        for name, content in (records or {}).items():
            out.writestr(f"archive/{name}", content)
        out.writestr("archive/version", "3\n")
    file.seek(0)
    return file


def described(
    storage="FloatStorage", count=6, offset=0, size=(2, 3), stride=(3, 1), key="0", location="cpu", extra=()
) -> bytes:
    """The pickle of one tensor that says so of itself."""

    def plain(value) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    kind = f"ctorch.storage\n{storage}\n" if storage == "UntypedStorage" else f"ctorch\n{storage}\n"
    identity = b"(" + plain("storage") + kind.encode() + plain(key) + plain(location) + plain(count) + b"tQ"
    rest = b"".join(plain(value) for value in (offset, size, stride, False, None, *extra))
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + identity + rest + b"tR."


FLOATS = np.arange(6, dtype=np.float32).tobytes()


def test_the_description_is_right_when_nothing_is_wrong():
    for framework in (ingot, torch):
        assert framework.load(archive(described(), {"data/0": FLOATS})).tolist() == [[0, 1, 2], [3, 4, 5]]


LIES = {
    "more elements than bytes": ({"count": 7}, RuntimeError, "its record has 24 bytes"),
    "fewer elements than bytes": ({"count": 5}, RuntimeError, "its record has 24 bytes"),
    "negative count": ({"count": -6}, RuntimeError, "its record has 24 bytes"),
    "another dtype": ({"storage": "DoubleStorage"}, RuntimeError, "its record has 24 bytes"),
    "size beyond the storage": ({"size": (3, 3)}, RuntimeError, "out of bounds for storage of size 24"),
    "stride beyond the storage": ({"stride": (4, 1)}, RuntimeError, "out of bounds for storage of size 24"),
    "offset beyond the storage": ({"offset": 1}, RuntimeError, "out of bounds for storage of size 24"),
    "negative offset": ({"offset": -1}, RuntimeError, "must not be negative"),
    "negative stride": ({"stride": (-3, 1), "offset": 3}, RuntimeError, "must not be negative"),
    "negative size": ({"size": (-2, -3)}, RuntimeError, "must not be negative"),
    "huge strides": ({"stride": (2**62, 1)}, RuntimeError, "overflowed|out of bounds"),
    "huge expanded size": ({"size": (2**62, 2**62), "stride": (0, 0)}, RuntimeError, "overflowed"),
    "wrapping sizes": ({"size": (2**32, 2**32), "stride": (0, 0)}, RuntimeError, "overflowed"),
    "sizes and strides of different length": ({"stride": (1,)}, RuntimeError, "same length"),
    "sizes that are no integers": ({"size": (2.0, 3)}, RuntimeError, "tuple of integers"),
    "sizes that are no tuple": ({"size": "ab"}, RuntimeError, "tuple of integers"),
    "a missing record": ({"key": "1"}, RuntimeError, "failed locating file data/1"),
    "a path for a key": ({"key": "../../etc/passwd"}, RuntimeError, "failed locating file"),
    "a key that is no string": ({"key": 0}, UnpicklingError, "malformed storage reference"),
    "an unknown device": ({"location": "xpu"}, RuntimeError, "device"),
    "no storage class": ({"storage": "float32"}, UnpicklingError, "malformed storage reference"),
    "unknown metadata": ({"extra": ({"neg": True, "run": 1},)}, RuntimeError, "unknown tensor metadata"),
    "too many arguments": ({"extra": (1, 2, 3)}, UnpicklingError, "corrupt"),
    "untyped memory without a dtype": ({"storage": "UntypedStorage", "count": 24}, UnpicklingError, "needs a storage and a dtype"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_tensor_that_does_not_fit_its_storage(lie):
    wrong, error, message = LIES[lie]
    with pytest.raises(error, match=message):
        ingot.load(archive(described(**wrong), {"data/0": FLOATS}))


def test_an_empty_tensor_may_lie_anywhere_inside():
    assert ingot.load(archive(described(size=(0, 3), offset=6), {"data/0": FLOATS})).shape == (0, 3)


RAN = []


class Harmful:
    """Pickles as a call of ``function(*arguments)``."""

    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


def ran(*arguments):
    RAN.append(arguments)


CALLS = {
    "os.system": lambda: Harmful(__import__("os").system, "echo harm"),
    "eval": lambda: Harmful(eval, "1"),
    "exec": lambda: Harmful(exec, "1"),
    "getattr": lambda: Harmful(getattr, "", "join"),
    "a function of one's own": lambda: Harmful(ran, 1),
    "import": lambda: Harmful(__import__, "antigravity"),
    "subprocess": lambda: Harmful(__import__("subprocess").Popen, "ls"),
    "numpy.load": lambda: Harmful(np.load, "x"),
    "ingot.load": lambda: Harmful(ingot.load, "x"),
    "operator": lambda: Harmful(__import__("operator").methodcaller, "x"),
    "functools": lambda: Harmful(__import__("functools").partial, ran),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("weights_only", [True, False])
def test_no_call_is_made(call, protocol, weights_only):
    data = pickle.dumps({"weights": [CALLS[call]()]}, protocol)
    with pytest.raises(UnpicklingError, match=r"not an allowed global|is blocked|unrecognized"):
        ingot.load(archive(data), weights_only=weights_only)
    assert not RAN


def test_the_blocked_stay_blocked_even_if_vouched_for():
    import os

    with (
        ingot.serialization.safe_globals([os.system, eval]),
        pytest.raises(UnpicklingError, match="is blocked"),
    ):
        ingot.load(archive(pickle.dumps(Harmful(os.system, "echo harm"), 2)))


PICKLES = {
    "empty": b"",
    "no end": b"\x80\x02]",
    "an empty stack": b"\x80\x02.",
    "a mark as result": b"\x80\x02(.",
    "text protocol": b"I1\n.",
    "an instruction that does not exist": b"\x80\x02\xff.",
    "INST": b"(S'echo'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nX\x01\x00\x00\x00ao.",
    "EXT1": b"\x80\x02\x82\x01.",
    "a string longer than the file": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "an 8-byte length": b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"a.",
    "a negative long": b"\x80\x02\x8b" + struct.pack("<i", -5) + b".",
    "memo that is not there": b"\x80\x02h\x05.",
    "pop of nothing": b"\x80\x020.",
    "tuple of nothing": b"\x80\x02\x87.",
    "append to a dict": b"\x80\x02}K\x01a.",
    "item of a list": b"\x80\x02]K\x01K\x01s.",
    "odd items": b"\x80\x02}(K\x01u.",
    "a list as key": b"\x80\x02}]K\x01s.",
    "state of a list": b"\x80\x02]}b.",
    "state of a tensor class": b"\x80\x02ctorch\nTensor\n}b.",
    "a call of a string": b"\x80\x02X\x01\x00\x00\x00a)R.",
    "a call of a result": b"\x80\x02ccollections\nOrderedDict\n)R)R.",
    "a call of a dtype": b"\x80\x02ctorch\nfloat32\n)R.",
    "a call without a tuple": b"\x80\x02ccollections\nOrderedDict\n]R.",
    "the legacy constructor": b"\x80\x02ctorch\nTensor\nK\x01\x85R\x85R.",
    "bad utf-8": b"\x80\x02X\x01\x00\x00\x00\xff.",
    "a persistent id that is no storage": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "an empty persistent id": b"\x80\x02)Q.",
    "a short persistent id": b"\x80\x02X\x07\x00\x00\x00storage\x85Q.",
    "a huge bytearray": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "a set of a number": b"\x80\x02cbuiltins\nset\nK\x05\x85R.",
    "encode with a codec of its own": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00zip\x86R.",
    "a negative size": b"\x80\x02ctorch\nSize\nJ\xff\xff\xff\xff\x85\x85R.",
    "a device that is none": b"\x80\x02ctorch\ndevice\nX\x05\x00\x00\x00a b c\x85R.",
    "a parameter of a string": b"\x80\x02ctorch._utils\n_rebuild_parameter\nX\x01\x00\x00\x00a\x88}\x87R.",
    "a tensor of a string": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(X\x01\x00\x00\x00aK\x00))\x89}tR.",
    "a sparse layout": b"\x80\x02ctorch.serialization\n_get_layout\nX\x10\x00\x00\x00torch.sparse_coo\x85R.",
    "rebuilding by another function": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(c_codecs\nencode\nctorch\nTensor\n)}tR.",
}


@pytest.mark.parametrize("case", PICKLES)
@pytest.mark.parametrize("weights_only", [True, False])
def test_a_pickle_that_is_corrupt(case, weights_only):
    # "Tensor" is no function here, and a bad device name is PyTorch's RuntimeError.
    error = RuntimeError if case in ("a negative size", "a device that is none") else UnpicklingError
    with pytest.raises(error):
        ingot.load(archive(PICKLES[case]), weights_only=weights_only)


def test_keys_that_take_for_ever_to_hash():
    nested: tuple = (1, 2)
    for _ in range(100):
        nested = (nested, nested)
    for protocol in (2, 4):
        data = pickle.dumps(nested, protocol)
        # } <the tuple> 1 SETITEM: the tuple as a key
        start = 2 if protocol == 2 else 11
        as_key = data[:2] + b"}" + data[start:-1] + b"K\x01s."
        with pytest.raises(UnpicklingError, match="more than 10000 parts"):
            ingot.load(archive(as_key))


def test_any_cut_of_a_file_is_refused():
    whole = saved({"x": ingot.arange(20), "y": [1, 2, "z"]})
    for length in range(0, len(whole), 7):
        with pytest.raises((RuntimeError, EOFError, UnpicklingError)):
            ingot.load(io.BytesIO(whole[:length]))


def test_any_flipped_byte_is_noticed_or_harmless():
    whole = saved({"x": ingot.arange(20), "y": [1, 2, "z"]})
    rng = np.random.default_rng(0)
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
        try:
            found = ingot.load(io.BytesIO(bytes(damaged)))
        except (RuntimeError, EOFError, UnpicklingError, ValueError):
            continue
        assert found["x"].tolist() == list(range(20))


def test_random_pickles_raise_only_what_is_promised():
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(
        io.BytesIO(saved({"x": ingot.nn.Parameter(ingot.arange(6.0)), "y": [1, {2}, ingot.float32, ingot.Size([1])]}))
    ) as source:
        data = source.read("archive/data.pkl")
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(int(rng.integers(1, 4))):
            damaged[rng.integers(len(data))] = rng.integers(256)
        with contextlib.suppress(UnpicklingError, RuntimeError):
            ingot.load(archive(bytes(damaged), {"data/0": FLOATS}), weights_only=bool(rng.integers(2)))


def test_a_damaged_record():
    whole = bytearray(saved(ingot.arange(100)))
    at = whole.index(np.arange(40, 60, dtype=np.int64).tobytes())
    whole[at] ^= 1
    with pytest.raises(RuntimeError, match="CRC"):
        ingot.load(io.BytesIO(bytes(whole)))


def test_compressed_records_are_refused_before_they_unfold():
    bomb = archive(
        described(count=10**8, size=(10**8,), stride=(1,)), {"data/0": b"\0" * 10**6}, compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(RuntimeError, match="compressed"):
        ingot.load(bomb)


def test_records_that_overlap_are_refused():
    file = archive(described(), {"data/0": FLOATS, "data/1": FLOATS})
    whole = bytearray(file.getvalue())
    entries = [at for at in range(len(whole)) if whole[at : at + 4] == b"PK\x01\x02"]
    # The second storage's directory entry points to the first one's bytes.
    first, second = entries[2], entries[3]
    whole[second + 42 : second + 46] = whole[first + 42 : first + 46]
    with pytest.raises(RuntimeError, match="overlaps"):
        ingot.load(io.BytesIO(bytes(whole)))


def test_byte_order():
    big = np.arange(6, dtype=">f4").tobytes()
    for framework in (ingot, torch):
        assert framework.load(archive(described(), {"data/0": big}, byteorder="big")).tolist() == [[0, 1, 2], [3, 4, 5]]
        with pytest.raises(ValueError, match="Unknown endianness type: middle"):
            framework.load(archive(described(), {"data/0": big}, byteorder="middle"))
    pairs = np.asarray([1 + 2j, 3 - 4j], ">c8").tobytes()
    complex_pickle = described("ComplexFloatStorage", 2, 0, (2,), (1,))
    assert ingot.load(archive(complex_pickle, {"data/0": pairs}, byteorder="big")).tolist() == [1 + 2j, 3 - 4j]


def test_bools_are_bools_whatever_the_bytes():
    found = ingot.load(archive(described("BoolStorage", 3, 0, (3,), (1,)), {"data/0": b"\x00\x01\x07"}))
    assert found.tolist() == [False, True, True]
    assert found.sum().item() == 2


def test_other_files():
    with pytest.raises(EOFError):
        ingot.load(io.BytesIO())
    with pytest.raises(UnpicklingError, match="no file of tensors"):
        ingot.load(io.BytesIO(b"hello"))
    with pytest.raises(UnpicklingError, match=r"before 1\.6"):
        ingot.load(io.BytesIO(pickle.dumps({"a": 1})))
    old = io.BytesIO()
    torch.save(torch.ones(2), old, _use_new_zipfile_serialization=False)
    old.seek(0)
    with pytest.raises(UnpicklingError, match=r"before 1\.6"):
        ingot.load(old)
    with pytest.raises(RuntimeError, match="TorchScript"):
        ingot.load(archive(b"", {"constants.pkl": b""}))
    with pytest.raises(RuntimeError, match=r"failed locating file data\.pkl"):
        other = io.BytesIO()
        with zipfile.ZipFile(other, "w") as out:
            out.writestr("a/b", "c")
        ingot.load(io.BytesIO(other.getvalue()))


def test_sparse_tensors_are_refused():
    with pytest.raises(UnpicklingError, match="sparse"):
        ingot.load(io.BytesIO(saved(torch.eye(2).to_sparse(), torch)))


def test_strings_in_numpy_arrays_are_refused():
    for array in (np.array(["a"]), np.array([None]), np.zeros(1, [("a", "i4")])):
        with pytest.raises(UnpicklingError):
            ingot.load(io.BytesIO(saved(array)), weights_only=False)
