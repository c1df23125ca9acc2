"""What other processes do to a run's files meanwhile: hold them, take them away, read them."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from svit.cost.ledger import Ledger
from svit.errors import FileHeldError, StorageError
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_rows import Intent, StoredReply
from svit.system import sqlite_files

HOLDER = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[3].split(";"):
    database.execute(statement)
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def held(path: Path, seconds: float, how: str = "BEGIN EXCLUSIVE") -> Iterator[None]:
    """Have another process hold a database, as somebody's shell does, and let go after so many seconds."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path, str(seconds), how], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.kill()


def asked(journal: Journal, number: int) -> None:
    journal.intend([Intent("p", number, "referring", 7, "v")])
    journal.keep([StoredReply("p", number, b"{}")])


@pytest.mark.parametrize("how", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE", "BEGIN; DELETE FROM shards"])
def test_a_journal_that_another_process_holds_is_waited_for(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_files, "_TOLD_AFTER", 0.3)
    said: list[str] = []
    with Journal(tmp_path / "j.db", say=said.append) as journal:
        began = time.monotonic()
        with held(tmp_path / "j.db", 1.0, how):
            waits: list[str] = []
            looks = threading.Timer(0.5, lambda: waits.append(journal.waits_for))
            looks.start()
            asked(journal, 1)
            looks.join()
        assert 0.5 < time.monotonic() - began < 20
        assert said == [f"svit waits for another process that holds {tmp_path / 'j.db'}."]
        assert (waits, journal.waits_for) == (["another process that holds j.db"], "")
        assert [kept.attempt for kept in journal.replies("p", 7)] == [1]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_that_is_held_while_it_is_opened_is_waited_for(read_only: bool, tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        asked(journal, 1)
    began = time.monotonic()
    alone = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"
    with held(tmp_path / "j.db", 0.7, alone), Journal(tmp_path / "j.db", read_only=read_only) as journal:
        assert time.monotonic() - began > 0.5
        assert journal.count_replies() == 1


def test_what_is_held_for_all_of_the_patience_is_an_error_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_files, "PATIENCE", 0.4)
    with Journal(tmp_path / "j.db") as journal:
        with held(tmp_path / "j.db", 20), pytest.raises(StorageError, match=r"another process has held this file"):
            asked(journal, 1)
        asked(journal, 1)


def test_reading_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        asked(journal, 1)
        with held(tmp_path / "j.db", 20):
            assert journal.count_replies() == 1
            with Journal(tmp_path / "j.db", read_only=True) as reader:
                assert reader.count_replies() == 1


def test_the_ledger_holds_nobody_who_is_in_a_hurry(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.db") as ledger:
        seat = ledger.join("a", tmp_path, {})
        ledger.hurry = 0.05
        with held(tmp_path / "l.db", 20):
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(FileHeldError):
                    seat.claim("2026-11", spent=0, needed=5, wish=5)
                assert time.monotonic() - began < 2
            assert ledger.waits_for == "another process that holds l.db"
        assert seat.claim("2026-11", spent=0, needed=5, wish=5).held == 5
        assert ledger.waits_for == ""


def test_patience_with_the_ledger_ends_over_many_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_files, "PATIENCE", 0.5)
    with Ledger(tmp_path / "l.db") as ledger:
        seat = ledger.join("a", tmp_path, {})
        ledger.hurry = 0.05
        until = time.monotonic() + 20

        def claim() -> None:
            while time.monotonic() < until:
                with suppress(FileHeldError):
                    seat.claim("2026-11", spent=0, needed=5, wish=5)

        with held(tmp_path / "l.db", 30), pytest.raises(StorageError, match="has held this file for"):
            claim()


# --- rights ---


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_journals_ledgers_and_locks_are_for_their_owner_alone(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        run = RunFolder(tmp_path / "r")
        with run.locked(), Journal(run.journal) as journal, Ledger(tmp_path / "state" / "l.db") as ledger:
            asked(journal, 1)
            ledger.join("a", tmp_path, {"2026-11": 5})
            files = [*run.path.iterdir(), *(tmp_path / "state").iterdir()]
            assert {file.name: file.stat().st_mode & 0o777 for file in files} == {file.name: 0o600 for file in files}
            assert len(files) >= 1 + 3 + 4
        assert run.path.stat().st_mode & 0o777 == 0o777 & ~umask
    finally:
        os.umask(before)


def test_those_of_an_older_svit_are_closed_to_others_when_they_are_written_to(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked(), Journal(run.journal) as journal:
        asked(journal, 1)
        with sqlite3.connect(run.journal) as other:  # keeps the -wal where it is
            other.execute("SELECT 1 FROM about").fetchall()
    files = [run.journal, run.path / "run.lock"]
    for file in files:
        file.chmod(0o664)
    with Journal(run.journal, read_only=True):
        assert run.journal.stat().st_mode & 0o777 == 0o664
    with run.locked(), Journal(run.journal) as journal:
        asked(journal, 2)
        assert all(file.stat().st_mode & 0o777 == 0o600 for file in run.path.iterdir())
    other.close()


# --- an orderly end ---


def test_a_copy_of_the_file_alone_loses_nothing_after_an_orderly_end(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        asked(journal, 1)
        reader = Journal(path, read_only=True)  # somebody looks at the run while it ends
        assert reader.count_replies() == 1
        asked(journal, 2)
        assert reader.bytes_in_wal() > 0
    assert reader.bytes_in_wal() == 0
    shutil.copy(path, tmp_path / "copy.db")
    assert reader.count_replies() == 2
    reader.close()
    with Journal(tmp_path / "copy.db", read_only=True) as copy:
        assert copy.count_replies() == 2


def test_a_reader_in_the_middle_of_its_work_does_not_break_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svit.run.journal_file._CLOSING", 0.1)
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        asked(journal, 1)
        reader = Journal(path, read_only=True)
        with reader.snapshot():
            assert reader.count_replies() == 1
            asked(journal, 2)
            journal.close()
            assert reader.count_replies() == 1
        assert reader.count_replies() == 2
    reader.close()


# --- files that are taken away ---


def deleted(run: RunFolder) -> None:
    run.journal.unlink()


def moved(run: RunFolder) -> None:
    run.journal.rename(run.path / "elsewhere.db")


def replaced_by_a_copy(run: RunFolder) -> None:
    shutil.copy(run.journal, run.path / "copy.db")
    (run.path / "copy.db").replace(run.journal)


def without_wal(run: RunFolder) -> None:
    (run.path / "journal.db-wal").unlink()


def with_another_wal(run: RunFolder) -> None:
    without_wal(run)
    (run.path / "journal.db-wal").touch()


def without_shm(run: RunFolder) -> None:
    (run.path / "journal.db-shm").unlink()


def with_another_lock(run: RunFolder) -> None:
    (run.path / "run.lock").unlink()
    (run.path / "run.lock").touch()


def moved_folder(run: RunFolder) -> None:
    run.path.rename(run.path.with_name("moved"))


def deleted_folder(run: RunFolder) -> None:
    shutil.rmtree(run.path)


def a_link_elsewhere(run: RunFolder) -> None:
    run.journal.rename(run.path / "elsewhere.db")
    run.journal.symlink_to("nowhere.db")


TAKEN = [
    *(deleted, moved, replaced_by_a_copy, without_wal, with_another_wal, without_shm, with_another_lock, moved_folder),
    *(deleted_folder, a_link_elsewhere),
]


@pytest.mark.parametrize("taken", TAKEN)
def test_what_is_taken_away_while_a_run_goes_on_is_seen(taken: Callable[[RunFolder], None], tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked(), Journal(run.journal) as journal:
        asked(journal, 1)
        journal.check_in_place()
        run.check_in_place()
        taken(run)

        def check() -> None:
            for each in (journal, run):
                each.check_in_place()

        with pytest.raises(StorageError, match="moved, deleted or replaced while the run went on"):
            check()
        asked(journal, 2)  # what comes in is still written
        assert journal.count_replies() == 2


def test_what_others_do_that_takes_nothing_away_is_not_seen(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked(), Journal(run.journal) as journal:
        asked(journal, 1)
        with closing(sqlite3.connect(run.journal)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            other.execute("VACUUM")
        with Journal(run.journal, read_only=True) as reader:
            assert reader.count_replies() == 1
        run.journal.chmod(0o640)
        (run.path / "notes.txt").touch()
        asked(journal, 2)
        journal.check_in_place()
        run.check_in_place()


@pytest.mark.parametrize("taken", [deleted, moved, replaced_by_a_copy, without_wal])
def test_what_came_in_after_the_journal_was_taken_away_is_found_again(
    taken: Callable[[RunFolder], None], tmp_path: Path
) -> None:
    run, said = RunFolder(tmp_path / "r"), list[str]()
    with run.locked(), Journal(run.journal, say=said.append) as journal:
        asked(journal, 1)
        taken(run)
        with pytest.raises(StorageError):
            journal.check_in_place()
        asked(journal, 2)
    assert said == [f"All that the journal held is in {run.journal}.saved too."]
    with Journal(run.path / "journal.db.saved") as saved:
        assert saved.count_replies() == 2
    if taken is moved:
        with Journal(run.path / "elsewhere.db") as elsewhere:
            assert elsewhere.count_replies() == 2
