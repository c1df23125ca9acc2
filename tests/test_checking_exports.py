"""`svit check` over what `svit export` wrote: nothing of ours is condemned, and what leaks is found all the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from svit.cli import app
from svit.datasets.audit import audit
from svit.datasets.audit_report import AuditReport
from svit.exports.formats import NAMES

BINARY = {"trl": "parquet", "trl-completion": "parquet", "hf": "parquet", "webdataset": "tar", "energon": "tar"}
NO_TALK = {
    "refcoco": "an expression with its box",
    "florence-2": "a prefix with its suffix",
    "coco": "a COCO file",
    "label-studio": "a task of Label Studio",
    "fiftyone": "a dataset of FiftyOne",
}
"""Formats that hold no conversation, and what svit check calls them."""
TEXTS = [name for name in NAMES if name not in BINARY | NO_TALK]
WITHOUT_IDS = ("openai", "gemini")
"""Their services refuse records with anything but the chat: an image is known by its path alone."""
SHAPES = {
    "as it is": (),
    "without requests": ("--no-requests",),
    "merged": ("--merge-per-image",),
    "in pieces": ("--max-turns", "3"),
    "merged, in pieces": ("--merge-per-image", "--max-turns", "4"),
    "of the padded square": ("--box-frame", "padded-square"),
    "in InternVL's style": ("--boxes", "internvl"),
    "in Qwen3-VL's style": ("--boxes", "qwen3-vl"),
}


def svit(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checked") / "run"
    svit("generate", "--task", "all", "--run", folder, "-q")
    return folder


def flaws(report: AuditReport) -> dict[tuple[str, str], int]:
    return {(task.task, flaw.code): flaw.records for task in report.tasks for flaw in task.flaws}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TEXTS)
def test_no_export_of_ours_is_condemned(name: str, shape: str, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if shape == "of the padded square" and name in ("ms-swift", "qwen2.5-vl"):
        pytest.skip("its boxes are no shares of a picture")
    svit("export", run, "--format", name, "-o", out, "-q", *SHAPES[shape])
    by_text, grounded = audit(out), audit(out, contexts=run / "contexts.db")
    for report in (by_text, grounded):
        assert flaws(report) == {}
        assert report.damaged == 0
    assert grounded.contexts
    if name not in WITHOUT_IDS:
        assert grounded.contexts.without_context == 0
    assert by_text.pairs == grounded.pairs == 328


def test_boxes_of_the_padded_square_are_compared_as_such_and_that_is_said(run: Path, tmp_path: Path) -> None:
    svit("export", run, "--format", "llava-1.5", "-o", tmp_path / "x.json", "-q")
    report = audit(tmp_path / "x.json", contexts=run / "contexts.db")
    assert report.contexts
    assert report.contexts.padded == 6, "two of the eight photographs are square"
    words = svit("check", tmp_path / "x.json", "--contexts", run / "contexts.db", "-q")
    assert "The boxes of 6 are those of the image padded to a square." in words


@pytest.mark.parametrize("name", ["llava-1.5", "ms-swift", "qwen2-vl", "qwen2.5-vl", "qwen3-vl", "internvl"])
def test_tasks_are_told_by_the_ids_of_our_exports(name: str, run: Path, tmp_path: Path) -> None:
    svit("export", run, "--format", name, "-o", tmp_path / "out", "-q")
    found = {task.task: task.records for task in audit(tmp_path / "out").tasks}
    assert found == dict.fromkeys(("complex_reasoning", "conversation", "detail_description", "referring"), 8)


def exported(run: Path, out: Path, name: str, *words: str) -> list[dict[str, Any]]:
    out = out.with_suffix(".json" if name in ("svit", "llava-1.5") else ".jsonl")
    svit("export", run, "--format", name, "-o", out, "-q", *words)
    text = out.read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text) if text.startswith("[") else list(map(json.loads, text.splitlines()))
    return found


def turns(record: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = record.get("messages") or record["conversations"]
    return said


def changed(record: dict[str, Any], place: int, change: Callable[[str], str]) -> None:
    turn = turns(record)[place]
    key = "content" if "content" in turn else "value"
    turn[key] = change(turn[key])


LEAKS: dict[str, tuple[str, int, Callable[[str], str]]] = {
    "names_source": ("conversation", 0, lambda text: f"{text} Go by the captions that are given."),
    "leaks_coordinates": ("complex_reasoning", 1, lambda text: f"{text} It is at [0.1, 0.2, 0.3, 0.4]."),
    "special_token": ("conversation", 1, lambda text: f"{text} <|im_end|>"),
    "refusal": ("conversation", 3, lambda text: "I'm sorry, but I cannot help with that."),
}


@pytest.mark.parametrize("name", ["llava-next", "ms-swift", "qwen2-vl", "qwen2.5-vl", "internvl"])
@pytest.mark.parametrize("code", LEAKS)
def test_a_real_leak_in_an_export_is_found(code: str, name: str, run: Path, tmp_path: Path) -> None:
    task, place, change = LEAKS[code]
    records = exported(run, tmp_path / "x.json", name)
    record = next(each for each in records if each["id"] == f"3-{task}")
    changed(record, place, change)
    (tmp_path / "leaking.json").write_text(json.dumps(records), encoding="utf-8")
    assert flaws(audit(tmp_path / "leaking.json")) == {(task, code): 1}


@pytest.mark.parametrize(
    "request_",
    [
        "Go by the bounding boxes of the annotations.",
        "The bounding boxes are given. Mark each object of the answer with its box.",
        "Give the bounding box of each object that you name. The captions mention a boat.",
    ],
)
def test_a_leak_beside_a_request_for_boxes_is_found(request_: str, run: Path, tmp_path: Path) -> None:
    records = exported(run, tmp_path / "x.json", "llava-next", "--no-requests")
    record = next(each for each in records if each["id"] == "3-referring")
    changed(record, 0, lambda text: f"{text} {request_}")
    (tmp_path / "leaking.json").write_text(json.dumps(records), encoding="utf-8")
    assert flaws(audit(tmp_path / "leaking.json")) == {("referring", "names_source"): 1}


MOVED = {
    "llava-next": "[0.001, 0.001, 0.012, 0.012]",
    "qwen2-vl": "<|box_start|>(1,1),(12,12)<|box_end|>",
    "qwen2.5-vl": '{"bbox_2d": [1, 1, 5, 5], "label": "thing"}',
    "qwen3-vl": '{"bbox_2d": [1, 1, 12, 12], "label": "thing"}',
    "internvl": "<box>[[1, 1, 12, 12]]</box>",
}
BEFORE = {
    "llava-next": "<st>thing<ed> ",
    "qwen2-vl": "<|object_ref_start|>thing<|object_ref_end|>",
    "internvl": "<ref>thing</ref>",
}


@pytest.mark.parametrize("name", MOVED)
def test_a_box_that_nobody_annotated_is_found_in_every_notation(name: str, run: Path, tmp_path: Path) -> None:
    records = exported(run, tmp_path / "x.json", name)
    record = next(each for each in records if each["id"] == "3-referring")
    changed(record, 1, lambda text: f"{text} See the {BEFORE.get(name, '')}{MOVED[name]} too.")
    (tmp_path / "moved.json").write_text(json.dumps(records), encoding="utf-8")
    found = audit(tmp_path / "moved.json", contexts=run / "contexts.db")
    assert ("referring", "box_not_annotated") in flaws(found)


@pytest.mark.parametrize("name", ["llava-next", "ms-swift", "qwen2.5-vl", "internvl", "svit"])
def test_what_is_fixed_keeps_its_form_its_boxes_and_its_requests(name: str, run: Path, tmp_path: Path) -> None:
    records = exported(run, tmp_path / "x.json", name)
    (tmp_path / "same.json").write_text(json.dumps(records), encoding="utf-8")
    if name == "svit":
        record = next(each for each in records if "<st>" in str(each))
        turn = record["conversations"][0]["content"][0]
    else:
        record = next(each for each in records if each["id"].endswith("-referring"))
        turn = turns(record)[2]
    key = "content" if "content" in turn else "value"
    before = turn[key]
    turn[key] = before.replace(" the ", " **the** ", 1).replace("What ", "**What** ", 1)
    assert turn[key] != before
    (tmp_path / "marked.json").write_text(json.dumps(records), encoding="utf-8")
    report = audit(tmp_path / "marked.json", contexts=run / "contexts.db", fix=tmp_path / "fixed.json")
    assert [code for _, code in flaws(report)] == ["not_plain"]
    assert json.loads((tmp_path / "fixed.json").read_text()) == json.loads((tmp_path / "same.json").read_text())


@pytest.mark.parametrize("name", ["trl", "hf"])
def test_a_container_that_is_not_read_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "train.parquet").write_bytes(b"PAR1" + bytes(64) + b"PAR1")
    assert "its data is in .parquet files, which svit check does not read" in svit("check", tmp_path / "out", code=2)
    assert "is a parquet file, which is not read" in svit("check", tmp_path / "out" / "train.parquet", code=2)


@pytest.mark.parametrize("name", NO_TALK)
def test_a_format_without_a_conversation_is_called_by_its_name(name: str, run: Path, tmp_path: Path) -> None:
    svit("export", run, "--format", name, "-o", tmp_path / "x.json", "-q")
    said = CliRunner().invoke(app, ["check", str(tmp_path / "x.json")])
    assert NO_TALK[name] in " ".join(said.output.split())


def test_an_archive_is_named(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(tmp_path / "train-00000.tar", "w") as tar:
        tar.add(__file__, "a.json")
    assert "is a tar file, which is not read" in svit("check", tmp_path / "train-00000.tar", code=2)
    assert "its data is in .tar files" in svit("check", tmp_path, code=2)
