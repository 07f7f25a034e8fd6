"""The container: an uncompressed zip of named records, as PyTorch writes it since 1.6.

    <name>/data.pkl      the pickle, with the storages left out
    <name>/byteorder     "little" or "big"
    <name>/data/<key>    the bytes of one storage, at an offset that is a multiple of 64
    <name>/version       the version of this layout

Nothing is believed that a record's header says: records must be stored uncompressed, lie inside the file and not overlap, so that no file makes the reader
allocate more than its own length; names are only looked up, never used as paths. CRCs are checked on reading.
"""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

ALIGNMENT = 64
VERSION = 3
_LOCAL_HEADER = 30  # bytes before the name in a zip's local header (APPNOTE 4.3.7)
_ZIP64_FIELD = 20  # what zipfile adds to the local header of a record of 2 GiB and more
_PADDING_FIELD = b"FB"  # the extra field that PyTorch pads with


class ArchiveWriter:
    """Writes records into ``file``, in call order. Equal contents give equal bytes: there are no dates inside."""

    def __init__(self, file: IO[bytes], name: str):
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._name = name

    def write(self, record: str, data: Any) -> None:
        """Add a record: bytes, or a C-contiguous uint8 array, which is not copied."""
        info = zipfile.ZipInfo(f"{self._name}/{record}")
        info.file_size = len(data)
        start = self._zip.fp.tell() + _LOCAL_HEADER + len(info.filename.encode())
        if info.file_size * 1.05 > zipfile.ZIP64_LIMIT:  # zipfile's own margin
            start += _ZIP64_FIELD
        padding = -(start + 4) % ALIGNMENT
        info.extra = _PADDING_FIELD + padding.to_bytes(2, "little") + b"Z" * padding
        with self._zip.open(info, "w") as out:
            out.write(memoryview(data))

    def close(self) -> None:
        """Write the directory. Without it the file cannot be read."""
        self._zip.close()


class ArchiveReader:
    """Reads records out of ``file``. RuntimeError for what is no complete archive of this kind."""

    def __init__(self, file: IO[bytes]):
        start = file.tell()
        length = file.seek(0, os.SEEK_END)
        file.seek(start)
        try:
            self._zip = zipfile.ZipFile(file)
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, UnicodeDecodeError, OSError) as error:
            raise RuntimeError(f"PytorchStreamReader failed reading zip archive: {error}") from None
        self._check_extents(entries, length)
        if not entries:
            raise RuntimeError("PytorchStreamReader failed reading zip archive: it has no records")
        prefix = entries[0].filename.partition("/")[0] + "/"
        self._records = {
            info.filename.removeprefix(prefix): info for info in entries if info.filename.startswith(prefix)
        }

    @staticmethod
    def _check_extents(entries: list[zipfile.ZipInfo], length: int) -> None:
        end = 0
        for info in sorted(entries, key=lambda info: info.header_offset):
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 0x1:
                raise RuntimeError(
                    f"record {info.filename!r} is compressed or encrypted; archives of tensors store their records as they are"
                )
            if info.file_size != info.compress_size or info.header_offset < end:
                raise RuntimeError(
                    f"record {info.filename!r} overlaps another one or has two sizes; the file is corrupt"
                )
            end = info.header_offset + _LOCAL_HEADER + len(info.orig_filename) + info.file_size
        if end > length:
            raise RuntimeError(
                "PytorchStreamReader failed reading zip archive: a record reaches over the end of the file"
            )

    def __contains__(self, record: str) -> bool:
        return record in self._records

    def size(self, record: str) -> int:
        """The bytes of a record. RuntimeError where there is none of this name."""
        if record not in self._records:
            raise RuntimeError(f"PytorchStreamReader failed locating file {record}: file not found")
        return self._records[record].file_size

    def read(self, record: str) -> bytes:
        """A record as bytes."""
        return self.read_array(record).tobytes()

    def read_array(self, record: str) -> np.ndarray:
        """A record as a new uint8 array. RuntimeError where its CRC says that it was damaged."""
        data = np.empty(self.size(record), np.uint8)
        view, filled = memoryview(data), 0
        try:
            with self._zip.open(self._records[record]) as source:
                while filled < len(view):
                    count = source.readinto(view[filled:])
                    if not count:
                        raise EOFError(f"it ends after {filled} of {len(view)} bytes")
                    filled += count
                source.read(1)  # at its end zipfile compares the CRC
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
            raise RuntimeError(f"PytorchStreamReader failed reading file {record}: {error}") from None
        return data


@contextlib.contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A file that takes the place of ``path`` once it is complete: whoever is killed meanwhile leaves the old one.

    Devices and pipes are written directly. RuntimeError where the directory does not exist.
    """
    directory, name = os.path.split(os.path.realpath(path))
    target = os.path.join(directory, name)
    if not os.path.isdir(directory):
        raise RuntimeError(f"Parent directory {os.path.dirname(path) or '.'} does not exist.")
    if os.path.lexists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        with open(target, "wb") as file:
            yield file
        return
    partial = os.path.join(directory, f".{name}.{os.getpid():x}-{os.urandom(4).hex()}.partial")
    try:
        with open(partial, "xb") as file:
            if os.path.exists(target):
                os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)
        raise
