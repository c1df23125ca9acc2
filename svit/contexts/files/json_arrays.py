"""Random access to the records of giant JSON arrays, at a few dozen bytes of memory for each record.

msgspec splits the array into raw slices without decoding them; of each slice only the key, the offset and the length
are kept. A record is decoded, into its type, when it is asked for.

One odd record never stops a file. A record that is not of its type is read once more by what its values mean, slowly,
by its source's own function; where that finds no meaning the record is dropped, and counted with its place.
"""

import json
import mmap
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Annotated, Any, Generic, Self, TypeVar

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.lenient_values import image_key
from svit.contexts.files.json_files import BYTE_ORDER_MARK, JsonFile, Span, packed_by
from svit.errors import DataError
from svit.records import ImageId

__all__ = ["BYTE_ORDER_MARK", "JsonFile", "Key", "Lenient", "RecordArray", "Span", "packed_by"]

Key = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number that fits into an index of 64-bit integers, and into a store."""

_OPENING = re.compile(rb"\s*\[")
_GAP = re.compile(rb"[\s,]*")

T = TypeVar("T")
Lenient = Callable[[Mapping[str, Any]], T | None]
"""What an odd record means, from its JSON values; None when it means nothing."""


class RecordArray(Generic[T]):
    """The records of a JSON array in a mapped file, by row and by the image they belong to.

    A row is the record's number in the file. Records without a key are in no row: `index` drops them, and what cannot
    be read is dropped by `read`. Images' ids are numbers or text; "1" and 1 are the same one.
    """

    def __init__(
        self,
        file: JsonFile,
        record: type[T],
        *,
        kind: str,
        key_names: Sequence[str] = ("image_id",),
        lenient: Lenient[T] | None = None,
        number: Callable[[Any], int] = lambda _: 1,
    ) -> None:
        """Read records of this type, and what is not of it by `lenient`. Empty until `index`.

        `key_names` are the members that may hold the image's id, the likeliest first. `kind` is what is counted as
        dropped (`object`), `number` how many of them a record's JSON value holds (`len(value["objects"])`).
        """
        self._file = file
        self._kind = kind
        self._key_names = tuple(key_names)
        self._key = _key_reader(self._key_names)
        self._decode = msgspec.json.Decoder(record).decode
        self._lenient = lenient
        self._number = number
        self._member = ""
        self.keys: array[int] | list[ImageId] = array("q")
        """The image of each row: 64-bit integers where all are numbers."""
        self._offsets: array[int] = array("q")
        self._lengths: array[int] = array("q")
        self.listed: Sequence[int] = ()
        """The rows that have a key, in file order."""
        self._order: Sequence[int] = ()
        self._rank: Callable[[int], Any] = self._mixed_rank

    def index(self, span: Span, dropped: Dropped, *, member: str = "", unique: bool = False) -> Self:
        """Find the records in the span. `unique`: of two records of one image the first is kept.

        Raise DataError when there are several records and none has a key: it is another kind of file.
        """
        self._member = member
        self._lengths = self._file.split(span, _record_lengths, member)
        keyless = self._keep_keys(span[0])
        if len(keyless) == len(self._lengths) > 1:
            of = f" of '{member}'" if member else ""
            what = f"none of the {len(keyless):,} records{of} has '{self._key_names[0]}'"
            raise DataError(f"{self._file.path}: {what}. Is this {self._file.kind}?")
        self._note_mended(dropped)
        kind, id_ = self._kind, f"{self._kind}_{self._key_names[0]}".replace("image_image_id", "image_id")
        for row in keyless:
            value = self.value(row)
            self._drop(f"{id_}_missing" if isinstance(value, dict) else f"{kind}_unreadable", row, value, dropped)
        self._rank = self.keys.__getitem__ if isinstance(self.keys, array) else self._mixed_rank
        repeated = self._put_in_order(_without(keyless, len(self._lengths)), unique=unique)
        for row in repeated:
            self._drop(f"duplicate_{id_}", row, self.value(row), dropped)
        return self

    def __len__(self) -> int:
        """Return how many records have a key."""
        return len(self.listed)

    def read(self, row: int, dropped: Dropped) -> T | None:
        """Decode the record in this row; None when it means nothing, which is counted then."""
        data = self._data(row)
        try:
            return self._decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        value = self._value(data, row, dropped)
        found = self._lenient(value) if self._lenient and isinstance(value, dict) else None
        if found is None:
            self._drop(f"{self._kind}_unreadable", row, value, dropped)
        return found

    def rows(self, key: ImageId | None) -> Iterator[int]:
        """Yield the rows of the image's records, in file order; "1" is the image 1."""
        key, order, rank = image_key(key), self._order, self._rank
        if key is None or (isinstance(key, str) and isinstance(self.keys, array)):
            return
        wanted = key if isinstance(self.keys, array) else _rank(key)
        place = bisect_left(order, wanted, key=rank)
        while place < len(order) and rank(order[place]) == wanted:
            yield order[place]
            place += 1

    def find(self, key: ImageId) -> int | None:
        """Return the row of the image's first record."""
        return next(self.rows(key), None)

    def count(self, key: ImageId) -> int:
        """Return how many records the image has."""
        return sum(1 for _ in self.rows(key))

    def value(self, row: int) -> Any:
        """Return the record's JSON value as it stands; None for what is no JSON."""
        return self._value(self._data(row), row, Dropped())

    def place(self, row: int) -> str:
        """Return where the record stands: `instances.json: record 17 of 'annotations'`."""
        of = f" of '{self._member}'" if self._member else ""
        return f"{self._file.path}: record {row}{of}"

    def _data(self, row: int) -> bytes:
        offset = self._offsets[row]
        return self._file.map[offset : offset + self._lengths[row]]

    def _value(self, data: bytes, row: int, dropped: Dropped) -> Any:
        try:
            data.decode()
        except UnicodeDecodeError:
            dropped.note("half_character", self.place(row))
        return _json_value(data)

    def _drop(self, reason: str, row: int, value: object, dropped: Dropped) -> None:
        number = self._number(value)
        dropped.read[self._kind] += number
        dropped.drop(reason, self._kind, self.place(row), number=number)

    def _keep_keys(self, position: int) -> list[int]:
        """Keep where each record lies and what its key is; return the rows without one.

        The records follow each other in the file, with nothing but spaces and a comma between them.
        """
        data, keyless = self._file.map, []
        position = _end(_OPENING, data, position)
        for row, length in enumerate(self._lengths):
            position = _end(_GAP, data, position)
            key = self._key_of(data[position : position + length])
            if key is None:
                keyless.append(row)
            self._keep_key(0 if key is None else key)
            self._offsets.append(position)
            position += length
        return keyless

    def _keep_key(self, key: ImageId) -> None:
        if isinstance(key, str) and isinstance(self.keys, array):
            self.keys = list(self.keys)
        self.keys.append(key)  # type: ignore[arg-type]

    def _key_of(self, data: bytes) -> ImageId | None:
        try:
            found = self._key(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if type(found) is int:
            return found
        if found is not None and (key := image_key(found)) is not None:
            return key
        value = _json_value(data)
        names = self._key_names if isinstance(value, dict) else ()
        return next((key for name in names if (key := image_key(value.get(name))) is not None), None)

    def _put_in_order(self, listed: Sequence[int], *, unique: bool) -> list[int]:
        """Sort the rows by key; return those that were left out because an earlier one has the same key."""
        rank, repeated = self._rank, []
        ascending = all(rank(first) <= rank(second) for first, second in pairwise(listed))
        order = listed if ascending else array("q", sorted(listed, key=rank))
        if unique:
            repeated = sorted(second for first, second in pairwise(order) if rank(first) == rank(second))
        if repeated:
            gone = set(repeated)
            listed = array("q", (row for row in listed if row not in gone))
            order = array("q", (row for row in order if row not in gone))
        self.listed, self._order = listed, order
        return repeated

    def _mixed_rank(self, row: int) -> tuple[bool, ImageId]:
        return _rank(self.keys[row])

    def _note_mended(self, dropped: Dropped) -> None:
        """Count what was mended within these records."""
        for reason, places in self._file.mended.items():
            for place in places:
                row = bisect_right(self._offsets, place) - 1
                if row >= 0 and place < self._offsets[row] + self._lengths[row]:
                    dropped.note(reason, self.place(row))


def _record_lengths(part: memoryview) -> "array[int]":
    return array("q", (len(memoryview(raw)) for raw in msgspec.json.decode(part, type=list[msgspec.Raw])))


def _json_value(data: bytes) -> Any:
    """Return what Python's json reads, which takes more than strict readers, of bytes that may be no UTF-8."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _key_reader(names: tuple[str, ...]) -> Callable[[bytes], ImageId | None]:
    """Return what reads the first of these members that is there, and nothing else, out of a good record's bytes."""
    fields = [(name, Key | str | None, None) for name in names]
    decode = msgspec.json.Decoder(msgspec.defstruct("ImageKey", fields, gc=False)).decode
    if len(names) == 1:
        (name,) = names
        return lambda data: getattr(decode(data), name)
    get = attrgetter(*names)
    return lambda data: next((key for key in get(decode(data)) if key is not None), None)


def _rank(key: ImageId) -> tuple[bool, ImageId]:
    """Return what numbers and texts are sorted by."""
    return isinstance(key, str), key


def _without(gone: list[int], length: int) -> Sequence[int]:
    rows = set(gone)
    return array("q", (row for row in range(length) if row not in rows)) if rows else range(length)


def _end(pattern: re.Pattern[bytes], data: mmap.mmap, position: int) -> int:
    found = pattern.match(data, position)
    return found.end() if found else position
