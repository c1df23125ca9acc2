"""The whole way on real annotations: every image ends in a sample or in a rejection with its reason."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from svit.contexts.store import ContextStore

pytestmark = pytest.mark.real
TASKS = ("conversation", "complex_reasoning", "detail_description", "referring")


def inputs(real: Path, name: str) -> list[str]:
    genome, coco = real / "visual_genome", real / "coco"
    options: dict[str, dict[str, list[Path]]] = {
        "v1.0": {"--visual-genome": [genome / "v1.0"]},
        "v1.2": {"--visual-genome": [genome / "v1.2"]},
        "v1.4": {"--visual-genome": [genome / "v1.4", genome / "v1.2"]},
        "vg_coco_52": {
            "--visual-genome": [real / "vg_coco_52"],
            "--coco-captions": [real / "vg_coco_52" / "captions_val2017.json"],
        },
        "coco": {
            "--coco-instances": [coco / "instances_val2017.json"],
            "--coco-captions": [coco / "captions_val2017_79.json"],
        },
    }
    return [str(word) for option, paths in options[name].items() for path in paths for word in (option, path)]


@pytest.mark.parametrize(
    ("name", "images", "least"),
    [("v1.0", 5, 5), ("v1.2", 100, 98), ("v1.4", 100, 90), ("vg_coco_52", 52, 50), ("coco", 79, 0)],
)
def test_no_image_is_lost_or_there_twice(real: Path, tmp_path: Path, name: str, images: int, least: int) -> None:
    """`least` is how many images must have a sample for every task: 98 of the 100 of v1.2 is the project's own bar."""
    command = [sys.executable, "-m", "svit", "generate", "--task", "all", "--run", "r", *inputs(real, name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    with ContextStore(tmp_path / "r" / "contexts.db") as store:
        expected = [int(context.image_id) for context in store]
        if name == "vg_coco_52":
            assert min(len(context.captions) for context in store) >= 5
    assert len(expected) == len(set(expected)) == images
    complete = set(expected)
    for task in TASKS:
        with_sample = ids(tmp_path / "r" / task / "00000.jsonl")
        rejections = lines(tmp_path / "r" / task / "00000.rejected.jsonl")
        assert sorted(with_sample + [line["image_id"] for line in rejections]) == sorted(expected)
        assert with_sample == [image for image in expected if image in set(with_sample)], "samples are in context order"
        assert all(line["flaws"] for line in rejections)
        complete &= set(with_sample)
    assert len(complete) >= least, f"{name}: {len(complete)} of {images} images have a sample for every task"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def ids(path: Path) -> list[int]:
    return [line["image_id"] for line in lines(path)]
