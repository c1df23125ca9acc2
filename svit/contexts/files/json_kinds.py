"""What a JSON file of annotations is, by the keys that it and its first records have.

People give the panoptic file for the instances, or scene graphs for the objects. Such a file is called by its name.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from svit.contexts.files.json_arrays import JsonFile
from svit.errors import DataError

_WINDOW = 1 << 22
"""Bytes in which the first records are looked for."""

_RECORDS = 20
"""So many records are looked at: the first ones may be odd."""

_GAP = re.compile(r"[\s,]*")
_decoder = json.JSONDecoder()

Record = Mapping[str, Any]


class FileKind(NamedTuple):
    """A kind of file: how it is called, and what to do with it, as the end of a sentence."""

    title: str
    remedy: str


_VISUAL_GENOME = "give its folder with --visual-genome"
_NEEDS_INSTANCES = "give the instances file of the same images with --coco-instances"
_JSONL = "give own records with --jsonl ('svit contexts schema' prints their form)"

KINDS: Mapping[str, FileKind] = {
    "captions": FileKind("a COCO captions file", "give it with --coco-captions"),
    "instances": FileKind("a COCO instances file", "give it with --coco-instances"),
    "panoptic": FileKind("a COCO panoptic file", _NEEDS_INSTANCES),
    "labels": FileKind("a COCO file of labels without boxes or outlines", _NEEDS_INSTANCES),
    "image_info": FileKind("a COCO image_info file, which has no annotations", _NEEDS_INSTANCES),
    "detections": FileKind("a list of detections, as COCO's results are", _NEEDS_INSTANCES),
    "caption_results": FileKind(
        "a list of generated captions, as COCO's results are", "give the captions file of the images"
    ),
    "questions": FileKind("a VQA file of questions or answers", _JSONL),
    "scene_graphs": FileKind("Visual Genome's scene_graphs.json", _VISUAL_GENOME),
    "objects": FileKind("Visual Genome's objects.json", _VISUAL_GENOME),
    "region_descriptions": FileKind("Visual Genome's region_descriptions.json", _VISUAL_GENOME),
    "attributes": FileKind("Visual Genome's attributes.json", _VISUAL_GENOME),
    "relationships": FileKind("Visual Genome's relationships.json", _VISUAL_GENOME),
    "question_answers": FileKind("Visual Genome's question_answers.json, which is not read", _VISUAL_GENOME),
    "region_graphs": FileKind(
        "Visual Genome's region_graphs.json, which is not read", "give region_descriptions.json and scene_graphs.json"
    ),
    "gqa": FileKind("GQA's scene graphs, which svit does not read yet", "give Visual Genome's own files"),
    "image_data": FileKind("Visual Genome's image_data.json", _VISUAL_GENOME),
    "conversations": FileKind("a file of conversations, as LLaVA has them", "svit import reads it"),
    "own": FileKind("a file of own records", "give it with --jsonl"),
    "labelme": FileKind("a labelme file", "make a COCO instances file of it"),
    "via": FileKind("a project of the VGG Image Annotator", "make a COCO instances file of it"),
    "datumaro": FileKind("a data set of datumaro", "convert it to COCO with 'datum convert'"),
    "vott": FileKind("a project of VoTT", "export it as CSV, which --csv reads"),
    "segment_anything": FileKind("a file of Segment Anything, which has no names", _NEEDS_INSTANCES),
    "geojson": FileKind("a GeoJSON file", _JSONL),
}

_OF_RECORDS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (kind, frozenset(keys.split()))
    for kind, keys in (
        ("conversations", "conversations"),
        ("scene_graphs", "objects relationships image_id"),
        ("own", "image_id image width height"),
        ("objects", "objects image_id"),
        ("objects", "objects id"),
        ("region_descriptions", "regions"),
        ("attributes", "attributes"),
        ("relationships", "relationships"),
        ("question_answers", "qas"),
        ("image_data", "width height url"),
        ("detections", "image_id score"),
        ("caption_results", "image_id caption"),
    )
)
"""The keys of a record by which a file is known that is a list of them, or has one a line. The first that fits."""

_OF_ANNOTATIONS: Mapping[str, tuple[str, ...]] = {
    "panoptic": ("segments_info",),
    "captions": ("caption",),
    "instances": ("bbox", "segmentation"),
    "questions": ("question_id",),
}
"""The keys of an annotation by which a COCO file is known."""

_OF_OBJECTS: Mapping[str, str] = {
    "questions": "questions",
    "shapes": "labelme",
    "_via_img_metadata": "via",
    "features": "geojson",
    "items": "datumaro",
    "assets": "vott",
    "videoSettings": "vott",
    "conversations": "conversations",
}
"""What a file without annotations is, by a key of its own."""


def refuse_other_kind(file: JsonFile, wanted: str) -> None:
    """Raise DataError when the file is of a kind in the table, and not of the one that is wanted.

    `wanted` is a key of `KINDS`. What cannot be told is let through.
    """
    kinds = kinds_of(file)
    if kinds and wanted not in kinds:
        found = KINDS[kinds[0]]
        raise DataError(f"{file.path} looks like {found.title}, not like {KINDS[wanted].title}: {found.remedy}.")


def kinds_of(file: JsonFile) -> list[str]:
    """Return the kinds that the file may be of, the likeliest first; none when that cannot be told."""
    start, stop = file.whole
    text = file.map[start : min(stop, start + _WINDOW)].decode(errors="replace").lstrip()
    if text.startswith("["):
        return _kinds_of_records(_first_records(text, 1))
    if text.startswith("{"):
        lines = _kinds_of_records(_first_records(text, 0))
        return _kinds_of_object(file, text) or lines
    return []


def _kinds_of_object(file: JsonFile, text: str) -> list[str]:
    try:
        members = file.members()
    except DataError:
        return []  # several objects, one a line, or no JSON at all, which is said where it is read
    if "annotations" not in members:
        if members and all(name.isdecimal() for name in members):
            return ["gqa"]
        others = [kind for key, kind in _OF_OBJECTS.items() if key in members]
        return others or (["image_info"] if {"images", "categories"} <= members.keys() else [])
    if "image" in members and "images" not in members:
        return ["segment_anything"]
    start, stop = members["annotations"]
    text = file.map[start : min(stop, start + _WINDOW)].decode(errors="replace")
    records = _first_records(text, 1) if text.startswith("[") else []
    kinds = [kind for kind, keys in _OF_ANNOTATIONS.items() if any(key in record for record in records for key in keys)]
    return kinds or (["labels"] if any("category_id" in record for record in records) else [])


def _kinds_of_records(records: Iterable[Record]) -> list[str]:
    """Return what the records are, the most frequent kind first: any of them may be odd."""
    found = Counter(kind for record in records if (kind := _kind_of_record(record)))
    return [kind for kind, _ in found.most_common()]


def _kind_of_record(record: Record) -> str | None:
    regions = record.get("regions")
    if isinstance(regions, list) and any(isinstance(each, dict) and "objects" in each for each in regions):
        return "region_graphs"
    return next((kind for kind, keys in _OF_RECORDS if keys <= record.keys()), None)


def _first_records(text: str, position: int) -> list[Record]:
    """Return the objects among the first values that follow each other in the text."""
    found: list[Record] = []
    for _ in range(_RECORDS):
        position = _end(text, position)
        try:
            value, position = _decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            found.append(value)
    return found


def _end(text: str, position: int) -> int:
    gap = _GAP.match(text, position)
    return gap.end() if gap else position
