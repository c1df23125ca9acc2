"""JSONL files that are whole or absent, and the lines in them."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import orjson

from svit.errors import DataError, StorageError
from svit.records import Flaw, ImageId, Rejection, Sample
from svit.refused_writes import why_refused

SHARD_IMAGES = 1000
"""Images of one shard."""
L = TypeVar("L")


class Said(msgspec.Struct, frozen=True):
    """One turn of a sample's line."""

    who: str = msgspec.field(name="from")
    value: str


class Block(msgspec.Struct, frozen=True):
    """One dialogue of a sample's line."""

    content: tuple[Said, ...]
    topic: str | None = None

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The questions, each with its answer."""
        for question, answer in zip(self.content[::2], self.content[1::2], strict=False):
            yield question.value, answer.value


class Source(msgspec.Struct, frozen=True):
    """What of a line's provenance readers need."""

    attempt: int
    model: str = ""
    prompt_version: str = ""
    source: str = ""
    svit: str = ""


class SampleLine(msgspec.Struct, frozen=True):
    """A sample as its line has it; what no reader has a use for is passed over."""

    image_id: ImageId
    image: str
    width: int
    height: int
    task: str
    conversations: tuple[Block, ...]
    provenance: Source
    warnings: tuple[Flaw, ...] = ()
    dropped: Mapping[str, int] = {}
    verified_by: str = ""


def sample_line(sample: Sample) -> bytes:
    """Return the sample as a line of JSON: SVIT's record, the image's path and size, and where the text is from."""
    context = sample.context
    record: dict[str, object] = {
        "image_id": context.image_id,
        "image": context.image,
        "width": context.width,
        "height": context.height,
        "task": sample.task,
        "conversations": [
            {
                **({"topic": dialogue.topic} if dialogue.topic is not None else {}),
                "content": [
                    {"from": who, "value": text}
                    for turn in dialogue.turns
                    for who, text in (("user", turn.question), ("gpt", turn.answer))
                ],
            }
            for dialogue in sample.dialogues
        ],
        "provenance": msgspec.to_builtins(sample.provenance),
    }
    if sample.warnings:
        record["warnings"] = msgspec.to_builtins(sample.warnings)
    if sample.dropped:
        record["dropped"] = sample.dropped
    if sample.verified_by:
        record["verified_by"] = sample.verified_by
    return _line(record)


def rejection_line(rejection: Rejection) -> bytes:
    """Return the rejection as a line of JSON, its text and flaws in it."""
    return _line(msgspec.to_builtins(rejection))


def _line(record: object) -> bytes:
    return as_line(orjson.dumps(record))


def as_line(encoded: bytes) -> bytes:
    """Return JSON as a line. The Unicode line ends are escaped: they split records for readers with `splitlines()`."""
    if not encoded.isascii():
        for mark in "\u0085\u2028\u2029":
            encoded = encoded.replace(mark.encode(), f"\\u{ord(mark):04x}".encode())
    return encoded + b"\n"


def publish(path: Path, lines: Iterable[bytes]) -> None:
    """Put the lines into the file, whole or not at all; without lines there is no file.

    Raises StorageError when the disk refuses; what stood there before is untouched then.
    """
    with whole(path) as file:
        file.writelines(lines)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write, which gets its name once all is in it and on the disk; an empty one gets none.

    Raises StorageError when the disk refuses. After that, or any other error within, what stood there is untouched.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            yield file
            empty = file.tell() == 0
            file.flush()
            os.fsync(file.fileno())
        if empty:
            path.unlink(missing_ok=True)
            draft.unlink()
        else:
            draft.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise StorageError(f"{path}: cannot be written: {why_refused(error, path)}.") from error


def removed(path: Path) -> None:
    """Have no file there. Raises StorageError when the disk refuses."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be removed: {os.strerror(error.errno or errno.EIO)}.") from error


def sync_folder(folder: Path) -> None:
    """Make a rename last: the name lives in the folder's own data."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a shard, each with its end; nothing when there is no such file."""
    if path.is_file():
        with path.open("rb") as file:
            yield from file


def sample_lines(path: Path) -> Iterator[SampleLine]:
    """Yield the samples of a file, none when it is missing. Raises DataError for a line that is not svit's."""
    return decoded(path, _sample)


def decoded(path: Path, decode: Callable[[bytes], L]) -> Iterator[L]:
    """Yield what the lines of a file hold, nothing when it is missing. Raises DataError for one that is not svit's."""
    for number, line in enumerate(lines_of(path), 1):
        try:
            yield decode(line)
        except msgspec.DecodeError as error:
            raise DataError(f"{path}: line {number} is not what svit writes: {error}.") from error


_sample = msgspec.json.Decoder(SampleLine).decode
