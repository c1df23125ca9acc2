"""`svit import`: published data becomes lines of our own, which can be checked; nothing is made up or lost unsaid."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from exports.made import png
from published import LADDER, MAN, PAIR, YARD, Entry, array, blocks, llava, own
from svit.boxes import Box
from svit.cli import app
from svit.contexts.store import build_store
from svit.datasets.audit import audit
from svit.datasets.importer import ImportCounts, imported, shape_named, unpadded_box
from svit.datasets.record_files import RecordBytes
from svit.datasets.record_forms import read
from svit.errors import DataError, SvitError
from svit.exports.box_frames import Frame
from svit.records import Dialogue, ImageContext, Provenance, Sample, Turn
from svit.run.shards import sample_line

OWN = Provenance("m", "p", "v", 1, None, "visual_genome", {}, "1")


def lines(*entries: Entry, shape: str = "svit", **options: Any) -> tuple[list[Entry], ImportCounts]:
    intake = ImportCounts()
    pieces = [RecordBytes(f"record {n}", json.dumps(entry).encode()) for n, entry in enumerate(entries)]
    found = list(imported(pieces, intake, shape_named(shape), **options))
    return [json.loads(line) for line in found], intake


def find(image_id: int | str) -> ImageContext | None:
    return YARD if image_id in (41, "41") else None


def texts(entry: Entry) -> list[str]:
    return [said["value"] for block in entry["conversations"] for said in block["content"]]


def as_published(line: bytes) -> Entry:
    """Our line in the shape that SVIT was published in."""
    entry = json.loads(line)
    return {"image_id": entry["image_id"], "conversations": entry["conversations"]}


ROUND = {
    "conversation": (Dialogue((Turn(*PAIR), Turn("And the hens?", "They pick at straw.")), topic="a barn"),),
    "complex_reasoning": (
        Dialogue((Turn(*PAIR),)),
        Dialogue((Turn("Is it cold?", "The coats say so: 'brr' {x}\n\u2028."),)),
    ),
    "detail_description": (Dialogue((Turn("Describe the image in detail.", "A barn."),)),),
    "referring": (Dialogue((Turn(f"Where is the <st>man<ed> {MAN}?", f"By the <st>ladder<ed> {LADDER}."),)),),
}


@pytest.mark.parametrize("task", ROUND)
def test_what_was_written_in_the_published_shape_comes_back_with_the_same_dialogues(task: str) -> None:
    line = sample_line(Sample(YARD, task, ROUND[task], OWN))
    [entry], intake = lines(as_published(line), find=find)
    assert {**entry, "provenance": None} == {**json.loads(line), "provenance": None}
    assert entry["provenance"] == {
        "model": "unknown",
        "prompt_id": "",
        "prompt_version": "",
        "attempt": 0,
        "seed": None,
        "source": "imported:svit",
        "left_out": "",
        "svit": entry["provenance"]["svit"],
    }
    assert (intake.records, intake.without_size, intake.without_image, intake.left_out) == (1, 0, 0, {})


def test_a_flat_dialogue_comes_without_its_image_mark_and_keeps_its_path() -> None:
    entry = llava("41", ("<image>\nWhy is the man careful?", "The ladder is old."), ("And the hens?", "They pick."))
    [made], _ = lines(entry, shape="llava-1.5", find=find)
    assert made["image"] == "coco/train2017/41.jpg"
    assert (made["image_id"], made["width"], made["height"]) == (41, 400, 300)
    [block] = made["conversations"]
    assert [(said["from"], said["value"]) for said in block["content"]] == [
        ("user", "Why is the man careful?"),
        ("gpt", "The ladder is old."),
        ("user", "And the hens?"),
        ("gpt", "They pick."),
    ]
    assert made["task"] == "conversation"


SIZES = [
    ({"width": 640, "height": 480}, (640, 480)),
    ({}, (0, 0)),
    ({"width": 640}, (0, 0)),
    ({"width": "640", "height": 480}, (0, 0)),
    ({"width": -1, "height": 480}, (0, 0)),
]


@pytest.mark.parametrize(("more", "size"), SIZES)
def test_without_contexts_the_size_is_the_records_own_or_0(more: Entry, size: tuple[int, int]) -> None:
    [entry], intake = lines({**blocks(7, [PAIR]), **more})
    assert (entry["width"], entry["height"]) == size
    assert intake.without_size == (size == (0, 0))
    assert (entry["image"], intake.without_image) == ("", 1)


def test_a_context_of_another_file_says_nothing_of_the_record() -> None:
    [entry], intake = lines(llava("41", PAIR) | {"image": "other/42.jpg"}, shape="llava-1.5", find=find)
    assert (entry["image_id"], entry["width"], intake.without_size) == ("41", 0, 1)


LEFT_OUT = [
    ("is in LLaVA's form", "svit", llava("1", PAIR)),
    ("is in SVIT's form", "llava-1.5", blocks(1, [PAIR])),
    ("is one of our own already", "svit", own("referring", [PAIR])),
    ("has no 'image'", "llava-1.5", {**llava("1", PAIR), "image": None}),
    ("has no 'conversations'", "svit", {"image_id": 1}),
    (
        "has a turn of 'gpt' where a question is due",
        "llava-1.5",
        {**llava("1"), "conversations": [{"from": "gpt", "value": "A"}]},
    ),
]


@pytest.mark.parametrize(("why", "shape", "entry"), LEFT_OUT, ids=[why for why, _, _ in LEFT_OUT])
def test_what_is_left_out_is_counted_with_the_reason(why: str, shape: str, entry: Entry) -> None:
    good = blocks(1, [PAIR]) if shape == "svit" else llava("1", PAIR)
    made, intake = lines(good, entry, entry, shape=shape)
    assert len(made) == intake.records == 1
    [(told, reason)] = intake.left_out.items()
    assert told.startswith(why)
    assert (reason.first, reason.records) == ("record 1", 2)


def test_reasons_without_end_take_no_memory_without_end() -> None:
    odd = [{**blocks(1, [PAIR]), "task": f"task {n}"} for n in range(50)]
    _, intake = lines(blocks(1, [PAIR]), *odd)
    assert len(intake.left_out) == 21
    assert sum(reason.records for reason in intake.left_out.values()) == 50


def test_nothing_at_all_is_an_error_that_says_why() -> None:
    with pytest.raises(DataError, match="No record of 2 could be imported; record 0 is in LLaVA's form"):
        lines(llava("1", PAIR), llava("2", PAIR))


def test_what_is_unknown_is_said_with_what_there_is() -> None:
    with pytest.raises(SvitError, match=r"no format to import 'qwen'. Choose one of: svit, llava-1.5\."):
        shape_named("qwen")
    with pytest.raises(SvitError, match="There is no task 'refering'"):
        lines(blocks(1, [PAIR]), task="refering")


# --- boxes of the padded square ---


SIDES = st.integers(1, 2000)


@st.composite
def apart(draw: st.DrawFn) -> tuple[float, float]:
    """Two shares of three decimals that are two steps apart or more."""
    low = draw(st.integers(0, 998))
    return low / 1000, draw(st.integers(low + 2, 1000)) / 1000


@given(SIDES, SIDES, apart(), apart())
def test_a_box_put_into_the_padded_square_comes_back(
    width: int, height: int, x: tuple[float, float], y: tuple[float, float]
) -> None:
    (x1, x2), (y1, y2) = x, y
    box = Box(x1, y1, x2, y2)
    sides = (str(x1), str(y1), str(x2), str(y2))
    back = unpadded_box(Frame(width, height, padded=True).share(sides), "", width, height)
    assert back.iou(box) > 0.999999


def test_boxes_are_converted_once_and_numbers_in_another_form_stay() -> None:
    # 400 x 300: the square has 50 pixels above and below
    asked = "Where is the <st>man<ed> [0.1, 0.275, 0.3, 0.725] and [0.5, 0.275, 0.7, 0.725]?"
    answer = "At [0.1, 0.275, 0.3, 0.725], or (0.1, 0.2, 0.3, 0.4)."
    entry = llava("41", (asked, answer), ("The <st>hen<ed>?", "No."))
    [made], intake = lines(entry, shape="llava-1.5", find=find, padded=True)
    assert texts(made) == [
        "Where is the <st>man<ed> [0.1, 0.2, 0.3, 0.8], [0.5, 0.2, 0.7, 0.8]?",
        "At [0.1, 0.2, 0.3, 0.8], or (0.1, 0.2, 0.3, 0.4).",
        "The <st>hen<ed>?",
        "No.",
    ]
    assert intake.stray_boxes == 1
    [same], intake = lines(entry, shape="llava-1.5", find=find)
    assert texts(same)[:2] == [asked, answer]
    assert intake.stray_boxes == 0


UNCONVERTED = [
    ("the image's width and height are not known", "1", "[0.1, 0.2, 0.3, 0.4]"),
    ("has a box of which nothing is in the image", "41", "[0.1, 0.0, 0.3, 0.1]"),
    ("has a box that is none: [0.1, 0.2]", "41", "[0.1, 0.2]"),
]


@pytest.mark.parametrize(("why", "name", "box"), UNCONVERTED, ids=[why for why, _, _ in UNCONVERTED])
def test_a_record_whose_boxes_cannot_be_converted_is_left_out(why: str, name: str, box: str) -> None:
    entry = llava(name, (f"Where is the <st>man<ed> {box}?", "Here."))
    _, intake = lines(llava("5", PAIR), entry, shape="llava-1.5", find=find, padded=True)
    assert [why in told for told in intake.left_out] == [True]


# --- checked again ---


def test_imported_records_are_not_asked_for_as_many_pairs_as_ours_have(tmp_path: Path) -> None:
    [entry], _ = lines(
        blocks(41, [PAIR], [("Is it cold?", "Their coats say so, as one wears them in winter.")]), find=find
    )
    ours = {**entry, "provenance": {**entry["provenance"], "source": "visual_genome"}}
    path = tmp_path / "data.jsonl"
    for record, codes in ((entry, set()), (ours, {"wrong_count"})):
        path.write_text(json.dumps(record) + "\n")
        [figures] = audit(path).tasks
        assert {flaw.code for flaw in figures.flaws} == codes
    assert read(json.dumps(entry).encode()).form == "own"


# --- the command ---


def told(folder: Path, *words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "svit", "import", *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_the_command_writes_a_file_and_says_what_it_left_out(tmp_path: Path) -> None:
    build_store(tmp_path / "yard.contexts", [YARD], origin="a test")
    path = array(tmp_path, blocks(41, [PAIR]), blocks(8, [PAIR]), llava("1", PAIR))
    done = told(tmp_path, path, "--format", "svit", "--contexts", "yard.contexts", "-o", "out.jsonl")
    assert done.stdout == ""
    for words in (
        "2 records of 2 pairs imported: 2 complex_reasoning.",
        "1 record left out:\n  record 2 is in LLaVA's form",
        "1 record with width and height 0, as nothing tells the size (yard.contexts does not have these images)",
        "1 record without the name of an image file",
    ):
        assert words in done.stderr
    entries = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [entry["width"] for entry in entries] == [400, 0]
    again = told(tmp_path, path, "--format", "svit", "-o", "out.jsonl", code=2)
    assert again.stderr.startswith("svit: out.jsonl is there already: give -o another name")
    over = told(tmp_path, path, "--format", "svit", "-o", path, code=2)
    assert "is the file that is read" in over.stderr


def test_stdout_holds_records_only_and_a_packed_file_is_read_and_written(tmp_path: Path) -> None:
    packed = tmp_path / "data.json.gz"
    packed.write_bytes(gzip.compress(json.dumps([blocks(1, [PAIR]), {"image_id": 5}]).encode()))
    done = told(tmp_path, packed, "--format", "svit", "-o", "-")
    [entry] = map(json.loads, done.stdout.splitlines())
    assert entry["image_id"] == 1
    assert "record 1 has no 'conversations'" in done.stderr
    told(tmp_path, packed, "--format", "svit", "-o", "out.jsonl.gz", "--quiet")
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).decode() == done.stdout


def test_nothing_is_written_when_nothing_can_be_read(tmp_path: Path) -> None:
    path = array(tmp_path, llava("1", PAIR))
    assert "No record of 1 could be imported" in told(tmp_path, path, "--format", "svit", "-o", "o", code=2).stderr
    assert (
        "no box frame 'square'"
        in told(tmp_path, path, "--format", "llava-1.5", "-o", "o", "--box-frame", "square", code=2).stderr
    )
    assert [file.name for file in tmp_path.iterdir()] == ["data.json"]


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    path = array(tmp_path, *[blocks(1, [PAIR])] * 2000)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "svit", "import", str(path), "--format", "svit", "-o", "-"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


# --- what others leave out ---


def test_a_last_question_without_an_answer_is_left_out_and_counted() -> None:
    entry = llava("41", PAIR)
    entry["conversations"].append({"from": "human", "value": "And then?"})
    alone = llava("41", PAIR)
    del alone["conversations"][1:]
    [made], intake = lines(entry, alone, shape="llava-1.5", find=find)
    assert texts(made) == texts(lines(llava("41", PAIR), shape="llava-1.5", find=find)[0][0])
    assert intake.unanswered == 1
    assert [(why, reason.records) for why, reason in intake.left_out.items()] == [("has a question and no answer", 1)]


def test_without_an_id_the_picture_names_the_image_and_its_file_tells_the_size(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    (tmp_path / "pictures" / "a" / "7.png").write_bytes(png(40, 20))
    entry = {**llava("7", ("Where?", "[0.25, 0.25, 0.5, 0.75]")), "image": "a/7.png"}
    del entry["id"]
    (tmp_path / "in.json").write_text(json.dumps([entry]))
    words = ["import", str(tmp_path / "in.json"), "--format", "llava-1.5", "-o", str(tmp_path / "out.jsonl")]
    done = CliRunner().invoke(app, [*words, "--images", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    made = json.loads((tmp_path / "out.jsonl").read_text())
    assert (made["image_id"], made["width"], made["height"]) == ("a/7.png", 40, 20)
    assert texts(made)[1] == "[0.25, 0.0, 0.5, 1.0]", "of the image, and no more of the square around it"
    exported = [*words[:1], str(tmp_path / "out.jsonl"), "-f", "llava-1.5", "-o", str(tmp_path / "again.json")]
    done = CliRunner().invoke(app, ["export", *exported[1:]])
    assert done.exit_code == 0, done.output
    [again] = json.loads((tmp_path / "again.json").read_text())
    assert again["conversations"][1] == entry["conversations"][1], "a bare box is put back into the square"
