"""`svit check` of a run's folder: with its own contexts, whole and partial shards, and runs that have no sample."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from svit.cli import app
from svit.datasets.audit import audit


def svit(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def run(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    svit("generate", "--task", "all", "--run", folder, "-q")
    return folder


def shard(run: Path, task: str = "referring") -> Path:
    return run / task / "00000.jsonl"


def test_a_run_is_compared_with_its_own_contexts(run: Path) -> None:
    report = audit(run)
    assert report.contexts
    assert (report.contexts.file, report.contexts.with_context) == (str(run / "contexts.db"), 32)
    lines = shard(run).read_text().splitlines()
    moved = json.loads(lines[2])
    turn = moved["conversations"][0]["content"][1]
    turn["value"] += " See the <st>tower<ed> [0.0, 0.0, 0.01, 0.01]."
    shard(run).write_text("\n".join([*lines[:2], json.dumps(moved), *lines[3:]]) + "\n")
    words = svit("check", run)
    assert "box_not_annotated" in words
    assert f"referring/00000.jsonl, line 3, image {moved['image_id']}" in words


@pytest.mark.parametrize("lost", ["missing", "another", "damaged"])
def test_without_its_own_contexts_a_run_is_judged_by_its_text(lost: str, run: Path, tmp_path: Path) -> None:
    (run / "contexts.db").unlink()
    if lost == "another":
        svit("generate", "--task", "referring", "--run", tmp_path / "other", "--limit", "2", "-q")
        svit("contexts", "build", "--jsonl", _own(tmp_path), "-o", run / "contexts.db")
    if lost == "damaged":
        (run / "contexts.db").write_bytes(b"SQLite format 3\0" + bytes(90))
    report = audit(run)
    assert report.contexts is None
    assert report.records == 32
    assert "Judged by the text alone" in svit("check", run)


def _own(folder: Path) -> Path:
    path = folder / "own.jsonl"
    path.write_text('{"image_id": 1, "image": "a.jpg", "width": 9, "height": 9, "captions": ["A cat."]}\n')
    return path


def test_partial_shards_are_read_and_rejections_are_not(run: Path) -> None:
    shard(run).rename(run / "referring" / "00000.partial.jsonl")
    rejection = {"image_id": 1, "task": "conversation", "text": "x", "flaws": [{"code": "refusal", "words": "x"}]}
    (run / "conversation" / "00000.rejected.jsonl").write_text(json.dumps(rejection) + "\n")
    report = audit(run)
    assert (report.records, report.damaged) == (32, 0)


@pytest.mark.parametrize("left", ["nothing", "rejections", "empty folders"])
def test_a_run_without_a_sample_is_told(left: str, run: Path) -> None:
    rejection = {"image_id": 1, "task": "conversation", "text": "x", "flaws": [{"code": "refusal", "words": "x"}]}
    for task in ("conversation", "complex_reasoning", "detail_description", "referring"):
        shutil.rmtree(run / task)
        if left != "nothing":
            (run / task).mkdir()
        if left == "rejections":
            (run / task / "00000.rejected.jsonl").write_text(json.dumps(rejection) + "\n")
    words = svit("check", run, code=2)
    assert "no sample of this run is in a file" in words
    assert ("all 4 answers that are in one were rejected" in words) == (left == "rejections")
    assert f"svit status {run}" in words


def test_a_folder_within_a_run_is_read_as_files(run: Path) -> None:
    assert audit(run / "referring").records == 8


@pytest.mark.parametrize("what", ["own.txt", "data.parquet", None])
def test_a_folder_without_data_is_named(what: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    if what:
        (folder / what).write_bytes(b"x")
    words = svit("check", folder, code=2)
    assert "is a folder, not a file" in words
    assert ("its data is in .parquet files" in words) == (what == "data.parquet")
