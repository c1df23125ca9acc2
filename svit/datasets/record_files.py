"""A file of records, JSON array or JSON lines, plain or packed by gzip, one record at a time in little memory.

The arrays of `sources.arrays` lie in a map and are whole, or of no use. Here a damaged record costs itself alone, and
the bytes may come out of a packer.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self, cast

from svit.contexts.files.json_arrays import BYTE_ORDER_MARK, packed_by
from svit.datasets.json_elements import LONGEST, TOO_LONG, elements
from svit.errors import DataError

_CHUNK = 2**20
_CONTAINERS = ("parquet", "tar", "SQLite")
_TAR_MARK = slice(257, 262)


class RecordBytes(NamedTuple):
    """The bytes of one record, or what is wrong with them. Lines are counted from 1, records of an array from 0."""

    place: str
    raw: bytes
    damage: str = ""


class DataFile:
    """A file of records, opened by a `with` block; its pieces can be gone through once."""

    def __init__(self, path: Path) -> None:
        """Remember the path; nothing is opened yet."""
        self.path = path
        self.is_array = False
        """Whether its records are the elements of one array, and not lines."""
        self.numbers: Mapping[str, int] = {}

    def __enter__(self) -> Self:
        """Open the file; raise DataError when it is missing, a folder, empty or packed by something else than gzip."""
        with ExitStack() as opened:
            with _told_of(self.path):
                self._disk = opened.enter_context(self.path.open("rb"))
                start = self._disk.peek(512)[:512]
            packer = packed_by(start) or _other_container(start)
            if packer in _CONTAINERS:
                raise DataError(f"{self.path} is a {packer} file, which is not read: export it as llava-next, say.")
            if packer not in (None, "gzip"):
                raise DataError(f"{self.path} is a {packer} file: unpack it first.")
            self._file: BinaryIO = self._disk
            if packer:
                self._file = opened.enter_context(cast(BinaryIO, gzip.GzipFile(fileobj=self._disk)))
            self._first = self._read().removeprefix(BYTE_ORDER_MARK)
            if not self._first.strip():
                raise DataError(f"{self.path} is empty.")
            self.is_array = self._first.lstrip().startswith(b"[")
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._opened.close()

    @property
    def size(self) -> int:
        """Bytes of the file on the disk."""
        return self.path.stat().st_size

    @property
    def position(self) -> int:
        """How many of these bytes were read."""
        return self._disk.tell()

    def __iter__(self) -> Iterator[RecordBytes]:
        """Yield the records in their order; raise DataError when the disk or the packer gives no more."""
        return self._elements() if self.is_array else self._lines()

    def _elements(self) -> Iterator[RecordBytes]:
        for number, (raw, damage) in enumerate(elements(self._chunks())):
            yield RecordBytes(f"record {number}", raw, damage)

    def _lines(self) -> Iterator[RecordBytes]:
        rest, number, is_lost = b"", 0, False
        for chunk in chain(self._chunks(), [b"\n"]):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                if is_lost or len(line) > LONGEST:
                    yield RecordBytes(f"line {number}", b"", TOO_LONG)
                elif line.strip():
                    yield RecordBytes(f"line {number}", line)
                is_lost = False
            if is_lost or len(rest) > LONGEST:
                rest, is_lost = b"", True

    def _chunks(self) -> Iterator[bytes]:
        chunk, self._first = self._first, b""
        while chunk:
            yield chunk
            chunk = self._read()

    def _read(self) -> bytes:
        with _told_of(self.path):
            return self._file.read(_CHUNK)


def _other_container(start: bytes) -> str | None:
    """Return what a file is that begins so and has its records in another container than JSON; None for none."""
    if start[_TAR_MARK] == b"ustar":
        return "tar"
    return {b"PAR1": "parquet", b"SQLi": "SQLite"}.get(start[:4])


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Raise what goes wrong with reading the file as DataError."""
    try:
        yield
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a file.") from None
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except EOFError:
        raise DataError(f"{path} ends in the middle of its gzip data. Download or copy it again.") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged gzip data: {error}. Download or copy it again.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
