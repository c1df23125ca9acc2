"""`svit check` of files that other programs wrote: each record is read, or counted as damaged and named."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from published import PAIR, array, blocks, lines, llava
from svit.cli import app
from svit.datasets.audit import audit
from svit.errors import DataError

GOOD = llava("7", PAIR)
TURNS = GOOD["conversations"]
CHAT = [{"role": "user", "content": PAIR[0]}, {"role": "assistant", "content": PAIR[1]}]
PARTS = [
    {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "a.jpg"}}, {"type": "text", "text": PAIR[0]}],
    },
    {"role": "assistant", "content": [{"type": "text", "text": PAIR[1]}]},
]
READ: dict[str, Any] = {
    "null beside what is there": {**GOOD, "task": None, "topic": None, "provenance": None, "image_id": None},
    "nulls in an own record": {**blocks(1, [PAIR]), "task": "referring", "provenance": {"a": 1}, "warnings": None},
    "a number of pandas": {**GOOD, "id": 42.0},
    "an image as datasets writes it": {**GOOD, "image": {"bytes": None, "path": "a.jpg"}},
    "a list of images and no id": {"images": ["a.jpg"], "conversations": TURNS},
    "a size that is none": {**GOOD, "width": -1, "height": "x"},
    "a size beyond all": {**GOOD, "width": 10**15, "height": 1e300},
    "ShareGPT with a system's words": {**GOOD, "conversations": [{"from": "system", "value": "You see."}, *TURNS]},
    "roles in conversations": {"id": 1, "conversations": CHAT},
    "an OpenAI chat": {"messages": CHAT},
    "an OpenAI chat in parts": {"messages": [{"role": "system", "content": "You see."}, *PARTS]},
}


@pytest.mark.parametrize("name", READ)
def test_a_record_of_another_program_is_read(name: str, tmp_path: Path) -> None:
    for path in (lines(tmp_path, GOOD, READ[name], GOOD), array(tmp_path, GOOD, READ[name], GOOD)):
        report = audit(path)
        assert (report.records, report.damaged, report.damage) == (3, 0, ())


DAMAGED: dict[str, tuple[Any, str]] = {
    "null": (None, "is null, where an object is needed"),
    "a list": ([GOOD], "is an array, where an object is needed"),
    "no conversations": ({"id": 1}, "has no 'conversations' and no 'messages'"),
    "null for conversations": ({**GOOD, "conversations": None}, "has no 'conversations' and no 'messages'"),
    "null for a turn": ({**GOOD, "conversations": [None]}, "has null at 'conversations[0]'"),
    "null for a text": ({**GOOD, "conversations": [{"from": "human", "value": None}]}, "has a turn without"),
    "a text for conversations": ({**GOOD, "conversations": "x"}, "has text at 'conversations'"),
    "no id": ({"conversations": TURNS}, "has no 'image_id' and no 'id'"),
    "half an id": ({**GOOD, "id": 42.5}, "has the id 42.5, which is no whole number"),
    "a list for an id": ({**GOOD, "id": [1]}, "has an array at 'id'"),
    "an id beyond all": ({**GOOD, "id": 2**70}, "has a wrong 'id'"),
    "a task that is a number": ({**GOOD, "task": 7}, "has a whole number at 'task'"),
    "no message": ({"messages": []}, "has no turn in 'messages'"),
    "a tool's message": ({"messages": [CHAT[0], {"role": "tool", "content": "x"}]}, "has a turn of 'tool'"),
    "null for a message's text": ({"messages": [{"role": "user", "content": None}]}, "has a turn without"),
    "only a system's words": ({"messages": [{"role": "system", "content": "x"}]}, "has no turn in"),
    "Alpaca": ({"instruction": "a", "input": "", "output": "b"}, "is in Alpaca's form, which is not read"),
    "preferences": ({"chosen": "a", "rejected": "b"}, "is a pair of preferences"),
    "a prompt": ({"prompt": "a", "completion": "b"}, "is a prompt with its completion"),
    "COCO": ({"images": [], "annotations": []}, "is a COCO file"),
    "annotations": ({"image_id": 1, "objects": []}, "is a record of annotations: svit contexts build reads it"),
    "a rejection": ({"image_id": 1, "text": "x", "flaws": []}, "is a rejection of a run"),
    "a table by columns": ({"id": {"0": 1}, "conversations": {"0": TURNS}}, "is a table by columns, as pandas writes"),
    "a mark without a box": (
        {"id": 1, "messages": [{"role": "user", "content": "A <ref-object><bbox>?"}], "objects": {"ref": ["a"]}},
        "has a mark for which 'objects' has no name or no box",
    ),
    "a mark and no objects": (
        {"id": 1, "messages": [{"role": "user", "content": "A <ref-object><bbox>?"}], "objects": 5},
        "has a mark for which 'objects' has no name or no box",
    ),
    "a box of three": (
        {
            "id": 1,
            "messages": [{"role": "user", "content": "A <ref-object><bbox>?"}],
            "objects": {"ref": ["a"], "bbox": [[1, 2, None]]},
        },
        "has a box in 'objects' that is not four numbers",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_record_that_is_none_is_counted_and_named(name: str, tmp_path: Path) -> None:
    entry, words = DAMAGED[name]
    report = audit(lines(tmp_path, GOOD, entry, GOOD), fix=tmp_path / "out.jsonl")
    assert (report.records, report.damaged) == (2, 1)
    assert report.damage[0].place == "line 2"
    assert report.damage[0].what[: len(words)] == words
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps(GOOD, indent=2), "A file is an array of records, or has one on each line."),
        ('{"id": {"0": 1}, "conversations": {"0": []}}', "orient='records'"),
        ("5", "is a whole number, where an object is needed"),
        ('{"id": NaN, "conversations": []}', "is not JSON"),
    ],
)
def test_a_file_of_another_kind_ends_with_a_sentence(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(text)
    with pytest.raises(DataError, match=r"has no record in a form that is known") as raised:
        audit(tmp_path / "data.json")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"bbox_2d": [1e400, 2, 3, 4], "label": "a"}',
        '{"bbox_2d": [' + "9" * 5000 + ', 2, 3, 4], "label": "a"}',
        '{"bbox_2d": [1, 2, 3], "label": "a"}',
        "<ref>a</ref><box>[[1, 2, 3, 4], [5]]</box>",
        "<|object_ref_start|>a<|object_ref_end|><|box_start|>(9,9),(1,1)<|box_end|>",
        '[{"bbox_2d": [1, 2, 3, 4], "label": "a"}, {"bbox_2d": [1, 2, 3, 4], "label": "b"}]',
        "<ref-object>",
        "<st>a<ed> [" + "9" * 400 + ", 0, 1, 1]",
    ],
)
def test_odd_boxes_are_flaws_and_no_traceback(text: str, tmp_path: Path) -> None:
    entry = llava("7", (PAIR[0], f"There is {text} on the wall."))
    report = audit(lines(tmp_path, GOOD, entry))
    assert (report.records, report.damaged) in ((2, 0), (1, 1))
    assert report.damaged or any(task.flawed for task in report.tasks)


def test_a_chat_is_fixed_where_it_stands(tmp_path: Path) -> None:
    marked = json.loads(json.dumps({"messages": [{"role": "system", "content": "You *see*."}, *PARTS], "tools": []}))
    marked["messages"][2]["content"][0]["text"] = f"**{PAIR[1]}**"
    flat = {"messages": [CHAT[0], {"role": "assistant", "content": f"**{PAIR[1]}**"}]}
    audit(lines(tmp_path, marked, flat), fix=tmp_path / "out.jsonl")
    fixed = list(map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines()))
    assert fixed == [
        {"messages": [{"role": "system", "content": "You *see*."}, *PARTS], "tools": []},
        {"messages": CHAT},
    ]


def test_a_record_without_an_id_is_named_by_its_line_alone(tmp_path: Path) -> None:
    path = lines(tmp_path, {"messages": [CHAT[0], {"role": "assistant", "content": "The captions mention a barn."}]})
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 0
    assert "\n  line 1: The captions mention a barn." in done.output
