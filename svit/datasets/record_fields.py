"""What is read of a record's JSON: its members, and, where it is in no form, what it is instead."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from svit.contexts.files.decode_errors import fault
from svit.contexts.files.json_arrays import Key
from svit.records import ImageId
from svit.run.shards import SampleRemarks

Form = Literal["own", "svit", "llava", "chat"]

_OTHERS = (
    ("instruction", "output", "is in Alpaca's form, which is not read"),
    ("chosen", "rejected", "is a pair of preferences, which is not read"),
    ("prompt", "completion", "is a prompt with its completion, which is not read"),
    ("sent", "bbox", "is an expression with its box, for evaluation, which is not read"),
    ("prefix", "suffix", "is a prefix with its suffix, which is not read"),
    ("data", "predictions", "is a task of Label Studio, which is not read"),
    ("samples", "samples", "is a dataset of FiftyOne, which is not read"),
    ("question", "answer", "is a question with its answer, which is not read"),
    ("images", "annotations", "is a COCO file, and not a record: svit contexts build reads it"),
    ("image_id", "objects", "is a record of annotations: svit contexts build reads it"),
    ("image_id", "regions", "is a record of annotations: svit contexts build reads it"),
    ("flaws", "text", "is a rejection of a run, and no sample"),
)
"""Two keys, or one twice, by which a record of another kind is known, and what it is."""


class RecordPart(msgspec.Struct, rename={"who": "from", "file": "fileData"}):
    """A conversation, a block of one, a turn or a part of one: what it is shows in what it has."""

    content: list["RecordPart"] | str | None = None
    topic: str | None = None
    who: str | None = None
    value: str | None = None
    role: str | None = None
    text: str | None = None
    image_url: object = None
    parts: list["RecordPart"] | None = None
    file: object = None

    @property
    def address(self) -> str:
        """Where the picture lies that a part of a turn is; empty for anything else, and for one that it holds."""
        named = self.image_url.get("url") if isinstance(self.image_url, dict) else self.image_url
        named = self.file.get("fileUri") if isinstance(self.file, dict) else named
        return named if isinstance(named, str) and not named.startswith("data:") else ""

    @property
    def speaker(self) -> str | None:
        """Who says a turn; None where this is none."""
        return self.role if self.who is None else self.who

    @property
    def said(self) -> str | None:
        """What a turn says, the texts of its parts one after another; None where there is none."""
        content = self.parts if self.content is None else self.content
        if self.value is not None or content is None or self.speaker is None:
            return self.value
        if isinstance(content, str):
            return content
        return "".join(part.text for part in content if part.text)


TOLD_NOTHING = SampleRemarks()


class RecordMembers(msgspec.Struct):
    """A record's members that are read, whatever they are."""

    conversations: list[RecordPart] | None = None
    messages: list[RecordPart] | None = None
    contents: list[RecordPart] | None = None
    image_id: Key | str | float | None = None
    id: Key | str | float | None = None
    image: object = None
    images: object = None
    width: object = None
    height: object = None
    objects: object = None
    task: str | None = None
    provenance: object = None

    @property
    def picture(self) -> str:
        """The path or address of the image, of several the first; empty where none is named."""
        named = self.image if self.image is not None else self.images
        first = named[0] if isinstance(named, list) and named else named
        path = first.get("path") if isinstance(first, dict) else first
        return path if isinstance(path, str) else _address_in(self.messages or self.contents or ())


def _address_in(turns: Iterable[RecordPart]) -> str:
    """Return the address of the first picture among the parts of the turns, empty where there is none."""
    lists = (turn.parts if turn.content is None else turn.content for turn in turns)
    parts = (part for found in lists if isinstance(found, list) for part in found)
    return next(filter(None, (part.address for part in parts)), "")


_decode_entry = msgspec.json.Decoder(RecordMembers).decode
_decode_told = msgspec.json.Decoder(SampleRemarks).decode


def decoded(raw: bytes) -> tuple[RecordMembers, SampleRemarks]:
    """Return the members of a record, and what an own one says of itself. Raise ValueError with its predicate."""
    try:
        entry = _decode_entry(raw)
        return entry, _decode_told(raw) if entry.provenance and entry.task else TOLD_NOTHING
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(_is_other(raw) or fault(error)) from None
    except RecursionError:
        raise ValueError("is nested too deep") from None


def conversations(entry: RecordMembers, raw: bytes) -> tuple[list[RecordPart], Form]:
    """Return the turns, or the blocks of turns, and the form in which they are."""
    chat = entry.contents if entry.messages is None else entry.messages
    if entry.conversations is None and chat is not None:
        return chat, "chat"
    if entry.conversations is None:
        raise ValueError(_is_other(raw) or "has no 'conversations' and no 'messages'")
    first = next(iter(entry.conversations), None)
    if first is not None and first.speaker is None and isinstance(first.content, list):
        return entry.conversations, "own" if entry.provenance and entry.task else "svit"
    return entry.conversations, "llava" if entry.conversations or not entry.provenance else "own"


def _is_other(raw: bytes) -> str:
    """Return what a record is that is in none of the forms, empty where that is not known."""
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if bytes(keys.get("conversations", b"")).lstrip().startswith(b"{"):
        return "is a table by columns, as pandas writes it: write it with orient='records' and lines=True"
    return next((words for one, other, words in _OTHERS if one in keys and other in keys), "")


def image_id(entry: RecordMembers, key: tuple[str, str] | None, form: Form) -> ImageId:
    """Return the image's id, or the path of the image where there is none. Raise ValueError where there is neither."""
    found = entry.image_id if entry.image_id is not None else key[0] if key else entry.id
    if found is None and (form == "chat" or entry.picture):
        return entry.picture
    if found is None:
        raise ValueError("has no 'image_id' and no 'id'")
    if isinstance(found, float):
        if not found.is_integer():
            raise ValueError(f"has the id {found}, which is no whole number")
        return int(found)
    return found


def pixels(value: object) -> int:
    """Return a width or a height, 0 for what is none."""
    return int(value) if isinstance(value, int | float) and 1 <= value < 2**31 else 0
