"""``save`` and ``load``: objects that hold tensors, in PyTorch's file format, both ways.

PyTorch reads what ``save`` writes (``weights_only=True`` included), and ``load`` reads what PyTorch writes. NOTE [Loading runs no code]: a file is data here, always. Its pickle is
run by a machine that imports nothing and calls only builders that check their arguments (``unpickling``, ``rebuild``), and what the user has vouched for by name
(``add_safe_globals``).
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from collections.abc import Iterator
from typing import IO, Any

from .archive import VERSION, ArchiveReader, ArchiveWriter, replacing
from .unpickling import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

DEFAULT_PROTOCOL = 2
_ZIP_MAGIC = b"PK\x03\x04"


def save(obj: Any, f: Any, pickle_module: Any = pickle, pickle_protocol: int = DEFAULT_PROTOCOL) -> None:
    """Write an object to ``f``, a path or a file opened for writing bytes.

    Tensors that share memory share it in the file too, whole: a small view of a large tensor writes the large one (``clone`` it first). A path is replaced when
    the file is complete, so that an interruption leaves the old one. Gradients and history are not saved.

    Raises AttributeError for an ``f`` that cannot be written to, RuntimeError where the directory does not exist or tensors see one memory as different dtypes,
    ``pickle.PicklingError`` for what cannot be pickled.

    Example: ``save(model.state_dict(), "model.pt")``
    """
    from .pickling import TensorPickler, storage_bytes

    if pickle_module not in (None, pickle):
        raise ValueError("save() pickles with the standard library's pickle; leave pickle_module out")
    path = os.fspath(f) if isinstance(f, (str, os.PathLike)) else None
    if path is None and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    data = io.BytesIO()
    pickler = TensorPickler(data, pickle_protocol)
    pickler.dump(obj)
    name = "archive" if path is None else os.path.splitext(os.path.basename(path))[0] or "archive"
    with contextlib.nullcontext(f) if path is None else replacing(path) as file:
        archive = ArchiveWriter(file, name)
        archive.write("data.pkl", data.getvalue())
        archive.write("byteorder", _byteorder().encode())
        for key, (root, count) in pickler.storages.items():
            archive.write(f"data/{key}", storage_bytes(root, count))
        archive.write("version", f"{VERSION}\n".encode())
        archive.close()


def _byteorder() -> str:
    import sys

    return sys.byteorder


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """The object that ``save`` (or PyTorch) wrote to ``f``, a path or a seekable file opened for reading bytes.

    ``map_location`` says where tensors go: a device or its name for all of them, a dict from saved to wanted places, or a function ``(storage, location) -> storage``;
    by default each goes where it was. A path that ends in ``.safetensors`` is read as such.

    No code in or named by the file is ever run (NOTE [Loading runs no code]). ``weights_only=True``, the default, takes tensors, parameters, containers, numbers and strings, as
    PyTorch's does. ``weights_only=False`` is wider: also modules of ``ingot.nn``, NumPy arrays and scalars, and plain data types of the standard library (``rebuild_data``); it still
    imports nothing and calls no constructor that the file chooses. Classes of your own need ``add_safe_globals`` in both cases.

    Raises FileNotFoundError, EOFError for an empty file, RuntimeError for an archive that is truncated, damaged or inconsistent, or a device that is not there;
    ``pickle.UnpicklingError`` for a pickle that names what is not allowed, or is malformed; ValueError for ``mmap=True``.

    Example: ``model.load_state_dict(load("model.pt", map_location="cpu"))``
    """
    if pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if mmap:
        raise ValueError("load(mmap=True) is not supported: storages are read into memory; leave mmap out")
    if pickle_load_args.keys() - {"encoding"}:
        raise TypeError(f"load() got unexpected keyword arguments {sorted(pickle_load_args)}")
    if isinstance(f, (str, os.PathLike)) and os.fspath(f).endswith(".safetensors"):
        from .safetensors import load_file

        return load_file(f, device="cpu" if map_location is None else map_location)
    with _opened(f) as file:
        return _load_archive(_recognized(file), map_location, weights_only is not False)


@contextlib.contextmanager
def _opened(f: Any) -> Iterator[IO[bytes]]:
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
        return
    if not (hasattr(f, "read") and hasattr(f, "seek") and hasattr(f, "tell")):
        raise AttributeError(
            f"'{type(f).__name__}' object has no attribute 'seek'. You can only torch.load from a file that is seekable. "
            "Please pre-load the data into a buffer like io.BytesIO and try to load from it instead."
        )
    yield f


def _recognized(file: IO[bytes]) -> IO[bytes]:
    """The file, if it begins as an archive does. EOFError where it is empty, UnpicklingError where it is something else."""
    start = file.tell()
    head = file.read(len(_ZIP_MAGIC))
    file.seek(start)
    if not head:
        raise EOFError("Ran out of input: the file is empty")
    if head == _ZIP_MAGIC:
        return file
    if head[:1] == b"\x80":
        raise pickle.UnpicklingError(
            "this file is a bare pickle or one of PyTorch's formats before 1.6 (no zip archive). Load it with PyTorch and save it again with "
            "torch.save; pickles in general are programs and are not run here."
        )
    raise pickle.UnpicklingError(
        f"this is no file of tensors: it begins with {head!r}, and a zip archive begins with {_ZIP_MAGIC!r}"
    )


def _load_archive(file: IO[bytes], map_location: Any, weights_only: bool) -> Any:
    from .rebuild import BUILDERS, StorageLoader
    from .unpickling import Unpickler

    archive = ArchiveReader(file)
    if "constants.pkl" in archive:
        raise RuntimeError(
            "this is a TorchScript archive, a program; load() reads only tensors and the objects that hold them"
        )
    builders, resolve, setters = BUILDERS, None, None
    if not weights_only:
        from .rebuild_data import DATA_BUILDERS, STATE_SETTERS, resolve_module

        builders, resolve, setters = BUILDERS | DATA_BUILDERS, resolve_module, STATE_SETTERS
    storages = StorageLoader(archive, map_location)
    try:
        return Unpickler(archive.read("data.pkl"), builders, storages, resolve, setters).load()
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(f"Weights only load failed: {error}") from None
