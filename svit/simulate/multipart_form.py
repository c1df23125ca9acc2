"""Forms with files in them (`multipart/form-data`), as uploads send them."""

import re
from typing import NamedTuple

from svit.simulate.chat_completions import RequestProblem

_BOUNDARY = re.compile(rb'multipart/form-data\s*;.*?boundary=(?:"([^"]+)"|([^\s";,]+))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(rb'(?<![\w*])(name|filename)="([^"\r\n]*)"')
_BROKEN = RequestProblem(400, None, "Could not parse multipart form.")


class Field(NamedTuple):
    """A field of a form; the file's name is None where the field is no file."""

    filename: str | None
    data: memoryview

    @property
    def text(self) -> str:
        """The field as text."""
        return bytes(self.data).decode(errors="replace")


def fields(content_type: bytes, body: bytes) -> dict[str, Field] | RequestProblem:
    """Return the fields of the form by name, without copying them, or the problem that this is no form."""
    match = _BOUNDARY.match(content_type)
    if not match:
        return _BROKEN
    line = b"--" + (match[1] or match[2])
    found: dict[str, Field] = {}
    view, at = memoryview(body), body.find(line)
    while at >= 0 and not body.startswith(b"--", at + len(line)):
        head_at = at + len(line) + 2
        head_end = body.find(b"\r\n\r\n", head_at)
        at = body.find(b"\r\n" + line, head_end + 2)
        if head_end < 0 or at < 0:
            return _BROKEN
        disposition = _DISPOSITION.search(body[head_at:head_end])
        named = dict(_QUOTED.findall(disposition[1])) if disposition else {}
        if b"name" not in named:
            return _BROKEN
        filename = named.get(b"filename")
        data = view[head_end + 4 : at]
        found[named[b"name"].decode(errors="replace")] = Field(
            None if filename is None else filename.decode(errors="replace"), data
        )
        at += 2
    return found if at >= 0 else _BROKEN
