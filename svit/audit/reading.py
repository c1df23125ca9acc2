"""A file of records, JSON array or JSON lines, plain or packed by gzip, one record at a time in little memory.

The arrays of `sources.arrays` lie in a map and are whole, or of no use. Here a damaged record costs itself alone, and
the bytes may come out of a packer.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self, cast

from svit.audit.splitting import LONGEST, TOO_LONG, elements
from svit.errors import DataError
from svit.published import files_of, read_published
from svit.runs import RunFolder
from svit.sources.arrays import BYTE_ORDER_MARK, packed_by
from svit.tasks import TASKS

_CHUNK = 2**20


class Piece(NamedTuple):
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
                packer = packed_by(self._disk.peek(6)[:6])
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

    def __iter__(self) -> Iterator[Piece]:
        """Yield the records in their order; raise DataError when the disk or the packer gives no more."""
        return self._elements() if self.is_array else self._lines()

    def _elements(self) -> Iterator[Piece]:
        for number, (raw, damage) in enumerate(elements(self._chunks())):
            yield Piece(f"record {number}", raw, damage)

    def _lines(self) -> Iterator[Piece]:
        rest, number, is_lost = b"", 0, False
        for chunk in chain(self._chunks(), [b"\n"]):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                if is_lost or len(line) > LONGEST:
                    yield Piece(f"line {number}", b"", TOO_LONG)
                elif line.strip():
                    yield Piece(f"line {number}", line)
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


class RunData:
    """The samples of a run, whole shards and partial ones, as the pieces of one file; opened by a `with` block."""

    is_array = False
    numbers: Mapping[str, int] = {}
    """How many dialogues the run asked for, by task, where it was another number than the task's own."""

    def __init__(self, path: Path) -> None:
        """Remember the folder; nothing is looked at yet."""
        self.path = path

    def __enter__(self) -> Self:
        """Look for its shards; raise DataError when it is no run."""
        folder = RunFolder(self.path)
        if not folder.summary.is_file():
            raise DataError(f"{self.path} is a folder, not a file, and no run of svit: there is no run.json in it.")
        shards = read_published(folder, TASKS)
        paths = [(shard.task, files_of(folder, shard)[0]) for shard in shards]
        self.numbers = numbers_of(folder.read_summary().get("config", {}))
        self._files = [(task, path) for task, path in paths if path.is_file()]
        if not self._files:
            raise DataError(f"{self.path}: no sample of this run is in a file. See 'svit status {self.path}'.")
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: each file is closed when it was read."""

    @property
    def size(self) -> int:
        """Bytes of the files on the disk."""
        return sum(path.stat().st_size for _, path in self._files)

    @property
    def position(self) -> int:
        """How many of these bytes were read: that is not counted."""
        return 0

    def __iter__(self) -> Iterator[Piece]:
        """Yield the samples in their order, task by task; raise DataError when the disk gives no more."""
        for task, path in self._files:
            with DataFile(path) as data:
                for piece in data:
                    yield piece._replace(place=f"{task}/{path.name}, {piece.place}")


def numbers_of(config: Mapping[str, Any]) -> Mapping[str, int]:
    """Return how many dialogues the config of a run asks for, by task, where it says so."""
    asked = {
        task: settings.get(TASKS[task].counted)
        for task, settings in (config.get("tasks") or {}).items()
        if task in TASKS and isinstance(settings, dict)
    }
    return {task: number for task, number in asked.items() if isinstance(number, int)}


def opened_data(path: Path) -> DataFile | RunData:
    """Return what reads the records there: of a file, or of a run."""
    if path.is_dir():
        return RunData(path)
    data, run = DataFile(path), RunFolder(path.absolute().parent.parent)
    with suppress(DataError):  # most files are of no run, and stand beside whatever there is
        data.numbers = numbers_of(run.read_summary().get("config", {}))
    return data


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
