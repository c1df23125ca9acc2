"""What a build says of the files it read: what was left out and where, what joins nothing, and what strict refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from svit.cli.annotation_options import Annotations
from svit.cli.dropped_table import dropped_table, loss_warnings
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.statistics import ContextTally
from svit.contexts.store import ContextStore, StoreSummary
from svit.errors import DataError
from svit.run.folder import RunFolder

IMAGES = [{"id": number, "width": 200, "height": 100, "file_name": f"{number}.jpg"} for number in (1, 2)]
LAMP = {"image_id": 1, "category_id": 3, "bbox": [20, 10, 40, 50]}
CATEGORIES = [{"id": 3, "name": "lamp"}, {"id": 4, "name": "desk"}]


def instances(path: Path, *changes: dict[str, Any], number: int = 3) -> Path:
    annotations = [{**LAMP, "id": row + 1} for row in range(number)]
    for row, change in enumerate(changes):
        annotations[row] |= change
    path.write_text(json.dumps({"images": IMAGES, "annotations": annotations, "categories": CATEGORIES}))
    return path


def captions(path: Path, *image_ids: int) -> Path:
    given = [{"id": row, "image_id": number, "caption": "A lamp."} for row, number in enumerate(image_ids)]
    images = [{**IMAGES[0], "id": number} for number in image_ids]
    path.write_text(json.dumps({"images": images, "annotations": given}))
    return path


def built(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, quiet: bool = False, **files: Any) -> str:
    Annotations.named(**files).build(tmp_path / "a.contexts", quiet=quiet)
    return capsys.readouterr().err


def test_what_is_left_out_is_told_by_reason_with_its_place_and_loudly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = instances(tmp_path / "i.json", {}, {"bbox": None}, {"category_id": None})
    said = built(tmp_path, capsys, coco_instances=[file])

    assert "category_unknown    1  " in said
    assert "i.json: record 1 of 'annotations'" in said
    assert "Warning: 2 of 3 objects (67 %) were dropped, see above." in said
    assert built(tmp_path, capsys, coco_instances=[file], quiet=True) == ""
    with ContextStore(tmp_path / "a.contexts") as store:
        assert (store.summary.lost, store.summary.read["object"]) == ({"object": 2}, 3)
        assert store.summary.places["category_unknown"] == (f"{file}: record 2 of 'annotations'",)


def test_a_few_are_no_reason_for_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = instances(tmp_path / "i.json", {"bbox": None}, number=40)

    assert "Warning" not in built(tmp_path, capsys, coco_instances=[file])


@pytest.mark.parametrize("change", [{"bbox": "x"}, {"category_id": None}, {"image_id": 9}, {"image_id": {}}])
def test_strict_refuses_what_would_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    file = instances(tmp_path / "i.json", {}, change)

    with pytest.raises(DataError, match=r"i\.json: record 1 of 'annotations': .*leave out --strict"):
        built(tmp_path, capsys, coco_instances=[file], strict=True)
    assert not (tmp_path / "a.contexts").exists()
    built(tmp_path, capsys, coco_instances=[instances(tmp_path / "i.json", {"iscrowd": 1})], strict=True)


def test_strict_refuses_a_store_that_was_built_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built(tmp_path, capsys, coco_instances=[instances(tmp_path / "i.json", {"bbox": None})])
    folder = RunFolder(tmp_path / "run")

    with pytest.raises(DataError, match="1 record was left out"):
        Annotations.named(tmp_path / "a.contexts", strict=True).store(folder)
    Annotations.named(tmp_path / "a.contexts").store(folder)


@pytest.mark.parametrize(
    ("captioned", "warned"),
    [
        ((7, 8), "Warning: no image has both objects and captions: 1 have objects in "),
        ((2,), "Warning: no image has both objects and captions: 1 have objects in "),
        ((1, 7), None),
        ((), "Warning: no image has both objects and captions: 1 have objects in "),
    ],
)
def test_coco_files_that_join_nothing_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], captioned: tuple[int, ...], warned: str | None
) -> None:
    files: dict[str, Any] = {
        "coco_instances": [instances(tmp_path / "i.json")],
        "coco_captions": [captions(tmp_path / "c.json", *captioned)],
    }
    said = built(tmp_path, capsys, **files)

    assert (warned in said) if warned else ("Warning" not in said)


def test_captions_that_no_image_of_visual_genome_has_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "vg"
    folder.mkdir()
    image = {"image_id": 1, "width": 200, "height": 100, "url": None, "coco_id": 42}
    (folder / "image_data.json").write_text(json.dumps([image]))
    (folder / "objects.json").write_text(json.dumps([{"image_id": 1, "objects": []}]))

    said = built(tmp_path, capsys, visual_genome=[folder], coco_captions=[captions(tmp_path / "c.json", 7)])
    assert "Warning: none of 1 image has a caption in " in said
    said = built(tmp_path, capsys, visual_genome=[folder], coco_captions=[captions(tmp_path / "c.json", 42)])
    assert "Warning" not in said


@pytest.mark.parametrize("place", ["i.json: record 3", "/long/folder" * 9 + "/instances.json: record 3", "x" * 300, ""])
def test_the_table_fits_in_80_columns_and_keeps_the_end_of_a_place(place: str) -> None:
    counts = {"object_box_missing": 1_234_567, "caption_missing": 3}
    lines = dropped_table(counts, {"object_box_missing": [place, "elsewhere"]}).splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("  object_box_missing  1,234,567")
    assert lines[0].endswith(place[-20:])
    assert lines[1] == "  caption_missing             3"


@pytest.mark.parametrize(
    ("read", "lost", "words"),
    [
        ({"object": 9000}, {"object": 1200}, ["Warning: 1,200 of 9,000 objects (13 %) were dropped, see above. "]),
        ({"object": 100}, {"object": 5}, []),
        ({}, {"caption": 2}, ["Warning: 2 of 2 captions (100 %) were dropped, see above. "]),
        ({"image": 10, "object": 10}, {"image": 1, "object": 1}, ["Warning: 1 of 10 images", "Warning: 1 of 10 obj"]),
        ({"object": 10}, {}, []),
    ],
)
def test_more_than_a_twentieth_is_warned_of(read: dict[str, int], lost: dict[str, int], words: list[str]) -> None:
    said = list(loss_warnings(summary({}, read, lost)))

    assert [sentence[: len(start)] for sentence, start in zip(said, words, strict=True)] == words


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"object_box_clipped": 51}, ["Warning: 51 of 100 objects' boxes were cut at the edge"]),
        ({"object_box_clipped": 50}, []),
        ({"relationship_end_unknown": 26}, ["26 % of the relationships belong to objects that"]),
        (
            {"relationship_end_unknown": 26, "attribute_object_unknown": 17},
            ["26 % of the relationships and 17 % of the attributes belong to objects that"],
        ),
        ({"relationship_end_unknown": 5, "attribute_object_unknown": 5}, []),
    ],
)
def test_what_many_counts_mean_is_said(counts: dict[str, int], words: list[str]) -> None:
    said = list(loss_warnings(summary(counts, {"object": 100, "relationship": 100, "attribute": 100}, {})))

    assert [sentence[: len(start)] for sentence, start in zip(said, words, strict=True)] == words


@pytest.mark.parametrize("annotations", [[], [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 0, 0]}]])
def test_a_build_that_knows_nothing_of_any_image_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], annotations: list[Any]
) -> None:
    path = tmp_path / "i.json"
    path.write_text(json.dumps({"images": IMAGES, "annotations": annotations, "categories": CATEGORIES}))

    assert "nothing is known of 2 images" in built(tmp_path, capsys, coco_instances=[path])


def summary(counts: dict[str, int], read: dict[str, int], lost: dict[str, int]) -> StoreSummary:
    dropped = Dropped()
    dropped.update(counts)
    dropped.read.update(read)
    dropped.lost.update(lost)
    return StoreSummary.of("", "", dropped, ContextTally().statistics())


UTF8 = {"LC_ALL": "C.UTF-8"}
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        (b"donn\xe9es", UTF8),
        (b"\xc4\xe3 a", ASCII),
        ("\u0434\u0430\u043d\u043d\u044b\u0435 \U0001f600".encode(), ASCII),
    ],
)
def test_folders_of_any_name_are_read_and_written(tmp_path: Path, name: bytes, locale: dict[str, str]) -> None:
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    instances(folder / "i.json", {"bbox": None}, {"category_id": 4, "bbox": [100, 0, 50, 90]})

    def svit(*words: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "svit", *(word.replace("@", str(folder)) for word in words)]
        done = subprocess.run(command, capture_output=True, env={**os.environ, **locale}, cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done

    svit("contexts", "build", "--coco-instances", "@/i.json", "-o", "@/o.contexts")
    svit("contexts", "stats", "@/o.contexts")
    generate = ("generate", "--task", "referring", "--limit", "1", "-q")
    for _ in range(2):
        svit(*generate, "--coco-instances", "@/i.json", "--run", "@/raw")
    svit(*generate, "--contexts", "@/o.contexts", "--run", "@/run")
    svit("regenerate", "@/run", "--task", "referring")
    assert json.loads((folder / "run" / "run.json").read_text())["contexts"]["images"] == 2
