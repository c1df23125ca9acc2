"""Exports as the libraries that they are for read them; skipped where those are not installed."""

import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exports.made import item, png, rows
from svit.exports.base import Format, Item, Style
from svit.exports.formats import hugging_face, trl, webdataset
from svit.exports.parquet_files import write_table
from svit.exports.webdataset_files import write_archives

SCRIPT = Path(__file__).parents[2] / "scripts" / "check-training"


def needed(name: str) -> Any:
    """Return the library; what it warns about when it is imported is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} is not installed")


def picture(one: Item) -> bytes:
    return png(80, 60, int(one.image_id))


def loaded(path: Path, form: Format, pictures: bool) -> Any:
    datasets = needed("datasets")
    write_table(path / "t.parquet", rows(form, 3), features=form.features, pictures=picture if pictures else None)
    where = {"data_files": str(path / "t.parquet"), "cache_dir": str(path / "cache")}
    return datasets.load_dataset("parquet", split="train", **where)


@pytest.mark.parametrize("form", [trl.FORMAT, hugging_face.FORMAT], ids=lambda form: form.name)
@pytest.mark.filterwarnings("ignore")
def test_datasets_reads_rows_and_pictures(form: Format, tmp_path: Path) -> None:
    read = loaded(tmp_path, form, pictures=True)
    for n, got in enumerate(read):
        [image] = got.pop("images", None) or [got.pop("image")]
        assert (image.size, image.getpixel((0, 0))) == ((80, 60), n)
        record = form.record(item(n), Style())
        assert got == {name: value for name, value in record.items() if name not in ("image", "images")}
    assert len(read) == 3


@pytest.mark.filterwarnings("ignore")
def test_datasets_knows_a_path_as_an_image(tmp_path: Path) -> None:
    datasets = needed("datasets")
    read = loaded(tmp_path, hugging_face.FORMAT, pictures=False)
    assert read.features["image"] == datasets.Image()
    undecoded = read.cast_column("image", datasets.Image(decode=False))
    assert undecoded[1]["image"] == {"bytes": None, "path": "vg/VG_100K/1.jpg"}


@pytest.mark.filterwarnings("ignore")
def test_trl_puts_one_picture_before_the_first_question(tmp_path: Path) -> None:
    prepared = needed("trl.data_utils").prepare_multimodal_messages
    for row in loaded(tmp_path, trl.FORMAT, pictures=True):
        [first, *others] = prepared(row["messages"], images=row["images"])
        assert [part["type"] for part in first["content"]] == ["image", "text"]
        assert first["content"][0]["image"].size == (80, 60)
        assert {part["type"] for message in others for part in message["content"]} == {"text"}
        assert [message["role"] for message in (first, *others)] == ["user", "assistant"] * 2


@pytest.mark.filterwarnings("ignore")
def test_webdataset_reads_pictures_and_records_of_all_shards(tmp_path: Path) -> None:
    library = needed("webdataset")
    form = webdataset.FORMAT
    written = write_archives(tmp_path, "t", rows(form, 5), pictures=picture, per_tar=2)
    shards = [str(tmp_path / file.name) for file in written]
    read: Sequence[Any] = list(library.WebDataset(shards, shardshuffle=False).decode("pil"))
    assert [sample["__key__"] for sample in read] == [f"{n}-referring" for n in range(5)]
    for n, sample in enumerate(read):
        assert (sample["png"].size, sample["png"].getpixel((0, 0))) == ((80, 60), (n, n, n))
        assert sample["json"] == form.record(item(n), Style())


def test_a_tiny_model_takes_a_training_step() -> None:
    for name in ("torch", "transformers", "trl", "datasets", "webdataset"):
        needed(name)
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trl: 8 rows; a step on 4 pictures" in done.stdout
