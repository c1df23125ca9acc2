import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.made import item, limited, measured, png, rows
from svit.errors import StorageError, SvitError
from svit.exports.base import ExportedFile, Item, Style
from svit.exports.formats import webdataset
from svit.exports.record_pictures import Row
from svit.exports.webdataset_files import write_archives
from svit.image_files.image_folder import Fault

FORM = webdataset.FORMAT
HEADS = {
    "jpg": b"\xff\xd8\xff\xe0",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a",
    "webp": b"RIFF\0\0\0\0WEBP",
}


def content(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        assert {(of.mtime, of.uid, of.gid, of.mode, of.uname, of.type) for of in members} == {
            (0, 0, 0, 0o644, "", tarfile.REGTYPE)
        }
        return [(of.name, tar.extractfile(of).read()) for of in members]  # type: ignore[union-attr]


def odd(one: Item) -> bytes | Fault:
    n = int(one.image_id)
    return png(n, 1) if n % 2 else "no_picture"


def test_a_record_follows_its_picture_and_rows_without_one_are_left_out(tmp_path: Path) -> None:
    assert write_archives(tmp_path, "train", rows(FORM, 9), pictures=odd, per_tar=3) == [
        ExportedFile("train-000000.tar", "train", 3),
        ExportedFile("train-000001.tar", "train", 1),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train-000000.tar", "train-000001.tar"]
    [*first, (_, last)] = content(tmp_path / "train-000000.tar") + content(tmp_path / "train-000001.tar")
    assert [name for name, _ in first] == [
        *("1-referring.png", "1-referring.json", "3-referring.png", "3-referring.json"),
        *("5-referring.png", "5-referring.json", "7-referring.png"),
    ]
    assert first[2][1] == png(3, 1)
    assert json.loads(last) == FORM.record(item(7), Style())


def test_without_pictures_there_are_records_with_paths(tmp_path: Path) -> None:
    assert write_archives(tmp_path, "a", rows(FORM, 2), split="test") == [ExportedFile("a-000000.tar", "test", 2)]
    read = content(tmp_path / "a-000000.tar")
    assert [name for name, _ in read] == ["0-referring.json", "1-referring.json"]
    assert [json.loads(body)["image"] for _, body in read] == ["vg/VG_100K/0.jpg", "vg/VG_100K/1.jpg"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_no_shard_is_empty_and_no_record_is_lost(count: int, tmp_path: Path) -> None:
    written = write_archives(tmp_path, "t", rows(FORM, count), per_tar=2)
    assert [file.records for file in written] == [2] * (count // 2) + [1] * (count % 2)
    assert [len(content(tmp_path / file.name)) for file in written] == [file.records for file in written]


@pytest.mark.parametrize("ending", HEADS)
def test_a_picture_ends_in_what_it_is(ending: str, tmp_path: Path) -> None:
    write_archives(tmp_path, "t", rows(FORM, 1), pictures=lambda _: HEADS[ending])
    assert content(tmp_path / "t-000000.tar")[0][0] == f"0-referring.{ending}"


def test_keys_have_no_dots_no_folders_and_stay_apart(tmp_path: Path) -> None:
    keys = ["a.b", "a_b", "a/b", "../b", "a b", "käse", "Ä" * 300, "x" * 300, "x" * 301, "7-referring"]
    write_archives(tmp_path, "t", [(item()._replace(key=key), {}) for key in keys])
    names = [name for name, _ in content(tmp_path / "t-000000.tar")]
    assert len(set(names)) == len(keys)
    assert {name.count(".") for name in names} == {1}
    assert all(name.isascii() and "/" not in name and len(name) < 100 for name in names)
    assert {"a_b.json", "7-referring.json"} < set(names)


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_archives(tmp_path / name, "t", rows(FORM, 30), pictures=odd)
    assert (tmp_path / "a" / "t-000000.tar").read_bytes() == (tmp_path / "b" / "t-000000.tar").read_bytes()


def test_a_smaller_export_leaves_nothing_of_the_larger_one(tmp_path: Path) -> None:
    others = ["train-1.tar", "train-extra-000001.tar", "test-000001.tar", "train-000001.tar.txt"]
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    write_archives(tmp_path, "train", rows(FORM, 9), per_tar=2)
    write_archives(tmp_path, "train", rows(FORM, 3), per_tar=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "train-000000.tar", "train-000001.tar"])


def test_memory_stays_flat_over_30_000_records(tmp_path: Path) -> None:
    seen: list[int] = []
    write_archives(tmp_path, "t", measured(FORM, 30_000, seen))
    early, late = seen
    assert late - early < 12_000_000


def test_a_disk_that_is_full_leaves_what_stood_there(tmp_path: Path) -> None:
    write_archives(tmp_path, "t", rows(FORM, 1))
    before = content(tmp_path / "t-000000.tar")
    with limited(40_000), pytest.raises(StorageError, match=r"t-\*\.tar: cannot be written: File too large\."):
        write_archives(tmp_path, "t", rows(FORM, 500), per_tar=100)
    assert [path.name for path in tmp_path.iterdir()] == ["t-000000.tar"]
    assert content(tmp_path / "t-000000.tar") == before


def test_a_disk_that_does_not_sync_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match=r"t-\*\.tar: cannot be written: Input/output error\."):
        write_archives(tmp_path, "t", rows(FORM, 5))
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_a_later_shard_leaves_no_earlier_one(tmp_path: Path) -> None:
    def failing() -> Iterator[Row]:
        yield from rows(FORM, 5)
        raise SvitError("the run is gone")

    with pytest.raises(SvitError, match="the run is gone"):
        write_archives(tmp_path, "t", failing(), per_tar=2)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_left_is_gone_after_the_next(tmp_path: Path) -> None:
    (tmp_path / ".t.part").mkdir()
    (tmp_path / ".t.part" / "t-000000.tar").write_bytes(b"half")
    write_archives(tmp_path, "t", rows(FORM, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["t-000000.tar"]
