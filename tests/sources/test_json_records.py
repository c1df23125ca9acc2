"""Files of records in JSON, in each form that people have them in, and files that are something else."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from svit.contexts.files import json_records
from svit.contexts.sources.jsonl import own_jsonl
from svit.errors import DataError
from svit.image_files.image_folder import PictureFolder
from svit.records import ImageContext

from .test_jsonl import RECORD, lines

RECORDS = [{**RECORD, "image_id": n} for n in range(20)]
TEXT = "\n".join(map(json.dumps, RECORDS)).encode()
BOM = b"\xef\xbb\xbf"


def read(path: Path) -> list[ImageContext]:
    return list(own_jsonl(path))


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORDS).encode(),
        json.dumps(RECORDS, indent=2).encode(),
        b"\n  [\n" + b",\n".join(json.dumps(record).encode() for record in RECORDS) + b"\n]\n",
        BOM + json.dumps(RECORDS).encode(),
        gzip.compress(TEXT),
        gzip.compress(json.dumps(RECORDS).encode()),
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\n\n \t\n"),
        BOM + TEXT + b"\n\n",
    ],
    ids="array indented a-line-each array-bom gzip gzip-array crlf gaps bom".split(),
)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_every_form_has_the_same_records(
    tmp_path: Path, content: bytes, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_records, "_CHUNK", chunk)
    (tmp_path / "own").write_bytes(content)
    assert read(tmp_path / "own") == read(lines(tmp_path / "own.jsonl", *RECORDS))


@pytest.mark.parametrize("form", ["lines", "array"])
@pytest.mark.parametrize(
    ("written", "caption", "counted"),
    [
        (rb"A \ud83d dog", "A \ufffd dog", 1),
        (rb"A dog \ude00", "A dog \ufffd", 1),
        (b"A caf\xe9", "A caf\ufffd", 1),
        (b"A \xf0\x9f\x98\x80 dog", "A \U0001f600 dog", 0),
        (rb"A \ud83d\ude00 dog", "A \U0001f600 dog", 0),
    ],
)
def test_half_characters_are_replaced_and_counted(
    tmp_path: Path, form: str, written: bytes, caption: str, counted: int
) -> None:
    record = json.dumps({**RECORD, "captions": ["HERE"]}).encode().replace(b"HERE", written)
    (tmp_path / "own").write_bytes(record if form == "lines" else b"[" + record + b"]")
    source = own_jsonl(tmp_path / "own")
    assert [context.captions for context in source] == [(caption,)]
    assert source.counts["half_character_replaced"] == counted
    assert not source.counts.lost


@pytest.mark.parametrize(
    ("written", "kept", "name"),
    [
        (json.dumps("caf\udce9 \u00a0.jpg").encode(), "caf\ufffd \u00a0.jpg", b"caf\xe9 \xc2\xa0.jpg"),
        (b'"caf\xe9.jpg"', "caf\ufffd.jpg", b"caf\xe9.jpg"),
        (b'{"path": "\xc4\xe3.jpg", "bytes": null}', "\ufffd\ufffd.jpg", b"\xc4\xe3.jpg"),
    ],
)
def test_a_path_that_is_not_utf8_is_counted_and_its_picture_still_found(
    tmp_path: Path, written: bytes, kept: str, name: bytes
) -> None:
    record = json.dumps({**RECORD, "image": "HERE"}).encode().replace(b'"HERE"', written)
    source = own_jsonl(lines(tmp_path / "own.jsonl", record))
    assert [context.image for context in source] == [kept]
    assert source.counts.places == {"half_character_replaced": [f"{tmp_path / 'own.jsonl'}: line 1, image"]}
    assert not source.counts.lost

    (tmp_path / "pictures").mkdir()
    try:
        (tmp_path / "pictures" / os.fsdecode(name)).touch()
    except OSError:
        return  # this file system knows no other names
    assert PictureFolder(tmp_path / "pictures").find(kept) is not None


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_json_has_not_are_none(tmp_path: Path, value: str) -> None:
    record = json.dumps({**RECORD, "coco_id": None}).replace("null", value).encode()
    source = own_jsonl(lines(tmp_path / "own.jsonl", record))
    assert [context.coco_id for context in source] == [None]


@pytest.mark.parametrize("cut", [1, 100, 1000])
def test_an_array_that_was_cut_off_is_said(tmp_path: Path, cut: int) -> None:
    (tmp_path / "own.json").write_bytes(json.dumps(RECORDS).encode()[:-cut])
    with pytest.raises(DataError, match="ends in the middle, after record 1"):
        read(tmp_path / "own.json")


@pytest.mark.parametrize("junk", [b"'a'", b"{'a': 1}", b"}", b'"a": 1'])
def test_an_array_that_is_no_json_in_the_middle_is_said(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "own.json").write_bytes(
        b"[" + json.dumps(RECORD).encode() + b"," + junk + b"," + json.dumps(RECORD).encode() * 3 + b"]"
    )
    with pytest.raises(DataError, match=r"own\.json is not JSON, after record [12]\."):
        read(tmp_path / "own.json")


@pytest.mark.parametrize("more", [b"[]", b"\n" * 9 + json.dumps(RECORDS).encode(), b",{}", b"]"])
def test_what_stands_after_an_array_is_never_passed_over(tmp_path: Path, more: bytes) -> None:
    (tmp_path / "own.json").write_bytes(json.dumps(RECORDS).encode() + more)
    with pytest.raises(DataError, match="goes on after its array, which ends with record 20"):
        read(tmp_path / "own.json")


def test_a_packed_file_that_was_cut_off_is_said(tmp_path: Path) -> None:
    (tmp_path / "own.gz").write_bytes(gzip.compress(TEXT)[:-20])
    with pytest.raises(DataError, match="damaged or not whole"):
        read(tmp_path / "own.gz")


COCO: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
FOREIGN: list[tuple[bytes, str]] = [
    (json.dumps(COCO).encode(), "is a COCO file. Read it with --coco-instances"),
    (json.dumps(COCO, indent=1).encode(), "is a COCO file. Read it with --coco-instances"),
    (json.dumps({**COCO, "annotations": [{"segments_info": []}]}).encode(), "is a COCO panoptic file"),
    (json.dumps(RECORD, indent=1).encode(), "is JSON over several lines"),
    (b'[{"id": 1, "image": "a.jpg", "conversations": []}]', "is instruction data already"),
    (b'{"image_id": 1, "task": "referring", "conversations": [], "provenance": {}}', "is a shard of samples"),
    (b'[{"image_id": 1, "objects": [{"object_id": 2, "names": ["a"]}]}]', "is a file of Visual Genome"),
    (b'[{"image_id": 1, "url": "a", "width": 1, "height": 1}]', "is a file of Visual Genome"),
    (b'[{"image_id": 1, "attributes": [{"object_id": 2, "names": ["a"]}]}]', "is a file of Visual Genome"),
    (b'[{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5}]', "is a list of COCO annotations"),
    (b'{"version": 1, "data": [{"image_id": 1}]}', "is one object with the records under 'data'"),
    (b"file,name,x1,y1\na.jpg,dog,1,2\n", "is a table. Read a CSV file of boxes with --csv"),
    (b"PAR1....", "is a parquet file. Read it with --hf"),
    (b"ARROW1..", "is an Arrow file. Read it with --hf"),
    (b"SQLite format 3\0...", "is a database"),
    ('{"image_id": 1}'.encode("utf-16"), "is UTF-16"),
    (b"<html>", "is HTML or XML"),
    (b"BZh91AY", "is a bzip2 file: unpack it first"),
]


@pytest.mark.parametrize(("content", "sentence"), FOREIGN, ids=[sentence for _, sentence in FOREIGN])
def test_a_file_of_another_kind_is_called_by_its_name(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "own").write_bytes(content)
    with pytest.raises(DataError) as said:
        read(tmp_path / "own")
    assert str(said.value).startswith(f"{tmp_path / 'own'} {sentence}")
