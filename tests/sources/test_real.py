"""The real annotations: what the facts page counted in them, and every quirk that was found."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.sources.coco import Captions, Coco
from svit.contexts.sources.visual_genome import VisualGenome
from svit.contexts.store import ContextStore, build_store
from svit.records import ImageContext
from svit.text import one_line

from .files import Write, coco

pytestmark = pytest.mark.real


def read(*folders: Path, **options: Any) -> tuple[dict[Any, ImageContext], Counter[str]]:
    with VisualGenome(folders, **options) as genome:
        return {context.image_id: context for context in genome}, genome.counts


def total(contexts: dict[Any, ImageContext], kind: str) -> int:
    return sum(len(getattr(context, kind)) for context in contexts.values())


def test_v12(real: Path) -> None:
    contexts, counts = read(real / "visual_genome" / "v1.2")

    assert (len(contexts), total(contexts, "objects"), total(contexts, "regions")) == (100, 3671, 8828)
    assert (
        sum(bool(thing.aliases) for context in contexts.values() for thing in context.objects) == 302 - 3
    )  # "table" and "table."
    assert sum(bool(thing.attributes) for context in contexts.values() for thing in context.objects) == 1901
    assert counts == {"duplicate_relationship": 405, "region_box_clipped": 4, "relationship_to_itself": 1}
    assert total(contexts, "relationships") == 5230 // 2 - 405 - 1


def test_v14_over_v12(real: Path) -> None:
    contexts, counts = read(real / "visual_genome" / "v1.4", real / "visual_genome" / "v1.2")

    assert (len(contexts), total(contexts, "objects"), total(contexts, "regions")) == (100, 2484, 8828)
    assert sum(not context.objects for context in contexts.values()) == 10
    assert (counts["object_box_clipped"], counts["region_box_clipped"]) == (13, 4)
    dropped = sum(counts[r] for r in ("relationship_end_unknown", "relationship_to_itself", "duplicate_relationship"))
    assert total(contexts, "relationships") == 5230 // 2 - dropped
    assert not any(thing.name.endswith(".") for context in contexts.values() for thing in context.objects)


def test_attributes_of_v12_follow_the_objects_that_v14_merged(real: Path) -> None:
    contexts, counts = read(real / "visual_genome" / "v1.4", real / "visual_genome" / "v1.2")
    sidewalk = next(thing for thing in contexts[1].objects if thing.id == 1058534)

    assert sum(len(thing.attributes) for thing in contexts[1].objects) > 0
    assert "brick" in sidewalk.attributes
    assert counts["attribute_object_unknown"] == 487


def test_v10_relationships_survive_its_repeated_ids(real: Path) -> None:
    contexts, counts = read(real / "visual_genome" / "v1.0")

    assert (len(contexts), total(contexts, "objects"), total(contexts, "regions")) == (5, 224, 1288)
    assert total(contexts, "relationships") == 142
    assert counts["relationship_end_unknown"] == counts["attribute_object_unknown"] == 0


def test_all_52_have_their_captions(real: Path) -> None:
    contexts, _ = read(real / "vg_coco_52", captions=[real / "coco" / "captions_val2017.json"])

    assert sum(len(context.captions) >= 5 for context in contexts.values()) == 52
    assert all(context.image == f"{context.image_id}.jpg" for context in contexts.values())


def test_boxes_are_shares_of_visual_genomes_own_size(real: Path) -> None:
    folder, captions = real / "vg_coco_52", real / "coco" / "captions_val2017.json"
    contexts, _ = read(folder, captions=[captions])
    sizes = {image["id"]: (image["width"], image["height"]) for image in json.loads(captions.read_bytes())["images"]}
    own = {image["image_id"]: image for image in json.loads((folder / "image_data.json").read_bytes())}

    assert sum((image["width"], image["height"]) != sizes[image["coco_id"]] for image in own.values()) == 47
    for record in json.loads((folder / "objects.json").read_bytes()):
        image, context = own[record["image_id"]], contexts[record["image_id"]]
        assert (context.width, context.height) == (image["width"], image["height"])
        boxes = {thing.id: thing.box for thing in context.objects}
        for thing in record["objects"]:
            size = {"width": image["width"], "height": image["height"]}
            box = Box.from_pixels(thing["x"], thing["y"], thing["w"], thing["h"], **size)
            assert boxes.get(thing["object_id"]) == box


def test_every_text_is_one_line(real: Path) -> None:
    contexts, _ = read(real / "visual_genome" / "v1.2")

    for context in contexts.values():
        texts = [region.phrase for region in context.regions]
        texts += [text for thing in context.objects for text in (thing.name, *thing.aliases, *thing.attributes)]
        texts += [related.predicate for related in context.relationships]
        assert all(text and text == one_line(text) for text in texts)


def test_coco_alone(real: Path) -> None:
    folder = real / "coco"
    options: dict[str, Any] = {
        "instances": [folder / "instances_val2017.json", folder / "instances_train2017.json"],
        "captions": [folder / "captions_val2017.json", folder / "captions_train2017.json"],
    }
    with Coco(**options) as source:
        contexts = {context.image_id: context for context in source}

    assert (len(contexts), total(contexts, "captions")) == (5080, 25414)
    assert total(contexts, "objects") == 624 + 739 - source.counts["object_is_a_crowd"]
    assert contexts[397133].image == "coco/val2017/000000397133.jpg"
    assert contexts[493652].image == "coco/train2017/000000493652.jpg"


def test_a_captions_file_and_a_part_of_it_count_once(real: Path) -> None:
    counts = Dropped()
    with Captions([real / "coco" / "captions_val2017.json", real / "coco" / "captions_val2017_79.json"]) as captions:
        assert len(captions.of(397133, counts)) == 5
    assert counts == {"duplicate_caption_id": 5}


def test_the_store_keeps_it_all(real: Path, tmp_path: Path) -> None:
    with VisualGenome([real / "visual_genome" / "v1.2"]) as genome:
        given = list(genome)
        summary = build_store(tmp_path / "a", genome, origin=genome.origin, counts=genome.counts)
    with ContextStore(tmp_path / "a") as store:
        assert list(store) == given
        assert (store.stats().objects.total, store.stats().regions.max) == (3671, 267)
        assert store.counts == summary.counts == genome.counts


Read = Callable[[list[dict[str, Any]]], tuple[ImageContext, Counter[str]]]
IMAGE = {"image_id": 1, "url": None, "width": 1000, "height": 1000}


@pytest.fixture
def from_objects(write: Write) -> Read:
    def from_objects(things: list[dict[str, Any]]) -> tuple[ImageContext, Counter[str]]:
        width, height = things[0].get("image_size", (1000, 1000))
        size = {"width": width, "height": height}
        objects = [{"image_id": 1, "objects": things}]
        attributes = [{"image_id": 1, "attributes": things}]
        files = {"image_data.json": [IMAGE | size], "objects.json": objects, "attributes.json": attributes}
        contexts, counts = read(write(files))
        return contexts[1], counts

    return from_objects


@pytest.fixture
def from_regions(write: Write) -> Read:
    def from_regions(described: list[dict[str, Any]]) -> tuple[ImageContext, Counter[str]]:
        files = {"image_data.json": [IMAGE], "region_descriptions.json": [{"id": 1, "regions": described}]}
        contexts, counts = read(write(files))
        return contexts[1], counts

    return from_regions


def captions_of(write: Write, annotations: list[dict[str, Any]]) -> tuple[str, ...]:
    path = write({"captions.json": coco([], annotations)}) / "captions.json"
    with Captions([path]) as captions:
        return tuple(text for key in {a["image_id"]: 0 for a in annotations} for text in captions.of(key, Dropped()))


@pytest.fixture
def cases(real: Path) -> Callable[[str], list[Any]]:
    quirks: dict[str, list[Any]] = json.loads((real / "quirk_cases.json").read_bytes())

    def cases(start: str) -> list[Any]:
        (found,) = (records for name, records in quirks.items() if name.startswith(start))
        return found

    return cases


Cases = Callable[[str], list[Any]]


@pytest.mark.parametrize(
    ("quirk", "kept", "clipped", "empty"),
    [
        ("region_x_or_y_negative", 4, 4, 0),
        ("region_phrase_with_newline", 37, 0, 0),
        ("region_phrase_outer_whitespace", 8, 0, 0),
        ("region_phrase_all_upper", 13, 0, 0),
        ("region_phrase_double_quotes", 8, 0, 0),
        ("region_phrase_one_word", 7, 0, 0),
        ("region_1px_side", 1, 0, 0),
        ("region_zero_width_or_height", 0, 0, 7),
    ],
)
def test_region_quirks(cases: Cases, from_regions: Read, quirk: str, kept: int, clipped: int, empty: int) -> None:
    given = cases(quirk)
    context, counts = from_regions(given)

    assert [region.phrase for region in context.regions] == [" ".join(r["phrase"].split()) for r in given][:kept]
    assert (counts["region_box_clipped"], counts["region_box_empty"]) == (clipped, empty)


def test_regions_that_are_the_same_but_for_their_id_are_kept(cases: Cases, from_regions: Read) -> None:
    for given in cases("region_exact_duplicates"):
        context, counts = from_regions(given)

        assert len(context.regions) == len(given)
        assert len({region.box for region in context.regions}) == 1
        assert not counts


@pytest.mark.parametrize(
    ("quirk", "clipped"),
    [
        ("object_name_trailing_period", 0),
        ("object_no_synset", 0),
        ("object_many_names", 0),
        ("object_two_names", 0),
        ("object_negative_xy", 8),
        ("attributes_key_absent", 0),
        ("attribute_outer_whitespace", 0),
    ],
)
def test_object_quirks(cases: Cases, from_objects: Read, quirk: str, clipped: int) -> None:
    given = cases(quirk)
    context, counts = from_objects(given)

    for thing, record in zip(context.objects, given, strict=True):
        assert [thing.name, *thing.aliases] == [one_line(name).rstrip(".") for name in record["names"]]
        assert list(thing.attributes) == [one_line(word) for word in record.get("attributes", [])]
    assert counts == ({"object_box_clipped": clipped} if clipped else {})


def test_boxes_past_the_edge_are_clipped(cases: Cases, from_objects: Read) -> None:
    for record in cases("object_box_past_image_edge"):
        context, counts = from_objects([record])

        assert 1.0 in (context.objects[0].box.x2, context.objects[0].box.y2)
        assert counts == {"object_box_clipped": 1}


def test_different_objects_may_have_one_box(cases: Cases, from_objects: Read) -> None:
    for given in cases("same_box_different_objects"):
        context, counts = from_objects(given)

        assert len(context.objects) == len(given)
        assert len({thing.box for thing in context.objects}) == 1
        assert not counts


def test_an_image_may_have_no_objects(cases: Cases, write: Write) -> None:
    records = cases("image_with_zero_objects")
    images = [{**IMAGE, "image_id": record["image_id"], "url": record["image_url"]} for record in records]
    contexts, counts = read(write({"image_data.json": images, "objects.json": records}))

    assert all(context.is_empty for context in contexts.values())
    assert contexts[46].image == "vg/VG_100K_2/46.jpg"
    assert not counts


@pytest.mark.parametrize(
    ("quirk", "kept", "dropped"),
    [
        ("relationship_subject_name_vs_names", 2, {"duplicate_relationship": 1}),
        ("relationship_self_loop", 0, {"relationship_to_itself": 3}),
    ],
)
def test_relationship_quirks(cases: Cases, write: Write, quirk: str, kept: int, dropped: dict[str, int]) -> None:
    given = cases(quirk)
    ends = {end["object_id"]: end for r in given for end in (r["object"], r["subject"])}
    things = [{**end, "names": end.get("names") or [end["name"]]} for end in ends.values()]
    files = {"objects.json": [{"image_id": 1, "objects": things}], "image_data.json": [IMAGE]}
    contexts, counts = read(write({**files, "relationships.json": [{"image_id": 1, "relationships": given}]}))

    assert len(contexts[1].relationships) == kept
    assert counts == dropped


@pytest.mark.parametrize("quirk", ["image_data_record_without_coco", "image_data_record_v1_0"])
def test_image_quirks(cases: Cases, write: Write, quirk: str) -> None:
    contexts, _ = read(write({"image_data.json": cases(quirk), "objects.json": [{"id": 1, "objects": []}]}))

    assert contexts[1] == ImageContext(1, "vg/VG_100K_2/1.jpg", 800, 600, source="visual_genome")


def test_a_record_without_image_id_is_dropped(cases: Cases, write: Write) -> None:
    record = dict.fromkeys(cases("truncated_record_missing_image_id")[0]["keys"], ())
    files = {"image_data.json": [IMAGE], "objects.json": [], "relationships.json": [record]}
    _, counts = read(write(files))

    assert [reason for reason in counts if reason.endswith("image_id_missing")]


@pytest.mark.parametrize(
    "quirk",
    [
        "coco_caption_inner_newline",
        "coco_caption_trailing_newline",
        "coco_caption_all_upper",
        "coco_caption_double_quote",
        "coco_image_with_7_captions",
        "coco_duplicate_captions_in_one_image",
        "coco_longest_caption",
    ],
)
def test_caption_quirks(cases: Cases, write: Write, quirk: str) -> None:
    given = [a for item in cases(quirk) for a in (item if isinstance(item, list) else [item])]

    assert sorted(captions_of(write, given)) == sorted(" ".join(a["caption"].split()) for a in given)


def test_no_quirk_is_left_out(real: Path) -> None:
    named = Path(__file__).read_text()
    quirks = json.loads((real / "quirk_cases.json").read_bytes())
    left_out = [name for name in quirks if not any(f'"{name[:n]}"' in named for n in range(10, len(name) + 1))]

    assert all(name.startswith("gpt4_") for name in left_out), left_out
