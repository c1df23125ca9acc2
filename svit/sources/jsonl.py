"""People's own annotations: one ImageContext per line, in the schema that `svit contexts schema` prints."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec.structs import replace

from svit.errors import DataError
from svit.records import ImageContext, Object
from svit.sources.arrays import BYTE_ORDER_MARK, packed_by
from svit.sources.faults import fault
from svit.sources.half_characters import with_whole_characters
from svit.text import one_line

STDIN = Path("-")

_DESCRIPTIONS = {
    "ImageContext": {
        "image_id": "The image's number or name; no two records have the same one.",
        "image": "The image's path as a trainer will look for it, such as vg/VG_100K/2.jpg.",
        "width": "Pixels.",
        "height": "Pixels.",
        "coco_id": "The image's number in MS-COCO, if it is one of its images.",
        "source": "A short name of where the annotations come from.",
        "captions": "Sentences about the whole image.",
        "objects": "Named things with their boxes.",
        "regions": "Phrases about parts of the image.",
        "relationships": "What the objects have to do with each other.",
    },
    "Object": {
        "id": "The object's number, its own within the image.",
        "name": "What it is: 'clock'.",
        "attributes": "What it is like: 'green', 'tall'.",
        "aliases": "What else it is called.",
    },
    "Region": {"id": "The region's number, its own within the image.", "phrase": "'a man in a red shirt'"},
    "Relationship": {
        "subject": "The id of an object of this image.",
        "predicate": "'next to', 'wears'",
        "object": "The id of an object of this image.",
    },
}
_LEAST = {"width": 1, "height": 1}

_decode = msgspec.json.Decoder(ImageContext).decode


def context_schema() -> dict[str, Any]:
    """Return the JSON schema of one line, which is what `read_jsonl` accepts."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(ImageContext)}
    for record, descriptions in _DESCRIPTIONS.items():
        properties = schema["$defs"][record]["properties"]
        for key, description in descriptions.items():
            properties[key]["description"] = description
    for key, least in _LEAST.items():
        schema["$defs"]["ImageContext"]["properties"][key]["minimum"] = least
    return schema


def read_jsonl(path: Path) -> Iterator[ImageContext]:
    """Yield the records of the file, or of stdin for `-`, with clean text; empty lines are skipped.

    Raise DataError with file, line and key for what is not in the schema, and for ends and ids that do not fit.
    """
    name = "stdin" if path == STDIN else str(path)
    found = False
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            if number == 1 and (packed := packed_by(line)):
                raise DataError(f"{name} is a {packed} file: unpack it first.")
            if not line.strip():
                continue
            found = True
            try:
                context = _clean(_read(line.removeprefix(BYTE_ORDER_MARK)))
            except ValueError as error:
                raise DataError(f"{name}: line {number} {fault(error)}. See svit contexts schema.") from None
            yield context
    if not found:
        raise DataError(f"{name} is empty.")


def _read(line: bytes) -> ImageContext:
    """Return what a line holds, halves of characters mended; raise msgspec's errors."""
    try:
        return _decode(line)
    except msgspec.DecodeError:
        return _decode(with_whole_characters(line))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a file.") from None
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        yield file


def _clean(context: ImageContext) -> ImageContext:
    """Return the context with clean text; raise ValueError, in msgspec's words, for what does not fit."""
    _refuse_what_does_not_fit(context)
    return replace(
        context,
        image=one_line(context.image),
        captions=tuple(_text(text, f"captions[{i}]") for i, text in enumerate(context.captions)),
        objects=tuple(_clean_object(thing, f"objects[{i}]") for i, thing in enumerate(context.objects)),
        regions=tuple(
            replace(region, phrase=_text(region.phrase, f"regions[{i}].phrase"))
            for i, region in enumerate(context.regions)
        ),
        relationships=tuple(
            replace(related, predicate=_text(related.predicate, f"relationships[{i}].predicate"))
            for i, related in enumerate(context.relationships)
        ),
    )


def _clean_object(thing: Object, path: str) -> Object:
    return replace(
        thing,
        name=_text(thing.name, f"{path}.name"),
        attributes=tuple(_text(text, f"{path}.attributes[{i}]") for i, text in enumerate(thing.attributes)),
        aliases=tuple(_text(text, f"{path}.aliases[{i}]") for i, text in enumerate(thing.aliases)),
    )


def _text(text: str, path: str) -> str:
    clean = one_line(text)
    if not clean:
        raise _wrong("the text is empty", path)
    return clean


def _refuse_what_does_not_fit(context: ImageContext) -> None:
    for key, least in _LEAST.items():
        if getattr(context, key) < least:
            raise _wrong(f"Expected `int` >= {least}", key)
    objects = {thing.id for thing in context.objects}
    _refuse_repeated_ids("objects", [thing.id for thing in context.objects])
    _refuse_repeated_ids("regions", [region.id for region in context.regions])
    for i, related in enumerate(context.relationships):
        for end in ("subject", "object"):
            if getattr(related, end) not in objects:
                raise _wrong("there is no such object", f"relationships[{i}].{end}")


def _refuse_repeated_ids(key: str, ids: list[int]) -> None:
    seen: set[int] = set()
    for i, number in enumerate(ids):
        if number in seen:
            raise _wrong(f"the id {number} is there twice", f"{key}[{i}].id")
        seen.add(number)


def _wrong(what: str, path: str) -> ValueError:
    return ValueError(f"{what} - at `$.{path}`")
