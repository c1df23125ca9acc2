"""Files that name images, in the forms that people have them in."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exports.test_exporting import line, written
from svit.cli import app
from svit.errors import DataError, SvitError
from svit.exports.base import Item, TextGroup
from svit.exports.image_ids import read_image_ids

FORMS = {
    "numbers in lines": "3\n\n 42 \n",
    "with a mark before": "\ufeff3\n42\n",
    "one line of numbers": "3, 42\n",
    "a JSON list": "[3, 42]",
    "a JSON list of texts": '["3", "42"]',
    "numbers of a table's writer": "image_id,score\n3.0,0.5\n42.0,0.7\n",
    "another column": "score\tid\n0.5\t3\n0.1\t42\n",
    "lines of objects": '{"image_id": 3, "task": "x"}\n{"image_id": "42"}\n',
    "paths": "VG_100K/3.jpg\nvg/VG_100K_2/42.png\n",
    "Windows' paths": "VG_100K\\3.jpg\nVG_100K\\42.JPG\n",
    "COCO's names": "COCO_train2014_000000000003.jpg\ntrain2017/000000000042.jpg\n",
    "COCO's file": json.dumps(
        {"images": [{"id": 3}, {"id": 42}], "annotations": [{"id": 5, "image_id": 5}], "categories": [{"id": 6}]}
    ),
    "LLaVA's list": '[{"id": "3", "image": "x/3.jpg"}, {"id": "42", "image": "x/42.jpg"}]',
}


def item(image: int | str, path: str = "") -> Item:
    return Item("k", image, path or f"vg/VG_100K/{image}.jpg", 9, 9, "t", (TextGroup(("a", "b")),))


@pytest.mark.parametrize("form", FORMS)
def test_images_are_named_in_any_of_these_forms(form: str, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text(FORMS[form], encoding="utf-8")
    ids = read_image_ids("--image-ids", tmp_path / "ids")
    assert [image for image in (*range(1, 50), "5", "6") if ids.has(item(image))] == [3, 42]
    assert ids.has(item("42"))
    assert "2 of 2 images" in ids.told()


def test_an_image_of_coco_is_known_by_its_file_whatever_its_id(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("42\n")
    ids = read_image_ids("--image-ids", tmp_path / "ids")
    assert ids.has(item("a", "coco/train2014/COCO_train2014_000000000042.jpg"))
    assert not ids.has(item("b", "coco/42nd.jpg"))
    assert not ids.has(item(43))


def test_how_many_were_met_is_said_and_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("1\n2\n77\n")
    ids = read_image_ids("--exclude-ids", tmp_path / "ids")
    with pytest.raises(SvitError, match=r"--exclude-ids: none of the 3 images in .*ids is among these samples"):
        ids.told()
    for image in (1, 2, 3):
        ids.has(item(image))
    assert ids.told().startswith("--exclude-ids: 2 of 3 images")


@pytest.mark.parametrize("text", ["\n", "[]", "{}", "[null, true]"])
def test_a_file_that_names_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text(text)
    with pytest.raises(DataError, match="no id"):
        read_image_ids("--image-ids", tmp_path / "ids")


@pytest.mark.parametrize("output", ["out", "x.jsonl", "-"])
def test_an_export_by_ids_says_how_many_matched_and_leaves_nothing_where_none_did(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.jsonl", [line(1), line(2), line(3)])
    (tmp_path / "ids").write_text("2\n3\n9\n")
    words = ["export", "a.jsonl", "-f", "llava-next", "-o", output]
    done = CliRunner().invoke(app, [*words, "--image-ids", "ids"])
    assert done.exit_code == 0
    assert "--image-ids: 2 of 3 images in ids are among the samples." in done.stderr
    (tmp_path / "none").write_text("77\n")
    for path in (tmp_path / "out").glob("*"):
        path.unlink()
    (tmp_path / "x.jsonl").unlink(missing_ok=True)
    done = CliRunner().invoke(app, [*words, "--exclude-ids", "none"])
    assert done.exit_code == 2
    assert "none of the 1 image in none" in done.stderr
    assert not (tmp_path / "x.jsonl").exists()
    assert not list((tmp_path / "out").glob("*"))
