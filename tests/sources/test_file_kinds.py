"""A file of another kind than the option takes is called by its name; what cannot be told is let through."""

import json
from pathlib import Path
from typing import Any

import pytest

from svit.contexts.files.json_arrays import JsonFile
from svit.contexts.files.json_kinds import KINDS, kinds_of, refuse_other_kind
from svit.contexts.sources.coco import Coco
from svit.errors import DataError

from .files import OBJECTS, REGION, Write, coco

SIZE = {"width": 200, "height": 100}
IMAGE = {"id": 7, "file_name": "7.jpg", **SIZE}
LAMP = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [20, 10, 40, 50]}
CAPTION = {"id": 1, "image_id": 7, "caption": "A lamp."}
SEGMENTS = {"image_id": 7, "file_name": "7.png", "segments_info": [{"id": 3, "category_id": 3, "bbox": [0, 0, 9, 9]}]}
KEYPOINTS = {**LAMP, "keypoints": [1, 2, 2], "num_keypoints": 1}
LVIS_IMAGE = {"id": 7, "coco_url": "http://x.org/val2017/7.jpg", "neg_category_ids": [], **SIZE}
LVIS_LAMP = {**LAMP, "segmentation": [[20, 10, 60, 10, 60, 60]], "area": 2.0}
OWN = {"image_id": 7, "image": "7.jpg", **SIZE, "captions": []}
CATEGORIES = [{"id": 3, "name": "lamp"}]


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


FILES: list[tuple[str, Any, str]] = [
    ("captions", coco([IMAGE], [CAPTION]), "captions"),
    ("instances", coco([IMAGE], [LAMP], CATEGORIES), "instances"),
    ("a first annotation that is odd", coco([IMAGE], [None, {}, LAMP], CATEGORIES), "instances"),  # type: ignore[list-item]
    ("keypoints", coco([IMAGE], [KEYPOINTS], CATEGORIES), "instances"),
    ("stuff", coco([IMAGE], [{"image_id": 7, "segmentation": {}, "category_id": 92}], CATEGORIES), "instances"),
    ("LVIS", coco([LVIS_IMAGE], [LVIS_LAMP], CATEGORIES), "instances"),
    ("panoptic", coco([IMAGE], [SEGMENTS], CATEGORIES), "panoptic"),
    ("image_info", {"images": [IMAGE], "categories": CATEGORIES}, "image_info"),
    ("detections", [{**LAMP, "score": 0.5}], "detections"),
    ("keypoint results", [{"image_id": 7, "category_id": 1, "keypoints": [], "score": 0.5}], "detections"),
    ("caption results", [{"image_id": 7, "caption": "A lamp."}], "caption_results"),
    ("VQA questions", {"questions": [{"question_id": 1, "image_id": 7}]}, "questions"),
    ("VQA answers", {"annotations": [{"question_id": 1, "image_id": 7}]}, "questions"),
    ("scene graphs", [{"image_id": 7, "objects": [], "relationships": []}], "scene_graphs"),
    ("objects", [OBJECTS], "objects"),
    ("regions", [{"id": 7, "regions": [REGION]}], "region_descriptions"),
    ("attributes", [{"image_id": 7, "attributes": []}], "attributes"),
    ("relationships", [{"image_id": 7, "relationships": []}], "relationships"),
    ("questions", [{"id": 7, "qas": []}], "question_answers"),
    ("image data", [{"image_id": 7, "url": "http://x.org/7.jpg", **SIZE}], "image_data"),
    ("LLaVA", [{"id": "7", "image": "7.jpg", "conversations": []}], "conversations"),
    ("LLaVA, a line each", lines({"id": "7", "conversations": []}, {"id": "8", "conversations": []}), "conversations"),
    ("own records", lines(OWN, {**OWN, "image_id": 8}), "own"),
    ("one own record", lines(OWN), "own"),
    ("labelme", {"shapes": [], "imagePath": "7.jpg"}, "labelme"),
    ("VIA", {"_via_img_metadata": {}}, "via"),
    ("GeoJSON", {"type": "FeatureCollection", "features": []}, "geojson"),
    ("nothing", [], ""),
    ("numbers", [1, 2], ""),
    ("somebody's own", {"pictures": []}, ""),
    ("no annotations yet", coco([IMAGE], [], CATEGORIES), ""),
    ("annotations of no kind", coco([IMAGE], [{"id": 1}], CATEGORIES), ""),
    ("text", b"a lamp", ""),
    ("Mapillary", {"heigth": 5, "width": 5, "objects": [{"id": 0, "label": "a lamp"}]}, ""),
    ("a cloud of points", {"description": "", "key": "a", "tags": [], "objects": []}, ""),
    ("datumaro", {"info": {}, "categories": {"label": {}}, "items": []}, "datumaro"),
    ("VoTT", {"name": "a", "videoSettings": {}, "tags": [], "assets": {}}, "vott"),
    ("Segment Anything", {"image": {"image_id": 1}, "annotations": [{"bbox": [1, 2, 3, 4]}]}, "segment_anything"),
    ("labels", coco([IMAGE], [{"id": 1, "image_id": 1, "category_id": 3}], CATEGORIES), "labels"),
    (
        "captions by datumaro",
        coco([IMAGE], [{"id": 1, "image_id": 1, "category_id": 0, "caption": "A lamp."}], []),
        "captions",
    ),
    ("half a file", b'{"annotations": [', ""),
    ("NaN", b'[{"image_id": NaN, "score": NaN}]', "detections"),
]


@pytest.mark.parametrize(("content", "kind"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_a_file_is_known_by_its_keys(write: Write, content: Any, kind: str) -> None:
    path = write({"a.json": content}) / "a.json"

    with JsonFile(path, "a test") as file:
        assert kinds_of(file)[:1] == ([kind] if kind else [])
        for wanted in KINDS:
            if kind in ("", wanted):
                refuse_other_kind(file, wanted)
                continue
            with pytest.raises(DataError) as said:
                refuse_other_kind(file, wanted)
            assert str(said.value) == (
                f"{path} looks like {KINDS[kind].title}, not like {KINDS[wanted].title}: {KINDS[kind].remedy}."
            )


def test_a_file_with_boxes_and_captions_is_both(write: Write) -> None:
    both = coco([IMAGE], [{**LAMP, "caption": "A lamp."}], CATEGORIES)
    path = write({"a.json": both}) / "a.json"

    with Coco(instances=[path], captions=[path]) as source:
        (context,) = source
    assert (len(context.objects), context.captions) == (1, ("A lamp.",))


@pytest.mark.parametrize(
    ("option", "content", "sentence"),
    [
        ("instances", coco([IMAGE], [CAPTION]), "a COCO captions file, not like a COCO instances file: give it with"),
        ("captions", coco([IMAGE], [LAMP], CATEGORIES), "a COCO instances file, not like a COCO captions file: give"),
        ("instances", coco([IMAGE], [SEGMENTS], CATEGORIES), "a COCO panoptic file, not like a COCO instances file"),
        ("instances", [OBJECTS], "Visual Genome's objects.json, not like a COCO instances file: give its folder with"),
        ("captions", lines(OWN, OWN), "a file of own records, not like a COCO captions file: give it with --jsonl."),
    ],
)
def test_coco_says_what_it_was_given(write: Write, option: str, content: Any, sentence: str) -> None:
    files: dict[str, Any] = {option: [write({"a.json": content}) / "a.json"]}

    with pytest.raises(DataError) as said, Coco(**files):
        pass
    assert f"a.json looks like {sentence}" in str(said.value)


def test_lvis_is_read(write: Write) -> None:
    path: Path = write({"a.json": coco([LVIS_IMAGE], [LVIS_LAMP], CATEGORIES)}) / "a.json"

    with Coco(instances=[path]) as source:
        (context,) = source
    assert (context.image, [thing.name for thing in context.objects]) == ("coco/val2017/7.jpg", ["lamp"])
