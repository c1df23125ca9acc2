"""Half an emoji in somebody's annotations is no reason to refuse the file: it becomes U+FFFD."""

import json
from pathlib import Path

import msgspec
import pytest

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.files.half_characters import with_whole_characters
from svit.contexts.files.json_arrays import JsonFile, RecordArray
from svit.contexts.sources.coco import Coco
from svit.contexts.sources.jsonl import read_jsonl

TEXTS = [
    (r"A dog \ud83d on a mat", "A dog \ufffd on a mat"),
    (r"A dog \uDE00 on a mat", "A dog \ufffd on a mat"),
    (r"A dog \ud83d\ud83d\ude00", "A dog \ufffd\U0001f600"),
    (r"A dog \ud83d\u00e9", "A dog \ufffd\u00e9"),
    (r"A dog \ud83d", "A dog \ufffd"),
    (r"A dog \ud83d\n", "A dog \ufffd\n"),
    (r"A dog \ud83d\ude00", "A dog \U0001f600"),
    (r"A dog \\ud83d of C:\\users", r"A dog \ud83d of C:\users"),
    (r"\\\ud83d", "\\\ufffd"),
]


class Record(msgspec.Struct):
    key: int
    text: str = ""


@pytest.mark.parametrize(("written", "read"), TEXTS)
def test_a_half_becomes_the_replacement_character_and_all_else_stays(written: str, read: str) -> None:
    assert json.loads(with_whole_characters(f'["{written}"]'.encode())) == [read]


@pytest.mark.parametrize(("written", "read"), TEXTS)
def test_records_of_an_array_are_found_around_it(tmp_path: Path, written: str, read: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(f'[{{"key": 1, "text": "{written}"}}, {{"key": 2, "text": "{written}, {written}"}}, {{"key": 3}}]')
    before = path.read_bytes()
    with JsonFile(path, "a list") as file:
        dropped = Dropped()
        array = RecordArray(file, Record, kind="text", key_names=("key",)).index(file.whole, dropped)
        assert [array.read(row, dropped) for row in array.listed] == [
            Record(1, read),
            Record(2, f"{read}, {read}"),
            Record(3),
        ]
    halves = read.count("\ufffd")
    assert dropped == ({"half_character": 3 * halves} if halves else {})
    assert dropped.places.get("half_character", []) == [f"{path}: record {row}" for row in (0, 1, 1)[: 3 * halves]]
    assert path.read_bytes() == before


def test_coco_captions_with_one_are_read(tmp_path: Path) -> None:
    path = tmp_path / "captions.json"
    path.write_text(
        r'{"images": [{"id": 1, "width": 64, "height": 48}],'
        r'"annotations": [{"id": 1, "image_id": 1, "caption": "A dog \ud83d on a mat"}]}'
    )
    with Coco(captions=[path]) as source:
        [context] = source
    assert len(context.captions) == 1
    assert context.captions[0].startswith("A dog ")


@pytest.mark.parametrize("written", [r"A dog \ud83d on a mat", r"\ude00 A dog", r"A dog \ud83d"])
def test_a_line_of_ones_own_annotations_with_one_is_read(tmp_path: Path, written: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(f'{{"image_id": 1, "image": "a.jpg", "width": 9, "height": 9, "captions": ["{written}"]}}\n')
    [context] = read_jsonl(path)
    assert "A dog" in context.captions[0]
    assert "\ud83d" not in context.captions[0]
