"""Records of chats by role, word for word, and the rules that their readers have for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from exports.made import item
from svit.cli import app
from svit.exports.minicpm_v import FORMAT as MINICPM_V


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chats") / "run"
    svit("generate", "--task", "all", "--run", folder, "-q")
    return folder


def svit(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


# --- MiniCPM-V ---


def test_a_record_of_minicpm_v_word_for_word() -> None:
    assert MINICPM_V.record(item(), MINICPM_V.style()) == {
        "id": "2-referring",
        "image": "vg/VG_100K/2.jpg",
        "width": 800,
        "height": 600,
        "conversations": [
            {"role": "user", "content": "<image>\nWhere is the <ref>dog</ref><box>100 200 350 400</box>?"},
            {
                "role": "assistant",
                "content": "Behind <ref>both men</ref><box>100 200 350 400</box><box>500 500 1000 1000</box>.",
            },
            {"role": "user", "content": "What does it do?"},
            {"role": "assistant", "content": "It sleeps."},
        ],
    }


def read_as_openbmb(entry: Any, opened: Callable[[str], None]) -> None:
    """Restate what `SupervisedDataset` and `preprocess` demand of an entry of the list."""
    assert isinstance(entry["image"], str), "a dict would be several pictures, named <image_00>, <image_01>"
    opened(entry["image"])
    turns = entry["conversations"]
    assert len(turns) > 1
    assert turns[0]["role"] == "user"
    assert {turn["role"] for turn in turns} == {"user", "assistant"}
    assert sum(turn["content"].count("<image>") for turn in turns) == turns[0]["content"].count("<image>") == 1


@pytest.mark.parametrize("more", [(), ("--merge-per-image", "--boxes", "none")], ids=str)
def test_minicpm_v_can_read_every_entry_of_the_list(more: tuple[str, ...], run: Path, tmp_path: Path) -> None:
    svit("export", run, "-f", "minicpm-v", "-o", tmp_path / "x.json", "--image-root", "/pictures", *more)
    entries = json.loads((tmp_path / "x.json").read_text())
    images: list[str] = []
    for entry in entries:
        read_as_openbmb(entry, images.append)
    assert len(entries) == (8 if more else 32)
    assert all(image.startswith("/pictures/images/") for image in images)
