"""One odd value never stops a file: what has one meaning is read, the rest is dropped, counted and named."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.files.strict_decoding import exact_record
from svit.contexts.sources import own_records
from svit.contexts.sources.jsonl import own_jsonl
from svit.contexts.sources.own_records import OwnRecords
from svit.errors import DataError
from svit.records import ImageContext, Relationship

from .test_jsonl import RECORD, lines, places

LAMP, DESK = RECORD["objects"]
REGION = RECORD["regions"][0]
RELATED = RECORD["relationships"][0]


def read(tmp_path: Path, *records: Any, strict: bool = False, boxes: BoxForm | None = None) -> OwnRecords:
    path = lines(tmp_path / "own.jsonl", *records)
    return own_jsonl(path, boxes=boxes, counts=Dropped(strict=strict))


ONE_MEANING: list[tuple[dict[str, Any], str, Any]] = [
    ({"width": 200.0}, "width", 200),
    ({"height": "100"}, "height", 100),
    ({"image_id": 7.0}, "image_id", 7),
    ({"image_id": "012"}, "image_id", "012"),
    ({"coco_id": 42.0}, "coco_id", 42),
    ({"coco_id": "42"}, "coco_id", 42),
    ({"coco_id": math.nan}, "coco_id", None),
    ({"coco_id": None}, "coco_id", None),
    ({"source": None}, "source", "custom"),
    ({"captions": None}, "captions", ()),
    ({"captions": "A lamp."}, "captions", ("A lamp.",)),
    ({"captions": '["A lamp.", "A desk."]'}, "captions", ("A lamp.", "A desk.")),
    ({"captions": "[A lamp]"}, "captions", ("[A lamp]",)),
    ({"captions": math.nan}, "captions", ()),
    ({"relationships": json.dumps(RECORD["relationships"])}, "relationships", (Relationship(1, "on", 2),)),
    (
        {"relationships": [json.dumps(each) for each in RECORD["relationships"]]},
        "relationships",
        (Relationship(1, "on", 2),),
    ),
    ({"regions": None}, "regions", ()),
    ({"relationships": None}, "relationships", ()),
    ({"objects": None, "relationships": None}, "objects", ()),
    ({"image": {"bytes": None, "path": "a b.jpg"}}, "image", "a b.jpg"),
]


@pytest.mark.parametrize(("change", "key", "value"), ONE_MEANING, ids=[str(change) for change, _, _ in ONE_MEANING])
def test_what_has_one_meaning_is_read_without_a_word(
    tmp_path: Path, change: dict[str, Any], key: str, value: Any
) -> None:
    source = read(tmp_path, {**RECORD, **change})
    [context] = source
    assert getattr(context, key) == value
    assert not source.counts


def with_object(**change: Any) -> dict[str, Any]:
    return {"objects": [{**LAMP, **change}, DESK]}


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


DROPPED: list[tuple[Any, str, str]] = [
    (without(RECORD, "image_id"), "image_id_missing", "line 3"),
    ({**RECORD, "image_id": ""}, "image_id_missing", "line 3"),
    ({**RECORD, "image_id": 1.5}, "image_id_unreadable", "line 3"),
    ({**RECORD, "image_id": True}, "image_id_unreadable", "line 3"),
    ({**RECORD, "image_id": 2**70}, "image_id_unreadable", "line 3"),
    ({**RECORD, "image_id": "first"}, "image_id_repeated", "line 3"),
    (without(RECORD, "image"), "image_path_missing", "line 3"),
    ({**RECORD, "image": ""}, "image_path_missing", "line 3"),
    ({**RECORD, "image": 7}, "image_path_unreadable", "line 3"),
    (without(RECORD, "width"), "image_size_missing", "line 3"),
    ({**RECORD, "height": None}, "image_size_missing", "line 3"),
    ({**RECORD, "height": 0}, "image_size_unreadable", "line 3"),
    ({**RECORD, "height": "tall"}, "image_size_unreadable", "line 3"),
    ({**RECORD, "width": 10.5}, "image_size_unreadable", "line 3"),
    ([RECORD], "record_unreadable", "line 3"),
    (b"17", "record_unreadable", "line 3"),
    (json.dumps(RECORD).encode()[:50], "line_ends_in_the_middle", "line 3"),
    (b"{'image_id': 1}", "line_is_not_json", "line 3"),
    (b'{"image_id": "\\uqqqq and then some more text"}', "line_is_not_json", "line 3"),
    (b"[" * 100_000, "line_is_not_json", "line 3"),
    (json.dumps(RECORD).encode() * 2, "line_is_not_json", "line 3"),
    ({**RECORD, "coco_id": "a few"}, "coco_id_unreadable", "line 3"),
    ({**RECORD, "source": 7}, "source_unreadable", "line 3"),
    ({**RECORD, "captions": ["a", " \n"]}, "caption_empty", "line 3, captions[1]"),
    ({**RECORD, "captions": [None]}, "caption_empty", "line 3, captions[0]"),
    ({**RECORD, "captions": [7]}, "caption_unreadable", "line 3, captions[0]"),
    ({**RECORD, "captions": 7}, "caption_unreadable", "line 3, captions"),
    ({**RECORD, "objects": "lamp"}, "objects_unreadable", "line 3, objects"),
    ({**RECORD, "objects": [LAMP, DESK, "lamp"]}, "object_unreadable", "line 3, objects[2]"),
    ({**RECORD, **with_object(name=None)}, "object_name_missing", "line 3, objects[0]"),
    ({**RECORD, **with_object(name="\x00")}, "object_name_unreadable", "line 3, objects[0]"),
    ({**RECORD, **with_object(name=["a"])}, "object_name_unreadable", "line 3, objects[0]"),
    ({**RECORD, **with_object(name=3)}, "object_name_is_a_number", "line 3, objects[0]"),
    ({**RECORD, **with_object(box=None)}, "object_box_missing", "line 3, objects[0]"),
    ({**RECORD, **with_object(box=[0, 0, 1])}, "object_box_unreadable", "line 3, objects[0]"),
    ({**RECORD, **with_object(box=[0, 0, 1, math.nan])}, "object_box_unreadable", "line 3, objects[0]"),
    ({**RECORD, **with_object(box=[0.5, 0, 0.5, 1])}, "object_box_empty", "line 3, objects[0]"),
    ({**RECORD, **with_object(box=[0.5, 0, 1.002, 1])}, "object_box_outside", "line 3, objects[0]"),
    ({**RECORD, **with_object(box=[-0.002, 0, 0.5, 1])}, "object_box_outside", "line 3, objects[0]"),
    ({**RECORD, **with_object(id=2)}, "object_id_repeated", "line 3, objects[1]"),
    ({**RECORD, **with_object(id="2")}, "object_id_repeated", "line 3, objects[1]"),
    ({**RECORD, **with_object(attributes=7)}, "attribute_unreadable", "line 3, objects[0].attributes"),
    ({**RECORD, **with_object(attributes=["a", {}])}, "attribute_unreadable", "line 3, objects[0].attributes[1]"),
    ({**RECORD, **with_object(aliases=[""])}, "alias_empty", "line 3, objects[0].aliases[0]"),
    ({**RECORD, "regions": [{**REGION, "phrase": ""}]}, "region_phrase_missing", "line 3, regions[0]"),
    ({**RECORD, "regions": [REGION, REGION]}, "region_id_repeated", "line 3, regions[1]"),
    ({**RECORD, "regions": [without(REGION, "box")]}, "region_box_missing", "line 3, regions[0]"),
    ({**RECORD, "objects": []}, "relationship_end_missing", "line 3, relationships[0]"),
    (
        {**RECORD, "relationships": [{**RELATED, "subject": None}]},
        "relationship_end_missing",
        "line 3, relationships[0]",
    ),
    (
        {**RECORD, "relationships": [{**RELATED, "predicate": " "}]},
        "relationship_predicate_missing",
        "line 3, relationships[0]",
    ),
]
REASONS = [f"{reason}-{number}" for number, (_, reason, _) in enumerate(DROPPED)]
FIRST = {**RECORD, "image_id": "first"}


@pytest.mark.parametrize(
    ("record", "reason", "place"), DROPPED, ids=[f"{r}-{i}" for i, (_, r, _) in enumerate(DROPPED)]
)
def test_what_has_none_is_dropped_and_counted_with_its_place(
    tmp_path: Path, record: Any, reason: str, place: str
) -> None:
    if isinstance(record, dict) and record.get("image_id") == "desk":
        record["image_id"] = "odd"
    source = read(tmp_path, FIRST, b"", record, {**RECORD, "image_id": "last"})
    assert [context.image_id for context in source][:: 2 if len(source.counts.lost) else 1][0] == "first"
    assert source.counts.places[reason] == [f"{tmp_path / 'own.jsonl'}: {place}"]
    assert source.counts.lost.total() >= 1


@pytest.mark.parametrize(
    ("record", "reason", "place"), DROPPED, ids=[f"{r}-{i}" for i, (_, r, _) in enumerate(DROPPED)]
)
def test_strict_stops_at_it(tmp_path: Path, record: Any, reason: str, place: str) -> None:
    source = read(tmp_path, FIRST, b"", record, strict=True)
    with pytest.raises(DataError) as said:
        list(source)
    assert str(said.value).startswith(f"{tmp_path / 'own.jsonl'}: {place}: {reason.replace('_', ' ')}.")


def test_unknown_keys_are_passed_over_and_counted_by_name(tmp_path: Path) -> None:
    odd = {**RECORD, "caption": ["x"], "objects": [{**LAMP, "label": "x", "score": 0.5}, {**DESK, "score": 1}]}
    source = read(tmp_path, odd)
    [context] = source
    assert len(context.objects) == 2
    assert source.counts == {"unknown_key_caption": 1, "unknown_key_objects.label": 1, "unknown_key_objects.score": 2}
    assert not source.counts.loud()
    with pytest.raises(DataError, match="line 1: unknown key 'caption'"):
        list(read(tmp_path, odd, strict=True))


def test_keys_that_are_data_do_not_fill_the_counts(tmp_path: Path) -> None:
    source = read(tmp_path, *({**RECORD, "image_id": n, f"key {n}": 1} for n in range(200)))
    assert len(list(source)) == 200
    assert len(source.counts) < 60
    assert source.counts.total() == 200


def test_text_ids_become_numbers_that_relationships_keep_to(tmp_path: Path) -> None:
    objects = [{**LAMP, "id": "lamp-1"}, {**DESK, "id": 1}, without(LAMP, "id"), {**DESK, "id": "4"}]
    related = [
        {"subject": "lamp-1", "predicate": "on", "object": 1},
        {"subject": "4", "predicate": "by", "object": "1"},
        {"subject": 4.0, "predicate": "under", "object": "lamp-1"},
        {"subject": 2, "predicate": "on", "object": 1},
    ]
    source = read(tmp_path, {**RECORD, "objects": objects, "relationships": related})
    [context] = source
    assert [thing.id for thing in context.objects] == [2, 1, 3, 4]
    assert context.relationships == (Relationship(2, "on", 1), Relationship(4, "by", 1), Relationship(4, "under", 2))
    assert source.counts == {"relationship_end_missing": 1}, "2 is our number, not one of the file"


@pytest.mark.parametrize("odd_id", [1.5, True, [], {}])
def test_an_object_with_an_id_that_is_none_is_numbered(tmp_path: Path, odd_id: Any) -> None:
    source = read(tmp_path, {**RECORD, **with_object(id=odd_id), "relationships": []})
    [context] = source
    assert [thing.id for thing in context.objects] == [1, 2]
    assert source.counts == {"object_id_unreadable": 1}
    assert not source.counts.lost


@pytest.mark.parametrize(
    "path",
    [
        "two  spaces.png",
        "a\u00a0b.png",
        "9.41.07\u202fAM.png",
        "cafe\u0301.png",
        "\u5199\u3000\u4e00.png",
        " a ",
        "a\tb\n",
    ],
)
def test_a_path_is_kept_byte_for_byte(tmp_path: Path, path: str) -> None:
    [context] = read(tmp_path, {**RECORD, "image": path})
    assert context.image == path


def test_a_struct_of_lists_is_a_list_of_structs(tmp_path: Path) -> None:
    objects = {"id": [1, 2], "name": ["lamp", "desk"], "box": [LAMP["box"], DESK["box"]], "attributes": None}
    source = read(tmp_path, {**RECORD, "objects": objects})
    [context] = source
    assert [thing.name for thing in context.objects] == ["lamp", "desk"]
    uneven = read(tmp_path, {**RECORD, "objects": {"name": ["lamp"], "box": []}, "relationships": []})
    assert [context.objects for context in uneven] == [()]
    assert uneven.counts == {"objects_unreadable": 1}


PIXELS = [[20, 10, 60, 60], [0, 60, 200, 100]]


def in_pixels(number: int = 2) -> list[dict[str, Any]]:
    objects = [{**LAMP, "box": PIXELS[0]}, {**DESK, "box": PIXELS[1]}]
    return [{**RECORD, "image_id": n, "objects": objects, "regions": [], "relationships": []} for n in range(number)]


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_file_of_pixels_is_told_the_option(tmp_path: Path, number: int) -> None:
    with pytest.raises(DataError, match=r"look like pixels.*--box-units pixels"):
        list(read(tmp_path, *in_pixels(number)))


def test_one_box_in_pixels_among_many_is_dropped(tmp_path: Path) -> None:
    source = read(tmp_path, in_pixels(1)[0], *({**RECORD, "image_id": f"r{n}"} for n in range(9)))
    assert len(list(source)) == 10
    assert source.counts["object_box_outside"] == 2


def test_shares_read_as_pixels_and_extents_as_corners_are_told_the_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"look like shares.*--box-units pixels"):
        list(read(tmp_path, RECORD, boxes=BoxForm("xyxy", "pixels")))
    extents = [{**RECORD, "objects": [{**LAMP, "box": [0.5, 0.5, 0.2, 0.3]}], "regions": [], "relationships": []}]
    with pytest.raises(DataError, match="--boxes xywh"):
        list(read(tmp_path, *extents))


def test_pixels_and_extents_are_read_as_the_same_boxes(tmp_path: Path) -> None:
    [shares] = read(tmp_path, RECORD)
    [pixels] = read(
        tmp_path, {**in_pixels(1)[0], "regions": [{**REGION, "box": [0, 0, 100, 50]}]}, boxes=BoxForm("xyxy", "pixels")
    )
    [extents] = read(
        tmp_path,
        {**RECORD, "objects": [{**LAMP, "box": [20, 10, 40, 50]}, {**DESK, "box": [0, 60, 200, 40]}], "regions": []},
        boxes=BoxForm("xywh", "pixels"),
    )
    assert [thing.box for thing in pixels.objects] == [thing.box for thing in shares.objects]
    assert [thing.box for thing in extents.objects] == [thing.box for thing in shares.objects]


def test_a_file_with_nothing_in_it_says_the_most_frequent_reason(tmp_path: Path) -> None:
    own = {"id": 1, "file_name": "a.jpg", "width": 9, "height": 9, "anns": []}
    with pytest.raises(DataError) as said:
        list(read(tmp_path, own, own, {"image_id": 1}))
    assert "none of its 3 records could be read: image id missing (line 1)" in str(said.value)
    assert "--map image=file_name" in str(said.value)
    assert str(said.value).endswith("See svit contexts schema.")


def test_many_drops_are_said_aloud_and_few_are_not(tmp_path: Path) -> None:
    good = [{**RECORD, "image_id": n} for n in range(30)]
    few = read(tmp_path, *good, {**RECORD, "image_id": 1.5})
    assert len(list(few)) == 30
    assert not few.counts.loud()
    many = read(tmp_path, *good, *[{**RECORD, "image_id": 1.5}] * 2)
    assert len(list(many)) == 30
    assert many.counts.loud() == {"image": (2, 32)}


def kept(contexts: list[ImageContext]) -> dict[str, int]:
    objects = [thing for context in contexts for thing in context.objects]
    return {
        "image": len(contexts),
        "object": len(objects),
        "attribute": sum(len(thing.attributes) for thing in objects),
        "alias": sum(len(thing.aliases) for thing in objects),
        "region": sum(len(context.regions) for context in contexts),
        "relationship": sum(len(context.relationships) for context in contexts),
        "caption": sum(len(context.captions) for context in contexts),
    }


FULL = {
    **RECORD,
    "coco_id": 7,
    "source": "ours",
    "objects": [{**LAMP, "attributes": ["red", "tall"], "aliases": ["light"]}, DESK],
    "relationships": [RELATED, {"subject": 2, "predicate": "under", "object": 1}],
}
VALUES: list[Any] = [
    None,
    "text",
    "12",
    1.5,
    math.nan,
    {},
    [],
    True,
    -1,
    2**80,
    "",
    [[]],
    {"a": [1]},
    "missing",
    "\ud83d",
]


def with_value(record: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return the record with the value at this place, without the key for "missing"."""
    holder = {"": json.loads(json.dumps(record))}
    parent: Any = holder
    *way, last = ("", *place)
    for key in way:
        parent = parent[key]
    if value != "missing":
        parent[last] = value
    elif place:
        del parent[last]
    return holder[""]


CLEAN = json.loads(" ".join(json.dumps(FULL).replace(r"\n", " ").replace(r"\t", " ").split()))
for each in (CLEAN["captions"], *CLEAN["objects"], *CLEAN["relationships"]):
    for key, text in each.items() if isinstance(each, dict) else enumerate(each):
        each[key] = text.strip() if isinstance(text, str) else text
PLACES = places(FULL)
NAMES = [".".join(map(str, place)) or "record" for place in PLACES]


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_the_fast_way_reads_what_the_patient_one_does(
    tmp_path: Path, place: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [*VALUES, "missing", " a\u00a0b ", "[]", 7, 2, 0, [0, 0, 1, 1], ["a"], [DESK], 2**63, -(2**63)]
    records = [with_value(CLEAN, place, value) for value in values]
    assert exact_record(CLEAN) is not None
    fast = [outcome(read(tmp_path, record, FULL)) for record in records]
    monkeypatch.setattr(own_records, "exact_record", lambda values: None)
    assert fast == [outcome(read(tmp_path, record, FULL)) for record in records]


@pytest.mark.parametrize(
    "change",
    [
        {"relationships": [], "objects": [DESK, DESK]},
        {"regions": [{**REGION, "phrase": "a lamp"}] * 2},
        {"relationships": [{"subject": 9, "predicate": "on", "object": 2}]},
        {"coco_id": 2**63},
        {"captions": ["12"]},
        {"captions": ["A  dog."]},
        {"image": ""},
    ],
)
def test_what_needs_patience_is_not_read_fast(change: dict[str, Any]) -> None:
    assert exact_record(CLEAN) is not None
    assert exact_record({**CLEAN, **change}) is None


def outcome(source: OwnRecords) -> tuple[Any, ...]:
    try:
        contexts = list(source)
    except DataError as error:
        return (str(error),)
    read_ = {kind: number for kind, number in source.counts.read.items() if number and kind != "source"}
    return contexts, dict(source.counts), read_, source.remarks


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_no_value_at_any_place_stops_the_file_and_the_counts_add_up(tmp_path: Path, place: tuple[Any, ...]) -> None:
    for value in [*VALUES, "missing"]:
        good = [{**FULL, "image_id": n} for n in range(100, 130)]
        source = read(tmp_path, *good[:15], with_value(FULL, place, value), *good[15:])
        contexts = list(source)
        assert len(contexts) >= 30
        for kind, number in kept(contexts).items():
            assert source.counts.read[kind] == number + source.counts.lost[kind], (value, kind, source.counts)
        json.dumps(dict(source.counts), ensure_ascii=False).encode()
