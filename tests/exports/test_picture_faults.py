"""An export over pictures of which some cannot go out: what is said, what the card says, what is in the files."""

import shutil
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from exports.made import png
from svit.cli import app
from svit.resources import SAMPLE

Image: Any = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
TASKS = ("referring", "detail_description")


def svit(*words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults") / "r"
    svit("generate", *(word for task in TASKS for word in ("--task", task)), "--run", folder, "-q")
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE / "images", tmp_path / "images")
    return tmp_path / "images"


def resized(share: float, other: float | None = None) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        with Image.open(BytesIO(body)) as image:
            written = BytesIO()
            image.resize((round(image.width * share), round(image.height * (other or share)))).save(written, "JPEG")
        return written.getvalue()

    return change


def as_bmp(body: bytes) -> bytes:
    written = BytesIO()
    with Image.open(BytesIO(body)) as image:
        image.save(written, "BMP")
    return written.getvalue()


BROKEN = "picture_broken"
CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (lambda body: body[: len(body) // 2], BROKEN),
    "empty": (lambda body: b"", BROKEN),
    "a page": (lambda body: b"<!DOCTYPE html><title>404</title>", BROKEN),
    "a bitmap": (as_bmp, "picture_other_kind"),
    "another picture": (lambda body: png(64, 64), "picture_size_differs"),
    "stretched": (resized(1, 0.5), "picture_size_differs"),
    "smaller": (resized(0.5), "picture_size_differs"),
}


def members(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as tar:
            found.update(name.removesuffix(".json") for name in tar.getnames() if name.endswith(".json"))
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_what_cannot_go_out_is_left_out_counted_and_named(change: str, run: Path, images: Path, tmp_path: Path) -> None:
    changed, fault = CHANGES[change]
    path = images / "china.jpg"
    path.write_bytes(changed(path.read_bytes()))
    said = svit("export", run, "-f", "webdataset", "-o", tmp_path / "w", "--images", images)
    kept = {"7-detail_description"} if fault == "picture_size_differs" else set()
    assert {name for name in members(tmp_path / "w") if name.startswith("7-")} == kept
    assert len(members(tmp_path / "w")) == 14 + len(kept), "the others are all there"
    lost = 2 - len(kept)
    assert f"  {fault}  {lost}\n" in said
    assert f"{fault}, the first: images/china.jpg" in said
    card = (tmp_path / "w" / "README.md").read_text()
    assert f"| `{fault}` | {lost} |" in card
    assert ("1 record went out with a picture of another size" in said) == bool(kept)
    assert ("on which no box depends: 1 record." in card) == bool(kept)


def test_a_smaller_copy_goes_out_where_boxes_are_shares_alone(run: Path, images: Path, tmp_path: Path) -> None:
    path = images / "china.jpg"
    path.write_bytes(resized(0.5)(path.read_bytes()))
    said = svit("export", run, "-f", "trl", "-o", tmp_path / "t", "--images", images)
    assert "train.parquet: 16 records" in said
    assert "2 records went out with a picture of another size" in said
    assert "Left out" not in said


def test_each_split_is_counted(run: Path, images: Path, tmp_path: Path) -> None:
    for path in images.iterdir():
        path.write_bytes(b"")
    said = svit("export", run, "-f", "hf", "-o", tmp_path / "h", "--images", images, "--split", "train=0.5,test=0.5")
    assert "picture_broken  16" in said


def test_whole_pictures_say_nothing(run: Path, images: Path, tmp_path: Path) -> None:
    said = svit("export", run, "-f", "hf", "-o", tmp_path / "h", "--images", images)
    assert "16 records" in said
    assert "picture_" not in said.replace(str(tmp_path), "")
    assert "Left out of the files" not in (tmp_path / "h" / "README.md").read_text()
