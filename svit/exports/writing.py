"""Records as files: JSON lines, a JSON list, either of them packed; whole or absent, or on stdout as they come."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from svit.errors import SvitError
from svit.exports.base import Container
from svit.shards import as_line, publish

Rows = Iterable[Mapping[str, object]]


def chunks(rows: Rows, container: Container) -> Iterator[bytes]:
    """Yield the rows as JSON, a line each; those of a `json` container are the elements of one list."""
    lines = (as_line(orjson.dumps(row)) for row in rows)
    if container == "jsonl":
        yield from lines
        return
    before = b"[\n"
    for line in lines:
        yield before + line.removesuffix(b"\n")
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def write(path: Path, rows: Rows, container: Container) -> int:
    """Write the rows into the file, packed by zstd when its name ends in `.zst`, and return how many there were.

    Raises StorageError when the disk refuses; what stood there before is untouched then.
    """
    counted = 0

    def counting() -> Iterator[Mapping[str, object]]:
        nonlocal counted
        for row in rows:
            counted += 1
            yield row

    lines = chunks(counting(), container)
    publish(path, _packed(lines) if path.suffix == ".zst" else lines)
    return counted


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise SvitError("--zstd needs a package more: pip install 'svit[export]'.") from None
    packer = zstandard.ZstdCompressor(level=6).compressobj()
    for line in lines:
        yield packer.compress(line)
    yield packer.flush()
