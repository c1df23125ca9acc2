"""FiftyOne's datasets: what its FiftyOneDatasetImporter (1.22) does with the two files of a folder, restated here."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from exports.made import BOXES, item
from exports.test_exporting import line, written
from svit.cli import app
from svit.exports.base import Style
from svit.exports.formats import fiftyone

Document = dict[str, Any]
FILLED_IN = {"_id", "created_at", "last_modified_at", "_dataset_id"}
"""What the importer and the database put into a sample."""
KINDS: dict[str, type[Any]] = {
    "StringField": str, "IntField": int, "FloatField": float, "ListField": list, "DictField": dict,
    "EmbeddedDocumentField": dict,
}  # fmt: skip


def imported(folder: Path, pictures: str | None = None, tags: tuple[str, ...] = ()) -> tuple[Document, list[Document]]:
    """Read a folder as `from_dir` does; the importer without `rel_dir` is for metadata that has no version."""
    metadata = json.loads((folder / "metadata.json").read_text())
    assert "version" in metadata
    samples = []
    for sample in collection((folder / "samples.json").read_text()):
        sample["filepath"] = os.path.normpath(Path(pictures or folder, sample["filepath"]))
        sample["tags"].extend(tags)
        samples.append(sample)
    return metadata, samples


def collection(text: str) -> Iterator[Document]:
    """Yield the documents as `_import_collection_single` does: `samples` comes first, and nothing behind it."""
    assert re.match(r'\{\s*"samples"\s*:\s*\[', text)
    assert re.search(r"\]\s*\}\s*$", text)
    whole = json.loads(text)
    assert list(whole) == ["samples"]
    yield from whole["samples"]


def fits(document: Document, fields: list[Document], embedded: str = "") -> None:
    """Require that the schema has each member of a document, and with the kind that it has."""
    known = {field["db_field"]: field for field in fields}
    for name, value in document.items():
        if name == "_cls":
            assert embedded.endswith(f".{value}")
            continue
        field = known[name]
        kind = field["ftype"].removeprefix("fiftyone.core.fields.")
        if kind == "ObjectIdField":
            assert re.fullmatch("[0-9a-f]{24}", value["$oid"])
            continue
        assert type(value) is KINDS[kind], name
        if kind == "EmbeddedDocumentField":
            fits(value, field["fields"], field["embedded_doc_type"])
        if kind == "ListField":
            of = field["subfield"].removeprefix("fiftyone.core.fields.")
            assert all(type(each) is KINDS[of] for each in value), name
            for each in value if of == "EmbeddedDocumentField" else ():
                fits(each, field["fields"], field["embedded_doc_type"])


@pytest.fixture
def svit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        return " ".join(done.output.split())

    return run


def test_each_split_is_a_dataset_whose_samples_fit_its_fields(svit: Callable[..., str], tmp_path: Path) -> None:
    talk = ("Where is the dog?", f"The <st>dog<ed> {BOXES[0]} is by the <st>men<ed> {BOXES[0]}, {BOXES[1]}.")
    written(tmp_path / "a.jsonl", [line(n, "referring", *talk) for n in range(30)])
    svit("export", "a.jsonl", "-f", "fiftyone", "-o", "out", "--split", "train=0.7,test=0.3")
    found = 0
    for split in ("train", "test"):
        metadata, samples = imported(tmp_path / "out" / split, "/pictures", (split,))
        assert metadata["media_type"] == "image"
        known = {field["db_field"] for field in metadata["sample_fields"]}
        for sample in samples:
            assert sample.keys() | FILLED_IN == known
            assert sample["filepath"] == f"/pictures/vg/VG_100K/{sample['image_id']}.jpg"
            fits(sample, metadata["sample_fields"])
        found += len(samples)
    assert found == 30
    _, [first, *_] = imported(tmp_path / "out" / "train")
    assert first["filepath"].startswith(str(tmp_path / "out" / "train" / "vg"))
    svit("export", "a.jsonl", "-f", "fiftyone", "-o", "root", "--image-root", "/data")
    _, [first, *_] = imported(tmp_path / "root" / "train", "/pictures")
    assert first["filepath"].startswith("/data/vg/")


def test_a_sample_has_its_texts_and_each_box_of_a_name_once_in_shares_of_the_image() -> None:
    sample: Document = dict(fiftyone.FORMAT.record(item(), fiftyone.FORMAT.style()))
    assert sample["questions"] == ["Where is the dog?", "What does it do?"]
    assert sample["answers"] == ["Behind both men.", "It sleeps."]
    assert (sample["record_id"], sample["image_id"], sample["task"]) == ("2-referring", "2", "referring")
    boxes = sample["detections"]["detections"]
    assert [(each["label"], each["bounding_box"]) for each in boxes] == [
        ("dog", [0.1, 0.2, 0.25, 0.2]), ("both men", [0.1, 0.2, 0.25, 0.2]), ("both men", [0.5, 0.5, 0.5, 0.5]),
    ]  # fmt: skip
    assert len({each["_id"]["$oid"] for each in boxes}) == 3
    assert 0 <= sample["_rand"] < 1
    assert fiftyone.FORMAT.record(item(), fiftyone.FORMAT.style()) == sample


def test_detections_stay_where_they_are_when_the_texts_boxes_are_of_the_padded_square() -> None:
    padded: Document = dict(fiftyone.FORMAT.record(item(), fiftyone.FORMAT.style(boxes="svit", padded=True)))
    of_image = fiftyone.FORMAT.record(item(), fiftyone.FORMAT.style())
    assert padded["detections"] == of_image["detections"]
    assert padded["questions"][0] == "Where is the <st>dog<ed> [0.1, 0.275, 0.35, 0.425]?"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_file_is_one_list_of_samples(count: int) -> None:
    made = [fiftyone.FORMAT.record(item(n), Style()) for n in range(count)]
    assert list(collection(b"".join(fiftyone.document(made)).decode())) == made


def test_an_address_of_pictures_is_warned_of(svit: Callable[..., str], tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", [line(1)])
    said = svit("export", "a.jsonl", "-f", "fiftyone", "-o", "out", "--image-root", "gs://bucket/pictures")
    assert "FiftyOne opens files: it takes an address of --image-root for a path." in said


def test_a_folder_of_a_split_is_called_by_its_name(svit: Callable[..., str], tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", [line(1)])
    svit("export", "a.jsonl", "-f", "fiftyone", "-o", "out")
    assert "is a dataset of FiftyOne, which is not read" in svit("check", "out/train", code=2)
