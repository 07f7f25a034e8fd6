"""Files go both ways between Ingot and PyTorch, with everything in them."""

from __future__ import annotations

import collections
import io
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest
import torch

import ingot

DTYPES = (
    "float64", "float32", "float16", "bfloat16", "complex64", "complex128", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "bool", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
)  # fmt: skip


def contents(t):
    """One of everything that a file may hold, in framework ``t``."""
    x = t.arange(6, dtype=t.float32).reshape(2, 3)
    tensors = {name: t.tensor([[0.25, 1.0, 2.0], [4.0, 0.5, 1.0]]).to(getattr(t, name)) for name in DTYPES}
    nested: list = []
    nested.append(nested)
    return {
        **tensors,
        "matrix": x, "row of the matrix": x[1], "every other": x[:, ::2], "transposed": x.t(), "parameter": t.nn.Parameter(x.t()),
        "frozen": t.nn.Parameter(t.ones(2), requires_grad=False), "buffer": t.nn.Buffer(x), "leaf": t.ones(2, requires_grad=True),
        "0-d": t.tensor(3), "empty": t.empty(0, 3), "expanded": t.ones(1).expand(4), "meta": t.empty(2, 3, device="meta"),
        "channels last": t.arange(24.0).reshape(1, 2, 3, 4).to(memory_format=t.channels_last), "bfloat16 transposed": t.ones(3, 2, dtype=t.bfloat16).t(),
        "size": t.Size([1, 2]), "dtype": t.float16, "uint dtype": t.uint16, "device": t.device("cuda:1"), "cpu": t.device("cpu"), "layout": t.strided,
        "bytes": b"ab\xff", "bytearray": bytearray(b"q"), "set": {1}, "complex": 1 + 2j, "big": 2**80, "negative": -(2**70), "text": "x\u00e9" * 300,
        "ordered": collections.OrderedDict(a=1, b=t.ones(1)), "counter": collections.Counter("aab"), "none": None, "flags": (True, False),
        "float": 1.5, "ints": (0, 255, 256, 65535, 65536, -1, 2**31, -(2**31)), "list": [], "tuple": (1, (2, (3, ()), [4])), 3: "a number as key",
    }  # fmt: skip


def assert_same(ours, theirs, name) -> None:
    if isinstance(theirs, torch.Tensor):
        assert (tuple(ours.shape), ours.stride(), ours.storage_offset()) == (
            tuple(theirs.shape),
            theirs.stride(),
            theirs.storage_offset(),
        ), name
        assert ours.requires_grad == theirs.requires_grad, name
        assert ours.is_leaf
    assert type(ours).__name__.replace("Buffer", "Tensor") == type(theirs).__name__, name
    assert repr(ours) == repr(theirs), name


def saved(obj, writer=ingot, **options) -> bytes:
    file = io.BytesIO()
    writer.save(obj, file, **options)
    return file.getvalue()


def loaded(data: bytes, reader=ingot, **options):
    return reader.load(io.BytesIO(data), **options)


def through(writer, reader, obj, **options):
    return loaded(saved(obj, writer), reader, **options)


@pytest.mark.parametrize(
    "writer, reader",
    [(ingot, torch), (torch, ingot), (ingot, ingot)],
    ids=["ingot to torch", "torch to ingot", "ingot to ingot"],
)
def test_everything(writer, reader):
    found = through(writer, reader, contents(writer), weights_only=True)
    wanted = contents(torch)
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        pair = (found[name], value)
        assert_same(*pair, name)


@pytest.mark.parametrize("writer, reader", [(ingot, torch), (torch, ingot), (ingot, ingot)])
def test_views_of_one_storage_stay_views(writer, reader):
    x = writer.arange(6.0).reshape(2, 3)
    found = through(
        writer, reader, {"x": x, "row": x[1], "detached": x.detach(), "data": x.data, "other": writer.ones(2)}
    )
    found["x"][1, 0] = 100.0
    assert found["row"][0] == found["detached"][1, 0] == found["data"][1, 0] == 100.0
    assert found["row"].storage_offset() == 3
    if reader is ingot:
        assert found["x"]._version == found["row"]._version == 1


def test_an_object_that_occurs_twice_stays_one():
    x = ingot.ones(2)
    found = through(ingot, ingot, [x, x, {"again": x}])
    assert found[0] is found[1] is found[2]["again"]
    cycle: list = []
    cycle.append(cycle)
    found = through(ingot, ingot, cycle)
    assert found[0] is found


def test_one_memory_as_two_dtypes_is_refused_as_in_torch():
    for framework in (ingot, torch):
        x = framework.ones(2)
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            framework.save([x, x.view(framework.int32)], io.BytesIO())


def test_attributes_of_tensors():
    for writer, reader in ((ingot, torch), (torch, ingot)):
        x, p = writer.ones(2), writer.nn.Parameter(writer.ones(2))
        x.note, p.note = "plain", "parameter"
        found = through(writer, reader, [x, p])
        assert [item.note for item in found] == ["plain", "parameter"]
        assert type(found[1]) is reader.nn.Parameter


def test_conjugated_and_negated_memory_arrives_as_values():
    x = torch.tensor([1 + 2j, 3 - 1j])
    assert through(torch, ingot, x.conj()).tolist() == x.conj().tolist()
    assert through(torch, ingot, x.conj().imag).tolist() == x.conj().imag.tolist()


def test_training_state_goes_on_in_the_other_framework():
    def start(t):
        layers = t.nn.Sequential(t.nn.BatchNorm1d(3), t.nn.PReLU(), t.nn.LayerNorm(3)).double()
        return layers, t.optim.Adam(layers.parameters(), lr=0.01, amsgrad=True)

    def step(t, model, optimizer):
        optimizer.zero_grad()
        loss = (model(t.arange(12.0, dtype=t.float64).reshape(4, 3) ** 2 / 5) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    for writer, reader in ((ingot, torch), (torch, ingot)):
        model, optimizer = start(writer)
        for _ in range(3):
            step(writer, model, optimizer)
        found = through(writer, reader, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
        assert found["model"]._metadata == model.state_dict()._metadata
        other, its_optimizer = start(reader)
        other.load_state_dict(found["model"])
        its_optimizer.load_state_dict(found["optimizer"])
        for _ in range(3):
            assert step(writer, model, optimizer) == pytest.approx(step(reader, other, its_optimizer), rel=1e-10)


def test_generator_state_is_a_tensor_like_any_other():
    state = torch.get_rng_state()
    assert through(torch, ingot, state).tolist() == state.tolist()


# -- paths, files, places


def test_paths(tmp_path):
    x = ingot.arange(3)
    for path in (tmp_path / "x.pt", str(tmp_path / "y.pt"), tmp_path / "no suffix"):
        ingot.save(x, path)
        assert torch.load(path).tolist() == ingot.load(path).tolist() == [0, 1, 2]
    assert zipfile.ZipFile(tmp_path / "x.pt").namelist()[0] == "x/data.pkl"


def test_equal_contents_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        ingot.save({"x": ingot.arange(3)}, tmp_path / name / "x.pt")
    assert (tmp_path / "a" / "x.pt").read_bytes() == (tmp_path / "b" / "x.pt").read_bytes()


def test_storages_are_aligned_and_torch_can_map_them(tmp_path):
    path = tmp_path / "x.pt"
    ingot.save([ingot.arange(n) for n in range(1, 9)], path)
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for info in archive.infolist():
            file.seek(info.header_offset + 26)
            lengths = np.frombuffer(file.read(4), "<u2")
            assert (info.header_offset + 30 + int(lengths.sum())) % 64 == 0
    assert [x.tolist() for x in torch.load(path, mmap=True)] == [list(range(n)) for n in range(1, 9)]


def test_a_file_without_seek_can_be_written_to():
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.got = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.got += data
            return len(data)

    pipe = Pipe()
    ingot.save({"x": ingot.arange(3)}, pipe)
    assert torch.load(io.BytesIO(bytes(pipe.got)))["x"].tolist() == [0, 1, 2]


def test_pickle_protocols():
    for protocol in (2, 3, 4, 5):
        found = loaded(saved(contents(ingot), pickle_protocol=protocol))
        for name, value in contents(torch).items():
            assert_same(found[name], value, name)


def test_what_cannot_be_a_file():
    with pytest.raises(AttributeError, match="a file-like object with a 'write' attribute"):
        ingot.save(1, 5)
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        ingot.save(1, "/nonexistent/x.pt")
    with pytest.raises(FileNotFoundError):
        ingot.load("/nonexistent/x.pt")
    with pytest.raises(AttributeError, match="seek"):
        ingot.load(5)
    with pytest.raises(ValueError, match="mmap"):
        ingot.load(io.BytesIO(), mmap=True)
    with pytest.raises(TypeError, match="unexpected"):
        ingot.load(io.BytesIO(), ecnoding="utf-8")
    with pytest.raises(RuntimeError, match="pickle_module"):
        ingot.load(io.BytesIO(), pickle_module=io)


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    ingot.save("old", path)
    path.chmod(0o640)
    with pytest.raises(ingot.serialization.pickle.PicklingError, match="lambda"):
        ingot.save([ingot.ones(3), lambda: None], path)
    assert ingot.load(path) == "old"
    ingot.save("new", path)
    assert ingot.load(path) == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [item.name for item in tmp_path.iterdir()] == ["x.pt"]


def test_a_symbolic_link_keeps_pointing(tmp_path):
    (tmp_path / "link.pt").symlink_to(tmp_path / "x.pt")
    ingot.save("old", tmp_path / "x.pt")
    ingot.save("new", tmp_path / "link.pt")
    assert (tmp_path / "link.pt").is_symlink()
    assert ingot.load(tmp_path / "x.pt") == "new"


def test_a_kill_while_saving_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    ingot.save("old", path)
    program = textwrap.dedent("""
        import os, signal, sys, ingot
        from ingot.serialization import archive
        write = archive.ArchiveWriter.write
        def dying(self, record, data):
            if record == "data/1":
                os.kill(os.getpid(), signal.SIGKILL)
            write(self, record, data)
        archive.ArchiveWriter.write = dying
        ingot.save([ingot.ones(1000), ingot.ones(1000)], sys.argv[1])
    """)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", program, str(path)], env=environment)
    assert ended.returncode == -signal.SIGKILL
    assert ingot.load(path) == "old"


def test_writing_to_a_device_does_not_replace_it():
    ingot.save(ingot.ones(2), os.devnull)
    assert not pathlib.Path(os.devnull).is_file()


def test_map_location(strict_cuda):
    x = ingot.arange(6.0, device="cuda").reshape(2, 3)
    file = saved({"x": x, "column": x[:, 1], "parameter": ingot.nn.Parameter(x)})
    assert loaded(file, torch, map_location="cpu")["column"].tolist() == [1, 4]
    seen = []

    def keep(storage, location):
        seen.append((storage.nbytes(), location))
        return storage

    for place, wanted in {
        None: "cuda:0", "cpu": "cpu", "cuda": "cuda:0", "cuda:0": "cuda:0", ingot.device("cpu"): "cpu", keep: "cpu", "meta": "meta",
    }.items():  # fmt: skip
        found = loaded(file, map_location=place)
        assert {str(item.device) for item in found.values()} == {wanted}
        assert found["column"].stride() == (3,)
        if wanted != "meta":
            found["x"][0, 1] = 50.0
            assert found["column"][0].item() == found["parameter"][0, 1].item() == 50.0
    assert seen == [(24, "cuda:0")]
    assert str(loaded(file, map_location={"cuda:0": "cpu"})["x"].device) == "cpu"
    assert str(loaded(file, map_location=lambda storage, location: None)["x"].device) == "cuda:0"
    assert str(loaded(file, map_location=lambda storage, location: storage.cuda(0))["x"].device) == "cuda:0"
    with pytest.raises(TypeError, match="map_location"):
        loaded(file, map_location=3)


@pytest.fixture
def strict_cuda():
    from ingot.backends import strict_backend

    strict_backend.install()
    yield
    strict_backend.uninstall()


def test_a_file_from_a_device_that_is_not_here(strict_cuda):
    from ingot.backends import strict_backend

    file = saved(ingot.ones(2, device="cuda"))
    strict_backend.uninstall()
    if ingot.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
        loaded(file)
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
        loaded(file, torch)


# -- beyond weights


class Settings:
    def __init__(self, rate):
        self.rate = rate


def test_own_classes_need_to_be_vouched_for():
    file = saved(Settings(0.5))
    for options in ({}, {"weights_only": True}, {"weights_only": False}):
        with pytest.raises(
            ingot.serialization.pickle.UnpicklingError, match=r"GLOBAL \S+Settings was not an allowed global"
        ):
            loaded(file, **options)
    with ingot.serialization.safe_globals([Settings]):
        assert ingot.serialization.get_safe_globals() == [Settings]
        assert loaded(file).rate == 0.5
    assert ingot.serialization.get_safe_globals() == []
    ingot.serialization.add_safe_globals([(Settings, f"{Settings.__module__}.Settings")])
    assert loaded(file).rate == 0.5
    ingot.serialization.clear_safe_globals()
    with pytest.raises(ValueError, match="tuple of length 2"):
        ingot.serialization.add_safe_globals([(Settings, "a", "b")])
    with pytest.raises(TypeError, match="second item in tuple to be str"):
        ingot.serialization.add_safe_globals([(Settings, 1)])


def test_data_beyond_weights():
    import datetime
    import decimal
    import types

    data = {
        "numpy": np.arange(6, dtype=np.int32).reshape(2, 3).T, "big endian": np.array(5, ">i4"), "scalar": np.float64(1.5), "dtype": np.dtype("<f4"), "bool": np.ones(2, bool),
        "default": collections.defaultdict(list, a=[1]), "deque": collections.deque([1, 2], 3), "range": range(3), "slice": slice(1, None),
        "when": datetime.datetime(2020, 1, 2, 3, 4), "how long": datetime.timedelta(days=1), "decimal": decimal.Decimal("1.5"),
        "namespace": types.SimpleNamespace(a=1), "path": pathlib.PosixPath("a/b"), "frozen": frozenset({1, (2, 3)}),
    }  # fmt: skip
    for writer in (ingot, torch):
        for protocol in (2, 4):
            file = saved(data, writer, pickle_protocol=protocol)
            with pytest.raises(ingot.serialization.pickle.UnpicklingError, match="was not an allowed global"):
                loaded(file)
            found = loaded(file, weights_only=False)
            assert found.pop("big endian") == 5  # NumPy turns it into native order, so its repr differs
            assert repr(found) == repr({name: value for name, value in data.items() if name != "big endian"})


def test_whole_modules():
    model = ingot.nn.Sequential(ingot.nn.BatchNorm1d(3), ingot.nn.ReLU())
    file = saved(model)
    found = loaded(file, weights_only=False)
    assert repr(found) == repr(model)
    x = ingot.arange(6.0).reshape(2, 3)
    assert found(x).tolist() == model(x).tolist()
    with pytest.raises(ingot.serialization.pickle.UnpicklingError, match="was not an allowed global"):
        loaded(file)
