"""How a reply is stored: its bytes, compressed where that pays, and a checksum that tells when they are others."""

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from svit.run.journal_rows import StoredReply

DAMAGED = "damaged_reply"
"""The code of the failure that stands for a reply whose bytes are not those that were stored."""
_WORTH_PACKING = 4096
"""Bytes below which compression costs more than the disk space that it saves: an ordinary answer has 2,000 to 3,000."""


class _Failure(msgspec.Struct):
    """What a stored failure has at least."""

    code: str
    words: str


def packed_body(body: bytes) -> tuple[bool, bytes]:
    """Return the bytes to store, and whether they are compressed: only where that pays."""
    if len(body) >= _WORTH_PACKING:
        packed = zlib.compress(body, 1)
        if len(packed) < 0.9 * len(body):
            return True, packed
    return False, body


def checksum_of(stored: bytes | None) -> int | None:
    """Return the checksum that goes beside stored bytes; None where there are none."""
    return None if stored is None else zlib.crc32(stored)


def _check(stored: bytes | None, checksum: int | None) -> None:
    """Raise ValueError when the bytes are not those that the checksum was made of; older ones have none."""
    if checksum is not None and checksum_of(stored) != checksum:
        raise ValueError("the checksum is another")


def unpacked(row: Sequence[Any]) -> tuple[StoredReply, str]:
    """Return a stored reply and what is wrong with it; a failure stands for one that is not what was stored."""
    prompt_id, attempt, packed, stored, failure, reused, of_body, of_failure = row
    try:
        _check(stored, of_body)
        _check(failure, of_failure)
        body = zlib.decompress(stored) if packed else stored
        if failure is not None and of_failure is None:
            _ = msgspec.json.decode(failure, type=_Failure)
    except (zlib.error, ValueError, TypeError) as error:
        words = f"the journal holds other bytes than came in: {error}"
        unreadable = orjson.dumps({"code": DAMAGED, "words": words})
        return StoredReply(prompt_id, attempt, None, unreadable, bool(reused)), words
    return StoredReply(prompt_id, attempt, body, failure, bool(reused)), ""
