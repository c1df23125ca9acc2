"""Records as files of whatever container: whole or absent; JSON also on stdout, as it comes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from svit.errors import SvitError
from svit.exports.base import Container, ExportedFile, Format
from svit.exports.parquet_files import write_table
from svit.exports.record_pictures import Pictures, Row, with_pictures
from svit.exports.webdataset_files import write_archives
from svit.run.shards import as_line, publish

Records = Iterable[Mapping[str, object]]
ENDINGS: Mapping[Container, str] = {"jsonl": ".jsonl", "json": ".json", "parquet": ".parquet", "tar": ""}
"""What the name of a container's only file ends in; an archive is several files in a folder."""


def chunks(rows: Records, container: Container) -> Iterator[bytes]:
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


def records_of(rows: Iterable[Row], to: Format, pictures: Pictures | None) -> Iterator[Mapping[str, object]]:
    """Yield the records of the rows, with their pictures in them where the format has a place for one."""
    if to.embedding is None:
        yield from (record for _, record in rows)
        return
    for _, record, body in with_pictures(rows, pictures):
        yield to.embedding.put(record, body) if body else record


def write(path: Path, rows: Iterable[Row], to: Format, pictures: Pictures | None, split: str) -> list[ExportedFile]:
    """Write the rows of a split and return the files: archives into the folder `path`, all else into the file `path`.

    Lines are packed by zstd when the file's name ends in `.zst`. Raises StorageError when the disk refuses; what stood
    there before is untouched then.
    """
    if to.container == "tar":
        return write_archives(path, split, rows, pictures=pictures, split=split, indexed=to.tar_index)
    if to.container == "parquet":
        return [ExportedFile(path.name, split, write_table(path, rows, features=to.features, pictures=pictures))]
    counted = 0

    def counting() -> Iterator[Mapping[str, object]]:
        nonlocal counted
        for record in records_of(rows, to, pictures):
            counted += 1
            yield record

    lines = to.document(counting()) if to.document else chunks(counting(), to.container)
    publish(path, _packed(lines) if path.suffix == ".zst" else lines)
    return [ExportedFile(path.name, split, counted)]


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise SvitError("--zstd needs a package more: pip install 'svit[export]'.") from None
    packer = zstandard.ZstdCompressor(level=6).compressobj()
    for line in lines:
        yield packer.compress(line)
    yield packer.flush()
