"""JSONL files that are whole or absent, and the lines in them.

All lines of a kind have the same keys with values of the same types, so that tables' readers take a run's files as they
are. `datasets` and polars find a column's type in the first records, where null and an empty list have none: what may
be missing is an empty text instead, and lists and mappings that may be empty are JSON within a text.
"""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import orjson

from svit.errors import DataError, StorageError
from svit.records import Flaw, ImageId, Provenance, Rejection, Sample
from svit.system.operating_system import sync_folder
from svit.system.write_errors import why_refused

SHARD_IMAGES = 1000
"""Images of one shard."""
_BUFFER = 1 << 20
"""Bytes that a file is read and written by: lines of some kilobytes take half as long as by eight."""
LINE_FORM = 2
"""The number of the form of lines. A shard in an older one is made again from the journal when its run goes on."""
L = TypeVar("L")


class SampleTurn(msgspec.Struct, frozen=True):
    """One turn of a sample's line."""

    who: str = msgspec.field(name="from")
    value: str


class Block(msgspec.Struct, frozen=True):
    """One dialogue of a sample's line. `topic` is empty or None where there is none."""

    content: tuple[SampleTurn, ...]
    topic: str | None = None

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The questions, each with its answer."""
        for question, answer in zip(self.content[::2], self.content[1::2], strict=False):
            yield question.value, answer.value


class LineProvenance(msgspec.Struct, frozen=True, gc=False):
    """What of a line's provenance readers need."""

    attempt: int
    model: str = ""
    prompt_version: str = ""
    source: str = ""
    svit: str = ""


class SampleRemarks(msgspec.Struct, frozen=True, kw_only=True):
    """What a sample's line says of its own making. Lines of older versions have lists and mappings, or no such keys."""

    written_warnings: tuple[Flaw, ...] | str | None = msgspec.field(name="warnings", default=())
    written_dropped: Mapping[str, int] | str | None = msgspec.field(name="dropped", default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is within a text. Raises DecodeError for another text than svit writes."""
        if not isinstance(self.written_warnings, tuple):
            found = _decode_flaws(self.written_warnings) if self.written_warnings else ()
            msgspec.structs.force_setattr(self, "written_warnings", found)
        if not isinstance(self.written_dropped, Mapping):
            counts = _decode_counts(self.written_dropped) if self.written_dropped else {}
            msgspec.structs.force_setattr(self, "written_dropped", counts)

    @property
    def warnings(self) -> tuple[Flaw, ...]:
        """The flaws that the sample is known to have, and what was mended in it."""
        assert isinstance(self.written_warnings, tuple)
        return self.written_warnings

    @property
    def dropped(self) -> Mapping[str, int]:
        """The dialogues that were left out of the sample, by their first flaw."""
        assert isinstance(self.written_dropped, Mapping)
        return self.written_dropped


class SampleLine(SampleRemarks, frozen=True):
    """A sample as its line has it; what no reader has a use for is passed over."""

    image_id: ImageId
    image: str
    width: int
    height: int
    task: str
    conversations: tuple[Block, ...]
    provenance: LineProvenance
    verified_by: str = ""


class RejectionLine(msgspec.Struct, frozen=True):
    """A rejection as its line has it; what no reader has a use for is passed over."""

    image_id: ImageId
    task: str
    text: str
    flaws: tuple[Flaw, ...]


def sample_line(sample: Sample) -> bytes:
    """Return the sample as a line of JSON: SVIT's record, the image's path and size, and where the text is from."""
    context = sample.context
    return _line(
        {
            "image_id": context.image_id,
            "image": context.image,
            "width": context.width,
            "height": context.height,
            "task": sample.task,
            "conversations": [
                {
                    "topic": dialogue.topic or "",
                    "content": [
                        {"from": who, "value": text}
                        for turn in dialogue.turns
                        for who, text in (("user", turn.question), ("gpt", turn.answer))
                    ],
                }
                for dialogue in sample.dialogues
            ],
            "provenance": _origin(sample.provenance),
            "warnings": warnings_text(sample.warnings),
            "dropped": json_text(sample.dropped),
            "verified_by": sample.verified_by,
        }
    )


def rejection_line(rejection: Rejection) -> bytes:
    """Return the rejection as a line of JSON, its text and flaws in it."""
    return _line(
        {
            "image_id": rejection.image_id,
            "task": rejection.task,
            "text": rejection.text,
            "flaws": list(map(_flaw, rejection.flaws)),
            "provenance": _origin(rejection.provenance),
        }
    )


def warnings_text(flaws: Iterable[Flaw]) -> str:
    """Return the flaws as a list of JSON within a text, which is empty when there is none."""
    return json_text([_flaw(flaw) for flaw in flaws])


def json_text(value: Mapping[str, object] | Sequence[object]) -> str:
    """Return the value as JSON within a text, which is empty when the value is."""
    return orjson.dumps(value).decode() if value else ""


def _flaw(flaw: Flaw) -> dict[str, str]:
    return {"code": flaw.code, "words": flaw.words, "severity": flaw.severity}


def _origin(provenance: Provenance) -> dict[str, object]:
    origin: dict[str, object] = msgspec.structs.asdict(provenance)
    return origin | {"left_out": json_text(provenance.left_out)}


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
        with draft.open("wb", buffering=_BUFFER) as file:
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


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a shard, each with its end; nothing when there is no such file."""
    if path.is_file():
        with path.open("rb", buffering=_BUFFER) as file:
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
_decode_flaws = msgspec.json.Decoder(tuple[Flaw, ...]).decode
_decode_counts = msgspec.json.Decoder(dict[str, int]).decode
