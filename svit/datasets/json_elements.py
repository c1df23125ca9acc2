"""A stream of bytes cut into the elements of its JSON array; what is damaged costs no more than itself."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from svit.contexts.files.decode_errors import fault

LONGEST = 16 * 2**20
"""Bytes of a record. One that goes on for longer has lost its end."""
TOO_LONG = f"has more than {LONGEST:,} bytes"

_STRING = rb'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"'
_TO_BRACE = re.compile(rb'[^"{}]*+(?>(?:' + _STRING + rb'[^"{}]*+)*)([{}]?+)', re.DOTALL)
"""All up to a brace outside of strings; without a brace, up to a string whose end is not there yet."""
_BETWEEN = re.compile(rb"[\s,\[\]]*+")
_START = re.compile(rb'\{\s*+"(?:image_id|id|image|conversations)"\s*+:')
"""Where a record begins, as far as can be told from the middle of a damaged one."""
_OVERLAP = 64
"""Bytes that a `_START` may lack at the end of what was read."""

Element = tuple[bytes, str]
"""The bytes of an element and what is wrong with them; no bytes where something is."""


def elements(chunks: Iterable[bytes]) -> Iterator[Element]:
    """Yield the elements of an array that comes in chunks, in their order.

    After a damaged element it goes on where the next record seems to begin. An array without an end is damage too.
    """
    rest = _Rest()
    for chunk in chunks:
        rest.add(chunk)
        while (found := rest.taken()) is not None:
            yield found
    while rest.begin is not None:
        yield b"", "ends in the middle"
        rest.skip()
        while (found := rest.taken()) is not None:
            yield found
    if not (rest.is_closed or rest.is_lost):
        yield b"", "is missing: the array has no end"


class _Rest:
    """What was read and not given out yet, and how far it was looked through."""

    def __init__(self) -> None:
        self._data = b""
        self._at = self._depth = 0
        self.begin: int | None = None
        """Where the record begins that is looked through, None between two."""
        self.is_lost = False
        """Whether nothing counts until a place where a record seems to begin."""
        self.is_closed = False
        """Whether the last bracket between records closes the array."""

    def add(self, chunk: bytes) -> None:
        """Append the chunk, and forget what is done with."""
        done = self._at if self.begin is None else self.begin
        self._data = self._data[done:] + chunk
        self._at -= done
        self.begin = None if self.begin is None else 0

    def taken(self) -> Element | None:
        """Return the next element and go on behind it; None when more must be read before."""
        if self.begin is None:
            if not self._reaches_an_element():
                return None
            if self._data[self._at] != ord("{"):
                self.is_lost = True
                return b"", "is no object"
            self.begin, self._depth = self._at, 0
        ends = self._reaches_the_end()
        if (self._at if ends else len(self._data)) - self.begin > LONGEST:
            self.skip()
            return b"", TOO_LONG
        if not ends:
            return None
        raw = self._data[self.begin : self._at]
        damage = _damage(raw)
        if damage and _START.search(raw, 1):
            self.skip()
        self.begin = None
        return (b"", damage) if damage else (raw, "")

    def skip(self) -> None:
        """Give the record up: go on at the next one that seems to begin in it or behind it."""
        self._at, self.begin, self.is_lost = (self.begin or 0) + 1, None, True

    def _reaches_an_element(self) -> bool:
        if self.is_lost:
            found = _START.search(self._data, self._at)
            self._at = found.start() if found else max(self._at, len(self._data) - _OVERLAP)
            self.is_lost = found is None
            return found is not None
        gap = _BETWEEN.match(self._data, self._at)
        assert gap is not None
        self._at = gap.end()
        if marks := gap[0].strip():
            self.is_closed = marks.endswith(b"]")
        if self._at == len(self._data):
            return False
        self.is_closed = False
        return True

    def _reaches_the_end(self) -> bool:
        """Whether the record ends in what was read; `_at` is behind it then, or where to look on."""
        while step := _TO_BRACE.match(self._data, self._at):
            self._at = step.end()
            self._depth += {b"{": 1, b"}": -1, b"": 0}[step[1]]
            if not self._depth or not step[1]:
                break
        return not self._depth


def _damage(raw: bytes) -> str:
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        return fault(error)
    except RecursionError:
        return "is nested too deep"
    return ""
