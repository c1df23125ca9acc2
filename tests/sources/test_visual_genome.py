"""Visual Genome in three versions, with its dirt, and what is said when it is not Visual Genome."""

import json
from pathlib import Path
from typing import Any

import pytest

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.sources.visual_genome import VisualGenome
from svit.errors import DataError
from svit.records import ImageContext, Object, Region, Relationship

from .files import DESK, IMAGE, LAMP, OBJECTS, REGION, Write, coco

V10 = {
    "image_data.json": [{"id": 7, "url": "https://example.org/VG_100K_2/7.jpg", "width": 200, "height": 100}],
    "objects.json": [
        {
            "id": 7,
            "objects": [
                {"id": 70, "x": 20, "y": 10, "w": 40, "h": 50, "names": ["lamp"]},
                {"id": 71, "x": 0, "y": 60, "w": 200, "h": 40, "names": ["desk", "table"]},
            ],
        }
    ],
    "region_descriptions.json": [
        {"id": 7, "regions": [{"image": 7, "id": 700, "x": 0, "y": 0, "width": 100, "height": 50, "phrase": "a lamp"}]}
    ],
    "attributes.json": [
        {
            "id": 7,
            "attributes": [
                {"id": 970, "x": 20, "y": 10, "w": 40, "h": 50, "object_names": ["lamp"], "attributes": ["green"]}
            ],
        }
    ],
    "relationships.json": [
        {
            "id": 7,
            "relationships": [
                {
                    "id": 7000,
                    "predicate": "on",
                    "subject": {"id": 970, "x": 20, "y": 10, "w": 40, "h": 50, "name": "lamp"},
                    "object": {"id": 71, "x": 0, "y": 60, "w": 200, "h": 40, "name": "desk"},
                }
            ],
        }
    ],
}
V12 = {
    "image_data.json": [IMAGE],
    "objects.json": [OBJECTS],
    "region_descriptions.json": [{"id": 7, "regions": [{**REGION, "phrase": "a lamp"}]}],
    "attributes.json": [{"image_id": 7, "attributes": [{**LAMP, "attributes": ["green"]}, DESK]}],
    "relationships.json": [
        {
            "image_id": 7,
            "relationships": [
                {
                    "relationship_id": 7000,
                    "predicate": "on",
                    "subject": {"object_id": 70, "x": 20, "y": 10, "w": 40, "h": 50, "name": "lamp"},
                    "object": {"object_id": 71, "x": 0, "y": 60, "w": 200, "h": 40, "name": "desk"},
                }
            ],
        }
    ],
}
V14 = {
    **V12,
    "objects.json": [
        {
            "image_id": 7,
            "image_url": "x",
            "objects": [{**LAMP, "merged_object_ids": [170]}, {**DESK, "merged_object_ids": []}],
        }
    ],
    "attributes.json": [{"image_id": 7, "attributes": [{**LAMP, "object_id": 170, "x": 3, "attributes": ["green"]}]}],
    "relationships.json": [
        {
            "image_id": 7,
            "relationships": [
                {
                    "relationship_id": 7000,
                    "predicate": "on",
                    "subject": {"object_id": 170, "x": 3, "y": 10, "w": 40, "h": 50, "name": "lamp"},
                    "object": {**DESK, "object_id": 999, "x": 3, "merged_object_ids": [71]},
                }
            ],
        }
    ],
}


def read(*folders: Path, **options: Any) -> tuple[list[ImageContext], Dropped]:
    with VisualGenome(folders, **options) as genome:
        contexts = list(genome)
        assert len(genome) == len(contexts)
    return contexts, genome.counts


def only(folder: Path, **options: Any) -> tuple[ImageContext, Dropped]:
    (context,), counts = read(folder, **options)
    return context, counts


@pytest.mark.parametrize("version", [V10, V12, V14], ids=["v1.0", "v1.2", "v1.4"])
def test_the_same_image_in_each_version(write: Write, version: dict[str, Any]) -> None:
    context, _ = only(write(version))

    assert context == ImageContext(
        image_id=7,
        image="vg/VG_100K_2/7.jpg",
        width=200,
        height=100,
        source="visual_genome",
        objects=(
            Object(70, "lamp", Box(0.1, 0.1, 0.3, 0.6), attributes=("green",)),
            Object(71, "desk", Box(0, 0.6, 1, 1), aliases=("table",)),
        ),
        regions=(Region(700, "a lamp", Box(0, 0, 0.5, 0.5)),),
        relationships=(Relationship(70, "on", 71),),
    )


def test_v10_mentions_are_found_by_box_and_name_and_counted(write: Write) -> None:
    _, counts = only(write(V10))

    assert counts == {"object_found_by_box_and_name": 2}


OBJECT_DIRT: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("clipped", {"x": 190, "w": 20}, "lamp", "object_box_clipped"),
    ("negative", {"x": -1}, "lamp", "object_box_clipped"),
    ("without width", {"w": 0}, None, "object_box_empty"),
    ("outside", {"x": 300}, None, "object_box_empty"),
    ("no names", {"names": []}, None, "object_name_missing"),
    ("blank name", {"names": [" .\n"]}, None, "object_name_missing"),
    ("null name", {"names": [None]}, None, "object_name_missing"),
    ("same id", {"object_id": 71}, None, "duplicate_object_id"),
]


@pytest.mark.parametrize(
    ("change", "name", "reason"), [row[1:] for row in OBJECT_DIRT], ids=[r[0] for r in OBJECT_DIRT]
)
def test_dirty_objects_are_repaired_or_dropped_and_counted(
    write: Write, change: dict[str, Any], name: str | None, reason: str
) -> None:
    context, counts = only(write({"image_data.json": [IMAGE], **objects(DESK, {**LAMP, **change})}))

    assert [thing.name for thing in context.objects] == ["desk", name][: 1 + (name is not None)]
    assert counts == {reason: 1}


@pytest.mark.parametrize(
    ("change", "phrase", "reason"),
    [
        ({"x": -2}, "a lamp on a desk", "region_box_clipped"),
        ({"height": 0}, None, "region_box_empty"),
        ({"phrase": " \n"}, None, "region_phrase_missing"),
        ({"phrase": None}, None, "region_phrase_missing"),
        ({"region_id": 1}, None, "duplicate_region_id"),
    ],
)
def test_dirty_regions_are_repaired_or_dropped_and_counted(
    write: Write, change: dict[str, Any], phrase: str | None, reason: str
) -> None:
    given = [{**REGION, "region_id": 1, "phrase": "first"}, {**REGION, **change}]
    files = {"image_data.json": [IMAGE], "region_descriptions.json": [{"id": 7, "regions": given}]}
    context, counts = only(write(files))

    assert [region.phrase for region in context.regions] == ["first", phrase][: 1 + (phrase is not None)]
    assert counts == {reason: 1}


@pytest.mark.parametrize(
    ("names", "name", "aliases"),
    [
        (["monitor is off."], "monitor is off", ()),
        ([" Desk \n", "table.", "Desk", ""], "Desk", ("table",)),
        (["", "counter  top"], "counter top", ()),
    ],
)
def test_the_first_name_is_the_name_and_the_others_are_aliases(
    write: Write, names: list[str], name: str, aliases: tuple[str, ...]
) -> None:
    context, _ = only(write({"image_data.json": [IMAGE], **objects({**LAMP, "names": names})}))

    assert context.objects[0].name == name
    assert context.objects[0].aliases == aliases


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        ({"predicate": "on", "subject": {"object_id": 5, "name": "cat"}, "object": DESK}, "relationship_end_unknown"),
        ({"predicate": "on", "subject": LAMP, "object": {"object_id": 5, "names": []}}, "relationship_end_unknown"),
        ({"predicate": " ", "subject": LAMP, "object": DESK}, "predicate_missing"),
        ({"predicate": "has", "subject": LAMP, "object": LAMP}, "relationship_to_itself"),
        ({"predicate": "on ", "subject": LAMP, "object": DESK}, "duplicate_relationship"),
    ],
)
def test_relationships_that_say_nothing_are_dropped_and_counted(
    write: Write, relation: dict[str, Any], reason: str
) -> None:
    relations = [{"predicate": "on", "subject": LAMP, "object": DESK}, relation]
    context, counts = only(write({**V12, "relationships.json": [{"image_id": 7, "relationships": relations}]}))

    assert context.relationships == (Relationship(70, "on", 71),)
    assert counts == {reason: 1}


def test_attributes_are_cleaned_and_those_of_unknown_objects_counted(write: Write) -> None:
    attributed = [
        {**LAMP, "attributes": ["pair ", " ", "pair", "tall"]},
        {**DESK, "attributes": None},
        {"object_id": 5, "names": ["cat"], "attributes": ["black", "big"]},
    ]
    context, counts = only(write({**V12, "attributes.json": [{"image_id": 7, "attributes": attributed}]}))

    assert [thing.attributes for thing in context.objects] == [("pair", "tall"), ()]
    assert counts == {"attribute_missing": 1, "attribute_object_unknown": 2}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://cs.stanford.edu/people/rak248/VG_100K/2.jpg", "vg/VG_100K/2.jpg"),
        ("https://cs.stanford.edu/people/rak248/VG_100K_2/1.jpg?size=2", "vg/VG_100K_2/1.jpg"),
        ("images/astronaut.jpg", "images/astronaut.jpg"),
        ("https://example.org/astronaut.jpg", "astronaut.jpg"),
        (None, "7.jpg"),
    ],
)
def test_the_path_is_what_trainers_expect(write: Write, url: str | None, path: str) -> None:
    context, _ = only(write({**V12, "image_data.json": [{**IMAGE, "url": url}]}))

    assert context.image == path


def test_the_first_folder_that_has_a_file_wins(write: Write) -> None:
    old = write(V12, "v1.2")
    new = write({name: V14[name] for name in ("objects.json", "relationships.json")}, "v1.4")
    (context,), _ = read(new, old)

    with VisualGenome([new, old]) as genome:
        assert genome.paths["objects"] == new / "objects.json"
        assert genome.paths["image_data"] == old / "image_data.json"
        assert str(old / "attributes.json") in genome.origin
    assert len(context.regions) == 1


@pytest.mark.parametrize("name", ["objects_v1_2.json", "objects_v1_2_0.json", "objects_v1.4.json", "objects-v1.json"])
def test_files_may_be_named_as_downloaded(write: Write, name: str) -> None:
    context, _ = only(write({"image_data.json": [IMAGE], name: [OBJECTS]}))

    assert len(context.objects) == 2


def test_records_are_joined_by_id_not_by_order(write: Write) -> None:
    other = {**IMAGE, "image_id": 3}
    files = {
        "image_data.json": [IMAGE, other, {**IMAGE, "image_id": 5}],
        "objects.json": [{"image_id": 3, "objects": [DESK]}, {"image_id": 99, "objects": []}, OBJECTS],
    }
    contexts, counts = read(write(files))

    assert [(context.image_id, len(context.objects)) for context in contexts] == [(7, 2), (3, 1), (5, 0)]
    assert counts == {"record_of_unknown_image": 1}


def test_counts_start_anew_with_each_reading(write: Write) -> None:
    with VisualGenome([write(V10)]) as genome:
        assert list(genome) == list(genome)
        assert genome.counts == {"object_found_by_box_and_name": 2}


CAPTIONS = coco(
    [{"id": 42, "width": 640, "height": 480}],
    [{"id": 1, "image_id": 42, "caption": "A lamp.\n"}, {"id": 2, "image_id": 42, "caption": "A desk."}],
)


def test_captions_are_joined_by_coco_id_and_boxes_keep_visual_genomes_size(write: Write) -> None:
    folder = write({**V12, "image_data.json": [{**IMAGE, "coco_id": 42}], "captions.json": CAPTIONS})
    context, counts = only(folder, captions=[folder / "captions.json"])

    assert context.captions == ("A lamp.", "A desk.")
    assert (context.width, context.height) == (200, 100)
    assert context.objects[1].box == Box(0, 0.6, 1, 1)
    assert not counts


def test_a_coco_id_without_captions_is_counted(write: Write) -> None:
    folder = write({**V12, "image_data.json": [{**IMAGE, "coco_id": 43}], "captions.json": CAPTIONS})
    context, counts = only(folder, captions=[folder / "captions.json"])

    assert context.captions == ()
    assert counts == {"coco_id_without_captions": 1}


def test_a_shared_coco_id_is_refused_or_allowed(write: Write) -> None:
    images = [{**IMAGE, "coco_id": 42}, {**IMAGE, "image_id": 9, "coco_id": 42}]
    folder = write({**V12, "image_data.json": images, "captions.json": CAPTIONS})
    captions = [folder / "captions.json"]

    with pytest.raises(DataError, match=r"images 7 and 9 share the coco_id 42\. .*--allow-shared-coco-ids"):
        read(folder, captions=captions)
    contexts, counts = read(folder, captions=captions, allow_shared_coco_ids=True)

    assert [context.captions for context in contexts] == [("A lamp.", "A desk.")] * 2
    assert counts == {"coco_id_shared": 2}


def objects(*things: dict[str, Any]) -> dict[str, Any]:
    return {"objects.json": [{"image_id": 7, "objects": things}]}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"image_data.json": []}, "image_data.json holds no image. Is this Visual Genome?"),
    ({"objects.json": [3, 4]}, "objects.json: none of the 2 records has 'image_id'. Is this Visual Genome?"),
    (
        {"objects.json": [{"image_id": 7, "boxes": []}, {"image_id": 8, "boxes": []}]},
        "objects.json: none of its records has 'objects'. Is this Visual Genome?",
    ),
    ({"objects.json": {"a": 1}}, "objects.json is an object, where an array is needed. Is this Visual Genome?"),
    ({"objects.json": json.dumps([OBJECTS]).encode()[:-20]}, "objects.json ends in the middle."),
    ({"objects.json": b"<!doctype html>"}, "objects.json is HTML or XML, not JSON."),
    ({"objects.json": b""}, "objects.json is empty."),
]


@pytest.mark.parametrize(("files", "sentence"), BAD, ids=[sentence[:50] for _, sentence in BAD])
def test_what_is_not_visual_genome_is_said_in_a_sentence(write: Write, files: dict[str, Any], sentence: str) -> None:
    folder = write({**V12, **files})

    with pytest.raises(DataError) as said:
        read(folder)

    assert sentence in str(said.value)
    assert str(said.value).startswith(str(folder))


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"objects.json": [OBJECTS]}, "There is no image_data.json in "),
        ({"objects.json": [OBJECTS], "image_data.json.zip": b"PK"}, "Unpack image_data.json.zip first."),
        ({"image_data.json": [IMAGE]}, "There is no objects.json and no region_descriptions.json in "),
        ({"image_data.json": [IMAGE], "objects_v1_2.json": [], "objects_v1_4.json": []}, "rename the one to be read"),
    ],
)
def test_missing_files_are_named_with_what_to_do(write: Write, files: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as said:
        read(write(files))

    assert sentence in str(said.value)


def test_a_folder_must_be_one(write: Write, tmp_path: Path) -> None:
    folder = write(V12)
    (folder / "attributes.json").unlink()
    (folder / "attributes.json").mkdir()

    with pytest.raises(DataError, match=r"attributes\.json is a folder, not a file"):
        read(folder)
    with pytest.raises(DataError, match="There is no folder"):
        read(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="There is no folder"):
        read(folder / "objects.json")
