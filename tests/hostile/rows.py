"""What a row of the hostile suite is: a reply as it goes over the wire, and what is right when a run meets it."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

TEXT = (
    "A tall tower with orange roofs stands above a lake. A tall red pagoda, a tree and a tiled orange roof can be seen "
    "as well. The pagoda has a red railing and a window. A red pillar stands to the left of the largest tree. A small "
    "island lies to the right of the pagoda. A brown ornament is in the upper left. The blue sky can be seen, too."
)
USAGE = {"prompt_tokens": 700, "completion_tokens": 100, "total_tokens": 800}

Piece = bytes | float
"""Bytes that are written, or seconds in which nothing is."""
ASKED_SHORTER = "asked shorter"


class End(Enum):
    """What becomes of an image whose every request gets this reply, and of the run: its exit code, alone."""

    SAMPLE = "a sample: 0"
    REJECTED = "a rejection: 1"
    STOP = "nothing, the run stops and goes on once it is mended: 4, alone and among good replies"
    ALIKE = "alone the run stops: 4; among good replies it is a rejection, or a stop"
    BROKEN = "a rejection: 1, or alone the run gives the endpoint up: 4"
    WAITS = "it is asked again as long as there is time: 5 at the deadline, 4 or a rejection when it is given up"


class Bill(Enum):
    """What an honest endpoint bills for it: nothing, what its usage says, or nobody can know."""

    FREE = 0
    USAGE = 1
    UNKNOWN = 2


@dataclass(frozen=True)
class Row:
    """A reply with a name. `why` are the codes that a rejection may have, any if there are none.

    It is given the first `times` that an image is asked about, always when None; with `too_long` only to the longest
    prompt of an image. `keeps` leaves the connection open; `everywhere` gives it to GET requests too.
    """

    name: str
    pieces: tuple[Piece, ...]
    end: End
    bill: Bill = Bill.FREE
    why: tuple[str, ...] = ()
    times: int | None = None
    too_long: bool = False
    keeps: bool = False
    everywhere: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether a run that this reply stops goes on to its end once the endpoint is mended."""
        return self.end in (End.STOP, End.ALIKE)

    @property
    def is_for_tuning(self) -> bool:
        """Whether developers may look at how it fares: half of the rows, by a hash of their names."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 2 == 0


def http(
    status: int, body: object = b"", *, kind: str = "application/json", reason: str = "X", **headers: str
) -> tuple[bytes, ...]:
    """Return a reply with the right length; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    length = "" if status in (204, 304) else f"Content-Length: {len(content)}\r\n"
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\n{length}{told}\r\n"
    return head.encode(), content


def packed(status: int, content: bytes) -> tuple[bytes, ...]:
    """Return a reply in gzip."""
    return http(status, gzip.compress(content, 9), Content_Encoding="gzip")


def chat(
    content: object = TEXT, *, usage: object = USAGE, finish: object = "stop", message: object = None, **more: object
) -> dict[str, Any]:
    """Return a chat completion; None in `more` is null, and what is ... is left out."""
    said = {"role": "assistant", "content": content, **(message if isinstance(message, dict) else {})}
    choice = {"index": 0, "message": said, "finish_reason": finish}
    whole = {"id": "x", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage, **more}
    whole["choices"] = [{k: v for k, v in each.items() if v is not ...} for each in whole["choices"]]  # type: ignore[attr-defined]
    return {key: value for key, value in whole.items() if value is not ...}


def error(message: object, **more: object) -> dict[str, Any]:
    """Return an error as OpenAI writes it."""
    return {"error": {"message": message, **more}}
