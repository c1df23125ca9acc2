"""Formats of boxes: expressions, detections, pairs and tasks, word for word, and read back by what reads them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from exports.made import item
from exports.test_exporting import line, written
from svit.cli import app
from svit.contexts.store import ContextStore
from svit.exports.formats import coco_instances, florence_2, label_studio, refcoco

DOG, MEN = "<st>dog<ed> [0.1, 0.2, 0.35, 0.4]", "<st>men<ed> [0.1, 0.2, 0.35, 0.4], [0.5, 0.5, 1.0, 1.0]"


@pytest.fixture
def svit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    return run


def test_an_expression_is_a_question_whose_answer_has_one_box(svit: Callable[..., str], tmp_path: Path) -> None:
    talk = (f"What is by the {DOG}?", f"A {DOG.replace('dog', 'ball')}.", "And who?", f"The {MEN}.", "Why?", "So.")
    written(tmp_path / "a.jsonl", [line(1, "referring", *talk)])
    said = svit("export", "a.jsonl", "-f", "refcoco", "-o", "x.jsonl")
    assert "not_one_box 2" in said
    [record] = map(json.loads, (tmp_path / "x.jsonl").read_text().splitlines())
    assert record == {
        "image": "vg/VG_100K/1.jpg",
        "sent": "What is by the dog?",
        "bbox": [40.0, 40.0, 140.0, 80.0],
        "width": 400,
        "height": 200,
        "id": "1-referring-1",
    }


def test_what_an_evaluator_of_grounding_asks_for_is_in_every_line() -> None:
    """`evaluate_grounding.py`: image, sent, bbox of four pixels x1, y1, x2, y2, height and width."""
    for piece in refcoco.FORMAT.pieces(item()):
        record: dict[str, Any] = dict(refcoco.FORMAT.record(piece, refcoco.FORMAT.style()))
        x1, y1, x2, y2 = record["bbox"]
        assert 0 <= x1 < x2 <= record["width"]
        assert 0 <= y1 < y2 <= record["height"]


def test_maestro_is_given_a_line_for_each_pair_below_its_split(svit: Callable[..., str], tmp_path: Path) -> None:
    style = florence_2.FORMAT.style()
    first, second = (florence_2.FORMAT.record(piece, style) for piece in florence_2.FORMAT.pieces(item()))
    assert first == {
        "image": "vg/VG_100K/2.jpg",
        "prefix": "Where is the dog<loc_100><loc_200><loc_350><loc_400>?",
        "suffix": "Behind both men<loc_100><loc_200><loc_350><loc_400><loc_500><loc_500><loc_999><loc_999>.",
    }
    assert set(second) == {"image", "prefix", "suffix"}
    written(tmp_path / "a.jsonl", [line(n) for n in range(30)])
    svit("export", "a.jsonl", "-f", "florence-2", "-o", "out", "--split", "train=0.7,valid=0.3", "--boxes", "paligemma")
    for split in ("train", "valid"):
        lines = (tmp_path / "out" / split / "annotations.jsonl").read_text().splitlines()
        assert all("<loc" in json.loads(each)["suffix"] for each in lines)
        assert f"`{split}/annotations.jsonl`" in (tmp_path / "out" / "README.md").read_text()


def test_a_coco_file_is_opened_by_its_own_tools_and_gives_the_boxes_back(
    svit: Callable[..., str], tmp_path: Path
) -> None:
    from pycocotools.coco import COCO

    talk = (f"Where is the {DOG}?", f"By the {MEN}.")
    written(
        tmp_path / "a.jsonl",
        [line(1, "referring", *talk), line(1, "conversation", *talk), line("x", "referring", *talk)],
    )
    svit("export", "a.jsonl", "-f", "coco", "-o", "x.json")
    found = COCO(str(tmp_path / "x.json"))
    assert sorted(found.imgs) == [1, 1_000_000_001]
    assert [each["name"] for each in found.cats.values()] == ["dog", "men"]
    assert [each["bbox"] for each in found.loadAnns(found.getAnnIds(imgIds=[1]))] == [
        [40.0, 40.0, 100.0, 40.0], [40.0, 40.0, 100.0, 40.0], [200.0, 100.0, 200.0, 100.0],
    ]  # fmt: skip
    assert len(found.anns) == 6, "an image's box of a name stands once"
    svit("contexts", "build", "--coco-instances", "x.json", "-o", "back.contexts")
    with ContextStore(tmp_path / "back.contexts") as store:
        [first, _] = store
    assert {(each.name, each.box.printed()) for each in first.objects} == {
        ("dog", (0.1, 0.2, 0.35, 0.4)), ("men", (0.1, 0.2, 0.35, 0.4)), ("men", (0.5, 0.5, 1.0, 1.0)),
    }  # fmt: skip


def test_an_empty_coco_file_is_one() -> None:
    info = {"description": "Boxes that the texts name, exported by svit"}
    empty = {"info": info, "licenses": [], "images": [], "annotations": [], "categories": []}
    assert json.loads(b"".join(coco_instances.document([]))) == empty


@pytest.mark.parametrize(
    "ids", [("a", 1_000_000_000), (1_000_000_001, "a"), ("a", "b", 1_000_000_000, 1_000_000_001), (7, "7", 10**9 + 1)]
)
def test_no_two_images_of_a_coco_file_have_one_number(ids: tuple[int | str, ...]) -> None:
    records = [{"image_id": name, "file_name": "x", "width": 1, "height": 1, "boxes": ()} for name in ids]
    images = json.loads(b"".join(coco_instances.document(records)))["images"]
    assert len({image["id"] for image in images}) == len(ids)


def test_rectangles_of_label_studio_are_of_the_image_where_the_texts_are_of_the_padded_square() -> None:
    of_image = label_studio.FORMAT.record(item(), label_studio.FORMAT.style(boxes="svit"))
    padded: dict[str, Any] = dict(
        label_studio.FORMAT.record(item(), label_studio.FORMAT.style(boxes="svit", padded=True))
    )
    assert padded["predictions"] == of_image["predictions"]
    assert padded["data"]["talk"][0]["value"] == "Where is the <st>dog<ed> [0.1, 0.275, 0.35, 0.425]?"


def test_label_studio_is_given_rectangles_that_its_interface_names(svit: Callable[..., str], tmp_path: Path) -> None:
    record: dict[str, Any] = dict(label_studio.FORMAT.record(item(), label_studio.FORMAT.style()))
    data, [prediction] = record["data"], record["predictions"]
    assert data["labels"] == [{"value": "dog"}, {"value": "both men"}]
    assert data["talk"][0] == {"from": "user", "value": "Where is the dog?"}
    first = prediction["result"][0]
    assert first["value"] == {
        "x": 10.0, "y": 20.0, "width": 25.0, "height": 20.0, "rotation": 0, "rectanglelabels": ["dog"],
    }  # fmt: skip
    written(tmp_path / "a.jsonl", [line(1)])
    svit("export", "a.jsonl", "-f", "label-studio", "-o", "out")
    view = ElementTree.parse(tmp_path / "out" / "labeling_config.xml").getroot()
    tags = {each.get("name"): each for each in view}
    box = tags[first["from_name"]]
    assert (box.tag.lower(), box.get("toName")) == (first["type"], first["to_name"])
    for tag in tags.values():
        assert str(tag.get("value")).removeprefix("$") in data
