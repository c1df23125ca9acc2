"""The index over JSON arrays: records are found wherever they lie, and faults are named by record."""

import gzip
import json
import tracemalloc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.lenient_values import whole_number
from svit.contexts.files.json_arrays import JsonFile, RecordArray
from svit.contexts.files.non_finite_numbers import without_numbers_that_are_none
from svit.errors import DataError


class Record(msgspec.Struct):
    key: int
    text: str = ""


def odd(value: Mapping[str, Any]) -> Record | None:
    key, text = whole_number(value.get("key")), value.get("text")
    return None if key is None or text == [] else Record(key, str(text))


def indexed(file: JsonFile, dropped: Dropped | None = None, *, unique: bool = False) -> RecordArray[Record]:
    array = RecordArray(file, Record, kind="object", key_names=("key",), lenient=odd)
    return array.index(file.whole, Dropped() if dropped is None else dropped, unique=unique)


def texts(array: RecordArray[Record], rows: Iterable[int], dropped: Dropped | None = None) -> list[str | None]:
    records = [array.read(row, Dropped() if dropped is None else dropped) for row in rows]
    return [None if record is None else record.text for record in records]


def content(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    return path


spaces = st.sampled_from(["", " ", "\n", " \r\n\t "])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.text())), spaces, spaces, st.booleans(), st.booleans())
def test_every_record_is_found_in_file_order(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[int, str]],
    before: str,
    after: str,
    ascii_only: bool,
    marked: bool,
) -> None:
    records = [json.dumps({"key": key, "text": text}, ensure_ascii=ascii_only) for key, text in pairs]
    text = f"{before}[{after}{f'{before},{after}'.join(records)}{before}]{after}"
    path = tmp_path_factory.mktemp("arrays") / "array.json"
    path.write_bytes((b"\xef\xbb\xbf" if marked else b"") + text.encode())

    with JsonFile(path, "a test") as file:
        array = indexed(file)

        assert list(zip(array.keys, texts(array, array.listed), strict=True)) == pairs
        for key in range(-6, 7):
            assert texts(array, array.rows(key)) == [text for other, text in pairs if other == key]
            assert array.count(key) == len(list(array.rows(str(key))))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty."),
        (b'[{"key": 1}, {"key"', "ends in the middle. Download or unpack it again."),
        (b"<html>", "is HTML or XML, not JSON."),
        (b'{"key": 1}', "is an object, where an array is needed. Is this a test?"),
        (b"[3, 4]", ": none of the 2 records has 'key'. Is this a test?"),
        (b'[{"kay": 1}, {"key": null}]', ": none of the 2 records has 'key'. Is this a test?"),
        (b"[" * 9999 + b"]" * 9999, ": its arrays and objects lie too deep in each other."),
        (gzip.compress(b"[]", mtime=0), "is a gzip file: unpack it first."),
        (b"PK\x03\x04rest", "is a zip file: unpack it first."),
    ],
)
def test_what_is_no_array_of_records_is_said_in_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)

    with pytest.raises(DataError) as said, JsonFile(path, "a test") as file:
        indexed(file)

    assert str(said.value).startswith(f"{path}{'' if sentence.startswith(':') else ' '}{sentence}")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("null", "object_unreadable"),
        ("7", "object_unreadable"),
        ("[1]", "object_unreadable"),
        ("NaN", "object_unreadable"),
        ("{}", "object_key_missing"),
        ('{"key": null}', "object_key_missing"),
        ('{"key": ""}', "object_key_missing"),
        ('{"key": true}', "object_key_missing"),
        ('{"key": 1.5}', "object_key_missing"),
        ('{"key": NaN}', "object_key_missing"),
        ('{"key": 1e999}', "object_key_missing"),
        ('{"key": 99999999999999999999}', "object_key_missing"),
        (f'{{"key": {"9" * 5000}}}', "object_unreadable"),
        ('{"key": {"a": [1]}}', "object_key_missing"),
        (f'{{"key": {"[" * 300}{"]" * 300}}}', "object_key_missing"),
        ('{"key": 5, "text": "again"}', "duplicate_object_key"),
    ],
)
def test_a_record_without_an_image_is_dropped_and_the_others_are_kept(tmp_path: Path, record: str, reason: str) -> None:
    path = content(tmp_path, f'[{{"key": 5, "text": "a"}}, {record}, {{"key": 3, "text": "b"}}]'.encode())
    dropped = Dropped()

    with JsonFile(path, "a test") as file:
        array = indexed(file, dropped, unique=True)
        assert texts(array, array.listed) == ["a", "b"]
        assert [texts(array, array.rows(key)) for key in (3, 5, 0)] == [["b"], ["a"], []]
    assert {name: number for name, number in dropped.items() if name != "not_a_number"} == {reason: 1}
    assert dropped.places[reason] == [f"{path}: record 1"]
    assert (dropped.read, dropped.lost) == ({"object": 1}, {"object": 1})
    with JsonFile(path, "a test") as file, pytest.raises(DataError, match=r"record 1: .* leave out --strict"):
        indexed(file, Dropped(strict=True), unique=True)


@pytest.mark.parametrize(
    ("given", "found", "other"),
    [
        ("42", 42, "042"),
        ("42.0", "42", 4),
        ('"42"', 42, "042"),
        ('"42.0"', "42", "42.00"),
        ('"img_a"', "img_a", "img_b"),
        ('"000123"', "000123", 123),
        ('"42", "text": {}', 42, "42 "),
    ],
)
def test_an_id_is_a_number_or_a_text_and_the_same_in_every_spelling(
    tmp_path: Path, given: str, found: int | str, other: int | str
) -> None:
    path = content(tmp_path, f'[{{"key": 7}}, {{"key": {given}}}, {{"key": "z"}}, {{"key": -1}}]'.encode())

    with JsonFile(path, "a test") as file:
        array = indexed(file)
        assert (array.find(found), array.find(other)) == (1, None)
        assert [array.find(key) for key in (7, "7", "z", -1, "-1")] == [0, 0, 2, 3, 3]


def test_an_odd_record_is_read_by_what_it_means_or_dropped_when_it_is_read(tmp_path: Path) -> None:
    data = b'[{"key": 1}, {"key": 2, "text": 3}, {"key": 3, "text": "\xff"}, {"key": 4, "text": []}, {"key": 5.0}]'
    path, dropped = content(tmp_path, data), Dropped()

    with JsonFile(path, "a test") as file:
        array = indexed(file, dropped)
        assert not dropped
        assert texts(array, array.listed, dropped) == ["", "3", "\ufffd", None, "None"]
    assert dropped == {"half_character": 1, "object_unreadable": 1}
    assert dropped.places["half_character"] == [f"{path}: record 2"]
    assert dropped.places["object_unreadable"] == [f"{path}: record 3"]


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("space", ["", " ", "\n\t"])
def test_what_python_writes_for_no_number_is_mended_outside_of_strings(tmp_path: Path, token: str, space: str) -> None:
    texts_given = [f"a {token}, b", f'\\\\"x\\\\": {token}, ', "\\\\", f"[{token}]"]
    lines = [f'{{"key":{row},"text":{json.dumps(text)},"z":{space}{token}}}' for row, text in enumerate(texts_given)]
    path, dropped = content(tmp_path, f"[{','.join(lines)}]".encode()), Dropped()
    before = path.read_bytes()

    with JsonFile(path, "a test") as file:
        array = indexed(file, dropped)
        assert texts(array, array.listed) == texts_given
        assert [array.value(row)["z"] or None for row in array.listed] == [None] * 4
    assert dropped == {"not_a_number": 4}
    assert dropped.places["not_a_number"] == [f"{path}: record {row}" for row in range(3)]
    assert path.read_bytes() == before


@given(st.lists(st.text(alphabet='aN"\\ :,[]{}\n') | st.just("NaN"), max_size=9), st.integers(1, 40))
def test_no_number_is_found_wherever_pieces_of_a_file_end(texts_given: list[str], piece: int) -> None:
    line = json.dumps({text: [float("nan"), text, float("-inf")] for text in texts_given}).encode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("svit.contexts.files.non_finite_numbers._PIECE", piece)
        mended = without_numbers_that_are_none(line)
    assert len(mended) == len(line)
    read = {text: [None if each == [] else each for each in values] for text, values in json.loads(mended).items()}
    assert read == {text: [None, text, None] for text in texts_given}


@pytest.mark.parametrize(("name", "what"), [("nothing.json", "There is no file"), (".", "is a folder, not a file")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(DataError, match=what), JsonFile(tmp_path / name, "a test"):
        pass


@pytest.mark.parametrize(
    "members",
    [
        {"images": [1], "annotations": [], "info": {"a, b": [{"}": '"'}]}},
        {'quo"ted\\': {}, "": None, "annotations": [[], {}]},
        {},
    ],
)
@pytest.mark.parametrize("indent", [None, 3])
def test_members_are_where_they_are(tmp_path: Path, members: dict[str, Any], indent: int | None) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(members, indent=indent))

    with JsonFile(path, "a test") as file:
        found = {name: json.loads(file.map[start:stop]) for name, (start, stop) in file.members().items()}

    assert found == members


@pytest.mark.parametrize("text", [b'{"images": [1], "info": {}, "images": [22222]}', b'{"a": 1, "a": 22, "b": 3}'])
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text)

    with pytest.raises(DataError, match="has a key twice"), JsonFile(path, "a test") as file:
        file.members()


def test_an_index_holds_a_few_dozen_bytes_a_record(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    number = 20_000
    path.write_bytes(msgspec.json.encode([{"key": key * 7919 % number, "text": "x" * 500} for key in range(number)]))

    with JsonFile(path, "a test") as file:
        tracemalloc.start()
        array = indexed(file)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert len(array) == number
        assert held < 48 * number
