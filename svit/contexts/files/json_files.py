"""A JSON file of any size, mapped rather than read, and what no strict reader takes mended in memory."""

import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from svit.contexts.files.decode_errors import ends_early, fault
from svit.contexts.files.foreign_files import foreign_magic
from svit.contexts.files.half_characters import REPLACEMENT, half_characters
from svit.contexts.files.non_finite_numbers import no_numbers
from svit.errors import DataError

_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_START = 64
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
                start = file.read(_START)
                self._refuse_no_json(start)
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except IsADirectoryError:
            raise DataError(f"{self.path} is a folder, not a file.") from None
        except FileNotFoundError:
            raise DataError(f"There is no file {self.path}.") from None
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}.") from None
        self._is_mended = False
        self._members: dict[str, Span] | None = None
        self.mended: dict[str, list[int]] = {}
        """Where something was replaced in memory, by what it was: `half_character`, `not_a_number`."""
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

        Halves of characters, NaN and Infinity are mended first, in memory: they are no reason to refuse a file.
        """
        try:
            with memoryview(self.map) as view, view[slice(*span)] as part:
                return into(part)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if self._mended():
                return self.split(span, into, member)
            raise self._error(error, member) from None
        except RecursionError:
            raise DataError(f"{self.path}: its arrays and objects lie too deep in each other.") from None

    def _error(self, error: Exception, member: str) -> DataError:
        what = f"{self.path}: '{member}'" if member else str(self.path)
        remedy = "Download or unpack it again." if ends_early(error) else f"Is this {self.kind}?"
        return DataError(f"{what} {fault(error)}. {remedy}")

    def _mended(self) -> bool:
        """Replace what no strict reader takes in a copy in memory; False where it is not there, or was done before."""
        if self._is_mended:
            return False
        self._is_mended = True
        found = [("half_character", place, REPLACEMENT) for place in half_characters(self.map)]
        found += [("not_a_number", place, nothing) for place, nothing in no_numbers(self.map)]
        if not found:
            return False
        with self.path.open("rb") as file:
            self.map.close()
            self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        for reason, place, replacement in found:
            self.map[place] = replacement
            self.mended.setdefault(reason, []).append(place.start)
        return True

    def members(self) -> dict[str, Span]:
        """Return where each value of the top-level object lies."""
        if self._members is None:
            self._members = self._find_members()
        return self._members

    def _find_members(self) -> dict[str, Span]:
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
        if foreign := foreign_magic(start):
            raise DataError(f"{self.path} {foreign}")


def packed_by(start: bytes) -> str | None:
    """Return which program packed the file that begins so: gzip, zip ...; None for plain text."""
    return next((name for magic, name in _PACKED.items() if start.startswith(magic)), None)


def _member_lengths(part: memoryview) -> dict[str, int]:
    members = msgspec.json.decode(part, type=dict[str, msgspec.Raw])
    return {name: len(memoryview(raw)) for name, raw in members.items()}
