"""The store: what goes in comes out, whole or not at all."""

import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.store import ContextStore, build_store
from svit.errors import DataError, StorageError, SvitError
from svit.records import ImageContext, ImageId, Object

from .strategies import contexts

LAMP = Object(1, "lamp", Box(0.1, 0.1, 0.3, 0.6))


def context(image_id: ImageId, *captions: str, objects: int = 0) -> ImageContext:
    return ImageContext(image_id, f"{image_id}.jpg", 200, 100, captions=captions, objects=(LAMP,) * objects)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "small store?#%.contexts"


@settings(deadline=None)
@given(st.lists(contexts(), unique_by=lambda context: context.image_id))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, given: list[ImageContext]) -> None:
    path = tmp_path_factory.mktemp("store") / "a.contexts"
    summary = build_store(path, given, origin="a test")

    with ContextStore(path) as store:
        assert list(store) == given
        assert len(store) == len(given)
        assert all(store.get(context.image_id) == context for context in given)
        assert store.summary == summary


@settings(deadline=None)
@given(st.lists(st.integers(0, 9)), st.integers(0, 9), st.integers(0, 12))
def test_statistics_are_those_of_the_records(
    tmp_path_factory: pytest.TempPathFactory, many: list[int], captioned: int, empty: int
) -> None:
    given = [context(i, objects=number) for i, number in enumerate(many)]
    given += [context(f"c{i}", "a lamp", "a desk") for i in range(captioned)]
    given += [context(f"e{i}") for i in range(empty)]
    stats = build_store(tmp_path_factory.mktemp("store") / "a", given, origin="").statistics
    objects = [len(context.objects) for context in given]

    assert stats.images == len(given)
    assert stats.with_captions == captioned
    assert stats.empty == empty + many.count(0)
    assert stats.captions.total == 2 * captioned
    assert stats.objects.total == sum(objects)
    assert stats.objects.max == max(objects, default=0)
    if objects:
        assert stats.objects.median == statistics.median(objects)
        assert stats.objects.mean == pytest.approx(statistics.mean(objects))


def test_slices_are_positions(path: Path) -> None:
    build_store(path, [context(i) for i in (30, 10, 20)], origin="")

    with ContextStore(path) as store:
        assert [c.image_id for c in store.slice(1)] == [10, 20]
        assert [c.image_id for c in store.slice(0, 2)] == [30, 10]
        assert [c.image_id for c in store.slice(2, 99)] == [20]
        assert list(store.slice(3)) == list(store.slice(1, 1)) == []


def test_the_digest_is_of_the_records_and_their_order(tmp_path: Path) -> None:
    def digest(*given: ImageContext, origin: str = "") -> str:
        return build_store(tmp_path / "a", given, origin=origin).digest

    assert digest(context(1), context(2)) == digest(context(1), context(2), origin="elsewhere")
    assert len({digest(context(1)), digest(context(2)), digest(context("1")), digest(context(1), context(2)),
                digest(context(2), context(1)), digest(context(1, "a")), digest()}) == 7  # fmt: skip


def test_counts_are_read_after_the_last_record(path: Path) -> None:
    counts: Counter[str] = Counter()

    def reading() -> Iterator[ImageContext]:
        yield context(1)
        counts["object_box_empty"] += 3

    build_store(path, reading(), origin="a folder", counts=counts)

    with ContextStore(path) as store:
        assert store.counts == {"object_box_empty": 3}
        assert store.origin == "a folder"


@pytest.mark.parametrize(
    ("wanted", "found"), [(17, 17), ("17", 17), ("x", "x"), ("5", "5"), (5, "5"), ("007", "007"), (7, 7)]
)
def test_an_id_is_found_as_number_or_text(path: Path, wanted: ImageId, found: ImageId) -> None:
    build_store(path, [context(id_) for id_ in (17, "x", "5", 7, "007")], origin="")

    with ContextStore(path) as store:
        assert store.get(wanted).image_id == found


@pytest.mark.parametrize(
    ("stored", "wanted", "sentence"),
    [
        ([10, 20, 30], 24, "has no image 24. The nearest number is 20."),
        ([10, 20, 30], "31", "has no image 31. The nearest number is 30."),
        ([10, 20, 30], "cat", "has no image cat. The first of its 3 images is 10."),
        (["dog"], 7, "has no image 7. The first of its 1 image is dog."),
        ([10], 2**70, f"has no image {2**70}."),
        ([], 7, "has no image 7. It is empty."),
    ],
)
def test_an_unknown_id_is_answered_with_what_there_is(
    path: Path, stored: list[ImageId], wanted: ImageId, sentence: str
) -> None:
    build_store(path, [context(id_) for id_ in stored], origin="")

    with ContextStore(path) as store, pytest.raises(SvitError) as said:
        store.get(wanted)

    assert str(said.value).startswith(f"{path} {sentence}")


def test_an_image_id_that_is_there_twice_is_refused(path: Path) -> None:
    with pytest.raises(DataError, match="image 7 is there twice: as record 0 and as record 2"):
        build_store(path, [context(7), context(8), context(7)], origin="")

    assert list(path.parent.iterdir()) == []


def test_of_two_records_of_one_image_the_first_is_kept_where_somebody_counts(path: Path) -> None:
    counts = Dropped()
    given = [context(7, "first"), context("7", "a text is another id"), context(7, "again"), context(8)]
    summary = build_store(path, given, origin="", counts=counts)

    with ContextStore(path) as store:
        assert [each.image_id for each in store] == [7, "7", 8]
        assert store.get(7) == given[0]
        assert len(store) == store.stats().images == 3
        assert (store.summary, store.counts) == (summary, {"duplicate_image_id": 1})
        assert store.summary.lost == {"image": 1}
        assert store.summary.places == {"duplicate_image_id": ("image 7, which is record 0 already",)}
    with pytest.raises(DataError, match=r"image 7, .*: duplicate image id\. Correct it, or leave out --strict"):
        build_store(path, given, origin="", counts=Dropped(strict=True))


def test_where_something_was_dropped_is_kept_whatever_the_path_is_called(path: Path) -> None:
    counts = Dropped()
    folder = os.fsdecode(b"donn\xe9es")
    counts.drop("object_box_missing", "object", f"{folder}/i.json: record 3")
    counts.read["object"] = 2
    build_store(path, [context(1)], origin=f"COCO: {folder}/i.json, d\u00e9j\u00e0", counts=counts)

    with ContextStore(path) as store:
        assert store.origin == "COCO: donn\\xe9es/i.json, d\u00e9j\u00e0"
        assert store.summary.places == {"object_box_missing": (r"donn\xe9es/i.json: record 3",)}
        assert (store.summary.read, store.summary.lost) == ({"object": 2}, {"object": 1})


def test_a_store_of_an_older_svit_has_no_places(path: Path) -> None:
    build_store(path, [context(1)], origin="old", counts={"object_box_empty": 3})
    with closing(sqlite3.connect(path)) as database:
        (summary,) = database.execute("SELECT summary FROM meta").fetchone()
        older = {key: item for key, item in json.loads(summary).items() if key not in ("places", "read", "lost")}
        database.execute("UPDATE meta SET summary = ?", (json.dumps(older).encode(),))
        database.commit()

    with ContextStore(path) as store:
        assert (store.counts, store.summary.places, store.summary.lost) == ({"object_box_empty": 3}, {}, {})


def test_a_number_that_no_store_can_hold_is_refused(path: Path) -> None:
    with pytest.raises(DataError, match="more than 64 bits"):
        build_store(path, [context(2**64)], origin="")
    with pytest.raises(DataError, match="more than 64 bits"):
        build_store(path, [context(2**63)], origin="")


def test_a_build_that_fails_leaves_the_old_store(path: Path) -> None:
    build_store(path, [context(1)], origin="old")

    def failing() -> Iterator[ImageContext]:
        yield context(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_store(path, failing(), origin="new")
    with ContextStore(path) as store:
        assert [c.image_id for c in store] == [1]
    assert list(path.parent.iterdir()) == [path]


def test_a_new_store_does_not_disturb_who_reads_the_old_one(path: Path) -> None:
    build_store(path, [context(1), context(2)], origin="old")

    with ContextStore(path) as store:
        reading = iter(store)
        first = next(reading)
        build_store(path, [context(3)], origin="new")
        assert [first, *reading] == [context(1), context(2)]


def test_a_killed_build_leaves_nothing_that_looks_whole(path: Path) -> None:
    script = """
import sys, itertools
from pathlib import Path
from svit.records import ImageContext
from svit.contexts.store import build_store
build_store(Path(sys.argv[1]), (ImageContext(i, "x" * 999, 1, 1) for i in itertools.count()), origin="")
"""
    with subprocess.Popen([sys.executable, "-c", script, path]) as build:
        deadline = time.monotonic() + 30
        while not any(file.stat().st_size > 100_000 for file in path.parent.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        build.send_signal(signal.SIGKILL)

    assert not path.exists()
    (left,) = path.parent.iterdir()
    with pytest.raises(DataError), ContextStore(left):
        pass


def test_a_full_disk_is_a_sentence_and_leaves_nothing(path: Path) -> None:
    script = """
import sys, itertools, os, resource
from pathlib import Path
from svit.errors import StorageError
from svit.records import ImageContext
from svit.contexts.store import build_store
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    build_store(Path(sys.argv[1]), (ImageContext(i, os.urandom(999).hex(), 1, 1) for i in range(9999)), origin="")
except StorageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)

    assert done.stdout.startswith(f"{path} cannot be written: ")
    assert list(path.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()

    for path in (tmp_path / "file" / "a.contexts", tmp_path / "folder"):
        with pytest.raises(StorageError, match="cannot be written"):
            build_store(path, [context(1)], origin="")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    build_store(tmp_path / "runs" / "first" / "a.contexts", [context(1)], origin="")

    with ContextStore(tmp_path / "runs" / "first" / "a.contexts") as store:
        assert len(store) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a read-only file system")
def test_a_store_on_a_read_only_file_system_can_be_read(path: Path) -> None:
    build_store(path, [context(1)], origin="")
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"'
    read = "import sys; from pathlib import Path; from svit.contexts.store import ContextStore\n"
    read += "with ContextStore(Path(sys.argv[1])) as store: print(store.get(1).image)"
    command = ["unshare", "--mount", "sh", "-c", script, str(path.parent), sys.executable, "-c", read, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(done.stderr)
    assert (done.stdout, done.stderr) == ("1.jpg\n", "")


def test_reading_writes_nothing_beside_the_store(path: Path) -> None:
    build_store(path, [context(1)], origin="")
    before = path.stat()

    with ContextStore(path) as store:
        list(store)
        assert list(path.parent.iterdir()) == [path]
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)


def test_reading_needs_no_lock(path: Path) -> None:
    build_store(path, [context(1)], origin="")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with ContextStore(path) as store:
            assert len(list(store)) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no context store"),
        (b"not a database, but long enough to look like one" * 99, "is no context store"),
        (b"SQLite format 3\x00", "is no context store"),
        (None, "There is no context store"),
    ],
)
def test_what_is_no_store_is_a_sentence(path: Path, content: bytes | None, sentence: str) -> None:
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=sentence), ContextStore(path):
        pass


def changed(path: Path, statement: str) -> Path:
    build_store(path, [context(i, "a lamp on a desk") for i in range(99)], origin="")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)
    return path


def test_another_programs_database_is_no_store(path: Path) -> None:
    with (
        pytest.raises(DataError, match="is no context store"),
        ContextStore(changed(path, "PRAGMA application_id = 7")),
    ):
        pass


def test_a_store_of_a_newer_format_is_a_sentence(path: Path) -> None:
    newer = r"built by a newer svit \(format 2, this one reads 1\)\. Update svit"
    with pytest.raises(DataError, match=newer), ContextStore(changed(path, "PRAGMA user_version = 2")):
        pass


@pytest.mark.parametrize(
    "damage", ["UPDATE contexts SET record = x'00' WHERE position = 50", "UPDATE contexts SET record = x'789c'"]
)
def test_a_damaged_record_is_a_sentence(path: Path, damage: str) -> None:
    with ContextStore(changed(path, damage)) as store, pytest.raises(DataError, match=r"is damaged\. Build it again"):
        list(store)


def test_a_store_that_was_cut_off_is_a_sentence(path: Path) -> None:
    build_store(path, [context(i, os.urandom(999).hex()) for i in range(99)], origin="")
    os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(DataError, match=r"is damaged\. Build it again"), ContextStore(path) as store:
        list(store)
