"""People's own annotations: one ImageContext per line, in the schema that `svit contexts schema` prints."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import FieldMap
from svit.contexts.files.json_records import STDIN, json_rows
from svit.contexts.sources.own_records import OwnRecords, Sizes
from svit.records import ImageContext

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
_PATIENCE = (
    "What is read is more: null is an absent key; 42.0 and '42' are 42; ids of objects may be texts or missing; an "
    "object of lists is a list of objects; boxes may be pixels or x, y, width, height (--box-units, --boxes); other "
    "names of keys are said by --map. What has no one meaning is left out and counted."
)
_LEAST = {"width": 1, "height": 1}


def context_schema() -> dict[str, Any]:
    """Return the JSON schema of one line as it should be; `read_jsonl` reads it more patiently."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": _PATIENCE,
        **msgspec.json.schema(ImageContext),
    }
    for record, descriptions in _DESCRIPTIONS.items():
        properties = schema["$defs"][record]["properties"]
        for key, description in descriptions.items():
            properties[key]["description"] = description
    for key, least in _LEAST.items():
        schema["$defs"]["ImageContext"]["properties"][key]["minimum"] = least
    return schema


def own_jsonl(
    path: Path,
    *,
    boxes: BoxForm | None = None,
    fields: FieldMap | None = None,
    counts: Dropped | None = None,
    class_names: Mapping[str, str] | None = None,
    sizes: Sizes | None = None,
) -> OwnRecords:
    """Return the file's records as a source; `-` is stdin. `fields` says which key is which."""
    counts = Dropped() if counts is None else counts
    rows = json_rows(path, counts)
    name = "stdin" if path == STDIN else str(path)
    read = map(fields.record, rows) if fields and fields.paths else rows
    return OwnRecords(read, name=name, counts=counts, boxes=boxes, class_names=class_names, sizes=sizes)


def read_jsonl(path: Path) -> Iterator[ImageContext]:
    """Yield the contexts of the file, shares of the image as boxes; raise DataError when nothing can be read."""
    return iter(own_jsonl(path))
