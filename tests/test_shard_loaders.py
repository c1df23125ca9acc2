"""A run's folder as tables' readers take it, without a word about its columns; skipped where one is not installed."""

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from svit.records import Dialogue, Flaw, ImageContext, Provenance, Rejection, Sample, Turn
from svit.run.folder import RunFolder
from svit.run.shards import publish, rejection_line, sample_line

SAMPLES, REJECTED = "*/*[!d].jsonl", "*/*.rejected.jsonl"
"""The globs that the README names."""
Row = Mapping[str, Any]
Reader = Callable[[Path, str, Path], list[Row]]


def needed(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} is not installed")


def by_datasets(folder: Path, pattern: str, cache: Path) -> list[Row]:
    datasets = needed("datasets")
    files = sorted(map(str, folder.glob(pattern)))
    return list(datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(cache)))


def by_datasets_glob(folder: Path, pattern: str, cache: Path) -> list[Row]:
    datasets = needed("datasets")
    files = str(folder / pattern)
    return list(datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(cache)))


def by_pandas(folder: Path, pattern: str, _cache: Path) -> list[Row]:
    pandas = needed("pandas")
    files = sorted(map(str, folder.glob(pattern)))
    rows: list[Row] = pandas.concat(pandas.read_json(file, lines=True) for file in files).to_dict("records")
    return rows


def by_polars(folder: Path, pattern: str, _cache: Path) -> list[Row]:
    rows: list[Row] = needed("polars").read_ndjson(folder / pattern).to_dicts()
    return rows


def by_duckdb(folder: Path, pattern: str, _cache: Path) -> list[Row]:
    found = needed("duckdb").connect().execute(f"SELECT * FROM read_json('{folder / pattern}')")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


READERS = [by_datasets, by_datasets_glob, by_pandas, by_polars, by_duckdb]


def where(**left_out: int) -> Provenance:
    return Provenance("m", "p", "v", 1, 0, "coco", left_out, "0.1.0")


def sample(n: int, task: str, *, topic: str | None = None, **more: Any) -> Sample:
    origin = where(**more.pop("left_out", {}))
    context = ImageContext(n, f"{n}.jpg", 800, 600)
    return Sample(context, task, (Dialogue((Turn(f"What is {n}?", "A dog."),), topic),), origin, **more)


WARNED = (Flaw("unsupported_object", "boats", "warn"),)
MENDED = (Flaw("box_snapped", "[0.1]", "repair"), Flaw("yes_no_bias", "9 of 10", "warn"))
LATE: dict[str, dict[str, Any]] = {
    "topic": {"topic": "Boats"},
    "warnings": {"warnings": WARNED},
    "dropped": {"dropped": {"wrong_count": 1}},
    "verified_by": {"verified_by": "judge"},
    "left_out": {"left_out": {"captions": 4}},
}
"""What a sample of a later shard is the first to have."""


def run_of(folder: Path, *shards: list[Sample]) -> Path:
    for number, samples in enumerate(shards):
        path = RunFolder(folder).samples(samples[0].task, number, partial=number == len(shards) - 1)
        publish(path, map(sample_line, samples))
    return folder


def plain(many: int, task: str = "detail_description") -> list[Sample]:
    return [sample(n, task) for n in range(many)]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("late", LATE)
@pytest.mark.filterwarnings("ignore")
def test_what_only_a_later_shard_has_is_read(late: str, reader: Reader, tmp_path: Path) -> None:
    last = sample(1000, "detail_description", **LATE[late])
    folder = run_of(tmp_path / "r", plain(300), [last])
    rows = reader(folder, SAMPLES, tmp_path / "cache")
    assert len(rows) == 301
    [row] = [row for row in rows if row["image_id"] == 1000]
    expected = json.loads(sample_line(last))
    found = {"topic": row["conversations"][0]["topic"], "left_out": row["provenance"]["left_out"]} | {
        key: row[key] for key in ("warnings", "dropped", "verified_by")
    }
    told = {"topic": expected["conversations"][0]["topic"], "left_out": expected["provenance"]["left_out"]} | {
        key: expected[key] for key in ("warnings", "dropped", "verified_by")
    }
    assert found == told
    assert found[late], "it is there, and not lost on the way"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.filterwarnings("ignore")
def test_shards_whose_values_differ_in_kind_are_read_together(reader: Reader, tmp_path: Path) -> None:
    first = sample(1, "conversation", topic="A", dropped={"wrong_count": 1}, warnings=WARNED, left_out={"captions": 1})
    second = sample(1001, "conversation", topic=None, dropped={"refusal": 2}, warnings=MENDED, left_out={"regions": 1})
    third = sample(2001, "conversation", topic="B", verified_by="judge")
    folder = run_of(tmp_path / "r", [first], [second], [third])
    run_of(folder, plain(3, "complex_reasoning"))
    rows = {(row["task"], row["image_id"]): row for row in reader(folder, SAMPLES, tmp_path / "cache")}
    assert len(rows) == 6
    two = rows["conversation", 1001]
    assert json.loads(two["dropped"]) == {"refusal": 2}
    assert [flaw["code"] for flaw in json.loads(two["warnings"])] == ["box_snapped", "yes_no_bias"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.filterwarnings("ignore")
def test_rejections_are_a_table_of_their_own(reader: Reader, tmp_path: Path) -> None:
    folder = run_of(tmp_path / "r", plain(3))
    both = ((Flaw("wrong_count", "9"),), (Flaw("yes_no_bias", "9 of 10", "warn"), Flaw("refusal", "I can't")))
    for number, flaws in enumerate(both):
        rejection = Rejection(number, "detail_description", "text", flaws, where(**{"captions": 1} if number else {}))
        publish(RunFolder(folder).rejected("detail_description", number), [rejection_line(rejection)])
    assert len(reader(folder, SAMPLES, tmp_path / "cache")) == 3
    rows = reader(folder, REJECTED, tmp_path / "cache")
    assert [flaw["severity"] for row in rows for flaw in row["flaws"]] == ["reject", "warn", "reject"]
