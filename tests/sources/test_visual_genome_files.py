"""Which files give Visual Genome's parts: scene_graphs.json, files under other names, and what is said of the rest."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.sources.visual_genome import VisualGenome
from svit.errors import DataError
from svit.records import ImageContext

from .files import DESK, IMAGE, LAMP, REGION, Write, coco

GREEN = {**LAMP, "attributes": ["green"]}
ON = {"relationship_id": 1, "predicate": "on", "subject": LAMP, "object": DESK, "synsets": []}
BY_ID = {"relationship_id": 1, "predicate": "on", "subject_id": 70, "object_id": 71, "synsets": []}

IMAGES = {"image_data.json": [IMAGE]}
GRAPHS = {"scene_graphs.json": [{"image_id": 7, "objects": [GREEN, DESK], "relationships": [BY_ID]}]}
OBJECTS = {"objects.json": [{"image_id": 7, "objects": [LAMP, DESK]}]}
ATTRIBUTES = {"attributes.json": [{"image_id": 7, "attributes": [GREEN, DESK]}]}
RELATIONSHIPS = {"relationships.json": [{"image_id": 7, "relationships": [ON]}]}
REGIONS = {"region_descriptions.json": [{"id": 7, "regions": [REGION]}]}
QUESTIONS = [{"id": 7, "qas": [{"qa_id": 1, "image_id": 7, "question": "What is on the desk?", "answer": "A lamp."}]}]
REGION_GRAPHS = [{"image_id": 7, "regions": [{**REGION, "objects": [LAMP], "relationships": [], "synsets": []}]}]
GQA = {
    "7": {
        "width": 200,
        "height": 100,
        "objects": {"70": {"name": "lamp", "x": 20, "y": 10, "w": 40, "h": 50, "attributes": [], "relations": []}},
    }
}
COCO = coco([{"id": 7, "width": 200, "height": 100}], [{"id": 1, "image_id": 7, "bbox": [1, 2, 30, 40]}], [])


def read(*folders: Path, **options: Any) -> tuple[ImageContext, Dropped, VisualGenome]:
    with VisualGenome(folders, **options) as genome:
        (context,) = genome
    return context, genome.counts, genome


@pytest.mark.parametrize(
    "files",
    [
        GRAPHS,
        OBJECTS | ATTRIBUTES | RELATIONSHIPS,
        GRAPHS | OBJECTS,
        GRAPHS | ATTRIBUTES,
        GRAPHS | RELATIONSHIPS,
        GRAPHS | OBJECTS | ATTRIBUTES,
        GRAPHS | OBJECTS | ATTRIBUTES | RELATIONSHIPS,
        ATTRIBUTES | RELATIONSHIPS,
        {"objects.json": GRAPHS["scene_graphs.json"]},
        {"scene_graphs_v1.2.json": GRAPHS["scene_graphs.json"]},
        {"objects.json": [{"image_id": 7, "objects": [GREEN, DESK]}], **RELATIONSHIPS},
        {"objects.json": GRAPHS["scene_graphs.json"], **ATTRIBUTES},
    ],
    ids=lambda files: " ".join(files),
)
def test_the_same_image_from_any_set_of_files(write: Write, files: dict[str, Any]) -> None:
    context, counts, _ = read(write(IMAGES | files))

    assert [(each.id, each.name, each.attributes) for each in context.objects] == [
        (70, "lamp", ("green",)),
        (71, "desk", ()),
    ]
    assert [(each.subject, each.predicate, each.object) for each in context.relationships] == [(70, "on", 71)]
    assert not counts
    assert counts.read == Counter(image=1, object=2, attribute=1, relationship=1)


def test_scene_graphs_named_as_objects_beside_relationships_are_counted(write: Write) -> None:
    context, counts, _ = read(write({**IMAGES, "objects.json": GRAPHS["scene_graphs.json"], **RELATIONSHIPS}))

    assert len(context.relationships) == 1
    assert counts == {"duplicate_relationship": 1}
    assert counts.left == {"relationship": 1}


def test_attributes_of_an_object_that_is_dropped_are_dropped_and_counted(write: Write) -> None:
    twice = {**GREEN, "names": ["lantern"], "attributes": ["old", "blue"]}
    graph = {"image_id": 7, "objects": [GREEN, twice, DESK], "relationships": []}
    context, counts, _ = read(write(IMAGES | {"scene_graphs.json": [graph]}))

    assert context.objects[0].attributes == ("green",)
    assert counts == {"duplicate_object_id": 1, "attribute_object_unknown": 2}
    assert (counts.lost, counts.left) == ({"object": 1}, {"attribute": 2})


@pytest.mark.parametrize("name", ["objects.json", "scene_graphs.json"])
def test_a_record_without_objects_is_counted_once(write: Write, name: str) -> None:
    graphs = [{"image_id": 7, "relationships": [BY_ID]}, {"image_id": 9, "objects": [GREEN], "relationships": []}]
    context, counts, _ = read(write({**IMAGES, name: graphs}))

    assert context.objects == ()
    assert counts["record_without_objects"] == 1
    assert counts["relationship_end_unknown"] == 1


def test_the_origin_names_what_was_read(write: Write) -> None:
    folder = write(IMAGES | GRAPHS | OBJECTS | REGIONS)
    _, _, genome = read(folder)

    assert genome.paths["objects"] == folder / "objects.json"
    assert genome.paths["attributes"] == genome.paths["relationships"] == folder / "scene_graphs.json"
    assert genome.origin.count("scene_graphs.json") == 1
    assert genome.stand_ins == {folder / "scene_graphs.json": ["attributes", "relationships"]}


def test_an_earlier_folders_scene_graphs_come_before_a_later_folders_files(write: Write) -> None:
    named_twice = {**GREEN, "names": ["lantern"]}
    first = write({"scene_graphs.json": [{"image_id": 7, "objects": [named_twice], "relationships": []}]}, "first")
    context, _, _ = read(first, write(IMAGES | OBJECTS, "second"))

    assert [thing.name for thing in context.objects] == ["lantern"]


def test_region_descriptions_alone_are_enough_with_any_other_file(write: Write) -> None:
    context, counts, _ = read(write(IMAGES | REGIONS | RELATIONSHIPS))

    assert len(context.regions) == 1
    assert counts == {"relationship_end_unknown": 1}


MISNAMED: list[tuple[str, str, Any, str]] = [
    ("regions", "objects.json", REGIONS["region_descriptions.json"], "Visual Genome's region_descriptions.json"),
    ("attributes", "objects.json", ATTRIBUTES["attributes.json"], "Visual Genome's attributes.json"),
    ("relationships", "objects.json", RELATIONSHIPS["relationships.json"], "Visual Genome's relationships.json"),
    ("sizes", "objects.json", IMAGES["image_data.json"], "Visual Genome's image_data.json"),
    ("questions", "objects.json", QUESTIONS, "Visual Genome's question_answers.json, which is not read"),
    ("GQA", "objects.json", GQA, "GQA's scene graphs, which svit does not read yet"),
    ("GQA as graphs", "scene_graphs.json", GQA, "GQA's scene graphs, which svit does not read yet"),
    ("COCO", "objects.json", COCO, "a COCO instances file"),
    ("objects", "image_data.json", OBJECTS["objects.json"], "Visual Genome's objects.json"),
    ("graphs", "attributes.json", GRAPHS["scene_graphs.json"], "Visual Genome's scene_graphs.json"),
    ("graphs as regions", "region_descriptions.json", GRAPHS["scene_graphs.json"], "Visual Genome's scene_graphs.json"),
    ("region graphs", "region_descriptions.json", REGION_GRAPHS, "Visual Genome's region_graphs.json, which is not"),
    ("COCO for sizes", "image_data.json", COCO, "a COCO instances file"),
]


@pytest.mark.parametrize(("name", "content", "kind"), [row[1:] for row in MISNAMED], ids=[row[0] for row in MISNAMED])
def test_a_file_under_another_files_name_is_called_by_its_own(write: Write, name: str, content: Any, kind: str) -> None:
    others = IMAGES if name == "scene_graphs.json" else IMAGES | OBJECTS
    folder = write({**others, name: content})

    with pytest.raises(DataError) as said:
        read(folder)

    assert str(said.value).startswith(f"{folder}/{name} looks like {kind}")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (IMAGES | {"question_answers.json": QUESTIONS}, ", which has image_data.json, question_answers.json. Run scr"),
        (IMAGES | {"train_sceneGraphs.json": GQA}, "train_sceneGraphs.json (GQA's scene graphs, which svit does not"),
        (IMAGES | {"region_graphs.json": REGION_GRAPHS}, ", which has image_data.json, region_graphs.json. "),
        (IMAGES | {"vg.json": GRAPHS["scene_graphs.json"]}, "vg.json (Visual Genome's scene_graphs.json)"),
        (IMAGES | RELATIONSHIPS, "relationships.json does not have all objects: add objects.json, or scene_graphs."),
        (GRAPHS, "There is no image_data.json in "),
        (GRAPHS, ", which has scene_graphs.json. "),
        ({}, ", nor any other file. "),
        ({f"{number}.txt": [] for number in range(7)}, "0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more. "),
    ],
)
def test_what_is_missing_is_said_with_what_is_there(write: Write, files: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as said:
        read(write(files))

    assert sentence in str(said.value)


def test_one_odd_record_does_not_make_another_file_of_it(write: Write) -> None:
    odd = {"image_id": 9, "regions": json.loads(json.dumps([REGION]))}
    context, counts, _ = read(write({**IMAGES, "objects.json": [odd, *OBJECTS["objects.json"]]}))

    assert len(context.objects) == 2
    assert counts == {"record_of_unknown_image": 1}
