"""People's own records: what the schema says is what is read."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svit.boxes import Box
from svit.contexts.files.json_records import STDIN
from svit.contexts.sources.jsonl import context_schema, own_jsonl, read_jsonl
from svit.errors import DataError
from svit.records import ImageContext, Object, Region, Relationship

from .strategies import contexts

RECORD: dict[str, Any] = {
    "image_id": "desk",
    "image": "desk.jpg",
    "width": 200,
    "height": 100,
    "captions": [" A lamp\non a desk."],
    "objects": [
        {"id": 1, "name": "lamp ", "box": [0.1, 0.1, 0.3, 0.6]},
        {"id": 2, "name": "desk", "box": [0, 0.6, 1, 1]},
    ],
    "regions": [{"id": 1, "phrase": "a\tlamp", "box": [0, 0, 0.5, 0.5]}],
    "relationships": [{"subject": 1, "predicate": "on\n", "object": 2}],
}


def lines(path: Path, *records: Any) -> Path:
    path.write_bytes(b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in records))
    return path


def test_records_are_read_and_their_text_cleaned(tmp_path: Path) -> None:
    path = lines(tmp_path / "own.jsonl", b"", RECORD, b"  \r", {**RECORD, "image_id": 2})

    assert next(read_jsonl(path)) == ImageContext(
        image_id="desk",
        image="desk.jpg",
        width=200,
        height=100,
        captions=("A lamp on a desk.",),
        objects=(Object(1, "lamp", Box(0.1, 0.1, 0.3, 0.6)), Object(2, "desk", Box(0, 0.6, 1, 1))),
        regions=(Region(1, "a lamp", Box(0, 0, 0.5, 0.5)),),
        relationships=(Relationship(1, "on", 2),),
    )
    assert [context.image_id for context in read_jsonl(path)] == ["desk", 2]


def test_stdin_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = b"\xef\xbb\xbf" + json.dumps(RECORD).encode() + b"\n{}\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    source = own_jsonl(STDIN)

    assert [context.image_id for context in source] == ["desk"]
    assert source.counts.places == {"image_id_missing": ["stdin: line 2"]}


@settings(deadline=None)
@given(st.lists(contexts(), unique_by=lambda context: context.image_id))
def test_clean_records_come_back_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, given: list[ImageContext]
) -> None:
    path = tmp_path_factory.mktemp("own") / "own.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(context) + b"\n" for context in given))

    assert not given or list(read_jsonl(path)) == given


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty."),
        (b"\n \n", "is empty."),
        (b" " * 100_000, "is empty."),
        (b"[]", "is empty."),
        (b"\xef\xbb\xbf", "is empty."),
        (b"\x28\xb5\x2f\xfd..", "is a zstd file: unpack it"),
        (b"\x1f\x8b\x08..", "is a gzip file that is damaged or not whole"),
    ],
)
def test_a_file_without_records_is_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(content)

    with pytest.raises(DataError, match=sentence):
        list(read_jsonl(path))


@pytest.mark.parametrize(("name", "sentence"), [("none.jsonl", "There is no file"), (".", "is a folder")])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        list(read_jsonl(tmp_path / name))


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether the value is valid by the part of JSON schema that `context_schema` uses."""
    known = {"$ref", "$defs", "$schema", "$comment", "anyOf", "type", "title", "description", "default", "properties",
             "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "minimum"}  # fmt: skip
    assert schema.keys() <= known
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return any(fits(value, branch, root) for branch in schema["anyOf"])
    if isinstance(value, bool):
        return False
    types: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float}
    if schema["type"] == "null" or not isinstance(value, types[schema["type"]]):
        return schema["type"] == "null" and value is None
    if isinstance(value, dict):
        properties = schema["properties"]
        known_keys = set(schema["required"]) <= value.keys() <= properties.keys()
        return known_keys and all(fits(item, properties[key], root) for key, item in value.items())
    if isinstance(value, list):
        parts = schema.get("prefixItems") or [schema["items"]] * len(value)
        right_number = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        return right_number and all(fits(item, part, root) for item, part in zip(value, parts, strict=False))
    return not isinstance(value, int) or bool(value >= schema.get("minimum", value))


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in the record."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, item in items for place in places(item, (*here, key)))]


@settings(deadline=None)
@given(contexts(), st.data())
def test_what_the_schema_allows_is_read_whole(
    tmp_path_factory: pytest.TempPathFactory, context: ImageContext, data: st.DataObject
) -> None:
    schema = context_schema()
    record = json.loads(msgspec.json.encode(context))
    *way, last = data.draw(st.sampled_from(places(record)[1:]))
    parent = record
    for key in way:
        parent = parent[key]
    change: Any = data.draw(
        st.sampled_from(["leave", "drop", "add", None, 0, -1, 7, 0.5, "text", True, [], {}, [0, 0, 1, 1]])
    )
    if change == "drop":
        del parent[last]
    elif change == "add" and isinstance(parent, dict):
        parent["more"] = 1
    elif change not in ("leave", "add"):
        parent[last] = change
    path = lines(tmp_path_factory.mktemp("own") / "own.jsonl", RECORD, record)

    source = own_jsonl(path)
    read = list(source)

    assert len(read) + source.counts.lost["image"] == 2
    beyond_a_schema = ("box", "repeated", "end_missing", "empty", "text_missing", "name_missing", "phrase_missing")
    if fits(record, schema, schema):
        told = [reason for reason in source.counts if not any(words in reason for words in beyond_a_schema)]
        assert set(told) <= {"image_id_missing", "image_path_missing", "relationship_predicate_missing"}, told


@pytest.mark.parametrize("key", ["width", "height"])
def test_the_schema_asks_for_a_size(key: str) -> None:
    schema = context_schema()

    assert fits(RECORD, schema, schema)
    assert not fits({**RECORD, key: 0}, schema, schema)


def test_every_key_of_the_schema_is_described() -> None:
    schema = context_schema()
    described = {
        (name, key): "description" in part or "$ref" in part
        for name, record in schema["$defs"].items()
        for key, part in record.get("properties", {}).items()
    }

    assert all(described.values()), described
    assert all("description" in record for record in schema["$defs"].values())
