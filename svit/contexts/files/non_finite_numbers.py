"""NaN and Infinity in JSON, which has no such numbers.

Python's json writes them and reads them again, so they get into annotations; strict readers refuse the whole file.
"""

import mmap
from collections.abc import Iterator
from heapq import merge

_TOKENS = (b"NaN", b"Infinity")
_SPACE = b" \t\r\n"
_PIECE = 1 << 20
"""Bytes that are copied at once to count their quotes."""
_NULL = b"null"
_NONE = b"[]"
"""For `:NaN,`, where null has no room: a list of nothing is no number, no text and no id either."""


def no_numbers(data: bytes | mmap.mmap) -> Iterator[tuple[slice, bytes]]:
    """Yield where such a token stands outside of strings, and what means nothing and is as long as it."""
    position, inside = 0, False
    for start, stop in merge(*(_spans(token, data) for token in _TOKENS)):
        inside ^= _odd_quotes(data, position, start)
        position = start
        if not inside:
            yield _replacement(data, start, stop)


def without_numbers_that_are_none(line: bytes) -> bytes:
    """Return the JSON with null, or a list of nothing, for each such token."""
    mended = bytearray(line)
    for place, nothing in no_numbers(line):
        mended[place] = nothing
    return bytes(mended)


def _spans(token: bytes, data: bytes | mmap.mmap) -> Iterator[tuple[int, int]]:
    start = data.find(token)
    while start >= 0:
        yield start, start + len(token)
        start = data.find(token, start + len(token))


def _replacement(data: bytes | mmap.mmap, start: int, stop: int) -> tuple[slice, bytes]:
    if data[start - 1 : start] == b"-" or (stop - start < len(_NULL) and start and data[start - 1] in _SPACE):
        start -= 1
    nothing = _NULL if stop - start >= len(_NULL) else _NONE
    return slice(start, stop), nothing.ljust(stop - start)


def _odd_quotes(data: bytes | mmap.mmap, start: int, stop: int) -> bool:
    """Whether a string begins in these bytes and does not end in them, or the other way round."""
    quotes = 0
    while start < stop:
        end = min(stop, start + _PIECE)
        while end < stop and data[end - 1 : end] == b"\\":
            end += 1  # what a backslash escapes stays with it
        quotes += data[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"')
        start = end
    return bool(quotes % 2)
