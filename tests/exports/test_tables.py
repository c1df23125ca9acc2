import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.made import item, limited, measured, png, rows
from svit.errors import StorageError, SvitError
from svit.exports import parquet_files
from svit.exports.base import Format, Item
from svit.exports.formats import hugging_face, trl
from svit.exports.parquet_files import IMAGE, TEXT, write_table
from svit.exports.record_pictures import Row
from svit.image_files.image_folder import Fault

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet")
BOTH = pytest.mark.parametrize("form", [trl.FORMAT, hugging_face.FORMAT], ids=lambda form: form.name)


def odd(one: Item) -> bytes | Fault:
    """Return a picture of its own for items of odd number, none for the others."""
    n = int(one.image_id)
    return png(n, 1) if n % 2 else "no_picture"


@BOTH
def test_what_is_read_is_what_was_written(form: Format, tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    assert write_table(path, rows(form, 2500), features=form.features) == 2500
    read = parquet.read_table(path).to_pylist()
    for got, (one, record) in zip(read, rows(form, 2500), strict=True):
        [image] = got.pop("images", None) or [got.pop("image")]
        assert image == {"bytes": None, "path": one.image}
        assert got == {name: value for name, value in record.items() if name not in ("image", "images")}


@BOTH
def test_pictures_lie_beside_their_paths_and_rows_without_one_are_left_out(form: Format, tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    assert write_table(path, rows(form, 9), features=form.features, pictures=odd) == 4
    read = parquet.read_table(path).to_pylist()
    images = [row["images"] if "images" in row else [row["image"]] for row in read]
    assert images == [[{"bytes": png(n, 1), "path": f"vg/VG_100K/{n}.jpg"}] for n in (1, 3, 5, 7)]


def test_row_groups_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def groups(**options: object) -> list[int]:
        path = tmp_path / "t.parquet"
        write_table(path, rows(hugging_face.FORMAT, 2200), features=hugging_face.FORMAT.features, **options)  # type: ignore[arg-type]
        file = parquet.ParquetFile(path).metadata
        assert {file.row_group(0).column(n).compression for n in range(file.num_columns)} == {"ZSTD"}
        return [file.row_group(n).num_rows for n in range(file.num_row_groups)]

    assert groups() == [1000, 1000, 200]
    assert groups(pictures=odd) == [100] * 11
    monkeypatch.setattr(parquet_files, "LARGEST_GROUP", 10 * len(png(1, 1)))
    assert max(groups(pictures=lambda _: png(1, 1))) == 10


def test_the_columns_say_what_they_are_to_hugging_face(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", rows(trl.FORMAT, 1), features=trl.FORMAT.features)
    assert parquet.read_schema(tmp_path / "t.parquet").metadata[b"huggingface"] == (
        b'{"info": {"features": {"messages": [{"role": {"dtype": "string", "_type": "Value"}, '
        b'"content": [{"type": {"dtype": "string", "_type": "Value"}, '
        b'"text": {"dtype": "string", "_type": "Value"}}]}], '
        b'"images": [{"_type": "Image"}]}}}'
    )


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_table(
            tmp_path / name, rows(hugging_face.FORMAT, 1500), features=hugging_face.FORMAT.features, pictures=odd
        )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_memory_stays_flat_over_100_000_rows(tmp_path: Path) -> None:
    seen: list[int] = []
    path = tmp_path / "t.parquet"
    assert (
        write_table(path, measured(hugging_face.FORMAT, 100_000, seen), features=hugging_face.FORMAT.features)
        == 100_000
    )
    early, late = seen
    assert late - early < 16_000_000


def test_without_rows_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, rows(trl.FORMAT, 3), features=trl.FORMAT.features)
    assert write_table(path, rows(trl.FORMAT, 3), features=trl.FORMAT.features, pictures=lambda _: "no_picture") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"old")
    with limited(20_000), pytest.raises(StorageError, match=r"t\.parquet: cannot be written: File too large\."):
        write_table(path, rows(hugging_face.FORMAT, 50_000), features=hugging_face.FORMAT.features)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("t.parquet", b"old")]


def test_a_disk_that_does_not_sync_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match=r"t\.parquet: cannot be written: Input/output error\."):
        write_table(tmp_path / "t.parquet", rows(hugging_face.FORMAT, 5), features=hugging_face.FORMAT.features)
    assert list(tmp_path.iterdir()) == []


def test_an_error_among_the_rows_leaves_nothing_and_is_told_as_it_is(tmp_path: Path) -> None:
    def failing() -> Iterator[Row]:
        yield from rows(hugging_face.FORMAT, 1200)
        raise SvitError("the run is gone")

    with pytest.raises(SvitError, match="the run is gone"):
        write_table(tmp_path / "t.parquet", failing(), features=hugging_face.FORMAT.features)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("record", [{"image": "a.jpg"}, {"image": "a.jpg", "task": "t", "more": "x"}], ids=str)
def test_a_record_that_does_not_fit_the_columns_is_an_error(record: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2-referring: the record has"):
        write_table(tmp_path / "t.parquet", [(item(), record)], features={"image": IMAGE, "task": TEXT})


def test_without_pyarrow_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SvitError, match=r"pip install 'svit\[export\]'"):
        write_table(tmp_path / "t.parquet", rows(hugging_face.FORMAT, 1), features=hugging_face.FORMAT.features)
