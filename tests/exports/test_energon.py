"""Energon's folder: what is in it, and that samples are found by the index as Energon finds them."""

import json
import struct
import tarfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from exports.made import item, png, rows
from svit.cli import app
from svit.exports.base import ExportedFile
from svit.exports.formats.energon import FORMAT
from svit.exports.webdataset_files import write_archives

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def svit(*words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a run of the bundled sample."""
    here = tmp_path_factory.mktemp("energon")
    svit("generate", "--task", "all", "--run", here / "run", "-q")
    words = ("--images", SAMPLE, "--split", "train=0.7,val=0.3", "-q")
    svit("export", here / "run", "-f", "energon", "-o", here / "out", *words)
    return here / "out"


def test_a_record_word_for_word() -> None:
    dog = '{"bbox_2d": [100, 200, 350, 400], "label": "dog"}'
    men = f'[{dog.replace("dog", "both men")}, {{"bbox_2d": [500, 500, 1000, 1000], "label": "both men"}}]'
    assert FORMAT.record(item(), FORMAT.style()) == {
        "image": "vg/VG_100K/2.jpg",
        "image_id": 2,
        "width": 800,
        "height": 600,
        "task": "referring",
        "conversations": [
            {"from": "human", "value": f"<image>\nWhere is the {dog}?"},
            {"from": "gpt", "value": f"Behind {men}."},
            {"from": "human", "value": "What does it do?"},
            {"from": "gpt", "value": "It sleeps."},
        ],
        "boxes": [
            {"name": "dog", "box": [80.0, 120.0, 280.0, 240.0]},
            {"name": "both men", "box": [80.0, 120.0, 280.0, 240.0]},
            {"name": "both men", "box": [400.0, 300.0, 800.0, 600.0]},
        ],
    }


def test_the_files_beside_the_shards_word_for_word() -> None:
    written = [
        ExportedFile("train-000000.tar", "train", 1000),
        ExportedFile("train-000001.tar", "train", 7),
        ExportedFile("val-000000.tar", "val", 9),
    ]
    beside = FORMAT.sidecars(written, FORMAT.style(dataset="mine"))
    assert {name: yaml.safe_load(str(text)) for name, text in beside.items()} == {
        ".nv-meta/dataset.yaml": {
            "__module__": "megatron.energon",
            "__class__": "CrudeWebdataset",
            "subflavors": {"dataset": "mine"},
        },
        ".nv-meta/chatml.yaml": {
            "__module__": "megatron.bridge.data.energon.task_encoder_utils",
            "__class__": "ChatMLWebdataset",
            "field_map": {"imgs": "jpg,png", "conversation": "json"},
            "subflavors": {"dataset": "mine"},
        },
        ".nv-meta/split.yaml": {
            "split_parts": {"train": ["train-000000.tar", "train-000001.tar"], "val": ["val-000000.tar"]},
            "exclude": [],
        },
        ".nv-meta/.info.yaml": {"shard_counts": {"train-000000.tar": 1000, "train-000001.tar": 7, "val-000000.tar": 9}},
        "megatron-bridge.yaml": {
            "__module__": "megatron.energon",
            "__class__": "MetadatasetV2",
            "splits": {
                "train": {"path": ".", "dataset_config": "chatml.yaml", "split_part": "train"},
                "val": {"path": ".", "dataset_config": "chatml.yaml", "split_part": "val"},
            },
        },
    }


def samples(tar: Path) -> list[dict[str, bytes]]:
    """Return the samples of a shard as Energon's reader takes them: the bytes between two places of the index."""
    index = tar.with_suffix(".tar.idx").read_bytes()
    places = struct.unpack(f"<{len(index) // 8}Q", index)
    body = tar.read_bytes()
    found = []
    for begin, end in pairwise(places):
        with tarfile.open(fileobj=BytesIO(body[begin:end])) as part:
            names = part.getnames()
            assert len({name.partition(".")[0] for name in names}) == 1, "one sample, and all of it"
            found.append({name.partition(".")[2]: part.extractfile(name).read() for name in names})  # type: ignore[union-attr]
    return found


def test_every_sample_is_found_by_the_index_and_counted(folder: Path) -> None:
    def read(name: str) -> Any:
        return yaml.safe_load((folder / ".nv-meta" / name).read_text())

    counts, parts = read(".info.yaml")["shard_counts"], read("split.yaml")["split_parts"]
    assert list(parts) == ["train", "val"]
    assert sorted(shard for shards in parts.values() for shard in shards) == sorted(counts)
    found = {shard: samples(folder / shard) for shard in counts}
    assert {shard: len(here) for shard, here in found.items()} == counts
    assert sum(counts.values()) == 32
    for sample in (sample for here in found.values() for sample in here):
        record = json.loads(sample["json"])
        assert sample["jpg"] == (SAMPLE / record["image"]).read_bytes()
        assert [turn["from"] for turn in record["conversations"][:2]] == ["human", "gpt"]


def test_bridge_opens_the_same_shards(folder: Path) -> None:
    bridge = yaml.safe_load((folder / "megatron-bridge.yaml").read_text())
    for split, of in bridge["splits"].items():
        there = folder / of["path"] / ".nv-meta"
        assert (there / of["dataset_config"]).is_file()
        assert of["split_part"] == split in yaml.safe_load((there / "split.yaml").read_text())["split_parts"]


def test_an_index_goes_with_its_shard(tmp_path: Path) -> None:
    write_archives(tmp_path, "train", rows(FORMAT, 9), pictures=lambda _: png(2, 2), per_tar=4, indexed=True)
    assert [len(samples(path)) for path in sorted(tmp_path.glob("*.tar"))] == [4, 4, 1]
    write_archives(tmp_path, "train", rows(FORMAT, 3), per_tar=4)
    assert [path.name for path in tmp_path.iterdir()] == ["train-000000.tar"], "the indexes are gone with the others"


def test_what_is_pushed_has_the_indexes_and_what_is_missing_is_said(folder: Path, tmp_path: Path) -> None:
    run = folder.parent / "run"
    told = json.loads(svit("export", run, "-f", "energon", "-o", tmp_path / "a", "--images", SAMPLE, "--json"))
    assert {"train-000000.tar.idx", ".nv-meta/split.yaml", "megatron-bridge.yaml"} < set(told["others"])
    assert all((tmp_path / "a" / name).is_file() for name in told["others"])
    assert "The samples have no pictures: --images DIR" in svit("export", run, "-f", "energon", "-o", tmp_path / "b")
