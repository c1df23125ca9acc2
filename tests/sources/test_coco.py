"""COCO captions and instances, as they come, and COCO alone as a source."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.pixels import outline_box
from svit.contexts.sources.coco import Captions, Coco
from svit.errors import DataError
from svit.records import ImageContext, Object

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


def read(*, strict: bool = False, **files: list[Path]) -> tuple[list[ImageContext], Dropped]:
    with Coco(strict=strict, **files) as source:
        contexts = list(source)
    return contexts, source.counts


def captions_of(coco_id: int, *paths: Path) -> tuple[tuple[str, ...], Dropped]:
    counts = Dropped()
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


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"images": []}, "c.json has no 'annotations'. Is this a COCO captions file?"),
        ([], "c.json is an array, where an object is needed. Is this a COCO captions file?"),
        (
            coco([IMAGE], [{"id": 1, "caption": "x"}, {"id": 2, "caption": "y"}]),
            "c.json: none of the 2 records of 'annotations' has 'image_id'. Is this a COCO captions file?",
        ),
        ({"annotations": [CAPTION]}, "c.json has no 'images'."),
        ({"images": {}, "annotations": []}, "c.json: 'images' is an object, where an array is needed."),
        (json.dumps(coco([IMAGE], [CAPTION])).encode()[:-9], "c.json ends in the middle."),
        (b"{NaN: 1}", "c.json is not JSON: "),
    ],
)
def test_what_is_no_captions_file_is_said_in_a_sentence(write: Write, content: object, sentence: str) -> None:
    folder = write({"c.json": content})

    with pytest.raises(DataError) as said:
        read(captions=[folder / "c.json"])

    assert sentence in str(said.value)
    assert str(said.value).startswith(str(folder))


def test_instances_need_their_categories(write: Write) -> None:
    folder = write({"i.json": coco([IMAGE], [LAMP], None)})

    with pytest.raises(DataError, match=r"i\.json has no 'categories'\. Is this a COCO instances file\?"):
        read(instances=[folder / "i.json"])


def test_ids_that_a_file_gives_twice_are_told_apart_from_an_annotation_of_an_earlier_file(write: Write) -> None:
    other = {**LAMP, "bbox": [0, 0, 100, 50]}
    folder = write(
        {
            "i.json": coco([IMAGE], [LAMP, other, LAMP, {**LAMP, "id": 2}], CATEGORIES),
            "revised.json": coco([IMAGE], [{**LAMP, "bbox": [21, 10, 40, 50]}], CATEGORIES),
        }
    )
    (context,), counts = read(instances=[folder / "i.json", folder / "revised.json"])

    assert [thing.id for thing in context.objects] == [1, 3, 2]
    assert counts == {"object_id_given": 1, "duplicate_object_id": 2}
    assert (counts.read["object"], counts.left["object"]) == (5, 2)


ABSENT = object()
SQUARE_BOX = Box(0.1, 0.1, 0.3, 0.6)


@pytest.mark.parametrize(
    ("key", "value", "box", "reason"),
    [
        ("bbox", [], None, "object_box_missing"),
        ("bbox", ABSENT, None, "object_box_missing"),
        ("bbox", [float("nan"), 1, 2, 3], None, "object_box_unreadable"),
        ("bbox", [1, 2, 3, float("inf")], None, "object_box_unreadable"),
        ("bbox", [100, 100, 50, 20, 0.5], None, "object_box_unreadable"),
        ("bbox", [1, 2, 3], None, "object_box_unreadable"),
        ("bbox", {"x": 1}, None, "object_box_unreadable"),
        ("bbox", [1, None, 3, 4], None, "object_box_unreadable"),
        ("bbox", [1, True, 3, 4], None, "object_box_unreadable"),
        ("bbox", ["20", "10.0", 40, " 50 "], SQUARE_BOX, None),
        ("category_id", ABSENT, None, "category_unknown"),
        ("category_id", None, None, "category_unknown"),
        ("category_id", "lamp", None, "category_unknown"),
        ("category_id", [3], None, "category_unknown"),
        ("category_id", "3", SQUARE_BOX, None),
        ("category_id", 3.0, SQUARE_BOX, None),
        ("iscrowd", False, SQUARE_BOX, None),
        ("iscrowd", None, SQUARE_BOX, None),
        ("iscrowd", "0", SQUARE_BOX, None),
        ("iscrowd", 0.0, SQUARE_BOX, None),
        ("iscrowd", float("nan"), SQUARE_BOX, None),
        ("iscrowd", {}, SQUARE_BOX, None),
        ("iscrowd", True, None, "object_is_a_crowd"),
        ("iscrowd", "1", None, "object_is_a_crowd"),
        ("image_id", "33471", SQUARE_BOX, None),
        ("image_id", 33471.0, SQUARE_BOX, None),
        ("image_id", ABSENT, None, "object_image_id_missing"),
        ("image_id", None, None, "object_image_id_missing"),
        ("image_id", 5, None, "annotation_of_unlisted_image"),
        ("image_id", "a.jpg", None, "annotation_of_unlisted_image"),
        ("id", ABSENT, SQUARE_BOX, "object_id_given"),
        ("id", "a1", SQUARE_BOX, "object_id_given"),
        ("id", 2**70, SQUARE_BOX, "object_id_given"),
        ("id", 2, SQUARE_BOX, "object_id_given"),
        ("id", "7", SQUARE_BOX, None),
        ("attributes", {"occluded": float("nan")}, SQUARE_BOX, None),
    ],
)
def test_an_odd_annotation_is_read_where_it_has_one_meaning_and_dropped_otherwise(
    write: Write, key: str, value: object, box: Box | None, reason: str | None
) -> None:
    odd = {name: item for name, item in {**LAMP, "id": 1, key: value}.items() if item is not ABSENT}
    other = {**LAMP, "id": 2, "category_id": 4, "bbox": [0, 0, 100, 50]}
    folder = write({"i.json": coco([IMAGE], [other, odd], CATEGORIES)})
    (context,), counts = read(instances=[folder / "i.json"])

    assert [(thing.name, thing.box) for thing in context.objects] == [
        ("person", Box(0, 0, 0.5, 0.5)),
        *([("desk lamp", box)] if box else []),
    ]
    assert len({thing.id for thing in context.objects}) == len(context.objects)
    assert {name: number for name, number in counts.items() if name != "not_a_number"} == (
        {reason: 1} if reason else {}
    )
    assert (counts.read["object"], counts.lost["object"] + counts.left["object"]) == (2, 0 if box else 1)
    if reason:
        assert counts.places[reason] == [f"{folder}/i.json: record 1 of 'annotations'"]
    if counts.lost:
        with pytest.raises(DataError, match=r"record 1 of 'annotations': .*leave out --strict"):
            read(instances=[folder / "i.json"], strict=True)


@pytest.mark.parametrize(
    ("bbox", "segmentation", "box", "reason"),
    [
        ([20, 10, 0, 50], SQUARE, SQUARE_BOX, "object_box_from_outline"),
        ([0, 0, 0, 0], SQUARE, SQUARE_BOX, "object_box_from_outline"),
        (["x"], SQUARE, SQUARE_BOX, "object_box_from_outline"),
        ([], SQUARE, SQUARE_BOX, None),
        (None, SQUARE[0], SQUARE_BOX, None),
        (None, [[str(side) for side in SQUARE[0]]], SQUARE_BOX, None),
        (None, [SQUARE[0][:4], SQUARE[0]], SQUARE_BOX, None),
        (None, [["x"]], None, "object_box_missing"),
        (None, [[*SQUARE[0], 5]], None, "object_box_missing"),
        (None, [20, 10, 60, 10, 60, float("nan")], None, "object_box_missing"),
        (None, "outline", None, "object_box_missing"),
        (None, {"size": [100, 200], "counts": "\U0001f600"}, None, "object_box_missing"),
        (None, {"size": [100, 200], "counts": "P"}, None, "object_box_missing"),
        (None, {"size": [100, 200], "counts": [-5, 20005]}, None, "object_box_missing"),
        (None, {"size": None, "counts": [1]}, None, "object_box_missing"),
        (None, {"size": [100, 200], "counts": [20000]}, None, "object_box_missing"),
        ([20, 10, 0, 50], {"size": [0, 0], "counts": []}, None, "object_box_empty"),
    ],
)
def test_a_box_that_is_none_gives_way_to_the_outline(
    write: Write, bbox: object, segmentation: object, box: Box | None, reason: str | None
) -> None:
    folder = write({"i.json": coco([IMAGE], [{**LAMP, "bbox": bbox, "segmentation": segmentation}], CATEGORIES)})
    (context,), counts = read(instances=[folder / "i.json"])

    assert [thing.box for thing in context.objects] == ([box] if box else [])
    assert {name: number for name, number in counts.items() if name != "not_a_number"} == (
        {reason: 1} if reason else {}
    )


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 29)), min_size=1, max_size=40))
def test_the_box_around_a_mask_is_pycocotools_own(cells: list[tuple[int, int]]) -> None:
    import numpy
    from pycocotools import mask

    drawn = numpy.zeros((20, 30), dtype=numpy.uint8, order="F")
    for row, column in cells:
        drawn[row, column] = 1
    packed = mask.encode(drawn)
    x, y, w, h = map(float, mask.toBbox(packed))

    assert outline_box({"size": [20, 30], "counts": packed["counts"].decode()}) == (x, y, w, h)


@pytest.mark.parametrize(
    ("change", "image_id", "reason"),
    [
        ({"id": "33471"}, "33471", None),
        ({"id": 33471.0}, 33471, None),
        ({"width": 200.0, "height": "100"}, 33471, None),
        ({"width": 0}, None, "image_size_missing"),
        ({"width": -200}, None, "image_size_missing"),
        ({"width": float("nan")}, None, "image_size_missing"),
        ({"width": 200.5}, None, "image_size_missing"),
        ({"height": None}, None, "image_size_missing"),
        ({"height": "tall"}, None, "image_size_missing"),
        ({"height": 2**64}, None, "image_size_missing"),
        ({"id": None}, None, "image_id_missing"),
        ({"id": [33471]}, None, "image_id_missing"),
        ({"file_name": 7, "coco_url": []}, 33471, None),
        ({"coco_url": "http://["}, 33471, None),
        ({"license": {}, "neg_category_ids": [1]}, 33471, None),
    ],
)
def test_an_odd_image_is_read_or_dropped_with_its_annotations(
    write: Write, change: dict[str, Any], image_id: int | str | None, reason: str | None
) -> None:
    other = {**IMAGE, "id": 5}
    folder = write({"i.json": coco([other, {**IMAGE, **change}], [LAMP], CATEGORIES)})
    contexts, counts = read(instances=[folder / "i.json"])

    assert [context.image_id for context in contexts] == [5, *([] if image_id is None else [image_id])]
    assert (counts.read["image"], counts.read["object"]) == (2, 1)
    if image_id is None:
        assert reason is not None
        of = "annotation_of_unlisted_image" if reason == "image_id_missing" else "annotation_of_unread_image"
        assert {reason: 1, of: 1}.items() <= counts.items()
        assert counts.places[reason] == [f"{folder}/i.json: record 1 of 'images'"]
        assert counts.lost == {"image": 1, "object": 1}
    else:
        assert len(contexts[1].objects) == 1
        assert contexts[1].coco_id == 33471


def test_images_none_of_which_has_a_size_are_refused(write: Write) -> None:
    sizeless = [{"id": number, "file_name": f"{number}.jpg"} for number in (1, 2, 33471)]
    folder = write({"i.json": coco(sizeless, [LAMP], CATEGORIES)})

    with pytest.raises(DataError, match=r"i\.json: record 0 of 'images': neither this nor any other of 3 images has"):
        read(instances=[folder / "i.json"])
    folder = write({"i.json": coco(sizeless[:1], [LAMP], CATEGORIES)})
    assert read(instances=[folder / "i.json"])[0] == []


def test_text_ids_join_and_of_an_image_listed_twice_the_first_is_kept(write: Write) -> None:
    named = {**IMAGE, "id": "img_a", "file_name": None, "coco_url": None}
    files = {
        "i.json": coco([named, IMAGE, {**named, "width": 9}], [{**LAMP, "image_id": "img_a"}], CATEGORIES),
        "c.json": coco([{**IMAGE, "id": "33471"}], [CAPTION, {**CAPTION, "image_id": "img_a", "id": "x"}]),
    }
    folder = write(files)
    contexts, counts = read(instances=[folder / "i.json"], captions=[folder / "c.json"])

    assert [(each.image_id, each.width, each.coco_id) for each in contexts] == [
        ("img_a", 200, None),
        (33471, 200, 33471),
    ]
    assert [(len(each.objects), len(each.captions)) for each in contexts] == [(1, 1), (0, 1)]
    assert contexts[0].image == "img_a.jpg"
    assert counts == {"duplicate_image_id": 1}


def test_an_image_without_a_size_is_taken_from_another_file(write: Write) -> None:
    folder = write({"i.json": coco([{**IMAGE, "width": 0}], [LAMP], CATEGORIES), "c.json": coco([IMAGE], [CAPTION])})
    (context,), counts = read(instances=[folder / "i.json"], captions=[folder / "c.json"])

    assert (context.width, len(context.objects), len(context.captions)) == (200, 1, 1)
    assert counts == {"image_size_missing": 1}


@pytest.mark.parametrize(
    ("categories", "reason"),
    [
        ([*CATEGORIES, {"id": 5, "name": None}, None], "category_unreadable"),
        ([{"id": "3", "name": "desk lamp"}], None),
        ([*CATEGORIES, {"id": 3, "name": "lion"}], "duplicate_category_id"),
        ([*CATEGORIES, {"id": 5, "name": " "}], "category_name_missing"),
        ([*CATEGORIES, {"id": {}, "name": "x"}], "category_id_missing"),
    ],
)
def test_an_odd_category_is_noted_and_the_others_are_used(write: Write, categories: Any, reason: str | None) -> None:
    folder = write({"i.json": coco([IMAGE], [LAMP], categories)})
    (context,), counts = read(instances=[folder / "i.json"])

    assert [thing.name for thing in context.objects] == ["desk lamp"]
    assert set(counts) == ({reason} if reason else set())
    assert not counts.lost


SHARES = [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("boxes", "size", "refused"),
    [
        ([SHARES, SHARES], (640, 480), True),
        ([[0, 0, 1, 1]], (640, 480), True),
        ([[0.5, 0.5, 0.501, 0.5]], (640, 480), True),
        ([["0.1", "0.2", "0.3", "0.4"], [float("nan")] * 4, None], (640, 480), True),
        ([SHARES, [300, 20, 100, 200]], (640, 480), False),
        ([[5, 7, 1, 1]], (640, 480), False),
        ([[0, 0, 1, 1]], (1, 1), False),
        ([[0, 0, 1, 1]], (2, 2), False),
        ([[0, 0, 0, 0]], (640, 480), False),
        ([None, []], (640, 480), False),
        ([], (640, 480), False),
    ],
)
def test_boxes_in_shares_are_noticed(write: Write, boxes: list[Any], size: tuple[int, int], refused: bool) -> None:
    annotations = [{**LAMP, "id": number, "bbox": box} for number, box in enumerate(boxes)]
    image = {**IMAGE, "width": size[0], "height": size[1]}
    folder = write({"i.json": coco([image], annotations, CATEGORIES)})

    if not refused:
        assert len(read(instances=[folder / "i.json"])[0]) == 1
        return
    with pytest.raises(DataError, match=r"i\.json: the boxes look like shares of the image, not pixels: none of \d "):
        read(instances=[folder / "i.json"])


ODD = [None, "text", "12", 1.5, float("nan"), {}, [], True, ABSENT, -1, 2**70]


def changed(value: Any, odd: object) -> Iterator[Any]:
    """Yield the value once for each place in it, with the odd one there."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            kept = {**value} if isinstance(value, dict) else [*value]
            if odd is ABSENT:
                del kept[key]
                yield kept
            for each in ([] if odd is ABSENT else [odd]) + list(changed(value[key], odd)):
                yield {**kept, key: each} if isinstance(kept, dict) else [*kept[:key], each, *kept[key + 1 :]]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: "absent" if odd is ABSENT else str(odd))
@pytest.mark.parametrize("member", ["images", "annotations", "categories", "captions"])
def test_whatever_stands_in_one_place_the_file_is_read_and_the_counts_add_up(
    write: Write, member: str, odd: object
) -> None:
    second = {**LAMP, "id": 2, "category_id": 4, "bbox": None, "segmentation": SQUARE}
    instances = coco([{**IMAGE, "id": 5}, IMAGE], [LAMP, second, {**LAMP, "id": 3, "image_id": 5}], CATEGORIES)
    captions = coco([IMAGE, {**IMAGE, "id": 6}], [CAPTION, {**CAPTION, "id": 12, "image_id": 6}])
    whole, name = (captions, "annotations") if member == "captions" else (instances, member)

    for value in changed(whole[name], odd):
        files = {"i.json": instances, "c.json": captions}
        files["c.json" if member == "captions" else "i.json"] = {**whole, name: value}
        folder = write(files)
        contexts, counts = read(instances=[folder / "i.json"], captions=[folder / "c.json"])
        kept = {
            "image": len(contexts),
            "object": sum(len(context.objects) for context in contexts),
            "caption": sum(len(context.captions) for context in contexts),
        }
        for kind, number in kept.items():
            assert counts.read[kind] == number + counts.lost[kind] + counts.left[kind], (kind, value, counts)
        assert counts.read["object"] == len(files["i.json"]["annotations"])
        assert counts.read["caption"] == len(files["c.json"]["annotations"])
        assert set(counts.places) == set(counts)
