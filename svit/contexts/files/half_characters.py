"""Half a character in JSON: one of the two escapes that an emoji is written with, without the other.

Python's json writes it and reads it again, so it gets into annotations; strict readers refuse the whole file.
"""

import mmap
import re
from collections.abc import Iterator

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
REPLACEMENT = rb"\ufffd"
"""Of the same length as what it replaces, so that nothing else in a file moves."""


def half_characters(data: bytes | mmap.mmap) -> Iterator[slice]:
    """Yield where the escapes without their other half are."""
    return (slice(*each.span()) for each in _ESCAPE.finditer(data) if each[1])


def with_whole_characters(line: bytes) -> bytes:
    """Return the JSON with the replacement character for each half of one."""
    return _ESCAPE.sub(lambda each: REPLACEMENT if each[1] else each[0], line)
