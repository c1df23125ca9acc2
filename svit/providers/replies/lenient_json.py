"""JSON as servers really send it.

With NaN, half characters, bytes that are no UTF-8, a byte order mark, a second document behind it, or as the events of
a stream that nobody asked for.
"""

import json
import math
import re
from typing import Any

from svit.providers.replies.event_stream import is_event_stream, stream_as_completion

LONGEST = 2 * 2**20
"""Bytes. What follows the OpenAI API to the letter may be longer; to read odd JSON takes a hundred times as long."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NUMBER = 400
"""Digits. No count is near it, and Python refuses to read an int of more than 4,300."""
_DEEPEST = 200
"""Levels of nesting that are read; Python's own reader ends at about a thousand."""
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"|[\[\]{}]', re.DOTALL)


def parsed(body: bytes) -> Any:
    """Return what the bytes say, as one value: the first document, or the completion that a stream adds up to.

    What is nested too deep is null. Raises ValueError where there is no JSON, or it is cut off, or longer than LONGEST.
    """
    if len(body) > LONGEST:
        raise ValueError(f"longer than {LONGEST:,} bytes")
    text = body.decode(json.detect_encoding(body), errors="replace").lstrip("\ufeff \t\r\n")
    if is_event_stream(text):
        return stream_as_completion(text, _document)
    return _document(text)


def whole_characters(text: str) -> str:
    """Return the text with U+FFFD for each half of a character that came without its other half."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _document(text: str) -> Any:
    try:
        return _DECODER.raw_decode(text)[0]
    except RecursionError:
        if _never_closed(text):
            raise ValueError("it is cut off deep within") from None
        return _DECODER.raw_decode(_shallow(text))[0]


def _never_closed(text: str) -> bool:
    """Whether so much is opened and not closed that no strings with brackets in them can be why: a quick look."""
    opened, closed = (sum(map(text.count, brackets)) for brackets in ("[{", "]}"))
    return opened - closed > _DEEPEST


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


_DECODER = json.JSONDecoder(parse_int=_number, strict=False)


def _shallow(text: str) -> str:
    """Return the JSON with null for all that is nested too deep. What is left has one meaning: brackets pair up."""
    kept: list[str] = []
    depth = start = 0
    for match in _BRACKET.finditer(text):
        bracket = match[0]
        if bracket in "[{":
            depth += 1
            if depth == _DEEPEST:
                kept.append(text[start : match.start()] + "null")
        elif bracket in "]}":
            depth -= 1
            if depth == _DEEPEST - 1:
                start = match.end()
    return "".join(kept) + (text[start:] if depth < _DEEPEST else "")
