"""One odd value in a file of Visual Genome costs no more than it must, and what is read is kept, dropped or skipped."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.sources.visual_genome import VisualGenome
from svit.errors import DataError
from svit.records import ImageContext

from .files import DESK, IMAGE, LAMP, REGION, Write, coco

GREEN = {**LAMP, "attributes": ["green", "tall"]}
ON = {"relationship_id": 1, "predicate": "on", "subject": LAMP, "object": DESK, "synsets": []}
BY_ID = {"relationship_id": 1, "predicate": "on", "subject_id": 70, "object_id": 71, "synsets": []}


def records(key: str, *annotations: Any, image: str = "image_id") -> list[dict[str, Any]]:
    """Return a file with the annotations, for image 7 and for image 8."""
    return [{image: number, key: list(annotations)} for number in (7, 8)]


IMAGES = [{**IMAGE, "coco_id": 42}, {**IMAGE, "image_id": 8}]
FIVE = {
    "image_data.json": IMAGES,
    "objects.json": records("objects", LAMP, DESK),
    "region_descriptions.json": records("regions", REGION, {**REGION, "region_id": 701}, image="id"),
    "attributes.json": records("attributes", GREEN, DESK),
    "relationships.json": records("relationships", ON, {**ON, "predicate": "under"}),
}
GRAPHS = {
    "image_data.json": IMAGES,
    "scene_graphs.json": [
        {"image_id": 7, "objects": [GREEN, DESK], "relationships": [BY_ID, {**BY_ID, "predicate": "under"}]},
        {"image_id": 8, "objects": [GREEN, DESK], "relationships": []},
    ],
}
CAPTIONS = coco([], [{"id": 1, "image_id": 42, "caption": "A lamp."}])


def read(folder: Path, **options: Any) -> tuple[list[ImageContext], Dropped]:
    with VisualGenome([folder], captions=sorted(folder.glob("captions.json")), **options) as genome:
        contexts = list(genome)
        assert len(genome) == len(contexts)
    return contexts, genome.counts


def kept(contexts: list[ImageContext]) -> Counter[str]:
    found = Counter(image=len(contexts))
    for context in contexts:
        found["object"] += len(context.objects)
        found["region"] += len(context.regions)
        found["relationship"] += len(context.relationships)
        found["attribute"] += sum(len(thing.attributes) for thing in context.objects)
        found["caption"] += len(context.captions)
    return found


def said(counts: Dropped) -> dict[str, int]:
    """Return the counts without that of NaN, which is no fault of the reader's."""
    return {reason: number for reason, number in counts.items() if reason != "not_a_number"}


def assert_counts_add_up(contexts: list[ImageContext], counts: Dropped) -> None:
    found = kept(contexts)
    for kind in ("image", "object", "region", "relationship", "attribute", "caption"):
        assert counts.read[kind] == found[kind] + counts.lost[kind] + counts.left[kind], (kind, counts)


def schema_places(value: Any, place: tuple[Any, ...] = (), seen: set[Any] | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the first place of each shape: `(0, "objects", 0, "x")` stands for all x of all objects."""
    seen = set() if seen is None else seen
    shape = tuple("*" if isinstance(step, int) else step for step in place)
    if place and shape not in seen:
        seen.add(shape)
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield from schema_places(each, (*place, step), seen)


MAY_BE_NOTHING = ("objects", "attributes", "relationships", "regions", "coco_id")
"""Nothing is lost where null, or nothing, stands for one of them."""
MISSING = object()
ODD = {
    "null": None,
    "text": "text",
    "12": "12",
    "1.5": 1.5,
    "NaN": float("nan"),
    "{}": {},
    "[]": [],
    "true": True,
    "missing": MISSING,
    "[null]": [None],
    "huge": 10**25,
}


def replaced(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = json.loads(json.dumps(content))
    holder = changed
    for step in place[:-1]:
        holder = holder[step]
    if value is MISSING:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return changed


PLACES = [
    (files, name, place)
    for files in (FIVE, GRAPHS)
    for name in (files if files is FIVE else ["scene_graphs.json"])
    for place in schema_places(files[name])
]


@pytest.mark.parametrize(
    ("files", "name", "place"), PLACES, ids=[f"{name}-{'.'.join(map(str, place))}" for _, name, place in PLACES]
)
def test_one_odd_value_anywhere_never_stops_a_file(
    write: Write, files: dict[str, Any], name: str, place: tuple[Any, ...]
) -> None:
    before = kept(read(write({**files, "captions.json": CAPTIONS}))[0])
    for value in ODD.values():
        contexts, counts = read(write({name: replaced(files[name], place, value)}))

        assert_counts_add_up(contexts, counts)
        lost = before - kept(contexts)
        is_one_fewer = value in (MISSING, {}) and isinstance(place[-1], int)
        assert counts or not lost or is_one_fewer or place[-1] in MAY_BE_NOTHING
        if len(place) > 2 and name != "image_data.json" and place[1:3] != ("objects", 0):
            assert sum(lost.values()) <= 2  # one annotation of the image, or the two attributes of one


@given(
    st.lists(st.tuples(st.sampled_from(range(len(PLACES))), st.sampled_from(sorted(ODD))), min_size=2, max_size=5),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_add_up_with_several_odd_values(write: Write, changes: list[tuple[int, str]]) -> None:
    files = dict(FIVE)
    for number, value in changes:
        _, name, place = PLACES[number]
        if name in files and place[0] == 0:
            try:
                files[name] = replaced(files[name], place, ODD[value])
            except (KeyError, IndexError, TypeError):
                continue  # an earlier change took the place away
    folder = write({**files, "captions.json": CAPTIONS})
    contexts, counts = read(folder)

    assert_counts_add_up(contexts, counts)
    with pytest.raises(DataError) if +counts.lost else nullcontext():
        read(folder, strict=True)


def one(files: dict[str, Any], write: Write) -> tuple[ImageContext, Dropped]:
    contexts, counts = read(write(files))
    return contexts[0], counts


SAME: list[tuple[str, dict[str, Any]]] = [
    ("sides as text", {"x": "20", "y": "10", "w": "40", "h": "50"}),
    ("sides as floats", {"x": 20.0, "y": 10.0, "w": 40.0, "h": 50.0}),
    ("id as float", {"object_id": 70.0}),
    ("id as text", {"object_id": "70"}),
    ("v1.0's id", {"object_id": MISSING, "id": 70}),
    ("v1.0's id beside null", {"object_id": None, "id": "70"}),
    ("width and height", {"w": MISSING, "h": None, "width": 40, "height": "50"}),
    ("one name", {"names": "lamp"}),
    ("name", {"names": MISSING, "name": "lamp"}),
    ("name beside no names", {"names": [], "name": "lamp"}),
    ("name beside null", {"names": [None], "name": "lamp"}),
    ("object_names", {"names": None, "object_names": ["lamp"]}),
    ("a number among the names", {"names": [7, None, "lamp"]}),
    ("odd synsets", {"synsets": {"lamp": 1}}),
    ("one attribute", {"attributes": "green"}),
    ("null attributes", {"attributes": None}),
    ("NaN for null", {"attributes": float("nan"), "merged_object_ids": float("nan")}),
    ("odd merged ids", {"merged_object_ids": [None, "x", "5"]}),
    ("an unknown key", {"score": float("inf")}),
]


@pytest.mark.parametrize("change", [change for _, change in SAME], ids=[name for name, _ in SAME])
def test_an_object_is_read_where_it_has_one_meaning(write: Write, change: dict[str, Any]) -> None:
    lamp = {key: value for key, value in {**LAMP, **change}.items() if value is not MISSING}
    plain, _ = one({"image_data.json": [IMAGE], "objects.json": [{"image_id": 7, "objects": [LAMP, DESK]}]}, write)
    context, counts = one({"objects.json": [{"image_id": 7, "objects": [lamp, DESK]}]}, write)

    assert [(thing.id, thing.name, thing.box) for thing in context.objects] == [
        (thing.id, thing.name, thing.box) for thing in plain.objects
    ]
    assert context.objects[0].attributes == (("green",) if lamp.get("attributes") == "green" else ())
    assert not counts.lost


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"x": None}, "object_box_missing"),
        ({"w": MISSING}, "object_box_missing"),
        ({"h": float("nan")}, "object_box_missing"),
        ({"y": "a few"}, "object_box_missing"),
        ({"names": {"lamp": 1}}, "object_name_missing"),
        ({"names": 7}, "object_name_missing"),
        ({"w": "0"}, "object_box_empty"),
    ],
)
def test_an_object_that_means_nothing_is_dropped_with_its_place(
    write: Write, change: dict[str, Any], reason: str
) -> None:
    lamp = {key: value for key, value in {**LAMP, **change}.items() if value is not MISSING}
    files = {"image_data.json": [IMAGE], "objects.json": [{"image_id": 7, "objects": [DESK, lamp]}]}
    folder = write(files)
    (context,), counts = read(folder)

    assert [thing.name for thing in context.objects] == ["desk"]
    assert said(counts) == {reason: 1}
    assert counts.places[reason] == [f"{folder}/objects.json: record 0, objects[1]"]
    assert counts.lost == {"object": 1}
    with pytest.raises(DataError, match=rf"record 0, objects\[1\]: {reason.replace('_', ' ')}"):
        read(folder, strict=True)


@pytest.mark.parametrize(
    ("file", "records", "reason"),
    [
        ("relationships.json", {"relationships": [ON, {**BY_ID, "object_id": 5}]}, "relationship_end_unknown"),
        ("relationships.json", {"relationships": [{**BY_ID, "subject_id": "5"}]}, "relationship_end_unknown"),
        ("attributes.json", {"attributes": [{"object_id": 5, "attributes": ["red"]}]}, "attribute_object_unknown"),
        ("scene_graphs.json", {"relationships": [{**BY_ID, "object_id": 5}]}, "relationship_end_unknown"),
    ],
)
def test_what_belongs_to_objects_that_v14_took_out_is_no_loss(
    write: Write, file: str, records: Any, reason: str
) -> None:
    files = {name: FIVE[name] for name in ("image_data.json", "objects.json")}
    folder = write({**files, file: [{"image_id": 7, **records}]})
    _, counts = read(folder, strict=True)

    assert (counts[reason], counts.places[reason][0].startswith(f"{folder}/{file}: record 0")) == (1, True)
    assert not counts.lost
    assert +counts.left


@pytest.mark.parametrize("number", [MISSING, None, "lamp", 1.5])
def test_an_annotation_without_an_id_gets_one(write: Write, number: Any) -> None:
    lamp = {key: value for key, value in {**LAMP, "object_id": number}.items() if value is not MISSING}
    region = {key: value for key, value in {**REGION, "region_id": number}.items() if value is not MISSING}
    files = {
        "image_data.json": [IMAGE],
        "objects.json": [{"image_id": 7, "objects": [lamp, {**DESK, "object_id": 1}]}],
        "region_descriptions.json": [{"id": 7, "regions": [region, {**REGION, "region_id": 1}]}],
    }
    context, counts = one(files, write)

    assert [thing.id for thing in context.objects] == [2, 1]
    assert [region.id for region in context.regions] == [2, 1]
    assert counts == {"object_id_given": 1, "region_id_given": 1}
    assert not counts.lost


@pytest.mark.parametrize(
    "relation",
    [
        BY_ID,
        {**BY_ID, "subject_id": "70", "object_id": 71.0},
        {"predicate": "on", "subject": 70, "object": "71"},
        {"predicate": "on", "subject": None, "subject_id": 70, "object": DESK},
        {"predicate": " on\n", "subject": {**LAMP, "object_id": None}, "object": {"id": 71}},
        {"predicate": "on", "subject": {**LAMP, "object_id": "70", "x": None}, "object": DESK},
    ],
)
def test_the_ends_of_a_relationship_are_mentions_or_ids(write: Write, relation: dict[str, Any]) -> None:
    context, counts = one({**FIVE, "relationships.json": [{"image_id": 7, "relationships": [relation]}]}, write)

    assert [(each.subject, each.predicate, each.object) for each in context.relationships] == [(70, "on", 71)]
    assert not counts.lost


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        ({**ON, "subject": None}, "relationship_end_missing"),
        ({"predicate": "on", "object": DESK}, "relationship_end_missing"),
        ({**BY_ID, "object_id": 5}, "relationship_end_unknown"),
        ({**BY_ID, "object_id": "desk"}, "relationship_end_missing"),
        ({**BY_ID, "predicate": 7}, "predicate_missing"),
        (None, "relationship_unreadable"),
        ("lamp on desk", "relationship_unreadable"),
    ],
)
def test_a_relationship_that_means_nothing_is_dropped(write: Write, relation: Any, reason: str) -> None:
    context, counts = one({**FIVE, "relationships.json": [{"image_id": 7, "relationships": [ON, relation]}]}, write)

    assert len(context.relationships) == 1
    assert counts == {reason: 1}
    assert counts.places[reason][0].endswith("relationships.json: record 0, relationships[1]")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"phrase": ["a lamp"]}, "region_phrase_missing"),
        ({"phrase": MISSING}, "region_phrase_missing"),
        ({"height": None}, "region_box_missing"),
        ({"x": {}}, "region_box_missing"),
        ({"width": "0"}, "region_box_empty"),
    ],
)
def test_a_region_that_means_nothing_is_dropped(write: Write, change: dict[str, Any], reason: str) -> None:
    region = {key: value for key, value in {**REGION, **change}.items() if value is not MISSING}
    other = {**REGION, "region_id": "701", "width": None, "w": "100", "height": "50.0"}
    files = {**FIVE, "region_descriptions.json": [{"id": 7, "regions": [region, other]}]}
    context, counts = one(files, write)

    assert [(each.id, each.box.x2) for each in context.regions] == [(701, 0.5)]
    assert counts == {reason: 1}


@pytest.mark.parametrize("key", ["width", "height"])
@pytest.mark.parametrize("value", [MISSING, None, 0, -3, "wide", float("nan"), 1.5, True])
def test_an_image_without_a_size_is_dropped_with_all_that_belongs_to_it(write: Write, key: str, value: Any) -> None:
    image = {name: each for name, each in {**IMAGE, key: value}.items() if each is not MISSING}
    contexts, counts = read(write({**FIVE, "image_data.json": [image, IMAGES[1]]}))

    assert [context.image_id for context in contexts] == [8]
    assert counts.lost == {"image": 1, "object": 2, "region": 2, "attribute": 2, "relationship": 2}
    assert counts["image_size_missing"] == 1
    assert counts["object_of_dropped_image"] == 2
    assert_counts_add_up(contexts, counts)


def test_images_none_of_which_has_a_size_are_refused(write: Write) -> None:
    images = [{**image, "width": None} for image in IMAGES]

    with pytest.raises(DataError, match=r"image_data\.json: record 0: neither this nor any other of 2 images has a"):
        read(write({**FIVE, "image_data.json": images}))


@pytest.mark.parametrize(
    ("value", "coco_id", "noted"),
    [
        (42, 42, False),
        (42.0, 42, False),
        ("42", 42, False),
        ("42.0", 42, False),
        (None, None, False),
        (float("nan"), None, False),
        ("none", None, True),
        (4.5, None, True),
        ([42], None, True),
        (True, None, True),
    ],
)
def test_a_coco_id_is_read_or_left_out(write: Write, value: Any, coco_id: int | None, noted: bool) -> None:
    contexts, counts = read(write({**FIVE, "image_data.json": [{**IMAGE, "coco_id": value}, IMAGES[1]]}))

    assert contexts[0].coco_id == coco_id
    assert said(counts) == ({"image_coco_id_unreadable": 1} if noted else {})


@pytest.mark.parametrize(("width", "height"), [("200", "100"), (200.0, "100.0"), (" 200 ", 100)])
def test_a_size_in_any_spelling_is_read(write: Write, width: Any, height: Any) -> None:
    contexts, counts = read(write({**FIVE, "image_data.json": [{**IMAGE, "width": width, "height": height}]}))

    assert (contexts[0].width, contexts[0].height) == (200, 100)
    assert not counts.lost


@pytest.mark.parametrize(("url", "path"), [("http://[", "http:/["), (7, "7.jpg"), ({}, "7.jpg")])
def test_an_odd_url_is_no_reason_to_drop_an_image(write: Write, url: Any, path: str) -> None:
    contexts, counts = read(write({**FIVE, "image_data.json": [{**IMAGE, "url": url}, IMAGES[1]]}))

    assert contexts[0].image == path
    assert counts == ({} if isinstance(url, str) else {"image_url_unreadable": 1})


def test_an_image_that_is_there_twice_counts_once(write: Write) -> None:
    contexts, counts = read(write({**FIVE, "image_data.json": [*IMAGES, {**IMAGE, "width": 5}]}))

    assert [(context.image_id, context.width) for context in contexts] == [(7, 200), (8, 200)]
    assert counts == {"duplicate_image_id": 1}


def test_several_records_of_an_image_are_read_one_after_the_other(write: Write) -> None:
    things = [{"image_id": 7, "objects": [LAMP]}, {"image_id": 8, "objects": []}, {"image_id": "7", "objects": [DESK]}]
    contexts, counts = read(write({**FIVE, "objects.json": things}))

    assert [thing.name for thing in contexts[0].objects] == ["lamp", "desk"]
    assert counts["duplicate_object_id"] == 0


def test_records_of_images_that_are_not_listed_are_counted_with_what_is_in_them(write: Write) -> None:
    contexts, counts = read(write({**FIVE, "image_data.json": [IMAGE]}))

    assert counts["record_of_unknown_image"] == 4
    assert counts.left == {"object": 2, "region": 2, "attribute": 2, "relationship": 2}
    assert not counts.lost
    assert_counts_add_up(contexts, counts)


def test_a_file_none_of_whose_images_is_listed_is_a_loss(write: Write) -> None:
    contexts, counts = read(write({**FIVE, "image_data.json": [{**IMAGE, "image_id": 9}]}))

    assert counts.loud() == dict.fromkeys(("object", "region", "attribute", "relationship"), (4, 4))
    assert_counts_add_up(contexts, counts)


@pytest.mark.parametrize("name", ["objects.json", "region_descriptions.json"])
def test_boxes_in_shares_are_noticed(write: Write, name: str) -> None:
    sides = {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4, "width": 0.3, "height": 0.4}
    files = json.loads(json.dumps(FIVE))
    for record in files[name]:
        for each in record.get("objects", record.get("regions")):
            each.update(sides)

    with pytest.raises(DataError, match=rf"{name}: the boxes look like shares of the image, not pixels: none of 4 "):
        read(write(files))


@pytest.mark.parametrize(
    ("record", "lost"),
    [
        ({"image_id": None, "attributes": [GREEN, DESK]}, 2),
        ({"image_id": "seven", "attributes": [GREEN, {**DESK, "attributes": ["wide"]}]}, 3),
        ({"attributes": [{**GREEN, "attributes": "green"}]}, 1),
        ({"image_id": {}, "attributes": [DESK]}, 1),
        ({"image_id": 7, "attributes": [{}]}, 1),
        ({"image_id": 7, "attributes": [{"object": 70}]}, 1),
        ({"image_id": 7, "attributes": [{"names": [], "attributes": []}]}, 1),
    ],
)
def test_each_attribute_of_what_cannot_be_read_is_counted(write: Write, record: Any, lost: int) -> None:
    _, counts = read(write({**FIVE, "attributes.json": [record]}))

    assert counts.lost == {"attribute": lost}
