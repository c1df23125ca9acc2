"""The records of a JSON file as they stand: one a line, or an array of them, plain or packed by gzip."""

import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.field_map import SourceRow
from svit.contexts.files.decode_errors import ends_early
from svit.contexts.files.foreign_files import foreign_bytes, foreign_record
from svit.contexts.files.json_arrays import BYTE_ORDER_MARK, packed_by
from svit.errors import DataError

STDIN = Path("-")

_CHUNK = 1 << 20
_HALF = re.compile("[\ud800-\udfff]")
_GAP = re.compile(r"[\s,]*")


def json_rows(path: Path, counts: Dropped) -> Iterator[SourceRow]:
    """Yield the records of the file, or of stdin for `-`; empty lines are skipped, and what is no JSON is dropped.

    Halves of characters and bytes that are no UTF-8 become U+FFFD, counted. Raise DataError for what is no JSON at all,
    and for a file of a known other kind, which is called by its name.
    """
    name = "stdin" if path == STDIN else str(path)
    with opened(path) as file:
        start = beginning(file).removeprefix(BYTE_ORDER_MARK).lstrip()
        if not start:
            # White space for longer than a chunk is rare enough to be looked at line by line.
            start = b" "
        if foreign := foreign_bytes(start):
            raise DataError(f"{name} {foreign}")
        forms = _of_array if start.startswith(b"[") and not _is_odd_line(start) else _of_lines
        yield from forms(file, name, counts)


def _is_odd_line(start: bytes) -> bool:
    """Whether an array is the first of several lines, as an odd one among records, each a line."""
    line, _, rest = start.partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(msgspec.json.decode(line), list)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def beginning(file: BinaryIO) -> bytes:
    """Return what the file begins with, a buffer of it, and leave it to be read."""
    return file.peek(_CHUNK) if isinstance(file, io.BufferedReader) else b""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Give the file's bytes, unpacked where gzip packed them; raise DataError for what cannot be read."""
    if path == STDIN:
        with _unpacked(sys.stdin.buffer, "stdin") as reader:
            yield reader
        return
    try:
        file = path.open("rb")
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a file.") from None
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    with file, _unpacked(file, str(path)) as reader:
        yield reader


@contextmanager
def _unpacked(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    reader = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file))
    packed = packed_by(reader.peek(8))
    if packed is None:
        yield reader
    elif packed != "gzip":
        raise DataError(f"{name} is a {packed} file: unpack it first.")
    else:
        try:
            with gzip.open(reader) as plain, io.BufferedReader(plain, _CHUNK) as unpacked:
                yield unpacked
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise DataError(f"{name} is a gzip file that is damaged or not whole. Download or pack it again.") from None


def whole_text(text: str, place: str, counts: Dropped) -> str:
    """Return the text with U+FFFD for each half of a character, and for each byte that is no UTF-8; count the text."""
    if text.isascii() or not _HALF.search(text):
        return text
    counts.note("half_character_replaced", place)
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def _whole(value: object, place: str, counts: Dropped) -> object:
    """Return the value with whole texts at every place, and null for NaN, which is how tables say nothing."""
    if isinstance(value, str):
        return whole_text(value, place, counts)
    if isinstance(value, list):
        return [_whole(each, place, counts) for each in value]
    if isinstance(value, dict):
        return {whole_text(key, place, counts): _whole(each, place, counts) for key, each in value.items()}
    return None if value != value else value


def _record(value: object, place: str, counts: Dropped) -> object:
    """Return the record as `_whole` makes it; places name the key."""
    if not isinstance(value, dict):
        return _whole(value, place, counts)
    whole = ((whole_text(key, place, counts), each) for key, each in value.items())
    return {key: _whole(each, f"{place}, {key}", counts) for key, each in whole}


def _of_lines(file: BinaryIO, name: str, counts: Dropped) -> Iterator[SourceRow]:
    records = 0
    for number, line in enumerate(file, start=1):
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if not line.strip():
            continue
        records += 1
        place = f"{name}: line {number}"
        try:
            values = _value(line, place, counts)
        except (ValueError, RecursionError) as error:
            counts.read["image"] += 1
            if isinstance(error, msgspec.DecodeError) and ends_early(error):
                counts.drop("line_ends_in_the_middle", "image", place)
            else:
                counts.drop("line_is_not_json", "image", place)
            continue
        if records == 1 and isinstance(values, Mapping) and (foreign := foreign_record(values)):
            raise DataError(f"{name} {foreign}")
        yield SourceRow(values, place, number)


def _value(line: bytes, place: str, counts: Dropped) -> object:
    """Return what the line holds, with NaN and halves of characters; raise what msgspec says of no JSON."""
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            value = json.loads(line.decode("utf-8", "surrogateescape").rstrip().removesuffix(","))
        except ValueError:
            raise error from None
    return _record(value, place, counts)


def _of_array(file: BinaryIO, name: str, counts: Dropped) -> Iterator[SourceRow]:
    """Yield the records of an array, piece by piece: no more than a record and a chunk is in memory."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="\n")
    decode = json.JSONDecoder().raw_decode
    held, position, number = text.read(_CHUNK).lstrip()[1:], 0, 0
    try:
        while True:
            position = _end_of_gap(held, position)
            if held.startswith("]", position):
                if held[position + 1 :].strip() or text.read(_CHUNK).strip():
                    raise DataError(f"{name} goes on after its array, which ends with record {number:,}.")
                return
            try:
                value, end = decode(held, position)
                complete = end < len(held)
            except (ValueError, RecursionError) as error:
                value, end, complete = error, position, False
            if not complete:
                more = text.read(max(_CHUNK, len(held)))
                if not more:
                    what = "ends in the middle" if end >= len(held) or _is_cut(value, held) else "is not JSON"
                    raise DataError(f"{name} {what}, after record {number:,}. Download or write it again.")
                held, position = held[position:] + more, 0
                continue
            number, position = number + 1, end
            place = f"{name}: record {number}"
            if number == 1 and isinstance(value, dict) and (foreign := foreign_record(value, in_array=True)):
                raise DataError(f"{name} {foreign}")
            yield SourceRow(_record(value, place, counts), place, number)
    finally:
        text.detach()


def _end_of_gap(text: str, position: int) -> int:
    found = _GAP.match(text, position)
    return found.end() if found else position


def _is_cut(error: object, text: str) -> bool:
    """Whether the decoder gave up at the very end of the text."""
    return not isinstance(error, json.JSONDecodeError) or error.pos >= len(text) - 1 or "Unterminated" in error.msg
