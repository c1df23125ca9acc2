"""COCO captions and instances, as they come, and COCO alone as a source."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from svit.boxes import Box
from svit.errors import DataError
from svit.records import ImageContext, Object
from svit.sources.coco import Captions, Coco

from .files import Write, coco

IMAGE = {
    "id": 33471,
    "width": 200,
    "height": 100,
    "file_name": "000000033471.jpg",
    "coco_url": "http://images.example.org/train2017/000000033471.jpg",
}
LAMP = {"id": 1, "image_id": 33471, "category_id": 3, "bbox": [20.0, 10.0, 40.0, 50.0], "iscrowd": 0}
CATEGORIES = [{"id": 3, "name": "desk lamp", "supercategory": "furniture"}, {"id": 4, "name": "person"}]
CAPTION = {"id": 11, "image_id": 33471, "caption": "A lamp\n on a desk. "}
SQUARE = [[20, 10, 60, 10, 60, 60, 20, 60]]


def read(**files: list[Path]) -> tuple[list[ImageContext], Counter[str]]:
    with Coco(**files) as source:
        contexts = list(source)
        assert len(source) == len(contexts)
    return contexts, source.counts


def captions_of(coco_id: int, *paths: Path) -> tuple[tuple[str, ...], Counter[str]]:
    counts: Counter[str] = Counter()
    with Captions(paths) as captions:
        return captions.of(coco_id, counts), counts


def test_captions_of_all_files_come_clean_and_in_order(write: Write) -> None:
    folder = write(
        {
            "train.json": coco([], [CAPTION, {"id": 12, "image_id": 5, "caption": "A cat."}]),
            "val.json": coco([IMAGE], [{"id": 13, "image_id": 33471, "caption": "A LAMP"}]),
        }
    )
    captions, counts = captions_of(33471, folder / "val.json", folder / "train.json")

    assert captions == ("A LAMP", "A lamp on a desk.")
    assert not counts


@pytest.mark.parametrize(
    ("other", "captions", "reason"),
    [
        (CAPTION, ("A lamp on a desk.",), "duplicate_caption_id"),
        ({**CAPTION, "id": 12}, ("A lamp on a desk.",) * 2, None),
        ({**CAPTION, "caption": "Another."}, ("A lamp on a desk.", "Another."), None),
        ({**CAPTION, "id": 12, "caption": " \n"}, ("A lamp on a desk.",), "caption_missing"),
        ({**CAPTION, "id": 12, "caption": None}, ("A lamp on a desk.",), "caption_missing"),
    ],
)
def test_an_annotation_given_twice_counts_once(
    write: Write, other: dict[str, Any], captions: tuple[str, ...], reason: str | None
) -> None:
    folder = write({"2014.json": coco([], [CAPTION]), "2017.json": coco([], [other])})

    assert captions_of(33471, folder / "2014.json", folder / "2017.json") == (captions, {reason: 1} if reason else {})


def test_coco_alone_is_a_source(write: Write) -> None:
    folder = write({"i.json": coco([IMAGE], [LAMP], CATEGORIES), "c.json": coco([IMAGE], [CAPTION])})
    contexts, counts = read(instances=[folder / "i.json"], captions=[folder / "c.json"])

    assert contexts == [
        ImageContext(
            image_id=33471,
            image="coco/train2017/000000033471.jpg",
            width=200,
            height=100,
            coco_id=33471,
            source="coco",
            captions=("A lamp on a desk.",),
            objects=(Object(1, "desk lamp", Box(0.1, 0.1, 0.3, 0.6)),),
        )
    ]
    assert not counts


def test_images_come_once_in_the_order_of_the_files(write: Write) -> None:
    def listed(*ids: int) -> list[dict[str, Any]]:
        return [{**IMAGE, "id": number} for number in ids]

    lost = {**LAMP, "id": 2, "image_id": 77}
    folder = write({"i.json": coco(listed(9, 3), [lost], CATEGORIES), "c.json": coco(listed(3, 5), [CAPTION])})
    contexts, counts = read(instances=[folder / "i.json"], captions=[folder / "c.json"])

    assert [context.image_id for context in contexts] == [9, 3, 5]
    assert all(context.is_empty for context in contexts)
    assert counts == {"annotation_of_unlisted_image": 2}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({}, "coco/train2017/000000033471.jpg"),
        ({"coco_url": None}, "000000033471.jpg"),
        (
            {"coco_url": None, "file_name": "COCO_val2014_000000000042.jpg"},
            "coco/val2014/COCO_val2014_000000000042.jpg",
        ),
        ({"coco_url": "http://example.org/images/57870"}, "000000033471.jpg"),
        ({"file_name": None}, "coco/train2017/000000033471.jpg"),
        ({"coco_url": None, "file_name": None}, "000000033471.jpg"),
    ],
)
def test_the_path_is_what_trainers_expect(write: Write, change: dict[str, Any], path: str) -> None:
    contexts, _ = read(captions=[write({"c.json": coco([{**IMAGE, **change}], [])}) / "c.json"])

    assert contexts[0].image == path


@pytest.mark.parametrize(
    ("change", "box", "reason"),
    [
        ({"iscrowd": 1}, None, "object_is_a_crowd"),
        ({"category_id": 90}, None, "category_unknown"),
        ({"bbox": [190.0, 0.0, 20.0, 100.0]}, Box(0.95, 0, 1, 1), "object_box_clipped"),
        ({"bbox": [10.0, 10.0, 0.0, 5.0]}, None, "object_box_empty"),
        ({"bbox": None}, None, "object_box_missing"),
        ({"bbox": None, "segmentation": []}, None, "object_box_missing"),
        ({"bbox": None, "segmentation": [[1, 2, 3, 4]]}, None, "object_box_missing"),
        ({"bbox": None, "segmentation": {"size": [2, 2], "counts": [1, 1]}}, None, "object_box_missing"),
        ({"bbox": None, "segmentation": SQUARE}, Box(0.1, 0.1, 0.3, 0.6), None),
        (
            {"bbox": None, "segmentation": {"size": [100, 200], "counts": [2010, *[50, 50] * 39, 50, 14040]}},
            Box(0.1, 0.1, 0.3, 0.6),
            None,
        ),
    ],
)
def test_boxes_come_from_boxes_or_outlines(
    write: Write, change: dict[str, Any], box: Box | None, reason: str | None
) -> None:
    folder = write({"i.json": coco([IMAGE], [{**LAMP, **change}], CATEGORIES)})
    (context,), counts = read(instances=[folder / "i.json"])

    assert [thing.box for thing in context.objects] == ([box] if box else [])
    assert counts == ({reason: 1} if reason else {})


def test_a_packed_mask_has_a_box_too(write: Write) -> None:
    from pycocotools import mask

    packed = mask.merge(mask.frPyObjects(SQUARE, 100, 200))
    outline = {"size": packed["size"], "counts": packed["counts"].decode()}
    folder = write({"i.json": coco([IMAGE], [{**LAMP, "bbox": None, "segmentation": outline}], CATEGORIES)})
    (context,), _ = read(instances=[folder / "i.json"])

    assert context.objects[0].box == Box(0.1, 0.1, 0.3, 0.6)


def test_an_annotation_in_two_files_is_one_object(write: Write) -> None:
    folder = write({"i.json": coco([IMAGE], [LAMP], CATEGORIES)})
    (context,), counts = read(instances=[folder / "i.json", folder / "i.json"])

    assert len(context.objects) == 1
    assert counts == {"duplicate_object_id": 1}


VISUAL_GENOME = [{"image_id": 7, "objects": []}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (VISUAL_GENOME, "c.json is an array, where an object is needed. Is this a COCO captions file?"),
        ({"images": []}, "c.json has no 'annotations'. Is this a COCO captions file?"),
        (coco([IMAGE], [{"id": 1, "caption": "x"}]), "c.json: record 0 of 'annotations' has no 'image_id'."),
        (coco([IMAGE], [LAMP]), "c.json: record 0 of 'annotations' has no 'caption'. Is this a COCO captions file?"),
        (coco([IMAGE], [{**CAPTION, "image_id": "7"}]), "c.json: record 0 of 'annotations' has text at 'image_id'"),
        (coco([{**IMAGE, "width": 0}], []), "c.json: record 0 of 'images' has a wrong 'width': it must be >= 1."),
        (coco([IMAGE, IMAGE], []), "c.json: record 1 of 'images' repeats the id 33471 of record 0."),
        ({"annotations": [CAPTION]}, "c.json has no 'images'."),
        ({"images": {}, "annotations": []}, "c.json: 'images' is an object, where an array is needed."),
        (json.dumps(coco([IMAGE], [CAPTION])).encode()[:-9], "c.json ends in the middle."),
    ],
)
def test_what_is_no_captions_file_is_said_in_a_sentence(write: Write, content: object, sentence: str) -> None:
    folder = write({"c.json": content})

    with pytest.raises(DataError) as said:
        read(captions=[folder / "c.json"])

    assert sentence in str(said.value)
    assert str(said.value).startswith(str(folder))


@pytest.mark.parametrize(
    ("annotation", "categories", "sentence"),
    [
        (CAPTION, CATEGORIES, "record 0 of 'annotations' has no 'category_id'. Is this a COCO instances file?"),
        (LAMP, None, "i.json has no 'categories'. Is this a COCO instances file?"),
        (
            {**LAMP, "bbox": [1, 2, "3", 4]},
            CATEGORIES,
            "record 0 of 'annotations' has text at 'bbox[2]', where a number",
        ),
        (
            {**LAMP, "bbox": None, "segmentation": [["x"]]},
            CATEGORIES,
            "has text at 'segmentation[0][0]', where a number",
        ),
    ],
)
def test_what_is_no_instances_file_is_said_in_a_sentence(
    write: Write, annotation: dict[str, Any], categories: list[dict[str, Any]] | None, sentence: str
) -> None:
    folder = write({"i.json": coco([IMAGE], [annotation], categories)})

    with pytest.raises(DataError) as said:
        read(instances=[folder / "i.json"])

    assert sentence in str(said.value)


def test_pycocotools_is_imported_for_an_outline_only_and_stdout_stays_empty(write: Write) -> None:
    folder = write({"i.json": coco([IMAGE], [{**LAMP, "bbox": None, "segmentation": SQUARE}], CATEGORIES)})
    script = """
import sys
from pathlib import Path
from svit.sources import coco, contexts, jsonl, visual_genome
assert not {"pycocotools", "numpy"} & sys.modules.keys()
with coco.Coco(instances=[Path(sys.argv[1])]) as source:
    assert len(next(iter(source)).objects) == 1
assert "pycocotools" in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script, folder / "i.json"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
