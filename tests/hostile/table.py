"""All rows of the suite: what endpoints say in words from `replies/`, one a line, answers and bytes from `answers`.

A line has the reply (`status`, `json` or `text` or `latin1`, `kind` of content, `headers`) and what is right (`end`,
`bill`, `why`), as `Row` has it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import answers
from .rows import Bill, End, Row, http

_REPLIES = Path(__file__).parent / "replies"
_FIELDS = ("times", "too_long", "everywhere")


def _row(line: dict[str, Any]) -> Row:
    body = line.get("json", line.get("text", "").encode())
    if "latin1" in line:
        body = line["latin1"].encode("latin-1")
    headers = line.get("headers", {})
    return Row(
        line["name"],
        http(line["status"], body, kind=line.get("kind", "application/json"), **headers),
        End[line["end"]],
        Bill[line.get("bill", "FREE")],
        tuple(line.get("why", ())),
        keeps=True,
        **{field: line[field] for field in _FIELDS if field in line},
    )


def _in_words() -> Iterator[Row]:
    for file in sorted(_REPLIES.glob("*.jsonl")):
        for line in file.read_bytes().split(b"\n"):
            if line:
                yield _row(json.loads(line))


ROWS = [*_in_words(), *answers.ROWS]
