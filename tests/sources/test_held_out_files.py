"""Files of the kinds that the issue names, thought of before the reading was looked at, and found wanting."""

import json
from pathlib import Path
from typing import Any

import pytest

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import FieldMap
from svit.contexts.sources.coco import Coco
from svit.contexts.sources.jsonl import own_jsonl
from svit.contexts.sources.own_tables import own_csv
from svit.contexts.sources.visual_genome import VisualGenome
from svit.errors import DataError
from svit.records import ImageContext

IMAGE = {"id": 1, "width": 100, "height": 100, "file_name": "a.jpg"}
COCO = {
    "images": [IMAGE],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40]}],
    "categories": [{"id": 3, "name": "lamp"}],
}
RECORD = {"image_id": 1, "image": "a.jpg", "width": 100, "height": 100, "captions": ["A lamp."]}


def coco(path: Path, content: bytes | dict[str, Any]) -> list[ImageContext]:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with Coco(instances=[path]) as source:
        return list(source)


NO_JSON = [
    (json.dumps(COCO).encode("utf-16"), "is UTF-16"),
    (json.dumps(COCO).encode("utf-16-le"), "is UTF-16"),
    (json.dumps(COCO).encode("utf-16-be"), "is UTF-16"),
    (json.dumps(COCO).encode("utf-32-le"), "is no text|is UTF-16"),
    (bytes(64), "is no text"),
    (b"<!DOCTYPE html><html></html>", "is HTML or XML"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "is a pointer of Git LFS"),
    (b"PAR1\x15\x04\x15\x00PAR1", "is a parquet file"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "is a picture"),
]


@pytest.mark.parametrize(("content", "sentence"), NO_JSON, ids=[repr(content[:12]) for content, _ in NO_JSON])
def test_a_file_that_is_no_json_is_called_by_its_name(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        coco(tmp_path / "i.json", content)
    with pytest.raises(DataError, match=sentence):
        list(own_jsonl(tmp_path / "i.json"))
    (tmp_path / "image_data.json").write_bytes(content)
    (tmp_path / "objects.json").write_bytes(content)
    with pytest.raises(DataError, match=sentence), VisualGenome([tmp_path]) as source:
        list(source)


@pytest.mark.parametrize("images", [[], [None], [{"width": 1, "height": 1}], [{"id": None}]])
def test_coco_without_an_image_is_refused(tmp_path: Path, images: list[Any]) -> None:
    with pytest.raises(DataError, match="'images' lists none"):
        coco(tmp_path / "i.json", {**COCO, "images": images})


@pytest.mark.parametrize(
    "bbox",
    [
        {"x": 10, "y": 20, "width": 30, "height": 40},
        {"h": "40", "w": 30.0, "y": 20, "x": 10},
        "10,20,30,40",
        "[10.0, 20.0, 30.0, 40.0]",
        "10 20 30 40",
    ],
)
def test_a_box_of_coco_with_one_meaning_is_read(tmp_path: Path, bbox: object) -> None:
    [context] = coco(tmp_path / "i.json", {**COCO, "annotations": [{**COCO["annotations"][0], "bbox": bbox}]})

    assert [thing.box for thing in context.objects] == [Box(0.1, 0.2, 0.4, 0.6)]


@pytest.mark.parametrize(
    "bbox",
    [{"a": 1}, {"x": 1, "y": 2}, {"x": 1, "y": 2, "w": None, "h": 4}, "10,20,30", "a lamp", {"x1": 1, "y1": 2}, {}],
)
def test_a_box_of_coco_without_is_counted(tmp_path: Path, bbox: object) -> None:
    path = tmp_path / "i.json"
    path.write_text(json.dumps({**COCO, "annotations": [{**COCO["annotations"][0], "bbox": bbox}]}))
    with Coco(instances=[path]) as source:
        [context] = list(source)

    assert not context.objects
    assert source.counts.lost == {"object": 1}


@pytest.mark.parametrize("odd", ["[1, 2]", "[]", "[null]", '[{"image_id": 9}]'])
@pytest.mark.parametrize("first", [True, False])
def test_a_line_that_is_an_array_is_one_odd_line(tmp_path: Path, odd: str, first: bool) -> None:
    good = json.dumps(RECORD)
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join([odd, good] if first else [good, odd]))
    counts = Dropped()

    assert [context.image_id for context in own_jsonl(path, counts=counts)] == [1]
    assert counts == {"record_unreadable": 1}


@pytest.mark.parametrize("end", [",", ", ", " ,\t", ",\r"])
def test_lines_that_end_in_commas_are_records(tmp_path: Path, end: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(f"{json.dumps(RECORD)}{end}\n{json.dumps({**RECORD, 'image_id': 2})}\n")
    counts = Dropped()

    assert [context.image_id for context in own_jsonl(path, counts=counts)] == [1, 2]
    assert not counts


@pytest.mark.parametrize(
    ("units", "side", "refused"),
    [
        ("pixels", [50, 60, 90, 95], True),
        ("shares", [0.5, 0.6, 0.9, 0.95], True),
        ("pixels", [10, 20, 40, 60], False),
        ("pixels", [50, 60, 51, 20], False),
        ("pixels", [50, 60, 50.02, 40], False),
    ],
)
def test_corners_taken_for_a_corner_and_a_size_are_noticed(
    tmp_path: Path, units: Any, side: list[float], refused: bool
) -> None:
    path = tmp_path / "own.jsonl"
    objects = [{"id": number, "name": "lamp", "box": side} for number in range(8)]
    path.write_text(json.dumps({**RECORD, "objects": objects}))
    source = own_jsonl(path, boxes=BoxForm("xywh", units))

    if refused:
        with pytest.raises(DataError, match="Leave out --boxes xywh"):
            list(source)
    else:
        assert len(list(source)) == 1


HEAD = "filename,width,height,class,xmin,ymin,xmax,ymax\n"


@pytest.mark.parametrize(
    "text",
    [
        f",{HEAD}0,a.jpg,100,100,lamp,10,20,40,60\n",
        f'"",{HEAD}"0",a.jpg,100,100,lamp,10,20,40,60\n',
        f" ,{HEAD}x,a.jpg,100,100,lamp,10,20,40,60\n",
        f"Unnamed: 0,{HEAD}0,a.jpg,100,100,lamp,10,20,40,60\n",
    ],
)
def test_the_index_that_pandas_writes_is_no_column(tmp_path: Path, text: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    [context] = _table(path)

    assert [(thing.name, thing.box) for thing in context.objects] == [("lamp", Box(0.1, 0.2, 0.4, 0.6))]


@pytest.mark.parametrize("text", [json.dumps(RECORD), json.dumps([RECORD]), json.dumps(COCO, indent=1), "\ufeff[{}]"])
def test_json_given_as_a_table_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="is JSON, not CSV"):
        _table(path)


@pytest.mark.parametrize("column", ["ImageID", "image_id", "imageid"])
def test_a_path_to_make_is_told_in_the_files_own_columns(tmp_path: Path, column: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(f"{column},LabelName,XMin,XMax,YMin,YMax,width,height\n00a,lamp,0.1,0.4,0.2,0.6,100,100\n")
    with pytest.raises(DataError, match=f"--map image={{{column}}}.jpg"):
        _table(path, units="shares")

    [context] = _table(path, f"image={{{column}}}.jpg", units="shares")
    assert context.image == "00a.jpg"


def _table(path: Path, *maps: str, units: Any = "pixels") -> list[ImageContext]:
    form = BoxForm(units=units)
    return list(own_csv(path, FieldMap.parsed(maps), boxes=form, counts=Dropped(), class_names={}).records)
