"""Random access to the records of giant JSON arrays, at a few dozen bytes of memory for each record.

The file is mapped, not read. msgspec splits the array into raw slices without decoding them; of each slice only the
key, the offset and the length are kept. A record is decoded, into its type, when it is asked for.
"""

import mmap
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Generic, Self, TypeVar

import msgspec

from svit.errors import DataError
from svit.sources.faults import ends_early, fault
from svit.sources.half_characters import REPLACEMENT, half_characters

Key = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An image's number, as it fits into an index of 64-bit integers."""

_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENING = re.compile(rb"\s*\[")
_GAP = re.compile(rb"[\s,]*")
_NAME = re.compile(rb'[\s,{]*("(?:[^"\\]|\\.)*")\s*:\s*')

T = TypeVar("T")
Span = tuple[int, int]


class JsonFile:
    """A JSON file in a memory map. `kind` says what it should be: `Visual Genome`, `a COCO captions file`."""

    def __init__(self, path: Path, kind: str) -> None:
        """Remember the path; nothing is opened yet."""
        self.path = path
        self.kind = kind

    def __enter__(self) -> Self:
        """Map the file; raise DataError when it is missing, empty, a folder or packed."""
        try:
            with self.path.open("rb") as file:
                start = file.read(6)
                self._refuse_no_json(start)
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except IsADirectoryError:
            raise DataError(f"{self.path} is a folder, not a file.") from None
        except FileNotFoundError:
            raise DataError(f"There is no file {self.path}.") from None
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}.") from None
        self._is_mended = False
        self._start = len(BYTE_ORDER_MARK) if start.startswith(BYTE_ORDER_MARK) else 0
        return self

    def __exit__(self, *_: object) -> None:
        """Give the map back."""
        self.map.close()

    @property
    def whole(self) -> Span:
        """Where the JSON text begins and ends."""
        return self._start, len(self.map)

    def split(self, span: Span, into: Callable[[memoryview], T], member: str = "") -> T:
        """Return what `into` makes of the bytes in the span; raise DataError when they are not JSON of that type.

        Halves of characters are mended first, in memory: they are no reason to refuse a file.
        """
        try:
            with memoryview(self.map) as view, view[slice(*span)] as part:
                return into(part)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if self._mended():
                return self.split(span, into, member)
            raise self._error(error, member) from None

    def _error(self, error: Exception, member: str) -> DataError:
        what = f"{self.path}: '{member}'" if member else str(self.path)
        remedy = "Download or unpack it again." if ends_early(error) else f"Is this {self.kind}?"
        return DataError(f"{what} {fault(error)}. {remedy}")

    def _mended(self) -> bool:
        """Replace halves of characters in a copy in memory; False where there are none, or that was done before."""
        places = [] if self._is_mended else list(half_characters(self.map))
        self._is_mended = True
        if not places:
            return False
        with self.path.open("rb") as file:
            self.map.close()
            self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        for place in places:
            self.map[place] = REPLACEMENT
        return True

    def members(self) -> dict[str, Span]:
        """Return where each value of the top-level object lies."""
        lengths = self.split(self.whole, _member_lengths)
        spans: dict[str, Span] = {}
        position = self._start
        for name, length in lengths.items():
            found = _NAME.match(self.map, position)
            if found is None or msgspec.json.decode(found[1]) != name:
                raise DataError(f"{self.path} has a key twice, near '{name}'.")
            spans[name] = found.end(), found.end() + length
            position = found.end() + length
        return spans

    def _refuse_no_json(self, start: bytes) -> None:
        if not start:
            raise DataError(f"{self.path} is empty.")
        if packed := packed_by(start):
            raise DataError(f"{self.path} is a {packed} file: unpack it first.")


class RecordArray(Generic[T]):
    """The records of a JSON array in a mapped file, by position and by key; records of one key keep their order."""

    def __init__(self, file: JsonFile, record: type[T], key: Callable[[bytes], int | None]) -> None:
        """Read records of this type; `key` reads the key alone out of a record's bytes. Empty until `index`."""
        self._file = file
        self._key = key
        self._decoder = msgspec.json.Decoder(record)
        self._member = ""
        self.keys: array[int] = array("q")
        self._offsets: array[int] = array("q")
        self._lengths: array[int] = array("q")
        self._order: Sequence[int] = ()

    def index(self, span: Span, *, key_name: str, member: str = "", unique: bool = False) -> Self:
        """Find the records in the span. `unique`: raise DataError when two of them have one key."""
        self._member = member
        self._lengths = self._file.split(span, _record_lengths, member)
        self._keep_keys(span[0], key_name)
        keys = self.keys
        ascending = all(a <= b for a, b in pairwise(keys))
        self._order = range(len(keys)) if ascending else array("q", sorted(range(len(keys)), key=keys.__getitem__))
        if unique:
            self._refuse_same_keys(key_name)
        return self

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, row: int) -> T:
        """Decode the record in this row; raise DataError with its number when it is not of its type."""
        offset = self._offsets[row]
        try:
            return self._decoder.decode(self._file.map[offset : offset + self._lengths[row]])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.error(row, fault(error)) from None

    def __iter__(self) -> Iterator[T]:
        return (self[row] for row in range(len(self)))

    def rows(self, key: int) -> Iterator[int]:
        """Yield the rows of the records with this key, in file order."""
        order, keys = self._order, self.keys
        place = bisect_left(order, key, key=keys.__getitem__)
        while place < len(order) and keys[order[place]] == key:
            yield order[place]
            place += 1

    def find(self, key: int) -> int | None:
        """Return the row of the first record with this key."""
        return next(self.rows(key), None)

    def records(self, key: int) -> Iterator[T]:
        """Decode the records with this key, in file order."""
        return (self[row] for row in self.rows(key))

    def count(self, key: int) -> int:
        """Return how many records have this key."""
        return sum(1 for _ in self.rows(key))

    def error(self, row: int, what: str) -> DataError:
        """Return the exception that names the file and the record."""
        of = f" of '{self._member}'" if self._member else ""
        misshapen = what.startswith(("has no ", "is "))
        remedy = f"Is this {self._file.kind}?" if misshapen else "Correct the record, or take it out."
        return DataError(f"{self._file.path}: record {row}{of} {what}. {remedy}")

    def _keep_keys(self, position: int, key_name: str) -> None:
        """Walk over the records, which follow each other in the file, and keep where each lies and what its key is."""
        data = self._file.map
        position = _end(_OPENING, data, position)
        for row, length in enumerate(self._lengths):
            position = _end(_GAP, data, position)
            try:
                key = self._key(data[position : position + length])
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise self.error(row, fault(error)) from None
            if key is None:
                raise self.error(row, f"has no '{key_name}'")
            self.keys.append(key)
            self._offsets.append(position)
            position += length

    def _refuse_same_keys(self, key_name: str) -> None:
        for first, second in pairwise(self._order):
            if self.keys[first] == self.keys[second]:
                raise self.error(second, f"repeats the {key_name} {self.keys[second]} of record {first}")


def packed_by(start: bytes) -> str | None:
    """Return which program packed the file that begins so: gzip, zip ...; None for plain text."""
    return next((name for magic, name in _PACKED.items() if start.startswith(magic)), None)


def _member_lengths(part: memoryview) -> dict[str, int]:
    members = msgspec.json.decode(part, type=dict[str, msgspec.Raw])
    return {name: len(memoryview(raw)) for name, raw in members.items()}


def _record_lengths(part: memoryview) -> "array[int]":
    return array("q", (len(memoryview(raw)) for raw in msgspec.json.decode(part, type=list[msgspec.Raw])))


def _end(pattern: re.Pattern[bytes], data: mmap.mmap, position: int) -> int:
    found = pattern.match(data, position)
    return found.end() if found else position
