"""What pandas, polars, DuckDB and datasets write of our records is read back to the same contexts.

Each is tried where it is installed; the records have nulls, keys that only some have, and numbers of both kinds.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import FieldMap
from svit.contexts.sources.jsonl import own_jsonl
from svit.contexts.sources.own_records import OwnRecords
from svit.contexts.sources.own_tables import own_data_set
from svit.contexts.store import build_store

RECORDS: list[dict[str, Any]] = [
    {
        "image_id": 1,
        "image": "a  b\u00a0c.jpg",
        "width": 640,
        "height": 480,
        "coco_id": 42,
        "captions": ["A dog.", "Two dogs\u2028and a \U0001f600."],
        "objects": [
            {"id": 1, "name": "dog", "box": [0.1, 0.2, 0.5, 0.6], "attributes": ["brown", "small"]},
            {"id": 7, "name": "cat", "box": [0, 0, 1, 1], "aliases": ["kitten"]},
        ],
        "relationships": [{"subject": 1, "predicate": "next to", "object": 7}],
    },
    {"image_id": 2, "image": "b.jpg", "width": 640, "height": 480},
    {
        "image_id": 3,
        "image": "cafe\u0301.jpg",
        "width": 1,
        "height": 9000,
        "source": "ours",
        "captions": [],
        "regions": [{"id": 9, "phrase": "a wall", "box": [0.1234567891, 0.25, 0.75, 0.987654321]}],
        "objects": [{"id": 2**40, "name": "wall", "box": [0.3333333333, 0.2, 0.6666666667, 0.6]}],
    },
]
Write = Callable[[Path, Path, list[dict[str, Any]]], None]
"""Takes the original JSONL, where to write, and the records."""


def digest(source: OwnRecords, store: Path) -> str:
    summary = build_store(store, source, origin="", counts=source.counts)
    assert not summary.counts, summary.counts
    return summary.digest


def pandas_of_dicts(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    frame = pytest.importorskip("pandas").DataFrame(records)
    assert str(frame["coco_id"].dtype) == "float64", "42 has become 42.0"
    _pandas_write(frame, target)


def pandas_of_lines(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    _pandas_write(pytest.importorskip("pandas").read_json(given, lines=True, precise_float=True), target)


def _pandas_write(frame: Any, target: Path) -> None:
    if target.suffix == ".parquet":
        frame.to_parquet(target)
    else:
        frame.to_json(target, orient="records", lines=True)


def pandas_by_json(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    """Python's json writes NaN where pandas has nothing."""
    frame = pytest.importorskip("pandas").DataFrame(records)
    if target.suffix == ".parquet":
        pytest.skip("lines only")
    text = "\n".join(json.dumps(row) for row in frame.to_dict(orient="records"))
    assert "NaN" in text
    target.write_text(text)


def polars_of_lines(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    frame = pytest.importorskip("polars").read_ndjson(given)
    frame.write_parquet(target) if target.suffix == ".parquet" else frame.write_ndjson(target)


def polars_of_dicts(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    frame = pytest.importorskip("polars").DataFrame(records, infer_schema_length=None, strict=False)
    frame.write_parquet(target) if target.suffix == ".parquet" else frame.write_ndjson(target)


def polars_of_lines_as_arrow(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    frame = pytest.importorskip("polars").read_ndjson(given)
    if target.suffix != ".parquet":
        pytest.skip("Arrow only")
    target.unlink(missing_ok=True)
    frame.write_ipc(target.with_suffix(".arrow"))


def duckdb_of_lines(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    form = "parquet" if target.suffix == ".parquet" else "json"
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        database.execute(f"copy (select * from read_json('{given}')) to '{target}' (format {form})")


def duckdb_array(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    duckdb = pytest.importorskip("duckdb")
    if target.suffix == ".parquet":
        pytest.skip("JSON only")
    with duckdb.connect() as database:
        database.execute(f"copy (select * from read_json('{given}')) to '{target}' (format json, array true)")


def datasets_of_dicts(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    every = {key: None for record in records for key in record}
    _datasets_write(pytest.importorskip("datasets").Dataset.from_list([{**every, **r} for r in records]), target)


def datasets_of_lines(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    datasets = pytest.importorskip("datasets")
    cache = str(target.parent.parent / "cache")
    _datasets_write(datasets.load_dataset("json", data_files=str(given), cache_dir=cache)["train"], target)


def _datasets_write(dataset: Any, target: Path) -> None:
    dataset.to_parquet(target) if target.suffix == ".parquet" else dataset.to_json(target)


def datasets_saved(given: Path, target: Path, records: list[dict[str, Any]]) -> None:
    datasets = pytest.importorskip("datasets")
    if target.suffix != ".parquet":
        pytest.skip("Arrow only")
    every = {key: None for record in records for key in record}
    data = datasets.Dataset.from_list([{**every, **record} for record in records])
    datasets.DatasetDict({"train": data.select([0, 1]), "test": data.select([2])}).save_to_disk(target.parent / "saved")


WRITERS: list[Write] = [
    *(pandas_of_dicts, pandas_of_lines, pandas_by_json, polars_of_lines, polars_of_dicts, polars_of_lines_as_arrow),
    *(duckdb_of_lines, duckdb_array, datasets_of_dicts, datasets_of_lines, datasets_saved),
]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.filterwarnings("default")  # of theirs
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_records_that_others_wrote_are_the_same_contexts(tmp_path: Path, write: Write, ending: str) -> None:
    given = tmp_path / "given.jsonl"
    given.write_bytes(b"\n".join(map(msgspec.json.encode, RECORDS)))
    folder = tmp_path / "written"
    folder.mkdir()
    target = folder / f"own.{ending}"
    write(given, target, RECORDS)
    if ending == "jsonl":
        source = own_jsonl(target)
    else:
        given_to_us = folder / "saved" if (folder / "saved").is_dir() else folder
        source = own_data_set(given_to_us, FieldMap({}), boxes=BoxForm(), counts=Dropped(), class_names={}).records
    assert digest(source, tmp_path / "theirs") == digest(own_jsonl(given), tmp_path / "ours")
