"""The index over JSON arrays: records are found wherever they lie, and faults are named by record."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svit.errors import DataError
from svit.sources.arrays import JsonFile, RecordArray


class Keyed(msgspec.Struct):
    key: int


class Record(msgspec.Struct):
    key: int
    text: str = ""


def indexed(file: JsonFile, *, unique: bool = False) -> RecordArray[Record]:
    decoder = msgspec.json.Decoder(Keyed)
    return RecordArray(file, Record, lambda data: decoder.decode(data).key).index(
        file.whole, key_name="key", unique=unique
    )


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

        assert [(record.key, record.text) for record in array] == pairs
        for key in range(-6, 7):
            assert [record.text for record in array.records(key)] == [text for other, text in pairs if other == key]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty."),
        (b'[{"key": 1}, {"key"', "ends in the middle. Download or unpack it again."),
        (b"<html>", "is not JSON: invalid character (byte 0). Is this a test?"),
        (b'{"key": 1}', "is an object, where an array is needed. Is this a test?"),
        (b"[3, 4]", ": record 0 is a whole number, where an object is needed. Is this a test?"),
        (b'[{"key": 1}, {"kay": 2}]', ": record 1 has no 'key'. Is this a test?"),
        (b'[{"key": 1}, {"key": "2"}]', ": record 1 has text at 'key', where a whole number is needed. Correct"),
        (b'[{"key": 5}, {"key": 1}, {"key": 5}]', ": record 2 repeats the key 5 of record 0."),
        (gzip.compress(b"[]", mtime=0), "is a gzip file: unpack it first."),
        (b"PK\x03\x04rest", "is a zip file: unpack it first."),
    ],
)
def test_what_is_no_array_of_records_is_said_in_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)

    with pytest.raises(DataError) as said, JsonFile(path, "a test") as file:
        indexed(file, unique=True)

    assert str(said.value).startswith(f"{path}{'' if sentence.startswith(':') else ' '}{sentence}")


def test_a_record_of_the_wrong_type_is_named_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"key": 1}, {"key": 2, "text": 3}, {"key": 3, "text": "\xff"}]')

    with JsonFile(path, "a test") as file:
        array = indexed(file)
        with pytest.raises(DataError, match=r"record 1 has a whole number at 'text', where text is needed\."):
            array[1]
        with pytest.raises(DataError, match=r"record 2 is not UTF-8\."):
            array[2]


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
