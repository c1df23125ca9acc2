"""Items made up for the tests of containers and formats."""

import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from svit.boxes import Box
from svit.exports.base import Format, Item, TextGroup
from svit.exports.record_pictures import Row

BOXES = (Box(0.1, 0.2, 0.35, 0.4), Box(0.5, 0.5, 1.0, 1.0))
WHERE = (f"Where is the <st>dog<ed> {BOXES[0]}?", f"Behind <st>both men<ed> {BOXES[0]}, {BOXES[1]}.")
WHAT = ("What does it do?", "It sleeps.")


def item(n: int = 2, width: int = 800, height: int = 600) -> Item:
    """Return an item of two talks, the second with a topic."""
    talks = (TextGroup(WHERE), TextGroup(WHAT, topic="Rest"))
    return Item(f"{n}-referring", n, f"vg/VG_100K/{n}.jpg", width, height, "referring", talks, printed=True)


def rows(form: Format, count: int) -> Iterator[Row]:
    """Yield items with their records; nothing is kept."""
    for n in range(count):
        one = item(n)
        yield one, form.record(one, form.style())


def png(width: int, height: int, grey: int = 0) -> bytes:
    """Return the file of a grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = (b"\0" + bytes([grey]) * width) * height
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def measured(form: Format, count: int, seen: list[int]) -> Iterator[Row]:
    """Yield rows of 1,000 bytes of their own, and note the memory held after a fifth of them and at the end."""
    one = item()
    record = form.record(one, form.style())
    for n in range(count):
        if n in (count // 5, count - 1):
            seen.append(resident())
        yield one, {**record, "task": f"{n:01000}"}


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond the size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
